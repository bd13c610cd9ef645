//! CSV (RFC 4180): one row per finding, safe to open in a spreadsheet.

use std::io;

use crate::report::column::{Column, Content};
use crate::report::markup::defuse_formula;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, Policy, Rule};
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, Rendered};
use crate::text::is_printable_without;

/// Returns whether a cell begins with a letter or a digit, and has nothing in it but printable
/// ASCII and none of these bytes.
fn is_simple<const N: usize>(cell: &str, without: [u8; N]) -> bool {
    let first = cell.as_bytes().first();
    first.is_none_or(u8::is_ascii_alphanumeric) && is_printable_without(cell, without)
}

/// Renders findings as rows.
pub struct Renderer {
    /// For each rule what its rows are made of.
    rules: Vec<Vec<Part>>,
}

/// Represents a part of a row.
enum Part {
    /// Cells that are the same for all findings of a rule, with their commas.
    Fixed(Vec<u8>),
    /// The cell of a column.
    Cell(Column),
}

impl Renderer {
    pub fn new(header: &Header, columns: &[Column]) -> Self {
        let parts = |(policy, rule): (&Policy, &Rule)| {
            let mut parts = Vec::new();
            for column in columns {
                match (column.of_rule(policy, rule), parts.last_mut()) {
                    (None, _) => parts.push(Part::Cell(*column)),
                    (Some(text), Some(Part::Fixed(cells))) => write_cell(&text, cells),
                    (Some(text), Some(Part::Cell(_)) | None) => {
                        let mut cells = Vec::new();
                        write_cell(&text, &mut cells);
                        parts.push(Part::Fixed(cells));
                    }
                }
            }
            parts
        };
        let rules = header.rules().map(parts);
        Self {
            rules: rules.collect(),
        }
    }
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        for part in &self.rules[found.rule_index] {
            let column = match part {
                Part::Fixed(cells) => {
                    rendered.bytes.extend_from_slice(cells);
                    continue;
                }
                Part::Cell(column) => column,
            };
            match column.of_row(&found.row) {
                Content::Text(text) => write_cell(&text, &mut rendered.bytes),
                Content::Word(word) => {
                    rendered.bytes.extend_from_slice(word.as_bytes());
                    rendered.bytes.push(b',');
                }
                Content::RecordNumber => {
                    if let Some(number) = found.row.record {
                        rendered.record_number(number);
                    }
                    rendered.bytes.push(b',');
                }
            }
        }
        end_row(&mut rendered.bytes);
        Ok(())
    }
}

/// Writes a cell with a comma after it.
pub(super) fn write_cell(text: &str, out: &mut Vec<u8>) {
    // Most cells can be written as they are, and most others have commas at worst.
    if is_simple(text, *b"\",") {
        out.extend_from_slice(text.as_bytes());
        out.push(b',');
        return;
    }
    if is_simple(text, *b"\"") {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\",");
        return;
    }
    let (text, mut writer) = (defuse_formula(text), csv_core::Writer::new());
    let start = out.len();
    // Every byte may be a quote, which is doubled, and quotes and a comma are
    // around it.
    out.resize(start + 2 * text.len() + 3, 0);
    let (_, _, field) = writer.field(text.as_bytes(), &mut out[start..]);
    let (_, comma) = writer.delimiter(&mut out[start + field..]);
    out.truncate(start + field + comma);
}

/// Writes the end of the row in the place of the last comma.
pub(super) fn end_row(out: &mut Vec<u8>) {
    out.pop();
    // A row of one empty cell would be no row to a reader.
    if out.last().is_none_or(|byte| *byte == b'\n') {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes the rows under a header.
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

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, out: &mut dyn io::Write) -> io::Result<()> {
        let mut header = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        header.write_record(self.columns.iter().map(|column| column.name()))?;
        header.flush()
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn io::Write) -> io::Result<()> {
        out.write_all(&rendered.bytes)
    }

    /// Rows are findings: rejected records are reported by the other formats, on
    /// stderr and by the exit code.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Header, _: &Footer, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for cell in cells {
            write_cell(cell, &mut out);
        }
        end_row(&mut out);
        out
    }

    #[test]
    fn plain_cells_are_written_as_any_others() {
        for byte in 0..128u8 {
            for text in [[byte, b'a'], [b'a', byte]] {
                let cell = std::str::from_utf8(&text).expect("ASCII");
                let longer = format!("{cell},");
                let mut wanted = csv::Writer::from_writer(Vec::new());
                let cells = [cell, &longer].map(|cell| defuse_formula(cell).into_owned());
                wanted.write_record(cells).expect("memory");
                let wanted = wanted.into_inner().expect("memory");
                let row = row(&[cell, &longer]);
                assert_eq!(row.trim_ascii_end(), wanted.trim_ascii_end());
            }
        }
    }

    #[test]
    fn a_row_of_nothing_is_still_a_row() {
        let rows = row(&[""]);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(rows.as_slice());
        assert_eq!(reader.records().count(), 1);
    }

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        let row = row(&["a,b", "say \"x\"", ""]);
        assert_eq!(row, b"\"a,b\",\"say \"\"x\"\"\",\r\n");
    }
}
