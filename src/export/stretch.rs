//! A part of an export that is read for itself, as on a machine of its own.
//!
//! Who reads a part and who reads the next one look for the cut between them on the same
//! bytes by the same function, so that both find the same one. It is a guess: whether the
//! part before it ends just there, and in the same state, shows once that has been read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::boundary::{Boundary, LOOK_BYTES};
use super::format::{Format, PREVIEW_BYTES};
use crate::record::Schema;
use crate::unpack::is_packed;

/// Holds what is read of an export's file.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The first byte.
    pub begin: u64,
    /// The byte after the last, unless the file is read to its end.
    pub end: Option<u64>,
    /// What is known of the export before the first byte, if that is not its own first.
    pub(super) boundary: Boundary,
}

/// How many bytes of an export are read to learn how it goes on.
const HEAD_BYTES: usize = 256 << 10;

/// How many bytes are searched for a cut at once.
const WINDOW_BYTES: usize = 1 << 20;

/// How many bytes before a place may belong to a cut at it: the end of a record, and blanks.
const BACK_BYTES: u64 = 4096;

/// Finds where an export can be cut into parts.
#[derive(Debug, Clone)]
pub struct Cutter<'s> {
    schema: &'s Schema,
    boundary: Boundary,
    /// How many bytes the export has.
    length: u64,
}

impl<'s> Cutter<'s> {
    /// Learns from the first bytes of a file how the export goes on; nothing, if it cannot be
    /// cut: it is packed, or its records do not follow one another in an array, on lines or
    /// in rows.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn learn(
        schema: &'s Schema,
        format: Format,
        file: &File,
        length: u64,
    ) -> io::Result<Option<Self>> {
        // Its end says nothing of what is between two records.
        let half = usize::try_from(length / 2).unwrap_or(HEAD_BYTES);
        let head = read_at(file, 0, half.min(HEAD_BYTES))?;
        if head.len() < PREVIEW_BYTES || is_packed(&head) {
            return Ok(None);
        }
        let boundary = Boundary::find(schema, format, &head);
        let cut = boundary.first_cut(schema, &head, (1, head.len()), false);
        Ok(cut.map(|_| Self {
            schema,
            boundary,
            length,
        }))
    }

    /// Returns the state in which a part begins, as far as it is known, as a digest.
    pub fn state(&self) -> Option<String> {
        Some(self.boundary.state()?.digest())
    }

    /// Returns the first byte from `from` on at which a part may begin that is not the first
    /// of the export; the end of the file, if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn first_cut(&self, file: &File, from: u64) -> io::Result<u64> {
        // By its first bytes a reader recognises an export: they are never parted.
        let mut from = from.max(PREVIEW_BYTES as u64);
        while from < self.length {
            let begin = from.saturating_sub(BACK_BYTES);
            let back = usize::try_from(from - begin).unwrap_or_default();
            let bytes = read_at(file, begin, back + WINDOW_BYTES + LOOK_BYTES)?;
            let is_last = begin + bytes.len() as u64 >= self.length;
            let end = match is_last {
                true => bytes.len(),
                false => back + WINDOW_BYTES,
            };
            let cut = self
                .boundary
                .first_cut(self.schema, &bytes, (back, end), is_last);
            if let Some(cut) = cut {
                return Ok(begin + cut as u64);
            }
            if is_last {
                break;
            }
            from += WINDOW_BYTES as u64;
        }
        Ok(self.length)
    }

    /// Returns the stretch between two cuts; the second may be the end of the file.
    pub fn stretch(&self, begin: u64, end: u64) -> Stretch {
        Stretch {
            begin,
            end: (end < self.length).then_some(end),
            boundary: self.boundary.clone(),
        }
    }
}

impl Stretch {
    /// Returns the stretch that is all of an export.
    pub fn whole() -> Self {
        Self {
            begin: 0,
            end: None,
            boundary: Boundary::First,
        }
    }
}

/// Reads so many bytes from a place on, or as many as there are.
fn read_at(mut file: &File, from: u64, bytes: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut read = Vec::with_capacity(bytes);
    file.take(bytes as u64).read_to_end(&mut read)?;
    Ok(read)
}
