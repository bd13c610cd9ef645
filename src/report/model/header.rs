//! What an audit is about: known before the first record.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::finding::fingerprint;
use crate::policy::{self, Ask, Policies, Severity};
use crate::record::time;

/// Says what an audit is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// What made the report.
    pub tool: Tool,
    /// The only clock of the run, RFC 3339 in UTC.
    pub as_of: String,
    /// In the order of the command line.
    pub policies: Vec<Policy>,
}

/// Names the program that made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// Returns this program.
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Describes a policy that records were judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Its id.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// Its version, as its authors count; may be blank.
    pub version: String,
    /// Where it was read.
    pub path: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub sha256: String,
    /// The policies that it extends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<Extended>,
    /// The values of parameters that are in force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Those of them that the command line gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Rules of extended policies that it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Its rules, in the order of the policy.
    pub rules: Vec<Rule>,
}

/// Names a policy that another extends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extended {
    /// Where it was read.
    pub path: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub sha256: String,
}

/// Describes how a rule of an extended policy differs from what is written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// The rule's id.
    pub rule: String,
    /// What differs, in words.
    pub change: String,
    /// Why it was changed.
    pub because: String,
}

/// Describes a rule that records, or all of them together, were judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// How severe it is that the rule is not met.
    pub severity: Severity,
    /// The name of what it asks, if other policies may ask it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// What it asks of all records together, if that is what it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<String>,
    /// Why it matters.
    pub rationale: String,
    /// What to do about it.
    pub remediation: String,
    /// The controls that it is evidence for.
    pub references: Vec<String>,
}

impl Header {
    /// Returns the header of a run by these policies.
    pub fn new(policies: &Policies, as_of: DateTime<Utc>) -> Self {
        let schema = &policies.schema;
        let rule = |rule: &policy::Rule| Rule {
            id: rule.id.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            check: rule.check.clone(),
            aggregate: match &rule.ask {
                Ask::Aggregate(aggregate) => Some(aggregate.words(schema)),
                Ask::Record { .. } => None,
            },
            rationale: rule.rationale.clone(),
            remediation: rule.remediation.clone(),
            references: rule.references.iter().map(ToString::to_string).collect(),
        };
        let extended = |extended: &policy::PolicyFile| Extended {
            path: extended.path.clone(),
            sha256: extended.sha256.clone(),
        };
        let change = |change: &policy::Override| Override {
            rule: change.rule.clone(),
            change: change.change.clone(),
            because: change.because.clone(),
        };
        let policies = policies.all.iter().map(|policy| Policy {
            id: policy.id.clone(),
            title: policy.title.clone(),
            version: policy.version.clone(),
            path: policy.source.path.clone(),
            sha256: policy.source.sha256.clone(),
            extends: policy.extends.iter().map(extended).collect(),
            params: policy
                .params
                .iter()
                .map(|param| (param.name.clone(), param.value.clone()))
                .collect(),
            set: policy
                .params
                .iter()
                .filter(|param| param.set)
                .map(|param| param.name.clone())
                .collect(),
            overrides: policy.overrides.iter().map(change).collect(),
            rules: policy.rules.iter().map(rule).collect(),
        });
        Self {
            tool: Tool::this(),
            as_of: time::show(as_of),
            policies: policies.collect(),
        }
    }

    /// Returns the only clock of the run.
    pub fn instant(&self) -> DateTime<Utc> {
        // What `new` wrote can be read: only a report that somebody changed has
        // no time.
        self.as_of.parse().unwrap_or_default()
    }

    /// Returns the fingerprint of what represents an incomplete audit in formats
    /// that hold nothing but findings: without it, a broken export would look like
    /// the end of all findings.
    pub fn incomplete_fingerprint(&self) -> String {
        let policies = self.policies.iter().map(|policy| policy.id.as_str());
        // No policy's id has a blank: this is no finding's fingerprint.
        fingerprint(policies, "audit incomplete")
    }

    /// Returns every rule with its policy, in the order of reports.
    pub fn rules(&self) -> impl Iterator<Item = (&Policy, &Rule)> {
        let policies = self.policies.iter();
        policies.flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
    }
}
