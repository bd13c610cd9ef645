//! The sheets that say what an audit came to, and what was rejected.

use rust_xlsxwriter::XlsxError;

use super::book::{Book, Cell, Sheet};
use crate::finding::Counts;
use crate::report::column::Column;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, Policy, Rule};
use crate::report::phrase;
use crate::report::since;
use crate::text::count;

/// Returns how wide a column is, in characters.
pub fn width(column: Column) -> u8 {
    match column {
        Column::Severity | Column::Status | Column::Record | Column::Since => 10,
        Column::Policy | Column::Reason | Column::Waiver | Column::WaiverExpires => 14,
        Column::Rule
        | Column::CustomerId
        | Column::Field
        | Column::Export
        | Column::Because
        | Column::FirstSeen
        | Column::Due => 24,
        Column::CustomerName | Column::Expected | Column::Observed => 32,
        Column::Fingerprint => 34,
        Column::Title | Column::Remediation | Column::References => 48,
    }
}

/// Lists the columns of rejected records, with their widths in characters.
pub const REJECTED: [(&str, u8); 4] = [
    ("export", 24),
    ("record", 10),
    ("offset", 14),
    ("cause", 80),
];

/// Returns a note of what no sheet had room for.
pub fn left_out(number: u64, one: &str, many: &str) -> Option<String> {
    (number > 0).then(|| {
        format!(
            "{} left out, for which a sheet has no room: a json report of the same run has all",
            count(number, one, many)
        )
    })
}

/// Returns counts by the names that they have in every report.
fn counted(counts: &Counts) -> [(&'static str, u64); 5] {
    [
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("error", counts.error),
        ("not_applicable", counts.not_applicable),
        ("waived", counts.waived),
    ]
}

/// Writes every rule, with its outcomes.
pub fn rules(header: &Header, footer: &Footer, book: &mut Book) -> Result<(), XlsxError> {
    let named = |column: Column| (column.name(), width(column));
    let mut columns = Vec::new();
    columns.extend(
        [
            Column::Policy,
            Column::Rule,
            Column::Severity,
            Column::Title,
        ]
        .map(named),
    );
    columns.push(("raised", 32));
    columns.push(("tested", 12));
    columns.extend(counted(&Counts::default()).map(|(name, _)| (name, 14)));
    columns.extend([("applies_where", 32), ("requires", 48), ("rationale", 48)]);
    columns.extend([Column::Remediation, Column::References].map(named));
    book.header(Sheet::Rules, &columns)?;
    let mut counted = footer.summary.by_rule.iter();
    for policy in &header.policies {
        for (rule, outcomes) in policy.rules.iter().zip(counted.by_ref()) {
            self::rule(policy, rule, Some(&outcomes.counts), book)?;
        }
        for rule in &policy.not_tested {
            self::rule(policy, rule, None, book)?;
        }
    }
    book.filter(Sheet::Rules, columns.len())
}

/// Writes the controls of frameworks, and what the audit came to for each.
pub fn controls(footer: &Footer, book: &mut Book) -> Result<(), XlsxError> {
    let mut columns = vec![
        ("framework", 24),
        ("requirement", 14),
        ("status", 24),
        ("most_severe", 12),
        ("records", 10),
    ];
    columns.extend(counted(&Counts::default()).map(|(name, _)| (name, 14)));
    columns.extend([("rules", 64), ("evidenced_by", 64)]);
    book.header(Sheet::Controls, &columns)?;
    for control in &footer.controls {
        let rules = control.evidence().collect::<Vec<_>>().join("; ");
        let others = control.evidenced_by.join("; ");
        let mut cells = vec![
            Cell::Text(&control.framework),
            Cell::Text(&control.requirement),
            Cell::Text(control.status.words()),
            control.most_severe.map_or(Cell::Blank, Cell::Severity),
            Cell::Number(control.records),
        ];
        cells.extend(counted(&control.counts).map(|(_, number)| Cell::Number(number)));
        cells.extend([Cell::Text(&rules), Cell::Text(&others)]);
        book.row(Sheet::Controls, &cells)?;
    }
    book.filter(Sheet::Controls, columns.len())
}

/// Writes a rule; one that was left out of the run has no outcomes.
fn rule(
    policy: &Policy,
    rule: &Rule,
    outcomes: Option<&Counts>,
    book: &mut Book,
) -> Result<(), XlsxError> {
    let references = rule.references.join("; ");
    let raised = rule.raise.as_ref();
    let raised = raised.map(|raise| {
        format!(
            "{} where {}, or where that is not known",
            raise.to, raise.when
        )
    });
    let mut cells = vec![
        Cell::Text(&policy.id),
        Cell::Text(&rule.id),
        Cell::Severity(rule.severity),
        Cell::Text(&rule.title),
        raised.as_deref().map_or(Cell::Blank, Cell::Text),
        Cell::Text(match outcomes {
            Some(_) => "tested",
            None => "not tested",
        }),
    ];
    match outcomes {
        Some(outcomes) => {
            cells.extend(counted(outcomes).map(|(_, number)| Cell::Number(number)));
        }
        None => cells.extend(counted(&Counts::default()).map(|_| Cell::Blank)),
    }
    let when = rule.criterion.when.as_deref();
    cells.push(when.map_or(Cell::Blank, Cell::Text));
    let words = [
        &rule.criterion.require,
        &rule.rationale,
        &rule.remediation,
        &references,
    ];
    cells.extend(words.map(|text| Cell::Text(text)));
    book.row(Sheet::Rules, &cells)
}

/// Writes the verdict, and all that it rests on.
pub fn summary(
    header: &Header,
    footer: &Footer,
    notes: &[Option<String>],
    book: &mut Book,
) -> Result<(), XlsxError> {
    let summary = &footer.summary;
    let mut row = |cells: &[Cell<'_>]| book.row(Sheet::Summary, cells);
    row(&[
        Cell::Heading("audit"),
        Cell::Heading(summary.verdict().word()),
    ])?;
    for why in summary.reasons() {
        row(&[Cell::Heading("incomplete because"), Cell::Text(why)])?;
    }
    for note in notes.iter().flatten() {
        row(&[Cell::Heading("note"), Cell::Text(note)])?;
    }
    for anomaly in &summary.anomalies {
        row(&[Cell::Heading("warning"), Cell::Text(anomaly)])?;
    }
    if let Some(counts) = &summary.waivers {
        let waivers = phrase::waivers(counts);
        row(&[Cell::Heading("waivers"), Cell::Text(&waivers)])?;
    }
    for note in &summary.waiver_notes {
        row(&[Cell::Heading("waiver"), Cell::Text(note)])?;
    }
    if let Some(expected) = &summary.expected {
        let words = phrase::expected(expected);
        row(&[Cell::Heading("expected"), Cell::Text(&words)])?;
    }
    row(&[Cell::Heading("as of"), Cell::Text(&header.as_of)])?;
    if let Some(heading) = since::heading(header) {
        row(&[Cell::Heading("compared"), Cell::Text(&heading)])?;
    }
    if let Some(bound) = since::bound(header) {
        row(&[Cell::Heading("listed"), Cell::Text(&bound)])?;
    }
    for since::Line {
        name,
        number,
        words,
    } in since::lines(header, summary)
    {
        row(&[
            Cell::Heading(name),
            Cell::Number(number),
            Cell::Text(&words),
        ])?;
    }
    for (name, number) in [
        ("findings", summary.counts.findings()),
        ("records", summary.records),
        ("in scope", summary.in_scope),
        ("rejected", summary.rejected),
    ] {
        row(&[Cell::Heading(name), Cell::Number(number)])?;
    }
    let tool = format!("{} {}", header.tool.name, header.tool.version);
    row(&[Cell::Heading("tool"), Cell::Text(&tool)])?;

    row(&[])?;
    let mut names = vec![Cell::Heading("severity")];
    names.extend(counted(&Counts::default()).map(|(name, _)| Cell::Heading(name)));
    row(&names)?;
    for (severity, counts) in &summary.by_severity {
        let mut cells = vec![Cell::Severity(*severity)];
        cells.extend(counted(counts).map(|(_, number)| Cell::Number(number)));
        row(&cells)?;
    }

    row(&[])?;
    row(&["policy", "title", "version", "path", "sha256"].map(Cell::Heading))?;
    for policy in &header.policies {
        let cells = [
            &policy.id,
            &policy.title,
            &policy.version,
            &policy.path,
            &policy.sha256,
        ];
        row(&cells.map(|text| Cell::Text(text)))?;
    }

    if header
        .policies
        .iter()
        .any(|policy| !policy.bounds().is_empty())
    {
        row(&[])?;
        row(&["policy", phrase::BOUNDS].map(Cell::Heading))?;
    }
    for policy in &header.policies {
        let bounds = policy.bounds();
        for sentence in bounds.iter().flat_map(|bound| &bound.sentences) {
            row(&[Cell::Text(&policy.id), Cell::Text(sentence)])?;
        }
    }

    row(&[])?;
    row(&[
        "export", "format", "records", "rejected", "problem", "sha256",
    ]
    .map(Cell::Heading))?;
    for export in &footer.exports {
        row(&[
            Cell::Text(&export.path),
            Cell::Text(&export.format),
            Cell::Number(export.records),
            Cell::Number(export.rejected),
            Cell::Text(export.problem.as_deref().unwrap_or_default()),
            Cell::Text(export.sha256.as_deref().unwrap_or_default()),
        ])?;
    }
    let page = book
        .workbook
        .worksheet_from_index(Sheet::Summary as usize)?;
    for (column, width) in [(0, 24), (1, 32), (2, 14), (3, 14), (4, 14), (5, 14)] {
        page.set_column_width(column, width)?;
    }
    Ok(())
}
