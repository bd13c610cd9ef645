//! A waiver: a finding that somebody accepted until a day.

use std::ops::Range;

use strum::{Display, IntoStaticStr, VariantArray};

use super::term::Term;
use crate::record::OwnedValue;

/// Names the outcome that a waiver accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, IntoStaticStr, Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Covers {
    /// The rule is not met.
    #[default]
    Fail,
    /// The rule cannot be judged.
    Error,
}

/// Says what a waiver holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldsFor {
    /// What was seen in these fields, by name.
    Values(Vec<(String, OwnedValue)>),
    /// Evidence with this digest.
    Evidence(String),
    /// Whatever the record says.
    AnyValue,
}

/// Represents a finding that somebody accepted until a day: one rule, for customers that
/// are named.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// Its name, which no other has.
    pub id: String,
    /// The id of the policy.
    pub policy: String,
    /// The id of the rule within the policy.
    pub rule: String,
    /// The index of the rule among those of all policies; none, if it is not asked.
    pub rule_index: Option<usize>,
    /// The ids of the customers, as the export has them.
    pub customers: Vec<String>,
    /// The outcome that it accepts.
    pub covers: Covers,
    /// What it holds for.
    pub holds_for: HoldsFor,
    /// Why the finding is accepted.
    pub reason: String,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// Who asked for it.
    pub requested_by: String,
    /// Who accepted the finding.
    pub approved_by: String,
    /// The days between which it holds.
    pub term: Term,
    /// The index of its file, and the place of its id in it.
    pub place: (usize, Range<usize>),
}
