//! Picks findings out of a report whose findings are lines, by their names.

use std::io::{self, BufRead};
use std::path::Path;

use memchr::memmem;

use super::file::ReportFile;
use super::reader::ReadError;
use super::skim::MAX_LINE;

enum EachError<E> {
    Read(io::Error),
    Taken(E),
}

impl<E> From<E> for EachError<E> {
    fn from(error: E) -> Self {
        Self::Taken(error)
    }
}

/// Hands on each line, unpacked, until one is refused; returns whether none was.
fn each_line<E>(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<bool, EachError<E>> {
    let file = ReportFile::open(path).map_err(EachError::Read)?;
    let Some(mut file) = file else {
        return Ok(false);
    };
    let mut reader = file.reader(None).map_err(EachError::Read)?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut some = io::Read::take(&mut reader, MAX_LINE as u64);
        let read = some.read_until(b'\n', &mut line).map_err(EachError::Read)?;
        if read == 0 {
            return Ok(true);
        }
        if line.last() != Some(&b'\n') {
            return Ok(false);
        }
        if !take(&line)? {
            return Ok(false);
        }
    }
}

/// What comes before the name of a finding in a line that this program wrote. In a text it
/// would have other quotes.
const FINGERPRINT: &[u8] = b"\"fingerprint\":\"";

/// What comes before what became of a finding of the night before.
const STATE: &[u8] = b"\"state\":\"";

/// Reads a report whose findings are lines, and hands each finding and each that was carried
/// on to `take` by its name alone; those that it wants are handed to `row`, as the whole
/// line. Returns false if the report is not written in such lines: [`super::read`] reads it.
///
/// # Errors
///
/// The report cannot be read, or one of both fails.
pub fn pick<E: From<ReadError>>(
    path: &Path,
    mut take: impl FnMut(&str) -> Result<bool, E>,
    mut row: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let name = memmem::Finder::new(FINGERPRINT);
    let state = memmem::Finder::new(STATE);
    let mut is_last = false;
    let lines = each_line(path, |line| {
        let digits = name.find(line).map(|at| at + FINGERPRINT.len());
        let digits = digits.and_then(|at| line.get(at..at + 32));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(digits) = digits else {
            return Ok(!std::mem::replace(&mut is_last, true));
        };
        if is_last {
            return Ok(false);
        }
        let state = state.find(line).map(|at| &line[at + STATE.len()..]);
        if state.is_some_and(|state| !state.starts_with(b"unknown\"")) {
            return Ok(true);
        }
        if take(digits)? {
            row(line)?;
        }
        Ok(true)
    });
    lines.map_err(|error| match error {
        EachError::Read(source) => ReadError::Unreadable {
            path: path.display().to_string(),
            source,
        }
        .into(),
        EachError::Taken(error) => error,
    })
}
