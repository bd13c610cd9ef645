//! What findings, outcomes and records add up to: the only place that counts.

use std::ops::{AddAssign, Sub};

use serde::{Deserialize, Serialize};

use super::finding::{Finding, Subject};
use super::outcome::{Outcome, Status};
use super::privacy::Privacy;
use super::ranking::TopCustomers;
use super::redaction::redact;
use crate::policy::{Aggregate, Ask, Policies, Policy, Rule, Severity};
use crate::record::{Absent, Cell, Field, Record, Schema, UnknownKeys, Value};
use crate::text::short;
use crate::waiver::Uses;

/// Counts outcomes, in (record, rule) pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Counts {
    /// The rule is met.
    pub pass: u64,
    /// The rule is not met.
    pub fail: u64,
    /// The rule cannot be judged.
    pub error: u64,
    /// The rule does not apply.
    pub not_applicable: u64,
    /// The rule is not met, and somebody has accepted that until a day.
    pub waived: u64,
}

impl Counts {
    /// Returns how many outcomes are listed and not waived.
    pub fn findings(&self) -> u64 {
        self.fail + self.error
    }

    /// Returns how many outcomes are listed, waived ones among them.
    pub fn listed(&self) -> u64 {
        self.findings() + self.waived
    }

    /// Returns how many outcomes are of records, or of all of them together, to which
    /// the rule applies.
    pub fn judged(&self) -> u64 {
        self.pass + self.listed()
    }

    /// Counts an outcome that is listed.
    pub fn count(&mut self, status: Status) {
        match status {
            Status::Fail => self.fail += 1,
            Status::Error => self.error += 1,
            Status::Waived => self.waived += 1,
        }
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, part: Self) -> Self {
        Self {
            pass: self.pass - part.pass,
            fail: self.fail - part.fail,
            error: self.error - part.error,
            not_applicable: self.not_applicable - part.not_applicable,
            waived: self.waived - part.waived,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        let Self {
            pass,
            fail,
            error,
            not_applicable,
            waived,
        } = more;
        self.pass += pass;
        self.fail += fail;
        self.error += error;
        self.not_applicable += not_applicable;
        self.waived += waived;
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        let mut sum = Self::default();
        for counts in all {
            sum += counts;
        }
        sum
    }
}

/// Says how far a policy reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Records that it judges.
    pub in_scope: u64,
    /// Whether any of its rules applies to any of them.
    pub judged: bool,
}

/// Counts the records by what is in one of their fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Coverage {
    /// A value of the field's kind.
    pub value: u64,
    /// No such key.
    pub missing: u64,
    /// Null.
    pub null: u64,
    /// Blank text.
    pub empty: u64,
    /// Something that is not a value of the field's kind.
    pub bad: u64,
    /// A value, or null, in a spelling that is not the field's own: these are counted as
    /// values or null too.
    pub coerced: u64,
    /// What exporters write where there is no time, as `1970-01-01`: these are counted as
    /// null too.
    #[serde(default)]
    pub zero: u64,
}

impl Coverage {
    /// Counts what is in the field of a record; returns whether it is bad.
    #[inline(always)]
    fn count(&mut self, cell: &Cell<'_>) -> bool {
        self.coerced += u64::from(cell.coerced);
        match cell.value {
            Value::Absent(Absent::Missing) => self.missing += 1,
            Value::Absent(Absent::Null) => {
                self.null += 1;
                self.zero += u64::from(cell.zero);
            }
            Value::Absent(Absent::Empty) => self.empty += 1,
            Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) | Value::Networks(_)
                if cell.value.is_whole() =>
            {
                self.value += 1;
            }
            Value::Flag(_)
            | Value::Text
            | Value::Number
            | Value::Time(_)
            | Value::Networks(_)
            | Value::Bad(_) => {
                self.bad += 1;
                return true;
            }
        }
        false
    }

    /// Returns whether more records have something in the field that is not a value of its
    /// kind than have such a value.
    pub fn is_mostly_bad(&self) -> bool {
        self.bad > self.value
    }
}

impl AddAssign for Coverage {
    fn add_assign(&mut self, more: Self) {
        let Self {
            value,
            missing,
            null,
            empty,
            bad,
            coerced,
            zero,
        } = more;
        self.value += value;
        self.missing += missing;
        self.null += null;
        self.empty += empty;
        self.bad += bad;
        self.coerced += coerced;
        self.zero += zero;
    }
}

/// Counts records, outcomes and what is in fields, for a run or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Records that were met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Records that some policy judges.
    pub in_scope: u64,
    /// Records that each policy judges, in the order of the policies.
    pub in_scope_by_policy: Vec<u64>,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// Records of which it cannot be decided whether they are in some policy's scope:
    /// they are judged.
    pub scope_undecided: u64,
    /// Outcomes by rule, in the order of the policies.
    pub by_rule: Vec<Counts>,
    /// Those of them that are more severe than their rule, by rule.
    pub raised: Vec<Counts>,
    /// What is in the fields that are read, by slot.
    pub coverage: Vec<Coverage>,
    /// The first that is not a value of the field's kind, as far as it may be shown, by
    /// slot.
    pub bad_examples: Vec<Option<String>>,
    /// Keys that are no field.
    pub unknown_keys: UnknownKeys,
    /// The customers with the most severe findings.
    pub top_customers: TopCustomers,
    /// What findings made of waivers.
    pub waivers: Uses,
    /// Records that rules of a control judged, each once, by the control's index; of controls
    /// of which that is not what one rule counts.
    pub judged: Vec<u64>,
}

impl Summary {
    /// Returns a summary of no record, for these policies.
    pub fn new(policies: &Policies) -> Self {
        Self {
            in_scope_by_policy: vec![0; policies.all.len()],
            by_rule: vec![Counts::default(); policies.rules().count()],
            raised: vec![Counts::default(); policies.rules().count()],
            coverage: vec![Coverage::default(); policies.schema.wanted().len()],
            bad_examples: vec![None; policies.schema.wanted().len()],
            judged: vec![0; policies.controls.len()],
            ..Self::default()
        }
    }

    /// Counts a record that was read, before it is judged.
    pub fn count_record(&mut self, schema: &Schema, record: &Record<'_>, privacy: Privacy<'_>) {
        self.records += 1;
        let fields = self.coverage.iter_mut().zip(record.cells());
        for (slot, (coverage, cell)) in fields.enumerate() {
            if coverage.count(cell) {
                let example = &mut self.bad_examples[slot];
                example.get_or_insert_with(|| bad_example(&schema.wanted()[slot], cell, privacy));
            }
        }
    }

    /// Counts a record that could not be read.
    pub fn count_rejected(&mut self) {
        self.records += 1;
        self.rejected += 1;
    }

    /// Counts records that a rule of a control judges, by the index of the control: each
    /// record once.
    pub fn count_judged(&mut self, control: usize, records: u64) {
        self.judged[control] += records;
    }

    /// Returns how many records rules of a control judged, by its index; each is counted
    /// once.
    pub fn judged_by(&self, policies: &Policies, index: usize) -> u64 {
        let rules = policies.controls[index].rules.iter();
        let rules = rules.filter_map(|rule| rule.index);
        let is_shared = |rule| {
            let mut shared = policies.shared_controls(rule).iter();
            shared.any(|control| *control as usize == index)
        };
        match rules.clone().any(is_shared) {
            true => self.judged[index],
            false => {
                let of_records = |index: &usize| {
                    let mut rules = policies.rules();
                    rules
                        .nth(*index)
                        .is_some_and(|(_, rule)| rule.is_of_records())
                };
                let of_records = rules.filter(of_records);
                of_records.map(|rule| self.by_rule[rule].judged()).sum()
            }
        }
    }

    /// Counts customers who meet a rule that compares their values.
    pub fn count_passes(&mut self, rule_index: usize, records: u64) {
        self.by_rule[rule_index].pass += records;
    }

    /// Counts an outcome of so many records, unless it is listed: then each is counted by
    /// itself.
    #[inline]
    pub fn count_unlisted(&mut self, rule_index: usize, outcome: Outcome, records: u64) {
        let counts = &mut self.by_rule[rule_index];
        match outcome {
            Outcome::Pass => counts.pass += records,
            Outcome::NotApplicable => counts.not_applicable += records,
            Outcome::Fail(_) | Outcome::Error(_) => {}
        }
    }

    /// Counts an outcome that is listed. Whatever is listed is counted here, and
    /// nowhere else.
    pub fn count(&mut self, finding: &Finding<'_>) {
        self.by_rule[finding.rule_index].count(finding.status);
        if finding.severity != finding.rule.severity {
            self.raised[finding.rule_index].count(finding.status);
        }
        match (finding.subject, finding.status) {
            (Subject::Record(_), Status::Fail | Status::Error) => {
                self.top_customers.count(finding.severity);
            }
            // Somebody has accepted it.
            (Subject::Record(_), Status::Waived) => {}
            // Customers are ranked by the findings of their own records: those of
            // rules over all records are known only after the last record.
            (Subject::Aggregate(_), _) => {}
        }
    }

    /// Ranks the customer of a record all of whose findings have been counted.
    pub fn finish_record(&mut self, record: &Record<'_>, privacy: Privacy<'_>) {
        self.top_customers.finish_customer(record, privacy);
    }

    /// Returns whether something is in some field of some record.
    pub fn has_fields(&self) -> bool {
        self.coverage
            .iter()
            .any(|field| field.value + field.null + field.empty + field.bad > 0)
    }

    /// Returns the outcomes of a rule as they would be without waivers.
    pub fn unwaived(&self, rule_index: usize) -> Counts {
        let counts = self.by_rule[rule_index];
        let undecided = self.waivers.undecided(rule_index);
        Counts {
            fail: counts.fail + counts.waived - undecided,
            error: counts.error + undecided,
            waived: 0,
            ..counts
        }
    }

    /// Returns the outcomes of all rules.
    pub fn counts(&self) -> Counts {
        self.by_rule.iter().copied().sum()
    }

    /// Returns how far each policy reached that has rules.
    pub fn reach<'p>(&self, policies: &'p Policies) -> impl Iterator<Item = (&'p Policy, Reach)> {
        let mut by_rule = self.by_rule.iter();
        let all = policies.all.iter().zip(&self.in_scope_by_policy);
        all.filter_map(move |(policy, in_scope)| {
            let rules = policy.rules.iter().zip(by_rule.by_ref());
            // That there are records is no judgement of one, if other rules are to judge.
            let (mut judged, mut sums, mut has_others) = (0, 0, false);
            for (rule, counts) in rules {
                match &rule.ask {
                    Ask::Aggregate(Aggregate::Summed(_)) => sums += counts.judged(),
                    Ask::Record { .. } | Ask::Aggregate(Aggregate::Compared(_)) => {
                        has_others = true;
                        judged += counts.judged();
                    }
                }
            }
            let judged = if has_others { judged } else { sums };
            let reach = Reach {
                in_scope: *in_scope,
                judged: *in_scope > 0 && judged > 0,
            };
            (!policy.rules.is_empty()).then_some((policy, reach))
        })
    }

    /// Returns the outcomes of one severity: that of the rule or, of a finding, what it
    /// is raised to.
    pub fn counts_of(&self, policies: &Policies, severity: Severity) -> Counts {
        let counts = self.by_rule.iter().zip(&self.raised);
        let parts = policies.rules().zip(counts);
        let part = |((_, rule), (counts, raised)): ((_, &Rule), (&Counts, &Counts))| {
            if rule.severity == severity {
                *counts - *raised
            } else if rule
                .raise
                .as_ref()
                .is_some_and(|raise| raise.to == severity)
            {
                *raised
            } else {
                Counts::default()
            }
        };
        parts.map(part).sum()
    }
}

/// The most characters of an example of what cannot be read.
const MAX_EXAMPLE: usize = 64;

#[cold]
fn bad_example(field: &Field, cell: &Cell<'_>, privacy: Privacy<'_>) -> String {
    short(&redact(field, cell.seen, privacy), MAX_EXAMPLE).into_owned()
}

impl AddAssign<&Summary> for Summary {
    fn add_assign(&mut self, more: &Summary) {
        let Self {
            records,
            rejected,
            in_scope,
            in_scope_by_policy,
            protocol_lines,
            scope_undecided,
            by_rule,
            raised,
            coverage,
            bad_examples,
            unknown_keys,
            top_customers,
            waivers,
            judged,
        } = more;
        self.records += records;
        self.rejected += rejected;
        self.in_scope += in_scope;
        self.protocol_lines += protocol_lines;
        self.scope_undecided += scope_undecided;
        let policies = self.in_scope_by_policy.iter_mut();
        for (records, more) in policies.zip(in_scope_by_policy) {
            *records += *more;
        }
        for (counts, more) in self.by_rule.iter_mut().zip(by_rule) {
            *counts += *more;
        }
        for (counts, more) in self.raised.iter_mut().zip(raised) {
            *counts += *more;
        }
        for (coverage, more) in self.coverage.iter_mut().zip(coverage) {
            *coverage += *more;
        }
        for (example, later) in self.bad_examples.iter_mut().zip(bad_examples) {
            if example.is_none() {
                example.clone_from(later);
            }
        }
        self.unknown_keys.add(unknown_keys);
        self.top_customers.add(top_customers);
        self.waivers += waivers;
        for (judged, more) in self.judged.iter_mut().zip(judged) {
            *judged += *more;
        }
    }
}
