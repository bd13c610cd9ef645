//! The keys of a file of waivers. A table, and the only one: the reader and the JSON
//! Schema both ask it.

use strum::{EnumMessage, IntoStaticStr, VariantArray};

use crate::toml_keys::{Keys, Shape};

/// Lists the tables of a file of waivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum RootKey {
    /// Findings that somebody accepted until a day.
    Waiver,
}

impl RootKey {
    /// Returns what the table is for, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

/// Lists the keys of `[[waiver]]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum WaiverKey {
    /// The name of the waiver, which no other has; reports name it.
    Id,
    /// The id of the policy.
    Policy,
    /// The id of the rule within the policy.
    Rule,
    /// The id of the customer, as the export has it.
    Customer,
    /// The ids of several customers, instead of `customer`.
    Customers,
    /// The outcome that is accepted: a rule that is not met or, by `error`, one that cannot be decided.
    Outcome,
    /// What was seen in each field of the evidence: the waiver holds while the record says so.
    Value,
    /// The digest of the evidence, as reports have it, instead of `value`.
    Evidence,
    /// The waiver holds whatever the record says, instead of `value`.
    AnyValue,
    /// Why the finding is accepted.
    Reason,
    /// Where it is tracked.
    Ticket,
    /// Who asked for it.
    RequestedBy,
    /// Who accepted the finding: another person than who asked.
    ApprovedBy,
    /// The day on which it was accepted.
    Approved,
    /// The first day on which the waiver does not hold any more, from 00:00 UTC on.
    Expires,
}

impl WaiverKey {
    /// Lists the keys of which a waiver has one: what it holds for.
    pub const HOLDS_FOR: [Self; 3] = [Self::Value, Self::Evidence, Self::AnyValue];

    /// Lists the keys of which a waiver has one: whom it is about.
    pub const ABOUT: [Self; 2] = [Self::Customer, Self::Customers];
}

impl Keys for WaiverKey {
    /// Beside these a waiver needs whom it is about, and what it holds for.
    const REQUIRED: &'static [Self] = &[
        Self::Id,
        Self::Policy,
        Self::Rule,
        Self::Reason,
        Self::RequestedBy,
        Self::ApprovedBy,
        Self::Approved,
        Self::Expires,
    ];

    fn shape(self) -> Shape {
        match self {
            Self::Id | Self::Policy | Self::Rule | Self::Customer => Shape::Text,
            Self::Reason | Self::Ticket | Self::RequestedBy | Self::ApprovedBy => Shape::Text,
            Self::Customers => Shape::Texts,
            Self::Outcome => Shape::Covers,
            Self::Value => Shape::Values,
            Self::Evidence => Shape::Digest,
            Self::AnyValue => Shape::True,
            Self::Approved | Self::Expires => Shape::Day,
        }
    }
}

/// Lists the keys of a value that is none of its field's kind: it has one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumMessage)]
#[strum(serialize_all = "kebab-case")]
pub enum ValueKey {
    /// The field is absent: `missing`, `null` or `empty`.
    Absent,
    /// What is in the field cannot be read: just what is there.
    Unreadable,
}

impl Keys for ValueKey {
    const REQUIRED: &'static [Self] = &[];

    fn shape(self) -> Shape {
        match self {
            Self::Absent => Shape::Absent,
            Self::Unreadable => Shape::Text,
        }
    }
}
