//! What is remembered of a record whose value is held against others.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::external_sort::Spill;
use crate::finding::Mark;
use crate::policy::Cause;
use crate::record::{Absent, Bad};
use crate::variants::{place, variant};
use crate::varint;

/// Half of the SHA-256 of a value: no two values that anybody will ever meet
/// share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(u128);

impl Key {
    /// Of nothing.
    pub const NONE: Key = Key(0);

    pub fn new(value: &[u8]) -> Self {
        let digest = Sha256::digest(value);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Key(u128::from_le_bytes(bytes))
    }
}

/// Why it is not certain that a rule applies, if it is not. The certain come
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Doubt(u8);

const CAUSES: [Cause; 6] = [
    Cause::Absent(Absent::Missing),
    Cause::Absent(Absent::Null),
    Cause::Absent(Absent::Empty),
    Cause::Bad(Bad::WrongType),
    Cause::Bad(Bad::Unparsable),
    Cause::Bad(Bad::Conflict),
];

impl Doubt {
    pub const NONE: Doubt = Doubt(0);

    /// Returns why it is not certain, if it is not.
    pub fn cause(self) -> Option<Cause> {
        CAUSES.get(usize::from(self.0).checked_sub(1)?).copied()
    }
}

impl From<Cause> for Doubt {
    fn from(cause: Cause) -> Self {
        let index = CAUSES.iter().position(|known| *known == cause);
        Doubt(index.map_or(1, |index| index as u8 + 1))
    }
}

/// Represents a record whose value is compared with others. In their order, those of one
/// field and value are together, and of these those of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The index of the values among those that rules compare.
    pub values: u32,
    pub value: Key,
    pub customer: Key,
    /// The export's location on the command line.
    pub export: u32,
    /// The record's location in the export, from 1.
    pub record: u64,
    /// How each rule that compares the values regards the record, three bits each.
    pub applicability: u64,
    /// A digest of all that the record says; zero, if no rule asks for it.
    pub content: u64,
    /// Where the text of its findings waits.
    pub text: u64,
}

/// How many bits say how a rule regards a record.
const APPLICABILITY_BITS: usize = 3;

impl Entry {
    /// Returns whether two records are of one customer. One without an id is of a customer
    /// of its own.
    pub fn is_of_customer_of(&self, other: &Self) -> bool {
        self.customer == other.customer && self.customer != Key::NONE
    }

    /// Returns whether two records have the same value where it is compared.
    pub fn is_compared_with(&self, other: &Self) -> bool {
        (self.values, self.value) == (other.values, other.value)
    }

    /// Notes that a rule, by its index among those that compare the values, applies, and in
    /// which doubt that is.
    pub fn applies(&mut self, rule: usize, doubt: Doubt) {
        self.applicability |= u64::from(doubt.0 + 1) << (APPLICABILITY_BITS * rule);
    }

    /// Returns in which doubt it is that a rule applies, by its index among those that compare
    /// the values; nothing, if it does not.
    pub fn doubt(&self, rule: usize) -> Option<Doubt> {
        let bits = self.applicability >> (APPLICABILITY_BITS * rule);
        let bits = (bits & ((1 << APPLICABILITY_BITS) - 1)) as u8;
        bits.checked_sub(1).map(Doubt)
    }
}

/// Numbers of several sizes, one after another.
fn write<const N: usize>(writer: &mut impl Write, bytes: [u8; N]) -> io::Result<()> {
    writer.write_all(&bytes)
}

fn read<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a number that was written as one of fewer bits.
fn small(reader: &mut impl Read) -> io::Result<u32> {
    u32::try_from(varint::read(reader)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Says what of an entry follows.
const OF_VALUE: u64 = 1;
const OF_ITSELF: u64 = 2;
const HAS_CONTENT: u64 = 4;

impl Spill for Entry {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        // Of a customer who is compared by id, the value is the customer.
        let customer = match self.customer {
            Key::NONE => 0,
            customer if customer == self.value => OF_VALUE,
            _ => OF_ITSELF,
        };
        let content = if self.content == 0 { 0 } else { HAS_CONTENT };
        varint::write(u64::from(self.values) << 3 | customer | content, writer)?;
        write(writer, self.value.0.to_le_bytes())?;
        if customer == OF_ITSELF {
            write(writer, self.customer.0.to_le_bytes())?;
        }
        if content == HAS_CONTENT {
            write(writer, self.content.to_le_bytes())?;
        }
        for number in [
            u64::from(self.export),
            self.record,
            self.applicability,
            self.text,
        ] {
            varint::write(number, writer)?;
        }
        Ok(())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let head = varint::read(reader)?;
        let value = Key(u128::from_le_bytes(read(reader)?));
        let customer = match head & (OF_VALUE | OF_ITSELF) {
            0 => Key::NONE,
            OF_VALUE => value,
            _ => Key(u128::from_le_bytes(read(reader)?)),
        };
        let content = match head & HAS_CONTENT {
            0 => 0,
            _ => u64::from_le_bytes(read(reader)?),
        };
        Ok(Self {
            values: u32::try_from(head >> 3).map_err(|_| io::ErrorKind::InvalidData)?,
            value,
            customer,
            export: small(reader)?,
            record: varint::read(reader)?,
            applicability: varint::read(reader)?,
            content,
            text: varint::read(reader)?,
        })
    }
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    pub export: u32,
    pub record: u64,
}

impl Entry {
    pub fn location(&self) -> Location {
        Location {
            export: self.export,
            record: self.record,
        }
    }

    /// Places an entry among those of a run: so many records of its export, and so many
    /// bytes of texts, come before those that it was counted with.
    pub fn place(&mut self, before: u64, texts: u64) {
        // What was written elsewhere may say anything.
        self.record = self.record.saturating_add(before);
        self.text = self.text.saturating_add(texts);
    }
}

/// How many locations of other records a finding lists.
pub const MAX_LOCATIONS: usize = 4;

/// What the records with one value come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupFacts {
    pub records: u64,
    pub customers: u64,
    /// Not all records say the same.
    pub differ: bool,
    /// The first locations; there are as many as `records`, at most `MAX_LOCATIONS`.
    pub locations: [Location; MAX_LOCATIONS],
}

/// What a rule that compares values comes to for a record. They come in the order of the
/// records, then of the rules, and of one record and rule the one that counts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub location: Location,
    /// The rule's location among those over the whole export.
    pub rule: u32,
    /// The place of the mark among all; greater ones give way.
    pub mark: u8,
}

impl Cell {
    pub fn new(entry: &Entry, rule: u32, mark: Mark) -> Self {
        Self {
            location: entry.location(),
            rule,
            mark: place(&mark),
        }
    }

    pub fn mark(&self) -> io::Result<Mark> {
        variant(self.mark)
    }
}

impl Spill for Cell {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.location.write(writer)?;
        write(writer, self.rule.to_le_bytes())?;
        write(writer, [self.mark])
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let location = Location::read(reader)?;
        let rule = u32::from_le_bytes(read(reader)?);
        let [mark] = read(reader)?;
        Ok(Self {
            location,
            rule,
            mark,
        })
    }
}

/// An entry that is a finding. They come in the order of the records, then of
/// the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub location: Location,
    /// The rule's location among those over the whole export.
    pub rule: u32,
    /// Where the text stands that it tells.
    pub text: u64,
    /// Why it is not decided, if it is not.
    pub doubt: Doubt,
    pub group: GroupFacts,
}

impl Spill for Location {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        write(writer, self.export.to_le_bytes())?;
        write(writer, self.record.to_le_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        Ok(Self {
            export: u32::from_le_bytes(read(reader)?),
            record: u64::from_le_bytes(read(reader)?),
        })
    }
}

impl Spill for Found {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.location.write(writer)?;
        write(writer, self.rule.to_le_bytes())?;
        write(writer, self.text.to_le_bytes())?;
        write(writer, [self.doubt.0, u8::from(self.group.differ)])?;
        write(writer, self.group.records.to_le_bytes())?;
        write(writer, self.group.customers.to_le_bytes())?;
        self.group
            .locations
            .iter()
            .try_for_each(|location| location.write(writer))
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let location = Location::read(reader)?;
        let rule = u32::from_le_bytes(read(reader)?);
        let text = u64::from_le_bytes(read(reader)?);
        let [doubt, differ] = read(reader)?;
        let records = u64::from_le_bytes(read(reader)?);
        let customers = u64::from_le_bytes(read(reader)?);
        let mut locations = [location; MAX_LOCATIONS];
        for location in &mut locations {
            *location = Location::read(reader)?;
        }
        Ok(Self {
            location,
            rule,
            text,
            doubt: Doubt(doubt),
            group: GroupFacts {
                records,
                customers,
                differ: differ != 0,
                locations,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let location = |record| Location { export: 3, record };
        let mut entry = Entry {
            values: 7,
            value: Key::new(b"a"),
            customer: Key::new(b"b"),
            export: 3,
            record: u64::MAX,
            applicability: 0,
            content: 5,
            text: 9,
        };
        entry.applies(19, Doubt::from(Cause::Bad(Bad::Conflict)));
        let others = [Key::NONE, entry.value].map(|customer| Entry {
            customer,
            content: 0,
            ..entry
        });
        let found = Found {
            location: location(7),
            rule: 2,
            text: 3,
            doubt: Doubt::from(Cause::Absent(Absent::Null)),
            group: GroupFacts {
                records: 4,
                customers: 2,
                differ: true,
                locations: [location(1), location(2), location(3), location(4)],
            },
        };
        let mut bytes = Vec::new();
        entry.write(&mut bytes).expect("memory");
        for other in others {
            other.write(&mut bytes).expect("memory");
        }
        found.write(&mut bytes).expect("memory");
        let mut reader = bytes.as_slice();
        for written in [entry, others[0], others[1]] {
            assert_eq!(Entry::read(&mut reader).expect("whole"), written);
        }
        assert_eq!(Found::read(&mut reader).expect("whole"), found);
        assert!(reader.is_empty());
    }

    #[test]
    fn a_rule_that_does_not_apply_is_in_no_doubt() {
        let doubts = [Doubt::NONE, Doubt(6), Doubt(1)];
        let mut entry = Entry {
            values: 0,
            value: Key::NONE,
            customer: Key::NONE,
            export: 0,
            record: 1,
            applicability: 0,
            content: 0,
            text: 0,
        };
        for (index, doubt) in doubts.iter().enumerate() {
            entry.applies(2 * index, *doubt);
        }
        for (index, doubt) in doubts.into_iter().enumerate() {
            assert_eq!(entry.doubt(2 * index), Some(doubt));
            assert_eq!(entry.doubt(2 * index + 1), None);
        }
    }

    #[test]
    fn every_doubt_has_its_cause() {
        for cause in CAUSES {
            assert_eq!(Doubt::from(cause).cause(), Some(cause));
        }
        assert_eq!(Doubt::NONE.cause(), None);
    }
}
