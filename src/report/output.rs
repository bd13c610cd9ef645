//! Where a report goes: stdout, or a file that appears whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use tempfile::TempDir;

use super::model::footer::Footer;
use super::model::header::Header;
use super::paths::{behind_links, is_open_file};
use super::render::Reporter;
use super::settings::Format;
use crate::digest::{FileDigest, Hasher};

/// Says where the user wants a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// How it is written.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// Says why a report cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// Reports are split by a field that is not there.
    #[error("reports cannot be split by `{name}`: {why}")]
    NoField {
        /// The name of the field.
        name: String,
        /// Why reports cannot be split by it.
        why: &'static str,
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
}

enum Target<'o> {
    Stdout(&'o mut (dyn Write + Send)),
    /// Has no name before it takes its place: nothing is left of a run that is
    /// killed. It stays open until then.
    Unnamed(BufWriter<AtomicWriteFile>),
    /// Is written in a folder aside. It can be closed before it takes its place, so
    /// that there may be any number of them.
    Aside {
        file: BufWriter<File>,
        aside: PathBuf,
        path: PathBuf,
    },
    /// Represents a pipe or a device, which no rename can replace.
    Stream(File),
}

/// Represents a report that is whole, and on its disk: only the name of its file is still to
/// change.
#[must_use = "it takes its place when it is committed"]
pub struct Settled {
    name: String,
    change: Change,
}

enum Change {
    None,
    Name(AtomicWriteFile),
    Rename(PathBuf, PathBuf),
}

/// Represents a folder that is not seen, beside the places of many reports, in which they are
/// written. It is removed, with all that is still in it, when it is dropped.
pub struct Aside {
    folder: TempDir,
    files: u64,
}

/// Returns the folder in which a path is.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Aside {
    /// Makes a folder beside the place of a report.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix(".audit-")
            .tempdir_in(folder_of(path));
        let folder = folder.map_err(|source| Error::Open {
            path: path.display().to_string(),
            source,
        })?;
        Ok(Self { folder, files: 0 })
    }

    fn next(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(self.files.to_string())
    }
}

/// Lets only the owner read a report: it names the weak spots of customers.
const MODE: u32 = 0o600;

/// How many bytes wait before they are written to a file.
const BUFFER_BYTES: usize = 1 << 18;

impl<'o> Output<'o> {
    /// Returns the output of the report on stdout.
    pub fn stdout(stdout: &'o mut (dyn Write + Send)) -> Self {
        Self {
            name: "on stdout".to_owned(),
            target: Target::Stdout(stdout),
            hasher: None,
        }
    }

    /// Opens the file of a report.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, Target::unnamed)
    }

    /// Opens the file of one report of many, which are written aside.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn open_aside(path: &Path, folder: &mut Aside) -> Result<Self, Error> {
        Self::open_with(path, |place| {
            if place != path {
                // What a link points to may be on another disk than the folder.
                return Target::unnamed(place);
            }
            let aside = folder.next();
            let mut options = OpenOptions::new();
            let file = options
                .write(true)
                .create_new(true)
                .mode(MODE)
                .open(&aside)?;
            Ok(Target::Aside {
                file: BufWriter::with_capacity(BUFFER_BYTES, file),
                aside,
                path: path.to_owned(),
            })
        })
    }

    fn open_with(
        path: &Path,
        open_file: impl FnOnce(&Path) -> io::Result<Target<'o>>,
    ) -> Result<Self, Error> {
        let name = path.display().to_string();
        let open = |place: &Path| match std::fs::metadata(place) {
            Ok(metadata) if metadata.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(metadata) if is_stream(&metadata) || is_open_file(place) => {
                let file = OpenOptions::new().append(true).open(place)?;
                Ok(Target::Stream(file))
            }
            _ => open_file(place),
        };
        match behind_links(path).and_then(|place| open(&place)) {
            Ok(target) => Ok(Self {
                name: format!("`{name}`"),
                target,
                hasher: None,
            }),
            Err(source) => Err(Error::Open { path: name, source }),
        }
    }

    /// Counts the bytes from now on, if they go to a file.
    pub fn watch(&mut self) {
        match self.target {
            Target::Unnamed(_) | Target::Aside { .. } => _ = self.hasher.get_or_insert_default(),
            Target::Stdout(_) | Target::Stream(_) => {}
        }
    }

    /// Returns the digest of the file, which is called `path`, if its bytes were
    /// counted.
    pub fn digest(&self, path: &Path) -> Option<FileDigest> {
        let hasher = self.hasher.as_ref()?;
        Some(hasher.digest(path.display().to_string()))
    }

    /// Makes sure that all that was written is where it should be.
    ///
    /// # Errors
    ///
    /// It is not; what was there before still is.
    pub fn settle(mut self) -> Result<Settled, Error> {
        if let Err(source) = self.flush() {
            return Err(self.failed(source));
        }
        let Self { name, target, .. } = self;
        let change = match target {
            Target::Stdout(_) | Target::Stream(_) => Ok(Change::None),
            Target::Unnamed(file) => {
                into_file(file).and_then(|file| file.sync_all().map(|()| Change::Name(file)))
            }
            Target::Aside { file, aside, path } => into_file(file)
                .and_then(|file| file.sync_all())
                .map(|()| Change::Rename(aside, path)),
        };
        match change {
            Ok(change) => Ok(Settled { name, change }),
            Err(source) => Err(Error::Write { path: name, source }),
        }
    }

    /// Returns the error of a write that failed.
    pub fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.name.clone(),
            source,
        }
    }
}

impl Target<'_> {
    /// Opens a file that has no name before it takes its place.
    fn unnamed(place: &Path) -> io::Result<Self> {
        let mut options = AtomicWriteFile::options();
        let file = options.mode(MODE).preserve_mode(false).open(place)?;
        Ok(Target::Unnamed(BufWriter::with_capacity(
            BUFFER_BYTES,
            file,
        )))
    }
}

fn into_file<W: Write>(file: BufWriter<W>) -> io::Result<W> {
    file.into_inner().map_err(io::IntoInnerError::into_error)
}

impl Settled {
    /// Lets the report take its place.
    ///
    /// # Errors
    ///
    /// It cannot; what was there before still is.
    pub fn commit(self) -> Result<(), Error> {
        let committed = match self.change {
            Change::None => Ok(()),
            Change::Name(file) => file.commit(),
            Change::Rename(aside, path) => std::fs::rename(aside, path),
        };
        let path = self.name;
        committed.map_err(|source| Error::Write { path, source })
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::Unnamed(file) => file.write(bytes),
            Target::Aside { file, .. } => file.write(bytes),
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
            Target::Unnamed(file) => file.flush(),
            Target::Aside { file, .. } => file.flush(),
            Target::Stream(file) => file.flush(),
        }
    }
}

/// Returns whether it is a pipe or a device, which a rename would replace.
pub(super) fn is_stream(metadata: &Metadata) -> bool {
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
    finished.map_err(|source| output.failed(source))?;
    // What is in the buffer has been counted.
    let written = destination.and_then(|to| {
        let file = output.digest(&to.path)?;
        let format = to.format;
        Some(Written { format, file })
    });
    Ok((output.settle()?, written))
}
