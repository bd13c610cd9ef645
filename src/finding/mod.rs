//! What an audit finds: outcomes, their evidence, and what they add up to.

mod anomaly;
mod privacy;
mod ranking;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

pub use anomaly::Alarm;
pub use privacy::{Key, KeyError, Privacy};
pub use ranking::{BySeverity, Customer, Worst};
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::digest;
use crate::policy::{
    Aggregate, Answers, Ask, Cause, Policies, Policy, Requirement, Rule, Severity, TestId, Truth,
};
use crate::record::{Absent, Bad, Cell, Field, List, Record, Slot, UnknownKeys, Value};
use crate::text;

/// Why a finding is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The record says otherwise than the rule asks.
    Violated,
    /// What the rule asks about is not there.
    Absent(Absent),
    /// What the rule asks about cannot be judged.
    Bad(Bad),
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Absent(why) => Reason::Absent(why),
            Cause::Bad(why) => Reason::Bad(why),
        }
    }
}

impl Reason {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Violated => "violated",
            Reason::Absent(why) => why.name(),
            Reason::Bad(why) => why.name(),
        }
    }
}

/// What a rule makes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The rule is met.
    Pass,
    /// The rule is not met.
    Fail(Reason),
    /// The rule cannot be judged.
    Error(Reason),
    /// The rule does not apply.
    NotApplicable,
}

impl Outcome {
    /// Why it is listed, for an outcome that is.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Outcome::Fail(reason) | Outcome::Error(reason) => Some(reason),
            Outcome::Pass | Outcome::NotApplicable => None,
        }
    }

    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail(_) => "fail",
            Outcome::Error(_) => "error",
            Outcome::NotApplicable => "not-applicable",
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A record, and what the tests say of it.
    Record(&'a Answers<'a>),
    /// What many records add up to.
    Aggregate(&'a AggregateSubject),
}

/// What a rule over the whole export finds: about it, or about a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AggregateSubject {
    /// The customer's id, if it is about one who has an id.
    pub customer_id: Option<String>,
    /// The customer's name, if it is about one who has a name.
    pub customer_name: Option<String>,
    /// What was seen, and what was expected.
    pub evidence: Vec<Evidence<'static>>,
}

/// An outcome that is listed.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// The place of its record among those of its batch, from 1; none, if it is
    /// about the whole export.
    pub number: Option<u64>,
    /// The export's name; none, if it is about several.
    pub export: Option<&'a str>,
    /// Whose rule it is.
    pub policy: &'a Policy,
    /// The rule.
    pub rule: &'a Rule,
    /// The rule's place among those of all policies.
    pub place: usize,
    /// A fail or an error.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// How far values are shown.
    pub privacy: Privacy<'a>,
}

/// A check that was not met.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Evidence<'a> {
    /// The field that it looks at.
    pub field: Cow<'a, str>,
    /// What would have met it.
    pub expected: Cow<'a, str>,
    /// What was seen; `[missing]`, `[null]` and `[empty]` stand for absence.
    pub observed: Cow<'a, str>,
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            expected,
            observed,
        } = self;
        write!(f, "{field}: {observed}, expected {expected}")
    }
}

/// What a redacted value reads.
const REDACTED: &str = "[redacted]";

/// The most characters of a value that a finding shows: one account must not
/// fill a disk.
const MAX_CHARACTERS: usize = 4096;

/// Half of the SHA-256 of these names, and of what they are told about.
pub fn fingerprint<'n>(names: impl IntoIterator<Item = &'n str>, of: &str) -> String {
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name);
        // No name holds a NUL, so no two rows of names run together alike.
        hash.update([0]);
    }
    hash.update(of);
    digest::hex(&hash.finalize()[..16])
}

impl<'a> Finding<'a> {
    fn id(&self) -> Option<&'a str> {
        match self.subject {
            Subject::Record(answers) => answers.record().id(),
            Subject::Aggregate(aggregate) => aggregate.customer_id.as_deref(),
        }
    }

    /// The customer's id, if there is one.
    pub fn customer_id(&self) -> Option<Cow<'a, str>> {
        Some(who(self.privacy, "id", self.id()?))
    }

    /// The customer's name, if there is one.
    pub fn customer_name(&self) -> Option<Cow<'a, str>> {
        let name = match self.subject {
            Subject::Record(answers) => answers.record().name(),
            Subject::Aggregate(aggregate) => aggregate.customer_name.as_deref(),
        }?;
        Some(who(self.privacy, "name", name))
    }

    /// What stood in a field of its record, if it is about one.
    pub fn seen(&self, slot: Slot) -> Option<Cow<'a, str>> {
        let Subject::Record(answers) = self.subject else {
            return None;
        };
        let absent = matches!(answers.record().cell(slot).value, Value::Absent(_));
        (!absent).then(|| seen(*answers, slot, self.privacy))
    }

    /// Half of the SHA-256 of policy, rule and customer id, in hexadecimal
    /// digits: the same every night.
    pub fn fingerprint(&self) -> String {
        let names = [self.policy.id.as_str(), self.rule.id.as_str()];
        let id = self.id().unwrap_or_default();
        // Who knows an id must not find its pseudonym by way of this.
        match self.privacy.pseudonym("id", id) {
            Some(pseudonym) => fingerprint(names, &pseudonym),
            None => fingerprint(names, id),
        }
    }

    /// Every check that was not met, in the order of the policy.
    pub fn evidence(&self) -> Vec<Evidence<'a>> {
        let answers = match self.subject {
            Subject::Record(answers) => answers,
            Subject::Aggregate(aggregate) => return aggregate.evidence.clone(),
        };
        let mut unmet = Unmet {
            answers,
            privacy: self.privacy,
            evidence: Vec::new(),
        };
        if let Some(when) = &self.rule.when
            && matches!(answers.holds(when), Truth::Undecided(_))
        {
            unmet.collect(when, Wanted::True);
        }
        match &self.rule.ask {
            Ask::Record { require, .. } => unmet.collect(require, Wanted::True),
            Ask::Aggregate(aggregate) => unmet.aggregate(aggregate),
        }
        unmet.evidence
    }
}
/// What tells who a customer is, in `id` or `name`, as far as it may be shown.
pub fn who<'a>(privacy: Privacy<'_>, field: &str, value: &'a str) -> Cow<'a, str> {
    match privacy.pseudonym(field, value) {
        Some(pseudonym) => pseudonym.into(),
        None if privacy.hides_sensitive() && looks_like_credential(value) => REDACTED.into(),
        None => cut(value),
    }
}

/// What stood in a field, as far as it may be shown.
pub fn seen<'a>(answers: Answers<'a>, slot: Slot, privacy: Privacy<'_>) -> Cow<'a, str> {
    let field = answers.policies().schema.field(slot);
    let cell = answers.record().cell(slot);
    match cell.value {
        Value::Absent(_) => cell.shown().into(),
        // What is a flag or a time is no credential.
        Value::Flag(_) | Value::Time(_) if !field.sensitive => cut(cell.seen),
        _ => shown(field, cell.seen, privacy),
    }
}

/// A value that stood in a field, as far as it may be shown.
pub fn shown<'a>(field: &Field, value: &'a str, privacy: Privacy<'_>) -> Cow<'a, str> {
    if privacy.hides_sensitive() && is_sensitive(field, value) {
        return REDACTED.into();
    }
    match privacy.pseudonym(&field.name, value) {
        Some(pseudonym) if privacy::tells_who(field) => pseudonym.into(),
        _ => cut(value),
    }
}

/// What a requirement should have been.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    True,
    False,
}

/// Gathers the checks by which a requirement is not what it should be.
struct Unmet<'a> {
    answers: &'a Answers<'a>,
    privacy: Privacy<'a>,
    evidence: Vec<Evidence<'a>>,
}

impl<'a> Unmet<'a> {
    fn collect(&mut self, requirement: &Requirement, wanted: Wanted) {
        let met = match wanted {
            Wanted::True => Truth::True,
            Wanted::False => Truth::False,
        };
        if self.answers.holds(requirement) == met {
            return;
        }
        match (requirement, wanted) {
            (Requirement::Field { slot, tests }, _) => self.field(*slot, tests, wanted),
            (Requirement::All(parts) | Requirement::Any(parts), _) => {
                for part in parts {
                    self.collect(part, wanted);
                }
            }
            (Requirement::Not(part), Wanted::True) => self.collect(part, Wanted::False),
            (Requirement::Not(part), Wanted::False) => self.collect(part, Wanted::True),
        }
    }

    fn field(&mut self, slot: Slot, tests: &[TestId], wanted: Wanted) {
        let answers = self.answers;
        let unmet = |id: &TestId| wanted == Wanted::False || answers.test(*id) != Truth::True;
        let unmet: Vec<_> = tests.iter().copied().filter(unmet).collect();
        let policies = answers.policies();
        let words: Cow<'_, str> = match unmet.as_slice() {
            [one] => policies.test(*one).expected.as_str().into(),
            several => {
                let words = several
                    .iter()
                    .map(|id| policies.test(*id).expected.as_str());
                words.collect::<Vec<_>>().join(" and ").into()
            }
        };
        self.evidence.push(Evidence {
            field: policies.schema.field(slot).name.as_str().into(),
            expected: match wanted {
                Wanted::True => words,
                Wanted::False if unmet.len() == 1 => format!("not {words}").into(),
                Wanted::False => format!("not ({words})").into(),
            },
            observed: self.observed(slot, &unmet),
        });
        let checks = unmet.iter().map(|id| &policies.test(*id).check);
        for other in checks.filter_map(|check| check.other()) {
            self.other(slot, other);
        }
    }

    /// A value that cannot be read cannot be held against others.
    fn aggregate(&mut self, aggregate: &'a Aggregate) {
        if let Some(slot) = aggregate.slot() {
            self.evidence.push(Evidence {
                field: aggregate.looks_at(&self.answers.policies().schema).into(),
                expected: aggregate.expected().into(),
                observed: self.observed(slot, &[]),
            });
        }
    }

    /// A check that compares two fields is not met for want of the other.
    fn other(&mut self, slot: Slot, other: Slot) {
        let schema = &self.answers.policies().schema;
        if !self.answers.record().cell(other).value.is_whole() {
            self.evidence.push(Evidence {
                field: schema.field(other).name.as_str().into(),
                expected: format!("a value to compare {} with", schema.field(slot).name).into(),
                observed: self.observed(other, &[]),
            });
        }
    }

    /// The entries of a list that are to blame, or the list.
    fn entries(&self, seen: &'a str, list: List, tests: &[TestId]) -> Cow<'a, str> {
        let entries = self.answers.record().entries(list);
        let mut blamed = Vec::new();
        for id in tests {
            let check = &self.answers.policies().test(*id).check;
            let offenders = check.offenders(entries, self.answers.test(*id));
            if offenders.is_empty() {
                return cut(seen);
            }
            blamed.extend(offenders.iter().map(|entry| entry.at.clone()));
        }
        blamed.sort_unstable_by_key(|at| at.start);
        blamed.dedup();
        let mut texts = blamed
            .into_iter()
            .filter_map(|at| seen.get(at))
            .map(|text| if text.is_empty() { "[empty]" } else { text });
        match (texts.next(), texts.next()) {
            (None, _) => cut(seen),
            (Some(one), None) => cut(one),
            (Some(one), Some(two)) => {
                let all: Vec<_> = [one, two].into_iter().chain(texts).collect();
                cut(&all.join(", ")).into_owned().into()
            }
        }
    }

    fn observed(&self, slot: Slot, tests: &[TestId]) -> Cow<'a, str> {
        let whole = seen(*self.answers, slot, self.privacy);
        let cell = self.answers.record().cell(slot);
        match cell.value {
            Value::Networks(list) if whole != REDACTED => self.entries(cell.seen, list, tests),
            _ => whole,
        }
    }
}

/// A value without what is beyond any reader.
fn cut(text: &str) -> Cow<'_, str> {
    // Bytes are never fewer than characters.
    if text.len() <= MAX_CHARACTERS {
        return text.into();
    }
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => {
            let all = text.chars().count();
            format!("{}… [{all} characters]", &text[..at]).into()
        }
        None => text.into(),
    }
}

fn is_sensitive(field: &Field, value: &str) -> bool {
    field.sensitive || looks_like_credential(value)
}

/// Whether a value holds what looks like a key, a token or a password: by the
/// forms of well-known issuers, as a private key, a JSON web token or a URL with
/// a password.
fn looks_like_credential(value: &str) -> bool {
    static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CREDENTIAL).ok());
    // Were the pattern broken, nothing would be shown.
    FORMS.as_ref().is_none_or(|forms| forms.is_match(value))
}

// Classes are spelt out: those that know all of Unicode take a tenth of a second
// to compile.
const CREDENTIAL: &str = concat!(
    "(?:AKIA|ASIA)[0-9A-Z]{12}|gh[oprsu]_[0-9A-Za-z]{12}|github_pat_[0-9A-Za-z_]{12}",
    "|glpat-[0-9A-Za-z_-]{12}|xox[abeprs]-[0-9A-Za-z-]{10}|[rs]k_(?:live|test)_[0-9A-Za-z]{12}",
    "|AIza[0-9A-Za-z_-]{20}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[0-9A-Za-z_-]+[.][0-9A-Za-z_-]+[.]",
    "|://[^/?# :@]*:[^/?# @]+@",
);

/// How many outcomes there were of each sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The rule is met.
    pub pass: u64,
    /// The rule is not met.
    pub fail: u64,
    /// The rule cannot be judged.
    pub error: u64,
    /// The rule does not apply.
    pub not_applicable: u64,
}

impl Counts {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Fail(_) => self.fail += 1,
            Outcome::Error(_) => self.error += 1,
            Outcome::NotApplicable => self.not_applicable += 1,
        }
    }

    /// How many are listed as findings.
    pub fn findings(&self) -> u64 {
        self.fail + self.error
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.pass += more.pass;
        self.fail += more.fail;
        self.error += more.error;
        self.not_applicable += more.not_applicable;
    }
}

/// How often something stood in a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// A value of the field's kind.
    pub value: u64,
    /// No such key.
    pub missing: u64,
    /// Null.
    pub null: u64,
    /// Blank text.
    pub empty: u64,
    /// Something else.
    pub bad: u64,
    /// A value, read in good will: these are counted as values too.
    pub coerced: u64,
}

impl Coverage {
    fn count(&mut self, cell: &Cell<'_>) {
        match cell.value {
            Value::Absent(Absent::Missing) => self.missing += 1,
            Value::Absent(Absent::Null) => self.null += 1,
            Value::Absent(Absent::Empty) => self.empty += 1,
            _ if cell.value.is_whole() => self.value += 1,
            _ => self.bad += 1,
        }
        self.coerced += u64::from(cell.coerced);
    }
}

impl std::ops::AddAssign for Coverage {
    fn add_assign(&mut self, more: Self) {
        self.value += more.value;
        self.missing += more.missing;
        self.null += more.null;
        self.empty += more.empty;
        self.bad += more.bad;
        self.coerced += more.coerced;
    }
}

/// What a run, or a part of it, adds up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Records that some policy judges.
    pub in_scope: u64,
    /// Records whose `deletedAt` stood at the epoch and was read as null.
    pub epoch_deleted: u64,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// Exports that could not be read to their end.
    pub unread_exports: u64,
    /// Outcomes by rule, in the order of the policies.
    pub by_rule: Vec<Counts>,
    /// What stood in the fields that are read, by slot.
    pub coverage: Vec<Coverage>,
    /// Keys that are no field.
    pub unknown_keys: UnknownKeys,
    /// The customers with the gravest findings.
    pub worst: Worst,
}

impl Summary {
    /// Nothing yet, for these policies.
    pub fn new(policies: &Policies) -> Self {
        Self {
            by_rule: vec![Counts::default(); policies.rules().count()],
            coverage: vec![Coverage::default(); policies.schema.wanted().len()],
            ..Self::default()
        }
    }

    /// Counts a record that was read, before it is judged.
    pub fn count_record(&mut self, record: &Record<'_>) {
        self.records += 1;
        self.epoch_deleted += u64::from(record.epoch_deleted());
        for (coverage, cell) in self.coverage.iter_mut().zip(record.cells()) {
            coverage.count(cell);
        }
    }

    /// Whether something stood in some field of some record.
    pub fn has_fields(&self) -> bool {
        self.coverage
            .iter()
            .any(|field| field.value + field.null + field.empty + field.bad > 0)
    }

    /// Outcomes of all rules.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for counts in &self.by_rule {
            all += *counts;
        }
        all
    }

    /// Outcomes of the rules of one severity.
    pub fn counts_of(&self, policies: &Policies, severity: Severity) -> Counts {
        let mut all = Counts::default();
        for ((_, rule), counts) in policies.rules().zip(&self.by_rule) {
            if rule.severity == severity {
                all += *counts;
            }
        }
        all
    }

    /// What keeps the audit from being complete; nothing, if it is.
    pub fn gaps(&self, policies: &Policies) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if self.unread_exports > 0 {
            gaps.push(Gap::UnreadExports(self.unread_exports));
        }
        if self.rejected > 0 {
            gaps.push(Gap::Rejected(self.rejected));
        }
        if self.records == 0 {
            gaps.push(Gap::NoRecords);
        }
        let errors = self.counts().error;
        if errors > 0 {
            gaps.push(Gap::Errors(errors));
        }
        let read = self.records - self.rejected;
        let missing = |slot: &Slot| read > 0 && self.coverage[slot.index()].missing == read;
        gaps.extend(
            policies
                .needed()
                .into_iter()
                .filter(missing)
                .map(Gap::MissingField),
        );
        gaps
    }
}

impl std::ops::AddAssign<&Summary> for Summary {
    fn add_assign(&mut self, more: &Summary) {
        self.records += more.records;
        self.rejected += more.rejected;
        self.in_scope += more.in_scope;
        self.epoch_deleted += more.epoch_deleted;
        self.protocol_lines += more.protocol_lines;
        self.unread_exports += more.unread_exports;
        for (counts, more) in self.by_rule.iter_mut().zip(&more.by_rule) {
            *counts += *more;
        }
        for (coverage, more) in self.coverage.iter_mut().zip(&more.coverage) {
            *coverage += *more;
        }
        self.unknown_keys.add(&more.unknown_keys);
        self.worst.add(&more.worst);
    }
}

/// What an audit could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// This many exports could not be read to their end.
    UnreadExports(u64),
    /// This many records could not be read.
    Rejected(u64),
    /// There was no record at all.
    NoRecords,
    /// This many outcomes are errors.
    Errors(u64),
    /// A field that a rule needs is missing from every record.
    MissingField(Slot),
}

impl Gap {
    /// What could not be done, in words.
    pub fn show(&self, policies: &Policies) -> String {
        match self {
            Gap::UnreadExports(number) => text::count(
                *number,
                "export was not read to its end",
                "exports were not read to their end",
            ),
            Gap::Rejected(number) => text::count(
                *number,
                "record could not be read",
                "records could not be read",
            ),
            Gap::NoRecords => "there was no record at all: is the export broken?".to_owned(),
            Gap::Errors(number) => text::count(
                *number,
                "outcome could not be decided",
                "outcomes could not be decided",
            ),
            Gap::MissingField(slot) => {
                let name = &policies.schema.field(*slot).name;
                format!("`{name}`, which a rule needs, is missing from every record")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_known() {
        for secret in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            "-----BEGIN RSA PRIVATE KEY-----",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "https://user:pass@example.com/x",
            "PO-12345 | ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            " glpat-abcdefghijklmnop",
            "192.0.2.1, ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        ] {
            assert!(looks_like_credential(secret), "{secret}");
        }
        for plain in [
            "AKIA",
            "Example Outfitters",
            "https://example.com/a@b:c",
            "a@b.c",
        ] {
            assert!(!looks_like_credential(plain), "{plain}");
        }
    }

    #[test]
    fn long_values_are_cut_and_say_so() {
        let long = "é".repeat(5000);
        let shown = cut(&long);
        assert_eq!(shown.chars().filter(|c| *c == 'é').count(), MAX_CHARACTERS);
        assert!(shown.ends_with("… [5000 characters]"));
    }
}
