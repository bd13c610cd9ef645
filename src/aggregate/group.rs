//! Records with one value: whether they meet a rule that compares values.

use std::collections::HashSet;
use std::io::{self, BufReader, Seek};

use tempfile::SpooledTempFile;

use super::entry::{Cell, Doubt, Entry, Found, GroupFacts, Location, MAX_LOCATIONS};
use super::error::{Error, SPOOL_BYTES};
use super::gathered::AggregateRule;
use crate::external_sort::{Sorted, Sorter, Spill};
use crate::finding::{Mark, Summary};
use crate::policy::Policies;
use crate::policy::aggregate::{Aggregate, Comparison, Copies};

/// Compares all values.
pub(super) fn compare(
    (policies, rules): (&Policies, &[AggregateRule<'_>]),
    entries: Sorter<Entry>,
    segment: usize,
    summary: &mut Summary,
    wants_marks: bool,
) -> Result<Verdicts, Error> {
    // Each is more than twice as large as an entry.
    let mut found = Sorter::new(segment / 4);
    let mut cells = wants_marks.then(|| Sorter::new(segment));
    let mut open: Option<Group> = None;
    let compared = policies.compared();
    let rules_of = |entry: &Entry| {
        let values = compared.get(entry.values as usize);
        values.map_or(&[][..], |values| values.rules.as_slice())
    };
    for entry in entries.sorted()? {
        let entry = entry?;
        let is_same = |group: &Group| group.first.is_compared_with(&entry);
        let group = match &mut open {
            Some(group) if is_same(group) => group,
            other => {
                if let Some(mut group) = other.take() {
                    group.judge(rules, summary, &mut found, cells.as_mut())?;
                    // Its room is used again.
                    group.begin(entry, rules_of(&entry))?;
                    other.insert(group)
                } else {
                    other.insert(Group::new(entry, rules_of(&entry)))
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
    records: u64,
    rules: Vec<OfRule>,
}

/// Holds what the records with one value come to that a rule applies to.
struct OfRule {
    /// The index of the rule among those over all records.
    number: usize,
    facts: GroupFacts,
    /// Of the records to which the rule applies for certain.
    certain: GroupFacts,
    /// What the first of all says, and the first of the certain.
    contents: [Option<u64>; 2],
    /// The last of all, and the last of the certain.
    last: [Option<Entry>; 2],
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
    fn new(first: Entry, rules: &[usize]) -> Self {
        Self {
            first,
            all: SpooledTempFile::new(SPOOL_BYTES),
            records: 0,
            rules: rules.iter().copied().map(OfRule::new).collect(),
        }
    }

    fn begin(&mut self, first: Entry, rules: &[usize]) -> io::Result<()> {
        self.first = first;
        self.records = 0;
        self.rules.clear();
        self.rules.extend(rules.iter().copied().map(OfRule::new));
        self.all.rewind()
    }

    fn add(&mut self, entry: Entry) -> io::Result<()> {
        for (rule, of_rule) in self.rules.iter_mut().enumerate() {
            if let Some(doubt) = entry.doubt(rule) {
                of_rule.add(entry, doubt);
            }
        }
        self.records += 1;
        entry.write(&mut self.all)
    }

    /// Counts the customers who meet the rules, and gives those who do not to `found`: each
    /// once a rule, by the record that is the worst for it.
    fn judge(
        &mut self,
        rules: &[AggregateRule<'_>],
        summary: &mut Summary,
        found: &mut Sorter<Found>,
        mut cells: Option<&mut Sorter<Cell>>,
    ) -> io::Result<()> {
        for (index, of_rule) in self.rules.iter().enumerate() {
            let Some(rule) = rules.get(of_rule.number) else {
                continue;
            };
            let comparison = match rule.aggregate {
                Aggregate::Compared(comparison) => comparison,
                // There are no entries of such a rule.
                Aggregate::Summed(_) => continue,
            };
            let mut all = All {
                file: &mut self.all,
                records: self.records,
                rule: index,
            };
            let verdict = of_rule.verdict(comparison, &mut all)?;
            if matches!(verdict, GroupVerdict::Met) && cells.is_none() {
                summary.count_passes(rule.index, of_rule.facts.customers);
                continue;
            }
            let passes = of_rule.customers(&verdict, &mut all, found, cells.as_deref_mut())?;
            summary.count_passes(rule.index, passes);
        }
        Ok(())
    }
}

/// Gives the records of a group to which a rule applies.
struct All<'g> {
    file: &'g mut SpooledTempFile,
    records: u64,
    /// The index of the rule among those that compare the values.
    rule: usize,
}

impl All<'_> {
    fn each(&mut self, mut take: impl FnMut(Entry, Doubt) -> io::Result<()>) -> io::Result<()> {
        self.file.rewind()?;
        let mut file = BufReader::new(&mut *self.file);
        for _ in 0..self.records {
            let entry = Entry::read(&mut file)?;
            if let Some(doubt) = entry.doubt(self.rule) {
                take(entry, doubt)?;
            }
        }
        Ok(())
    }
}

impl OfRule {
    fn new(number: usize) -> Self {
        Self {
            number,
            facts: NOBODY,
            certain: NOBODY,
            contents: [None; 2],
            last: [None; 2],
            doubtful: None,
        }
    }

    fn add(&mut self, entry: Entry, doubt: Doubt) {
        let certain = doubt == Doubt::NONE;
        let sets = [(&mut self.facts, true), (&mut self.certain, certain)];
        let before = self.contents.iter_mut().zip(&mut self.last);
        for ((facts, counts), (content, last)) in sets.into_iter().zip(before) {
            if !counts {
                continue;
            }
            let is_new = last.is_none_or(|last| !last.is_of_customer_of(&entry));
            *last = Some(entry);
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
            self.doubtful = Some((entry.location(), doubt));
        }
    }

    /// Returns what the records of the group come to: the doubtful may count or not, each
    /// for itself.
    fn verdict(&self, comparison: &Comparison, records: &mut All<'_>) -> io::Result<GroupVerdict> {
        let (all, certain) = (self.facts, self.certain);
        let (violated, may_be) = match comparison {
            Comparison::Unique { copies, .. } => match copies {
                Copies::Any => (certain.records > 1, all.records > 1),
                Copies::Differ => (certain.differ, all.differ),
                Copies::Agree if certain.records > 1 && !all.differ => (true, true),
                Copies::Agree if certain.differ => (false, false),
                Copies::Agree => return Ok(GroupVerdict::OpenWhereAgreed(self.agreed(records)?)),
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
    fn agreed(&self, records: &mut All<'_>) -> io::Result<Agreed> {
        let [_, certain] = self.contents;
        let (mut once, mut several) = (HashSet::new(), HashSet::new());
        let mut is_too_much = false;
        records.each(|entry, _| {
            let content = entry.content;
            let counts = certain.is_none_or(|certain| certain == content);
            if counts && !is_too_much && !once.insert(content) {
                several.insert(content);
            }
            // What is kept has an end: of so many any may agree.
            is_too_much |= once.len() > MAX_CONTENTS;
            Ok(())
        })?;
        Ok(match is_too_much {
            true => Agreed::Any,
            false => Agreed::These(several),
        })
    }

    /// Gives what the customers come to; returns how many meet the rule.
    fn customers(
        &self,
        verdict: &GroupVerdict,
        records: &mut All<'_>,
        found: &mut Sorter<Found>,
        mut cells: Option<&mut Sorter<Cell>>,
    ) -> io::Result<u64> {
        // There are fewer rules than bytes in a policy.
        let rule = u32::try_from(self.number).unwrap_or(u32::MAX);
        let mut open: Option<Customer> = None;
        let mut passes = 0;
        records.each(|entry, doubt| {
            if let Some(cells) = &mut cells {
                cells.push(Cell::new(&entry, rule, Mark::Elsewhere))?;
            }
            let why = self.doubtful.map(|(_, doubt)| doubt);
            let doubt = verdict.doubt((doubt, entry.content), why);
            let finding = doubt.map(|doubt| Found {
                location: entry.location(),
                rule,
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
                        passes += customer.give(rule, found, cells.as_deref_mut())?;
                    }
                }
            }
            Ok(())
        })?;
        if let Some(customer) = open {
            passes += customer.give(rule, found, cells)?;
        }
        Ok(passes)
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
    fn give(
        self,
        rule: u32,
        found: &mut Sorter<Found>,
        cells: Option<&mut Sorter<Cell>>,
    ) -> io::Result<u64> {
        let Self { first, worst, .. } = self;
        if let Some(cells) = cells {
            let (location, mark) = match &worst {
                None => (first.location(), Mark::Pass),
                Some(worst) if worst.doubt == Doubt::NONE => (worst.location, Mark::Fail),
                Some(worst) => (worst.location, Mark::Error),
            };
            cells.push(Cell {
                location,
                ..Cell::new(&first, rule, mark)
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
    fn doubt(&self, (own, content): (Doubt, u64), doubtful: Option<Doubt>) -> Option<Doubt> {
        // Beside a doubtful one that might decide, a certain one is in doubt.
        let open = match (own == Doubt::NONE, doubtful) {
            (true, Some(doubt)) => doubt,
            (true, None) | (false, _) => own,
        };
        match self {
            Self::Met => None,
            Self::Violated => Some(own),
            Self::Open | Self::OpenWhereAgreed(Agreed::Any) => Some(open),
            Self::OpenWhereAgreed(Agreed::These(contents)) => {
                contents.contains(&content).then_some(open)
            }
        }
    }
}
