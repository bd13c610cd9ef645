//! A workbook of five sheets that grows by rows.

use std::borrow::Cow;
use std::io::{self, Seek};

use rust_xlsxwriter::{Color, DocProperties, Format, Workbook, XlsxError};
use strum::{IntoStaticStr, VariantArray};
use tempfile::SpooledTempFile;

use crate::panics::caught;
use crate::policy::Severity;
use crate::report::model::header::Header;
use crate::text::escape_controls;

/// The largest number of rows of a sheet without its header: there are 1,048,576 in
/// all ("Excel specifications and limits").
pub const MAX_ROWS: u32 = 1_048_575;

/// The largest number of characters of a cell, in units of UTF-16.
const MAX_CHARACTERS: usize = 32_767;

/// Ends a cell that was cut.
const CUT: &str = "… [cut]";

/// How many bytes of the workbook wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 1 << 20;

/// Names the sheets, in their order.
#[derive(Debug, Clone, Copy, IntoStaticStr, VariantArray)]
pub enum Sheet {
    Summary,
    Findings,
    Controls,
    Rules,
    Rejected,
}

/// Holds what a cell holds.
pub enum Cell<'c> {
    Blank,
    Heading(&'c str),
    Text(&'c str),
    Number(u64),
    Severity(Severity),
}

/// Returns text as a cell holds it: nothing in it that XML cannot say or that hides or
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

/// Represents a workbook that grows by rows.
pub struct Book {
    pub workbook: Workbook,
    /// How many rows each sheet has.
    pub rows: [u32; Sheet::VARIANTS.len()],
    /// No less than the sheets take, in bytes.
    bytes: u64,
    heading: Format,
    tints: [Format; Severity::ALL.len()],
}

impl Book {
    pub fn new() -> Self {
        Self {
            workbook: Workbook::new(),
            rows: [0; Sheet::VARIANTS.len()],
            bytes: 0,
            heading: Format::new().set_bold(),
            tints: Severity::ALL.map(tint),
        }
    }

    /// Adds the sheets, all of them empty.
    pub fn start(&mut self, header: &Header) -> Result<(), XlsxError> {
        // Without it there would be the time of writing, and no report would be the
        // same twice.
        let properties = DocProperties::new().set_creation_datetime(&header.instant());
        self.workbook.set_properties(&properties);
        for sheet in Sheet::VARIANTS {
            let added = self.workbook.add_worksheet_with_constant_memory()?;
            let name: &str = sheet.into();
            added.set_name(name)?;
        }
        Ok(())
    }

    pub fn row(&mut self, sheet: Sheet, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        let row = self.rows[sheet as usize];
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        for (column, content) in (0..).zip(cells) {
            // A cell has some sixty bytes around what it holds.
            self.bytes += 64;
            match content {
                Cell::Blank => {}
                Cell::Heading(text) => {
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

    /// Writes a row of names and widths, which stays in sight.
    pub fn header(&mut self, sheet: Sheet, columns: &[(&str, u8)]) -> Result<(), XlsxError> {
        let names: Vec<_> = columns
            .iter()
            .map(|(name, _)| Cell::Heading(name))
            .collect();
        self.row(sheet, &names)?;
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        page.set_freeze_panes(1, 0)?;
        for (column, (_, width)) in (0..).zip(columns) {
            page.set_column_width(column, *width)?;
        }
        Ok(())
    }

    /// Adds buttons to filter by, over all rows below the header.
    pub fn filter(&mut self, sheet: Sheet, columns: usize) -> Result<(), XlsxError> {
        let last = self.rows[sheet as usize].saturating_sub(1);
        let page = self.workbook.worksheet_from_index(sheet as usize)?;
        let last_column = u16::try_from(columns.saturating_sub(1)).unwrap_or_default();
        page.autofilter(0, 0, last, last_column)?;
        Ok(())
    }

    pub fn save(mut self) -> Result<SpooledTempFile, XlsxError> {
        // Past 4 GiB a member of a ZIP archive needs longer numbers, which not
        // every reader knows.
        self.workbook
            .use_zip_large_file(self.bytes > u64::from(u32::MAX));
        let mut file = SpooledTempFile::new(SPOOL_BYTES);
        self.workbook.save_to_writer(&mut file)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Returns the colour of a severity, behind text that is black on light or white on
/// dark.
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

/// Changes a workbook. Its crate panics where its temporary file
/// cannot be written, as on a full disk; to us that is an error like others.
pub fn attempt<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    match caught(work) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(XlsxError::IoError(error))) => Err(error),
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::Error::other(
            "the temporary file of the workbook could not be written",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
