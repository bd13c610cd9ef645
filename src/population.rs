//! The customers that must be in the exports of a run, and those that are: in bounded memory,
//! however many there are.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use crate::digest::{FileDigest, Hasher};
use crate::external_sort::{Sorter, Spill};
use crate::spool::{Spool, SpoolReader};

/// How many bytes of ids wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 1 << 20;

/// How many ids, of a few bytes each, are sorted in memory.
const SEGMENT: usize = 1 << 17;

/// The longest that a line of the file may be, in bytes.
const MAX_LINE: u64 = 1 << 16;

/// The most customers of one kind that are named.
const MAX_NAMED: usize = 5;

/// Says why the expected customers are not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("`{path}`, which names the expected customers, could not be read")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// A line is no id.
    #[error("`{path}`, line {line}: {why}; write an id on each line")]
    BadLine {
        /// The path of the file.
        path: String,
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// It has no id.
    #[error("`{path}` names no customer: write an id on each line, or leave out --expect")]
    Empty {
        /// Its path.
        path: String,
    },
    /// What was gathered cannot be kept.
    #[error("the ids of customers could not be kept in a temporary file")]
    Temporary(#[from] io::Error),
}

/// Holds the customers that must be in the exports.
pub struct Expected {
    file: FileDigest,
    ids: SpoolReader,
    lines: u64,
}

/// Represents an id in sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    key: Key,
    /// Where the id is in the file, or the export of its record.
    file: u64,
    /// The number of its record.
    record: u64,
}

/// Holds half of the SHA-256 of an id: no two ids that anybody will ever meet share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u128);

impl Key {
    fn new(id: &str) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(id.as_bytes());
        let digest = hasher.finish();
        let mut half = [0; 16];
        half.copy_from_slice(&digest[..16]);
        Self(u128::from_le_bytes(half))
    }
}

impl Spill for Id {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(&self.key.0.to_le_bytes())?;
        writer.write_all(&self.file.to_le_bytes())?;
        writer.write_all(&self.record.to_le_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let (mut key, mut file, mut record) = ([0; 16], [0; 8], [0; 8]);
        reader.read_exact(&mut key)?;
        reader.read_exact(&mut file)?;
        reader.read_exact(&mut record)?;
        Ok(Self {
            key: Key(u128::from_le_bytes(key)),
            file: u64::from_le_bytes(file),
            record: u64::from_le_bytes(record),
        })
    }
}

/// Returns whether a text is the name of a column of ids, which a query may write above
/// them.
fn is_name_of_a_column(text: &str) -> bool {
    let name = text.replace(['_', '-', ' '], "").to_ascii_lowercase();
    matches!(name.as_str(), "id" | "customerid" | "accountid")
}

impl Expected {
    /// Reads a file of ids, one a line. Blank lines do not count.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has no id.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let unreadable = |source| Error::Unreadable {
            path: shown.clone(),
            source,
        };
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let (mut ids, mut hasher) = (Spool::new(SPOOL_BYTES), Hasher::default());
        let (mut line, mut number, mut lines) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let read = (&mut file).take(MAX_LINE).read_until(b'\n', &mut line);
            if read.map_err(unreadable)? == 0 {
                break;
            }
            number += 1;
            hasher.update(&line);
            let bad = |why| Error::BadLine {
                path: shown.clone(),
                line: number,
                why,
            };
            if line.len() as u64 == MAX_LINE {
                return Err(bad("it is longer than any id"));
            }
            let text = std::str::from_utf8(&line).map_err(|_| bad("it is not UTF-8"))?;
            let text = match number {
                1 => text.strip_prefix('\u{feff}').unwrap_or(text),
                _ => text,
            };
            let id = text.trim();
            if id.starts_with(['{', '[', '"']) {
                return Err(bad("it is JSON or quoted, and no id alone"));
            }
            if lines == 0 && is_name_of_a_column(id) {
                return Err(bad("it names a column, and no customer"));
            }
            if !id.is_empty() {
                ids.push(id.as_bytes())?;
                ids.push(b"\n")?;
                lines += 1;
            }
        }
        match lines {
            0 => Err(Error::Empty { path: shown }),
            _ => Ok(Self {
                file: hasher.digest(shown.as_str()),
                ids: ids.into_reader()?,
                lines,
            }),
        }
    }

    /// Returns the file that they are named in.
    pub fn file(&self) -> &FileDigest {
        &self.file
    }

    fn sorted(&mut self) -> io::Result<Sorter<Id>> {
        let mut sorter = Sorter::new(SEGMENT);
        let mut text = String::new();
        let mut offset = 0;
        self.ids.seek_to(0)?;
        for _ in 0..self.lines {
            text.clear();
            let read = self.ids.read_line(&mut text)? as u64;
            sorter.push(Id {
                key: Key::new(text.trim_end()),
                file: offset,
                record: 0,
            })?;
            offset += read;
        }
        Ok(sorter)
    }

    fn id_at(&mut self, offset: u64) -> io::Result<String> {
        self.ids.seek_to(offset)?;
        let mut text = String::new();
        self.ids.read_line(&mut text)?;
        Ok(text.trim_end().to_owned())
    }

    /// Compares the customers that must be there with those that are.
    ///
    /// # Errors
    ///
    /// Temporary files cannot be read.
    pub fn compare(&mut self, seen: Seen) -> io::Result<Comparison> {
        let mut compared = Comparison::default();
        let (mut missing, mut unexpected) = (Vec::new(), Vec::new());
        let mut expected = distinct(self.sorted()?)?;
        let mut seen = distinct(seen.ids)?;
        let (mut wanted, mut there) = (expected.next()?, seen.next()?);
        loop {
            let order = match (&wanted, &there) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(wanted), Some(there)) => wanted.key.cmp(&there.key),
            };
            compared.expected += u64::from(order.is_le());
            match (order, &wanted, &there) {
                (Ordering::Less, Some(id), _) => {
                    compared.missing += 1;
                    keep_first(&mut missing, id.file);
                }
                (Ordering::Greater, _, Some(id)) => {
                    compared.unexpected += 1;
                    keep_first(&mut unexpected, (id.file, id.record));
                }
                _ => {}
            }
            if order.is_le() {
                wanted = expected.next()?;
            }
            if order.is_ge() {
                there = seen.next()?;
            }
        }
        for offset in missing {
            compared.first_missing.push(self.id_at(offset)?);
        }
        compared.first_unexpected = unexpected;
        Ok(compared)
    }
}

/// Keeps the first few in their order.
fn keep_first<T: Ord>(kept: &mut Vec<T>, one: T) {
    let at = kept.partition_point(|other| *other < one);
    if at < MAX_NAMED {
        kept.insert(at, one);
        kept.truncate(MAX_NAMED);
    }
}

/// Says how the customers that must be there compare with those that are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many customers must be there.
    pub expected: u64,
    /// How many of them are not.
    pub missing: u64,
    /// How many are there beside them.
    pub unexpected: u64,
    /// The ids of the first few that are missing, in the order of the file.
    pub first_missing: Vec<String>,
    /// The export, by its index, and the number of the record of the first few that are not
    /// expected.
    pub first_unexpected: Vec<(u64, u64)>,
}

/// Gathers the customers of the records of a run.
pub struct Seen {
    ids: Sorter<Id>,
}

/// Represents the id of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenId {
    key: Key,
    export: usize,
    record: u64,
}

impl SeenId {
    /// Represents the id of the record with this number among those that it is gathered with.
    pub fn new(id: &str, record: u64) -> Self {
        Self {
            // As it is in the file.
            key: Key::new(id.trim()),
            export: 0,
            record,
        }
    }

    /// Says that the record is of the export with this index, and that so many of its records
    /// come before those that it is gathered with.
    pub fn place(&mut self, export: usize, before: u64) {
        self.export = export;
        self.record += before;
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            ids: Sorter::new(SEGMENT),
        }
    }
}

impl Seen {
    /// Adds the ids of records.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    pub fn add(&mut self, ids: &[SeenId]) -> io::Result<()> {
        for SeenId {
            key,
            export,
            record,
        } in ids
        {
            self.ids.push(Id {
                key: *key,
                file: *export as u64,
                record: *record,
            })?;
        }
        Ok(())
    }
}

/// Gives each id once, in sorted order: the first in its file.
struct Distinct<I> {
    sorted: I,
    last: Option<Key>,
}

fn distinct(ids: Sorter<Id>) -> io::Result<Distinct<impl Iterator<Item = io::Result<Id>>>> {
    Ok(Distinct {
        sorted: ids.sorted()?,
        last: None,
    })
}

impl<I: Iterator<Item = io::Result<Id>>> Distinct<I> {
    fn next(&mut self) -> io::Result<Option<Id>> {
        for id in self.sorted.by_ref() {
            let id = id?;
            if self.last.replace(id.key) != Some(id.key) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn expected(text: &[u8]) -> Result<Expected, Error> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text).expect("room");
        Expected::read(file.path())
    }

    proptest! {
        #[test]
        fn what_is_missing_and_what_is_not_expected_are_the_differences_of_two_sets(
            wanted in proptest::collection::vec("[a-e]{1,2}", 1..20),
            there in proptest::collection::vec("[a-e]{1,2}", 0..20),
        ) {
            let mut expected = expected(wanted.join("\n").as_bytes()).expect("ids");
            let mut seen = Seen::default();
            for (id, number) in there.iter().zip(1..) {
                let mut id = SeenId::new(id, 1);
                id.place(0, number - 1);
                seen.add(&[id]).expect("memory");
            }
            let compared = expected.compare(seen).expect("memory");
            let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
            let (all, seen) = (set(&wanted), set(&there));
            let missing: Vec<_> = wanted.iter().filter(|id| !seen.contains(*id)).collect();
            let mut first: Vec<String> = Vec::new();
            for id in missing {
                if !first.contains(id) {
                    first.push(id.clone());
                }
            }
            prop_assert_eq!(compared.expected, all.len() as u64);
            prop_assert_eq!(compared.missing, all.difference(&seen).count() as u64);
            prop_assert_eq!(compared.unexpected, seen.difference(&all).count() as u64);
            first.truncate(MAX_NAMED);
            prop_assert_eq!(compared.first_missing, first);
            for (_, record) in compared.first_unexpected {
                prop_assert!(!all.contains(&there[record as usize - 1]));
            }
        }
    }

    #[test]
    fn blank_lines_do_not_count_and_what_is_no_id_is_an_error_with_its_line() {
        let read = expected(b"\xef\xbb\xbfa\r\n\n# b\n  c  \n").expect("ids");
        assert_eq!(read.lines, 3);
        for (text, message) in [
            (&b"a\n\xff\n"[..], "line 2: it is not UTF-8"),
            (b"\n \n", "names no customer"),
            (b"a\n{\"id\": 1}\n", "line 2: it is JSON or quoted"),
            (b"\n Customer_ID\na\n", "line 2: it names a column"),
            (&[b'a'; 1 << 17], "line 1: it is longer than any id"),
        ] {
            let error = expected(text).err().expect("an error").to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
