//! HTML: one page that stands alone, for whoever opens the ticket.
//!
//! The page fetches nothing and may run nothing but its own script, whose digest
//! its policy names. The template words; what it needs beyond the report (bars,
//! orders, sums) is worked out here.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, Error, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::late::{self, Report};
use super::{Counts, Coverage, Line, Policy, Rule, RuleCounts};
use crate::finding::Status;
use crate::policy::Severity;
use crate::text::{count, escape_controls, grouped};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// How many findings a page holds: more than a person reads, as many as a
/// browser bears.
const FINDINGS: usize = 10_000;
/// How many steps are told under what to do next.
const NEXT: usize = 5;
/// How many customers are told.
const WORST: usize = 8;
/// Longer expectations are folded.
const LONG: usize = 72;

/// Writes one page.
pub struct Page;

impl late::Page for Page {
    fn most_findings(&self) -> usize {
        FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut head = report.head.clone();
        for rule in head
            .policies
            .iter_mut()
            .flat_map(|policy| &mut policy.rules)
        {
            for prose in [&mut rule.rationale, &mut rule.remediation] {
                // In data a line feed is shown; here it is a blank.
                *prose = prose.replace('\n', " ");
            }
        }
        let page = page(&Report {
            head: &head,
            tail: report.tail,
            findings: report.findings.clone(),
            left_out: report.left_out,
            rejected: report.rejected.clone(),
        });
        let page = page.map_err(io::Error::other)?;
        out.write_all(page.as_bytes())
    }
}

/// Text of data, with every character made visible that could steer or hide
/// what is around it, and none left that HTML forbids.
fn visible(
    out: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            minijinja::escape_formatter(out, state, &Value::from(escape_controls(text).as_ref()))
        }
        _ => minijinja::escape_formatter(out, state, value),
    }
}

/// The page of a report.
fn page(report: &Report<'_>) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.add_filter("grouped", grouped);
    environment.set_formatter(visible);
    // The name's end turns on the escaping of everything that is put in.
    environment.add_template("page.html", TEMPLATE)?;
    let (head, tail) = (report.head, report.tail);
    let summary = &tail.summary;

    let rules = rules(report);
    let by_policy = by_policy(report, &rules);
    let mut next = steps(&rules);
    let next_more = next.split_off(next.len().min(NEXT));
    let next_more: usize = next_more.iter().map(|step| step.rules.len()).sum();

    let mut page = environment.get_template("page.html")?.render(context! {
        tool => Value::from(Serde(&head.tool)),
        as_of => &head.as_of,
        slice => summary.slice.as_ref().map(ToString::to_string),
        policies => Value::from(Serde(&head.policies)),
        findings => Value::from(Serde(&report.findings)),
        findings_total => summary.counts.findings() + summary.counts.waived,
        left_out => report.left_out,
        rejected => Value::from(Serde(&report.rejected)),
        rejected_total => summary.rejected,
        exports => Value::from(Serde(&tail.exports)),
        summary => Value::from(Serde(summary)),
        css => Value::from_safe_string(STYLE.to_owned()),
        js => Value::from_safe_string(SCRIPT.to_owned()),
        csp => content_policy(),
        verdict => Value::from(Serde(verdict(report))),
        severities => Value::from(Serde(severities(report))),
        worst => Value::from(Serde(worst(report))),
        next => Value::from(Serde(next)),
        next_more,
        by_policy => Value::from(Serde(by_policy)),
        fields => Value::from(Serde(fields(report))),
        keys => Value::from(Serde(keys(report))),
        rows => Value::from(Serde(rows(report, &rules))),
        rules => Value::from(Serde(&rules)),
    })?;
    page.push('\n');
    Ok(page)
}

/// What the page may do: show its own style, run its own script, nothing else.
fn content_policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE),
    )
}

/// What the audit came to, in the words of the text report.
#[derive(Serialize)]
struct Verdict {
    /// The class of the banner.
    kind: &'static str,
    word: &'static str,
    line: String,
    /// What must not be read into the verdict.
    caution: Option<&'static str>,
}

fn verdict(report: &Report<'_>) -> Verdict {
    let summary = &report.tail.summary;
    let findings = summary.counts.findings();
    let judged = summary.in_scope > 0;
    let (kind, word, caution) = match (summary.complete, judged, findings) {
        (false, ..) => (
            "incomplete",
            "INCOMPLETE",
            Some(
                "Not everything could be read or judged, so there may be more findings than are told here. Because:",
            ),
        ),
        (true, false, _) => (
            "nothing",
            "NOTHING IN SCOPE",
            Some("No policy applies to any record. Nothing was judged, and this is no pass."),
        ),
        (true, true, 0) => ("pass", "PASS", None),
        (true, true, _) => ("findings", "FINDINGS", None),
    };
    let waived = summary.counts.waived;
    let mut met = match (summary.complete, judged, findings) {
        (true, true, 0) if waived > 0 => "every rule is met or waived".to_owned(),
        (true, true, 0) => "every rule is met".to_owned(),
        (_, _, 0) => "no finding".to_owned(),
        (_, _, findings) => count(findings, "finding", "findings"),
    };
    if waived > 0 {
        met += &format!(", {} waived,", grouped(waived));
    }
    let mut line = format!(
        "{met} in {} ({} in scope, {} rejected)",
        count(summary.records, "record", "records"),
        grouped(summary.in_scope),
        grouped(summary.rejected),
    );
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Verdict {
        kind,
        word,
        line,
        caution,
    }
}

/// A part of a bar, in percent of its width.
#[derive(Serialize, Clone)]
struct Piece {
    /// Its class.
    sort: &'static str,
    x: String,
    width: String,
}

/// What is there is seen: the least width of a part that is not nothing.
const LEAST: f64 = 1.0;

/// The parts of a bar. The widest gives what the narrowest lack.
fn bar(parts: &[(&'static str, u64)], whole: u64) -> Vec<Piece> {
    let share = |count: u64| match (count, whole) {
        (0, _) | (_, 0) => 0.0,
        (count, whole) => (100.0 * count as f64 / whole as f64).max(LEAST),
    };
    let mut widths: Vec<f64> = parts.iter().map(|(_, count)| share(*count)).collect();
    let over = widths.iter().sum::<f64>() - 100.0;
    if let Some(widest) = widths.iter_mut().max_by(|a, b| a.total_cmp(b))
        && over > 0.0
    {
        *widest -= over;
    }
    let mut x = 0.0;
    let mut pieces = Vec::new();
    for ((sort, count), width) in parts.iter().zip(widths) {
        if *count > 0 {
            pieces.push(Piece {
                sort,
                x: percent(x),
                width: percent(width),
            });
        }
        x += width;
    }
    pieces
}

/// Two decimals at most: enough for any screen.
fn percent(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Counts in words, those that are nothing left out. A count and its word stay
/// on one line.
fn said(parts: &[(&str, u64)]) -> String {
    let told: Vec<_> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{}\u{a0}{name}", grouped(*count)))
        .collect();
    if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    }
}

/// Every severity, the gravest first.
fn gravest() -> [Severity; Severity::ALL.len()] {
    let mut all = Severity::ALL;
    all.reverse();
    all
}

/// A line of the chart of severities.
#[derive(Serialize)]
struct SeverityRow {
    severity: Severity,
    findings: u64,
    words: String,
    bar: Vec<Piece>,
}

/// The gravest first, all five, whatever they count.
fn severities(report: &Report<'_>) -> Vec<SeverityRow> {
    let counts = |severity| {
        report
            .tail
            .summary
            .by_severity
            .get(&severity)
            .copied()
            .unwrap_or_default()
    };
    let all = gravest().map(counts);
    let most = all
        .iter()
        .map(|c| c.findings() + c.waived)
        .max()
        .unwrap_or(0);
    gravest()
        .into_iter()
        .zip(all)
        .map(|(severity, counts)| SeverityRow {
            severity,
            findings: counts.findings(),
            words: said(&[
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
                most,
            ),
        })
        .collect()
}

/// A rule with its outcomes.
#[derive(Serialize, Clone)]
struct RuleRow<'a> {
    /// Its place among the rules of all policies: ids of the page are made of
    /// it, since a rule's own id may hold anything.
    number: usize,
    policy: &'a str,
    #[serde(flatten)]
    rule: &'a Rule,
    #[serde(flatten)]
    counts: Counts,
    /// Those that fail or are undecided.
    findings: u64,
    /// Its findings that the page holds.
    on_page: u64,
    /// How many findings a link to them shows.
    listed: String,
    /// The findings in short.
    partial: String,
    words: String,
    bar: Vec<Piece>,
}

impl RuleRow<'_> {
    fn asks_for_work(&self) -> bool {
        self.findings > 0 && !self.rule.remediation.is_empty()
    }
}

/// The gravest first, and of those the ones with most findings.
fn rules<'a>(report: &'a Report<'_>) -> Vec<RuleRow<'a>> {
    let mut on_page: HashMap<(&str, &str), u64> = HashMap::new();
    for finding in &report.findings {
        *on_page.entry((&finding.policy, &finding.rule)).or_default() += 1;
    }
    let mut rows: Vec<_> = report
        .head
        .rules()
        .zip(&report.tail.summary.by_rule)
        .enumerate()
        .map(|(number, ((policy, rule), counted))| {
            let shown = on_page.get(&(policy.id.as_str(), rule.id.as_str()));
            row(number, policy, rule, counted, shown.copied().unwrap_or(0))
        })
        .collect();
    rows.sort_by_key(|row| (Reverse(row.rule.severity), Reverse(row.findings)));
    rows
}

fn row<'a>(
    number: usize,
    policy: &'a Policy,
    rule: &'a Rule,
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
        partial: match (findings, pass) {
            (0, 0) => "no record passes or fails".to_owned(),
            (0, _) => "no finding".to_owned(),
            _ => said(&[("fail", fail), ("undecided", error)]),
        },
        words: said(&parts),
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

/// The rules of each policy, in its own order.
fn by_policy<'a>(report: &Report<'_>, rules: &[RuleRow<'a>]) -> Vec<Vec<RuleRow<'a>>> {
    let mut ordered = rules.to_vec();
    ordered.sort_by_key(|row| row.number);
    let mut ordered = ordered.into_iter();
    report
        .head
        .policies
        .iter()
        .map(|policy| ordered.by_ref().take(policy.rules.len()).collect())
        .collect()
}

/// What is to be done, and the rules that are met by it.
#[derive(Serialize)]
struct Step<'a> {
    remediation: &'a str,
    rules: Vec<RuleRow<'a>>,
}

/// What to mend, the gravest first. Rules of several policies often ask for the
/// same: what is mended at once is told once.
fn steps<'a>(rules: &[RuleRow<'a>]) -> Vec<Step<'a>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut steps: Vec<Step<'a>> = Vec::new();
    for row in rules.iter().filter(|row| row.asks_for_work()) {
        let remediation = row.rule.remediation.as_str();
        let place = *places.entry(remediation).or_insert_with(|| {
            steps.push(Step {
                remediation,
                rules: Vec::new(),
            });
            steps.len() - 1
        });
        steps[place].rules.push(row.clone());
    }
    steps
}

/// A customer with what is wrong there.
#[derive(Serialize)]
struct Customer<'a> {
    id: Option<&'a str>,
    name: String,
    findings: u64,
    words: String,
    bar: Vec<Piece>,
}

/// The customers with the gravest findings, the worst first. Waived findings
/// do not count, nor do those about a whole export.
fn worst<'a>(report: &'a Report<'_>) -> Vec<Customer<'a>> {
    type Key<'a> = (Option<&'a str>, Option<&'a str>, Option<u64>);
    let mut places: HashMap<Key<'a>, usize> = HashMap::new();
    let mut customers: Vec<(&Line<'_>, [u64; 5])> = Vec::new();
    for finding in &report.findings {
        let id = finding.customer_id.as_deref();
        if finding.is_waived() || (id.is_none() && finding.record.is_none()) {
            continue;
        }
        // Records without an id are told apart by their place.
        let key = match id {
            Some(_) => (id, None, None),
            None => (None, finding.export.as_deref(), finding.record),
        };
        let place = *places.entry(key).or_insert_with(|| {
            customers.push((finding, [0; 5]));
            customers.len() - 1
        });
        let severity = Severity::ALL.len() - 1 - finding.severity as usize;
        customers[place].1[severity] += 1;
    }
    // Stable: among equals the one that the report names first.
    customers.sort_by_key(|(_, counts)| Reverse(*counts));
    customers.truncate(WORST);
    let most = customers
        .iter()
        .map(|(_, counts)| counts.iter().sum())
        .max()
        .unwrap_or(0);
    customers
        .into_iter()
        .map(|(finding, counts)| {
            let parts: Vec<_> = gravest()
                .map(Severity::name)
                .into_iter()
                .zip(counts)
                .collect();
            let id = finding.customer_id.as_deref();
            let name = finding
                .customer_name
                .as_deref()
                .filter(|name| !name.trim().is_empty());
            Customer {
                id,
                name: match (name, id, finding.record) {
                    (Some(name), ..) => name.to_owned(),
                    (None, Some(_), _) => "[no name]".to_owned(),
                    (None, None, Some(record)) => format!("[no id], record {record}"),
                    (None, None, None) => "[no id]".to_owned(),
                },
                findings: counts.iter().sum(),
                words: said(&parts),
                bar: bar(&parts, most),
            }
        })
        .collect()
}

/// What stood in a field.
#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    cells: [Cell; 6],
    words: String,
    bar: Vec<Piece>,
}

/// A count with its name.
#[derive(Serialize)]
struct Cell {
    name: &'static str,
    count: u64,
}

fn fields<'a>(report: &'a Report<'_>) -> Vec<Field<'a>> {
    let field = |(name, coverage): (&'a String, &Coverage)| {
        let Coverage {
            value,
            missing,
            null,
            empty,
            bad,
            coerced,
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
            ]
            .map(|(name, count)| Cell { name, count }),
            words: said(&[("value", value), ("absent", absent), ("bad", bad)]),
            bar: bar(
                &[("pass", value), ("na", absent), ("fail", bad)],
                value + absent + bad,
            ),
        }
    };
    report.tail.coverage.iter().map(field).collect()
}

/// A key that is no field.
#[derive(Serialize)]
struct Key<'a> {
    name: &'a str,
    count: u64,
}

/// The commonest first: a map would lose its order in the template.
fn keys<'a>(report: &'a Report<'_>) -> Vec<Key<'a>> {
    let told = report.tail.summary.unknown_keys.iter();
    let mut keys: Vec<_> = told
        .map(|(name, count)| Key {
            name,
            count: *count,
        })
        .collect();
    keys.sort_by_key(|key| Reverse(key.count));
    keys
}

/// A finding with the words that its row needs.
#[derive(Serialize)]
struct Row<'a> {
    finding: &'a Line<'a>,
    /// The number of its rule.
    number: Option<usize>,
    title: &'a str,
    status: &'a str,
    whom: &'a str,
    /// It is about no single record.
    whole: bool,
    evidence: Vec<DigestHandle<'a>>,
}

/// A check that was not met.
#[derive(Serialize)]
struct DigestHandle<'a> {
    field: &'a str,
    observed: &'a str,
    expected: &'a str,
    /// How a long expectation begins; it is folded.
    start: Option<&'a str>,
}

fn rows<'a>(report: &'a Report<'_>, rules: &[RuleRow<'a>]) -> Vec<Row<'a>> {
    let known: HashMap<_, _> = rules
        .iter()
        .map(|row| {
            (
                (row.policy, row.rule.id.as_str()),
                (row.number, row.rule.title.as_str()),
            )
        })
        .collect();
    let row = |finding: &'a Line<'_>| {
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
            evidence: finding
                .evidence
                .iter()
                .map(|seen| DigestHandle {
                    field: &seen.field,
                    observed: &seen.observed,
                    expected: &seen.expected,
                    start: start(&seen.expected),
                })
                .collect(),
        }
    };
    report.findings.iter().map(row).collect()
}

/// How a long text begins; none of a short one.
fn start(text: &str) -> Option<&str> {
    text.char_indices().nth(LONG)?;
    text.char_indices()
        .nth(LONG * 2 / 3)
        .map(|(at, _)| text[..at].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_a_bar_is_never_too_long() {
        let pieces = bar(&[("fail", 1), ("error", 0), ("pass", 1_000_000)], 1_000_001);
        let told: Vec<_> = pieces
            .iter()
            .map(|p| (p.sort, p.x.as_str(), p.width.as_str()))
            .collect();
        assert_eq!(told, [("fail", "0", "1"), ("pass", "1", "99")]);
    }

    #[test]
    fn nothing_is_no_bar() {
        assert!(bar(&[("fail", 0)], 0).is_empty());
    }

    #[test]
    fn the_style_and_the_script_cannot_end_early() {
        assert!(!STYLE.contains("</"));
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        // And they are the same bytes in any encoding, so that their digests hold.
        assert!(STYLE.is_ascii() && SCRIPT.is_ascii());
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(start("short"), None);
        assert_eq!(start(&"ü".repeat(100)), Some("ü".repeat(48).as_str()));
    }
}
