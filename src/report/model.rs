//! A report as data: what every format tells, and what a JSON report holds.
//!
//! Findings and what comes before and after them are apart, since there may be
//! more findings than memory: the [`Header`] is known before the first record, a
//! [`FindingRow`] is a finding, and the [`Footer`] is known after the last.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use strum::IntoStaticStr;

use crate::finding::{
    self, Counts, Coverage, Evidence, Finding, Privacy, Reason, Status, finding::fingerprint,
};
use crate::policy::{self, Ask, Policies, Severity};
use crate::record::time;
use crate::text::escape_controls;
use crate::totals::Totals;

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

    /// Returns the only clock of the run.
    pub fn instant(&self) -> DateTime<Utc> {
        // What `new` wrote can be read: only a report that somebody changed has
        // no time.
        self.as_of.parse().unwrap_or_default()
    }

    /// Returns the fingerprint of what stands for an incomplete audit in formats
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

/// Is a finding, as a row of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingRow<'a> {
    /// The policy's id.
    pub policy: Cow<'a, str>,
    /// The rule's id.
    pub rule: Cow<'a, str>,
    /// How severe it is.
    pub severity: Severity,
    /// `fail`, `error` or `waived`.
    pub status: Status,
    /// Why the outcome is listed.
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
    /// The number of the record in the export, from 1; none, if it is about the
    /// whole export.
    pub record: Option<u64>,
}

/// Is a finding without the number of its record, which the renderer writes as the
/// last key: it may not be known yet.
pub(super) struct Unnumbered<'r, 'f>(pub(super) &'r FindingRow<'f>);

impl Serialize for Unnumbered<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let FindingRow {
            policy,
            rule,
            severity,
            status,
            reason,
            customer_id,
            customer_name,
            evidence,
            fingerprint,
            export,
            record: _,
        } = self.0;
        let mut object = serializer.serialize_struct("FindingRow", 10)?;
        object.serialize_field("policy", policy)?;
        object.serialize_field("rule", rule)?;
        object.serialize_field("severity", severity)?;
        object.serialize_field("status", status)?;
        object.serialize_field("reason", reason)?;
        object.serialize_field("customer_id", customer_id)?;
        object.serialize_field("customer_name", customer_name)?;
        object.serialize_field("evidence", evidence)?;
        object.serialize_field("fingerprint", fingerprint)?;
        object.serialize_field("export", export)?;
        object.end()
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    text.into_owned().into()
}

impl<'a> FindingRow<'a> {
    /// Returns what a finding says.
    pub fn new(finding: &Finding<'a>) -> Self {
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
            record: finding.number,
        }
    }

    /// Returns the row free of what it was made from.
    pub fn into_owned(self) -> FindingRow<'static> {
        let evidence = self.evidence.into_iter().map(|item| Evidence {
            field: owned(item.field),
            expected: owned(item.expected),
            observed: owned(item.observed),
        });
        FindingRow {
            policy: owned(self.policy),
            rule: owned(self.rule),
            severity: self.severity,
            status: self.status,
            reason: self.reason,
            customer_id: self.customer_id.map(owned),
            customer_name: self.customer_name.map(owned),
            evidence: evidence.collect(),
            fingerprint: owned(self.fingerprint),
            export: self.export.map(owned),
            record: self.record,
        }
    }

    /// Returns whether somebody has accepted it until a day.
    pub fn is_waived(&self) -> bool {
        self.status == Status::Waived
    }

    /// Returns the checks that were not met, for a person.
    pub fn observed(&self) -> String {
        let evidence: Vec<_> = self.evidence.iter().map(ToString::to_string).collect();
        evidence.join("; ")
    }

    /// Returns whom it is about, for a person.
    pub fn whom(&self) -> &str {
        match (&self.customer_id, self.record) {
            (Some(id), _) => id,
            (None, Some(_)) => "[no id]",
            (None, None) => "[the export]",
        }
    }
}

/// Says where a record is that could not be read, and why it could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected<'a> {
    /// The export's name.
    pub export: Cow<'a, str>,
    /// Its number in the export, from 1.
    pub record: u64,
    /// Its first byte in the export, from 0, once unpacked.
    pub offset: u64,
    /// Why it could not be read.
    pub cause: Cow<'a, str>,
}

impl Rejected<'_> {
    /// Returns the same, free of what it was made from.
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

/// Says what an audit came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Footer {
    /// What was read.
    pub exports: Vec<Export>,
    /// What was found in the fields that were read, by name.
    pub coverage: BTreeMap<String, Coverage>,
    /// What it adds up to.
    pub summary: Summary,
}

/// Describes an export that has been read.
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

/// Counts the outcomes of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleCounts {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How severe it is that the rule is not met.
    pub severity: Severity,
    /// Its outcomes.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Counts the findings of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer's id.
    pub customer_id: Option<String>,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// How many findings of each severity it has, the most severe first; those of
    /// its record alone.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub findings: IndexMap<Severity, u64>,
}

impl Customer {
    fn new(customer: &finding::Customer) -> Self {
        let findings = Severity::ALL.into_iter().rev().zip(customer.findings);
        Self {
            customer_id: customer.id.clone(),
            customer_name: customer.name.clone(),
            findings: findings.collect(),
        }
    }
}

/// Says which findings a report is about, if it is not about all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    /// `customer`, `rule`, `severity`, or the name of a field.
    pub by: String,
    /// The customer's id, the rule, and so on; none, for findings without one.
    pub value: Option<String>,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("[none]");
        write!(f, "{} {}", self.by, escape_controls(value))
    }
}

/// Counts what an audit found, and says whether it is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Every byte was read and every record judged.
    pub complete: bool,
    /// What was not read or judged.
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
    /// Outcomes of the rules of a severity, the most severe first.
    #[schemars(with = "BTreeMap<String, Counts>")]
    pub by_severity: IndexMap<Severity, Counts>,
    /// Keys of records that are no field, the commonest first.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub unknown_keys: IndexMap<String, u64>,
    /// Records whose `deletedAt` was at the epoch and was read as null.
    pub deleted_at_epoch: u64,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// What somebody should look at, although it breaks no rule.
    pub anomalies: Vec<String>,
    /// The customers with the most severe findings, the worst first.
    #[serde(default)]
    pub top_customers: Vec<Customer>,
    /// Which findings the report is about, if it is not about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// Ids and names of customers are pseudonyms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pseudonymised: bool,
}

/// Says in a word what an audit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Something could not be read or judged.
    Incomplete,
    /// No policy applies to any record.
    #[strum(serialize = "NOTHING IN SCOPE")]
    NothingInScope,
    /// Every rule is met or waived.
    Pass,
    /// There are findings.
    Findings,
}

impl Verdict {
    /// Returns the word for it in reports.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

impl Summary {
    /// Returns the verdict.
    pub fn verdict(&self) -> Verdict {
        match (self.complete, self.in_scope, self.counts.findings()) {
            (false, ..) => Verdict::Incomplete,
            (true, 0, _) => Verdict::NothingInScope,
            (true, _, 0) => Verdict::Pass,
            (true, ..) => Verdict::Findings,
        }
    }
}

impl Footer {
    /// Returns what a run came to.
    pub fn new(
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
                top_customers: summary.top_customers.iter().map(Customer::new).collect(),
                slice: None,
                pseudonymised: privacy.is_pseudonymous(),
            },
        }
    }

    /// Returns what one slice came to: only its findings are counted. What is said
    /// of all records stays.
    pub fn sliced(&self, slice: Slice, counts: &[Counts]) -> Self {
        let mut footer = self.clone();
        let summary = &mut footer.summary;
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
        footer
    }
}
