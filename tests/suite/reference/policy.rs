//! A policy as its file says it, and what its rules make of a record.

use chrono::{DateTime, Utc};
use toml::{Table, Value as Toml};

use super::aggregate;
use super::check::{Kinds, Subject};
use super::field::{FIELDS, folded, kind};
use super::logic::{Cause, Truth};
use super::needs::{self, Passed};
use super::reading::{self, Record};
use super::{Asked, Customer, Outcome, OverAll, Severity, Status};

pub struct Policy {
    /// The table `[policy]`.
    head: Table,
    kinds: Kinds,
    /// The rules that are asked, in order.
    rules: Vec<Table>,
    /// Those over all records.
    aggregates: Vec<Table>,
    as_of: DateTime<Utc>,
}

impl Policy {
    pub fn read(text: &str, asked: &Asked) -> Self {
        let table: Table = text.parse().unwrap();
        let head = table["policy"].as_table().unwrap().clone();
        let known = FIELDS.map(|(name, kind)| (folded(name), kind));
        let declared = table.get("fields").and_then(Toml::as_table);
        let declared = declared
            .into_iter()
            .flatten()
            .map(|(name, declared)| (folded(name), kind(declared)));
        let policy = string(&head, "id");
        let selected = |list: &str| {
            let rules = table.get(list).and_then(Toml::as_array).into_iter();
            let rules = rules.flatten().map(|rule| rule.as_table().unwrap());
            let rules = rules.filter(|rule| is_asked(&policy, rule, asked));
            rules.cloned().collect()
        };
        Self {
            kinds: known.into_iter().chain(declared).collect(),
            rules: selected("rule"),
            aggregates: selected("aggregate"),
            as_of: asked.as_of,
            head,
        }
    }

    pub fn id(&self) -> String {
        string(&self.head, "id")
    }

    /// Whether a rule is left.
    pub fn asks_something(&self) -> bool {
        !self.rules.is_empty() || self.asks_over_all()
    }

    pub fn asks_over_all(&self) -> bool {
        !self.aggregates.is_empty()
    }

    /// What came of each rule; nothing where the record is out of scope.
    pub fn judge(&self, record: &Record) -> Option<Vec<Outcome>> {
        let subject = self.subject(record);
        if !self.has_in_scope(record) {
            return None;
        }
        let outcomes = self.rules.iter().map(|rule| {
            let (status, reason) = self.decide(&subject, rule);
            Outcome {
                policy: self.id(),
                rule: string(rule, "id"),
                severity: severity(&subject, rule),
                customer: self.customer(record),
                at: (0, 0),
                status,
                reason,
            }
        });
        Some(outcomes.collect())
    }

    /// The findings of the rules over all records.
    pub fn over_all(&self, records: &[&Record]) -> Vec<OverAll> {
        let in_scope = records.iter().filter(|record| self.has_in_scope(record));
        let in_scope: Vec<&Record> = in_scope.copied().collect();
        let each = self.aggregates.iter().flat_map(|rule| {
            let found = aggregate::findings(self, rule, &in_scope);
            found.into_iter().map(|(status, customer)| OverAll {
                policy: self.id(),
                rule: string(rule, "id"),
                severity: Severity::named(&string(rule, "severity")),
                status,
                customer,
            })
        });
        each.collect()
    }

    /// Whether a field that is needed is missing from every record.
    pub fn lacks_a_field(&self, records: &[&Record], passed: Passed) -> bool {
        let has = |record: &Record, field: &str| {
            let mut keys = record.iter().map(|(key, _)| folded(key));
            keys.any(|key| key == folded(field))
        };
        let needed = needs::needed(&self.head, &self.rules, &self.aggregates, passed);
        let mut lacking = needed
            .iter()
            .filter(|field| !records.iter().any(|record| has(record, field)));
        !records.is_empty() && lacking.next().is_some()
    }

    /// What comes of a rule of this policy on a record.
    pub fn outcome(&self, rule: &str, record: &Record) -> Status {
        let mut rules = self.rules.iter();
        let rule = rules.find(|one| string(one, "id") == rule).unwrap();
        self.decide(&self.subject(record), rule).0
    }

    pub fn subject<'a>(&'a self, record: &'a Record) -> Subject<'a> {
        Subject {
            record,
            kinds: &self.kinds,
            as_of: self.as_of,
        }
    }

    /// A scope that is undecided counts as one that holds.
    fn has_in_scope(&self, record: &Record) -> bool {
        requirement(&self.subject(record), &self.head, "scope") != Truth::False
    }

    pub fn customer(&self, record: &Record) -> Customer {
        match self.subject(record).read("id") {
            Ok(reading::Value::Text(id)) => Customer::Named(id),
            Ok(other) => panic!("{other:?} is no text"),
            Err(Cause::Absent(_)) => Customer::Nameless,
            Err(Cause::Bad(_)) => Customer::Unreadable,
        }
    }

    pub fn knows_the_id_of(&self, record: &Record) -> bool {
        matches!(self.customer(record), Customer::Named(_))
    }

    /// Whether a rule applies, after what `when-absent` says.
    pub fn applies(&self, subject: &Subject, rule: &Table) -> Truth {
        let when = requirement(subject, rule, "when");
        match (when, self.word(rule, "when-absent").unwrap_or("error")) {
            (Truth::Undecided(Cause::Absent(_)), "apply") => Truth::True,
            (Truth::Undecided(Cause::Absent(_)), "skip") => Truth::False,
            (when, "error" | "apply" | "skip") => when,
            (_, other) => panic!("a `when` cannot come to `{other}`"),
        }
    }

    fn decide(&self, subject: &Subject, rule: &Table) -> (Status, Option<&'static str>) {
        let require = requirement(subject, rule, "require");
        match (self.applies(subject, rule), require) {
            (Truth::False, _) => (Status::NotApplicable, None),
            (_, Truth::True) => (Status::Pass, None),
            (Truth::Undecided(cause), _) => (Status::Error, Some(cause.word())),
            (Truth::True, Truth::False) => (Status::Fail, Some("violated")),
            (Truth::True, Truth::Undecided(cause @ Cause::Bad(_))) => {
                (Status::Error, Some(cause.word()))
            }
            (Truth::True, Truth::Undecided(cause @ Cause::Absent(_))) => {
                (self.on_absent(rule), Some(cause.word()))
            }
        }
    }

    fn on_absent(&self, rule: &Table) -> Status {
        match self.word(rule, "on-absent").unwrap_or("fail") {
            "fail" => Status::Fail,
            "error" => Status::Error,
            "pass" => Status::Pass,
            "not-applicable" => Status::NotApplicable,
            other => panic!("no outcome is called `{other}`"),
        }
    }

    /// What the rule says, else the policy.
    fn word<'a>(&'a self, rule: &'a Table, key: &str) -> Option<&'a str> {
        let word = rule.get(key).or(self.head.get(key));
        word.map(|word| word.as_str().unwrap())
    }
}

/// Whether a rule is one of those that `--only` names, if it names any, and not
/// one of those that `--skip` names.
fn is_asked(policy: &str, rule: &Table, asked: &Asked) -> bool {
    let id = string(rule, "id");
    let tags = rule.get("tags").and_then(Toml::as_array).into_iter();
    let tags: Vec<&str> = tags.flatten().map(|tag| tag.as_str().unwrap()).collect();
    let is_meant = |selector: &String| match selector.strip_prefix("tag:") {
        Some(tag) => tags.contains(&tag),
        None => *selector == id || *selector == format!("{policy}/{id}"),
    };
    let is_named = asked.only.is_empty() || asked.only.iter().any(is_meant);
    is_named && !asked.skip.iter().any(is_meant)
}

/// The severity of a rule on a record: raised, unless what raises it does not
/// hold.
fn severity(subject: &Subject, rule: &Table) -> Severity {
    let own = Severity::named(&string(rule, "severity"));
    let Some(raise) = rule.get("raise").and_then(Toml::as_table) else {
        return own;
    };
    match requirement(subject, raise, "when") {
        Truth::False => own,
        Truth::True | Truth::Undecided(_) => Severity::named(&string(raise, "to")),
    }
}

/// A requirement that is not written is met.
fn requirement(subject: &Subject, table: &Table, name: &str) -> Truth {
    let requirement = table.get(name).and_then(Toml::as_table);
    requirement.map_or(Truth::True, |requirement| subject.meets(requirement))
}

pub fn string(table: &Table, key: &str) -> String {
    table[key].as_str().unwrap().to_owned()
}
