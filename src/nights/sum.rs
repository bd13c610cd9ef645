//! What a run adds up to beside the night before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter};

use super::base::{Base, SEGMENT_ITEMS};
use super::breakdown::Breakdown;
use super::entry::{Entry, Key};
use super::error::Error;
use super::group::Group;
use super::part::{Mark, Part};
use super::sorted_file::{SortedFile, SortedWriter};
use super::tonight::{State, Tonight};
use crate::external_sort::Sorter;
use crate::finding::{REDACTED, Status};
use crate::policy::Severity;
use crate::report::{Because, Since};

/// Adds up a run while its exports are read.
pub struct RunningNight {
    /// What was seen of earlier findings, by their places.
    marks: Vec<Mark>,
    found: Sorter<Entry>,
    customers: Sorter<Key>,
    /// How many findings there were.
    order: u64,
    has_nameless: bool,
}

/// Holds what a run adds up to.
#[derive(Debug)]
pub struct Sum {
    /// What was seen of earlier findings, by their places.
    pub(super) marks: Vec<Mark>,
    /// What the findings of each name say together, sorted, if the next night is to know it.
    pub(super) names: Option<SortedFile<Entry>>,
    /// The customers, sorted, each once.
    pub customers: SortedFile<Key>,
    /// How many findings there are.
    pub findings: u64,
    /// Whether some record has no id.
    pub has_nameless: bool,
    /// Whether some ids of customers are hidden in the findings.
    pub hides_ids: bool,
    /// Findings by how they relate to the night before.
    pub(super) found_by_rule: Breakdown,
    /// How many findings, by severity, are new or worse than the night before.
    pub worse: BTreeMap<Severity, u64>,
    /// Findings of several records that share a name, and were said to be something else
    /// than they are together: the run has to be made again with these.
    pub undecided: Option<SortedFile<Entry>>,
}

impl RunningNight {
    /// Returns the sum of no record yet, for a run that is compared with this night.
    pub fn new(base: Option<&Base>) -> Self {
        let earlier = base.map_or(0, |base| base.entries.items());
        Self {
            // Each takes a byte, as it has a hundred in a file.
            marks: vec![Mark::default(); usize::try_from(earlier).unwrap_or(usize::MAX)],
            found: Sorter::new(SEGMENT_ITEMS),
            customers: Sorter::new(2 * SEGMENT_ITEMS),
            order: 0,
            has_nameless: false,
        }
    }

    /// Adds what the next records of the run tell.
    ///
    /// # Errors
    ///
    /// It cannot be kept in temporary files.
    pub fn add(&mut self, part: Part) -> Result<(), Error> {
        let Part {
            marks,
            found,
            customers,
            has_nameless,
        } = part;
        for (place, mark) in marks {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            if let Some(here) = self.marks.get_mut(place) {
                here.add(mark);
            }
        }
        for entry in found {
            let order = self.order;
            self.order += 1;
            let entry = Entry { order, ..entry };
            self.found.push(entry).map_err(Error::Keep)?;
        }
        for customer in customers {
            self.customers.push(customer).map_err(Error::Keep)?;
        }
        self.has_nameless |= has_nameless;
        Ok(())
    }

    /// Ends the adding.
    ///
    /// # Errors
    ///
    /// What was kept is lost.
    pub fn finish(self, tonight: &Tonight<'_>) -> Result<Sum, Error> {
        let Self {
            marks,
            found,
            customers,
            order,
            has_nameless,
        } = self;
        let found = found.sorted().map_err(Error::Keep)?;
        let mut last = None;
        let customers = customers.sorted().map_err(Error::Keep)?;
        let once = customers.filter(|key| match key {
            Ok(key) => last.replace(*key) != Some(*key),
            Err(_) => true,
        });
        let mut sum = Sum {
            marks,
            names: None,
            customers: SortedFile::write(once).map_err(Error::Keep)?,
            findings: order,
            has_nameless,
            hides_ids: false,
            found_by_rule: Breakdown::default(),
            worse: BTreeMap::new(),
            undecided: None,
        };
        sum.count(found, tonight).map_err(Error::Keep)?;
        Ok(sum)
    }
}

impl Sum {
    /// Counts the findings, each name once.
    fn count(
        &mut self,
        found: impl Iterator<Item = io::Result<Entry>>,
        tonight: &Tonight<'_>,
    ) -> io::Result<()> {
        let mut counted = Counted {
            undecided: Sorter::new(SEGMENT_ITEMS),
            names: match tonight.keeps_names() {
                true => Some(SortedWriter::unnamed()?),
                false => None,
            },
        };
        let mut names: Option<Name> = None;
        let hidden = Key::of_id(REDACTED);
        for entry in found {
            let entry = entry?;
            self.hides_ids |= entry.customer == hidden;
            match &mut names {
                Some(name) if name.group.is_of(&entry) => name.add(&entry),
                _ => {
                    if let Some(before) = names.replace(Name::new(entry)) {
                        self.count_name(before, tonight, &mut counted)?;
                    }
                }
            }
        }
        if let Some(last) = names {
            self.count_name(last, tonight, &mut counted)?;
        }
        let Counted { undecided, names } = counted;
        let undecided = SortedFile::write(undecided.sorted()?)?;
        self.undecided = (undecided.items() > 0).then_some(undecided);
        self.names = names.map(SortedWriter::finish).transpose()?;
        Ok(())
    }

    /// Counts the findings of one name; if one was said to be something else than they are
    /// together, that goes to `undecided`.
    fn count_name(
        &mut self,
        name: Name,
        tonight: &Tonight<'_>,
        counted: &mut Counted,
    ) -> io::Result<()> {
        let (together, was_said) = name.finish(tonight)?;
        let first_seen = tonight.first_seen(&together);
        self.found_by_rule.found(&together, first_seen);
        let counts_as_new = match together.since {
            Since::New => true,
            Since::Changed => together.worse,
            // On a first night every finding counts.
            Since::Open => tonight.base.is_none(),
        };
        if counts_as_new && together.status != Status::Waived {
            *self.worse.entry(together.severity).or_default() += 1;
        }
        if let Some(names) = counted.names.as_mut().filter(|_| together.known) {
            names.push(together)?;
        }
        match was_said {
            true => Ok(()),
            false => counted.undecided.push(together),
        }
    }
}

/// Holds what is kept while findings are counted.
struct Counted {
    undecided: Sorter<Entry>,
    /// What the findings of each name say together, if that is kept.
    names: Option<SortedWriter<BufWriter<File>, Entry>>,
}

/// Represents the findings of one name, with what was said of each.
struct Name {
    group: Group,
    said: (State, bool),
    /// Whether that was said of all.
    is_same: bool,
    /// The first reason that holds for one of them to be new.
    because: Option<Because>,
    is_alone: bool,
}

fn said(entry: &Entry) -> (State, bool) {
    (State::of(entry), entry.overdue)
}

impl Name {
    fn new(entry: Entry) -> Self {
        Self {
            group: Group::new(entry),
            said: said(&entry),
            is_same: true,
            because: entry.because,
            is_alone: true,
        }
    }

    fn add(&mut self, entry: &Entry) {
        self.is_alone = false;
        self.is_same &= said(entry) == self.said;
        self.because = match (self.because, entry.because) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.group.add(entry);
    }

    /// Returns what they come to together, and whether that was said of all.
    fn finish(self, tonight: &Tonight<'_>) -> io::Result<(Entry, bool)> {
        let mut together = self.group.finish();
        if self.is_alone {
            return Ok((together, true));
        }
        let mut earlier = Vec::new();
        if let Some(base) = tonight.base {
            base.entries.find(together.customer, &mut earlier)?;
        }
        let mut earlier = earlier.iter().map(|(_, one)| one);
        let earlier = earlier.find(|one| one.fingerprint == together.fingerprint);
        let state = match earlier {
            Some(earlier) => tonight.again(earlier, &together),
            None => State {
                because: self.because,
                ..State::of(&together)
            },
        };
        let life = tonight.life(state, together.status, together.severity);
        state.write(&mut together);
        together.overdue = life.overdue;
        let is_same = self.is_same && self.said == said(&together);
        Ok((together, is_same))
    }
}
