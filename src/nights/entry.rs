//! What is remembered of a finding from night to night: of a fixed size, so that millions
//! of them are a sorted file.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::{self, Read, Write};

use crate::digest::Hasher;
use crate::external_sort::Spill;
use crate::finding::{Evidence, Reason, Status};
use crate::policy::Severity;
use crate::report::{Because, Since};
use crate::variants::{place, variant};

/// Half of a SHA-256: no two names that anybody will ever meet share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Key(pub u128);

impl Key {
    /// Stands for nobody: what is about the whole export.
    pub const NONE: Key = Key(0);

    /// Returns the key of a customer's id, as reports show it.
    pub fn of_id(id: &str) -> Self {
        let mut hash = Hasher::default();
        hash.update(id.as_bytes());
        let digest = hash.finish();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Key(u128::from_be_bytes(bytes))
    }

    /// Returns the key that a fingerprint is, in its hexadecimal digits.
    pub fn of_fingerprint(digits: &str) -> Self {
        // What is read is looked at before, and what is made has no other form.
        Key(u128::from_str_radix(digits, 16).unwrap_or_default())
    }

    /// Returns the key in hexadecimal digits, as a fingerprint is written.
    pub fn digits(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Represents a finding, as it is remembered. In their order, those of one customer are
/// together, and of these those of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The customer.
    pub customer: Key,
    /// The finding's name.
    pub fingerprint: Key,
    /// Where it is among all findings of its night: those that were carried on come last.
    pub order: u64,
    /// The index of its rule in the list of rules of its night.
    pub rule: u32,
    /// How severe it is.
    pub severity: Severity,
    /// Whether it fails, is undecided or waived.
    pub status: Status,
    /// Why it is listed and what was observed, digested.
    pub said: u64,
    /// Whether that is by the digest of its evidence, or by words in which values may be
    /// hidden.
    pub by_digest: bool,
    /// The first night of its life, in the list of instants of its night.
    pub first_seen: u32,
    /// The night from which its deadline counts, where that is another.
    pub due_from: Option<u32>,
    /// The waiver that accepts it, in the list of waivers of its night.
    pub waiver: Option<u32>,
    /// Whether it had a life before this one.
    pub reopened: bool,
    /// How it relates to the night before.
    pub since: Since,
    /// Why it is new.
    pub because: Option<Because>,
    /// Whether it is more severe, or fails where it did not, than the night before.
    pub worse: bool,
    /// Whether its deadline has passed.
    pub overdue: bool,
    /// Whether it has an identity: a record without an id has none.
    pub known: bool,
    /// What is in the fields by which reports are split, digested.
    pub slice: u64,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |entry: &Self| (entry.customer, entry.fingerprint, entry.order);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Entry {
    /// The bytes of an entry in a file.
    pub const BYTES: usize = 75;
}

/// Returns a digest of why a finding is listed and what was observed: by the digest of its
/// evidence where there is one, which the export alone decides, or by its words.
pub fn said(reason: Reason, digest: Option<&str>, evidence: &[Evidence<'_>]) -> u64 {
    // Half of a digest will do, and is one already.
    let half = digest.and_then(|digest| u64::from_str_radix(digest.get(..16)?, 16).ok());
    let observed = half.unwrap_or_else(|| {
        let evidence = evidence.iter();
        half_digest(evidence.flat_map(|one| [&one.field, &one.observed]))
    });
    // Reasons are few, so that each in a byte of its own makes another number.
    observed ^ u64::from(place(&reason))
}

/// Returns a digest of what is in the fields by which reports are split; zero, if there is
/// nothing.
pub fn slice_digest(slice: &[(Cow<'_, str>, Cow<'_, str>)]) -> u64 {
    if slice.is_empty() {
        return 0;
    }
    half_digest(slice.iter().flat_map(|(name, value)| [name, value]))
}

/// Returns a part of a digest of texts, of which each is told from the next.
fn half_digest<'t>(texts: impl Iterator<Item = &'t Cow<'t, str>>) -> u64 {
    let mut hash = Hasher::default();
    for text in texts {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let digest = hash.finish();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}

/// An item of a fixed size in a file.
pub trait Fixed: Spill + Copy {
    /// Its bytes.
    const BYTES: usize;

    /// Returns by what it is looked up.
    fn key(&self) -> Key;
}

impl Fixed for Entry {
    const BYTES: usize = Entry::BYTES;

    fn key(&self) -> Key {
        self.customer
    }
}

impl Fixed for Key {
    const BYTES: usize = 16;

    fn key(&self) -> Key {
        *self
    }
}

impl Spill for Key {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(&self.0.to_be_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        Ok(Key(u128::from_be_bytes(read(reader)?)))
    }
}

fn read<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Stands for none among indexes.
const NO_INDEX: u32 = u32::MAX;

const REOPENED: u8 = 1;
const WORSE: u8 = 2;
const OVERDUE: u8 = 4;
const KNOWN: u8 = 8;
const BY_DIGEST: u8 = 16;

impl Spill for Entry {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let Self {
            customer,
            fingerprint,
            order,
            rule,
            severity,
            status,
            said,
            by_digest,
            first_seen,
            due_from,
            waiver,
            reopened,
            since,
            because,
            worse,
            overdue,
            known,
            slice,
        } = self;
        let mut bytes = [0; Self::BYTES];
        let mut rest = bytes.as_mut_slice();
        let flag = |flag: bool, bit: u8| if flag { bit } else { 0 };
        for part in [
            customer.0.to_be_bytes().as_slice(),
            &fingerprint.0.to_be_bytes(),
            &order.to_be_bytes(),
            &rule.to_le_bytes(),
            &said.to_le_bytes(),
            &slice.to_le_bytes(),
            &first_seen.to_le_bytes(),
            &due_from.unwrap_or(NO_INDEX).to_le_bytes(),
            &waiver.unwrap_or(NO_INDEX).to_le_bytes(),
            &[
                place(severity) | place(status) << 4,
                place(since) | because.as_ref().map_or(0, |why| place(why) + 1) << 4,
                flag(*reopened, REOPENED)
                    | flag(*worse, WORSE)
                    | flag(*overdue, OVERDUE)
                    | flag(*known, KNOWN)
                    | flag(*by_digest, BY_DIGEST),
            ],
        ] {
            rest.write_all(part)?;
        }
        writer.write_all(&bytes)
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let bytes: [u8; Self::BYTES] = read(reader)?;
        let mut rest = bytes.as_slice();
        let rest = &mut rest;
        let customer = Key::read(rest)?;
        let fingerprint = Key::read(rest)?;
        let order = u64::from_be_bytes(read(rest)?);
        let index = |rest: &mut &[u8]| -> io::Result<Option<u32>> {
            let index = u32::from_le_bytes(read(rest)?);
            Ok((index != NO_INDEX).then_some(index))
        };
        let rule = u32::from_le_bytes(read(rest)?);
        let said = u64::from_le_bytes(read(rest)?);
        let slice = u64::from_le_bytes(read(rest)?);
        let first_seen = u32::from_le_bytes(read(rest)?);
        let (due_from, waiver) = (index(rest)?, index(rest)?);
        let [words, since, flags] = read(rest)?;
        Ok(Self {
            customer,
            fingerprint,
            order,
            rule,
            severity: variant(words & 15)?,
            status: variant(words >> 4)?,
            said,
            first_seen,
            due_from,
            waiver,
            reopened: flags & REOPENED != 0,
            since: variant(since & 15)?,
            because: match since >> 4 {
                0 => None,
                place => Some(variant(place - 1)?),
            },
            worse: flags & WORSE != 0,
            overdue: flags & OVERDUE != 0,
            known: flags & KNOWN != 0,
            by_digest: flags & BY_DIGEST != 0,
            slice,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns an entry of a finding that fails.
    pub fn entry() -> Entry {
        Entry {
            customer: Key(3),
            fingerprint: Key(4),
            order: 5,
            rule: 6,
            severity: Severity::High,
            status: Status::Fail,
            said: 7,
            by_digest: true,
            first_seen: 8,
            due_from: None,
            waiver: Some(9),
            reopened: true,
            since: Since::Changed,
            because: Some(Because::CustomerChanged),
            worse: false,
            overdue: true,
            known: true,
            slice: 10,
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for because in [None, Some(Because::FirstRun)] {
            for status in [Status::Fail, Status::Waived] {
                let entry = Entry {
                    because,
                    status,
                    ..entry()
                };
                let mut bytes = Vec::new();
                entry.write(&mut bytes).expect("memory");
                assert_eq!(bytes.len(), Entry::BYTES);
                assert_eq!(Entry::read(&mut bytes.as_slice()).expect("whole"), entry);
            }
        }
    }
}
