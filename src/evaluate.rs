//! Rules against records: no files, no clock, no printing.

use crate::finding::{Outcome, Reason, Summary};
use crate::policy::{Cause, OnAbsent, Policies, Requirement, Rule, TestId, Truth};
use crate::record::Record;

/// Judges records one after another by the same policies.
#[derive(Debug)]
pub struct Judge<'p> {
    policies: &'p Policies,
    /// What each test said of the record of this turn.
    answers: Vec<(u32, Truth)>,
    turn: u32,
}

impl<'p> Judge<'p> {
    /// A judge by these policies.
    pub fn new(policies: &'p Policies) -> Self {
        Self {
            policies,
            answers: vec![(0, Truth::True); policies.tests.len()],
            turn: 0,
        }
    }

    /// Counts what every rule makes of the record, and hands out the places and
    /// outcomes of those that are findings, in the order of the rules.
    pub fn judge(
        &mut self,
        record: &Record<'_>,
        summary: &mut Summary,
        mut found: impl FnMut(usize, Outcome),
    ) {
        self.turn = self.next_turn();
        summary.count_record(record);
        let mut place = 0;
        let mut in_scope = false;
        for policy in &self.policies.all {
            let scope = policy.scope.as_ref();
            if scope.is_some_and(|scope| self.holds(scope, record) == Truth::False) {
                place += policy.rules.len();
                continue;
            }
            in_scope = true;
            for rule in &policy.rules {
                let outcome = self.outcome(rule, record);
                summary.by_rule[place].count(outcome);
                if outcome.reason().is_some() {
                    found(place, outcome);
                }
                place += 1;
            }
        }
        summary.in_scope += u64::from(in_scope);
    }

    fn next_turn(&mut self) -> u32 {
        self.turn.checked_add(1).unwrap_or_else(|| {
            self.answers.fill((0, Truth::True));
            1
        })
    }

    fn outcome(&mut self, rule: &Rule, record: &Record<'_>) -> Outcome {
        let when = match &rule.when {
            Some(when) => self.holds(when, record),
            None => Truth::True,
        };
        if when == Truth::False {
            return Outcome::NotApplicable;
        }
        match (when, self.holds(&rule.require, record)) {
            (_, Truth::True) | (Truth::False, _) => Outcome::Pass,
            (Truth::Undecided(cause), _) => Outcome::Error(cause.into()),
            (Truth::True, Truth::False) => Outcome::Fail(Reason::Violated),
            (Truth::True, Truth::Undecided(cause @ Cause::Bad(_))) => Outcome::Error(cause.into()),
            (Truth::True, Truth::Undecided(cause @ Cause::Absent(_))) => {
                absent(rule.on_absent, cause.into())
            }
        }
    }

    fn holds(&mut self, requirement: &Requirement, record: &Record<'_>) -> Truth {
        requirement.holds(&mut |id| self.answer(id, record))
    }

    fn answer(&mut self, id: TestId, record: &Record<'_>) -> Truth {
        let (turn, truth) = self.answers[id.index()];
        if turn == self.turn {
            return truth;
        }
        match self.policies.together(id) {
            Some(set) => {
                let all_hold = set.all_hold(record);
                for id in &set.tests {
                    self.settle(*id, record, all_hold.then_some(Truth::True));
                }
            }
            None => self.settle(id, record, None),
        }
        self.answers[id.index()].1
    }

    fn settle(&mut self, id: TestId, record: &Record<'_>, known: Option<Truth>) {
        let truth = known.unwrap_or_else(|| self.policies.test(id).holds(record));
        self.answers[id.index()] = (self.turn, truth);
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
