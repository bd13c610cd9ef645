//! Opens exports: a file, a pipe or stdin, plain or packed, is one stream of
//! bytes.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, SubsecRound as _, Utc};

use super::boundary::Boundary;
use super::interrupt::{InterruptibleReader, StopFlag};
use super::sink::Unread;
use super::stretch::Stretch;
use crate::digest::{ByteCounter, DigestHandle, HashingReader};
use crate::unpack::Unpacker;

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
    /// A file is named twice.
    #[error("export `{second}` is the same file as `{first}`: its records would count twice")]
    Twice {
        /// The name that comes first.
        first: String,
        /// The other name.
        second: String,
    },
}

/// Holds an export that can be opened, or is open.
#[derive(Debug)]
pub struct Source {
    /// What reports call it.
    pub name: String,
    /// Its index among the exports of the run.
    pub index: usize,
    /// When it was written last, if it is a file.
    pub modified: Option<DateTime<Utc>>,
    origin: Origin,
    counter: ByteCounter,
    digest: Option<DigestHandle>,
    /// How its file begins, if it is one.
    beginning: Option<Beginning>,
    /// What is read of it, if that is not all.
    stretch: Option<Stretch>,
}

/// Says how a file begins, and how long it is: files with the same content do not differ in
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Beginning {
    /// How many bytes the file has.
    pub length: u64,
    /// Tells most files from each other that are as long.
    hash: u64,
}

/// How many bytes of a file are its beginning: more than the header of a table.
const BEGINNING_BYTES: usize = 4096;

impl Beginning {
    fn read(file: &File, length: u64) -> io::Result<Self> {
        let mut bytes = [0; BEGINNING_BYTES];
        let read = file.read_at(&mut bytes, 0)?;
        let mut hasher = DefaultHasher::new();
        bytes[..read].hash(&mut hasher);
        let hash = hasher.finish();
        Ok(Self { length, hash })
    }
}

#[derive(Debug)]
enum Origin {
    /// A file: opened again when its turn comes, so that a thousand of them
    /// need not be open at once.
    File(PathBuf),
    /// A pipe or a device, which cannot be opened twice.
    Pipe(File),
    Stdin,
    /// What a pipe held, in a file without a name.
    Kept(File),
}

impl Source {
    /// Opens what the command line names; `-` is stdin.
    ///
    /// # Errors
    ///
    /// The first that cannot be opened, or that is the same file as one before it.
    pub fn open_all(paths: &[PathBuf]) -> Result<Vec<Self>, Error> {
        Self::open_some(paths.iter().map(PathBuf::as_path).enumerate())
    }

    /// Opens some of those that the command line names, by their indexes among them.
    ///
    /// # Errors
    ///
    /// The first that cannot be opened, or that is the same file as one before it.
    pub fn open_some<'p>(
        paths: impl IntoIterator<Item = (usize, &'p Path)>,
    ) -> Result<Vec<Self>, Error> {
        let mut has_stdin = false;
        let mut firsts: HashMap<(u64, u64), String> = HashMap::new();
        let open = paths.into_iter().map(|(index, path)| {
            if is_stdin(path) && std::mem::replace(&mut has_stdin, true) {
                return Err(Error::StdinTwice);
            }
            let (mut source, metadata) = Self::open(path)?;
            source.index = index;
            let identity = metadata.map(|metadata| (metadata.dev(), metadata.ino()));
            let first = identity.and_then(|file| firsts.insert(file, source.name.clone()));
            match first {
                Some(first) => Err(Error::Twice {
                    first,
                    second: source.name,
                }),
                None => Ok(source),
            }
        });
        open.collect()
    }

    /// Opens one; gives also what is known of its file.
    fn open(path: &Path) -> Result<(Self, Option<Metadata>), Error> {
        let name = path.display().to_string();
        if is_stdin(path) {
            // A stdin that is not open is found out when it is read.
            let metadata = stdin().and_then(|file| file.metadata()).ok();
            let modified = metadata.as_ref().and_then(written);
            return Ok((Self::new(name, modified, Origin::Stdin), metadata));
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
        if !metadata.is_file() {
            let source = Self::new(name, written(&metadata), Origin::Pipe(file));
            return Ok((source, Some(metadata)));
        }
        let beginning = Beginning::read(&file, metadata.len());
        let mut source = Self::new(name, written(&metadata), Origin::File(path.to_owned()));
        source.beginning = beginning.ok();
        Ok((source, Some(metadata)))
    }

    fn new(name: String, modified: Option<DateTime<Utc>>, origin: Origin) -> Self {
        Self {
            name,
            index: 0,
            modified,
            origin,
            counter: ByteCounter::default(),
            digest: None,
            beginning: None,
            stretch: None,
        }
    }

    /// Keeps what a pipe holds, so that it can be read more than once; what is a file stays
    /// as it is.
    ///
    /// # Errors
    ///
    /// It cannot be read, or not be kept in a temporary file.
    pub fn kept(self) -> Result<Self, Error> {
        let open = |source| Error::Open {
            path: self.name.clone(),
            source,
        };
        let mut pipe = match self.origin {
            Origin::File(_) | Origin::Kept(_) => return Ok(self),
            Origin::Pipe(ref file) => file.try_clone().map_err(open)?,
            Origin::Stdin => stdin().map_err(open)?,
        };
        let mut kept = tempfile::tempfile().map_err(open)?;
        io::copy(&mut pipe, &mut kept).map_err(open)?;
        Ok(Self::new(self.name, self.modified, Origin::Kept(kept)))
    }

    /// Returns the same export, to be read from its first byte, if it can be read again.
    ///
    /// # Errors
    ///
    /// It cannot be opened again.
    pub fn again(&self) -> Result<Self, Error> {
        let open = |source| Error::Open {
            path: self.name.clone(),
            source,
        };
        let origin = match &self.origin {
            Origin::File(path) => Origin::File(path.clone()),
            Origin::Pipe(file) => Origin::Pipe(file.try_clone().map_err(open)?),
            Origin::Stdin => Origin::Stdin,
            Origin::Kept(file) => Origin::Kept(file.try_clone().map_err(open)?),
        };
        Ok(Self {
            index: self.index,
            beginning: self.beginning,
            stretch: self.stretch.clone(),
            ..Self::new(self.name.clone(), self.modified, origin)
        })
    }

    /// Returns a counter of the bytes that are read of it.
    pub fn byte_counter(&self) -> ByteCounter {
        self.counter.clone()
    }

    /// Returns how many bytes its file had when it was opened, if it is one.
    pub fn size(&self) -> Option<u64> {
        self.beginning.map(|beginning| beginning.length)
    }

    /// Returns how its file began when it was opened, if it is one.
    pub fn beginning(&self) -> Option<Beginning> {
        self.beginning
    }

    /// Asks for the digest of its file. Then all of it is read, even if it cannot
    /// be unpacked to its end.
    pub fn want_digest(&mut self) -> DigestHandle {
        self.digest.get_or_insert_default().clone()
    }

    /// Returns a path of the file that it reads, if it is one or may be.
    pub fn file(&self) -> Option<&Path> {
        match &self.origin {
            Origin::File(path) => Some(path),
            Origin::Pipe(_) | Origin::Kept(_) => None,
            Origin::Stdin => Some(Path::new("/dev/stdin")),
        }
    }

    /// Reads no more of its file than a stretch.
    #[must_use]
    pub fn stretch(self, stretch: Stretch) -> Self {
        Self {
            stretch: Some(stretch),
            ..self
        }
    }

    /// Returns the first byte that is read, and what is known before it.
    pub(super) fn beginning_of_stretch(&self) -> (u64, Boundary) {
        match &self.stretch {
            Some(stretch) if stretch.begin > 0 => (stretch.begin, stretch.boundary.clone()),
            Some(_) | None => (0, Boundary::First),
        }
    }

    /// Returns whether the export goes on after what is read of it.
    pub(super) fn goes_on(&self) -> bool {
        self.stretch
            .as_ref()
            .is_some_and(|stretch| stretch.end.is_some())
    }

    /// Begins to read; the reading can be ended by a flag.
    pub(super) fn start(self, stop: StopFlag) -> io::Result<Stream> {
        let (reader, snapshot) = match self.origin {
            Origin::File(path) => {
                let mut file = File::open(&path)?;
                let snapshot = Snapshot::new(path, &file)?;
                if let Some(stretch) = &self.stretch {
                    file.seek(SeekFrom::Start(stretch.begin))?;
                }
                (InterruptibleReader::file(file, stop), Some(snapshot))
            }
            Origin::Pipe(file) => (InterruptibleReader::pipe(file, stop), None),
            Origin::Kept(mut file) => {
                file.rewind()?;
                (InterruptibleReader::file(file, stop), None)
            }
            Origin::Stdin => {
                // Past the buffer of the standard library: what it holds back
                // cannot be waited for.
                (InterruptibleReader::pipe(stdin()?, stop), None)
            }
        };
        let (begin, end) = self.stretch.map_or((0, None), |one| (one.begin, one.end));
        let bytes = end.map_or(u64::MAX, |end| end - begin);
        let reader = HashingReader::new(reader.take(bytes), self.counter, self.digest);
        Ok(Stream {
            reader: match begin {
                0 => Unpacker::new(reader)?,
                // What is packed is read from its first byte on.
                _ => Unpacker::plain(reader),
            },
            snapshot,
        })
    }
}

/// Returns stdin as a file.
fn stdin() -> io::Result<File> {
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Whether a path is the name of stdin.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads the bytes of an export, unpacked.
pub(super) struct Stream {
    reader: Unpacker<HashingReader<io::Take<InterruptibleReader>>>,
    snapshot: Option<Snapshot>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("snapshot", &self.snapshot)
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

    /// Ends the reading, and returns what went wrong, as far as that shows only
    /// at the end. If a digest is wanted, what is left is read for it.
    pub fn finish(self) -> Option<Unread> {
        if let Some(Err(error)) = self.reader.into_packed().map(HashingReader::finish) {
            return Some(error.into());
        }
        let changed = self.snapshot.is_some_and(|file| file.has_changed());
        changed.then_some(Unread::Changed)
    }
}

/// Holds what a file was before it was read.
#[derive(Debug)]
struct Snapshot {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Snapshot {
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

/// Returns when a file was written last, in whole seconds; nothing of what is no file.
fn written(metadata: &Metadata) -> Option<DateTime<Utc>> {
    let is_file = metadata.is_file();
    let written = modified(metadata).filter(|_| is_file);
    written.map(|written| DateTime::<Utc>::from(written).trunc_subsecs(0))
}

fn modified(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}
