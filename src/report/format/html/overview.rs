//! What the page shows of an audit as a whole: severities, customers, fields.

use std::cmp::Reverse;

use serde::Serialize;

use super::chart::{Piece, bar, counts_in_words};
use crate::finding::Coverage;
use crate::policy::Severity;
use crate::report::format::buffered::Report;
use crate::report::model::footer;

/// Returns every severity, the most severe first.
fn most_severe_first() -> [Severity; Severity::ALL.len()] {
    let mut all = Severity::ALL;
    all.reverse();
    all
}

/// Represents a row of the chart of severities.
#[derive(Serialize)]
pub struct SeverityRow {
    severity: Severity,
    findings: u64,
    words: String,
    bar: Vec<Piece>,
}

/// Returns all five severities, the most severe first, whatever they count.
pub fn severities(report: &Report<'_>) -> Vec<SeverityRow> {
    let counts = |severity| {
        report
            .footer
            .summary
            .by_severity
            .get(&severity)
            .copied()
            .unwrap_or_default()
    };
    let all = most_severe_first().map(counts);
    let max = all
        .iter()
        .map(|c| c.findings() + c.waived)
        .max()
        .unwrap_or(0);
    most_severe_first()
        .into_iter()
        .zip(all)
        .map(|(severity, counts)| SeverityRow {
            severity,
            findings: counts.findings(),
            words: counts_in_words(&[
                ("fail", counts.fail),
                ("undecided", counts.error),
                ("waived", counts.waived),
            ]),
            bar: bar(
                &[
                    ("fail", counts.fail),
                    ("error", counts.error),
                    ("waived", counts.waived),
                ],
                max,
            ),
        })
        .collect()
}

/// Represents a customer with findings.
#[derive(Serialize)]
pub struct Customer<'a> {
    id: Option<&'a str>,
    name: &'a str,
    findings: u64,
    words: String,
    bar: Vec<Piece>,
}

/// Returns the customers with the most severe findings, as the summary ranks them.
pub fn top_customers<'a>(report: &'a Report<'_>) -> Vec<Customer<'a>> {
    let customers = &report.footer.summary.top_customers;
    let findings = |customer: &footer::Customer| customer.findings.values().sum::<u64>();
    let max = customers.iter().map(findings).max().unwrap_or(0);
    let of = |customer: &'a footer::Customer| {
        let parts = customer.findings.iter();
        let parts: Vec<_> = parts
            .map(|(severity, count)| (severity.name(), *count))
            .collect();
        let id = customer.customer_id.as_deref();
        let name = customer.customer_name.as_deref();
        let name = name.filter(|name| !name.trim().is_empty());
        let unknown = if id.is_some() { "[no name]" } else { "[no id]" };
        Customer {
            id,
            name: name.unwrap_or(unknown),
            findings: findings(customer),
            words: counts_in_words(&parts),
            bar: bar(&parts, max),
        }
    };
    customers.iter().map(of).collect()
}

/// Counts what was found in a field.
#[derive(Serialize)]
pub struct Field<'a> {
    name: &'a str,
    cells: [Cell; 7],
    words: String,
    bar: Vec<Piece>,
}

/// Represents a count with its name.
#[derive(Serialize)]
struct Cell {
    name: &'static str,
    count: u64,
}

pub fn fields<'a>(report: &'a Report<'_>) -> Vec<Field<'a>> {
    let field = |(name, coverage): (&'a String, &Coverage)| {
        let Coverage {
            value,
            missing,
            null,
            empty,
            bad,
            coerced,
            zero,
        } = *coverage;
        let absent = missing + null + empty;
        Field {
            name,
            cells: [
                ("value", value),
                ("missing", missing),
                ("null", null),
                ("empty", empty),
                ("bad", bad),
                ("coerced", coerced),
                ("zero", zero),
            ]
            .map(|(name, count)| Cell { name, count }),
            words: counts_in_words(&[("value", value), ("absent", absent), ("bad", bad)]),
            bar: bar(
                &[("pass", value), ("na", absent), ("fail", bad)],
                value + absent + bad,
            ),
        }
    };
    report.footer.coverage.iter().map(field).collect()
}

/// Counts a key that is no field.
#[derive(Serialize)]
pub struct Key<'a> {
    name: &'a str,
    count: u64,
}

/// Returns the keys that are no field, the most frequent first: a map would lose its order in the template.
pub fn keys<'a>(report: &'a Report<'_>) -> Vec<Key<'a>> {
    let counted = report.footer.summary.unknown_keys.iter();
    let mut keys: Vec<_> = counted
        .map(|(name, count)| Key {
            name,
            count: *count,
        })
        .collect();
    keys.sort_by_key(|key| Reverse(key.count));
    keys
}
