//! Records that cannot be read, in a section of their own.

use std::io::{self, Read, Write};

use crate::varint::{self, read_text};

/// Represents a record that cannot be read, by its number in the segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedItem {
    /// The index of its export among those of the run.
    pub export: usize,
    /// Its number among the records that are read of the export, from 1.
    pub record: u64,
    /// Its first byte in the export, once unpacked.
    pub offset: u64,
    /// Why it cannot be read.
    pub cause: String,
}

impl RejectedItem {
    pub(super) fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let Self {
            export,
            record,
            offset,
            cause,
        } = self;
        for number in [*export as u64, *record, *offset, cause.len() as u64] {
            varint::write(number, writer)?;
        }
        writer.write_all(cause.as_bytes())
    }

    pub(super) fn read(reader: &mut impl Read) -> io::Result<Self> {
        let export = varint::read(reader)?;
        let (record, offset) = (varint::read(reader)?, varint::read(reader)?);
        let length = varint::read(reader)?;
        Ok(Self {
            export: usize::try_from(export).unwrap_or(usize::MAX),
            record,
            offset,
            cause: read_text(reader, length)?,
        })
    }
}
