//! The two halves of a workbook.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rust_xlsxwriter::XlsxError;

use super::book::{Book, Cell, MAX_ROWS, Sheet, attempt};
use super::sheets::{self, REJECTED, left_out, width};
use crate::policy::Severity;
use crate::report::column::{Column, Content};
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::render::{self, Found, Rendered, RenderedRow};

/// Returns the two halves of a workbook; the first stops once a sheet is full.
pub fn halves(header: &Header) -> (Renderer, Reporter) {
    let full = Arc::new(AtomicBool::new(false));
    let renderer = Renderer { full: full.clone() };
    (renderer, Reporter::new(header, full))
}

/// Keeps findings as rows.
pub struct Renderer {
    full: Arc<AtomicBool>,
}

impl render::Renderer for Renderer {
    fn has_room_for(&self, _: Severity) -> bool {
        !self.full.load(Ordering::Relaxed)
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.rows.push(RenderedRow {
            rule_index: found.rule_index,
            slice: None,
            row: found.row.clone().into_owned(),
        });
        Ok(())
    }
}

/// Writes a workbook: findings and rejected records as they come, and at the
/// end what they add up to.
pub struct Reporter {
    book: Book,
    /// The columns of findings: all that are not blank in every row.
    columns: Vec<Column>,
    /// For each rule, what is the same for all its findings.
    rules: Vec<Vec<Option<String>>>,
    max_rows: u32,
    /// The sheet of findings takes no more rows.
    full: Arc<AtomicBool>,
    left_out: u64,
    rejected_left_out: u64,
}

impl Reporter {
    fn new(header: &Header, full: Arc<AtomicBool>) -> Self {
        let is_compared = header.previous.is_some();
        let columns = Column::ALL.iter().copied();
        let columns: Vec<_> = columns
            .filter(|column| is_compared || !column.is_of_nights())
            .collect();
        let rules = header.rules().map(|(policy, rule)| {
            let cells = columns.iter();
            cells.map(|column| column.of_rule(policy, rule)).collect()
        });
        Self {
            book: Book::new(),
            rules: rules.collect(),
            columns,
            max_rows: MAX_ROWS,
            full,
            left_out: 0,
            rejected_left_out: 0,
        }
    }

    /// Returns whether a sheet takes no more rows.
    fn is_full(&self, sheet: Sheet) -> bool {
        self.book.rows[sheet as usize] > self.max_rows
    }

    fn finding(&mut self, rule_index: usize, row: &FindingRow<'_>) -> Result<(), XlsxError> {
        let fixed = &self.rules[rule_index];
        let texts: Vec<_> = (self.columns.iter())
            .map(|column| column.of_row(row))
            .collect();
        let columns = self.columns.iter().zip(fixed).zip(&texts);
        let cells = columns.map(|((column, fixed), own)| match (column, fixed, own) {
            (Column::Severity, ..) => Cell::Severity(row.severity),
            (_, Some(text), _) => text_or_blank(text),
            (_, None, Content::Text(text)) => text_or_blank(text),
            (_, None, Content::Word(word)) => text_or_blank(word),
            (_, None, Content::RecordNumber) => row.record.map_or(Cell::Blank, Cell::Number),
        });
        let cells: Vec<_> = cells.collect();
        self.book.row(Sheet::Findings, &cells)
    }
}

fn text_or_blank(text: &str) -> Cell<'_> {
    match text {
        "" => Cell::Blank,
        text => Cell::Text(text),
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, header: &Header, _: &mut dyn Write) -> io::Result<()> {
        attempt(|| {
            self.book.start(header)?;
            let columns = self.columns.iter();
            let columns: Vec<_> = columns.map(|one| (one.name(), width(*one))).collect();
            self.book.header(Sheet::Findings, &columns)?;
            self.book.header(Sheet::Rejected, &REJECTED)
        })
    }

    fn findings(&mut self, rendered: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        self.left_out += rendered.left_out;
        for RenderedRow {
            rule_index, row, ..
        } in &rendered.rows
        {
            if self.is_full(Sheet::Findings) {
                self.left_out += 1;
                continue;
            }
            attempt(|| self.finding(*rule_index, row))?;
        }
        self.full
            .store(self.is_full(Sheet::Findings), Ordering::Relaxed);
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.is_full(Sheet::Rejected) {
            self.rejected_left_out += 1;
            return Ok(());
        }
        let cells = [
            Cell::Text(&rejected.export),
            Cell::Number(rejected.record),
            Cell::Number(rejected.offset),
            Cell::Text(&rejected.cause),
        ];
        attempt(|| self.book.row(Sheet::Rejected, &cells))
    }

    fn finish(
        mut self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let notes = [
            left_out(self.left_out, "finding", "findings"),
            left_out(
                self.rejected_left_out,
                "rejected record",
                "rejected records",
            ),
        ];
        let mut file = attempt(|| {
            let book = &mut self.book;
            book.filter(Sheet::Findings, self.columns.len())?;
            book.filter(Sheet::Rejected, REJECTED.len())?;
            sheets::controls(footer, book)?;
            sheets::rules(header, footer, book)?;
            sheets::summary(header, footer, &notes, book)?;
            self.book.save()
        })?;
        io::copy(&mut file, out).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::render::{Renderer as _, Reporter as _};
    use std::io::Read as _;

    /// The XML of a workbook's sheet.
    fn sheet(workbook: &[u8], sheet: Sheet) -> String {
        let archive = zip::ZipArchive::new(io::Cursor::new(workbook));
        let name = format!("xl/worksheets/sheet{}.xml", sheet as usize + 1);
        let mut xml = String::new();
        let mut archive = archive.expect("an archive");
        let mut member = archive.by_name(&name).expect("a sheet");
        member.read_to_string(&mut xml).expect("text");
        xml
    }

    fn report(names: &[&str], max_rows: u32) -> Vec<u8> {
        let (header, footer) = (fixture::header(), fixture::clean());
        let (renderer, reporter) = halves(&header);
        let mut reporter = Box::new(reporter);
        reporter.max_rows = max_rows;
        let mut out = Vec::new();
        reporter.start(&header, &mut out).expect("a start");
        for name in names {
            let found = fixture::found(FindingRow {
                customer_name: Some((*name).to_owned().into()),
                record: Some(7),
                ..fixture::row()
            });
            let mut rendered = Rendered::default();
            match renderer.has_room_for(found.row.severity) {
                true => renderer.finding(&found, &mut rendered).expect("memory"),
                false => rendered.left_out += 1,
            }
            reporter.findings(&rendered, &mut out).expect("a row");
            reporter
                .rejected(&Rejected {
                    export: (*name).into(),
                    record: 1,
                    offset: 0,
                    cause: "broken".into(),
                })
                .expect("a row");
        }
        reporter.finish(&header, &footer, &mut out).expect("memory");
        out
    }

    #[test]
    fn what_a_spreadsheet_would_run_or_follow_is_text() {
        let hostile = [
            "=1+1",
            "https://example.com",
            "007",
            "a\u{0}\u{ffff}<&>",
            "_x0041_",
        ];
        let xml = sheet(&report(&hostile, MAX_ROWS), Sheet::Findings);
        assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{xml}");
        for text in [
            "<t>=1+1</t>",
            "<t>https://example.com</t>",
            "<t>007</t>",
            "<t>a\\u{0}\\u{ffff}&lt;&amp;&gt;</t>",
            "<t>_x005F_x0041_</t>",
            "<v>7</v>",
        ] {
            assert!(xml.contains(text), "{text} in {xml}");
        }
    }

    #[test]
    fn what_no_sheet_has_room_for_is_counted() {
        let workbook = report(&["a", "b", "c", "d"], 3);
        for full in [Sheet::Findings, Sheet::Rejected] {
            let xml = sheet(&workbook, full);
            assert_eq!(xml.matches("<row ").count(), 4, "{xml}");
        }
        let xml = sheet(&workbook, Sheet::Summary);
        assert!(xml.contains("1 finding left out"), "{xml}");
        assert!(xml.contains("1 rejected record left out"), "{xml}");
        let xml = sheet(&report(&["a", "b", "c"], 3), Sheet::Summary);
        assert!(!xml.contains(" left out, for which"), "{xml}");
    }

    #[test]
    fn a_workbook_is_the_same_each_time() {
        assert_eq!(report(&["a"], MAX_ROWS), report(&["a"], MAX_ROWS));
    }
}
