//! What an audit came to: known after the last record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::control::Control;
use super::life::{SinceCounts, SinceOfRule};
use crate::closed;
use crate::finding::{self, Counts, Coverage, Privacy, Status};
use crate::policy::{self, Policies, Severity};
use crate::text::escape_controls;
use crate::totals::{Gap, Totals};
use crate::waiver::WaiverCounts;

/// Says what an audit came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Footer {
    /// What was read.
    pub exports: Vec<Export>,
    /// What was found in the fields that were read, by name.
    pub coverage: BTreeMap<String, Coverage>,
    /// What it adds up to.
    pub summary: Summary,
    /// What it says of the controls of frameworks that its policies name; nothing, if it is
    /// about a slice.
    pub controls: Vec<Control>,
}

/// Describes an export that has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Export {
    /// Its name on the command line.
    pub path: String,
    /// Its shape.
    #[serde(deserialize_with = "closed::word")]
    pub format: Cow<'static, str>,
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why it was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The SHA-256 of its bytes, in hexadecimal digits, if the run digested it: for a
    /// manifest, or as the night before did.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "closed::maybe_sha256"
    )]
    pub sha256: Option<String>,
}

/// Says how the customers that had to be in the exports compare with those that were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedCustomers {
    /// The file that names them.
    pub path: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    #[serde(deserialize_with = "closed::sha256")]
    pub sha256: String,
    /// How many had to be there.
    pub customers: u64,
    /// How many of them were not.
    pub missing: u64,
    /// How many were there beside them.
    pub unexpected: u64,
}

/// Says how far a policy reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyReach {
    /// The policy's id.
    pub policy: String,
    /// Records that are in its scope.
    pub in_scope: u64,
    /// Whether any of its rules judged a record.
    pub judged: bool,
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
    /// How severe its most severe finding is, waived ones among them; none, if it has none.
    #[serde(default)]
    pub most_severe: Option<Severity>,
}

impl RuleCounts {
    /// Returns the outcomes of a rule, of which `raised` are those that are more severe than
    /// it.
    fn new(policy: &str, rule: &policy::Rule, counts: Counts, raised: Counts) -> Self {
        let raised_to = rule.raise.as_ref().filter(|_| raised.listed() > 0);
        Self {
            policy: policy.to_owned(),
            rule: rule.id.clone(),
            severity: rule.severity,
            counts,
            most_severe: match raised_to {
                Some(raise) => Some(raise.to),
                None => (counts.listed() > 0).then_some(rule.severity),
            },
        }
    }
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
    /// The name of the customer of its first finding; no report says so.
    #[serde(skip)]
    #[schemars(skip)]
    pub customer_name: Option<String>,
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
    /// Why it is not complete, a reason a kind.
    pub incomplete_because: Vec<Gap>,
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that some policy judges.
    pub in_scope: u64,
    /// Those of them of which it cannot be decided whether they are in the scope of some
    /// policy: they are judged.
    #[serde(default)]
    pub scope_undecided: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Outcomes of all rules.
    #[serde(flatten)]
    pub counts: Counts,
    /// How far each policy reached, in the order of the policies.
    pub by_policy: Vec<PolicyReach>,
    /// Outcomes of each rule, in the order of the policies.
    pub by_rule: Vec<RuleCounts>,
    /// Outcomes of the rules of a severity, the most severe first.
    #[schemars(with = "BTreeMap<String, Counts>")]
    pub by_severity: IndexMap<Severity, Counts>,
    /// Keys of records that are no field, the commonest first.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub unknown_keys: IndexMap<String, u64>,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// What somebody should look at, although it breaks no rule.
    pub anomalies: Vec<String>,
    /// The customers with the most severe findings, the worst first.
    #[serde(default)]
    pub top_customers: Vec<Customer>,
    /// How the exports compare with the customers that had to be in them, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ExpectedCustomers>,
    /// What the run made of its waivers, if it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<WaiverCounts>,
    /// What somebody should do about some of them, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiver_notes: Vec<String>,
    /// Which findings the report is about, if it is not about all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slice: Option<Slice>,
    /// How many findings the report lists, if it does not list all: what is counted is of
    /// all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<u64>,
    /// How findings relate to the night before, in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<SinceCounts>,
    /// The same by rule and severity, in the order of the policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since_by_rule: Vec<SinceOfRule>,
    /// Ids and names of customers are pseudonyms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pseudonymised: bool,
}

/// Says in a word what an audit came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// A policy has no rule that judged a record.
    #[strum(serialize = "NOTHING JUDGED")]
    NothingJudged,
    /// Something could not be read or judged.
    Incomplete,
    /// Findings of the night before in the slice could not be judged, and there are no
    /// others.
    #[strum(serialize = "NOT JUDGED")]
    NotJudged,
    /// There is no finding in the slice that nobody has accepted: only the run as a whole
    /// says that all rules are met.
    #[strum(serialize = "NOTHING OPEN")]
    NothingOpen,
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
        let unjudged = self.unjudged().next().is_some();
        let unknown = self.since.map_or(0, |since| since.unknown);
        match (unjudged, self.complete, self.counts.findings()) {
            (true, ..) => Verdict::NothingJudged,
            (false, false, _) => Verdict::Incomplete,
            (false, true, 0) => match (&self.slice, unknown) {
                (None, _) => Verdict::Pass,
                (Some(_), 0) => Verdict::NothingOpen,
                (Some(_), _) => Verdict::NotJudged,
            },
            (false, true, _) => Verdict::Findings,
        }
    }

    /// Returns the ids of the policies none of whose rules judged a record.
    pub fn unjudged(&self) -> impl Iterator<Item = &str> {
        let policies = self.by_policy.iter().filter(|policy| !policy.judged);
        policies.map(|policy| policy.policy.as_str())
    }

    /// Brings what is counted by severity, or by key, into the order in which a run counts
    /// it: an object that was read may have its keys in any.
    pub fn sort(&mut self) {
        self.by_severity.sort_by(|a, _, b, _| b.cmp(a));
        for customer in &mut self.top_customers {
            customer.findings.sort_by(|a, _, b, _| b.cmp(a));
        }
        self.unknown_keys
            .sort_by(|a, many, b, other| other.cmp(many).then(a.cmp(b)));
    }

    /// Returns how many findings the report lists.
    pub fn listed(&self) -> u64 {
        let all = self.counts.findings() + self.counts.waived;
        self.listed.unwrap_or(all)
    }

    /// Returns why the audit is not complete, a sentence a reason.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.incomplete_because.iter().map(|gap| gap.text.as_str())
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
            problem: export.problem(),
            sha256: None,
        });
        let fields = policies.schema.wanted().iter();
        let coverage = fields
            .zip(&summary.coverage)
            .map(|(field, coverage)| (field.name.clone(), *coverage));
        let counts = summary.by_rule.iter().zip(&summary.raised);
        let by_rule = policies.rules().zip(counts);
        let by_rule = by_rule.map(|((policy, rule), (counts, raised))| {
            RuleCounts::new(&policy.id, rule, *counts, *raised)
        });
        let by_policy = summary.reach(policies);
        let by_policy = by_policy.map(|(policy, reach)| PolicyReach {
            policy: policy.id.clone(),
            in_scope: reach.in_scope,
            judged: reach.judged,
        });
        let by_severity = Severity::ALL.into_iter().rev();
        let unknown_keys = summary.unknown_keys.commonest().into_iter();
        let judged = (0..policies.controls.len()).map(|index| summary.judged_by(policies, index));
        let mut footer = Self {
            exports: exports.collect(),
            coverage: coverage.collect(),
            controls: Vec::new(),
            summary: Summary {
                complete: verdict.is_complete(),
                incomplete_because: verdict.gaps.clone(),
                records: summary.records,
                in_scope: summary.in_scope,
                scope_undecided: summary.scope_undecided,
                rejected: summary.rejected,
                counts: summary.counts(),
                by_policy: by_policy.collect(),
                by_rule: by_rule.collect(),
                by_severity: by_severity
                    .map(|severity| (severity, summary.counts_of(policies, severity)))
                    .collect(),
                unknown_keys: unknown_keys
                    .map(|(name, count)| (name.to_owned(), count))
                    .collect(),
                protocol_lines: summary.protocol_lines,
                anomalies: verdict.anomalies.iter().map(ToString::to_string).collect(),
                top_customers: summary.top_customers.iter().map(Customer::new).collect(),
                expected: None,
                waivers: totals.waivers.as_ref().map(|account| account.counts),
                waiver_notes: (totals.waivers.iter())
                    .flat_map(|account| account.notes.clone())
                    .collect(),
                slice: None,
                listed: None,
                since: None,
                since_by_rule: Vec::new(),
                pseudonymised: privacy.is_pseudonymous(),
            },
        };
        let evidence = policies.controls.iter().zip(judged);
        footer.controls = Control::all(evidence, &footer.summary);
        footer
    }

    /// Returns what a report came to that is bounded, and lists so many findings; of one that
    /// is bounded to nothing it is this.
    pub fn bounded(&self, listed: Option<u64>) -> Cow<'_, Self> {
        let Some(listed) = listed else {
            return Cow::Borrowed(self);
        };
        let mut footer = self.clone();
        footer.summary.listed = Some(listed);
        Cow::Owned(footer)
    }

    /// Returns what one slice came to: only its findings are counted. What is said
    /// of all records stays.
    pub fn sliced(&self, slice: Slice, counts: SliceCounts) -> Self {
        let mut footer = self.clone();
        footer.controls.clear();
        let summary = &mut footer.summary;
        summary.slice = Some(slice);
        summary.anomalies.clear();
        // Their waivers are those of all findings.
        summary.waivers = None;
        summary.waiver_notes.clear();
        summary.top_customers.clear();
        summary.since_by_rule.clear();
        summary.counts = Counts::default();
        for (rule, (counts, most_severe)) in summary.by_rule.iter_mut().zip(counts.by_rule) {
            rule.counts = counts;
            rule.most_severe = most_severe;
            summary.counts += counts;
        }
        summary.by_severity = counts.by_severity;
        footer
    }
}

/// Counts the findings of a slice.
pub struct SliceCounts {
    /// Each with how severe its most severe finding is.
    by_rule: Vec<(Counts, Option<Severity>)>,
    by_severity: IndexMap<Severity, Counts>,
}

impl SliceCounts {
    /// Returns the counts of no finding, for a run with this summary.
    pub fn new(summary: &Summary) -> Self {
        let severities = summary.by_severity.keys();
        Self {
            by_rule: vec![<_>::default(); summary.by_rule.len()],
            by_severity: severities
                .map(|severity| (*severity, Counts::default()))
                .collect(),
        }
    }

    /// Counts a finding of a rule.
    pub fn count(&mut self, rule_index: usize, severity: Severity, status: Status) {
        if let Some((counts, most_severe)) = self.by_rule.get_mut(rule_index) {
            counts.count(status);
            *most_severe = (*most_severe).max(Some(severity));
        }
        self.by_severity.entry(severity).or_default().count(status);
    }
}
