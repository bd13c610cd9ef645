//! Digests of files: how many bytes they have, and their SHA-256.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::closed;

/// Holds what a file was: its path, size and SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// The path, as the command line named it.
    pub path: String,
    /// How many bytes the file has.
    pub bytes: u64,
    /// The SHA-256 of the bytes, in hexadecimal digits.
    #[serde(deserialize_with = "closed::sha256")]
    pub sha256: String,
}

/// Says how a file differs from what it was.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// It has another size.
    #[error("it has {now} bytes, and had {was}")]
    Size {
        /// The bytes that it has.
        now: u64,
        /// The bytes that it had.
        was: u64,
    },
    /// It has the same size and another content.
    #[error("its content has changed")]
    Content,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(io::Error),
}

impl FileDigest {
    /// Says whether a file is as it was; `now` is its digest now.
    ///
    /// # Errors
    ///
    /// It differs, or cannot be read.
    pub fn compare(&self, now: io::Result<Self>) -> Result<(), Difference> {
        match now {
            Ok(now) if now.bytes != self.bytes => Err(Difference::Size {
                now: now.bytes,
                was: self.bytes,
            }),
            Ok(now) if now.sha256 != self.sha256 => Err(Difference::Content),
            Ok(_) => Ok(()),
            Err(error) => Err(Difference::Unreadable(error)),
        }
    }
}

/// Digests a file.
///
/// # Errors
///
/// It cannot be opened, or not be read to its end.
pub fn of_file(path: &Path) -> io::Result<FileDigest> {
    // Reading what has no end would never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let hasher = of_reader(File::open(path)?)?;
    Ok(hasher.digest(path.display().to_string()))
}

/// Hashes all that a reader gives.
///
/// # Errors
///
/// Those of the reader.
pub fn of_reader(mut reader: impl Read) -> io::Result<Hasher> {
    let mut hasher = Hasher::default();
    let mut room = vec![0; 1 << 18];
    loop {
        match reader.read(&mut room)? {
            0 => return Ok(hasher),
            read => hasher.update(&room[..read]),
        }
    }
}

/// Digests the bytes of a file that is called `path`.
pub fn of_bytes(path: impl Into<String>, bytes: &[u8]) -> FileDigest {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    hasher.digest(path)
}

/// Returns bytes as hexadecimal digits, two for each.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Counts and hashes bytes that come one after another.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    bytes: u64,
    hash: Sha256,
}

impl Hasher {
    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    /// Returns the SHA-256 of the bytes.
    pub fn finish(self) -> [u8; 32] {
        self.hash.finalize().into()
    }

    /// Returns the first half of the SHA-256 of the bytes, in hexadecimal digits: no two
    /// texts that anybody will ever meet share one.
    pub fn half_hex(self) -> String {
        hex(&self.finish()[..16])
    }

    /// Returns the digest of a file that is called `path` and has the bytes so
    /// far.
    pub fn digest(&self, path: impl Into<String>) -> FileDigest {
        FileDigest {
            path: path.into(),
            bytes: self.bytes,
            sha256: hex(&self.hash.clone().finalize()),
        }
    }
}

/// Gives the digest of a file that somebody else reads.
#[derive(Debug, Clone, Default)]
pub struct DigestHandle(Arc<Mutex<Hasher>>);

impl DigestHandle {
    /// Returns the digest of the bytes that were read so far; the file is called
    /// `path`.
    pub fn digest(&self, path: impl Into<String>) -> FileDigest {
        let hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.digest(path)
    }

    fn update(&self, bytes: &[u8]) {
        let mut hasher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hasher.update(bytes);
    }
}

/// Counts the bytes of a file that were read so far.
#[derive(Debug, Clone, Default)]
pub struct ByteCounter(Arc<AtomicU64>);

impl ByteCounter {
    /// Returns how many bytes were read so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts the bytes of another reader and, if a digest is wanted, hashes them.
#[derive(Debug)]
pub struct HashingReader<R> {
    reader: R,
    counter: ByteCounter,
    digest: Option<DigestHandle>,
}

impl<R: Read> HashingReader<R> {
    /// Wraps a reader.
    pub fn new(reader: R, counter: ByteCounter, digest: Option<DigestHandle>) -> Self {
        Self {
            reader,
            counter,
            digest,
        }
    }

    /// Reads what is left if a digest is wanted, so that it is the digest of the
    /// whole file: one that cannot be unpacked is given up before its end.
    ///
    /// # Errors
    ///
    /// Those of the reader; then there is no digest of the whole file.
    pub fn finish(mut self) -> io::Result<()> {
        match self.digest {
            Some(_) => io::copy(&mut self, &mut io::sink()).map(|_| ()),
            None => Ok(()),
        }
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(room)?;
        self.counter.0.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(digest) = &self.digest {
            digest.update(&room[..read]);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_that_of_all_bytes_however_they_are_read() {
        let expected = of_bytes("a", b"abc");
        assert_eq!((expected.bytes, expected.sha256.as_str()), (3, ABC));
        let (counter, handle) = (ByteCounter::default(), DigestHandle::default());
        let mut reader = HashingReader::new(&b"abc"[..], counter.clone(), Some(handle.clone()));
        let mut first = [0; 1];
        reader.read_exact(&mut first).expect("memory");
        assert_eq!(counter.bytes(), 1);
        reader.finish().expect("memory");
        assert_eq!(counter.bytes(), 3);
        assert_eq!(handle.digest("a"), expected);
    }

    #[test]
    fn what_nobody_wants_a_digest_of_is_not_read_on() {
        let counter = ByteCounter::default();
        let reader = HashingReader::new(&b"abc"[..], counter.clone(), None);
        reader.finish().expect("memory");
        assert_eq!(counter.bytes(), 0);
    }
}
