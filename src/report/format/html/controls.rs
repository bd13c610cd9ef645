//! The controls of frameworks, as the page shows them.

use std::collections::HashMap;

use serde::Serialize;
use strum::VariantArray as _;

use super::chart::{Piece, bar, counts_in_words};
use crate::finding::Counts;
use crate::policy::{Severity, Strength};
use crate::report::format::buffered::Report;
use crate::report::model::control::{Control, ControlRule, ControlStatus, Framework};

/// Holds the controls of one framework.
#[derive(Serialize)]
pub struct FrameworkRows<'a> {
    name: &'a str,
    /// How many of them have each status that some have.
    statuses: Vec<StatusCount>,
    controls: Vec<ControlRow<'a>>,
}

/// Names a status, and counts the controls that have it.
#[derive(Serialize)]
pub struct StatusCount {
    name: &'static str,
    words: &'static str,
    number: u64,
}

/// Represents a control with the words that its row needs.
#[derive(Serialize)]
struct ControlRow<'a> {
    requirement: &'a str,
    /// Its class.
    status: &'static str,
    words: &'static str,
    most_severe: Option<Severity>,
    records: u64,
    outcomes: String,
    bar: Vec<Piece>,
    rules: Vec<Evidence<'a>>,
    evidenced_by: &'a [String],
}

/// Names a rule that is evidence for a control.
#[derive(Serialize)]
struct Evidence<'a> {
    policy: &'a str,
    rule: &'a str,
    /// Its number on the page; none, if it was left out of the run.
    number: Option<usize>,
    strength: Strength,
    left_out: bool,
}

/// Returns the controls by framework.
pub fn frameworks<'a>(report: &'a Report<'_>) -> Vec<FrameworkRows<'a>> {
    let rules = report.header.rules().enumerate();
    let numbers = rules.map(|(number, (policy, rule))| ((&*policy.id, &*rule.id), number));
    let numbers: HashMap<_, _> = numbers.collect();
    let frameworks = Framework::all(&report.footer.controls);
    let rows = frameworks.map(|framework| FrameworkRows {
        name: framework.name,
        statuses: statuses(framework.controls),
        controls: (framework.controls.iter())
            .map(|control| ControlRow::new(control, &numbers))
            .collect(),
    });
    rows.collect()
}

/// Returns the statuses that some of these controls have, with how many do.
pub fn statuses(controls: &[Control]) -> Vec<StatusCount> {
    let all = ControlStatus::VARIANTS.iter();
    let counted = all.map(|status| StatusCount {
        name: status.name(),
        words: status.words(),
        number: (controls.iter())
            .filter(|control| control.status == *status)
            .count() as u64,
    });
    counted.filter(|status| status.number > 0).collect()
}

impl<'a> ControlRow<'a> {
    fn new(control: &'a Control, numbers: &HashMap<(&str, &str), usize>) -> Self {
        let Counts {
            pass,
            fail,
            error,
            not_applicable,
            waived,
        } = control.counts;
        // Nobody may read of a rule that a framework is passed.
        let parts = [
            ("met", "pass", pass),
            ("not\u{a0}met", "fail", fail),
            ("undecided", "error", error),
            ("waived", "waived", waived),
            ("not\u{a0}applicable", "na", not_applicable),
        ];
        let rule = |rule: &'a ControlRule| Evidence {
            policy: &rule.policy,
            rule: &rule.rule,
            number: match rule.left_out {
                true => None,
                false => numbers.get(&(&*rule.policy, &*rule.rule)).copied(),
            },
            strength: rule.strength,
            left_out: rule.left_out,
        };
        Self {
            requirement: &control.requirement,
            status: control.status.name(),
            words: control.status.words(),
            most_severe: control.most_severe,
            records: control.records,
            outcomes: counts_in_words(&parts.map(|(words, _, count)| (words, count))),
            bar: bar(
                &parts.map(|(_, sort, count)| (sort, count)),
                parts.iter().map(|(.., count)| count).sum(),
            ),
            rules: control.rules.iter().map(rule).collect(),
            evidenced_by: &control.evidenced_by,
        }
    }
}
