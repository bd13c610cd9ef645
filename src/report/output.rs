//! Where a report goes: stdout, or a file that appears whole or not at all.

use std::collections::HashMap;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, BufWriter, Seek, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::SpooledTempFile;

use super::destination::Destination;
use super::early_sync::EarlySync;
use super::hidden::{Hidden, create, unnamed};
use super::model::footer::Footer;
use super::model::header::Header;
use super::packing::{Packer, Packing};
use super::paths::{behind_links, is_open_file};
use super::placing::{Settled, Waiting};
use super::render::Reporter;
use super::settings::Format;
use super::ticket::Ticket;
use crate::digest::{FileDigest, Hasher};
use crate::signals;

/// Says why a report cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A report is to be bounded that is compared with nothing.
    #[error(
        "--list needs findings that were compared with an earlier report: the run itself takes --since REPORT or --history DIR"
    )]
    NotCompared,
    /// A report is to be of records, and is made from one of findings.
    #[error(
        "no {format} report can be made from a report, which does not hold what passed: the run itself can write it"
    )]
    OfRecords {
        /// The name of the format.
        format: &'static str,
    },
    /// The report to convert is bounded already.
    #[error("the report lists {listed} findings alone: {why}; convert a report of all")]
    Bounded {
        /// What it lists.
        listed: String,
        /// What cannot be done with it.
        why: &'static str,
    },
    /// The folder of the report is not there.
    #[error(
        "there is no folder `{folder}` for the report `{path}`: make it first, as with `mkdir -p {folder}`"
    )]
    NoFolder {
        /// The path of the report.
        path: String,
        /// The folder.
        folder: String,
    },
    /// The file cannot be opened for writing.
    #[error("report `{path}` could not be opened")]
    Open {
        /// The path of the report.
        path: String,
        /// Why it cannot be opened.
        source: io::Error,
    },
    /// The report would take the place of what it is made from.
    #[error("report `{path}` is also read by this run, as `{other}`: it would be overwritten")]
    Overwrites {
        /// The path of the report.
        path: String,
        /// The path by which the run reads the file.
        other: String,
    },
    /// Two reports would go to one file.
    #[error("two reports go to `{path}`: {first} and {second}")]
    Twice {
        /// The path of the second.
        path: String,
        /// The report that goes there, in words.
        first: String,
        /// The other report that would go there, in words.
        second: String,
    },
    /// Reports are split, and no path stands for many.
    #[error(
        "no report is split: `{{}}` in the name of a file stands for the slice, as in `out/{{}}.md`"
    )]
    NoTemplate,
    /// What counts all findings is to be split.
    #[error(
        "`{path}` cannot be split: a {format} report is of the whole run, so its name has no `{{}}`"
    )]
    OfAll {
        /// The path of the report.
        path: String,
        /// The name of the format.
        format: &'static str,
    },
    /// What counts all findings is to be made from the report of a slice.
    #[error(
        "no {format} report can be made from the report of the slice {slice}: it is of the whole run, and so is a report that is not split"
    )]
    OfSlice {
        /// The name of the format.
        format: &'static str,
        /// The slice.
        slice: String,
    },
    /// Reports are split in two ways of one name.
    #[error(
        "reports are split by `{first}` and by `{second}`, which are both called `{name}`: their tickets would be the same; call the column of the table something else"
    )]
    SameSlices {
        /// The name of the field, or of the column of a table.
        name: String,
        /// One way, as it was asked for.
        first: String,
        /// The other.
        second: String,
    },
    /// Reports are split by a field that is not there.
    #[error("reports cannot be split by `{name}`: {why}")]
    NoField {
        /// The name of the field.
        name: String,
        /// Why reports cannot be split by it.
        why: &'static str,
    },
    /// The file that reports are split by cannot be read.
    #[error("`{path}`, by which reports are split, could not be read")]
    SliceFile {
        /// Its path.
        path: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The file that reports are split by is no table of customers and slices.
    #[error("`{path}`, line {line}, column {column}: {why}")]
    BadSliceFile {
        /// Its path.
        path: String,
        /// The line that is wrong.
        line: u64,
        /// The column of the table that is wrong.
        column: u64,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// What is the same for all findings of a rule cannot be rendered.
    #[error("a {format} report cannot be made")]
    Render {
        /// The name of the format.
        format: &'static str,
        /// Why it cannot be made.
        source: io::Error,
    },
    /// The report cannot be written whole.
    #[error("report {path} could not be written whole")]
    Write {
        /// The path of the report, in quotes, or `on stdout`.
        path: String,
        /// Why it cannot be written.
        source: io::Error,
    },
}

/// Says where a report is being written.
pub struct Output<'o> {
    name: String,
    /// Packs what is written, if the file is packed.
    packer: Option<Packer>,
    sink: Sink<'o>,
}

/// Takes the bytes of the file as they will be.
struct Sink<'o> {
    target: Target<'o>,
    /// The bytes so far, if they are counted.
    hasher: Option<Hasher>,
}

/// Describes a file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How it was written.
    pub format: Format,
    /// Its path, size and SHA-256.
    pub file: FileDigest,
    /// What is to be done with its ticket, if it is of a slice.
    pub ticket: Option<Ticket>,
}

enum Target<'o> {
    Stdout(&'o mut (dyn Write + Send)),
    /// Represents a stdout to which nothing is written before the report is whole.
    HeldStdout(SpooledTempFile, &'o mut (dyn Write + Send)),
    /// Represents a file that takes its place once all are whole.
    File {
        file: BufWriter<EarlySync>,
        name: Name,
        place: PathBuf,
    },
    /// Represents a pipe or a device, which no rename can replace.
    Stream(File),
}

/// Says what a file is called until it takes its place.
enum Name {
    /// It has no name: nothing is left of a run that is killed. It stays open until then.
    None,
    /// It has one, where a file must have one.
    Hidden(Hidden),
    /// It is in a hidden folder. It can be closed before it takes its place, so that
    /// there may be any number of them.
    Aside(PathBuf),
}

/// Holds the hidden folders in which many reports are written, each beside their places.
/// They are removed, with all that is still in them, when they are dropped.
#[derive(Default)]
pub struct Asides {
    folders: HashMap<PathBuf, Hidden>,
    files: u64,
}

/// Returns the folder in which a path is.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Asides {
    /// Makes a file in the hidden folder beside a place.
    fn file(&mut self, place: &Path) -> io::Result<(PathBuf, File)> {
        let folder = folder_of(place);
        if !self.folders.contains_key(folder) {
            let hidden = Hidden::folder_in(folder)?;
            self.folders.insert(folder.to_owned(), hidden);
        }
        self.files += 1;
        let path = self.folders[folder].path().join(self.files.to_string());
        let file = signals::held(|_| create(&path))?;
        Ok((path, file))
    }
}

/// Lets all read a file, and its owner alone write it.
const MODE_FOR_ALL: u32 = 0o644;

/// How many bytes of a stdout that is held wait in memory; more wait in a file.
const HELD_BYTES: usize = 1 << 20;

/// How many bytes wait before they are written to a file.
const BUFFER_BYTES: usize = 1 << 18;

impl<'o> Output<'o> {
    /// Returns the output of the report on stdout.
    pub fn stdout(stdout: &'o mut (dyn Write + Send)) -> Self {
        Self {
            name: "on stdout".to_owned(),
            packer: None,
            sink: Sink {
                target: Target::Stdout(stdout),
                hasher: None,
            },
        }
    }

    /// Returns the output of the report on stdout, to which nothing is written before it is
    /// whole: until then it may have to be made again.
    pub fn held_stdout(stdout: &'o mut (dyn Write + Send)) -> Self {
        Self {
            name: "on stdout".to_owned(),
            packer: None,
            sink: Sink {
                target: Target::HeldStdout(SpooledTempFile::new(HELD_BYTES), stdout),
                hasher: None,
            },
        }
    }

    /// Opens the file of a report.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, |place| {
            let folder = folder_of(place);
            match unnamed(folder)? {
                Some(file) => Ok((Name::None, file)),
                None => Hidden::file_in(folder).map(|(name, file)| (Name::Hidden(name), file)),
            }
        })
    }

    /// Opens the file of one report of many, which are written aside.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn open_aside(path: &Path, asides: &mut Asides) -> Result<Self, Error> {
        Self::open_with(path, |place| {
            let (path, file) = asides.file(place)?;
            Ok((Name::Aside(path), file))
        })
    }

    fn open_with(
        path: &Path,
        open_file: impl FnOnce(&Path) -> io::Result<(Name, File)>,
    ) -> Result<Self, Error> {
        let name = path.display().to_string();
        let open = |place: &Path| match std::fs::metadata(place) {
            // A name that is too long is so now already, and not only when it is taken.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => Err(error),
            Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(metadata) if is_stream(&metadata) || is_open_file(place) => {
                let file = OpenOptions::new().append(true).open(place)?;
                Ok(Target::Stream(file))
            }
            _ => {
                let (name, file) = open_file(place)?;
                let file = BufWriter::with_capacity(BUFFER_BYTES, EarlySync::new(file));
                let place = place.to_owned();
                Ok(Target::File { file, name, place })
            }
        };
        match behind_links(path).and_then(|place| open(&place)) {
            Ok(target) => Ok(Self {
                name: format!("`{name}`"),
                packer: None,
                sink: Sink {
                    target,
                    hasher: None,
                },
            }),
            Err(source) => {
                let folder = folder_of(path);
                let is_missing = source.kind() == io::ErrorKind::NotFound && !folder.exists();
                Err(match is_missing {
                    true => Error::NoFolder {
                        folder: folder.display().to_string(),
                        path: name,
                    },
                    false => Error::Open { path: name, source },
                })
            }
        }
    }

    /// Packs all that is written, if that is asked for.
    ///
    /// # Errors
    ///
    /// There is not enough memory for it.
    pub fn packed(mut self, packing: Option<Packing>) -> Result<Self, Error> {
        let packer = packing.map(Packer::new).transpose();
        self.packer = packer.map_err(|source| self.failed(source))?;
        Ok(self)
    }

    /// Lets all read the file: what collects metrics is another user.
    ///
    /// # Errors
    ///
    /// The file cannot be opened to others.
    pub fn let_all_read(&mut self) -> Result<(), Error> {
        let Target::File { file, .. } = &self.sink.target else {
            return Ok(());
        };
        let mode = Permissions::from_mode(MODE_FOR_ALL);
        let opened = file.get_ref().get_ref().set_permissions(mode);
        opened.map_err(|source| self.failed(source))
    }

    /// Counts the bytes from now on, if they go to a file.
    pub fn watch(&mut self) {
        match self.sink.target {
            Target::File { .. } => _ = self.sink.hasher.get_or_insert_default(),
            Target::Stdout(_) | Target::HeldStdout(..) | Target::Stream(_) => {}
        }
    }

    /// Ends what is packed: nothing can be written after it.
    fn finish_packing(&mut self) -> io::Result<()> {
        match self.packer.take() {
            Some(packer) => packer.finish(&mut self.sink),
            None => Ok(()),
        }
    }

    /// Returns the digest of the file, which is called `path`, if its bytes were
    /// counted.
    pub(super) fn digest(&self, path: &Path) -> Option<FileDigest> {
        let hasher = self.sink.hasher.as_ref()?;
        Some(hasher.digest(path.display().to_string()))
    }

    /// Ends the writing; a file is not in its place yet.
    ///
    /// # Errors
    ///
    /// It is not written whole; what was there before still is.
    pub fn settle(mut self) -> Result<Settled, Error> {
        if let Err(source) = self.finish_packing().and_then(|()| self.flush()) {
            return Err(self.failed(source));
        }
        let Self { name, sink, .. } = self;
        let waiting = match sink.target {
            Target::Stdout(_) | Target::Stream(_) => None,
            Target::HeldStdout(mut held, stdout) => {
                let copied = held.rewind().and_then(|()| io::copy(&mut held, stdout));
                if let Err(source) = copied.and_then(|_| stdout.flush()) {
                    return Err(Error::Write { path: name, source });
                }
                None
            }
            Target::File {
                file,
                name: own,
                place,
            } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error);
                match file.and_then(EarlySync::finish) {
                    Ok(file) => Some((own.waiting(file), place)),
                    Err(source) => return Err(Error::Write { path: name, source }),
                }
            }
        };
        Ok(Settled { name, waiting })
    }

    /// Returns the error of a write that failed.
    pub fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.name.clone(),
            source,
        }
    }
}

impl Name {
    /// Returns how a file waits that is written.
    fn waiting(self, file: File) -> Waiting {
        match self {
            Name::None => Waiting::Unnamed(file),
            Name::Hidden(hidden) => Waiting::Hidden(hidden, file),
            Name::Aside(path) => Waiting::Aside(path),
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.packer {
            Some(packer) => packer.pack(bytes, &mut self.sink).map(|()| bytes.len()),
            None => self.sink.write(bytes),
        }
    }

    /// What waits to be packed goes on waiting: when a report is flushed must not change
    /// its bytes.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::HeldStdout(held, _) => held.write(bytes),
            Target::File { file, .. } => file.write(bytes),
            Target::Stream(file) => file.write(bytes),
        }?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout(stdout) => stdout.flush(),
            Target::HeldStdout(held, _) => held.flush(),
            Target::File { file, .. } => file.flush(),
            Target::Stream(file) => file.flush(),
        }
    }
}

/// Returns whether it is a pipe or a device: a rename would replace it, and what was read of
/// it cannot be read again.
pub fn is_stream(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_fifo() || kind.is_socket() || kind.is_block_device()
}

/// Writes the end of a report; returns what it takes to rename it, and a description
/// of its file, if its bytes were counted.
pub(super) fn settle(
    reporter: Box<dyn Reporter>,
    mut output: Output<'_>,
    destination: Option<Destination>,
    header: &Header,
    footer: &Footer,
) -> Result<(Settled, Option<Written>), Error> {
    let finished = reporter.finish(header, footer, &mut output);
    let finished = finished.and_then(|()| output.finish_packing());
    finished.map_err(|source| output.failed(source))?;
    // What is in the buffer has been counted.
    let written = destination.and_then(|to| {
        let file = output.digest(&to.path)?;
        let format = to.format;
        Some(Written {
            format,
            file,
            ticket: None,
        })
    });
    Ok((output.settle()?, written))
}
