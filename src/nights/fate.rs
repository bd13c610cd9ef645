//! What became of an earlier finding, as an item of a sorted file.

use std::io::{self, Read, Write};

use super::entry::{Entry, Fixed, Key};
use crate::external_sort::Spill;
use crate::report::{End, Moves};

/// Represents an earlier finding that is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) entry: Entry,
    pub(super) became: Became,
}

/// Says what became of an earlier finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    /// It is not there any more.
    Ended(End),
    /// The run cannot tell.
    Carried,
    /// It is there, in another slice of reports.
    Moved(Moves),
}

/// The bits of what has moved, beside those of how.
const MOVED: u8 = 8;

impl Ord for Fate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |fate: &Self| (fate.entry.fingerprint, fate.entry.order);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Fate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Fixed for Fate {
    const BYTES: usize = 16 + Entry::BYTES + 1;

    fn key(&self) -> Key {
        self.entry.fingerprint
    }
}

impl Spill for Fate {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.entry.fingerprint.write(writer)?;
        self.entry.write(writer)?;
        let became = match self.became {
            Became::Carried => 0,
            Became::Ended(End::Fixed) => 1,
            Became::Ended(End::RuleChanged) => 2,
            Became::Ended(End::Left) => 3,
            Became::Ended(End::Gone) => 4,
            Became::Ended(End::RuleRemoved) => 5,
            Became::Moved(Moves {
                of_slice,
                of_severity,
            }) => MOVED | (u8::from(of_slice) << 1) | u8::from(of_severity),
        };
        writer.write_all(&[became])
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        Key::read(reader)?;
        let entry = Entry::read(reader)?;
        let mut became = [0];
        reader.read_exact(&mut became)?;
        let became = match became {
            [0] => Became::Carried,
            [1] => Became::Ended(End::Fixed),
            [2] => Became::Ended(End::RuleChanged),
            [3] => Became::Ended(End::Left),
            [4] => Became::Ended(End::Gone),
            [5] => Became::Ended(End::RuleRemoved),
            [moved] if moved & !3 == MOVED => Became::Moved(Moves {
                of_slice: moved & 2 != 0,
                of_severity: moved & 1 != 0,
            }),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        Ok(Self { entry, became })
    }
}
