//! What became of the findings of the night before that are not there any more.

use std::io;

use super::breakdown::{Breakdown, by_rule};
use super::entry::{Entry, Key};
use super::error::Error;
use super::fate::{Became, Fate};
use super::part::Mark;
use super::relation::Now;
use super::sorted_file::SortedFile;
use super::sum::Sum;
use super::tonight::Tonight;
use crate::external_sort::Sorter;
use crate::finding::Counts;
use crate::report::{Doubt, End, Header, SinceCounts, SinceOfRule};

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

/// Holds what became of the earlier findings that are not there any more.
#[derive(Debug)]
pub struct Ends {
    pub(super) fates: SortedFile<Fate>,
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
                    let moves = mark.moves();
                    if moves.are_some() {
                        let became = Became::Moved(moves);
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

impl Ends {
    /// Returns the names of the findings that had an end, sorted.
    pub(super) fn ended(&self) -> io::Result<impl Iterator<Item = io::Result<Key>> + use<>> {
        let fates = self.fates.iter()?;
        Ok(fates.filter_map(|fate| match fate {
            Ok(fate) => match fate.became {
                Became::Ended(_) => Some(Ok(fate.entry.fingerprint)),
                Became::Carried | Became::Moved(_) => None,
            },
            Err(error) => Some(Err(error)),
        }))
    }
}
