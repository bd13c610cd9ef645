//! The findings of the page, a row each.

use std::io;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize;

use super::nights::State;
use crate::finding::{Statement, Status};
use crate::report::format::buffered::Report;
use crate::report::format::kept::{Findings, Place};
use crate::report::model::row::FindingRow;
use crate::report::phrase;

/// The largest number of characters of an expectation that is not folded.
const MAX_UNFOLDED: usize = 72;

/// Represents a finding with the words that its row needs.
#[derive(Serialize)]
struct Row<'a> {
    finding: &'a FindingRow<'a>,
    /// The number of its rule.
    number: usize,
    title: &'a str,
    status: &'a str,
    whom: &'a str,
    /// By what it is waived, if it is.
    waiver: Option<String>,
    /// It is about no single record.
    whole: bool,
    evidence: Vec<EvidencePart<'a>>,
    /// How it relates to the nights before, if the run is compared with one.
    state: Option<State>,
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

/// Returns the findings of the page as rows, each of which is made when the template asks
/// for it: never all of them are in memory.
pub fn rows(report: &Report<'_>) -> Value {
    let titles = report.header.rules().map(|(_, rule)| rule.title.clone());
    let (titles, findings): (Arc<[String]>, _) = (titles.collect(), report.findings.clone());
    Value::make_iterable(move || {
        let (titles, findings) = (titles.clone(), findings.clone());
        (0..findings.len()).map(move |index| {
            let row = row(&findings, &findings.places()[index], &titles);
            row.unwrap_or_else(|error| Value::from(unread(error)))
        })
    })
}

/// Says that a finding that waits in a file is lost.
pub(super) fn unread(error: io::Error) -> Error {
    Error::new(ErrorKind::WriteFailure, "a finding could not be read again").with_source(error)
}

fn row(findings: &Findings, place: &Place, titles: &[String]) -> io::Result<Value> {
    let finding = &findings.read(place)?;
    let name = finding
        .customer_name
        .as_deref()
        .filter(|name| !name.trim().is_empty());
    let id = finding.customer_id.as_deref();
    Ok(Value::from(Serde(Row {
        finding,
        number: place.rule_index,
        title: titles.get(place.rule_index).map_or("", String::as_str),
        // In the words of the page: an outcome is undecided, a run has errors.
        status: match finding.status {
            Status::Error => "undecided",
            Status::Fail | Status::Waived => finding.status.name(),
        },
        whom: name.or(id).unwrap_or("[no id]"),
        waiver: finding.waiver.as_ref().map(phrase::waiver),
        whole: id.is_none() && finding.record.is_none(),
        evidence: finding.statements().map(EvidencePart::new).collect(),
        state: finding.life.as_ref().map(State::new),
    })))
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
