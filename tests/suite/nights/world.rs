//! What there is on a night, as plain data: policies, exports, waivers and options; and how
//! each is written as a file.

use chrono::{DateTime, Days, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

pub use crate::reference::Severity;

pub type Instant = DateTime<Utc>;

/// The midnight that begins a day, counted from 2026-01-01 on.
pub fn day(number: u64) -> Instant {
    let first: Instant = "2026-01-01T00:00:00Z".parse().unwrap();
    first + Days::new(number)
}

pub fn words(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What is in a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    True,
    False,
    Missing,
    Null,
    Empty,
    Bad,
}

impl Flag {
    fn json(self) -> Option<Value> {
        match self {
            Flag::True => Some(json!(true)),
            Flag::False => Some(json!(false)),
            Flag::Missing => None,
            Flag::Null => Some(Value::Null),
            Flag::Empty => Some(json!("")),
            Flag::Bad => Some(json!("maybe")),
        }
    }
}

/// A record of a customer. Without an id it is of nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub id: Option<String>,
    pub mfa: Flag,
    pub sso: Flag,
    pub pci: Flag,
    pub panel: Flag,
    pub plan: Option<String>,
    pub contact: Option<String>,
    pub created: Option<Instant>,
}

impl Customer {
    /// A customer who meets every rule.
    pub fn sound(id: Option<&str>) -> Self {
        Self {
            id: id.map(str::to_owned),
            mfa: Flag::True,
            sso: Flag::True,
            pci: Flag::True,
            panel: Flag::True,
            plan: Some("gold".to_owned()),
            contact: None,
            created: None,
        }
    }

    fn json(&self) -> Value {
        let mut record = Map::new();
        // With an owner, it is a customer whatever else is missing.
        record.insert("ownerId".to_owned(), json!("o"));
        let flags = [
            ("force2fa", self.mfa),
            ("forceSso", self.sso),
            ("hasPci", self.pci),
            ("hasAccountPanel", self.panel),
        ];
        let flags = flags.map(|(key, flag)| (key, flag.json()));
        let texts = [
            ("id", &self.id),
            ("pricingPlan", &self.plan),
            ("securityContactId", &self.contact),
            ("createdAt", &self.created.map(words)),
        ];
        let texts = texts.map(|(key, text)| (key, text.clone().map(Value::String)));
        for (key, value) in flags.into_iter().chain(texts) {
            if let Some(value) = value {
                record.insert(key.to_owned(), value);
            }
        }
        Value::Object(record)
    }
}

/// What is in an export, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Record(Customer),
    /// Something that is rejected.
    Broken,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    pub lines: Vec<Line>,
    /// Whether its end is missing.
    pub cut: bool,
    /// What it is as a file, if that is written by others.
    pub written: Option<String>,
}

impl Export {
    pub fn text(&self) -> String {
        if let Some(written) = &self.written {
            return written.clone();
        }
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| match line {
                Line::Record(customer) => customer.json().to_string(),
                Line::Broken => r#"{"id":,}"#.to_owned(),
            })
            .collect();
        match self.cut {
            true => format!("[{},\n", lines.join(",\n")),
            false => lines.iter().map(|line| format!("{line}\n")).collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    Mfa,
    Sso,
    Plan(String),
}

impl Require {
    pub fn field(&self) -> &'static str {
        match self {
            Require::Mfa => "force2fa",
            Require::Sso => "forceSso",
            Require::Plan(_) => "pricingPlan",
        }
    }
}

/// A rule that is asked of each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub severity: Severity,
    pub require: Require,
    /// Whether it is for customers with `hasPci` alone.
    pub only_pci: bool,
    /// Whether absence passes; else it fails.
    pub absence_passes: bool,
}

impl Rule {
    pub fn new(id: &str, severity: Severity, require: Require) -> Self {
        Self {
            id: id.to_owned(),
            severity,
            require,
            only_pci: false,
            absence_passes: false,
        }
    }

    fn text(&self) -> String {
        let Self { id, severity, .. } = self;
        let wanted = match &self.require {
            Require::Mfa | Require::Sso => "true".to_owned(),
            Require::Plan(plan) => format!("{plan:?}"),
        };
        let severity = severity.word();
        let field = self.require.field();
        let mut text = format!(
            "\n[[rule]]\nid = {id:?}\nseverity = {severity:?}\nrequire.{field} = {wanted}\n"
        );
        if self.only_pci {
            text += "when.hasPci = true\n";
        }
        if self.absence_passes {
            text += "on-absent = \"pass\"\n";
        }
        text
    }
}

/// What a rule over all records asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// No id stands twice.
    Unique,
    /// No more customers than these have the same contact.
    Shared(usize),
    /// So many percent pass the rule of this id.
    PassRate(String, usize),
    /// So many records, at least.
    Records(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    pub id: String,
    pub severity: Severity,
    pub ask: Ask,
}

impl Aggregate {
    fn text(&self) -> String {
        let Self { id, severity, ask } = self;
        let severity = severity.word();
        let ask = match ask {
            Ask::Unique => "unique = \"id\"".to_owned(),
            Ask::Shared(most) => {
                format!("shared = {{ field = \"securityContactId\", more-than = {most} }}")
            }
            Ask::PassRate(rule, percent) => {
                format!("pass-rate = {{ rule = {rule:?}, at-least = \"{percent}%\" }}")
            }
            Ask::Records(least) => format!("records = {{ at-least = {least} }}"),
        };
        format!("\n[[aggregate]]\nid = {id:?}\nseverity = {severity:?}\n{ask}\n")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub id: String,
    pub rules: Vec<Rule>,
    pub aggregates: Vec<Aggregate>,
    /// Whether those without `hasAccountPanel` are out of its scope.
    pub scoped: bool,
    pub replaces: Vec<String>,
}

impl Policy {
    pub fn new(id: &str, rules: Vec<Rule>) -> Self {
        Self {
            id: id.to_owned(),
            rules,
            aggregates: Vec::new(),
            scoped: false,
            replaces: Vec::new(),
        }
    }

    pub fn has(&self, rule: &str) -> bool {
        self.rules.iter().any(|one| one.id == rule)
            || self.aggregates.iter().any(|one| one.id == rule)
    }

    pub fn text(&self) -> String {
        let mut text = format!("[policy]\nid = {:?}\n", self.id);
        if self.scoped {
            text += "scope.hasAccountPanel = true\n";
        }
        if !self.replaces.is_empty() {
            text += &format!("replaces = {:?}\n", self.replaces);
        }
        text.extend(self.rules.iter().map(Rule::text));
        text.extend(self.aggregates.iter().map(Aggregate::text));
        text
    }
}

/// What a waiver holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    AnyValue,
    Flag(bool),
    Plan(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    pub id: String,
    pub policy: String,
    pub rule: String,
    pub customer: String,
    pub holds: Holds,
    /// The days from which on it holds, and no longer holds.
    pub approved: u64,
    pub expires: u64,
}

impl Waiver {
    pub fn is_in_force(&self, as_of: Instant) -> bool {
        as_of < day(self.expires)
    }

    fn text(&self, field: &str) -> String {
        let Self {
            id,
            policy,
            rule,
            customer,
            ..
        } = self;
        let holds = match &self.holds {
            Holds::AnyValue => "any-value = true".to_owned(),
            Holds::Flag(flag) => format!("value.{field} = {flag}"),
            Holds::Plan(plan) => format!("value.{field} = {plan:?}"),
        };
        let (approved, expires) = (day(self.approved), day(self.expires));
        let (approved, expires) = (approved.date_naive(), expires.date_naive());
        format!(
            "[[waiver]]\nid = {id:?}\npolicy = {policy:?}\nrule = {rule:?}\n\
             customer = {customer:?}\n{holds}\nreason = \"r\"\nrequested-by = \"a\"\n\
             approved-by = \"b\"\napproved = {approved}\nexpires = {expires}\n\n"
        )
    }
}

/// What a run is asked beside its policies and exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Nothing is the default, an empty one is `never`.
    pub fail_on: Option<Option<Severity>>,
    pub fail_on_new: Option<Severity>,
    pub fail_on_overdue: bool,
    pub undecided_is_finding: bool,
    pub allow_empty: bool,
    /// The days until a finding is due, where there is a deadline.
    pub deadlines: Vec<(Severity, u64)>,
}

/// All that a run is made from, but for the nights before it.
#[derive(Clone, Debug)]
pub struct Night {
    pub as_of: Instant,
    pub policies: Vec<Policy>,
    pub exports: Vec<Export>,
    /// The rules left out, as `policy/rule`.
    pub skip: Vec<String>,
    pub waivers: Option<Vec<Waiver>>,
    pub options: Options,
}

impl Night {
    pub fn policy(&self, id: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.id == id)
    }

    pub fn skips(&self, policy: &str, rule: &str) -> bool {
        self.skip.contains(&format!("{policy}/{rule}"))
    }

    pub fn waiver(&self, id: &str) -> Option<&Waiver> {
        let mut all = self.waivers.iter().flatten();
        all.find(|waiver| waiver.id == id)
    }

    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.exports.iter().flat_map(|export| &export.lines)
    }

    pub fn customers(&self) -> impl Iterator<Item = &Customer> {
        self.lines().filter_map(|line| match line {
            Line::Record(customer) => Some(customer),
            Line::Broken => None,
        })
    }

    /// The waivers as a file. One for a rule that is not in this run has some field of it.
    pub fn waivers_text(&self) -> Option<String> {
        let waivers = self.waivers.as_ref()?;
        let texts = waivers.iter().map(|waiver| {
            let rules = self.policy(&waiver.policy).map(|policy| &policy.rules);
            let rule = rules
                .into_iter()
                .flatten()
                .find(|one| one.id == waiver.rule);
            waiver.text(rule.map_or("force2fa", |rule| rule.require.field()))
        });
        Some(texts.collect())
    }

    /// The arguments for what is no file.
    pub fn args(&self) -> Vec<String> {
        let mut args = vec!["--as-of".to_owned(), words(self.as_of)];
        for skipped in &self.skip {
            args.extend(["--skip".to_owned(), skipped.clone()]);
        }
        let Options {
            fail_on,
            fail_on_new,
            fail_on_overdue,
            undecided_is_finding,
            allow_empty,
            deadlines,
        } = &self.options;
        let word = |severity: &Option<Severity>| severity.map_or("never", Severity::word);
        let mut option = |name: &str, value: &str| {
            args.extend([name.to_owned(), value.to_owned()]);
        };
        if let Some(fail_on) = fail_on {
            option("--fail-on", word(fail_on));
        }
        if *fail_on_overdue {
            option("--fail-on", "overdue");
        }
        if let Some(severity) = fail_on_new {
            option("--fail-on-new", severity.word());
        }
        for (severity, days) in deadlines {
            option("--deadline", &format!("{}={days}d", severity.word()));
        }
        if *undecided_is_finding {
            option("--undecided", "finding");
        }
        if *allow_empty {
            args.push("--allow-empty".to_owned());
        }
        args
    }
}
