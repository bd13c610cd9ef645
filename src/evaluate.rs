//! Rules against records: no files, no clock, no printing.

use crate::finding::{Outcome, Reason, Summary};
use crate::policy::{Answers, Cause, Known, OnAbsent, Policies, Rule, Truth};
use crate::record::Record;

/// Judges records one after another by the same policies.
#[derive(Debug)]
pub struct Judge<'p> {
    policies: &'p Policies,
    known: Vec<Known>,
}

impl<'p> Judge<'p> {
    /// A judge by these policies.
    pub fn new(policies: &'p Policies) -> Self {
        Self {
            policies,
            known: vec![Known::default(); policies.tests.len()],
        }
    }

    /// Counts what every rule makes of the record, and hands out the places and
    /// outcomes of those that are findings, in the order of the rules.
    pub fn judge(
        &self,
        record: &Record<'_>,
        summary: &mut Summary,
        mut found: impl FnMut(usize, Outcome, &Answers<'_>),
    ) {
        summary.count_record(record);
        let answers = Answers::new(self.policies, record, &self.known);
        let mut place = 0;
        let mut in_scope = false;
        for policy in &self.policies.all {
            let scope = policy.scope.as_ref();
            if scope.is_some_and(|scope| answers.holds(scope) == Truth::False) {
                place += policy.rules.len();
                continue;
            }
            in_scope = true;
            for rule in &policy.rules {
                let outcome = outcome(rule, &answers);
                summary.by_rule[place].count(outcome);
                if outcome.reason().is_some() {
                    found(place, outcome, &answers);
                }
                place += 1;
            }
        }
        summary.in_scope += u64::from(in_scope);
    }
}

fn outcome(rule: &Rule, answers: &Answers<'_>) -> Outcome {
    let when = match &rule.when {
        Some(when) => answers.holds(when),
        None => Truth::True,
    };
    if when == Truth::False {
        return Outcome::NotApplicable;
    }
    match (when, answers.holds(&rule.require)) {
        (_, Truth::True) | (Truth::False, _) => Outcome::Pass,
        (Truth::Undecided(cause), _) => Outcome::Error(cause.into()),
        (Truth::True, Truth::False) => Outcome::Fail(Reason::Violated),
        (Truth::True, Truth::Undecided(cause @ Cause::Bad(_))) => Outcome::Error(cause.into()),
        (Truth::True, Truth::Undecided(cause @ Cause::Absent(_))) => {
            absent(rule.on_absent, cause.into())
        }
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
