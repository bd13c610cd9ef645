//! The bytes of an export that are read in one go, as text.

use std::ops::Range;

use bumpalo::Bump;

use super::format::PREVIEW_BYTES;

/// Holds bytes of an export that are read in one go.
#[derive(Debug, Clone, Copy)]
pub struct Window<'w, 'b> {
    /// The bytes; those that are not UTF-8 are masked.
    pub text: &'b str,
    /// Room for text that is other than its bytes in the export.
    pub texts: &'b Bump,
    /// The bytes that are masked, in order.
    pub flaws: &'w [usize],
    /// The export ends with them.
    pub last: bool,
    /// How many bytes the largest record has that is read.
    pub limit: usize,
}

impl<'b> Window<'_, 'b> {
    /// Returns the text as far as a record that begins at this byte may go.
    pub fn within_limit(&self, start: usize) -> &'b str {
        let end = start.saturating_add(self.limit);
        &self.text[..self.text.floor_char_boundary(end)]
    }

    /// Returns the text as far as a value that begins at this byte is recognised by, and no
    /// further than `end`.
    pub fn preview(&self, start: usize, end: usize) -> &'b str {
        let end = start.saturating_add(PREVIEW_BYTES).min(end);
        &self.text[..self.text.floor_char_boundary(end)]
    }

    /// Returns the first byte of these that is not UTF-8.
    pub fn flaw(&self, range: Range<usize>) -> Option<usize> {
        let first = self.flaws.partition_point(|flaw| *flaw < range.start);
        self.flaws
            .get(first)
            .copied()
            .filter(|flaw| *flaw < range.end)
    }
}

/// Returns how many bytes at the end begin a character of UTF-8 and do not end
/// it.
pub fn incomplete_tail(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3);
    let begins = |(_, byte): &(usize, &u8)| **byte & 0b1100_0000 != 0b1000_0000;
    match tail.enumerate().find(begins) {
        Some((after, 0b1100_0000..=0b1101_1111)) if after < 1 => after + 1,
        Some((after, 0b1110_0000..=0b1110_1111)) if after < 2 => after + 1,
        Some((after, 0b1111_0000..=0b1111_0111)) if after < 3 => after + 1,
        _ => 0,
    }
}

/// Returns the bytes as text: each that is not UTF-8 becomes a delete character,
/// which is allowed in JSON text and nowhere else, and is noted.
pub fn mask(bytes: &[u8], flaws: &mut Vec<usize>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            flaws.push(text.len());
            text.push('\u{7f}');
        }
    }
    text
}
