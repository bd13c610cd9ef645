//! How a finding relates to the nights before.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, EnumString, IntoStaticStr, VariantArray};

use crate::finding::Status;
use crate::policy::Severity;
use crate::text::grouped;

/// Says how a finding relates to the night before.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    AsRefStr,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Since {
    /// It was not there, or its waiver has ended.
    New,
    /// It was there, and says something else now.
    Changed,
    /// It was there, and says the same; or there was no night before.
    Open,
}

/// Says why a finding is new; the first that holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    AsRefStr,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Because {
    /// There was no night before: it counts as open.
    FirstRun,
    /// It was waived, and its waiver has expired or is gone.
    WaiverEnded,
    /// The night before did not ask its rule.
    RuleNew,
    /// Its rule asks something else than the night before.
    RuleChanged,
    /// Its customer was not known before.
    CustomerNew,
    /// Its customer is known, and was not found so the night before.
    CustomerChanged,
}

/// Says what became of a finding of the night before that is not there any more.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    AsRefStr,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum End {
    /// The customer was judged by the same rule, and passes.
    Fixed,
    /// The customer passes or is not judged, by a rule that asks something else.
    RuleChanged,
    /// The same rule does not judge the customer any more.
    Left,
    /// There is no such customer any more.
    Gone,
    /// The policy has no such rule any more, or is retired.
    RuleRemoved,
}

/// Says what became of a finding of the night before that the run cannot judge.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, AsRefStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Carried {
    /// The run cannot tell: it is carried on, so that its age is kept.
    #[default]
    Unknown,
}

/// Says why a run cannot tell what became of a finding of the night before; the first that
/// holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    AsRefStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Doubt {
    /// Its rule was left out, or its policy is not in the run.
    RuleNotAsked,
    /// No record of its customer was read, in a run that may not have read all.
    CustomerNotRead,
    /// A report is compared, and not a run: it has no such finding, and does not say whether
    /// its customer passes, is not judged any more, or is gone.
    NotListed,
    /// Its rule could not be decided.
    NotDecided,
    /// Its rule is met by what is no proof: a field that no record has, or records that are
    /// not all.
    NoProof,
}

/// Holds how a finding relates to the nights before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How it relates to the night before.
    pub since: Since,
    /// Why it is new, or open on a first run.
    pub because: Option<Because>,
    /// The first night of its unbroken life.
    pub first_seen: DateTime<Utc>,
    /// The instant from which on it is overdue, if there is a deadline and it is not
    /// waived.
    pub due: Option<DateTime<Utc>>,
    /// Whether that has come.
    pub overdue: bool,
    /// Whether it had a life before this one.
    pub reopened: bool,
    /// The night from which its deadline counts, where that is not the first: the first
    /// on which it was found after its waiver ended.
    pub due_from: Option<DateTime<Utc>>,
    /// Whether it was open the night before; no report says so.
    pub was_open: bool,
    /// How it has left the slice of reports in which it was then; no report says so.
    pub moves: Moves,
}

/// Says how a finding has left the slice of reports in which it was the night before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// What its record, or a table of customers, says is another slice.
    pub of_slice: bool,
    /// Its severity is another.
    pub of_severity: bool,
}

impl Moves {
    /// Returns those of them that are also among others.
    #[must_use]
    pub fn among(self, others: Self) -> Self {
        Self {
            of_slice: self.of_slice && others.of_slice,
            of_severity: self.of_severity && others.of_severity,
        }
    }

    /// Returns these and others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            of_slice: self.of_slice || others.of_slice,
            of_severity: self.of_severity || others.of_severity,
        }
    }

    /// Returns whether there are some.
    pub fn are_some(self) -> bool {
        self != Self::default()
    }
}

/// Says how soon a finding is to be looked at, by what became of it since the night before:
/// the last of them first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, VariantArray)]
pub enum Urgency {
    /// It is known, accepted, or nothing was compared.
    #[default]
    Known,
    /// Its deadline has passed.
    Overdue,
    /// It is new, or says something else.
    New,
}

/// Names the findings that a report can be bounded to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    AsRefStr,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Listed {
    /// Those that were not there the night before.
    New,
    /// Those that say something else now.
    Changed,
    /// Those whose deadline has passed.
    Overdue,
}

impl Listed {
    fn holds_of(self, life: &Life) -> bool {
        match self {
            Self::New => life.since == Since::New,
            Self::Changed => life.since == Since::Changed,
            Self::Overdue => life.overdue,
        }
    }

    /// Names those that a report is bounded to.
    pub fn in_words(listed: &[Self]) -> String {
        let names: Vec<&str> = listed.iter().map(|one| one.into()).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "all".to_owned(),
        }
    }

    /// Returns whether a report that is bounded to these lists a finding; one that is
    /// bounded to nothing lists all.
    pub fn lists(listed: &[Self], life: Option<&Life>) -> bool {
        let is_one = |life| listed.iter().any(|one| one.holds_of(life));
        listed.is_empty() || life.is_some_and(is_one)
    }
}

impl Life {
    /// Returns whether a finding of which a report says this was open the night before, as
    /// far as that can be known from it.
    pub fn was_open(status: Status, since: Since, because: Option<Because>) -> bool {
        match since {
            Since::New => false,
            Since::Changed => true,
            Since::Open => status != Status::Waived && because != Some(Because::FirstRun),
        }
    }

    /// Returns how soon it is to be looked at.
    pub fn urgency(&self) -> Urgency {
        match (self.since, self.overdue) {
            (Since::New | Since::Changed, _) => Urgency::New,
            (Since::Open, true) => Urgency::Overdue,
            (Since::Open, false) => Urgency::Known,
        }
    }
}

/// Names the report that a run is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Previous {
    /// The only clock of its run.
    #[serde(deserialize_with = "crate::closed::instant")]
    pub as_of: String,
    /// The SHA-256 of its bytes.
    #[serde(deserialize_with = "crate::closed::sha256")]
    pub sha256: String,
    /// The ids of the policies whose rules are others than then, and of those that only one
    /// of the two runs has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_policies: Vec<String>,
}

/// Counts findings by how they relate to the night before: each name once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SinceCounts {
    /// Those that were not there.
    pub new: u64,
    /// Those that say something else now.
    pub changed: u64,
    /// Those that were there, and say the same.
    pub open: u64,
    /// Those whose deadline has passed, the carried among them.
    pub overdue: u64,
    /// Those that were there, and whose customers pass now.
    pub fixed: u64,
    /// Those whose rule asks something else now.
    pub rule_changed: u64,
    /// Those whose customers the rule does not judge any more.
    pub left: u64,
    /// Those whose customers are gone.
    pub gone: u64,
    /// Those whose rule is gone.
    pub rule_removed: u64,
    /// Those of which the run cannot tell.
    pub unknown: u64,
}

impl SinceCounts {
    /// Returns what is new and what is still open, in words; of all findings so many are
    /// waived.
    pub fn in_words(&self, waived: u64) -> String {
        let Self {
            new,
            changed,
            open,
            overdue,
            unknown,
            ..
        } = *self;
        let mut words = vec![format!("{} new", grouped(new))];
        let named =
            |number: u64, name: &str| (number > 0).then(|| format!("{} {name}", grouped(number)));
        words.extend(named(changed, "changed"));
        let or_waived = if waived > 0 { " or waived" } else { "" };
        words.push(format!("{} still open{or_waived}", grouped(open)));
        words.extend(named(overdue, "overdue"));
        words.extend(named(unknown, "unknown"));
        words.join(", ")
    }

    /// Returns how many are not there any more.
    pub fn closed(&self) -> u64 {
        self.ends().iter().map(|(_, number)| number).sum()
    }

    /// Returns how many there are of each end.
    pub fn ends(&self) -> [(End, u64); 5] {
        let Self {
            new: _,
            changed: _,
            open: _,
            overdue: _,
            fixed,
            rule_changed,
            left,
            gone,
            rule_removed,
            unknown: _,
        } = *self;
        [
            (End::Fixed, fixed),
            (End::RuleChanged, rule_changed),
            (End::Left, left),
            (End::Gone, gone),
            (End::RuleRemoved, rule_removed),
        ]
    }
}

/// Counts findings of a rule and a severity by how they relate to the night before: each
/// name once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SinceOfRule {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How severe they are.
    pub severity: Severity,
    /// Those that were not there.
    pub new: u64,
    /// Those that say something else now.
    pub changed: u64,
    /// Those that were there, and say the same.
    pub open: u64,
    /// Those whose deadline has passed, the carried among them.
    pub overdue: u64,
    /// Those that are new, or open on a first night, by why.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub because: BTreeMap<Because, u64>,
    /// Those of which the run cannot tell, by why.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub unknown: BTreeMap<Doubt, u64>,
    /// The first night of the oldest of all of them.
    #[schemars(with = "Option<String>")]
    pub oldest: Option<DateTime<Utc>>,
}
