//! A report as data: what every format tells, and what a JSON report holds.
//!
//! Findings and what stands before and after them are apart, since there may be
//! more findings than memory: the [`Head`] is known before the first record, a
//! [`Line`] is a finding, and the [`Tail`] is known after the last.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{
    self, Counts, Coverage, Evidence, Finding, Privacy, Reason, Status, finding::fingerprint,
};
use crate::policy::{self, Ask, Policies, Severity};
use crate::record::time;
use crate::text::escape_controls;
use crate::totals::Totals;
#[cfg(test)]
use crate::totals::{Gap, RunningTotals};

/// What an audit is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// What made the report.
    pub tool: Tool,
    /// The only clock of the run, RFC 3339 in UTC.
    pub as_of: String,
    /// In the order of the command line.
    pub policies: Vec<Policy>,
}

/// What made a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A policy that records were judged by.
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

/// A policy that another extends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Extended {
    /// Where it was read.
    pub path: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub sha256: String,
}

/// A rule of an extended policy that is other than it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// The rule's id.
    pub rule: String,
    /// What is other, in words.
    pub change: String,
    /// Why.
    pub because: String,
}

/// A rule that records, or all of them together, were judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// A line for people.
    pub title: String,
    /// How grave it is that the rule is not met.
    pub severity: Severity,
    /// The name of what it asks, if other policies may ask it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// What it asks of all records together, if that is what it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<String>,
    /// Why it matters.
    pub rationale: String,
    /// How to mend it.
    pub remediation: String,
    /// The controls that it is evidence for.
    pub references: Vec<String>,
}

impl Head {
    /// Of a run by these policies.
    pub fn of(policies: &Policies, as_of: DateTime<Utc>) -> Self {
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
            references: rule.references.clone(),
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
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            as_of: time::show(as_of),
            policies: policies.collect(),
        }
    }

    /// The only clock of the run.
    pub fn instant(&self) -> DateTime<Utc> {
        // What `of` wrote can be read: only a report that somebody changed has
        // no time.
        self.as_of.parse().unwrap_or_default()
    }

    /// The fingerprint of what stands for an incomplete audit in formats that
    /// hold nothing but findings: without it, a broken export would look like
    /// the end of all findings.
    pub fn incomplete_fingerprint(&self) -> String {
        let policies = self.policies.iter().map(|policy| policy.id.as_str());
        // No policy's id has a blank: this is no finding's fingerprint.
        fingerprint(policies, "audit incomplete")
    }

    /// Every rule with its policy, in the order of reports.
    pub fn rules(&self) -> impl Iterator<Item = (&Policy, &Rule)> {
        let policies = self.policies.iter();
        policies.flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line<'a> {
    /// The policy's id.
    pub policy: Cow<'a, str>,
    /// The rule's id.
    pub rule: Cow<'a, str>,
    /// How grave it is.
    pub severity: Severity,
    /// `fail`, `error` or `waived`.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// The customer's id; none, if the record has none, or if it is about the
    /// whole export.
    pub customer_id: Option<Cow<'a, str>>,
    /// The customer's name.
    pub customer_name: Option<Cow<'a, str>>,
    /// The checks that were not met.
    pub evidence: Vec<Evidence<'a>>,
    /// The finding's name, the same every night.
    pub fingerprint: Cow<'a, str>,
    /// The export's name; none, if it is about several.
    pub export: Option<Cow<'a, str>>,
    /// The record's place in the export, from 1; none, if it is about the whole
    /// export.
    pub record: Option<u64>,
}

impl<'a> Line<'a> {
    /// What a finding tells. A `0` stands for the record's number, which may
    /// not be known yet.
    pub fn of(finding: &Finding<'a>) -> Self {
        Self {
            policy: finding.policy.id.as_str().into(),
            rule: finding.rule.id.as_str().into(),
            severity: finding.rule.severity,
            status: finding.status,
            reason: finding.reason,
            customer_id: finding.customer_id(),
            customer_name: finding.customer_name(),
            evidence: finding.evidence(),
            fingerprint: finding.fingerprint().into(),
            export: finding.export.map(Cow::from),
            record: finding.number.map(|_| 0),
        }
    }

    /// Whether somebody answers for it.
    pub fn is_waived(&self) -> bool {
        self.status == Status::Waived
    }

    /// The checks that were not met, for a person.
    pub fn seen(&self) -> String {
        let seen: Vec<_> = self.evidence.iter().map(ToString::to_string).collect();
        seen.join("; ")
    }

    /// Whom it is about, for a person.
    pub fn whom(&self) -> &str {
        match (&self.customer_id, self.record) {
            (Some(id), _) => id,
            (None, Some(_)) => "[no id]",
            (None, None) => "[the export]",
        }
    }
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected<'a> {
    /// The export's name.
    pub export: Cow<'a, str>,
    /// Its place in the export, from 1.
    pub record: u64,
    /// Its first byte in the export, from 0, once unpacked.
    pub offset: u64,
    /// Why.
    pub cause: Cow<'a, str>,
}

impl Rejected<'_> {
    /// As long as it is wanted.
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
            self.record, self.offset, self.cause
        )
    }
}

/// What an audit came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tail {
    /// What was read.
    pub exports: Vec<Export>,
    /// What stood in the fields that were read, by name.
    pub coverage: BTreeMap<String, Coverage>,
    /// What it adds up to.
    pub summary: Summary,
}

/// An export, once it has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Export {
    /// Its name on the command line.
    pub path: String,
    /// Its shape.
    pub format: Cow<'static, str>,
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why it was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The outcomes of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleCounts {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How grave it is that the rule is not met.
    pub severity: Severity,
    /// Its outcomes.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A customer with findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer's id.
    pub customer_id: Option<String>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// How many findings of each severity it has, the gravest first; those of
    /// its record alone.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub findings: IndexMap<Severity, u64>,
}

impl Customer {
    fn of(customer: &finding::Customer) -> Self {
        let findings = Severity::ALL.into_iter().rev().zip(customer.findings);
        Self {
            customer_id: customer.id.clone(),
            customer_name: customer.name.clone(),
            findings: findings.collect(),
        }
    }
}

/// The findings that a report tells, of all that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    /// `customer`, `rule`, `severity`, or the name of a field.
    pub by: String,
    /// The customer's id, and so on; none, if there is none.
    pub value: Option<String>,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("[none]");
        write!(f, "{} {}", self.by, escape_controls(value))
    }
}

/// What an audit adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Every byte was read and every record judged.
    pub complete: bool,
    /// What was not.
    pub incomplete_because: Vec<String>,
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that some policy judges.
    pub in_scope: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Outcomes of all rules.
    #[serde(flatten)]
    pub counts: Counts,
    /// Outcomes of each rule, in the order of the policies.
    pub by_rule: Vec<RuleCounts>,
    /// Outcomes of the rules of a severity, the gravest first.
    #[schemars(with = "BTreeMap<String, Counts>")]
    pub by_severity: IndexMap<Severity, Counts>,
    /// Keys of records that are no field, the commonest first.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub unknown_keys: IndexMap<String, u64>,
    /// Records whose `deletedAt` stood at the epoch and was read as null.
    pub deleted_at_epoch: u64,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// What somebody should look at, although it breaks no rule.
    pub anomalies: Vec<String>,
    /// The customers with the gravest findings, the worst first.
    #[serde(default)]
    pub top_customers: Vec<Customer>,
    /// Of which findings alone the report tells, if not of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// Ids and names of customers are pseudonyms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pseudonymised: bool,
}

impl Summary {
    /// The verdict, in a word for people.
    pub fn verdict(&self) -> &'static str {
        match (self.complete, self.in_scope, self.counts.findings()) {
            (false, ..) => "INCOMPLETE",
            (true, 0, _) => "NOTHING IN SCOPE",
            (true, _, 0) => "PASS",
            (true, ..) => "FINDINGS",
        }
    }
}

impl Tail {
    /// What a run came to.
    pub fn of(
        policies: &Policies,
        totals: &Totals,
        exports: &[String],
        privacy: Privacy<'_>,
    ) -> Self {
        let Totals {
            summary, verdict, ..
        } = totals;
        let exports = exports.iter().zip(&totals.exports);
        let exports = exports.map(|(path, export)| Export {
            path: path.clone(),
            format: export.shape.clone(),
            records: export.records,
            rejected: export.rejected,
            problem: export.problem.as_ref().map(ToString::to_string),
        });
        let fields = policies.schema.wanted().iter();
        let coverage = fields
            .zip(&summary.coverage)
            .map(|(field, coverage)| (field.name.clone(), *coverage));
        let by_rule = policies
            .rules()
            .zip(&summary.by_rule)
            .map(|((policy, rule), counts)| RuleCounts {
                policy: policy.id.clone(),
                rule: rule.id.clone(),
                severity: rule.severity,
                counts: *counts,
            });
        let by_severity = Severity::ALL.into_iter().rev();
        let unknown_keys = summary.unknown_keys.commonest().into_iter();
        Self {
            exports: exports.collect(),
            coverage: coverage.collect(),
            summary: Summary {
                complete: verdict.is_complete(),
                incomplete_because: verdict.gaps.iter().map(|gap| gap.show(policies)).collect(),
                records: summary.records,
                in_scope: summary.in_scope,
                rejected: summary.rejected,
                counts: summary.counts(),
                by_rule: by_rule.collect(),
                by_severity: by_severity
                    .map(|severity| (severity, summary.counts_of(policies, severity)))
                    .collect(),
                unknown_keys: unknown_keys
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect(),
                deleted_at_epoch: summary.epoch_deleted,
                protocol_lines: summary.protocol_lines,
                anomalies: verdict.anomalies.iter().map(ToString::to_string).collect(),
                top_customers: summary.top_customers.iter().map(Customer::of).collect(),
                slice: None,
                pseudonymised: privacy.is_pseudonymous(),
            },
        }
    }

    /// Returns what an empty run over these exports comes to, with these gaps.
    #[cfg(test)]
    #[expect(clippy::expect_used, reason = "a test")]
    pub fn for_tests(policies: &Policies, exports: Vec<Export>, gaps: &[Gap]) -> Self {
        let totals = RunningTotals::new(policies, 0);
        let mut totals = totals
            .finish(&[], Privacy::Redacted, |_| {
                Ok::<_, crate::aggregate::Error>(())
            })
            .expect("no temporary file");
        totals.verdict.gaps = gaps.to_vec();
        Self {
            exports,
            ..Self::of(policies, &totals, &[], Privacy::Redacted)
        }
    }

    /// What one slice came to: only its findings are counted. What is said of
    /// all records stays.
    pub fn sliced(&self, slice: Slice, counts: &[Counts]) -> Self {
        let mut tail = self.clone();
        let summary = &mut tail.summary;
        summary.slice = Some(slice);
        summary.anomalies.clear();
        summary.top_customers.clear();
        summary.counts = Counts::default();
        for counts in summary.by_severity.values_mut() {
            *counts = Counts::default();
        }
        for (rule, counts) in summary.by_rule.iter_mut().zip(counts) {
            rule.counts = *counts;
            summary.counts += *counts;
            *summary.by_severity.entry(rule.severity).or_default() += *counts;
        }
        tail
    }
}
