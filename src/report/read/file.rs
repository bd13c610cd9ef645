//! A report that is read more than once: a file, or a pipe whose bytes wait aside;
//! plain or packed.

use std::fs::File;
use std::io::{self, BufRead, Cursor, Read, Seek, Write};
use std::path::Path;

use tempfile::SpooledTempFile;

use crate::digest::{ByteCounter, DigestHandle, HashingReader};
use crate::unpack::{is_packed, unpacked};

/// How many bytes of a pipe wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 4 << 20;

/// How many bytes of a pipe say whether it may be a report: one that is none may have no
/// end.
const START: u64 = 4 << 10;

/// Says what is wrong with a folder.
const IS_FOLDER: &str =
    "it is a folder: name a report in it, as the newest .ndjson.zst of a history";

/// Holds a report that can be read from its first byte again.
pub enum ReportFile {
    File(File),
    Pipe(Pipe),
}

/// Reads a pipe, and keeps what was read of it: so much of one without end as is needed
/// to see that it is no report.
pub struct Pipe {
    pipe: Box<dyn Read>,
    spool: SpooledTempFile,
    /// How many bytes wait aside, and how many of them were read again.
    kept: u64,
    at: u64,
}

impl ReportFile {
    /// Opens a report; `-` is stdin. There is none if no report begins as it does.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        if path.as_os_str() == "-" {
            return Self::of_pipe(io::stdin());
        }
        let file = File::open(path)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, IS_FOLDER));
        }
        match kind.is_file() {
            true => Ok(Some(Self::File(file))),
            false => Self::of_pipe(file),
        }
    }

    fn of_pipe(mut pipe: impl Read + 'static) -> io::Result<Option<Self>> {
        let mut start = Vec::new();
        pipe.by_ref().take(START).read_to_end(&mut start)?;
        if !is_packed(&start) && !start.trim_ascii_start().starts_with(b"{") {
            return Ok(None);
        }
        Ok(Some(Self::Pipe(Pipe {
            pipe: Box::new(Cursor::new(start).chain(pipe)),
            spool: SpooledTempFile::new(SPOOL_BYTES),
            kept: 0,
            at: 0,
        })))
    }

    /// Returns a reader of the whole report, unpacked; what it has read at its end is what
    /// the digest is of, if one is wanted.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn reader(&mut self, digest: Option<DigestHandle>) -> io::Result<Box<dyn BufRead + '_>> {
        match self {
            Self::File(file) => {
                file.rewind()?;
                unpacked(HashingReader::new(file, ByteCounter::default(), digest))
            }
            Self::Pipe(pipe) => {
                pipe.spool.rewind()?;
                pipe.at = 0;
                unpacked(HashingReader::new(pipe, ByteCounter::default(), digest))
            }
        }
    }
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = match self.at < self.kept {
            true => self.spool.read(room)?,
            false => {
                let read = self.pipe.read(room)?;
                self.spool.write_all(&room[..read])?;
                self.kept += read as u64;
                read
            }
        };
        self.at += read as u64;
        Ok(read)
    }
}
