//! The rules of the page, and what to do about them.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

use super::chart::{Piece, bar, counts_in_words};
use crate::finding::Counts;
use crate::policy::Severity;
use crate::report::format::buffered::Report;
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule};
use crate::text::{count, grouped};

/// Represents a rule with its outcomes.
#[derive(Serialize, Clone)]
pub struct RuleRow<'a> {
    /// Its index among the rules of all policies: ids of the page are made of
    /// it, since a rule's own id may hold anything.
    pub number: usize,
    pub policy: &'a str,
    #[serde(flatten)]
    pub rule: &'a Rule,
    /// How severe its most severe finding is.
    most_severe: Severity,
    /// What it asks, each sentence with what it is about.
    asks: Vec<(&'static str, String)>,
    #[serde(flatten)]
    counts: Counts,
    /// Those that fail or are undecided.
    findings: u64,
    /// Its findings that the page holds.
    on_page: u64,
    /// How many findings a link to them shows.
    listed: String,
    /// The findings, in a few words.
    tally: String,
    words: String,
    bar: Vec<Piece>,
}

impl RuleRow<'_> {
    fn asks_for_work(&self) -> bool {
        self.findings > 0 && !self.rule.remediation.is_empty()
    }
}

/// Returns the rules, the most severe first, and of those the ones with most
/// findings.
pub fn rules<'a>(report: &'a Report<'_>) -> Vec<RuleRow<'a>> {
    let mut on_page: Vec<u64> = report.header.rules().map(|_| 0).collect();
    for place in report.findings.places() {
        if let Some(on_page) = on_page.get_mut(place.rule_index) {
            *on_page += 1;
        }
    }
    let mut rows: Vec<_> = report
        .header
        .rules()
        .zip(&report.footer.summary.by_rule)
        .zip(report.most_severe().into_iter().zip(on_page))
        .enumerate()
        .map(
            |(number, (((policy, rule), counted), (most_severe, shown)))| {
                row(number, policy, rule, most_severe, counted, shown)
            },
        )
        .collect();
    rows.sort_by_key(|row| (Reverse(row.most_severe), Reverse(row.findings)));
    rows
}

fn row<'a>(
    number: usize,
    policy: &'a Policy,
    rule: &'a Rule,
    most_severe: Severity,
    counted: &RuleCounts,
    on_page: u64,
) -> RuleRow<'a> {
    let counts = counted.counts;
    let Counts {
        pass,
        fail,
        error,
        not_applicable,
        waived,
    } = counts;
    let findings = counts.findings();
    let all = findings + waived;
    let parts = [
        ("fail", fail),
        ("undecided", error),
        ("waived", waived),
        ("pass", pass),
        ("not applicable", not_applicable),
    ];
    let whole = parts.iter().map(|(_, count)| count).sum();
    RuleRow {
        number,
        policy: &policy.id,
        rule,
        most_severe,
        asks: rule.criterion.sentences(),
        counts,
        findings,
        on_page,
        listed: if on_page < all {
            format!(
                "{} of {} on this page",
                grouped(on_page),
                count(all, "finding", "findings")
            )
        } else {
            count(all, "finding", "findings")
        },
        tally: match (findings, pass) {
            (0, 0) => "no record passes or fails".to_owned(),
            (0, _) => "no finding".to_owned(),
            _ => counts_in_words(&[("fail", fail), ("undecided", error)]),
        },
        words: counts_in_words(&parts),
        bar: bar(
            &[
                ("fail", fail),
                ("error", error),
                ("waived", waived),
                ("pass", pass),
                ("na", not_applicable),
            ],
            whole,
        ),
    }
}

/// Returns the rules of each policy, in its own order.
pub fn by_policy<'a>(report: &Report<'_>, rules: &[RuleRow<'a>]) -> Vec<Vec<RuleRow<'a>>> {
    let mut ordered = rules.to_vec();
    ordered.sort_by_key(|row| row.number);
    let mut ordered = ordered.into_iter();
    report
        .header
        .policies
        .iter()
        .map(|policy| ordered.by_ref().take(policy.rules.len()).collect())
        .collect()
}

/// Says what is to be done, and which rules are met by it.
#[derive(Serialize)]
pub struct Step<'a> {
    remediation: &'a str,
    pub rules: Vec<RuleRow<'a>>,
}

/// Returns what to do, the most severe first. Rules of several policies often ask
/// for the same: what is done once is listed once.
pub fn steps<'a>(rules: &[RuleRow<'a>]) -> Vec<Step<'a>> {
    let mut indices: HashMap<&str, usize> = HashMap::new();
    let mut steps: Vec<Step<'a>> = Vec::new();
    for row in rules.iter().filter(|row| row.asks_for_work()) {
        let remediation = row.rule.remediation.as_str();
        let index = *indices.entry(remediation).or_insert_with(|| {
            steps.push(Step {
                remediation,
                rules: Vec::new(),
            });
            steps.len() - 1
        });
        steps[index].rules.push(row.clone());
    }
    steps
}
