//! What each test says of one record.

use super::check::Check;
use super::pattern::LooserPatterns;
use super::policies::Policies;
use super::requirement::{Requirement, TestId};
use super::rule::{Rule, Severity, Test};
use super::truth::Truth;
use crate::record::{Record, Slot, Value};

/// Holds the `not-matches` tests of a field, when there are several: text in
/// which none of the patterns can be found, which is the usual case, is gone
/// over once.
#[derive(Debug, Clone)]
pub(super) struct Forbidden {
    slot: Slot,
    looser: LooserPatterns,
    pub(super) tests: Vec<TestId>,
}

impl Forbidden {
    pub(super) fn new(slot: Slot, tests: &[Test]) -> Option<Self> {
        let (ids, patterns): (Vec<_>, Vec<_>) = tests
            .iter()
            .enumerate()
            .filter_map(|(index, test)| {
                if let Check::NotMatches(pattern) = &test.check
                    && test.slot == slot
                {
                    return Some((TestId(index), pattern));
                }
                None
            })
            .unzip();
        if ids.len() < 2 {
            return None;
        }
        // Patterns that are too big together are looked for one by one.
        let looser = LooserPatterns::new(patterns.into_iter())?;
        Some(Self {
            slot,
            looser,
            tests: ids,
        })
    }

    /// Returns whether all of the tests are known to hold.
    fn all_hold(&self, record: &Record<'_>) -> bool {
        let cell = record.cell(self.slot);
        cell.value == Value::Text && !self.looser.may_match(cell.seen)
    }
}

/// Holds what each test says of one record: asked once, however many rules
/// share it.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    policies: &'a Policies,
    record: &'a Record<'a>,
    truths: &'a [Truth],
}

impl<'a> Answers<'a> {
    /// Asks all tests about a record. The answers are kept in `truths`; what it
    /// held before is forgotten.
    pub fn ask(policies: &'a Policies, record: &'a Record<'a>, truths: &'a mut Vec<Truth>) -> Self {
        truths.resize(policies.tests.len(), Truth::True);
        for (truth, test) in truths.iter_mut().zip(&policies.tests) {
            if !test.joined {
                *truth = test.holds(record);
            }
        }
        for set in policies.forbidden() {
            let all_hold = set.all_hold(record);
            for id in &set.tests {
                truths[id.index()] = match all_hold {
                    true => Truth::True,
                    false => policies.test(*id).holds(record),
                };
            }
        }
        Self {
            policies,
            record,
            truths,
        }
    }

    /// Returns the policies whose tests are asked.
    pub fn policies(&self) -> &'a Policies {
        self.policies
    }

    /// Returns the record that they are asked about.
    pub fn record(&self) -> &'a Record<'a> {
        self.record
    }

    /// Returns whether a requirement holds.
    #[inline(always)]
    pub fn holds(&self, requirement: &Requirement) -> Truth {
        match requirement {
            // Nearly all are but one field's tests, and hold.
            Requirement::Field { tests, .. } => match tests[..] {
                [test] => self.test(test),
                _ if tests.iter().all(|test| self.test(*test) == Truth::True) => Truth::True,
                _ => requirement.holds(&|id| self.test(id)),
            },
            Requirement::All(_)
            | Requirement::Any(_)
            | Requirement::Some { .. }
            | Requirement::Not(_) => requirement.holds(&|id| self.test(id)),
        }
    }

    /// Returns whether a rule applies: where its record is not out of the scope of the rule,
    /// and as its `when` says.
    #[inline(always)]
    pub fn applies(&self, rule: &Rule) -> Truth {
        if let Some(scope) = &rule.scope
            && self.holds(scope) == Truth::False
        {
            return Truth::False;
        }
        match &rule.when {
            Some(when) => rule.when_absent.settle(self.holds(when)),
            None => Truth::True,
        }
    }

    /// Returns how severe a finding of a rule is.
    pub fn severity(&self, rule: &Rule) -> Severity {
        match &rule.raise {
            Some(raise) if self.holds(&raise.when) != Truth::False => raise.to,
            Some(_) | None => rule.severity,
        }
    }

    /// Returns whether a test holds.
    #[inline(always)]
    pub fn test(&self, id: TestId) -> Truth {
        self.truths[id.index()]
    }
}
