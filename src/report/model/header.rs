//! What an audit is about: known before the first record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::life::{Listed, Previous};
use crate::closed;
use crate::digest::FileDigest;
use crate::finding::finding::fingerprint;
use crate::policy::{self, Ask, OnAbsent, Policies, Severity, WhenAbsent};
use crate::record::time;

/// The version of the shape of reports: greater once a reader of the former could take
/// one for something that it is not.
pub(in crate::report) const SCHEMA_VERSION: u32 = 1;

/// The version of how fingerprints are made.
const FINGERPRINT_SCHEME: u32 = 1;

/// Says what an audit is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// What made the report.
    pub tool: Tool,
    /// The version of the shape of this report: a reader knows by it what it can read.
    pub schema_version: u32,
    /// The version of how fingerprints are made: those of another cannot be compared.
    pub fingerprint_scheme: u32,
    /// The only clock of the run, RFC 3339 in UTC.
    pub as_of: String,
    /// A digest of the key by which pseudonyms were made, if they were: reports with
    /// another cannot be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym_key: Option<String>,
    /// The report of the night before, in a run that is compared with one: null on a first
    /// night.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "closed::present"
    )]
    pub previous: Option<Option<Previous>>,
    /// The findings that the report is bounded to; left out where it lists all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Listed>,
    /// In the order of the command line.
    pub policies: Vec<Policy>,
    /// The files of waivers, in the order of the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverFile>,
}

/// Names a file of waivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverFile {
    /// Where it was read.
    pub path: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    #[serde(deserialize_with = "closed::sha256")]
    pub sha256: String,
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
    #[serde(deserialize_with = "closed::sha256")]
    pub sha256: String,
    /// What its rules do not show, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// The fields that no record need have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<OptionalField>,
    /// The ids of the policies that it is instead of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    /// The policies that it extends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extends: Vec<Extended>,
    /// The values of parameters that are in force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The files that lists of parameters were read from, by parameter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Extended>,
    /// Those of them that the command line gave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Rules of extended policies that it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// Its rules, in the order of the policy.
    pub rules: Vec<Rule>,
    /// Its rules that were left out of the run: nothing was tested by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_tested: Vec<Rule>,
    /// The controls that its rules do not test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untested_controls: Vec<UntestedControl>,
}

/// Names a field that no record need have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OptionalField {
    /// The field.
    pub field: String,
    /// Why none need have it.
    pub why: String,
}

/// Names a control that the rules of a policy do not test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UntestedControl {
    /// Whose control it is.
    pub framework: String,
    /// Its number or name.
    pub requirement: String,
    /// Who must show that it is met, or what would.
    pub evidenced_by: String,
}

/// Holds what a rule asks, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// The records that the policy judges; all, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The records to which the rule applies; all, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What a `when` comes to that is undecided by absence alone, where there is one:
    /// `error`, `apply` or `skip`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "closed::maybe_name::<_, WhenAbsent>"
    )]
    pub when_absent: Option<String>,
    /// What must hold.
    pub require: String,
    /// What a record comes to in which the fields are absent, if the rule asks something of
    /// each record: `fail`, `error`, `pass` or `not-applicable`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "closed::maybe_name::<_, OnAbsent>"
    )]
    pub on_absent: Option<String>,
}

/// Says for which records a rule is more severe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Raise {
    /// The severity of those records.
    pub to: Severity,
    /// The records, in words.
    pub when: String,
}

/// Names a policy that another extends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extended {
    /// Where it was read.
    pub path: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    #[serde(deserialize_with = "closed::sha256")]
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
    /// Where it is more severe, if it is anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<Raise>,
    /// What it asks, in words.
    pub criterion: Criterion,
    /// The SHA-256 of what it asks, in hexadecimal digits: words and severity do not
    /// change it.
    #[serde(deserialize_with = "closed::sha256")]
    pub sha256: String,
    /// Names by which several rules are picked at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
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

impl Policy {
    fn new(policies: &Policies, policy: &policy::Policy) -> Self {
        let rules = |rules: &[policy::Rule]| {
            let rules = rules.iter().map(|rule| Rule::new(policies, policy, rule));
            rules.collect()
        };
        let params = policy.params.iter();
        let lists = params.clone().filter_map(|param| {
            let file = param.file.as_ref()?;
            Some((param.name.clone(), Extended::from(file)))
        });
        let optional = policy.optional.iter().map(|field| OptionalField {
            field: policies.schema.field(field.slot).name.clone(),
            why: field.why.clone(),
        });
        let change = |change: &policy::Override| Override {
            rule: change.rule.clone(),
            change: change.change.clone(),
            because: change.because.clone(),
        };
        let control = |control: &policy::UntestedControl| UntestedControl {
            framework: control.framework.clone(),
            requirement: control.requirement.clone(),
            evidenced_by: control.evidenced_by.clone(),
        };
        Self {
            id: policy.id.clone(),
            title: policy.title.clone(),
            version: policy.version.clone(),
            path: policy.source.path.clone(),
            sha256: policy.source.sha256.clone(),
            limits: policy.limits.clone(),
            optional: optional.collect(),
            replaces: policy.replaces.clone(),
            extends: policy.extends.iter().map(Extended::from).collect(),
            lists: lists.collect(),
            set: (params.clone().filter(|param| param.set))
                .map(|param| param.name.clone())
                .collect(),
            params: params
                .map(|param| (param.name.clone(), param.value.clone()))
                .collect(),
            overrides: policy.overrides.iter().map(change).collect(),
            rules: rules(&policy.rules),
            not_tested: rules(&policy.left_out),
            untested_controls: policy.controls.iter().map(control).collect(),
        }
    }
}

impl From<&policy::PolicyFile> for Extended {
    fn from(file: &policy::PolicyFile) -> Self {
        Self {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
        }
    }
}

impl Rule {
    /// Returns how severe its findings can be: its own severity, then the one that some
    /// are raised to.
    pub fn severities(&self) -> impl Iterator<Item = Severity> {
        let raised = self.raise.as_ref().map(|raise| raise.to);
        std::iter::once(self.severity).chain(raised)
    }

    fn new(policies: &Policies, policy: &policy::Policy, rule: &policy::Rule) -> Self {
        Self {
            id: rule.id.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            raise: rule.raise.as_ref().map(|raise| Raise {
                to: raise.to,
                when: policies.words(&raise.when),
            }),
            criterion: Criterion::new(policies, policy, rule),
            sha256: policies.rule_digest(policy, rule),
            tags: rule.tags.clone(),
            check: rule.check.clone(),
            aggregate: match &rule.ask {
                Ask::Aggregate(aggregate) => Some(aggregate.words(&policies.schema)),
                Ask::Record { .. } => None,
            },
            rationale: rule.rationale.clone(),
            remediation: rule.remediation.clone(),
            references: rule.references.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Criterion {
    fn new(policies: &Policies, policy: &policy::Policy, rule: &policy::Rule) -> Self {
        let words = |requirement: &policy::Requirement| policies.words(requirement);
        let (require, on_absent) = match &rule.ask {
            Ask::Record { require, on_absent } => (words(require), Some(on_absent.name())),
            Ask::Aggregate(aggregate) => (aggregate.words(&policies.schema), None),
        };
        Self {
            scope: match (&policy.scope, &rule.scope) {
                (Some(scope), Some(own)) => Some(format!("{} and {}", words(scope), words(own))),
                (scope, own) => scope.as_ref().or(own.as_ref()).map(words),
            },
            when: rule.when.as_ref().map(words),
            when_absent: (rule.when.as_ref()).map(|_| rule.when_absent.name().to_owned()),
            require,
            on_absent: on_absent.map(str::to_owned),
        }
    }

    /// Returns the criterion as sentences, each with what it is about: where the rule
    /// applies, what it requires, and what absence leads to.
    pub fn sentences(&self) -> Vec<(&'static str, String)> {
        let mut sentences = Vec::new();
        if let Some(scope) = &self.scope {
            sentences.push(("Scope", scope.clone()));
        }
        if let Some(when) = &self.when {
            let when = match self.when_absent.as_deref() {
                Some("apply") => format!("{when}; also where that is not known"),
                Some("skip") => format!("{when}; not where that is not known"),
                Some(_) | None => when.clone(),
            };
            sentences.push(("Applies where", when));
        }
        sentences.push(("Requires", self.require.clone()));
        if let Some(on_absent) = &self.on_absent {
            sentences.push(("If absent", on_absent.clone()));
        }
        sentences
    }
}

impl Header {
    /// Returns the header of a run by these policies.
    pub fn new(policies: &Policies, as_of: DateTime<Utc>) -> Self {
        let policy = |policy| Policy::new(policies, policy);
        Self {
            tool: Tool::this(),
            schema_version: SCHEMA_VERSION,
            fingerprint_scheme: FINGERPRINT_SCHEME,
            as_of: time::show(as_of),
            pseudonym_key: None,
            previous: None,
            listed: Vec::new(),
            policies: policies.all.iter().map(policy).collect(),
            waivers: Vec::new(),
        }
    }

    /// Returns the header of a run with these files of waivers.
    #[must_use]
    pub fn with_waivers<'f>(mut self, files: impl Iterator<Item = &'f FileDigest>) -> Self {
        let file = |file: &FileDigest| WaiverFile {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
        };
        self.waivers = files.map(file).collect();
        self
    }

    /// Returns the head of a report that is bounded to these findings; of one that is bounded
    /// to nothing it is this.
    pub fn bounded(&self, listed: &[Listed]) -> Cow<'_, Self> {
        match listed {
            [] => Cow::Borrowed(self),
            listed => Cow::Owned(Self {
                listed: listed.to_vec(),
                ..self.clone()
            }),
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
