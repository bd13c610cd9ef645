//! An outcome that is listed: whom it is about, by which rule, and why.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::evidence::{self, Evidence, statements};
use super::outcome::{Reason, Status};
use super::privacy::Privacy;
use super::redaction::{REDACTED, display_id, observed};
use crate::digest::{self, Hasher};
use crate::policy::{Answers, Policy, Rule, Severity};
use crate::record::{Slot, Value};
use crate::waiver::Waiver;

/// Says what a finding is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A record.
    Record(&'a JudgedRecord<'a>),
    /// What many records add up to.
    Aggregate(&'a AggregateSubject),
}

/// Holds a record that is judged, with what all its findings show of its customer.
#[derive(Debug)]
pub struct JudgedRecord<'a> {
    /// The answers of the tests about it.
    pub answers: &'a Answers<'a>,
    /// What is shown in the place of its customer's id, once a finding has shown it; nothing,
    /// if it is shown as it is.
    id: OnceCell<Option<String>>,
    /// The same of the customer's name.
    name: OnceCell<Option<String>>,
}

impl<'a> JudgedRecord<'a> {
    /// Returns the record that these answers are about.
    pub fn new(answers: &'a Answers<'a>) -> Self {
        Self {
            answers,
            id: OnceCell::new(),
            name: OnceCell::new(),
        }
    }

    fn customer_id(&self, privacy: Privacy<'_>) -> Option<Cow<'a, str>> {
        let id = self.answers.record().id()?;
        Some(shown_once(&self.id, privacy, "id", id))
    }

    fn customer_name(&self, privacy: Privacy<'_>) -> Option<Cow<'a, str>> {
        let name = self.answers.record().name()?;
        Some(shown_once(&self.name, privacy, "name", name))
    }
}

/// Returns an id or a name as it may be shown: what looks like a credential is searched for
/// once a record, and not for each of its findings.
fn shown_once<'a>(
    instead: &OnceCell<Option<String>>,
    privacy: Privacy<'_>,
    field: &str,
    value: &'a str,
) -> Cow<'a, str> {
    let instead = instead.get_or_init(|| {
        let shown = display_id(privacy, field, value);
        (shown != value).then(|| shown.into_owned())
    });
    instead.clone().map_or(Cow::Borrowed(value), Cow::Owned)
}

/// Holds what a rule over all records finds: about the whole export, or about
/// one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AggregateSubject {
    /// The customer's id, if it is about a customer who has one.
    pub customer_id: Option<String>,
    /// The customer's name, if it is about a customer who has one.
    pub customer_name: Option<String>,
    /// What was observed, and what was expected.
    pub evidence: Vec<Evidence<'static>>,
    /// What was observed, as the export has it: a value, or a sum.
    pub raw: String,
}

/// Represents an outcome that is listed.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// The number of its record, from 1, among those that are counted with it: in
    /// the export, or in a chunk of it. None, if it is about the whole export.
    pub number: Option<u64>,
    /// The export's name; none, if it is about several.
    pub export: Option<&'a str>,
    /// The policy that the rule is of.
    pub policy: &'a Policy,
    /// The rule that is not met.
    pub rule: &'a Rule,
    /// The index of the rule among those of all policies.
    pub rule_index: usize,
    /// How severe it is: that of the rule, or what it is raised to for the record.
    pub severity: Severity,
    /// Whether it fails, cannot be judged or is waived.
    pub status: Status,
    /// Why it is listed.
    pub reason: Reason,
    /// The waiver that accepts it, if it is waived.
    pub waiver: Option<&'a Waiver>,
    /// How far values may be shown.
    pub privacy: Privacy<'a>,
}

/// Returns the first half of the SHA-256 of these names and of `subject`, in
/// hexadecimal digits.
pub fn fingerprint<'n>(names: impl IntoIterator<Item = &'n str>, subject: &str) -> String {
    let mut hash = Hasher::default();
    for name in names {
        hash.update(name.as_bytes());
        // No name holds a NUL, so no two rows of names run together alike.
        hash.update(&[0]);
    }
    hash.update(subject.as_bytes());
    hash.half_hex()
}

/// Hands out the bytes by which a part of evidence is digested: what was seen in a field, or
/// that nothing was.
fn digest_part(field: &str, kind: u8, value: &str, mut update: impl FnMut(&[u8])) {
    for part in [field, value] {
        update(&(part.len() as u64).to_le_bytes());
        update(part.as_bytes());
    }
    update(&[kind]);
}

/// Returns the digest of evidence about a record, without a key, from its fields, what was
/// seen in each, and whether that is a word for nothing.
pub fn digest_of<'e>(seen: impl IntoIterator<Item = (&'e str, &'e str, bool)>) -> String {
    let mut hash = Hasher::default();
    for (field, value, absent) in seen {
        digest_part(field, u8::from(absent), value, |bytes| hash.update(bytes));
    }
    hash.half_hex()
}

impl<'a> Finding<'a> {
    /// Returns the customer's id, as the export has it: it may have to be hidden.
    pub fn id(&self) -> Option<&'a str> {
        match self.subject {
            Subject::Record(judged) => judged.answers.record().id(),
            Subject::Aggregate(subject) => subject.customer_id.as_deref(),
        }
    }

    /// Returns the customer's id as it may be shown, if there is one.
    pub fn customer_id(&self) -> Option<Cow<'a, str>> {
        match self.subject {
            Subject::Record(judged) => judged.customer_id(self.privacy),
            Subject::Aggregate(subject) => {
                let id = subject.customer_id.as_deref()?;
                Some(display_id(self.privacy, "id", id))
            }
        }
    }

    /// Returns the customer's name as it may be shown, if there is one.
    pub fn customer_name(&self) -> Option<Cow<'a, str>> {
        match self.subject {
            Subject::Record(judged) => judged.customer_name(self.privacy),
            Subject::Aggregate(subject) => {
                let name = subject.customer_name.as_deref()?;
                Some(display_id(self.privacy, "name", name))
            }
        }
    }

    /// Returns what is in a field of its record, if it is about one and the field
    /// is not absent.
    pub fn observed(&self, slot: Slot) -> Option<Cow<'a, str>> {
        let Subject::Record(JudgedRecord { answers, .. }) = self.subject else {
            return None;
        };
        let absent = matches!(answers.record().cell(slot).value, Value::Absent(_));
        (!absent).then(|| observed(**answers, slot, self.privacy))
    }

    /// Returns the name of the finding, which is the same every night: the first
    /// half of the SHA-256 of policy, rule and customer id, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let names = [self.policy.id.as_str(), self.rule.id.as_str()];
        let id = self.id().unwrap_or_default();
        // Who knows an id must not find its pseudonym by way of this.
        match self.privacy.pseudonym("id", id) {
            Some(pseudonym) => fingerprint(names, &pseudonym),
            None => fingerprint(names, id),
        }
    }

    /// Returns every check that was not met, in the order of the policy.
    pub fn evidence(&self) -> Vec<Evidence<'a>> {
        match self.subject {
            Subject::Record(JudgedRecord { answers, .. }) => {
                evidence::of_record(answers, self.rule, self.privacy).evidence
            }
            Subject::Aggregate(subject) => subject.evidence.clone(),
        }
    }

    /// Returns the evidence, and a digest of what was observed, as the export has it, in
    /// hexadecimal digits: while it is the same, the finding still is about the same. None
    /// where a value is redacted, for without a key anybody could try values.
    pub fn evidence_with_digest(&self) -> (Vec<Evidence<'a>>, Option<String>) {
        let mut hash = self.privacy.hasher();
        let mut add = |field: &str, kind: u8, value: &str| {
            digest_part(field, kind, value, |bytes| hash.update(bytes));
        };
        let evidence = match self.subject {
            Subject::Record(JudgedRecord { answers, .. }) => {
                let gathered = evidence::of_record(answers, self.rule, self.privacy);
                let (evidence, slots) = (gathered.evidence, gathered.slots);
                for (one, slot) in evidence.iter().zip(slots) {
                    let cell = answers.record().cell(slot);
                    let absent = matches!(cell.value, Value::Absent(_));
                    add(&one.field, u8::from(absent), cell.shown());
                }
                evidence
            }
            Subject::Aggregate(subject) => {
                add("", 2, &subject.raw);
                subject.evidence.clone()
            }
        };
        let is_redacted = |one: &Evidence<'_>| one.observed.contains(REDACTED);
        let is_hidden = !self.privacy.is_pseudonymous() && evidence.iter().any(is_redacted);
        let digest = hash.finish().filter(|_| !is_hidden);
        let digest = digest.map(|digest| digest::hex(&digest[..16]));
        (evidence, digest)
    }
}

impl std::fmt::Display for Finding<'_> {
    /// Writes a line for a person: whom, which rule, and what was observed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            policy,
            rule,
            severity,
            ..
        } = self;
        let id = self.customer_id();
        let whom = match (&id, self.number) {
            (Some(id), _) => id.as_ref(),
            (None, Some(_)) => "[no id]",
            (None, None) => "[the export]",
        };
        let status = self.status.name();
        write!(f, "{severity} {status} {}/{}: {whom}", policy.id, rule.id)?;
        for statement in statements(&self.evidence()) {
            write!(f, "; {statement}")?;
        }
        Ok(())
    }
}
