//! A slow and plain reading of the contract: every rule of every policy on
//! every record, one after another. The program must say the same.

mod cases;
mod check;
mod field;
pub mod generate;

mod logic;
mod network;
mod reading;
mod time;

use chrono::{DateTime, Utc};
use toml::{Table, Value as Toml};

use check::{Kinds, Subject};
use field::{FIELDS, folded, kind};
use logic::{Cause, Truth};
pub use reading::Record;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Pass,
    Fail,
    Error,
    NotApplicable,
}

impl Status {
    pub const ALL: [Status; 4] = [
        Status::Pass,
        Status::Fail,
        Status::Error,
        Status::NotApplicable,
    ];
}

/// Who a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customer {
    Named(String),
    Nameless,
    /// There is an id and it cannot be read; no name is the right one.
    Unreadable,
}

/// What came of one rule on one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub policy: String,
    pub rule: String,
    pub customer: Customer,
    /// Counts from 1.
    pub record: usize,
    pub status: Status,
    pub reason: Option<&'static str>,
}

/// What came of an audit.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// In the order of the records, then of the rules.
    pub outcomes: Vec<Outcome>,
    /// For each record, whether it lies in the scope of each policy.
    pub in_scope: Vec<Vec<bool>>,
    /// Whether a field that a rule asks for is missing from every record.
    pub lacks_a_field: bool,
}

impl Outcome {
    pub fn is_finding(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Error)
    }
}

/// Every record in the scope of a policy, judged by its rules.
pub fn judge(policies: &[String], records: &[Record], as_of: DateTime<Utc>) -> Verdict {
    let policies: Vec<Policy> = policies.iter().map(|text| Policy::read(text)).collect();
    let mut verdict = Verdict::default();
    for (at, record) in records.iter().enumerate() {
        let judged = policies.iter().map(|policy| policy.judge(record, as_of));
        let judged: Vec<Option<Vec<Outcome>>> = judged.collect();
        verdict
            .in_scope
            .push(judged.iter().map(Option::is_some).collect());
        let outcomes = judged.into_iter().flatten().flatten();
        verdict.outcomes.extend(outcomes.map(|outcome| Outcome {
            record: at + 1,
            ..outcome
        }));
    }
    verdict.lacks_a_field = policies.iter().any(|policy| policy.lacks_a_field(records));
    verdict
}

/// The record as if the field had never been in it.
pub fn without(record: &Record, field: &str) -> Record {
    let others = record
        .iter()
        .filter(|(key, _)| folded(key) != folded(field));
    others.cloned().collect()
}

/// A policy as its file says it.
struct Policy {
    table: Table,
    kinds: Kinds,
}

impl Policy {
    fn read(text: &str) -> Self {
        let table: Table = text.parse().unwrap();
        let known = FIELDS.map(|(name, kind)| (folded(name), kind));
        let declared = table.get("fields").and_then(Toml::as_table);
        let declared = declared
            .into_iter()
            .flatten()
            .map(|(name, word)| (folded(name), kind(word.as_str().unwrap())));
        let kinds = known.into_iter().chain(declared).collect();
        Self { table, kinds }
    }

    fn rules(&self) -> impl Iterator<Item = &Table> {
        let rules = self.table["rule"].as_array().unwrap().iter();
        rules.map(|rule| rule.as_table().unwrap())
    }

    /// What came of each rule; nothing where the record is out of scope.
    fn judge(&self, record: &Record, as_of: DateTime<Utc>) -> Option<Vec<Outcome>> {
        let subject = Subject {
            record,
            kinds: &self.kinds,
            as_of,
        };
        let policy = self.table["policy"].as_table().unwrap();
        if asked(&subject, policy, "scope") == Truth::False {
            return None;
        }
        let customer = match subject.read("id") {
            Ok(reading::Value::Text(id)) => Customer::Named(id),
            Ok(other) => panic!("{other:?} is no text"),
            Err(Cause::Absent(_)) => Customer::Nameless,
            Err(Cause::Bad(_)) => Customer::Unreadable,
        };
        let outcomes = self.rules().map(|rule| {
            let (status, reason) = decide(&subject, policy, rule);
            Outcome {
                policy: text(policy, "id"),
                rule: text(rule, "id"),
                customer: customer.clone(),
                record: 0,
                status,
                reason,
            }
        });
        Some(outcomes.collect())
    }

    fn lacks_a_field(&self, records: &[Record]) -> bool {
        let mut fields = Vec::new();
        for rule in self.rules() {
            for part in ["when", "require"] {
                let when = rule.get("when").and_then(Toml::as_table);
                let when = when.filter(|_| part == "when");
                let part = rule.get(part).and_then(Toml::as_table);
                let mut named = Vec::new();
                part.into_iter()
                    .for_each(|part| name_fields(part, true, &mut named));
                // A guard that asks whether a field is there is never without an
                // answer.
                let asked = |field: &String| asks_presence(when, &folded(field));
                named.retain(|field| !asked(field));
                fields.extend(named);
            }
        }
        let stands_in = |field: &str, record: &Record| {
            let mut keys = record.iter().map(|(key, _)| folded(key));
            keys.any(|key| key == folded(field))
        };
        fields
            .iter()
            .any(|field| !records.iter().any(|record| stands_in(field, record)))
    }
}

/// The fields that a requirement asks for, which is to hold or, under a `not`,
/// not to.
fn name_fields(requirement: &Table, holds: bool, fields: &mut Vec<String>) {
    for (key, part) in requirement {
        match (key.as_str(), part) {
            ("not", part) => name_fields(part.as_table().unwrap(), !holds, fields),
            ("all" | "any", parts) => {
                let parts = parts.as_array().unwrap().iter();
                parts.for_each(|part| name_fields(part.as_table().unwrap(), holds, fields));
            }
            (_, check) if wants_nothing(check, holds) => {}
            (field, check) => {
                fields.push(field.to_owned());
                let others = [
                    "equals-field",
                    "differs-from",
                    "before-field",
                    "after-field",
                ];
                let others = others.iter().filter_map(|operator| check.get(operator));
                fields.extend(others.map(|other| other.as_str().unwrap().to_owned()));
            }
        }
    }
}

/// Whether a requirement asks somewhere whether a field is present.
fn asks_presence(requirement: Option<&Table>, field: &str) -> bool {
    let mut parts = requirement.into_iter().flatten();
    parts.any(|(key, part)| match (key.as_str(), part) {
        ("not", part) => asks_presence(part.as_table(), field),
        ("all" | "any", parts) => {
            let mut parts = parts.as_array().unwrap().iter();
            parts.any(|part| asks_presence(part.as_table(), field))
        }
        (name, check) => folded(name) == field && check.get("present").is_some(),
    })
}

/// Whether a check asks for no more than that there is no value; then no
/// rule needs the field.
fn wants_nothing(check: &Toml, holds: bool) -> bool {
    let mut absent = Table::new();
    absent.insert("present".to_owned(), Toml::Boolean(!holds));
    *check == Toml::Table(absent)
}

fn decide(subject: &Subject, policy: &Table, rule: &Table) -> (Status, Option<&'static str>) {
    let require = asked(subject, rule, "require");
    match (asked(subject, rule, "when"), require) {
        (Truth::False, _) => (Status::NotApplicable, None),
        (_, Truth::True) => (Status::Pass, None),
        (Truth::Undecided(cause), _) => (Status::Error, Some(cause.word())),
        (Truth::True, Truth::False) => (Status::Fail, Some("violated")),
        (Truth::True, Truth::Undecided(cause @ Cause::Bad(_))) => {
            (Status::Error, Some(cause.word()))
        }
        (Truth::True, Truth::Undecided(cause @ Cause::Absent(_))) => {
            (on_absent(policy, rule), Some(cause.word()))
        }
    }
}

/// A requirement that is not written is met.
fn asked(subject: &Subject, table: &Table, name: &str) -> Truth {
    let requirement = table.get(name).and_then(Toml::as_table);
    requirement.map_or(Truth::True, |requirement| subject.meets(requirement))
}

fn on_absent(policy: &Table, rule: &Table) -> Status {
    let word = rule.get("on-absent").or(policy.get("on-absent"));
    match word.map_or("fail", |word| word.as_str().unwrap()) {
        "fail" => Status::Fail,
        "error" => Status::Error,
        "pass" => Status::Pass,
        "not-applicable" => Status::NotApplicable,
        other => panic!("no outcome is called `{other}`"),
    }
}

fn text(table: &Table, key: &str) -> String {
    table[key].as_str().unwrap().to_owned()
}
