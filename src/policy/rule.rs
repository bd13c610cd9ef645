//! Rules: what must hold, for which records, and how severe it is if it does not.

use std::ops::Range;

use strum::{EnumCount, VariantArray};

use super::aggregate::Aggregate;
use super::check::Check;
use super::reference::Reference;
use super::requirement::Requirement;
use super::truth::{Cause, Truth};
use super::words::{Alternatives, Phrase};
use crate::record::{Record, Schema, Slot};

/// Ranks how severe it is that a rule is not met, from the least to the most.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::VariantArray,
    strum::EnumCount,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::Display,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Severity {
    /// For the reviewer to know.
    Info,
    /// Hygiene, drift.
    Low,
    /// A weakened control, nobody accountable, a risk of lock-out.
    Medium,
    /// A numbered requirement plainly missed.
    High,
    /// An outsider can take the account over with one stolen password.
    Critical,
}

impl Severity {
    /// Lists every severity, the least severe first.
    pub const ALL: [Severity; Severity::COUNT] = Severity::VARIANTS.as_chunks().0[0];

    /// Returns the word for it in policies and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Says what a rule makes of a record in which the fields that it needs are
/// absent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum OnAbsent {
    /// The rule is not met.
    #[default]
    Fail,
    /// The rule cannot be judged.
    Error,
    /// The rule is met.
    Pass,
    /// The rule does not apply.
    NotApplicable,
}

impl OnAbsent {
    /// Returns the word for it in policies.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Says what a `when` comes to that is undecided by absence alone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum WhenAbsent {
    /// It stays undecided.
    #[default]
    Error,
    /// The rule applies.
    Apply,
    /// The rule does not apply.
    Skip,
}

impl WhenAbsent {
    /// Returns the word for it in policies.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what a `when` comes to.
    #[inline(always)]
    pub fn settle(self, when: Truth) -> Truth {
        match (when, self) {
            (Truth::Undecided(Cause::Absent(_)), WhenAbsent::Apply) => Truth::True,
            (Truth::Undecided(Cause::Absent(_)), WhenAbsent::Skip) => Truth::False,
            (Truth::True | Truth::False | Truth::Undecided(_), _) => when,
        }
    }
}

/// Says for which records a rule is more severe.
#[derive(Debug, Clone)]
pub struct Raise {
    /// The severity where `when` holds, or cannot be decided.
    pub to: Severity,
    /// The records.
    pub when: Requirement,
}

/// Says what must hold, for which records, and how severe it is if it does not.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name within the policy.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// How severe it is that the rule is not met.
    pub severity: Severity,
    /// The records of which it is more severe, if there are any.
    pub raise: Option<Raise>,
    /// The scope of the policy that says so, if another extends it: the rule does not apply
    /// beyond it. One that cannot be decided counts as in scope.
    pub scope: Option<Requirement>,
    /// The records to which the rule applies; all, if there is none.
    pub when: Option<Requirement>,
    /// What a `when` comes to that is undecided by absence alone.
    pub when_absent: WhenAbsent,
    /// What must hold.
    pub ask: Ask,
    /// Why it matters.
    pub rationale: String,
    /// How to fix what does not meet it.
    pub remediation: String,
    /// The controls that it is evidence for.
    pub references: Vec<Reference>,
    /// Names by which several rules are picked at once.
    pub tags: Vec<String>,
    /// What is expected, in the author's words, instead of those of the operators.
    pub expected: Option<String>,
    /// Whether its findings may be accepted for a while.
    pub waivable: bool,
    /// The name of the shared check that it asks, if it asks one.
    pub check: Option<String>,
    /// Why what is absent passes, if it does.
    pub because: String,
    /// The file that requires it, and where in it.
    pub location: Location,
    /// What would do where its `when` has alternatives, in the order of the policy.
    pub when_alternatives: Vec<Alternatives>,
    /// What would do where that which it requires has alternatives.
    pub require_alternatives: Vec<Alternatives>,
}

/// Points at a place in the file of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path of the file, as reports write it.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The place in bytes of the text, which has no byte order mark.
    pub span: Range<usize>,
}

/// Holds what a rule asks.
#[derive(Debug, Clone)]
pub enum Ask {
    /// A question about each record alone.
    Record {
        /// What must hold.
        require: Requirement,
        /// What absent fields lead to.
        on_absent: OnAbsent,
    },
    /// A question about all records together.
    Aggregate(Aggregate),
}

impl Rule {
    /// Returns whether it asks something of each record alone.
    pub fn is_of_records(&self) -> bool {
        matches!(self.ask, Ask::Record { .. })
    }
}

/// Asks one operator of one field.
#[derive(Debug, Clone)]
pub struct Test {
    /// The field.
    pub slot: Slot,
    /// The operator, with its argument.
    pub check: Check,
    /// What is expected, in words, and what breaks it.
    phrases: [Phrase; 2],
}

impl Test {
    pub(super) fn new(slot: Slot, check: Check, schema: &Schema) -> Self {
        Self {
            slot,
            phrases: [true, false].map(|holds| check.phrase(slot, schema, holds)),
            check,
        }
    }

    /// Describes what is expected, or what breaks the test if it is not to hold.
    pub fn phrase(&self, holds: bool) -> &Phrase {
        let [expected, unexpected] = &self.phrases;
        if holds { expected } else { unexpected }
    }

    /// Returns whether it holds for a record.
    #[inline(always)]
    pub(super) fn holds(&self, record: &Record<'_>) -> Truth {
        self.check.holds(self.slot, record)
    }
}
