//! What became of the findings of the night before that are not there any more.

use std::cell::RefCell;
use std::io::{self, Read, Write};

use serde::Deserialize;

use super::base::{Base, EarlierRule, Indexed};
use super::breakdown::{Breakdown, by_rule};
use super::entry::{Entry, Fixed, Key};
use super::error::Error;
use super::part::Mark;
use super::relation::Now;
use super::sorted_file::SortedFile;
use super::sum::Sum;
use super::tonight::{State, Tonight};
use crate::external_sort::{Sorter, Spill};
use crate::finding::Counts;
use crate::report::{
    self, Carried, CarriedRow, Closed, Doubt, End, Ended, FindingRow, Header, Listener, Rejected,
    SinceCounts, SinceOfRule,
};

/// Holds what a run came to, as far as it decides what became of earlier findings.
#[derive(Debug)]
pub struct Facts<'f> {
    /// What each rule came to.
    pub by_rule: &'f [Counts],
    /// Whether each rule is one over all records.
    pub is_aggregate: &'f [bool],
    /// Whether each rule asks a field that is missing from every record.
    pub lacks_field: &'f [bool],
    /// Whether the exports were read whole.
    pub is_whole: bool,
    /// Records that were met.
    pub records: u64,
    /// Records that some policy judged.
    pub in_scope: u64,
    /// How many exports there were.
    pub exports: usize,
}

/// Represents an earlier finding that is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    entry: Entry,
    became: Became,
}

/// Says what became of an earlier finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// It is not there any more.
    Ended(End),
    /// The run cannot tell.
    Carried,
    /// It is there, in another slice of reports.
    Moved,
}

/// Holds what became of the earlier findings that are not there any more.
#[derive(Debug)]
pub struct Ends {
    fates: SortedFile<Fate>,
    /// How many of each kind there are that had an end.
    counts: SinceCounts,
    /// Those of which the run cannot tell.
    carried_by_rule: Breakdown,
}

/// The share of last night's records below which a run has shrunk, as a fraction.
const SHRUNK: (u64, u64) = (4, 5);

/// Returns whether so many are below 80 % of what there was.
pub fn has_shrunk(now: u64, then: u64) -> bool {
    let (part, whole) = SHRUNK;
    u128::from(now) * u128::from(whole) < u128::from(then) * u128::from(part)
}

impl Sum {
    /// Decides what became of the earlier findings that were not found again.
    ///
    /// # Errors
    ///
    /// What was kept in temporary files is lost.
    pub fn ends(&self, tonight: &Tonight<'_>, facts: &Facts<'_>) -> Result<Ends, Error> {
        let mut counts = SinceCounts::default();
        let mut carried_by_rule = Breakdown::default();
        let mut fates = Sorter::new(super::base::SEGMENT_ITEMS);
        if let Some(base) = tonight.base {
            let then = &base.footer.summary;
            let may_be_gone = facts.is_whole
                && !tonight.is_report
                && !self.has_nameless
                && facts.exports >= base.footer.exports.len()
                && !has_shrunk(facts.records, then.records)
                && !has_shrunk(facts.in_scope, then.in_scope);
            let entries = base.entries.iter().map_err(Error::Keep)?;
            for (entry, mark) in entries.zip(&self.marks) {
                let entry = entry.map_err(Error::Keep)?;
                if mark.has(Mark::FOUND) {
                    if mark.has(Mark::MOVED) {
                        let became = Became::Moved;
                        fates.push(Fate { entry, became }).map_err(Error::Keep)?;
                    }
                    continue;
                }
                let end = decide(&entry, *mark, tonight, facts, may_be_gone);
                match end {
                    Ok(end) => count(&mut counts, end),
                    Err(why) => carried_by_rule.carried(&entry, why, &tonight.of_earlier(&entry)),
                }
                let became = end.map_or(Became::Carried, Became::Ended);
                fates.push(Fate { entry, became }).map_err(Error::Keep)?;
            }
        }
        let sorted = fates.sorted().map_err(Error::Keep)?;
        Ok(Ends {
            fates: SortedFile::write(sorted).map_err(Error::Keep)?,
            counts,
            carried_by_rule,
        })
    }

    /// Returns how the findings of the run and of the night before relate: how many there
    /// are of each kind, in all and by rule.
    pub fn since(
        &self,
        ends: &Ends,
        tonight: &Tonight<'_>,
        header: &Header,
    ) -> (SinceCounts, Vec<SinceOfRule>) {
        let (found, carried) = (self.found_by_rule.counts(), ends.carried_by_rule.counts());
        let counts = SinceCounts {
            new: found.new,
            changed: found.changed,
            open: found.open,
            overdue: found.overdue + carried.overdue,
            unknown: carried.unknown,
            ..ends.counts
        };
        let by_rule = by_rule(&self.found_by_rule, &ends.carried_by_rule, tonight, header);
        (counts, by_rule)
    }
}

fn count(counts: &mut SinceCounts, end: End) {
    match end {
        End::Fixed => counts.fixed += 1,
        End::RuleChanged => counts.rule_changed += 1,
        End::Left => counts.left += 1,
        End::Gone => counts.gone += 1,
        End::RuleRemoved => counts.rule_removed += 1,
    }
}

/// Returns what became of an earlier finding that was not found, or why nobody can tell.
fn decide(
    entry: &Entry,
    mut mark: Mark,
    tonight: &Tonight<'_>,
    facts: &Facts<'_>,
    may_be_gone: bool,
) -> Result<End, Doubt> {
    let now = tonight.now.get(entry.rule as usize);
    let (index, is_same) = match now.ok_or(Doubt::RuleNotAsked)? {
        Now::Removed => return Ok(End::RuleRemoved),
        Now::NotAsked => return Err(Doubt::RuleNotAsked),
        Now::Asked { index, is_same } => (*index, *is_same),
    };
    if entry.customer == Key::NONE {
        let counts = facts.by_rule.get(index);
        mark = whole_export(counts.ok_or(Doubt::NotDecided)?);
    } else if mark.is_unseen() {
        return match (may_be_gone, tonight.is_report && facts.is_whole) {
            (_, true) => Err(Doubt::NotListed),
            (true, false) => Ok(End::Gone),
            (false, false) => Err(Doubt::CustomerNotRead),
        };
    } else if mark.has(Mark::GONE) {
        return Ok(End::Gone);
    }
    if mark.has(Mark::UNDECIDED) {
        return Err(Doubt::NotDecided);
    }
    if !is_same {
        return Ok(End::RuleChanged);
    }
    if mark.has(Mark::LEFT) {
        return Ok(End::Left);
    }
    let is_aggregate =
        entry.customer == Key::NONE || facts.is_aggregate.get(index).copied().unwrap_or_default();
    let lacks_field = facts.lacks_field.get(index).copied().unwrap_or_default();
    let is_proof = match mark.has(Mark::PASS_BY_ABSENCE) {
        true => !lacks_field,
        false => mark.has(Mark::PASS),
    };
    match is_proof && (facts.is_whole || !is_aggregate) {
        true => Ok(End::Fixed),
        false => Err(Doubt::NoProof),
    }
}

/// Returns what was seen of the whole export by a rule that came to this.
fn whole_export(counts: &Counts) -> Mark {
    if counts.pass > 0 {
        Mark::PASS
    } else if counts.findings() + counts.waived > 0 {
        Mark::UNDECIDED
    } else {
        Mark::LEFT
    }
}

impl Tonight<'_> {
    /// Returns how an earlier finding that is carried on relates to the nights before.
    fn of_earlier(&self, entry: &Entry) -> report::Life {
        self.life(State::of(entry), entry.status, entry.severity)
    }
}

impl Ends {
    /// Hands out the earlier findings that are not there any more, in the order of the night
    /// before.
    ///
    /// # Errors
    ///
    /// The report of the night before cannot be read as it was before, or one cannot be
    /// taken.
    pub fn hand_out<E: From<Error>>(
        &self,
        tonight: &Tonight<'_>,
        sum: &Sum,
        take: impl FnMut(&Ended<'_>) -> Result<(), E>,
    ) -> Result<Kept, E> {
        let mut rules = tonight.lists.rules.clone();
        let mut carried = Sorter::new(super::base::SEGMENT_ITEMS);
        if let Some(base) = tonight.base.filter(|_| self.fates.items() > 0) {
            let mut handing = Handing {
                ends: self,
                base,
                tonight,
                take,
                order: 0,
                next: None,
                left: self.fates.items(),
                next_order: sum.findings,
                rules: &mut rules,
                carried: &mut carried,
            };
            handing.read().map_err(Failed::into_error)?;
            if handing.left > 0 {
                return Err(changed(base).into());
            }
        }
        let carried = carried.sorted().and_then(SortedFile::write);
        Ok(Kept {
            rules,
            carried: carried.map_err(Error::Keep)?,
        })
    }

    /// Returns the names of the findings that had an end, sorted.
    pub(super) fn ended(&self) -> io::Result<impl Iterator<Item = io::Result<Key>> + use<>> {
        let fates = self.fates.iter()?;
        Ok(fates.filter_map(|fate| match fate {
            Ok(fate) => match fate.became {
                Became::Ended(_) => Some(Ok(fate.entry.fingerprint)),
                Became::Carried | Became::Moved => None,
            },
            Err(error) => Some(Err(error)),
        }))
    }
}

/// Holds the earlier findings that are carried on, as the next night will know them.
#[derive(Debug)]
pub struct Kept {
    /// The rules of the run, and those of what is carried on.
    pub(super) rules: Indexed<EarlierRule>,
    /// What is carried on, sorted.
    pub(super) carried: SortedFile<Entry>,
}

fn changed(base: &Base) -> Error {
    Error::Changed {
        path: base.path.display().to_string(),
    }
}

/// Hands out rows of the night before, while its report is read again.
struct Handing<'h, F> {
    ends: &'h Ends,
    base: &'h Base,
    tonight: &'h Tonight<'h>,
    take: F,
    /// How many findings were read so far.
    order: u64,
    /// What is to be said of the finding that is read next, and whether it is the first of
    /// its name.
    next: Option<(Fate, bool)>,
    /// How many names were not met yet.
    left: u64,
    /// Where the next finding that is carried on is among those of the run.
    next_order: u64,
    rules: &'h mut Indexed<EarlierRule>,
    carried: &'h mut Sorter<Entry>,
}

/// Represents a line that is a finding, or one that was carried on.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Carried(Box<CarriedRow<'static>>),
    Finding(Box<FindingRow<'static>>),
}

/// Says why no more is handed out.
enum Failed<E> {
    Night(Error),
    Taken(E),
}

impl<E> From<report::ReadError> for Failed<E> {
    fn from(error: report::ReadError) -> Self {
        Self::Night(Error::Report(error))
    }
}

impl<E: From<Error>> Failed<E> {
    fn into_error(self) -> E {
        match self {
            Self::Night(error) => error.into(),
            Self::Taken(error) => error,
        }
    }
}

impl<E, F: FnMut(&Ended<'_>) -> Result<(), E>> Handing<'_, F> {
    /// Reads the report once more: by lines, if it has them, of which only those that are
    /// wanted are read whole.
    fn read(&mut self) -> Result<(), Failed<E>> {
        let path = &self.base.path;
        let this = RefCell::new(&mut *self);
        let picked = report::pick(
            path,
            |fingerprint| this.borrow_mut().wants(fingerprint),
            |line| {
                let ended = serde_json::from_slice::<Line>(line);
                let line = ended.map_err(|error| Failed::Night(Error::Line(error)))?;
                let row = match line {
                    Line::Carried(carried) => carried.row,
                    Line::Finding(row) => *row,
                };
                this.borrow_mut().row(row)
            },
        )?;
        if picked {
            return Ok(());
        }
        // What was handed out must not be so again.
        if self.left < self.ends.fates.items() {
            return Err(Failed::Night(changed(self.base)));
        }
        self.order = 0;
        self.next = None;
        report::read(path, self)?;
        Ok(())
    }

    /// Returns whether something is to be said of the next finding, which has this name.
    fn wants(&mut self, fingerprint: &str) -> Result<bool, Failed<E>> {
        let order = self.order;
        self.order += 1;
        let mut fates = Vec::new();
        let found = self
            .ends
            .fates
            .find(Key::of_fingerprint(fingerprint), &mut fates);
        found.map_err(|error| Failed::Night(Error::Keep(error)))?;
        self.next = fates
            .pop()
            .map(|(_, fate)| (fate, fate.entry.order == order));
        Ok(self.next.is_some())
    }

    fn row(&mut self, row: FindingRow<'static>) -> Result<(), Failed<E>> {
        let Some((Fate { entry, became }, is_first)) = self.next.take() else {
            return Ok(());
        };
        if row.customer_id.is_none() && row.record.is_some() {
            return Ok(());
        }
        self.left = self.left.saturating_sub(u64::from(is_first));
        let life = self.tonight.of_earlier(&entry);
        let ended = match became {
            Became::Ended(_) | Became::Moved if !is_first => return Ok(()),
            Became::Moved => Ended::Moved(Box::new(row)),
            Became::Ended(state) => Ended::Closed(Closed {
                policy: row.policy.into_owned(),
                rule: row.rule.into_owned(),
                severity: entry.severity,
                customer_id: row.customer_id.map(|id| id.into_owned()),
                customer_name: row.customer_name.map(|name| name.into_owned()),
                fingerprint: row.fingerprint.into_owned(),
                slice: row
                    .slice
                    .into_iter()
                    .map(|(name, value)| (name.into_owned(), value.into_owned()))
                    .collect(),
                state,
                first_seen: life.first_seen,
            }),
            Became::Carried => {
                let rule = self.base.lists.rules.get(entry.rule);
                if let Some(rule) = rule.filter(|_| is_first) {
                    let kept = Entry {
                        order: self.next_order,
                        rule: self.rules.index(rule),
                        overdue: life.overdue,
                        ..entry
                    };
                    let kept = self.carried.push(kept).map_err(Error::Keep);
                    kept.map_err(Failed::Night)?;
                }
                self.next_order += 1;
                Ended::Carried(Box::new(CarriedRow {
                    row: FindingRow {
                        life: Some(life),
                        ..row
                    },
                    rule_sha256: rule.and_then(|rule| rule.sha256.clone()),
                    state: Carried::Unknown,
                }))
            }
        };
        (self.take)(&ended).map_err(Failed::Taken)
    }
}

impl<E, F: FnMut(&Ended<'_>) -> Result<(), E>> Listener for Handing<'_, F> {
    type Error = Failed<E>;

    fn header(&mut self, header: Header) -> Result<(), Failed<E>> {
        match header == self.base.header {
            true => Ok(()),
            false => Err(Failed::Night(changed(self.base))),
        }
    }

    fn finding(&mut self, _: usize, row: FindingRow<'static>) -> Result<(), Failed<E>> {
        self.wants(&row.fingerprint)?;
        self.row(row)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Failed<E>> {
        match ended {
            Ended::Closed(_) | Ended::Moved(_) => Ok(()),
            Ended::Carried(carried) => {
                self.wants(&carried.row.fingerprint)?;
                self.row(carried.row)
            }
        }
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Failed<E>> {
        Ok(())
    }
}

impl Ord for Fate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let place = |fate: &Self| (fate.entry.fingerprint, fate.entry.order);
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for Fate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Fixed for Fate {
    const BYTES: usize = 16 + Entry::BYTES + 1;

    fn key(&self) -> Key {
        self.entry.fingerprint
    }
}

impl Spill for Fate {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        self.entry.fingerprint.write(writer)?;
        self.entry.write(writer)?;
        let became = match self.became {
            Became::Carried => 0,
            Became::Ended(End::Fixed) => 1,
            Became::Ended(End::RuleChanged) => 2,
            Became::Ended(End::Left) => 3,
            Became::Ended(End::Gone) => 4,
            Became::Ended(End::RuleRemoved) => 5,
            Became::Moved => 6,
        };
        writer.write_all(&[became])
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        Key::read(reader)?;
        let entry = Entry::read(reader)?;
        let mut became = [0];
        reader.read_exact(&mut became)?;
        let became = match became {
            [0] => Became::Carried,
            [1] => Became::Ended(End::Fixed),
            [2] => Became::Ended(End::RuleChanged),
            [3] => Became::Ended(End::Left),
            [4] => Became::Ended(End::Gone),
            [5] => Became::Ended(End::RuleRemoved),
            [6] => Became::Moved,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        Ok(Self { entry, became })
    }
}
