//! Where in its files a policy says what: warnings point at the value at fault.

use std::collections::HashMap;

use super::notice::Notice;
use crate::policy::requirement::TestId;
use crate::policy::rule::Location;
use crate::record::Slot;

/// Says where a test is asked.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Occurrence {
    pub(in crate::policy) test: TestId,
    /// The argument of the operator, or the bare value.
    pub(in crate::policy) argument: Location,
    /// The items of an argument that is a list.
    pub(in crate::policy) items: Vec<Location>,
}

/// Says where a rule says what.
#[derive(Debug, Clone)]
pub(in crate::policy) struct RulePlaces {
    pub(in crate::policy) severity: Location,
    /// In the order of the references.
    pub(in crate::policy) references: Vec<Location>,
    /// What absence leads to, if the rule or its check says so itself.
    pub(in crate::policy) on_absent: Option<Location>,
    /// What must hold, or the name of the shared check.
    pub(in crate::policy) require: Location,
    /// The tests of the rule and of its shared check.
    pub(in crate::policy) tests: Vec<Occurrence>,
}

/// Says where the files of a policy say what.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Places {
    /// By the id of the rule.
    pub(in crate::policy) rules: HashMap<String, RulePlaces>,
    /// The tests of the policy's own scope.
    pub(in crate::policy) scope: Vec<Occurrence>,
    /// The fields that are optional.
    pub(in crate::policy) optional: Vec<(Slot, Location)>,
    /// The tests that were read last, and are not yet known to be of a rule.
    pub(in crate::policy) read: Vec<Occurrence>,
    /// What was noticed while the files were read.
    pub(in crate::policy) notices: Vec<Notice>,
}

impl RulePlaces {
    /// Returns where a test is asked.
    pub(super) fn of(&self, test: TestId) -> Option<&Occurrence> {
        self.tests.iter().find(|occurrence| occurrence.test == test)
    }
}
