//! XLSX: a workbook for people who sort and filter.
//!
//! Every text is written as a text: no spreadsheet runs or follows it. Rows go
//! to a temporary file as they come, so that no number of findings fills the
//! memory.

use std::borrow::Cow;
use std::io::{self, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rust_xlsxwriter::{Color, DocProperties, Format, Workbook, XlsxError};
use tempfile::SpooledTempFile;

use super::json::write_json;
use super::{Column, Counts, Found, Head, Rejected, Tail, Words};
use crate::policy::Severity;
use crate::text::{count, escape_controls};

/// The most rows of a sheet, its header not among them: there are 1,048,576 in
/// all ("Excel specifications and limits").
const MAX_ROWS: u32 = 1_048_575;

/// The most characters of a cell, in units of UTF-16.
const MAX_CHARACTERS: usize = 32_767;

/// What stands at the end of a cell that was cut.
const CUT: &str = "… [cut]";

/// How many bytes of the workbook wait in memory; more wait in a file.
const SPOOL: usize = 1 << 20;

/// Words findings as cells. Those that are the same for all findings of a rule
/// are blank.
pub struct Renderer;

/// A finding: its cells, the place of its rule and the number of its record.
type Row<T> = (Vec<T>, usize, Option<u64>);

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let line = &found.line;
        let cells = Column::ALL.iter().map(|column| column.of_line(line));
        let row: Row<Cow<'_, str>> = (cells.collect(), found.rule, line.record);
        write_json(&row, &mut words.bytes)?;
        if let Some(number) = found.number {
            words.mark(words.bytes.len() - "0]".len(), number);
        }
        words.bytes.push(b'\n');
        Ok(())
    }
}

/// A sheet; they stand in this order.
#[derive(Debug, Clone, Copy)]
enum Sheet {
    Summary,
    Findings,
    Rules,
    Rejected,
}

impl Sheet {
    const ALL: [Sheet; 4] = [
        Sheet::Summary,
        Sheet::Findings,
        Sheet::Rules,
        Sheet::Rejected,
    ];

    fn name(self) -> &'static str {
        match self {
            Sheet::Summary => "Summary",
            Sheet::Findings => "Findings",
            Sheet::Rules => "Rules",
            Sheet::Rejected => "Rejected",
        }
    }
}

/// How wide a column is, in characters.
fn width(column: Column) -> u8 {
    match column {
        Column::Severity | Column::Status | Column::Record => 10,
        Column::Policy | Column::Reason => 14,
        Column::Rule | Column::CustomerId | Column::Field | Column::Export => 24,
        Column::CustomerName | Column::Expected | Column::Observed => 32,
        Column::Fingerprint => 34,
        Column::Title | Column::Remediation | Column::References => 48,
    }
}

enum Cell<'c> {
    Blank,
    Head(&'c str),
    Text(&'c str),
    Number(u64),
    Severity(Severity),
}

/// Text that a cell holds: nothing in it that XML cannot say or that hides or
/// turns what follows, and no more than fits.
fn cell(text: &str) -> Cow<'_, str> {
    let text = escape_controls(text);
    // Bytes are never fewer than units.
    if text.len() <= MAX_CHARACTERS || text.encode_utf16().count() <= MAX_CHARACTERS {
        return text;
    }
    let mut room = MAX_CHARACTERS - CUT.chars().count();
    let fits = |c: &char| {
        let left = room.checked_sub(c.len_utf16());
        room = left.unwrap_or_default();
        left.is_some()
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{kept}{CUT}").into()
}

/// A workbook that grows by rows.
struct Book {
    workbook: Workbook,
    /// How many rows each sheet has.
    rows: [u32; Sheet::ALL.len()],
    /// No less than the sheets take, in bytes.
    bytes: u64,
    heading: Format,
    tints: [Format; Severity::ALL.len()],
}

impl Book {
    fn new() -> Self {
        Self {
            workbook: Workbook::new(),
            rows: [0; Sheet::ALL.len()],
            bytes: 0,
            heading: Format::new().set_bold(),
            tints: Severity::ALL.map(tint),
        }
    }

    /// Adds the sheets, all of them blank.
    fn start(&mut self, head: &Head) -> Result<(), XlsxError> {
        // Else the time of writing would stand there, and no report would be
        // the same twice.
        let properties = DocProperties::new().set_creation_datetime(&head.instant());
        self.workbook.set_properties(&properties);
        for sheet in Sheet::ALL {
            let added = self.workbook.add_worksheet_with_constant_memory()?;
            added.set_name(sheet.name())?;
        }
        Ok(())
    }

    fn row(&mut self, sheet: Sheet, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        let row = self.rows[sheet as usize];
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        for (column, content) in (0..).zip(cells) {
            // A cell has some sixty bytes around what it holds.
            self.bytes += 64;
            match content {
                Cell::Blank => {}
                Cell::Head(text) => {
                    page.write_string_with_format(row, column, *text, &self.heading)?;
                }
                Cell::Text(text) => {
                    let text = cell(text);
                    // The longest that stands for a byte: `&amp;`.
                    self.bytes += 5 * text.len() as u64;
                    page.write_string(row, column, text)?;
                }
                Cell::Number(number) => {
                    page.write_number(row, column, *number as f64)?;
                }
                Cell::Severity(severity) => {
                    page.write_string_with_format(
                        row,
                        column,
                        severity.name(),
                        &self.tints[*severity as usize],
                    )?;
                }
            }
        }
        self.rows[sheet as usize] += 1;
        Ok(())
    }

    /// A row of names and widths, which stays in sight.
    fn header(&mut self, sheet: Sheet, columns: &[(&str, u8)]) -> Result<(), XlsxError> {
        let names: Vec<_> = columns.iter().map(|(name, _)| Cell::Head(name)).collect();
        self.row(sheet, &names)?;
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        page.set_freeze_panes(1, 0)?;
        for (column, (_, width)) in (0..).zip(columns) {
            page.set_column_width(column, *width)?;
        }
        Ok(())
    }

    /// Buttons to filter by, over all rows below the header.
    fn filter(&mut self, sheet: Sheet, columns: usize) -> Result<(), XlsxError> {
        let last = self.rows[sheet as usize].saturating_sub(1);
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        let last_column = u16::try_from(columns.saturating_sub(1)).unwrap_or_default();
        page.autofilter(0, 0, last, last_column)?;
        Ok(())
    }

    fn save(mut self) -> Result<SpooledTempFile, XlsxError> {
        // Past 4 GiB a member of a ZIP archive needs longer numbers, which not
        // every reader knows.
        self.workbook
            .use_zip_large_file(self.bytes > u64::from(u32::MAX));
        let mut file = SpooledTempFile::new(SPOOL);
        self.workbook.save_to_writer(&mut file)?;
        file.rewind()?;
        Ok(file)
    }
}

/// A colour for a look from afar, behind text that stays black on light or
/// white on dark.
fn tint(severity: Severity) -> Format {
    let (behind, text) = match severity {
        Severity::Critical => (0x8B_1A2B, Color::White),
        Severity::High => (0xF6_B8B0, Color::Black),
        Severity::Medium => (0xFC_E4A8, Color::Black),
        Severity::Low => (0xD3_E6F6, Color::Black),
        Severity::Info => (0xEC_ECEC, Color::Black),
    };
    Format::new()
        .set_background_color(Color::RGB(behind))
        .set_font_color(text)
}

/// Does something with a workbook. Its crate panics where its temporary file
/// cannot be written, as on a full disk; to us that is an error like others.
fn attempt<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(XlsxError::IoError(error))) => Err(error),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::Error::other(
            "the temporary file of the workbook could not be written",
        )),
    }
}

/// Writes a workbook: findings and rejected records as they come, and at the
/// end what they add up to.
pub struct Reporter {
    book: Book,
    /// For each rule, what is the same for all its findings.
    rules: Vec<(Severity, Vec<Option<String>>)>,
    most: u32,
    left_out: u64,
    rejected_left_out: u64,
}

impl Reporter {
    pub fn new(head: &Head) -> Self {
        let rules = head.rules().map(|(policy, rule)| {
            let cells = Column::ALL.iter();
            let cells = cells.map(|column| column.of_rule(policy, rule));
            (rule.severity, cells.collect())
        });
        Self {
            book: Book::new(),
            rules: rules.collect(),
            most: MAX_ROWS,
            left_out: 0,
            rejected_left_out: 0,
        }
    }

    /// Whether a sheet takes no more rows.
    fn is_full(&self, sheet: Sheet) -> bool {
        self.book.rows[sheet as usize] > self.most
    }

    fn finding(&mut self, (own, place, record): Row<String>) -> Result<(), XlsxError> {
        let (severity, fixed) = &self.rules[place];
        let columns = Column::ALL.iter().zip(fixed).zip(&own);
        let cells = columns.map(|((column, fixed), own)| {
            if *column == Column::Severity {
                Cell::Severity(*severity)
            } else if *column == Column::Record {
                record.map_or(Cell::Blank, Cell::Number)
            } else {
                match fixed.as_deref().unwrap_or(own) {
                    "" => Cell::Blank,
                    text => Cell::Text(text),
                }
            }
        });
        let cells: Vec<_> = cells.collect();
        self.book.row(Sheet::Findings, &cells)
    }
}

impl super::Reporter for Reporter {
    fn start(&mut self, head: &Head, _: &mut dyn Write) -> io::Result<()> {
        attempt(|| {
            self.book.start(head)?;
            let columns = Column::ALL.map(|column| (column.name(), width(column)));
            self.book.header(Sheet::Findings, &columns)?;
            self.book.header(Sheet::Rejected, &REJECTED)
        })
    }

    fn findings(&mut self, worded: &[u8], _: &mut dyn Write) -> io::Result<()> {
        for row in worded.split(|byte| *byte == b'\n') {
            if row.is_empty() {
                continue;
            }
            if self.is_full(Sheet::Findings) {
                self.left_out += 1;
                continue;
            }
            let row: Row<String> = serde_json::from_slice(row)?;
            attempt(|| self.finding(row))?;
        }
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
        head: &Head,
        tail: &Tail,
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
            book.filter(Sheet::Findings, Column::ALL.len())?;
            book.filter(Sheet::Rejected, REJECTED.len())?;
            rules(head, tail, book)?;
            summary(head, tail, &notes, book)?;
            self.book.save()
        })?;
        io::copy(&mut file, out).map(|_| ())
    }
}

/// The columns of rejected records.
const REJECTED: [(&str, u8); 4] = [
    ("export", 24),
    ("record", 10),
    ("offset", 14),
    ("cause", 80),
];

/// A note of what no sheet had room for.
fn left_out(number: u64, one: &str, many: &str) -> Option<String> {
    (number > 0).then(|| {
        format!(
            "{} left out, for which a sheet has no room: a json report of the same run holds all",
            count(number, one, many)
        )
    })
}

/// Counts, by the names that they have in every report.
fn counted(counts: &Counts) -> [(&'static str, u64); 5] {
    [
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("error", counts.error),
        ("not_applicable", counts.not_applicable),
        ("waived", counts.waived),
    ]
}

/// Every rule, with its outcomes.
fn rules(head: &Head, tail: &Tail, book: &mut Book) -> Result<(), XlsxError> {
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
    columns.extend(counted(&Counts::default()).map(|(name, _)| (name, 14)));
    columns.push(("rationale", 48));
    columns.extend([Column::Remediation, Column::References].map(named));
    book.header(Sheet::Rules, &columns)?;
    for ((policy, rule), outcomes) in head.rules().zip(&tail.summary.by_rule) {
        let references = rule.references.join("; ");
        let mut cells = vec![
            Cell::Text(&policy.id),
            Cell::Text(&rule.id),
            Cell::Severity(rule.severity),
            Cell::Text(&rule.title),
        ];
        cells.extend(counted(&outcomes.counts).map(|(_, number)| Cell::Number(number)));
        let words = [&rule.rationale, &rule.remediation, &references];
        cells.extend(words.map(|text| Cell::Text(text)));
        book.row(Sheet::Rules, &cells)?;
    }
    book.filter(Sheet::Rules, columns.len())
}

/// The verdict, and all that it rests on.
fn summary(
    head: &Head,
    tail: &Tail,
    notes: &[Option<String>],
    book: &mut Book,
) -> Result<(), XlsxError> {
    let summary = &tail.summary;
    let mut row = |cells: &[Cell<'_>]| book.row(Sheet::Summary, cells);
    row(&[Cell::Head("audit"), Cell::Head(summary.verdict())])?;
    for why in &summary.incomplete_because {
        row(&[Cell::Head("incomplete because"), Cell::Text(why)])?;
    }
    for note in notes.iter().flatten() {
        row(&[Cell::Head("note"), Cell::Text(note)])?;
    }
    for anomaly in &summary.anomalies {
        row(&[Cell::Head("worth a look"), Cell::Text(anomaly)])?;
    }
    row(&[Cell::Head("as of"), Cell::Text(&head.as_of)])?;
    for (name, number) in [
        ("findings", summary.counts.findings()),
        ("records", summary.records),
        ("in scope", summary.in_scope),
        ("rejected", summary.rejected),
    ] {
        row(&[Cell::Head(name), Cell::Number(number)])?;
    }
    let tool = format!("{} {}", head.tool.name, head.tool.version);
    row(&[Cell::Head("tool"), Cell::Text(&tool)])?;

    row(&[])?;
    let mut names = vec![Cell::Head("severity")];
    names.extend(counted(&Counts::default()).map(|(name, _)| Cell::Head(name)));
    row(&names)?;
    for (severity, counts) in &summary.by_severity {
        let mut cells = vec![Cell::Severity(*severity)];
        cells.extend(counted(counts).map(|(_, number)| Cell::Number(number)));
        row(&cells)?;
    }

    row(&[])?;
    row(&["policy", "title", "version", "path", "sha256"].map(Cell::Head))?;
    for policy in &head.policies {
        let cells = [
            &policy.id,
            &policy.title,
            &policy.version,
            &policy.path,
            &policy.sha256,
        ];
        row(&cells.map(|text| Cell::Text(text)))?;
    }

    row(&[])?;
    row(&["export", "format", "records", "rejected", "problem"].map(Cell::Head))?;
    for export in &tail.exports {
        row(&[
            Cell::Text(&export.path),
            Cell::Text(&export.format),
            Cell::Number(export.records),
            Cell::Number(export.rejected),
            Cell::Text(export.problem.as_deref().unwrap_or_default()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policies;
    use crate::report::Reporter as _;
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

    fn report(names: &[&str], most: u32) -> Vec<u8> {
        let policies = Policies::default();
        let head = Head::of(&policies, chrono::DateTime::UNIX_EPOCH);
        let tail = crate::report::Tail::for_tests(&policies, Vec::new(), &[]);
        let mut reporter = Box::new(Reporter::new(&head));
        reporter
            .rules
            .push((Severity::High, vec![None; Column::ALL.len()]));
        reporter.most = most;
        let mut out = Vec::new();
        reporter.start(&head, &mut out).expect("a start");
        for name in names {
            let row: Row<&str> = (vec![name; Column::ALL.len()], 0, Some(7));
            let mut worded = serde_json::to_vec(&row).expect("JSON");
            worded.push(b'\n');
            reporter.findings(&worded, &mut out).expect("a row");
            reporter
                .rejected(&Rejected {
                    export: (*name).into(),
                    record: 1,
                    offset: 0,
                    cause: "broken".into(),
                })
                .expect("a row");
        }
        reporter.finish(&head, &tail, &mut out).expect("memory");
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
        assert!(!xml.contains("left out"), "{xml}");
    }

    #[test]
    fn a_workbook_is_the_same_each_time() {
        assert_eq!(report(&["a"], MAX_ROWS), report(&["a"], MAX_ROWS));
    }

    #[test]
    fn a_long_cell_is_cut_and_says_so() {
        let whole = "é".repeat(MAX_CHARACTERS);
        assert_eq!(cell(&whole), whole);
        for long in [format!("{whole}."), "\u{1f600}".repeat(MAX_CHARACTERS)] {
            let cut = cell(&long);
            assert!(cut.ends_with(CUT));
            let units = cut.encode_utf16().count();
            assert!((MAX_CHARACTERS - 1..=MAX_CHARACTERS).contains(&units));
        }
    }

    #[test]
    fn a_panic_of_the_writer_is_an_error() {
        let failed: io::Result<()> = attempt(|| Err(XlsxError::RowColumnLimitError));
        assert!(failed.is_err());
        let failed: io::Result<()> = attempt(|| std::panic::resume_unwind(Box::new(())));
        assert!(failed.is_err());
    }
}
