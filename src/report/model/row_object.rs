//! The JSON object of a finding, as it is read and as its schema says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::life::{Because, Life, Moves, Since};
use super::row::{FindingRow, WaivedBy};
use crate::closed;
use crate::finding::{Evidence, Reason, Status};
use crate::policy::Severity;

/// Represents the JSON object of a finding: all its keys, in their order.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "FindingRow")]
pub(super) struct Object {
    /// The policy's id.
    policy: String,
    /// The rule's id.
    rule: String,
    /// How severe it is.
    severity: Severity,
    /// `fail`, `error` or `waived`.
    status: Status,
    /// Why the outcome is listed.
    reason: Reason,
    /// The customer's id; none, if the record has none, or if it is about the
    /// whole export.
    customer_id: Option<String>,
    /// The customer's name.
    customer_name: Option<String>,
    /// The checks that were not met.
    evidence: Vec<Evidence<'static>>,
    /// A digest of what was observed, as the export has it; none where a value is redacted
    /// and there is no key.
    #[serde(deserialize_with = "closed::maybe_fingerprint")]
    evidence_digest: Option<String>,
    /// The finding's name, the same every night.
    #[serde(deserialize_with = "closed::fingerprint")]
    fingerprint: String,
    /// The waiver that accepts it.
    waiver: Option<WaivedBy<'static>>,
    /// How it relates to the night before, in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
    /// Why it is new, or open on a first run; in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    because: Option<Because>,
    /// The first night of its unbroken life; in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    first_seen: Option<DateTime<Utc>>,
    /// The instant from which on it is overdue, if it has a deadline; in a run that is
    /// compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    due: Option<DateTime<Utc>>,
    /// Whether that has come; in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overdue: Option<bool>,
    /// Whether it had a life before this one; left out where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reopened: Option<bool>,
    /// The night from which its deadline counts, where its waiver ended; left out
    /// elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    due_from: Option<DateTime<Utc>>,
    /// What is in the fields by which reports of the run are split, by field; left out
    /// where none are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    slice: BTreeMap<String, String>,
    /// The export's name; none, if it is about several.
    export: Option<String>,
    /// The number of the record in the export, from 1; none, if it is about the
    /// whole export.
    record: Option<u64>,
}

impl Object {
    /// Returns how the finding relates to the nights before, if it says so.
    fn life(&self) -> Result<Option<Life>, &'static str> {
        match (self.since, self.first_seen, self.overdue) {
            (Some(since), Some(first_seen), Some(overdue)) => Ok(Some(Life {
                since,
                because: self.because,
                first_seen,
                due: self.due,
                overdue,
                reopened: self.reopened.unwrap_or_default(),
                due_from: self.due_from,
                was_open: Life::was_open(self.status, since, self.because),
                moves: Moves::default(),
            })),
            (None, None, None) => Ok(None),
            _ => Err("`since`, `first_seen` and `overdue` are given together or not at all"),
        }
    }
}

impl TryFrom<Object> for FindingRow<'_> {
    type Error = &'static str;

    fn try_from(object: Object) -> Result<Self, &'static str> {
        Ok(Self {
            life: object.life()?,
            policy: object.policy.into(),
            rule: object.rule.into(),
            severity: object.severity,
            status: object.status,
            reason: object.reason,
            customer_id: object.customer_id.map(Cow::from),
            customer_name: object.customer_name.map(Cow::from),
            evidence: object.evidence,
            evidence_digest: object.evidence_digest.map(Cow::from),
            fingerprint: object.fingerprint.into(),
            waiver: object.waiver,
            slice: object
                .slice
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            export: object.export.map(Cow::from),
            record: object.record,
        })
    }
}
