//! Picks findings out of a report whose findings are lines, by their names.

use std::path::Path;

use memchr::memmem;

use super::blocks::Blocks;
use super::file::ReportFile;
use super::reader::ReadError;

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
    let unreadable = |source| ReadError::Unreadable {
        path: path.display().to_string(),
        source,
    };
    let Some(mut file) = ReportFile::open(path).map_err(unreadable)? else {
        return Ok(false);
    };
    let mut blocks = Blocks::new(file.reader(None).map_err(unreadable)?);
    let name = memmem::Finder::new(FINGERPRINT);
    let state = memmem::Finder::new(STATE);
    let mut is_last = false;
    while let Some(block) = blocks.next().map_err(unreadable)? {
        for line in block.split_inclusive(|byte| *byte == b'\n') {
            // One line is no finding, and it is the last.
            if is_last {
                return Ok(false);
            }
            let digits = name.find(line).map(|at| at + FINGERPRINT.len());
            let digits = digits.and_then(|at| line.get(at..at + 32));
            let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
            let Some(digits) = digits else {
                is_last = true;
                continue;
            };
            let state = state.find(line).map(|at| &line[at + STATE.len()..]);
            let is_closed = state.is_some_and(|state| !state.starts_with(b"unknown\""));
            if !is_closed && take(digits)? {
                row(line)?;
            }
        }
    }
    Ok(blocks.is_at_end())
}
