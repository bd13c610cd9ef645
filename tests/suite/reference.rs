//! A slow and plain reading of the contract: every rule of every policy on
//! every record, one after another. The program must say the same.

mod aggregate;
mod cases;
mod check;
mod field;
pub mod generate;

mod logic;
mod needs;
mod network;
mod policy;
mod reading;
mod time;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use field::folded;
use needs::Passed;
use policy::Policy;
pub use reading::Record;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// How severe a finding is, from `info` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] = [
        Severity::Info,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    fn named(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|severity| severity.word() == word).unwrap()
    }
}

/// Who a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Customer {
    Named(String),
    Nameless,
    /// There is an id and it cannot be read; no name is the right one.
    Unreadable,
}

/// What a run is asked, beside its policies and exports.
#[derive(Clone, Debug)]
pub struct Asked {
    pub as_of: DateTime<Utc>,
    /// Selectors: `rule-id`, `policy/rule-id` or `tag:NAME`; all, if there is none.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    /// Whether an outcome that is undecided counts like a fail.
    pub undecided_is_finding: bool,
    pub allow_empty: bool,
    /// Nothing is `never`.
    pub fail_on: Option<Severity>,
}

impl Asked {
    /// What a run is asked that has no more options than its clock.
    pub fn at(as_of: DateTime<Utc>) -> Self {
        Self {
            as_of,
            only: Vec::new(),
            skip: Vec::new(),
            undecided_is_finding: false,
            allow_empty: false,
            fail_on: Some(Severity::Low),
        }
    }
}

/// What came of one rule on one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub policy: String,
    pub rule: String,
    pub severity: Severity,
    pub customer: Customer,
    /// The export, from 0, and the record in it, from 1.
    pub at: (usize, usize),
    pub status: Status,
    pub reason: Option<&'static str>,
}

impl Outcome {
    pub fn is_finding(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Error)
    }
}

/// A finding of a rule that asks something of all records together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OverAll {
    pub policy: String,
    pub rule: String,
    pub severity: Severity,
    pub status: Status,
    /// Nobody in particular, where it is about the exports as a whole.
    pub customer: Customer,
}

/// What came of an audit.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// In the order of the records, then of the rules.
    pub outcomes: Vec<Outcome>,
    pub over_all: Vec<OverAll>,
    /// For each record, whether it lies in the scope of each policy that has a
    /// rule to ask.
    pub in_scope: Vec<Vec<bool>>,
    /// Policies none of whose rules are asked.
    pub left_out: usize,
    /// The codes that say why the audit is incomplete.
    pub because: BTreeSet<&'static str>,
    /// Codes that say over again, or of something that is not asked here, what
    /// another says.
    pub perhaps: BTreeSet<&'static str>,
}

/// Every record in the scope of a policy, judged by its rules.
pub fn judge(policies: &[String], exports: &[Vec<Record>], asked: &Asked) -> Verdict {
    let policies: Vec<Policy> = policies
        .iter()
        .map(|text| Policy::read(text, asked))
        .collect();
    let (policies, left_out): (Vec<Policy>, Vec<Policy>) =
        policies.into_iter().partition(Policy::asks_something);
    let mut verdict = Verdict {
        left_out: left_out.len(),
        ..Verdict::default()
    };
    for (export, records) in exports.iter().enumerate() {
        for (at, record) in records.iter().enumerate() {
            let judged = policies.iter().map(|policy| policy.judge(record));
            let judged: Vec<Option<Vec<Outcome>>> = judged.collect();
            let in_scope = judged.iter().map(Option::is_some).collect();
            verdict.in_scope.push(in_scope);
            let outcomes = judged.into_iter().flatten().flatten();
            verdict.outcomes.extend(outcomes.map(|outcome| Outcome {
                at: (export, at + 1),
                ..outcome
            }));
        }
    }
    let records: Vec<&Record> = exports.iter().flatten().collect();
    let over_all = policies.iter().flat_map(|policy| policy.over_all(&records));
    verdict.over_all = over_all.collect();
    verdict.is_it_complete(&policies, exports, asked);
    // Whether the scope of a policy still counts, none of whose rules are asked.
    let lacks = |policy: &Policy| policy.lacks_a_field(&records, Passed::IsMore);
    if left_out.iter().any(lacks) {
        verdict.perhaps.insert("field-missing");
    }
    verdict
}

impl Verdict {
    fn is_it_complete(&mut self, policies: &[Policy], exports: &[Vec<Record>], asked: &Asked) {
        let records: Vec<&Record> = exports.iter().flatten().collect();
        let outcomes = self.outcomes.iter().map(|one| one.status);
        let mut statuses = outcomes.chain(self.over_all.iter().map(|one| one.status));
        let is_undecided = statuses.any(|status| status == Status::Error);
        if is_undecided && !asked.undecided_is_finding {
            self.because.insert("undecided");
        }
        let lacks = |passed| {
            policies
                .iter()
                .any(|policy| policy.lacks_a_field(&records, passed))
        };
        if lacks(Passed::IsPresence) {
            self.because.insert("field-missing");
        } else if lacks(Passed::IsMore) {
            self.perhaps.insert("field-missing");
        }
        for export in exports.iter().filter(|export| !export.is_empty()) {
            let id_of =
                |policy: &Policy| export.iter().any(|record| policy.knows_the_id_of(record));
            if !policies.iter().any(id_of) {
                self.perhaps.insert("no-id");
            }
            let is_id = |(key, _): &(String, _)| folded(key) == "id";
            if !export.iter().any(|record| record.iter().any(is_id)) {
                self.because.insert("no-id");
            }
        }
        if !asked.allow_empty {
            self.is_there_anything(policies, exports);
        }
    }

    /// What is empty: the run, an export, a scope, or what the rules judged.
    fn is_there_anything(&mut self, policies: &[Policy], exports: &[Vec<Record>]) {
        if exports.iter().all(Vec::is_empty) {
            self.because.insert("no-records");
            self.perhaps
                .extend(["empty-export", "none-in-scope", "nothing-judged"]);
            return;
        }
        if exports.iter().any(Vec::is_empty) {
            self.because.insert("empty-export");
        }
        for (at, policy) in policies.iter().enumerate() {
            let judged =
                |one: &Outcome| one.policy == policy.id() && one.status != Status::NotApplicable;
            if !self.in_scope.iter().any(|by| by[at]) {
                self.because.insert("none-in-scope");
                self.perhaps.insert("nothing-judged");
            } else if policy.asks_over_all() {
                self.perhaps.insert("nothing-judged");
            } else if !self.outcomes.iter().any(judged) {
                self.because.insert("nothing-judged");
            }
        }
    }

    /// The exit code of the run.
    pub fn exit_code(&self, asked: &Asked, complete: bool) -> i32 {
        let outcomes = self.outcomes.iter().map(|one| (one.status, one.severity));
        let over_all = self.over_all.iter().map(|one| (one.status, one.severity));
        let counts = |(status, severity): (Status, Severity)| {
            let is_meant = match status {
                Status::Fail => true,
                Status::Error => asked.undecided_is_finding,
                Status::Pass | Status::NotApplicable => false,
            };
            is_meant && asked.fail_on.is_some_and(|least| severity >= least)
        };
        match (complete, outcomes.chain(over_all).any(counts)) {
            (false, _) => 3,
            (true, true) => 1,
            (true, false) => 0,
        }
    }
}

/// The record as if the field had never been in it.
pub fn without(record: &Record, field: &str) -> Record {
    let others = record
        .iter()
        .filter(|(key, _)| folded(key) != folded(field));
    others.cloned().collect()
}
