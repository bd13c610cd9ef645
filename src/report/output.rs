//! Where a report goes: stdout, or a file that appears whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use atomic_write_file::unix::OpenOptionsExt as _;
use sha2::{Digest, Sha256};

use super::Format;
use crate::digest;

/// Where the user wants a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// How it is written.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened for writing.
    #[error("report `{path}` could not be opened")]
    Open {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The report would take the place of what it is made from.
    #[error("report `{path}` is also read by this run, as `{other}`: it would be overwritten")]
    Overwrites {
        /// Which.
        path: String,
        /// What it is.
        other: String,
    },
    /// Two reports would go to one file.
    #[error("two reports go to `{path}`")]
    Twice {
        /// Which.
        path: String,
    },
    /// Reports are split, and no file is one for each slice.
    #[error(
        "no report is split: `{{}}` in the name of a file stands for the slice, as in `out/{{}}.md`"
    )]
    NoTemplate,
    /// Reports are split by a field that is not there.
    #[error("reports cannot be split by `{name}`: {why}")]
    NoField {
        /// Which.
        name: String,
        /// Why.
        why: &'static str,
    },
    /// The report cannot be written whole.
    #[error("report {path} could not be written: what is there is not of this run, or not whole")]
    Write {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// Where a report is being written.
pub struct Output<'o> {
    name: String,
    target: Target<'o>,
    /// The bytes so far, if somebody wants to know.
    digest: Option<(u64, Sha256)>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// How.
    pub format: Format,
    /// Its path, as the command line named it.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

enum Target<'o> {
    Stdout(&'o mut (dyn Write + Send)),
    /// Written aside, and renamed at the end.
    File(BufWriter<AtomicWriteFile>),
    /// A pipe or a device, which no rename can replace.
    Stream(File),
}

/// Who may read a report: it tells the weak spots of customers.
const MODE: u32 = 0o600;

impl<'o> Output<'o> {
    /// The report on stdout.
    pub fn stdout(stdout: &'o mut (dyn Write + Send)) -> Self {
        Self {
            name: "on stdout".to_owned(),
            target: Target::Stdout(stdout),
            digest: None,
        }
    }

    /// Opens the files of all reports; none of them is a file of `sources`.
    ///
    /// # Errors
    ///
    /// The first that cannot be written or must not.
    pub fn open_all(paths: &[&Path], sources: &[&Path]) -> Result<Vec<Self>, Error> {
        for (place, path) in paths.iter().enumerate() {
            let shown = path.display().to_string();
            if paths[..place].iter().any(|other| is_same(other, path)) {
                return Err(Error::Twice { path: shown });
            }
            overwrites_none(path, sources)?;
        }
        paths.iter().map(|path| Self::open(path)).collect()
    }

    /// Opens the file of one more report; it is no file of `sources`.
    ///
    /// # Errors
    ///
    /// It cannot be written, or must not.
    pub fn open_beside(path: &Path, sources: &[&Path]) -> Result<Self, Error> {
        overwrites_none(path, sources)?;
        Self::open(path)
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let error = |source| Error::Open {
            path: name.clone(),
            source,
        };
        let target = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(error(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            Ok(metadata) if is_stream(&metadata) || is_open_file(path) => {
                let file = OpenOptions::new().append(true).open(path).map_err(error)?;
                Target::Stream(file)
            }
            _ => {
                let mut options = AtomicWriteFile::options();
                let file = options
                    .mode(MODE)
                    .preserve_mode(false)
                    .open(path)
                    .map_err(error)?;
                Target::File(BufWriter::with_capacity(1 << 18, file))
            }
        };
        let name = format!("`{name}`");
        Ok(Self {
            name,
            target,
            digest: None,
        })
    }

    /// From now on the bytes are counted, if they go to a file.
    pub fn watch(&mut self) {
        if let Target::File(_) = self.target {
            self.digest.get_or_insert_default();
        }
    }

    /// How many bytes were written to the file, and their SHA-256 in
    /// hexadecimal digits, if they were counted.
    pub fn digest(&self) -> Option<(u64, String)> {
        let (bytes, hash) = self.digest.clone()?;
        Some((bytes, digest::hex(&hash.finalize())))
    }

    /// Makes sure that all that was written is where it should be: after this
    /// only the names of files change.
    pub fn settle(&mut self) -> io::Result<()> {
        self.flush()?;
        match &self.target {
            Target::File(file) => file.get_ref().sync_all(),
            Target::Stdout(_) | Target::Stream(_) => Ok(()),
        }
    }

    /// The report is whole and settled: it takes its place.
    ///
    /// # Errors
    ///
    /// It could not; what was there before still is.
    pub fn commit(self) -> Result<(), Error> {
        let committed = match self.target {
            Target::Stdout(_) | Target::Stream(_) => Ok(()),
            Target::File(file) => match file.into_inner() {
                Ok(file) => file.commit(),
                Err(error) => Err(error.into_error()),
            },
        };
        let path = self.name;
        committed.map_err(|source| Error::Write { path, source })
    }

    /// The error of a write that failed.
    pub fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.name.clone(),
            source,
        }
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.target {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::File(file) => file.write(bytes),
            Target::Stream(file) => file.write(bytes),
        }?;
        if let Some((count, hash)) = &mut self.digest {
            *count += written as u64;
            hash.update(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout(stdout) => stdout.flush(),
            Target::File(file) => file.flush(),
            Target::Stream(file) => file.flush(),
        }
    }
}

/// A report never takes the place of what is read.
fn overwrites_none(path: &Path, sources: &[&Path]) -> Result<(), Error> {
    match sources.iter().find(|source| is_same(source, path)) {
        Some(other) => Err(Error::Overwrites {
            path: path.display().to_string(),
            other: other.display().to_string(),
        }),
        None => Ok(()),
    }
}

fn is_stream(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_char_device() || kind.is_fifo() || kind.is_socket() || kind.is_block_device()
}

/// Whether the path stands for a file that some process has open, as
/// `/dev/stdout` does: to rename something over it would replace the link.
fn is_open_file(path: &Path) -> bool {
    std::path::absolute(path)
        .is_ok_and(|path| path.starts_with("/dev") || path.starts_with("/proc"))
}

/// Whether two paths lead to one file, or would.
fn is_same(path: &Path, other: &Path) -> bool {
    match (std::fs::metadata(path), std::fs::metadata(other)) {
        (Ok(here), Ok(there)) => {
            !is_stream(&here) && (here.dev(), here.ino()) == (there.dev(), there.ino())
        }
        (Err(_), Err(_)) => match (resolved(path), resolved(other)) {
            (Some(here), Some(there)) => here == there,
            _ => false,
        },
        _ => false,
    }
}

/// The path of a file that is not there yet, without links and detours.
fn resolved(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let folder = path.parent()?.canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}
