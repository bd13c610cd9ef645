//! The findings of the night before, from its report.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::earlier::Earlier;
use super::entry::{Entry, Key};
use super::error::Error;
use super::group::Group;
use super::sorted_file::SortedFile;
use crate::report::{Footer, Header, Listed, is_stream};

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

/// Says which indexes items of some lists have in others.
pub(super) struct Elsewhere {
    rules: Vec<u32>,
    instants: Vec<u32>,
    waivers: Vec<u32>,
}

impl Lists {
    /// Adds the items of other lists, and returns the indexes that they have here.
    pub(super) fn add(&mut self, other: &Self) -> Elsewhere {
        Elsewhere {
            rules: self.rules.add(&other.rules),
            instants: self.instants.add(&other.instants),
            waivers: self.waivers.add(&other.waivers),
        }
    }
}

impl Elsewhere {
    /// Returns an entry that refers to the other lists.
    pub(super) fn entry(&self, entry: Entry) -> Entry {
        let there = |indexes: &[u32], index: u32| indexes.get(index as usize).copied();
        Entry {
            rule: there(&self.rules, entry.rule).unwrap_or(entry.rule),
            first_seen: there(&self.instants, entry.first_seen).unwrap_or(entry.first_seen),
            due_from: entry
                .due_from
                .and_then(|index| there(&self.instants, index)),
            waiver: entry.waiver.and_then(|index| there(&self.waivers, index)),
            ..entry
        }
    }
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

    /// Adds the items of another list, and returns the indexes that they have here.
    fn add(&mut self, other: &Self) -> Vec<u32> {
        other.items.iter().map(|item| self.index(item)).collect()
    }

    /// Returns the item at an index.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.items.get(index as usize)
    }

    /// Appends an item at this index, the next: of equal ones the first is found.
    pub fn place(&mut self, index: u32, item: T) {
        self.items.push(item.clone());
        self.indexes.entry(item).or_insert(index);
    }

    /// Puts an item in the place of another; an equal one has both indexes.
    pub fn replace(&mut self, index: u32, item: T) {
        if let Some(here) = self.items.get_mut(index as usize) {
            *here = item.clone();
            self.indexes.entry(item).or_insert(index);
        }
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
    /// Reads the findings of a report, which is a file, on so many threads.
    ///
    /// # Errors
    ///
    /// It cannot be read whole, or is of a kind that nothing can be compared with.
    pub fn read(path: &Path, threads: usize) -> Result<Self, Error> {
        let shown = || path.display().to_string();
        let unreadable = |source| Error::Unreadable {
            path: shown(),
            source,
        };
        let metadata = File::open(path).and_then(|file| file.metadata());
        if is_stream(&metadata.map_err(unreadable)?) {
            return Err(Error::Pipe {
                which: "earlier",
                path: shown(),
            });
        }
        let Earlier {
            sha256,
            header,
            footer,
            lists,
            sorter,
            hides_ids,
        } = Earlier::read(path, threads)?;
        if let Some(slice) = &footer.summary.slice {
            return Err(Error::Slice {
                which: "earlier",
                path: shown(),
                slice: slice.to_string(),
            });
        }
        if !header.listed.is_empty() {
            return Err(Error::Bounded {
                which: "earlier",
                path: shown(),
                listed: Listed::in_words(&header.listed),
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
