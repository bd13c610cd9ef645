//! Records with one value: whether they meet a rule that compares values.

use std::collections::HashSet;
use std::io::{self, BufReader, Seek};

use tempfile::SpooledTempFile;

use super::entry::{Doubt, Entry, Found, GroupFacts, Location, MAX_LOCATIONS};
use super::error::{Error, SPOOL_BYTES};
use super::partial::AggregateRule;
use crate::external_sort::{Sorted, Sorter, Spill};
use crate::finding::Summary;
use crate::policy::aggregate::{Aggregate, Comparison, Copies};

/// Compares all values; returns the entries that are findings.
pub(super) fn compare(
    rules: &[AggregateRule<'_>],
    entries: Sorter<Entry>,
    segment: usize,
    summary: &mut Summary,
) -> Result<Sorted<Found>, Error> {
    // Each is more than twice as large as an entry.
    let mut found = Sorter::new(segment / 4);
    let mut open: Option<Group> = None;
    for entry in entries.sorted()? {
        let entry = entry?;
        let group = match &mut open {
            Some(group) if group.first.rule == entry.rule && group.first.value == entry.value => {
                group
            }
            other => {
                if let Some(mut group) = other.take() {
                    group.judge(rules, summary, &mut found)?;
                    // Its room is used again.
                    group.begin(entry)?;
                    other.insert(group)
                } else {
                    other.insert(Group::new(entry))
                }
            }
        };
        group.add(entry)?;
    }
    if let Some(mut group) = open {
        group.judge(rules, summary, &mut found)?;
    }
    Ok(found.sorted()?)
}

/// How many contents of doubtful records are held against each other.
const MAX_CONTENTS: usize = 1 << 16;

/// Holds the records with one value.
struct Group {
    first: Entry,
    all: SpooledTempFile,
    facts: GroupFacts,
    /// Of the records to which the rule applies for certain.
    certain: GroupFacts,
    /// What the first of all says, and the first of the certain.
    contents: [Option<u64>; 2],
    last: Option<Entry>,
    /// The first record of which it is not certain that the rule applies.
    doubtful: Option<(Location, Doubt)>,
}

const NOBODY: GroupFacts = GroupFacts {
    records: 0,
    customers: 0,
    differ: false,
    locations: [Location {
        export: u32::MAX,
        record: u64::MAX,
    }; MAX_LOCATIONS],
};

impl Group {
    fn new(first: Entry) -> Self {
        Self {
            first,
            all: SpooledTempFile::new(SPOOL_BYTES),
            facts: NOBODY,
            certain: NOBODY,
            contents: [None; 2],
            last: None,
            doubtful: None,
        }
    }

    fn begin(&mut self, first: Entry) -> io::Result<()> {
        self.first = first;
        self.all.rewind()?;
        self.facts = NOBODY;
        self.certain = NOBODY;
        self.contents = [None; 2];
        self.last = None;
        self.doubtful = None;
        Ok(())
    }

    fn add(&mut self, entry: Entry) -> io::Result<()> {
        let is_new = self.last.is_none_or(|last| last.customer != entry.customer);
        let certain = entry.doubt == Doubt::NONE;
        let sets = [(&mut self.facts, true), (&mut self.certain, certain)];
        for ((facts, counts), content) in sets.into_iter().zip(&mut self.contents) {
            if !counts {
                continue;
            }
            facts.records += 1;
            facts.customers += u64::from(is_new);
            facts.differ |= entry.content != *content.get_or_insert(entry.content);
            let location = entry.location();
            if let Some(at) = facts.locations.iter().position(|other| location < *other) {
                facts.locations[at..].rotate_right(1);
                facts.locations[at] = location;
            }
        }
        let earlier = |(location, _): &(Location, Doubt)| *location < entry.location();
        if !certain && !self.doubtful.as_ref().is_some_and(earlier) {
            self.doubtful = Some((entry.location(), entry.doubt));
        }
        self.last = Some(entry);
        entry.write(&mut self.all)
    }

    /// Returns whether the rule is met by the group, if that can be decided: the doubtful
    /// may count or not, each for itself.
    fn is_met(&mut self, comparison: &Comparison) -> io::Result<Option<bool>> {
        let (all, certain) = (self.facts, self.certain);
        let (violated, may_be) = match comparison {
            Comparison::Unique { copies, .. } => match copies {
                Copies::Any => (certain.records > 1, all.records > 1),
                Copies::Differ => (certain.differ, all.differ),
                Copies::Agree => (
                    certain.records > 1 && !all.differ,
                    !certain.differ && (certain.records > 1 || self.a_doubtful_one_agrees()?),
                ),
            },
            Comparison::Shared { most, .. } => (certain.customers > *most, all.customers > *most),
        };
        Ok(match (violated, may_be) {
            (true, _) => Some(false),
            (false, false) => Some(true),
            (false, true) => None,
        })
    }

    /// Returns whether a doubtful record says what the certain one does or, if there is
    /// none, what another doubtful one does.
    fn a_doubtful_one_agrees(&mut self) -> io::Result<bool> {
        let [_, certain] = self.contents;
        let mut before: HashSet<u64> = certain.into_iter().collect();
        self.all.rewind()?;
        let mut all = BufReader::new(&mut self.all);
        for _ in 0..self.facts.records {
            let entry = Entry::read(&mut all)?;
            if entry.doubt == Doubt::NONE {
                continue;
            }
            let agrees = match certain {
                Some(certain) => entry.content == certain,
                None => !before.insert(entry.content),
            };
            // Of so many some two may agree: what is kept of them has an end.
            if agrees || before.len() > MAX_CONTENTS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts the customers who meet the rule, or gives those who do not to `found`.
    fn judge(
        &mut self,
        rules: &[AggregateRule<'_>],
        summary: &mut Summary,
        found: &mut Sorter<Found>,
    ) -> io::Result<()> {
        let Some(rule) = rules.get(self.first.rule as usize) else {
            return Ok(());
        };
        let met = match rule.aggregate {
            Aggregate::Compared(comparison) => self.is_met(comparison)?,
            // There are no entries of such a rule.
            Aggregate::Summed(_) => return Ok(()),
        };
        if met == Some(true) {
            summary.count_passes(rule.index, self.facts.customers);
            return Ok(());
        }
        self.all.rewind()?;
        let mut all = BufReader::new(&mut self.all);
        let mut last = None;
        for _ in 0..self.facts.records {
            let entry = Entry::read(&mut all)?;
            if last.replace(entry.customer) == Some(entry.customer) {
                continue;
            }
            // Beside a doubtful one that might decide, a certain one is in doubt.
            let doubt = match (met, self.doubtful) {
                (None, Some((_, doubt))) if entry.doubt == Doubt::NONE => doubt,
                _ => entry.doubt,
            };
            found.push(Found {
                location: entry.location(),
                rule: entry.rule,
                text: entry.text,
                doubt,
                group: self.facts,
            })?;
        }
        Ok(())
    }
}
