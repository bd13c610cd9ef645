//! The findings of the page, a row each.

use std::collections::HashMap;

use serde::Serialize;

use super::rules::RuleRow;
use crate::finding::{Statement, Status};
use crate::report::format::buffered::Report;
use crate::report::model::row::FindingRow;

/// The largest number of characters of an expectation that is not folded.
const MAX_UNFOLDED: usize = 72;

/// Represents a finding with the words that its row needs.
#[derive(Serialize)]
pub struct Row<'a> {
    finding: &'a FindingRow<'a>,
    /// The number of its rule.
    number: Option<usize>,
    title: &'a str,
    status: &'a str,
    whom: &'a str,
    /// It is about no single record.
    whole: bool,
    evidence: Vec<EvidencePart<'a>>,
}

/// Represents what was seen in some fields, and what was expected of them.
#[derive(Serialize)]
struct EvidencePart<'a> {
    /// Each field, with what was seen in it.
    seen: Vec<(&'a str, &'a str)>,
    expected: &'a str,
    /// The beginning of a long expectation, which is folded.
    start: Option<&'a str>,
}

impl<'a> EvidencePart<'a> {
    fn new(statement: Statement<'a>) -> Self {
        Self {
            seen: statement.seen().collect(),
            expected: statement.expected(),
            start: start(statement.expected()),
        }
    }
}

/// Returns the findings of the page as rows.
pub fn rows<'a>(report: &'a Report<'_>, rules: &[RuleRow<'a>]) -> Vec<Row<'a>> {
    let known: HashMap<_, _> = rules
        .iter()
        .map(|row| {
            (
                (row.policy, row.rule.id.as_str()),
                (row.number, row.rule.title.as_str()),
            )
        })
        .collect();
    let row = |finding: &'a FindingRow<'_>| {
        let rule = known.get(&(finding.policy.as_ref(), finding.rule.as_ref()));
        let name = finding
            .customer_name
            .as_deref()
            .filter(|name| !name.trim().is_empty());
        let id = finding.customer_id.as_deref();
        Row {
            finding,
            number: rule.map(|(number, _)| *number),
            title: rule.map_or("", |(_, title)| title),
            // In the words of the page: an outcome is undecided, a run has errors.
            status: match finding.status {
                Status::Error => "undecided",
                Status::Fail | Status::Waived => finding.status.name(),
            },
            whom: name.or(id).unwrap_or("[no id]"),
            whole: id.is_none() && finding.record.is_none(),
            evidence: finding.statements().map(EvidencePart::new).collect(),
        }
    };
    report.findings.iter().map(row).collect()
}

/// Returns how a long text begins; nothing of a short one.
fn start(text: &str) -> Option<&str> {
    text.char_indices().nth(MAX_UNFOLDED)?;
    text.char_indices()
        .nth(MAX_UNFOLDED * 2 / 3)
        .map(|(at, _)| text[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(start("short"), None);
        assert_eq!(start(&"ü".repeat(100)), Some("ü".repeat(48).as_str()));
    }
}
