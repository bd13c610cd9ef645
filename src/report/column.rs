//! The columns of tables of findings, in every format that has such a table.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::model::header::{Policy, Rule};
use super::model::row::FindingRow;
use crate::finding::Evidence;
use crate::record::time;

/// Names a column of a table of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum Column {
    /// The policy's id.
    Policy,
    /// The rule's id.
    Rule,
    /// How severe it is.
    Severity,
    /// `fail`, `error` or `waived`.
    Status,
    /// Why the outcome is listed.
    Reason,
    /// The customer's id.
    CustomerId,
    /// The customer's name.
    CustomerName,
    /// The fields of the checks that were not met.
    Field,
    /// What would have met them.
    Expected,
    /// What was observed.
    Observed,
    /// The rule's title.
    Title,
    /// What to do about it.
    Remediation,
    /// The controls that the rule is evidence for.
    References,
    /// The finding's name, the same every night.
    Fingerprint,
    /// The export's name.
    Export,
    /// The number of the record in the export, from 1.
    Record,
    /// The id of the waiver that accepts it.
    Waiver,
    /// The first day on which that does not hold any more.
    WaiverExpires,
    /// How it relates to the night before: `new`, `changed` or `open`.
    Since,
    /// Why it is new, or open on a first night.
    Because,
    /// The first night of its life.
    FirstSeen,
    /// The instant from which on it is overdue.
    Due,
}

/// Holds what a cell holds.
pub(super) enum Content<'c> {
    /// This text.
    Text(Cow<'c, str>),
    /// These letters, digits and hyphens, of the program's own.
    Word(&'c str),
    /// The number of the finding's record.
    RecordNumber,
}

impl Column {
    /// Lists every column, in the usual order.
    pub const ALL: &'static [Column] = Self::VARIANTS;

    /// Lists the columns of a table for which none are chosen.
    pub const USUAL: &'static [Column] = Self::VARIANTS.split_at(Self::Record as usize + 1).0;

    /// Returns whether the column is blank in every row of a run that is compared with no
    /// night before.
    pub fn is_of_nights(self) -> bool {
        match self {
            Column::Since | Column::Because | Column::FirstSeen | Column::Due => true,
            Column::Policy
            | Column::Rule
            | Column::Severity
            | Column::Status
            | Column::Reason
            | Column::CustomerId
            | Column::CustomerName
            | Column::Field
            | Column::Expected
            | Column::Observed
            | Column::Title
            | Column::Remediation
            | Column::References
            | Column::Fingerprint
            | Column::Export
            | Column::Record
            | Column::Waiver
            | Column::WaiverExpires => false,
        }
    }

    /// Returns the column's name, as it is in the header.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the column of this name.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns what the column holds for every finding of a rule, if that is
    /// always the same.
    pub(super) fn of_rule(self, policy: &Policy, rule: &Rule) -> Option<String> {
        match self {
            Column::Policy => Some(policy.id.clone()),
            Column::Rule => Some(rule.id.clone()),
            Column::Title => Some(rule.title.clone()),
            Column::Remediation => Some(rule.remediation.clone()),
            Column::References => Some(rule.references.join("; ")),
            Column::Severity
            | Column::Status
            | Column::Reason
            | Column::CustomerId
            | Column::CustomerName
            | Column::Field
            | Column::Expected
            | Column::Observed
            | Column::Fingerprint
            | Column::Export
            | Column::Record
            | Column::Waiver
            | Column::WaiverExpires
            | Column::Since
            | Column::Because
            | Column::FirstSeen
            | Column::Due => None,
        }
    }

    /// Returns what the column holds for one finding; nothing, where that is the
    /// same for every finding of its rule.
    pub(super) fn of_row<'f>(self, row: &'f FindingRow<'_>) -> Content<'f> {
        let or_blank = |text: &'f Option<Cow<'_, str>>| text.as_deref().unwrap_or_default().into();
        let life = row.life.as_ref();
        let instant = |instant: Option<DateTime<Utc>>| {
            instant.map_or_else(|| "".into(), |instant| time::show(instant).into())
        };
        Content::Text(match self {
            Column::Policy
            | Column::Rule
            | Column::Title
            | Column::Remediation
            | Column::References => "".into(),
            Column::Severity => return Content::Word(row.severity.name()),
            Column::Status => return Content::Word(row.status.as_ref()),
            Column::Reason => return Content::Word(row.reason.as_ref()),
            Column::CustomerId => or_blank(&row.customer_id),
            Column::CustomerName => or_blank(&row.customer_name),
            Column::Field => join(&row.evidence, |item| &item.field),
            Column::Expected => join(&row.evidence, |item| &item.expected),
            Column::Observed => join(&row.evidence, |item| &item.observed),
            Column::Fingerprint => row.fingerprint.as_ref().into(),
            Column::Export => or_blank(&row.export),
            Column::Record => return Content::RecordNumber,
            Column::Waiver => {
                let waiver = row.waiver.as_ref();
                waiver.map_or("", |waiver| &waiver.id).into()
            }
            Column::WaiverExpires => {
                let waiver = row.waiver.as_ref();
                waiver.map_or("", |waiver| &waiver.expires).into()
            }
            Column::Since => life.map_or("", |life| life.since.into()).into(),
            Column::Because => {
                let because = life.and_then(|life| life.because);
                because.map_or("", |because| because.into()).into()
            }
            Column::FirstSeen => instant(life.map(|life| life.first_seen)),
            Column::Due => instant(life.and_then(|life| life.due)),
        })
    }
}

fn join<'e>(evidence: &'e [Evidence<'_>], part: fn(&'e Evidence<'_>) -> &'e str) -> Cow<'e, str> {
    match evidence {
        [one] => part(one).into(),
        _ => {
            let parts: Vec<_> = evidence.iter().map(part).collect();
            parts.join("; ").into()
        }
    }
}
