//! What a policy makes of few records, for the commands that help its authors.

use std::convert::Infallible;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::error::Error;
use crate::auditor::Auditor;
use crate::export::Format;
use crate::finding::{Counts, Finding};
use crate::policy::Policies;
use crate::record::{FIELDS, Key};

/// Loads one policy.
pub(super) fn load(
    name: &PathBuf,
    as_of: DateTime<Utc>,
    set: &[(String, String)],
) -> Result<Policies, Error> {
    Policies::load(std::slice::from_ref(name), as_of, set).map_err(Error::Policies)
}

/// Names what a rule makes of a record, or of all of them, without the reason.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum OutcomeKind {
    /// The rule is met.
    Pass,
    /// The rule is not met.
    Fail,
    /// The rule cannot be judged.
    Error,
    /// The rule does not apply, or no record is in the scope of its policy.
    NotApplicable,
}

impl OutcomeKind {
    /// Returns the word for it in cases and explanations.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the outcome that was counted; of several the worst.
    pub(super) fn worst(counts: &Counts) -> Self {
        let Counts {
            pass,
            fail,
            error,
            not_applicable: _,
            waived,
        } = *counts;
        if fail > 0 || waived > 0 {
            OutcomeKind::Fail
        } else if error > 0 {
            OutcomeKind::Error
        } else if pass > 0 {
            OutcomeKind::Pass
        } else {
            OutcomeKind::NotApplicable
        }
    }
}

/// Returns what every rule makes of the records of an export, in the order of the
/// rules; of several outcomes the worst.
///
/// # Errors
///
/// A record cannot be read, for this reason.
pub(super) fn outcomes(policies: &Policies, ndjson: &[u8]) -> Result<Vec<OutcomeKind>, String> {
    let ignore = |_: &Finding<'_>| Ok::<_, Infallible>(());
    let mut audit = Auditor::new(policies);
    let read = audit
        .read("", Format::Ndjson, ndjson, ignore)
        .map_err(|error| error.to_string())?;
    if let Some(rejected) = read.first_rejected {
        return Err(rejected.why.to_string());
    }
    if read.protocol_lines > 0 {
        return Err("it is a line of a protocol".to_owned());
    }
    if let Some(problem) = read.problems.first() {
        return Err(problem.to_string());
    }
    let totals = audit.finish(ignore).map_err(|error| error.to_string())?;
    let counts = totals.summary.by_rule.iter();
    Ok(counts.map(OutcomeKind::worst).collect())
}

/// Returns a record that has at least one field of a customer, without which it would be
/// none: if need be a field that no rule asks for, which is null.
pub(super) fn with_a_field(
    policies: &Policies,
    mut record: Map<String, Value>,
) -> Map<String, Value> {
    let key = |name: &str| policies.schema.key(name);
    if record.keys().all(|name| key(name) == Key::Unknown) {
        let unasked = FIELDS
            .iter()
            .find(|spec| matches!(key(spec.name), Key::Known(_)));
        let name = unasked.map_or("name", |spec| spec.name);
        record.insert(name.to_owned(), Value::Null);
    }
    record
}
