//! The findings of the night before, from its report.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Key, said};
use super::error::Error;
use super::group::Group;
use super::sorted_file::SortedFile;
use crate::digest;
use crate::external_sort::Sorter;
use crate::finding::REDACTED;
use crate::report::{
    self, Because, CarriedRow, Ended, FindingRow, Footer, Header, Life, Listener, ReadError,
    Rejected, Since,
};

/// Represents a rule by which earlier findings were found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EarlierRule {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// The SHA-256 of what it asked, if that is known.
    pub sha256: Option<String>,
}

/// Holds the findings of the night before, and what it says of itself.
#[derive(Debug)]
pub struct Base {
    /// The report.
    pub path: PathBuf,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// What it is about.
    pub header: Header,
    /// What it came to.
    pub footer: Footer,
    /// What its findings refer to by indexes.
    pub lists: Lists,
    /// Its findings and those that it carried on, save those of records without an id.
    pub entries: SortedFile<Entry>,
    /// Whether some ids of customers are hidden in it.
    pub hides_ids: bool,
    /// What is known beside the report.
    pub beside: Beside,
}

/// Holds what a history keeps beside the report of a night.
#[derive(Debug, Default)]
pub struct Beside {
    /// The customers who are known.
    pub known: Option<SortedFile<Key>>,
    /// The names of findings that had an end.
    pub ended: Option<SortedFile<Key>>,
}

/// Holds what entries refer to by indexes.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// The rules.
    pub rules: Indexed<EarlierRule>,
    /// The instants.
    pub instants: Indexed<DateTime<Utc>>,
    /// The ids of waivers.
    pub waivers: Indexed<String>,
}

/// Holds items, each once, with their indexes.
#[derive(Debug, Clone)]
pub struct Indexed<T> {
    items: Vec<T>,
    indexes: HashMap<T, u32>,
}

impl<T> Default for Indexed<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            indexes: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> FromIterator<T> for Indexed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut indexed = Self::default();
        for item in items {
            indexed.index(&item);
        }
        indexed
    }
}

impl<T: Clone + Eq + std::hash::Hash> Indexed<T> {
    /// Returns the index of an item, which is added if it is not there.
    pub fn index(&mut self, item: &T) -> u32 {
        if let Some(index) = self.indexes.get(item) {
            return *index;
        }
        // There are fewer items than bytes in a report.
        let index = u32::try_from(self.items.len()).unwrap_or(u32::MAX);
        self.items.push(item.clone());
        self.indexes.insert(item.clone(), index);
        index
    }

    /// Returns the item at an index.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.items.get(index as usize)
    }

    /// Returns the index of an item, if it is there.
    pub fn known(&self, item: &T) -> Option<u32> {
        self.indexes.get(item).copied()
    }

    /// Returns all items, in the order of their indexes.
    pub fn items(&self) -> &[T] {
        &self.items
    }
}

/// How many findings are sorted in memory.
pub(super) const SEGMENT_ITEMS: usize = 1 << 15;

impl Base {
    /// Reads the findings of a report, which is a file.
    ///
    /// # Errors
    ///
    /// It cannot be read whole, or is of a kind that nothing can be compared with.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = || path.display().to_string();
        let unreadable = |source| Error::Unreadable {
            path: shown(),
            source,
        };
        let is_file = File::open(path).and_then(|file| file.metadata());
        if !is_file.map_err(unreadable)?.is_file() {
            return Err(Error::Pipe { path: shown() });
        }
        let mut earlier = Earlier::default();
        let footer = report::read(path, &mut earlier)?;
        let sha256 = digest::of_file(path).map_err(unreadable)?.sha256;
        let Earlier {
            header,
            lists,
            sorter,
            hides_ids,
            ..
        } = earlier;
        let header = header.ok_or_else(|| unreadable(io::ErrorKind::InvalidData.into()))?;
        if let Some(slice) = &footer.summary.slice {
            return Err(Error::Slice {
                path: shown(),
                slice: slice.to_string(),
            });
        }
        let sorted = sorter.sorted().map_err(Error::Keep)?;
        Ok(Self {
            path: path.to_owned(),
            sha256,
            header,
            footer,
            lists,
            entries: SortedFile::write(by_name(sorted)).map_err(Error::Keep)?,
            hides_ids,
            beside: Beside::default(),
        })
    }

    /// Returns the only clock of its run.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.header.instant()
    }
}

/// Returns what the findings of each name say together; they come sorted.
pub(super) fn by_name(
    mut sorted: impl Iterator<Item = io::Result<Entry>>,
) -> impl Iterator<Item = io::Result<Entry>> {
    let mut group: Option<Group> = None;
    let mut is_over = false;
    std::iter::from_fn(move || {
        while !is_over {
            match sorted.next() {
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(entry)) => match &mut group {
                    Some(group) if group.is_of(&entry) => group.add(&entry),
                    _ => {
                        if let Some(before) = group.replace(Group::new(entry)) {
                            return Some(Ok(before.finish()));
                        }
                    }
                },
                None => is_over = true,
            }
        }
        group.take().map(|group| Ok(group.finish()))
    })
}

/// Takes in the findings of a report.
struct Earlier {
    header: Option<Header>,
    as_of: DateTime<Utc>,
    lists: Lists,
    sorter: Sorter<Entry>,
    /// How many were taken in.
    order: u64,
    hides_ids: bool,
}

impl Default for Earlier {
    fn default() -> Self {
        Self {
            header: None,
            as_of: DateTime::UNIX_EPOCH,
            lists: Lists::default(),
            sorter: Sorter::new(SEGMENT_ITEMS),
            order: 0,
            hides_ids: false,
        }
    }
}

impl Earlier {
    /// Takes in a finding of the rule with this index.
    fn push(&mut self, row: &FindingRow<'_>, rule: u32) -> Result<(), Error> {
        let order = self.order;
        self.order += 1;
        // A record without an id has no identity.
        if row.customer_id.is_none() && row.record.is_some() {
            return Ok(());
        }
        let customer = match &row.customer_id {
            Some(id) => {
                self.hides_ids |= id == REDACTED;
                Key::of_id(id)
            }
            None => Key::NONE,
        };
        let life = row.life.unwrap_or(Life {
            since: Since::Open,
            because: Some(Because::FirstRun),
            first_seen: self.as_of,
            due: None,
            overdue: false,
            reopened: false,
            due_from: None,
        });
        let waiver = row.waiver.as_ref().map(|waiver| waiver.id.to_string());
        let instants = &mut self.lists.instants;
        let entry = Entry {
            customer,
            fingerprint: Key::of_fingerprint(&row.fingerprint),
            order,
            rule,
            severity: row.severity,
            status: row.status,
            said: said(row),
            first_seen: instants.index(&life.first_seen),
            due_from: life.due_from.map(|from| instants.index(&from)),
            waiver: waiver.map(|waiver| self.lists.waivers.index(&waiver)),
            reopened: life.reopened,
            since: life.since,
            because: life.because,
            worse: false,
            overdue: life.overdue,
            known: true,
        };
        self.sorter.push(entry).map_err(Error::Keep)
    }
}

impl Listener for Earlier {
    type Error = Error;

    fn header(&mut self, header: Header) -> Result<(), Error> {
        self.as_of = header.instant();
        for (policy, rule) in header.rules() {
            self.lists.rules.index(&EarlierRule {
                policy: policy.id.clone(),
                rule: rule.id.clone(),
                sha256: Some(rule.sha256.clone()),
            });
        }
        self.header = Some(header);
        Ok(())
    }

    fn finding(&mut self, rule_index: usize, row: FindingRow<'static>) -> Result<(), Error> {
        // The rules of the header are the first of the list, in their order.
        let rule = u32::try_from(rule_index).unwrap_or(u32::MAX);
        self.push(&row, rule)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        match ended {
            Ended::Closed(_) => Ok(()),
            Ended::Carried(carried) => {
                let CarriedRow {
                    row, rule_sha256, ..
                } = *carried;
                let rule = EarlierRule {
                    policy: row.policy.to_string(),
                    rule: row.rule.to_string(),
                    sha256: rule_sha256,
                };
                let rule = self.lists.rules.index(&rule);
                self.push(&row, rule)
            }
        }
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Error> {
        Ok(())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::Report(error)
    }
}
