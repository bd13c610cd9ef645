//! CSV (RFC 4180): a row a finding, safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io;

use super::{Audit, Rejected, Verdict, Words};
use crate::finding::{Evidence, Finding};
use crate::record::text::clean;

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

    fn cell<'f>(self, finding: &Finding<'f>, evidence: &'f [Evidence<'f>]) -> Cow<'f, str> {
        match self {
            Column::Policy => finding.policy.id.as_str().into(),
            Column::Rule => finding.rule.id.as_str().into(),
            Column::Severity => finding.rule.severity.name().into(),
            Column::Status => finding.outcome.name().into(),
            Column::Reason => finding.reason.name().into(),
            Column::CustomerId => finding.customer_id().unwrap_or_default(),
            Column::CustomerName => finding.customer_name().unwrap_or_default(),
            Column::Field => join(evidence, |item| item.field),
            Column::Expected => join(evidence, |item| &item.expected),
            Column::Observed => join(evidence, |item| &item.observed),
            Column::Title => finding.rule.title.as_str().into(),
            Column::Remediation => finding.rule.remediation.as_str().into(),
            Column::References => finding.rule.references.join("; ").into(),
            Column::Fingerprint => finding.fingerprint().into(),
            Column::Export => finding.export.into(),
            Column::Record => UNNUMBERED.into(),
        }
    }
}

fn join<'e>(evidence: &'e [Evidence<'e>], part: fn(&'e Evidence<'e>) -> &'e str) -> Cow<'e, str> {
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
    let cleaned = clean(cell);
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cleaned}").into(),
        _ => cleaned,
    }
}

/// Words findings as rows.
pub struct Renderer {
    columns: Vec<Column>,
}

impl Renderer {
    pub fn new(columns: &[Column]) -> Self {
        let columns = columns.to_vec();
        Self { columns }
    }
}

impl super::Renderer for Renderer {
    fn finding(&self, finding: &Finding<'_>, words: &mut Words) -> io::Result<()> {
        let evidence = finding.evidence();
        let mut row = Row::new(&mut words.bytes);
        let mut mark = None;
        for column in &self.columns {
            row.cell(&column.cell(finding, &evidence))?;
            if *column == Column::Record {
                mark = Some(row.end()? - UNNUMBERED.len());
            }
        }
        row.finish()?;
        if let Some(mark) = mark {
            words.mark(mark, finding.number);
        }
        Ok(())
    }
}

/// Stands for the record's number until it is known.
const UNNUMBERED: &str = "0";

/// A row that is being written.
struct Row<'o>(csv::Writer<&'o mut Vec<u8>>);

impl<'o> Row<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .buffer_capacity(1 << 10)
            .from_writer(out);
        Self(writer)
    }

    fn cell(&mut self, text: &str) -> io::Result<()> {
        Ok(self.0.write_field(safe(text).as_bytes())?)
    }

    /// Where the cells so far end.
    fn end(&mut self) -> io::Result<usize> {
        self.0.flush()?;
        Ok(self.0.get_ref().len())
    }

    fn finish(mut self) -> io::Result<()> {
        self.0.write_record(None::<&[u8]>)?;
        self.0.flush()
    }
}

/// Joins the rows under a header.
pub struct Reporter;

impl super::Reporter for Reporter {
    fn start(&mut self, audit: &Audit<'_>, out: &mut dyn io::Write) -> io::Result<()> {
        let mut header = Vec::new();
        let mut row = Row::new(&mut header);
        for column in audit.columns {
            row.cell(column.name())?;
        }
        row.finish()?;
        out.write_all(&header)
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(worded)
    }

    /// Rows are findings: rejected records are told by the other formats, on
    /// stderr and by the exit code.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        _: &Audit<'_>,
        _: &Verdict<'_>,
        _: &mut dyn io::Write,
    ) -> io::Result<()> {
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
    fn rows_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let mut row = Row::new(&mut out);
        for cell in ["a,b", "say \"x\"", ""] {
            row.cell(cell).expect("memory");
        }
        row.finish().expect("memory");
        assert_eq!(out, b"\"a,b\",\"say \"\"x\"\"\",\r\n");
    }
}
