//! What rules over all records come to: outcomes, and findings with their evidence.

use std::io;

use super::entry::{Cell, Doubt, Found, GroupFacts, Location, MAX_LOCATIONS};
use super::error::Error;
use super::gathered::{Accumulator, AggregateRule};
use super::group::Verdicts;
use super::texts::Reader;
use super::total::Late;
use crate::external_sort::Sorted;
use crate::finding::redaction::redact;
use crate::finding::{
    AggregateSubject, Counts, Evidence, Finding, LateMark, Mark, Outcome, Privacy, Reason, Subject,
    Summary,
};
use crate::policy::Policies;
use crate::policy::aggregate::{Aggregate, Comparison, Percent, Summation};
use crate::record::time;
use crate::text::{count, grouped};
use crate::waiver::Waivers;

/// Returns what a rule that looks at sums comes to, and what was observed.
fn outcome_of_sums(
    rule: &AggregateRule<'_>,
    summation: &Summation,
    sum: &Accumulator,
    summary: &Summary,
) -> Option<(Outcome, String)> {
    let doubt = |sum: &Accumulator| match sum.doubt {
        Some(why) => Outcome::Error(why),
        None => Outcome::Fail(Reason::Violated),
    };
    Some(match summation {
        Summation::Records { least } => {
            let observed = count(sum.certain, "record", "records");
            if sum.certain >= *least {
                (Outcome::Pass, observed)
            } else if sum.certain + sum.doubtful >= *least {
                let more = grouped(sum.doubtful);
                (
                    doubt(sum),
                    format!("{observed}, and {more} that cannot be decided"),
                )
            } else {
                (Outcome::Fail(Reason::Violated), observed)
            }
        }
        Summation::PassRate { rule: id, least } => {
            let before = rule.index
                - rule
                    .policy
                    .rules
                    .iter()
                    .position(|other| std::ptr::eq(other, rule.rule))?;
            let counted = rule.policy.rules.iter().position(|other| other.id == *id)?;
            // Waiving findings of a rule changes nothing about its rate.
            pass_rate(summary.unwaived(before + counted), *least)
        }
        Summation::Newest { within, .. } => {
            let ahead = match sum.ahead {
                0 => String::new(),
                ahead => format!(
                    "; {} ahead of the audit",
                    count(ahead, "time lies", "times lie")
                ),
            };
            let unread = match sum.doubtful {
                0 => String::new(),
                unread => format!("; {} cannot be decided", count(unread, "record", "records")),
            };
            let newest = match sum.newest {
                Some(newest) => time::show(newest),
                None => "no time".to_owned(),
            };
            let observed = format!("{newest}{ahead}{unread}");
            match (sum.newest, sum.absent) {
                (Some(newest), _) if newest >= within.time => (Outcome::Pass, observed),
                _ if sum.doubtful > 0 => (doubt(sum), observed),
                (Some(_), _) => (Outcome::Fail(Reason::Violated), observed),
                _ if sum.ahead > 0 => (Outcome::Fail(Reason::Violated), observed),
                (None, Some(why)) => (Outcome::Fail(why), observed),
                (None, None) => (Outcome::NotApplicable, observed),
            }
        }
    })
}

fn pass_rate(counts: Counts, least: Percent) -> (Outcome, String) {
    let all = counts.pass + counts.findings();
    let errors = match counts.error {
        0 => String::new(),
        errors => format!(", {} undecided", grouped(errors)),
    };
    let rate = Percent::of(counts.pass, all);
    let (some, of) = (grouped(counts.pass), grouped(all));
    let observed = format!("{rate} pass ({some} of {of}{errors})");
    if all == 0 {
        (Outcome::NotApplicable, "it applies to no record".to_owned())
    } else if least.is_reached(counts.pass, all) {
        (Outcome::Pass, observed)
    } else if least.is_reached(counts.pass + counts.error, all) {
        (Outcome::Error(Reason::Unparsable), observed)
    } else {
        (Outcome::Fail(Reason::Violated), observed)
    }
}

fn outcome_of_group(doubt: Doubt) -> Outcome {
    match doubt.cause() {
        Some(cause) => Outcome::Error(cause.into()),
        None => Outcome::Fail(Reason::Violated),
    }
}

/// Gives what rules come to for each record: of several for one record and rule the first.
struct Cells {
    sorted: Sorted<Cell>,
    last: Option<(Location, u32)>,
}

impl Cells {
    fn new(sorted: Sorted<Cell>) -> Self {
        Self { sorted, last: None }
    }

    fn next(&mut self) -> Result<Option<Cell>, Error> {
        for cell in self.sorted.by_ref() {
            let cell = cell?;
            let place = Some((cell.location, cell.rule));
            if std::mem::replace(&mut self.last, place) != place {
                return Ok(Some(cell));
            }
        }
        Ok(None)
    }
}

/// Makes findings of what rules over all records come to, counts them and hands
/// them out.
pub(super) struct FindingMaker<'m, F> {
    pub(super) policies: &'m Policies,
    pub(super) exports: &'m [&'m str],
    pub(super) privacy: Privacy<'m>,
    pub(super) waivers: Option<&'m Waivers>,
    pub(super) summary: &'m mut Summary,
    pub(super) wants_marks: bool,
    pub(super) take: &'m mut F,
}

impl<F> FindingMaker<'_, F> {
    /// Hands out the findings about customers.
    pub(super) fn customers<E>(
        &mut self,
        rules: &[AggregateRule<'_>],
        verdicts: Verdicts,
        mut texts: Reader,
    ) -> Result<(), E>
    where
        E: From<Error>,
        F: FnMut(Late<'_>) -> Result<(), E>,
    {
        let mut cells = verdicts.cells.map(Cells::new);
        for found in verdicts.found {
            let found = found.map_err(Error::from)?;
            let Some(rule) = rules.get(found.rule as usize) else {
                continue;
            };
            let comparison = match rule.aggregate {
                Aggregate::Compared(comparison) => comparison,
                Aggregate::Summed(_) => continue,
            };
            let text = texts.text_at(found.text).map_err(Error::from)?;
            let values = self.policies.compared_by(found.rule as usize);
            let value = values.and_then(|(values, _)| text.value(values));
            let value = value.ok_or(io::ErrorKind::InvalidData);
            let value = value.map_err(|kind| Error::from(io::Error::from(kind)))?;
            let subject = AggregateSubject {
                evidence: vec![self.evidence(rule, comparison, &found, value)],
                raw: value.to_owned(),
                customer_id: text.id.clone(),
                customer_name: text.name.clone(),
            };
            let export = self.exports.get(found.location.export as usize).copied();
            let number = Some(found.location.record);
            let outcome = outcome_of_group(found.doubt);
            let mark = self.hand_out(rule, outcome, &subject, (export, number))?;
            if let Some(cells) = &mut cells {
                while let Some(cell) = cells.next()? {
                    if (cell.location, cell.rule) == (found.location, found.rule) {
                        self.mark(LateMark::Waiting(mark))?;
                        break;
                    }
                    self.mark(LateMark::Waiting(cell.mark().map_err(Error::from)?))?;
                }
            }
        }
        if let Some(cells) = &mut cells {
            while let Some(cell) = cells.next()? {
                self.mark(LateMark::Waiting(cell.mark().map_err(Error::from)?))?;
            }
        }
        Ok(())
    }

    fn mark<E>(&mut self, mark: LateMark) -> Result<(), E>
    where
        F: FnMut(Late<'_>) -> Result<(), E>,
    {
        (self.take)(Late::Mark(mark))
    }

    /// Counts what a rule comes to that looks at sums, and hands out the finding if
    /// it is one.
    pub(super) fn whole_export<E>(
        &mut self,
        rule: &AggregateRule<'_>,
        sum: &Accumulator,
    ) -> Result<(), E>
    where
        F: FnMut(Late<'_>) -> Result<(), E>,
    {
        let summation = match rule.aggregate {
            Aggregate::Summed(summation) => summation,
            Aggregate::Compared(_) => return Ok(()),
        };
        let Some((outcome, observed)) = outcome_of_sums(rule, summation, sum, self.summary) else {
            return Ok(());
        };
        let subject = AggregateSubject {
            customer_id: None,
            customer_name: None,
            raw: observed.clone(),
            evidence: vec![Evidence {
                field: self.looks_at(rule).into(),
                expected: rule.expected().into(),
                observed: observed.into(),
            }],
        };
        let export = match self.exports {
            [one] => Some(*one),
            _ => None,
        };
        let mark = self.hand_out(rule, outcome, &subject, (export, None))?;
        match self.wants_marks {
            true => self.mark(LateMark::OfAll(rule.index, mark)),
            false => Ok(()),
        }
    }

    /// Counts an outcome, and hands out the finding if it is one; returns its mark.
    fn hand_out<E>(
        &mut self,
        rule: &AggregateRule<'_>,
        outcome: Outcome,
        subject: &AggregateSubject,
        (export, number): (Option<&str>, Option<u64>),
    ) -> Result<Mark, E>
    where
        F: FnMut(Late<'_>) -> Result<(), E>,
    {
        self.summary.count_unlisted(rule.index, outcome, 1);
        let Some((status, reason)) = outcome.listed() else {
            return Ok(outcome.into());
        };
        let mut finding = Finding {
            subject: Subject::Aggregate(subject),
            number,
            export,
            policy: rule.policy,
            rule: rule.rule,
            rule_index: rule.index,
            severity: rule.rule.severity,
            status,
            reason,
            waiver: None,
            privacy: self.privacy,
        };
        if let Some(waivers) = self.waivers {
            finding.waive(waivers, &mut self.summary.waivers);
        }
        self.summary.count(&finding);
        (self.take)(Late::Finding(&finding))?;
        Ok(finding.status.into())
    }

    fn looks_at(&self, rule: &AggregateRule<'_>) -> String {
        rule.aggregate.looks_at(&self.policies.schema).to_owned()
    }

    fn evidence(
        &self,
        rule: &AggregateRule<'_>,
        comparison: &Comparison,
        found: &Found,
        value: &str,
    ) -> Evidence<'static> {
        let Found {
            location, group, ..
        } = found;
        let field = self.policies.schema.field(comparison.slot());
        let value = redact(field, value, self.privacy);
        let observed = match comparison {
            Comparison::Shared { .. } => {
                let customers = count(group.customers, "customer", "customers");
                format!(
                    "{value}, on {customers}: {}",
                    self.locations(*location, group)
                )
            }
            Comparison::Unique { .. } => {
                let same = if group.differ { "other" } else { "the same" };
                let locations = self.locations(*location, group);
                let records = count(group.records, "record", "records");
                format!("{value}, in {records}: {locations}, with {same} content")
            }
        };
        let observed = match found.doubt.cause() {
            Some(cause) => {
                let reason = Reason::from(cause).name();
                format!("{observed}; undecided ({reason}): where the rule applies")
            }
            None => observed,
        };
        Evidence {
            field: self.looks_at(rule).into(),
            expected: rule.expected().into(),
            observed: observed.into(),
        }
    }

    /// Returns the locations of the other records.
    fn locations(&self, own: Location, group: &GroupFacts) -> String {
        let known = usize::try_from(group.records)
            .map_or(MAX_LOCATIONS, |records| records.min(MAX_LOCATIONS));
        let others = group.locations[..known]
            .iter()
            .filter(|location| **location != own);
        let others: Vec<_> = others
            .take(MAX_LOCATIONS - 1)
            .map(
                |location| match self.exports.get(location.export as usize) {
                    Some(export) if location.export != own.export => {
                        format!("{export} record {}", location.record)
                    }
                    _ => format!("record {}", location.record),
                },
            )
            .collect();
        let more = group.records - 1 - others.len() as u64;
        let more = match more {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        format!("also {}{more}", others.join(", "))
    }
}
