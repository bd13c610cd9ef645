//! The fields and the tests that the policies of a run share.

use std::collections::HashMap;

use crate::policy::check::Check;
use crate::policy::pattern::Pattern;
use crate::policy::requirement::TestId;
use crate::policy::rule::Test;
use crate::record::{Schema, Slot};

/// Holds the fields that policies read and the tests that they ask: each once,
/// however many rules need it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    pub(super) schema: Schema,
    pub(super) tests: Vec<Test>,
    /// The ids of the tests by field, operator and argument.
    ids: HashMap<String, TestId>,
    /// Patterns by their text: several fields are asked the same.
    pub(super) patterns: HashMap<String, Pattern>,
}

impl Pool {
    /// Returns the id of a test; equal tests have one.
    pub(super) fn test(&mut self, slot: Slot, operator: &str, check: Check) -> TestId {
        let Self {
            schema, tests, ids, ..
        } = self;
        *ids.entry(format!("{slot:?} {operator} {check:?}"))
            .or_insert_with(|| {
                tests.push(Test::new(slot, check, schema));
                TestId(tests.len() - 1)
            })
    }
}
