//! Keys that are no field, all of them: which ones a run remembers shows only in the whole.

use std::io::{self, Read, Write};

use indexmap::IndexMap;

use crate::external_sort::{Sorter, Spill};
use crate::record::UnknownKeys;
use crate::varint::{self, read_text};

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
    pub(super) fn write(mut self, out: &mut impl Write) -> io::Result<()> {
        if !self.has_more {
            let mut counted = self.names.values();
            return counted.try_for_each(|counted| counted.write(out));
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
            one?.1.write(out)?;
        }
        Ok(())
    }
}

/// Reads the next key that was written, and adds it to the keys of a run, which remember the
/// first.
///
/// # Errors
///
/// It cannot be read.
pub(super) fn add_next(keys: &mut UnknownKeys, reader: &mut impl Read) -> io::Result<()> {
    let counted = KeyCount::read(reader)?;
    keys.add_key(&counted.name, counted.count);
    Ok(())
}

impl Spill for KeyCount {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        for number in [self.met, self.count, self.name.len() as u64] {
            varint::write(number, writer)?;
        }
        writer.write_all(self.name.as_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let (met, count) = (varint::read(reader)?, varint::read(reader)?);
        let length = varint::read(reader)?;
        Ok(Self {
            name: read_text(reader, length)?,
            met,
            count,
        })
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
        let mut written = Vec::new();
        counts.write(&mut written).expect("a temporary file");
        let (mut rest, mut names) = (written.as_slice(), 0);
        let mut keys = UnknownKeys::default();
        while !rest.is_empty() {
            add_next(&mut keys, &mut rest).expect("whole");
            names += 1;
        }
        assert_eq!(names, 23_000);
        assert_eq!(keys, whole);
    }
}
