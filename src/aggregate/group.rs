//! Records with one value: whether they meet a rule that compares values.

use std::collections::HashSet;
use std::io::{self, BufReader, Seek};

use tempfile::SpooledTempFile;

use super::entry::{Cell, Doubt, Entry, Found, GroupFacts, Location, MAX_LOCATIONS};
use super::error::{Error, SPOOL_BYTES};
use super::gathered::AggregateRule;
use crate::external_sort::{Sorted, Sorter, Spill};
use crate::finding::{Mark, Summary};
use crate::policy::aggregate::{Aggregate, Comparison, Copies};

/// Compares all values.
pub(super) fn compare(
    rules: &[AggregateRule<'_>],
    entries: Sorter<Entry>,
    segment: usize,
    summary: &mut Summary,
    wants_marks: bool,
) -> Result<Verdicts, Error> {
    // Each is more than twice as large as an entry.
    let mut found = Sorter::new(segment / 4);
    let mut cells = wants_marks.then(|| Sorter::new(segment));
    let mut open: Option<Group> = None;
    for entry in entries.sorted()? {
        let entry = entry?;
        let group = match &mut open {
            Some(group) if group.first.rule == entry.rule && group.first.value == entry.value => {
                group
            }
            other => {
                if let Some(mut group) = other.take() {
                    group.judge(rules, summary, &mut found, cells.as_mut())?;
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
        group.judge(rules, summary, &mut found, cells.as_mut())?;
    }
    Ok(Verdicts {
        found: found.sorted()?,
        cells: cells.map(Sorter::sorted).transpose()?,
    })
}

/// Holds what comparing all values came to.
pub(super) struct Verdicts {
    /// The entries that are findings.
    pub(super) found: Sorted<Found>,
    /// What the rules come to for each record, if that is asked: of one record and rule the
    /// first counts.
    pub(super) cells: Option<Sorted<Cell>>,
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
        let is_new = self.last.is_none_or(|last| !last.is_of_customer_of(&entry));
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

    /// Returns what the records of the group come to: the doubtful may count or not, each
    /// for itself.
    fn verdict(&mut self, comparison: &Comparison) -> io::Result<GroupVerdict> {
        let (all, certain) = (self.facts, self.certain);
        let (violated, may_be) = match comparison {
            Comparison::Unique { copies, .. } => match copies {
                Copies::Any => (certain.records > 1, all.records > 1),
                Copies::Differ => (certain.differ, all.differ),
                Copies::Agree if certain.records > 1 && !all.differ => (true, true),
                Copies::Agree if certain.differ => (false, false),
                Copies::Agree => return Ok(GroupVerdict::OpenWhereAgreed(self.agreed()?)),
            },
            Comparison::Shared { most, .. } => (certain.customers > *most, all.customers > *most),
        };
        Ok(match (violated, may_be) {
            (true, _) => GroupVerdict::Violated,
            (false, true) => GroupVerdict::Open,
            (false, false) => GroupVerdict::Met,
        })
    }

    /// Returns what two records or more say alike, and the certain ones too.
    fn agreed(&mut self) -> io::Result<Agreed> {
        let [_, certain] = self.contents;
        let (mut once, mut several) = (HashSet::new(), HashSet::new());
        self.all.rewind()?;
        let mut all = BufReader::new(&mut self.all);
        for _ in 0..self.facts.records {
            let content = Entry::read(&mut all)?.content;
            if certain.is_none_or(|certain| certain == content) && !once.insert(content) {
                several.insert(content);
            }
            // What is kept has an end: of so many any may agree.
            if once.len() > MAX_CONTENTS {
                return Ok(Agreed::Any);
            }
        }
        Ok(Agreed::These(several))
    }

    /// Counts the customers who meet the rule, and gives those who do not to `found`: each
    /// once, by the record that is the worst for it.
    fn judge(
        &mut self,
        rules: &[AggregateRule<'_>],
        summary: &mut Summary,
        found: &mut Sorter<Found>,
        mut cells: Option<&mut Sorter<Cell>>,
    ) -> io::Result<()> {
        let Some(rule) = rules.get(self.first.rule as usize) else {
            return Ok(());
        };
        let verdict = match rule.aggregate {
            Aggregate::Compared(comparison) => self.verdict(comparison)?,
            // There are no entries of such a rule.
            Aggregate::Summed(_) => return Ok(()),
        };
        if matches!(verdict, GroupVerdict::Met) && cells.is_none() {
            summary.count_passes(rule.index, self.facts.customers);
            return Ok(());
        }
        self.all.rewind()?;
        let mut all = BufReader::new(&mut self.all);
        let mut open: Option<Customer> = None;
        let mut passes = 0;
        for _ in 0..self.facts.records {
            let entry = Entry::read(&mut all)?;
            if let Some(cells) = &mut cells {
                cells.push(Cell::new(&entry, Mark::Elsewhere))?;
            }
            let doubt = verdict.doubt(&entry, self.doubtful.map(|(_, doubt)| doubt));
            let finding = doubt.map(|doubt| Found {
                location: entry.location(),
                rule: entry.rule,
                text: entry.text,
                doubt,
                group: self.facts,
            });
            match &mut open {
                Some(customer) if customer.last.is_of_customer_of(&entry) => {
                    customer.add(entry, finding);
                }
                other => {
                    if let Some(customer) = other.replace(Customer::new(entry, finding)) {
                        passes += customer.give(found, cells.as_deref_mut())?;
                    }
                }
            }
        }
        if let Some(customer) = open {
            passes += customer.give(found, cells)?;
        }
        summary.count_passes(rule.index, passes);
        Ok(())
    }
}

/// Holds what the records of one customer come to that have the value.
struct Customer {
    first: Entry,
    last: Entry,
    worst: Option<Found>,
}

impl Customer {
    fn new(first: Entry, worst: Option<Found>) -> Self {
        let last = first;
        Self { first, last, worst }
    }

    fn add(&mut self, entry: Entry, finding: Option<Found>) {
        self.last = entry;
        // The certain come first, and of those that are alike the first.
        let is_worse = |one: &Found| {
            self.worst
                .is_none_or(|worst| worst.doubt != Doubt::NONE && one.doubt == Doubt::NONE)
        };
        if finding.as_ref().is_some_and(is_worse) {
            self.worst = finding;
        }
    }

    /// Gives the finding on the customer; returns how many customers have none.
    fn give(self, found: &mut Sorter<Found>, cells: Option<&mut Sorter<Cell>>) -> io::Result<u64> {
        let Self { first, worst, .. } = self;
        if let Some(cells) = cells {
            let (location, mark) = match &worst {
                None => (first.location(), Mark::Pass),
                Some(worst) if worst.doubt == Doubt::NONE => (worst.location, Mark::Fail),
                Some(worst) => (worst.location, Mark::Error),
            };
            cells.push(Cell {
                location,
                ..Cell::new(&first, mark)
            })?;
        }
        match worst {
            Some(worst) => {
                found.push(worst)?;
                Ok(0)
            }
            None => Ok(1),
        }
    }
}

/// Says what the records with one value come to.
enum GroupVerdict {
    /// All meet the rule.
    Met,
    /// Those that count for certain do not.
    Violated,
    /// It depends on the doubtful.
    Open,
    /// It depends on the doubtful, for those that say this.
    OpenWhereAgreed(Agreed),
}

/// Holds what several records say alike.
enum Agreed {
    These(HashSet<u64>),
    /// Too much to remember.
    Any,
}

impl GroupVerdict {
    /// Returns why it cannot be decided whether a record meets the rule, which is nothing
    /// if it does not; or none, if it does. `doubtful` is why some record of the group is
    /// in doubt.
    fn doubt(&self, entry: &Entry, doubtful: Option<Doubt>) -> Option<Doubt> {
        // Beside a doubtful one that might decide, a certain one is in doubt.
        let open = match (entry.doubt == Doubt::NONE, doubtful) {
            (true, Some(doubt)) => doubt,
            (true, None) | (false, _) => entry.doubt,
        };
        match self {
            Self::Met => None,
            Self::Violated => Some(entry.doubt),
            Self::Open | Self::OpenWhereAgreed(Agreed::Any) => Some(open),
            Self::OpenWhereAgreed(Agreed::These(contents)) => {
                contents.contains(&entry.content).then_some(open)
            }
        }
    }
}
