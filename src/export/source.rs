//! Where the bytes of an export come from: a file, a pipe or stdin, plain or
//! packed, as one stream.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Unread;
use crate::digest::{ByteCounter, DigestHandle, HashingReader};

/// Why an export cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there, or may not be read.
    #[error("export `{path}` could not be opened")]
    Open {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is a directory.
    #[error("export `{path}` is a directory: name the files in it, as `{path}/*.json`")]
    Directory {
        /// Which.
        path: String,
    },
    /// Stdin is named twice.
    #[error("stdin (`-`) can be read only once")]
    StdinTwice,
}

/// An export that can be opened, or is open.
#[derive(Debug)]
pub struct Source {
    /// What reports call it.
    pub name: String,
    origin: Origin,
    taken: ByteCounter,
    seen: Option<DigestHandle>,
}

#[derive(Debug)]
enum Origin {
    /// A file: opened again when its turn comes, so that a thousand of them
    /// need not be open at once.
    File(PathBuf),
    /// A pipe or a device, which cannot be opened twice.
    Pipe(File),
    Stdin,
}

impl Source {
    /// Opens what the command line names; `-` is stdin.
    ///
    /// # Errors
    ///
    /// The first that cannot be opened.
    pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Self>, Error> {
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(Error::StdinTwice);
        }
        paths.iter().map(|path| Self::open(path)).collect()
    }

    fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        if is_stdin(path) {
            let origin = Origin::Stdin;
            return Ok(Self {
                name,
                origin,
                taken: ByteCounter::default(),
                seen: None,
            });
        }
        let error = |source| Error::Open {
            path: name.clone(),
            source,
        };
        let metadata = std::fs::metadata(path).map_err(error)?;
        if metadata.is_dir() {
            return Err(Error::Directory { path: name });
        }
        let file = File::open(path).map_err(error)?;
        let origin = match metadata.is_file() {
            true => Origin::File(path.to_owned()),
            false => Origin::Pipe(file),
        };
        Ok(Self {
            name,
            origin,
            taken: ByteCounter::default(),
            seen: None,
        })
    }

    /// Tells from now on how much of it was read.
    pub fn taken(&self) -> ByteCounter {
        self.taken.clone()
    }

    /// How large its file is, if it is one.
    pub fn size(&self) -> Option<u64> {
        let metadata = std::fs::metadata(self.path()?);
        metadata.ok().map(|metadata| metadata.len())
    }

    /// From now on what is read of it is seen.
    pub fn watch(&mut self) -> DigestHandle {
        self.seen.get_or_insert_default().clone()
    }

    /// The file that it reads, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => Some(path),
            Origin::Pipe(_) | Origin::Stdin => None,
        }
    }

    /// Begins to read.
    pub(super) fn start(self) -> io::Result<Stream> {
        match self.origin {
            Origin::File(path) => {
                let file = File::open(&path)?;
                let watch = Some(Watch::new(path, &file)?);
                let reader = unpack(HashingReader::new(file, self.taken, self.seen))?;
                Ok(Stream { reader, watch })
            }
            Origin::Pipe(file) => Ok(Stream {
                reader: unpack(HashingReader::new(file, self.taken, self.seen))?,
                watch: None,
            }),
            Origin::Stdin => Ok(Stream {
                reader: unpack(HashingReader::new(io::stdin(), self.taken, self.seen))?,
                watch: None,
            }),
        }
    }
}

/// Whether the path stands for stdin.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The bytes of an export, unpacked.
pub(super) struct Stream {
    reader: Box<dyn Read + Send>,
    watch: Option<Watch>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// Fills the room as far as there are bytes; fewer only at the end, or
    /// before an error.
    pub fn fill(&mut self, room: &mut [u8]) -> (usize, io::Result<()>) {
        let mut filled = 0;
        while filled < room.len() {
            match self.reader.read(&mut room[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (filled, Err(error)),
            }
        }
        (filled, Ok(()))
    }

    /// What went wrong, seen from the end.
    pub fn finish(self) -> Option<Unread> {
        let changed = self.watch.is_some_and(|watch| watch.has_changed());
        changed.then_some(Unread::Changed)
    }
}

/// A file as it was before it was read.
#[derive(Debug)]
struct Watch {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Watch {
    fn new(path: PathBuf, file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            path,
            length: metadata.len(),
            modified: modified(&metadata),
        })
    }

    fn has_changed(&self) -> bool {
        std::fs::metadata(&self.path).map_or(true, |metadata| {
            metadata.len() != self.length || modified(&metadata) != self.modified
        })
    }
}

fn modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

/// Told by their first bytes, all members of gzip and all frames of zstd.
fn unpack(mut raw: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    const BUFFER: usize = 128 << 10;
    let mut magic = Vec::new();
    raw.by_ref().take(4).read_to_end(&mut magic)?;
    let gzip = magic.starts_with(&[0x1f, 0x8b]);
    // A frame, or one that is to be skipped.
    let zstd = matches!(
        magic[..],
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18]
    );
    let whole = Cursor::new(magic).chain(raw);
    Ok(if gzip {
        let packed = BufReader::with_capacity(BUFFER, whole);
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    } else if zstd {
        let packed = BufReader::with_capacity(BUFFER, whole);
        Box::new(zstd::stream::read::Decoder::with_buffer(packed)?)
    } else {
        Box::new(whole)
    })
}
