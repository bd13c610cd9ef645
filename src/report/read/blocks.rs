//! The lines of a report, some at a time.

use std::io::{self, Read};

use memchr::memrchr;

/// The bytes of the lines that are handed on together, if no line has more.
const BLOCK: usize = 256 << 10;

/// The longest line that is read whole.
const MAX_LINE: usize = 1 << 30;

/// Gives lines of a report, some at a time.
pub(super) struct Blocks<R> {
    reader: R,
    /// What was read behind the last line.
    rest: Vec<u8>,
    /// Whether nothing is left.
    is_at_end: bool,
}

impl<R: Read> Blocks<R> {
    /// Returns the lines of what this reads.
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            rest: Vec::new(),
            is_at_end: false,
        }
    }

    /// Returns whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Returns the next lines; none at the end, or if what is left is no line.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let filled = bytes.len();
            let wanted = BLOCK.saturating_sub(filled).max(BLOCK / 2);
            let mut some = Read::take(&mut self.reader, wanted as u64);
            let read = some.read_to_end(&mut bytes)?;
            let end = memrchr(b'\n', &bytes[filled..]).map(|end| filled + end + 1);
            if let Some(end) = end {
                self.rest = bytes.split_off(end);
                return Ok(Some(bytes));
            }
            if read == 0 || bytes.len() > MAX_LINE {
                self.is_at_end = bytes.is_empty();
                return Ok(None);
            }
        }
    }
}
