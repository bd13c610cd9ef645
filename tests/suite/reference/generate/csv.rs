//! The same records as a table.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{COMMON, FIELDS};
use crate::reference::field::{Kind, folded};
use crate::reference::reading::Record;

/// How a table is written.
#[derive(Clone, Debug)]
pub struct Dialect {
    delimiter: char,
    bom: bool,
    newline: &'static str,
    quote_all: bool,
    /// The last row ends as the others do.
    ends: bool,
    /// Columns that nobody asks for.
    unknown: Vec<&'static str>,
}

pub fn dialect() -> impl Strategy<Value = Dialect> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let newlines = select(vec!["\n", "\r\n"]);
    let unknown = vec(select(vec!["notes", "row number", "Ключ"]), 0..2);
    (flags, select(vec![',', ';', '\t', '|']), newlines, unknown).prop_map(
        |((bom, quote_all, ends), delimiter, newline, unknown)| Dialect {
            delimiter,
            bom,
            newline,
            quote_all,
            ends,
            unknown,
        },
    )
}

/// The bytes of a table, and the records as a table can tell them: every cell
/// a text, an absent one empty.
pub fn csv(records: &[Record], dialect: &Dialect) -> (Vec<u8>, Vec<Record>) {
    let columns = columns(records, dialect);
    let header = columns.iter().map(|column| column.key.clone()).collect();
    let mut rows = vec![row(header, dialect)];
    let mut told = Vec::new();
    for record in records {
        let cells: Vec<String> = columns.iter().map(|column| column.cell(record)).collect();
        rows.push(row(cells.clone(), dialect));
        let cells = columns.iter().zip(cells);
        told.push(cells.map(|(column, cell)| column.tells(cell)).collect());
    }
    let last = if dialect.ends { dialect.newline } else { "" };
    let bom = if dialect.bom { "\u{feff}" } else { "" };
    let text = format!("{bom}{}{last}", rows.join(dialect.newline));
    (text.into_bytes(), told)
}

/// The nth of the members of a record that have the same key when folded.
struct Column {
    key: String,
    nth: usize,
}

fn columns(records: &[Record], dialect: &Dialect) -> Vec<Column> {
    let plain = |key: &str| Column {
        key: key.to_owned(),
        nth: 0,
    };
    let mut columns = vec![plain("line"), plain("kind of row")];
    columns.extend(dialect.unknown.iter().map(|key| plain(key)));
    for record in records {
        for (at, (key, _)) in record.iter().enumerate() {
            let before = record[..at].iter();
            let nth = before.filter(|(other, _)| is_same(other, key)).count();
            let is_known = |column: &Column| is_same(&column.key, key) && column.nth == nth;
            // A header that names a field twice is not read past.
            let is_allowed = kind(key).is_some() && nth == 0;
            if is_allowed && !columns.iter().any(is_known) {
                let key = key.clone();
                columns.push(Column { key, nth });
            }
        }
    }
    // A header names two fields.
    for key in ["id", "name"] {
        if !columns.iter().any(|column| is_same(&column.key, key)) {
            columns.push(plain(key));
        }
    }
    columns
}

fn is_same(key: &str, other: &str) -> bool {
    folded(key) == folded(other)
}

fn kind(key: &str) -> Option<Kind> {
    let mut known = COMMON.iter().chain(&FIELDS);
    known
        .find(|(name, _)| is_same(name, key))
        .map(|(_, kind)| *kind)
}

impl Column {
    fn cell(&self, record: &Record) -> String {
        let mut same = record.iter().filter(|(key, _)| is_same(key, &self.key));
        match same.nth(self.nth).map(|(_, value)| value) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            // A number that is no plain digits would be a text that may be none.
            Some(other) if self.is(Kind::Number) && other.as_u64().is_none() => String::new(),
            Some(other) => other.to_string(),
        }
    }

    fn tells(&self, cell: String) -> (String, Value) {
        (self.key.clone(), Value::String(cell))
    }

    fn is(&self, other: Kind) -> bool {
        kind(&self.key) == Some(other)
    }
}

fn row(cells: Vec<String>, dialect: &Dialect) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell, dialect)).collect();
    cells.join(&dialect.delimiter.to_string())
}

fn quoted(cell: &str, dialect: &Dialect) -> String {
    if !dialect.quote_all && !cell.contains([dialect.delimiter, '"', '\n', '\r']) {
        return cell.to_owned();
    }
    format!("\"{}\"", cell.replace('"', "\"\""))
}
