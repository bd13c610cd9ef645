//! What any records of a run add up to, as plain data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::part::add_problem;
use crate::aggregate::Accumulators;
use crate::export::{Pages, Unread};
use crate::finding::Summary;
use crate::policy::Policies;

/// Holds what records of a run add up to, but for the values that rules compare: those are
/// as many as records. A run is such a sum of its chunks, and a run on many machines a sum
/// of theirs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Counts of records, outcomes, fields and keys, and the ranking.
    pub summary: Summary,
    /// The exports that the records are of, by their indexes among those of the run.
    pub exports: BTreeMap<usize, ExportTotals>,
    /// What the rules over all records add up.
    pub accumulators: Accumulators,
}

/// Adds up one export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportTotals {
    /// Records that were met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// The shape of the export, as far as it is known.
    pub shape: Cow<'static, str>,
    /// Records that have an id.
    pub with_id: u64,
    /// Why it was not read whole, or cannot be an export of customers.
    pub problems: Vec<Unread>,
    /// What wrappers say of the pages that it is made of.
    pub pages: Pages,
    /// Something is in some field of some record.
    pub(super) has_fields: bool,
}

impl Sum {
    /// Returns the sum of no record, for these policies.
    pub fn new(policies: &Policies) -> Self {
        Self {
            summary: Summary::new(policies),
            ..Self::default()
        }
    }

    /// Returns whether it counts the rules and fields of these policies.
    pub fn fits(&self, policies: &Policies) -> bool {
        let (own, other) = (&self.summary, Summary::new(policies));
        own.in_scope_by_policy.len() == other.in_scope_by_policy.len()
            && own.by_rule.len() == other.by_rule.len()
            && own.raised.len() == other.raised.len()
            && own.coverage.len() == other.coverage.len()
            && own.bad_examples.len() == other.bad_examples.len()
            && own.judged.len() == other.judged.len()
    }

    /// Adds what records add up to that come after.
    pub fn add(&mut self, more: Self) {
        let Self {
            summary,
            exports,
            accumulators,
        } = more;
        self.summary += &summary;
        for (index, more) in exports {
            self.exports.entry(index).or_default().add(more);
        }
        self.accumulators += &accumulators;
    }

    /// Returns how many records of an export there are, by its index.
    pub fn records_of(&self, export: usize) -> u64 {
        self.exports.get(&export).map_or(0, |export| export.records)
    }
}

impl ExportTotals {
    fn add(&mut self, more: Self) {
        let Self {
            records,
            rejected,
            shape,
            with_id,
            problems,
            pages,
            has_fields,
        } = more;
        self.records += records;
        self.rejected += rejected;
        self.shape = shape;
        self.with_id += with_id;
        for problem in problems {
            add_problem(&mut self.problems, problem);
        }
        self.pages.add(pages);
        self.has_fields |= has_fields;
    }

    /// Returns why it was not read whole, in words; nothing, if it was.
    pub fn problem(&self) -> Option<String> {
        let problems: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    /// An export of which no record has any field is hardly one of customers.
    pub(super) fn doubt(&mut self) {
        if self.records > self.rejected && !self.has_fields && self.problems.is_empty() {
            self.problems.push(Unread::NoFields);
        }
    }
}
