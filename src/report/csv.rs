//! CSV (RFC 4180): a row a finding, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io;

use super::{Found, Head, Line, Policy, Rejected, Rule, Tail, Words};
use crate::finding::Evidence;
use crate::text::{escape_controls, is_printable_without};

/// A column of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The policy's id.
    Policy,
    /// The rule's id.
    Rule,
    /// How grave it is.
    Severity,
    /// `fail` or `error`.
    Status,
    /// Why.
    Reason,
    /// The customer's id.
    CustomerId,
    /// The customer's name.
    CustomerName,
    /// The fields of the checks that were not met.
    Field,
    /// What would have met them.
    Expected,
    /// What was seen.
    Observed,
    /// The rule's title.
    Title,
    /// How to mend it.
    Remediation,
    /// The controls that the rule is evidence for.
    References,
    /// The finding's name, the same every night.
    Fingerprint,
    /// The export's name.
    Export,
    /// The record's place in the export, from 1.
    Record,
}

impl Column {
    /// Every column, in the usual order.
    pub const ALL: [Column; 16] = [
        Column::Policy,
        Column::Rule,
        Column::Severity,
        Column::Status,
        Column::Reason,
        Column::CustomerId,
        Column::CustomerName,
        Column::Field,
        Column::Expected,
        Column::Observed,
        Column::Title,
        Column::Remediation,
        Column::References,
        Column::Fingerprint,
        Column::Export,
        Column::Record,
    ];

    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Column::Policy => "policy",
            Column::Rule => "rule",
            Column::Severity => "severity",
            Column::Status => "status",
            Column::Reason => "reason",
            Column::CustomerId => "customer_id",
            Column::CustomerName => "customer_name",
            Column::Field => "field",
            Column::Expected => "expected",
            Column::Observed => "observed",
            Column::Title => "title",
            Column::Remediation => "remediation",
            Column::References => "references",
            Column::Fingerprint => "fingerprint",
            Column::Export => "export",
            Column::Record => "record",
        }
    }

    /// The column of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// What stands there for every finding of a rule, if that is always the
    /// same.
    pub(super) fn of_rule(self, policy: &Policy, rule: &Rule) -> Option<String> {
        match self {
            Column::Policy => Some(policy.id.clone()),
            Column::Rule => Some(rule.id.clone()),
            Column::Severity => Some(rule.severity.name().to_owned()),
            Column::Title => Some(rule.title.clone()),
            Column::Remediation => Some(rule.remediation.clone()),
            Column::References => Some(rule.references.join("; ")),
            Column::Status
            | Column::Reason
            | Column::CustomerId
            | Column::CustomerName
            | Column::Field
            | Column::Expected
            | Column::Observed
            | Column::Fingerprint
            | Column::Export
            | Column::Record => None,
        }
    }

    /// What stands there for one finding.
    pub(super) fn of_line<'f>(self, line: &'f Line<'_>) -> Cow<'f, str> {
        let or_blank = |text: &'f Option<Cow<'_, str>>| text.as_deref().unwrap_or_default();
        match self {
            Column::Policy
            | Column::Rule
            | Column::Severity
            | Column::Title
            | Column::Remediation
            | Column::References => "".into(),
            Column::Status => line.status.as_ref().into(),
            Column::Reason => line.reason.as_ref().into(),
            Column::CustomerId => or_blank(&line.customer_id).into(),
            Column::CustomerName => or_blank(&line.customer_name).into(),
            Column::Field => join(&line.evidence, |item| &item.field),
            Column::Expected => join(&line.evidence, |item| &item.expected),
            Column::Observed => join(&line.evidence, |item| &item.observed),
            Column::Fingerprint => line.fingerprint.as_ref().into(),
            Column::Export => or_blank(&line.export).into(),
            Column::Record => match line.record {
                Some(_) => UNNUMBERED.into(),
                None => "".into(),
            },
        }
    }
}

fn join<'e>(evidence: &'e [Evidence<'_>], part: fn(&'e Evidence<'_>) -> &'e str) -> Cow<'e, str> {
    match evidence {
        [one] => part(one).into(),
        _ => {
            let parts: Vec<_> = evidence.iter().map(part).collect();
            parts.join("; ").into()
        }
    }
}

/// A cell that no spreadsheet runs and no terminal obeys.
fn safe(cell: &str) -> Cow<'_, str> {
    let cleaned = escape_controls(cell);
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cleaned}").into(),
        _ => cleaned,
    }
}

/// Whether a cell can stand as it is, as most can: it begins with a letter or a
/// digit, and has no byte that is quoted, cleaned or looked at twice.
fn is_plain(cell: &str) -> bool {
    let first = cell.as_bytes().first();
    first.is_none_or(u8::is_ascii_alphanumeric) && is_printable_without(cell, *b"\",")
}

/// Words findings as rows.
pub struct Renderer {
    /// For each rule the columns, with what is the same for all its findings.
    rules: Vec<Vec<(Column, Option<Vec<u8>>)>>,
    writer: csv_core::Writer,
}

impl Renderer {
    pub fn new(head: &Head, columns: &[Column]) -> Self {
        let writer = csv_core::Writer::new();
        let fixed = |policy: &Policy, rule: &Rule, column: Column| {
            let cell = column.of_rule(policy, rule)?;
            let mut row = Row::new(&writer);
            row.cell(&cell);
            Some(row.out)
        };
        let rules = head.rules().map(|(policy, rule)| {
            columns
                .iter()
                .map(|column| (*column, fixed(policy, rule, *column)))
                .collect()
        });
        Self {
            rules: rules.collect(),
            writer: writer.clone(),
        }
    }
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let mut row = Row::new(&self.writer);
        row.out = std::mem::take(&mut words.bytes);
        for (column, fixed) in &self.rules[found.rule] {
            match fixed {
                Some(cell) => row.out.extend_from_slice(cell),
                None => row.cell(&column.of_line(&found.line)),
            }
            if *column == Column::Record
                && let Some(number) = found.number
            {
                words.mark(row.out.len() - "0,".len(), number);
            }
        }
        words.bytes = row.end();
        Ok(())
    }
}

/// Stands for the record's number until it is known.
const UNNUMBERED: &str = "0";

/// A row that is being written: every cell with a comma after it.
struct Row {
    writer: csv_core::Writer,
    out: Vec<u8>,
}

impl Row {
    fn new(writer: &csv_core::Writer) -> Self {
        Self {
            writer: writer.clone(),
            out: Vec::new(),
        }
    }

    fn cell(&mut self, text: &str) {
        if is_plain(text) {
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b',');
            return;
        }
        let text = safe(text);
        let start = self.out.len();
        // Every byte may be a quote, which is doubled, and quotes and a comma
        // stand around.
        self.out.resize(start + 2 * text.len() + 3, 0);
        let (_, _, field) = self.writer.field(text.as_bytes(), &mut self.out[start..]);
        let (_, comma) = self.writer.delimiter(&mut self.out[start + field..]);
        self.out.truncate(start + field + comma);
    }

    /// The bytes, with the end of the row for the last comma.
    fn end(mut self) -> Vec<u8> {
        self.out.pop();
        // A row of one empty cell would be no row to a reader.
        if self.out.last().is_none_or(|byte| *byte == b'\n') {
            self.out.extend_from_slice(b"\"\"");
        }
        self.out.extend_from_slice(b"\r\n");
        self.out
    }
}

/// Joins the rows under a header.
pub struct Reporter {
    columns: Vec<Column>,
}

impl Reporter {
    pub fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
        }
    }
}

impl super::Reporter for Reporter {
    fn start(&mut self, _: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        let mut header = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        header.write_record(self.columns.iter().map(|column| column.name()))?;
        header.flush()
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(worded)
    }

    /// Rows are findings: rejected records are told by the other formats, on
    /// stderr and by the exit code.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Head, _: &Tail, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_defused() {
        for (cell, safe_cell) in [
            ("=1+1", "'=1+1"),
            ("+44", "'+44"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("a=1", "a=1"),
            ("'a", "'a"),
            ("", ""),
        ] {
            assert_eq!(safe(cell), safe_cell);
        }
    }

    #[test]
    fn plain_cells_are_written_as_any_others() {
        for byte in 0..128u8 {
            for text in [[byte, b'a'], [b'a', byte]] {
                let cell = std::str::from_utf8(&text).expect("ASCII");
                let mut row = Row::new(&csv_core::Writer::new());
                row.cell(cell);
                row.cell(&format!("{cell},"));
                let mut wanted = csv::Writer::from_writer(Vec::new());
                let safe = [
                    safe(cell).into_owned(),
                    safe(&format!("{cell},")).into_owned(),
                ];
                wanted.write_record(safe).expect("memory");
                let wanted = wanted.into_inner().expect("memory");
                assert_eq!(row.end().trim_ascii_end(), wanted.trim_ascii_end());
            }
        }
    }

    #[test]
    fn a_row_of_nothing_is_still_a_row() {
        let mut row = Row::new(&csv_core::Writer::new());
        row.cell("");
        let rows = row.end();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(rows.as_slice());
        assert_eq!(reader.records().count(), 1);
    }

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        let mut row = Row::new(&csv_core::Writer::new());
        for cell in ["a,b", "say \"x\"", ""] {
            row.cell(cell);
        }
        let out = row.end();
        assert_eq!(out, b"\"a,b\",\"say \"\"x\"\"\",\r\n");
    }
}
