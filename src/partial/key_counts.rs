//! Keys that are no field, all of them: which ones a run remembers shows only in the whole.

use std::io::{self, Read, Write};

use indexmap::IndexMap;

use super::item::Bytes;
use crate::external_sort::{Sorter, Spill};
use crate::record::UnknownKeys;
use crate::varint;

/// How many names are counted in memory; more wait in files.
const MAX_NAMES: usize = 1 << 14;

/// Counts keys by name, in the order in which they were met, whatever their number.
pub(super) struct KeyCounts {
    names: IndexMap<String, KeyCount>,
    more: Sorter<KeyCount>,
    has_more: bool,
    met: u64,
}

/// Represents a name that was counted. In their order, those of one name are together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct KeyCount {
    name: String,
    /// When it was met first, among all.
    met: u64,
    count: u64,
}

/// Represents the same, in the order in which they were met.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ByMeeting(u64, KeyCount);

impl Default for KeyCounts {
    fn default() -> Self {
        Self {
            names: IndexMap::new(),
            more: Sorter::new(MAX_NAMES),
            has_more: false,
            met: 0,
        }
    }
}

impl KeyCounts {
    /// Adds what was counted of the next records.
    pub(super) fn add(&mut self, keys: &UnknownKeys) -> io::Result<()> {
        for (name, count) in keys.iter() {
            if let Some(counted) = self.names.get_mut(name) {
                counted.count += count;
                continue;
            }
            if self.names.len() == MAX_NAMES {
                self.spill()?;
            }
            let counted = KeyCount {
                name: name.to_owned(),
                met: self.met,
                count,
            };
            self.met += 1;
            self.names.insert(name.to_owned(), counted);
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.has_more = true;
        for (_, counted) in std::mem::take(&mut self.names) {
            self.more.push(counted)?;
        }
        Ok(())
    }

    /// Writes all in the order in which they were met.
    pub(super) fn write(
        mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut give = |counted: &KeyCount| {
            let mut bytes = Vec::new();
            counted.write(&mut bytes)?;
            write(&bytes)
        };
        if !self.has_more {
            return self.names.values().try_for_each(give);
        }
        self.spill()?;
        let mut by_meeting = Sorter::new(MAX_NAMES);
        let mut open: Option<KeyCount> = None;
        for counted in self.more.sorted()? {
            let counted = counted?;
            match &mut open {
                Some(one) if one.name == counted.name => one.count += counted.count,
                _ => {
                    if let Some(one) = open.replace(counted) {
                        by_meeting.push(ByMeeting(one.met, one))?;
                    }
                }
            }
        }
        if let Some(one) = open {
            by_meeting.push(ByMeeting(one.met, one))?;
        }
        for one in by_meeting.sorted()? {
            give(&one?.1)?;
        }
        Ok(())
    }
}

/// Reads what was written, and adds it to the keys of a run, which remember the first.
///
/// # Errors
///
/// It cannot be read.
pub(super) fn add_to(keys: &mut UnknownKeys, frame: &[u8]) -> io::Result<()> {
    let mut bytes = Bytes(frame);
    let mut more = UnknownKeys::default();
    while !bytes.0.is_empty() {
        let counted = KeyCount::read(&mut bytes.0)?;
        if let Some(index) = more.index_of(&counted.name) {
            more.count(index as usize, counted.count);
        }
    }
    keys.add(&more);
    Ok(())
}

impl Spill for KeyCount {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::new();
        for number in [self.name.len() as u64, self.met, self.count] {
            varint::push(number, &mut bytes);
        }
        // Two numbers of eight bytes at most are easier to read from a file.
        let length = u16::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        writer.write_all(&length.to_le_bytes())?;
        writer.write_all(&bytes)?;
        writer.write_all(self.name.as_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let mut length = [0; 2];
        reader.read_exact(&mut length)?;
        let mut bytes = vec![0; u16::from_le_bytes(length).into()];
        reader.read_exact(&mut bytes)?;
        let numbers = &mut Bytes(&bytes);
        let (length, met, count) = (numbers.number()?, numbers.number()?, numbers.number()?);
        let mut name = String::new();
        reader.take(length).read_to_string(&mut name)?;
        match name.len() as u64 == length {
            true => Ok(Self { name, met, count }),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn held_bytes(&self) -> usize {
        self.name.len()
    }
}

impl Spill for ByMeeting {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.1.write(writer)
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let counted = KeyCount::read(reader)?;
        Ok(Self(counted.met, counted))
    }

    fn held_bytes(&self) -> usize {
        self.1.held_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_kept_in_the_order_in_which_they_were_met_and_a_run_takes_the_first() {
        let mut counts = KeyCounts::default();
        let mut whole = UnknownKeys::default();
        for batch in 0..40 {
            let mut keys = UnknownKeys::default();
            for name in 0..1000 {
                let name = format!("key{}", (batch * 700 + name) % 23_000);
                let index = keys.index_of(&name).expect("room");
                keys.count(index as usize, 2);
            }
            counts.add(&keys).expect("a temporary file");
            whole.add(&keys);
        }
        assert!(counts.has_more);
        let (mut frame, mut names) = (Vec::new(), 0);
        let take = |bytes: &[u8]| {
            names += 1;
            frame.extend_from_slice(bytes);
            Ok(())
        };
        counts.write(take).expect("a temporary file");
        assert_eq!(names, 23_000);
        let mut keys = UnknownKeys::default();
        add_to(&mut keys, &frame).expect("whole");
        assert_eq!(keys, whole);
    }
}
