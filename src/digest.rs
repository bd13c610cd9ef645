//! What was read of a file, byte by byte: its size and digest.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

/// The bytes of a file that were read so far.
#[derive(Debug, Clone, Default)]
pub struct DigestHandle(Arc<Mutex<(u64, Sha256)>>);

impl DigestHandle {
    /// How many they were, and their SHA-256 in hexadecimal digits.
    pub fn digest(&self) -> (u64, String) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.0, hex(&seen.1.clone().finalize()))
    }

    fn add(&self, bytes: &[u8]) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.0 += bytes.len() as u64;
        seen.1.update(bytes);
    }
}

/// How many bytes of an export were read so far, as they stand in its file.
#[derive(Debug, Clone, Default)]
pub struct ByteCounter(Arc<AtomicU64>);

impl ByteCounter {
    /// The bytes so far.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A reader whose bytes are counted and, if somebody wants to know, seen.
pub struct HashingReader<R: Read> {
    reader: R,
    taken: ByteCounter,
    seen: Option<DigestHandle>,
}

impl<R: Read> HashingReader<R> {
    /// Wraps a reader; `taken` counts its bytes, and `seen` digests them if it is there.
    pub fn new(reader: R, taken: ByteCounter, seen: Option<DigestHandle>) -> Self {
        Self {
            reader,
            taken,
            seen,
        }
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(room)?;
        self.taken.0.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(seen) = &self.seen {
            seen.add(&room[..read]);
        }
        Ok(read)
    }
}

impl<R: Read> Drop for HashingReader<R> {
    /// A file that is broken is given up before its end: what it was is told
    /// all the same.
    fn drop(&mut self) {
        if self.seen.is_some() {
            // What cannot be read to its end has no digest that is right.
            let _ = io::copy(self, &mut io::sink());
        }
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = vec![0; 2 * bytes.len()];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    String::from_utf8(digits).unwrap_or_default()
}
