//! Rules against records: no files, no clock, no printing.

use crate::aggregate::Partial;
use crate::finding::{Outcome, Reason, Summary};
use crate::policy::{Answers, Ask, Cause, OnAbsent, Policies, Requirement, Rule, Truth};
use crate::record::Record;

/// Judges records one after another by the same policies.
#[derive(Debug)]
pub struct Judge<'p> {
    policies: &'p Policies,
    /// For each policy, how many rules over the whole export are before its
    /// own.
    aggregates: Vec<usize>,
    /// Room for what the tests say.
    truths: Vec<Truth>,
}

impl<'p> Judge<'p> {
    /// A judge by these policies.
    pub fn new(policies: &'p Policies) -> Self {
        let mut aggregates = 0;
        let before = policies.all.iter().map(|policy| {
            let before = aggregates;
            aggregates += policy
                .rules
                .iter()
                .filter(|rule| !rule.is_of_records())
                .count();
            before
        });
        Self {
            aggregates: before.collect(),
            policies,
            truths: Vec::new(),
        }
    }

    /// Counts what every rule makes of the record, and hands out the places and
    /// outcomes of those that are findings, in the order of the rules; what
    /// rules over the whole export ask is gathered.
    pub fn judge(
        &mut self,
        record: &Record<'_>,
        summary: &mut Summary,
        partial: &mut Partial,
        mut found: impl FnMut(usize, Outcome, &Answers<'_>),
    ) {
        summary.count_record(record);
        let policies = self.policies;
        let judges = |policy| policies.judges(policy, record);
        // Nobody asks about a record that is out of every scope.
        let Some(first) = policies.all.iter().position(judges) else {
            return;
        };
        summary.in_scope += 1;
        let answers = Answers::ask(policies, record, &mut self.truths);
        let mut place = 0;
        for (number, policy) in policies.all.iter().enumerate() {
            let rules = place..place + policy.rules.len();
            place = rules.end;
            if number < first || number > first && !judges(policy) {
                continue;
            }
            let record = summary.records;
            let counts = &mut summary.by_rule[rules.clone()];
            let mut aggregates = self.aggregates[number];
            for ((place, rule), counts) in rules.zip(&policy.rules).zip(counts) {
                let outcome = match &rule.ask {
                    Ask::Record { require, on_absent } => {
                        outcome(rule, require, *on_absent, answers)
                    }
                    Ask::Aggregate(aggregate) => {
                        let when = applies(rule, answers);
                        aggregates += 1;
                        let gathered =
                            partial.gather((aggregates - 1, aggregate), when, &answers, record);
                        match gathered {
                            Some(outcome) => outcome,
                            None => continue,
                        }
                    }
                };
                counts.count(outcome);
                if outcome.reason().is_some() {
                    found(place, outcome, &answers);
                }
            }
        }
    }
}

#[inline(always)]
fn outcome(
    rule: &Rule,
    require: &Requirement,
    on_absent: OnAbsent,
    answers: Answers<'_>,
) -> Outcome {
    let when = applies(rule, answers);
    if when == Truth::False {
        return Outcome::NotApplicable;
    }
    match answers.holds(require) {
        Truth::True => Outcome::Pass,
        require => unmet(on_absent, when, require),
    }
}

#[inline(always)]
fn applies(rule: &Rule, answers: Answers<'_>) -> Truth {
    match &rule.when {
        Some(when) => answers.holds(when),
        None => Truth::True,
    }
}

/// What a rule comes to that applies, or may, and is not met for certain.
#[inline(never)]
fn unmet(on_absent: OnAbsent, when: Truth, require: Truth) -> Outcome {
    match (when, require) {
        (Truth::Undecided(cause), _) => Outcome::Error(cause.into()),
        (_, Truth::False | Truth::True) => Outcome::Fail(Reason::Violated),
        (_, Truth::Undecided(cause @ Cause::Bad(_))) => Outcome::Error(cause.into()),
        (_, Truth::Undecided(cause @ Cause::Absent(_))) => absent(on_absent, cause.into()),
    }
}

fn absent(on_absent: OnAbsent, reason: Reason) -> Outcome {
    match on_absent {
        OnAbsent::Fail => Outcome::Fail(reason),
        OnAbsent::Error => Outcome::Error(reason),
        OnAbsent::Pass => Outcome::Pass,
        OnAbsent::NotApplicable => Outcome::NotApplicable,
    }
}
