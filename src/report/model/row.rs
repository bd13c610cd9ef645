//! What a report says of one finding, and of one record that could not be read.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::life::{Life, Urgency};
use super::row_object::Object;
use crate::digest::Hasher;
use crate::finding::{Evidence, Finding, Reason, Statement, Status, statements};
use crate::policy::Severity;
use crate::record::time::Shown;
use crate::text::{escape_controls, short};
use crate::waiver::Waiver;

/// Represents a finding, as a row of a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Object")]
pub struct FindingRow<'a> {
    /// The policy's id.
    pub policy: Cow<'a, str>,
    /// The rule's id.
    pub rule: Cow<'a, str>,
    /// How severe it is.
    pub severity: Severity,
    /// `fail`, `error` or `waived`.
    pub status: Status,
    /// Why the outcome is listed.
    pub reason: Reason,
    /// The customer's id; none, if the record has none, or if it is about the
    /// whole export.
    pub customer_id: Option<Cow<'a, str>>,
    /// The customer's name.
    pub customer_name: Option<Cow<'a, str>>,
    /// The checks that were not met.
    pub evidence: Vec<Evidence<'a>>,
    /// A digest of what was observed, as the export has it; none where a value is redacted
    /// and there is no key.
    pub evidence_digest: Option<Cow<'a, str>>,
    /// The finding's name, the same every night.
    pub fingerprint: Cow<'a, str>,
    /// The waiver that accepts it, if one does.
    pub waiver: Option<WaivedBy<'a>>,
    /// How it relates to the nights before, in a run that is compared with one.
    pub life: Option<Life>,
    /// What is in the fields by which reports of the run are split, by field: so that the
    /// ticket of a slice can be closed when its last finding is.
    pub slice: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The export's name; none, if it is about several.
    pub export: Option<Cow<'a, str>>,
    /// The number of the record in the export, from 1; none, if it is about the
    /// whole export.
    pub record: Option<u64>,
}

/// Represents the waiver that accepts a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaivedBy<'a> {
    /// The waiver's id.
    pub id: Cow<'a, str>,
    /// Why the finding is accepted.
    pub reason: Cow<'a, str>,
    /// Where that is written down.
    pub ticket: Option<Cow<'a, str>>,
    /// Who accepted it.
    pub approved_by: Cow<'a, str>,
    /// The first day on which it is accepted no longer, as `2027-02-01`.
    pub expires: Cow<'a, str>,
}

impl JsonSchema for FindingRow<'_> {
    fn schema_name() -> Cow<'static, str> {
        Object::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Object::json_schema(generator)
    }
}

/// How many keys a finding has, about; what matters is that there are some.
pub(super) const KEYS: usize = 13;

impl Serialize for FindingRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("FindingRow", KEYS)?;
        self.keys(&mut object)?;
        object.serialize_field("record", &self.record)?;
        object.end()
    }
}

/// Represents a finding without the number of its record, which the renderer writes as the
/// last key: it may not be known yet.
pub struct Unnumbered<'r, 'f>(pub &'r FindingRow<'f>);

impl Serialize for Unnumbered<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("FindingRow", KEYS)?;
        self.0.keys(&mut object)?;
        object.end()
    }
}

/// Serializes as an object.
struct Slices<'s, 'a>(&'s [(Cow<'a, str>, Cow<'a, str>)]);

impl Serialize for Slices<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl FindingRow<'_> {
    /// Writes all its keys but the number of the record, which is the last.
    pub(super) fn keys<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        let Self {
            policy,
            rule,
            severity,
            status,
            reason,
            customer_id,
            customer_name,
            evidence,
            evidence_digest,
            fingerprint,
            waiver,
            life,
            slice,
            export,
            record: _,
        } = self;
        object.serialize_field("policy", policy)?;
        object.serialize_field("rule", rule)?;
        object.serialize_field("severity", severity)?;
        object.serialize_field("status", status)?;
        object.serialize_field("reason", reason)?;
        object.serialize_field("customer_id", customer_id)?;
        object.serialize_field("customer_name", customer_name)?;
        object.serialize_field("evidence", evidence)?;
        object.serialize_field("evidence_digest", evidence_digest)?;
        object.serialize_field("fingerprint", fingerprint)?;
        object.serialize_field("waiver", waiver)?;
        if let Some(Life {
            since,
            because,
            first_seen,
            due,
            overdue,
            reopened,
            due_from,
            was_open: _,
            moves: _,
        }) = life
        {
            object.serialize_field("since", since)?;
            object.serialize_field("because", because)?;
            object.serialize_field("first_seen", &Shown(*first_seen))?;
            object.serialize_field("due", &due.map(Shown))?;
            object.serialize_field("overdue", overdue)?;
            if *reopened {
                object.serialize_field("reopened", reopened)?;
            }
            if due_from.is_some() {
                object.serialize_field("due_from", &due_from.map(Shown))?;
            }
        }
        if !slice.is_empty() {
            object.serialize_field("slice", &Slices(slice))?;
        }
        object.serialize_field("export", export)
    }
}

impl<'a> WaivedBy<'a> {
    /// Returns what a report says of a waiver.
    pub fn new(waiver: &'a Waiver) -> Self {
        Self {
            id: waiver.id.as_str().into(),
            reason: waiver.reason.as_str().into(),
            ticket: waiver.ticket.as_deref().map(Cow::from),
            approved_by: waiver.approved_by.as_str().into(),
            expires: waiver.term.expires.to_string().into(),
        }
    }
}

impl WaivedBy<'_> {
    /// Returns the same, free of what it was made from.
    pub fn into_owned(self) -> WaivedBy<'static> {
        WaivedBy {
            id: owned(self.id),
            reason: owned(self.reason),
            ticket: self.ticket.map(owned),
            approved_by: owned(self.approved_by),
            expires: owned(self.expires),
        }
    }

    /// Returns the same, borrowed.
    fn by_ref(&self) -> WaivedBy<'_> {
        WaivedBy {
            id: Cow::Borrowed(&self.id),
            reason: Cow::Borrowed(&self.reason),
            ticket: self.ticket.as_deref().map(Cow::Borrowed),
            approved_by: Cow::Borrowed(&self.approved_by),
            expires: Cow::Borrowed(&self.expires),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    text.into_owned().into()
}

impl<'a> FindingRow<'a> {
    /// Returns what a finding says, with the digest of its evidence or without.
    pub fn new(finding: &Finding<'a>, with_digest: bool) -> Self {
        let (evidence, digest) = match with_digest {
            true => finding.evidence_with_digest(),
            false => (finding.evidence(), None),
        };
        Self {
            policy: finding.policy.id.as_str().into(),
            rule: finding.rule.id.as_str().into(),
            severity: finding.severity,
            status: finding.status,
            reason: finding.reason,
            customer_id: finding.customer_id(),
            customer_name: finding.customer_name(),
            evidence_digest: digest.map(Cow::from),
            evidence,
            fingerprint: finding.fingerprint().into(),
            waiver: finding.waiver.map(WaivedBy::new),
            life: None,
            slice: Vec::new(),
            export: finding.export.map(Cow::from),
            record: finding.number,
        }
    }

    /// Returns the row free of what it was made from.
    pub fn into_owned(self) -> FindingRow<'static> {
        let evidence = self.evidence.into_iter().map(|item| Evidence {
            field: owned(item.field),
            expected: owned(item.expected),
            observed: owned(item.observed),
        });
        FindingRow {
            policy: owned(self.policy),
            rule: owned(self.rule),
            severity: self.severity,
            status: self.status,
            reason: self.reason,
            customer_id: self.customer_id.map(owned),
            customer_name: self.customer_name.map(owned),
            evidence: evidence.collect(),
            evidence_digest: self.evidence_digest.map(owned),
            fingerprint: owned(self.fingerprint),
            waiver: self.waiver.map(WaivedBy::into_owned),
            life: self.life,
            slice: self
                .slice
                .into_iter()
                .map(|(name, value)| (owned(name), owned(value)))
                .collect(),
            export: self.export.map(owned),
            record: self.record,
        }
    }

    /// Returns what a document shows of it: no digest of what was observed, and of texts of
    /// more than so many characters the beginning.
    pub fn shown(&self, max: usize) -> FindingRow<'_> {
        let cut = |text| short(text, max);
        let evidence = self.evidence.iter().map(|one| Evidence {
            field: Cow::Borrowed(&one.field),
            expected: cut(&one.expected),
            observed: cut(&one.observed),
        });
        FindingRow {
            policy: Cow::Borrowed(&self.policy),
            rule: Cow::Borrowed(&self.rule),
            severity: self.severity,
            status: self.status,
            reason: self.reason,
            customer_id: self.customer_id.as_deref().map(cut),
            customer_name: self.customer_name.as_deref().map(cut),
            evidence: evidence.collect(),
            evidence_digest: None,
            fingerprint: Cow::Borrowed(&self.fingerprint),
            waiver: self.waiver.as_ref().map(WaivedBy::by_ref),
            life: self.life,
            slice: Vec::new(),
            export: self.export.as_deref().map(Cow::Borrowed),
            record: self.record,
        }
    }

    /// Returns about how many bytes it takes in memory once it is owned.
    pub fn memory(&self) -> usize {
        let texts = [
            Some(&self.policy),
            Some(&self.rule),
            self.customer_id.as_ref(),
            self.customer_name.as_ref(),
            self.evidence_digest.as_ref(),
            Some(&self.fingerprint),
            self.export.as_ref(),
        ];
        let texts = texts.into_iter().flatten().map(|text| text.len());
        let evidence = self.evidence.iter().map(|one| {
            let texts = one.field.len() + one.expected.len() + one.observed.len();
            texts + size_of::<Evidence<'_>>()
        });
        let waiver = self.waiver.as_ref().map_or(0, |waiver| {
            let ticket = waiver.ticket.as_ref().map_or(0, |ticket| ticket.len());
            let texts = [
                &waiver.id,
                &waiver.reason,
                &waiver.approved_by,
                &waiver.expires,
            ];
            ticket + texts.map(|text| text.len()).iter().sum::<usize>()
        });
        size_of::<Self>() + texts.sum::<usize>() + evidence.sum::<usize>() + waiver
    }

    /// Returns what names it in formats that need a name of its own for each finding: its
    /// fingerprint or, of a record without an id, which has no identity, one of its place
    /// and content.
    pub fn key(&self) -> Cow<'_, str> {
        match (self.key_of_place(), self.record) {
            (Some(key), Some(record)) => format!("{key}{record}").into(),
            (Some(_) | None, _) => self.fingerprint.as_ref().into(),
        }
    }

    /// Returns the key of a finding of a record without an id, up to the number of the
    /// record, which ends it and may not be known yet.
    pub fn key_of_place(&self) -> Option<String> {
        if self.customer_id.is_some() || self.record.is_none() {
            return None;
        }
        let mut hash = Hasher::default();
        let place = [self.export.as_deref(), self.customer_name.as_deref()];
        let place = place.map(Option::unwrap_or_default).into_iter();
        let evidence = self.evidence.iter();
        let evidence = evidence.flat_map(|one| [one.field.as_ref(), one.observed.as_ref()]);
        for part in place.chain(evidence) {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.half_hex();
        Some(format!("{}.{digest}.", self.fingerprint))
    }

    /// Returns whether somebody has accepted it until a day.
    pub fn is_waived(&self) -> bool {
        self.status == Status::Waived
    }

    /// Returns how soon it is to be looked at: what somebody has accepted can wait.
    pub fn urgency(&self) -> Urgency {
        match (self.status, &self.life) {
            (Status::Fail | Status::Error, Some(life)) => life.urgency(),
            (Status::Fail | Status::Error | Status::Waived, None) | (Status::Waived, Some(_)) => {
                Urgency::Known
            }
        }
    }

    /// Returns the checks that were not met, for a person.
    pub fn observed(&self) -> String {
        let statements = self.statements().map(|statement| statement.to_string());
        statements.collect::<Vec<_>>().join("; ")
    }

    /// Returns the evidence as statements: several fields of one sentence share it.
    pub fn statements(&self) -> impl Iterator<Item = Statement<'_>> {
        statements(&self.evidence)
    }

    /// Returns whom it is about, for a person.
    pub fn whom(&self) -> &str {
        match (&self.customer_id, self.record) {
            (Some(id), _) => id,
            (None, Some(_)) => "[no id]",
            (None, None) => "[the export]",
        }
    }
}

/// Says where a record is that could not be read, and why it could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected<'a> {
    /// The export's name.
    pub export: Cow<'a, str>,
    /// Its number in the export, from 1.
    pub record: u64,
    /// Its first byte in the export, from 0, once unpacked.
    pub offset: u64,
    /// Why it could not be read.
    pub cause: Cow<'a, str>,
}

impl Rejected<'_> {
    /// Returns the same, free of what it was made from.
    pub fn into_owned(self) -> Rejected<'static> {
        Rejected {
            export: self.export.into_owned().into(),
            cause: self.cause.into_owned().into(),
            ..self
        }
    }
}

impl fmt::Display for Rejected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let export = escape_controls(&self.export);
        write!(
            f,
            "{export}: record {} at byte {}: {}",
            self.record,
            self.offset,
            escape_controls(&self.cause)
        )
    }
}
