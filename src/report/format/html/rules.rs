//! The rules of the page, and what to do about them.

use std::cmp::Reverse;

use serde::Serialize;

use super::chart::{Piece, bar, counts_in_words};
use super::terms::Terms;
use crate::finding::Counts;
use crate::policy::Severity;
use crate::report::format::buffered::Report;
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule};
use crate::report::model::task::{Task, Unmet, tasks};
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

/// Says what is to be done once, and which rules ask for it.
#[derive(Serialize)]
pub struct Step<'a> {
    severity: Severity,
    title: &'a str,
    rules: Vec<RuleRow<'a>>,
    /// What to do, with the rules that say so.
    ways: Vec<(&'a str, Vec<RuleRow<'a>>)>,
    /// By when, if its findings have a deadline.
    due: Option<String>,
    /// How many of its findings are overdue.
    overdue: u64,
}

/// Returns what to do, the most severe first: what several rules ask is done once.
pub fn steps<'a>(report: &'a Report<'_>, rules: &[RuleRow<'a>], terms: &Terms) -> Vec<Step<'a>> {
    let of_run = report.header.rules().zip(&report.footer.summary.by_rule);
    let of_run = of_run.zip(report.most_severe());
    let tasks = tasks(of_run.map(|((rule, counted), severity)| (rule, counted, severity)));
    let rows = |unmet: &[Unmet<'a>]| {
        let row = |one: &Unmet<'a>| rules.iter().find(|row| row.number == one.index);
        unmet.iter().filter_map(row).cloned().collect()
    };
    let step = |task: &Task<'a>| {
        let due = terms.due(task.rules.iter().map(|rule| rule.index));
        let (due, overdue) = due.map_or((None, 0), |(due, overdue)| (Some(due), overdue));
        Step {
            severity: task.severity,
            title: task.title(),
            rules: rows(&task.rules),
            ways: (task.ways.iter())
                .map(|way| (way.remediation, rows(&way.rules)))
                .collect(),
            due,
            overdue,
        }
    };
    tasks.iter().map(step).collect()
}
