//! Which rules over all records compare the same values.

use super::aggregate::{Aggregate, Comparison};
use super::policies::Policy;
use super::rule::Ask;
use crate::record::Slot;

/// Represents the values of a field that rules over all records compare: they are kept once
/// for all of these rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparedValues {
    /// The field.
    pub slot: Slot,
    /// Values that differ in case alone, or in blanks around them, are one.
    pub ignore_case: bool,
    /// Some rule asks whether records say the same.
    pub has_content: bool,
    /// The rules, by their indexes among those over all records.
    pub rules: Vec<usize>,
}

/// The most rules that share values: how each regards a record is kept in a number.
pub const MAX_RULES: usize = 20;

/// Holds what rules over all records compare.
#[derive(Debug, Clone, Default)]
pub(super) struct AllCompared {
    /// The values, each once.
    pub(super) values: Vec<ComparedValues>,
    /// Of each rule over all records the index of its values, and its own among their rules.
    pub(super) places: Vec<Option<(usize, usize)>>,
}

impl AllCompared {
    pub(super) fn of(policies: &[Policy]) -> Self {
        let mut compared = Self::default();
        let rules = policies.iter().flat_map(|policy| &policy.rules);
        let aggregates = rules.filter_map(|rule| match &rule.ask {
            Ask::Aggregate(aggregate) => Some(aggregate),
            Ask::Record { .. } => None,
        });
        for (number, aggregate) in aggregates.enumerate() {
            let place = match aggregate {
                Aggregate::Compared(comparison) => Some(compared.add(number, comparison)),
                Aggregate::Summed(_) => None,
            };
            compared.places.push(place);
        }
        compared
    }

    fn add(&mut self, number: usize, comparison: &Comparison) -> (usize, usize) {
        let (ignore_case, has_content) = match comparison {
            Comparison::Unique { ignore_case, .. } => (*ignore_case, true),
            Comparison::Shared { ignore_case, .. } => (*ignore_case, false),
        };
        let slot = comparison.slot();
        let is_same = |values: &ComparedValues| {
            let has_room = values.rules.len() < MAX_RULES;
            (values.slot, values.ignore_case) == (slot, ignore_case) && has_room
        };
        let index = match self.values.iter().position(is_same) {
            Some(index) => index,
            None => {
                self.values.push(ComparedValues {
                    slot,
                    ignore_case,
                    has_content: false,
                    rules: Vec::new(),
                });
                self.values.len() - 1
            }
        };
        let values = &mut self.values[index];
        values.has_content |= has_content;
        values.rules.push(number);
        (index, values.rules.len() - 1)
    }
}
