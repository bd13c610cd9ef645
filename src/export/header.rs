//! Finds the header of a CSV export: the line that names fields.

use super::csv::Table;
use super::format::PREVIEW_BYTES;
use super::sink::Unread;
use crate::record::{Fields, Key, Schema};

/// How many lines are looked at for a header.
const MAX_LINES: usize = 20;

/// The delimiters that are tried, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Says what the first lines of a CSV export show.
#[derive(Debug)]
pub enum Header {
    /// The rows of this table begin at this byte, after so many lines that say nothing.
    Found(usize, Table, u64),
    /// Nothing can be read.
    Unread(Unread),
    /// No line is a header.
    None,
}

/// Holds a line that may be a header.
struct Candidate {
    table: Table,
    /// How many columns are fields.
    named: usize,
    /// The byte after it.
    end: usize,
}

/// Searches the first lines of a text for a header; `text` may be cut within a line.
pub fn find(schema: &Schema, text: &str) -> Header {
    let (delimiters, start) = match separator(text) {
        Some((delimiter, end)) => (vec![delimiter], end),
        None => (DELIMITERS.to_vec(), 0),
    };
    let mut at = start;
    let mut passed_over = 0;
    let mut first = None;
    for _ in 0..MAX_LINES {
        let rest = &text[at..];
        if rest.trim_start_matches(['\r', '\n']).is_empty() {
            break;
        }
        let candidate = candidate(schema, rest, &delimiters);
        if let Some(candidate) = candidate {
            if candidate.named >= 2 {
                let mut candidate = candidate;
                // Columns that any table has say less than records in cells.
                candidate.table.are_wrapped = !are_a_customers(schema, &candidate.table)
                    && holds_records(&candidate.table, &text[at + candidate.end..], is_cut(text));
                return settle(schema, candidate, at, passed_over);
            }
            if first.is_none() {
                first = Some((candidate, at));
            }
        }
        let line = rest.find('\n').map_or(rest.len(), |feed| feed + 1);
        passed_over += u64::from(!rest[..line].trim().is_empty());
        at += line;
    }
    // Where records are the text of cells, the names of the columns say nothing.
    match first {
        Some((mut candidate, at))
            if holds_records(&candidate.table, &text[at + candidate.end..], is_cut(text)) =>
        {
            candidate.table.are_wrapped = true;
            settle(schema, candidate, at, 0)
        }
        Some((candidate, at)) if at == start && candidate.named == 1 => {
            settle(schema, candidate, at, 0)
        }
        Some((candidate, _)) => {
            let names = candidate.table.names.iter().map(|name| &**name);
            let nearest = crate::record::nearest_id(names).map(str::to_owned);
            match nearest {
                Some(_) => Header::Unread(Unread::NoHeader { nearest }),
                None => Header::None,
            }
        }
        None => Header::None,
    }
}

/// Returns the delimiter that a first line `sep=;` names, and the byte after it.
fn separator(text: &str) -> Option<(u8, usize)> {
    let line = text.find('\n')?;
    let named = text[..line].trim_end_matches('\r').trim_matches('"');
    let (word, delimiter) = named.split_at_checked(4)?;
    match delimiter.as_bytes() {
        [delimiter] if word.eq_ignore_ascii_case("sep=") => Some((*delimiter, line + 1)),
        _ => None,
    }
}

/// Reads a line as a header, by the delimiter by which it names the most fields, or has
/// the most columns.
fn candidate(schema: &Schema, text: &str, delimiters: &[u8]) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for delimiter in delimiters {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(*delimiter)
            .from_reader(text.as_bytes());
        let Ok(header) = reader.headers().cloned() else {
            continue;
        };
        let end = usize::try_from(reader.position().byte()).ok()?;
        let table = table(schema, *delimiter, &header);
        let named = header.len() - table.unknown.len();
        let merit = (named, header.len());
        let is_better = |best: &Candidate| merit > (best.named, best.table.columns);
        if best.as_ref().is_none_or(is_better) {
            best = Some(Candidate { table, named, end });
        }
    }
    best
}

/// Returns what a header says.
fn table(schema: &Schema, delimiter: u8, header: &csv::StringRecord) -> Table {
    let prefix = common_prefix(header.iter());
    let mut table = Table {
        delimiter,
        columns: header.len(),
        wanted: Vec::new(),
        unknown: Vec::new(),
        names: header.iter().map(Into::into).collect(),
        are_wrapped: false,
    };
    for (index, cell) in header.iter().enumerate() {
        match schema.key(&cell[prefix..]) {
            Key::Wanted(slot, _) => table.wanted.push((index, slot)),
            Key::Known(_) => {}
            Key::Unknown => table.unknown.push(cell.to_owned()),
        }
    }
    table
}

/// Returns how many bytes all columns begin with that are a word and a dot.
fn common_prefix<'h>(mut header: impl Iterator<Item = &'h str> + Clone) -> usize {
    let all = header.clone();
    let dot = header
        .next()
        .and_then(|first| Some(&first[..=first.find('.')?]));
    match (dot, header.next()) {
        (Some(prefix), Some(_)) if all.into_iter().all(|name| name.starts_with(prefix)) => {
            prefix.len()
        }
        _ => 0,
    }
}

/// Returns the table of a header, unless it names a field twice.
fn settle(schema: &Schema, candidate: Candidate, at: usize, passed_over: u64) -> Header {
    let Candidate { table, end, .. } = candidate;
    let prefix = common_prefix(table.names.iter().map(|name| &**name));
    let mut columns: Vec<(&str, &str)> = Vec::new();
    for name in &table.names {
        let Some(field) = schema.field_of(&name[prefix..]) else {
            continue;
        };
        if let Some((_, other)) = columns.iter().find(|(known, _)| *known == field.name) {
            return Header::Unread(Unread::DoubleHeader {
                field: field.name.clone(),
                columns: vec![(*other).to_owned(), name.to_string()],
            });
        }
        columns.push((&field.name, name));
    }
    Header::Found(at + end, table, passed_over)
}

/// Returns whether a text is all that is looked at, and may go on.
fn is_cut(text: &str) -> bool {
    // A mark may be before it, and a character may be cut at its end.
    text.len() + 6 >= PREVIEW_BYTES
}

/// Returns whether one of the next rows has a cell that is an object in JSON. A line of
/// JSON that is split at its commas has cells that only begin like one.
fn holds_records(table: &Table, rows: &str, may_be_cut: bool) -> bool {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(table.delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(rows.as_bytes());
    let mut row = csv::StringRecord::new();
    for _ in 0..MAX_LINES {
        if !matches!(reader.read_record(&mut row), Ok(true)) {
            return false;
        }
        let is_cut = may_be_cut && reader.position().byte() == rows.len() as u64;
        let is_object = |cell: &str| {
            cell.trim_start().starts_with('{')
                && (is_cut || serde_json::from_str::<serde::de::IgnoredAny>(cell).is_ok())
        };
        if row.len() == table.columns && row.iter().any(is_object) {
            return true;
        }
    }
    false
}

/// Returns whether the columns are those of a customer.
fn are_a_customers(schema: &Schema, table: &Table) -> bool {
    let prefix = common_prefix(table.names.iter().map(|name| &**name));
    let mut fields = Fields::default();
    for name in &table.names {
        fields.add(schema.fields_of(&name[prefix..]));
    }
    fields.are_a_customers()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(usize, usize, u64)> {
        match find(&Schema::default(), text) {
            Header::Found(end, table, passed_over) => Some((end, table.columns, passed_over)),
            Header::Unread(_) | Header::None => None,
        }
    }

    #[test]
    fn a_header_is_the_first_line_that_names_two_fields() {
        assert_eq!(found("id,name\na,b\n"), Some((8, 2, 0)));
        assert_eq!(found("id;name;x\r\n"), Some((10, 3, 0)));
        assert_eq!(found("id\tname"), Some((7, 2, 0)));
        assert_eq!(found("id|name|plan\n"), Some((13, 3, 0)));
        assert_eq!(
            found("Customers\n\nas of today, all\nid,name\n"),
            Some((36, 2, 2))
        );
        assert_eq!(found("a.id,a.name\n"), Some((12, 2, 0)));
        assert_eq!(found("\"id\",\"na\nme\",force2fa\n"), Some((22, 3, 0)));
        let late = format!("{}id,name\n", "note\n".repeat(20));
        assert_eq!(found(&late), None);
    }

    #[test]
    fn a_line_that_names_the_separator_is_no_row() {
        assert_eq!(found("sep=;\r\nid;name,x\r\n"), Some((17, 2, 0)));
        assert_eq!(found("\"sep=|\"\nid|name\n"), Some((16, 2, 0)));
    }

    #[test]
    fn a_header_that_names_a_field_twice_is_none() {
        let header = find(&Schema::default(), "id,name,ID\n");
        assert!(matches!(
            header,
            Header::Unread(Unread::DoubleHeader { .. })
        ));
    }

    #[test]
    fn records_in_cells_need_no_names() {
        let header = find(&Schema::default(), "at,row\n1,\"{\"\"id\"\":\"\"a\"\"}\"\n");
        assert!(matches!(
            header,
            Header::Found(
                7,
                Table {
                    are_wrapped: true,
                    ..
                },
                0
            )
        ));
    }

    #[test]
    fn lines_of_json_are_no_rows_of_a_table() {
        let lines = "\"id\":\"a\",\"x\":1}\n{\"id\":\"b\",\"x\":1}\n";
        assert_eq!(found(lines), None);
    }

    #[test]
    fn a_column_that_may_be_the_id_is_named() {
        let header = find(&Schema::default(), "Account ID,Company\na,b\n");
        let nearest = match header {
            Header::Unread(Unread::NoHeader { nearest }) => nearest,
            Header::Unread(_) | Header::Found(..) | Header::None => None,
        };
        assert_eq!(nearest.as_deref(), Some("Account ID"));
    }
}
