//! What each test says of one record.

use super::policies::Policies;
use super::requirement::{Requirement, TestId};
use super::rule::{Rule, Severity};
use super::states::States;
use super::truth::Truth;
use crate::record::Record;

/// Says what each test says of one record.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    policies: &'a Policies,
    record: &'a Record<'a>,
    /// The states of the record, in which the tests need not be asked.
    states: Option<&'a States>,
}

impl<'a> Answers<'a> {
    /// Returns what the tests say of a record: each is asked when somebody wants to know.
    pub fn new(policies: &'a Policies, record: &'a Record<'a>) -> Self {
        Self {
            policies,
            record,
            states: None,
        }
    }

    /// Returns the same of a record whose states are known.
    pub fn in_states(policies: &'a Policies, record: &'a Record<'a>, states: &'a States) -> Self {
        Self {
            policies,
            record,
            states: Some(states),
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
        let known = self.states;
        let known = known.and_then(|states| states.truth(self.policies.plan(), id));
        known.unwrap_or_else(|| self.policies.test(id).holds(self.record))
    }
}
