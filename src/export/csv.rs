//! CSV exports: a header, then a row a record.

use std::ops::Range;
use std::sync::Arc;

use csv_core::ReadRecordResult;

use super::{Sink, Unreadable, Window};
use crate::finding::UnknownKeys;
use crate::record::field::Key;
use crate::record::{Raw, Record, Schema, Slot};

/// Where in a CSV export the next byte stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Before a row.
    Row(Arc<Table>),
    /// In a row that is too large, on the way to the next line.
    Oversize(Arc<Table>),
}

/// What the header tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    delimiter: u8,
    columns: usize,
    /// The cells that are fields, by their place in a row.
    wanted: Vec<(usize, Slot)>,
    unknown: Vec<String>,
}

/// Reads the header that the text begins with: how long it is, and where it
/// leads. Nothing, if no cell of it names a field.
pub fn header(schema: &Schema, text: &str) -> Option<(usize, Place)> {
    let mut best: Option<(usize, usize, Table)> = None;
    for delimiter in [b',', b';', b'\t'] {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let Ok(header) = reader.headers().cloned() else {
            continue;
        };
        let length = usize::try_from(reader.position().byte()).ok()?;
        let (named, table) = table(schema, delimiter, &header);
        if named > best.as_ref().map_or(0, |(named, ..)| *named) {
            best = Some((named, length, table));
        }
    }
    best.map(|(_, length, table)| (length, Place::Row(Arc::new(table))))
}

/// What a header tells, and how many fields it names.
fn table(schema: &Schema, delimiter: u8, header: &csv::StringRecord) -> (usize, Table) {
    let mut table = Table {
        delimiter,
        columns: header.len(),
        wanted: Vec::new(),
        unknown: Vec::new(),
    };
    for (place, cell) in header.iter().enumerate() {
        match schema.key(cell) {
            Key::Wanted(slot) => table.wanted.push((place, slot)),
            Key::Known => {}
            Key::Unknown => table.unknown.push(cell.to_owned()),
        }
    }
    (header.len() - table.unknown.len(), table)
}

/// Reads the rows of a window from a byte on; gives where the next byte stands,
/// and how many are done with.
pub fn read(
    window: Window<'_, '_>,
    at: usize,
    place: Place,
    schema: &Schema,
    unknown: &mut UnknownKeys,
    sink: &mut impl Sink,
) -> (Place, usize) {
    let text = window.text;
    let (at, table) = match place {
        Place::Row(table) => (at, table),
        Place::Oversize(table) => match memchr::memchr(b'\n', &text.as_bytes()[at..]) {
            Some(end) => (at + end + 1, table),
            None => return (Place::Oversize(table), text.len()),
        },
    };
    let mut rows = Rows::default();
    rows.split(window, at, &table);
    let judged = rows.hand_out(window, &table, schema, sink);
    for name in &table.unknown {
        let place = unknown.place(name);
        unknown.count(place, judged);
    }
    let open = text.len() - rows.done;
    if window.last {
        return (Place::Row(table), text.len());
    }
    if open > window.limit {
        sink.rejected(rows.done, Unreadable::TooLarge);
        return (Place::Oversize(table), rows.done);
    }
    (Place::Row(table), rows.done)
}

/// The rows of a window, free of their quotes.
#[derive(Default)]
struct Rows {
    cells: String,
    /// Where each cell ends.
    ends: Vec<usize>,
    rows: Vec<Row>,
    /// The bytes that these rows take.
    done: usize,
}

struct Row {
    at: Range<usize>,
    /// Its cells, among all.
    ends: Range<usize>,
    /// Where the first of them begins.
    start: usize,
    quotes: Quotes,
}

/// How a row is quoted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// As it should be.
    Fine,
    /// Text stands after a closing quote.
    Loose,
    /// The export ends within quotes.
    Open,
}

impl Rows {
    fn split(&mut self, window: Window<'_, '_>, from: usize, table: &Table) {
        let Window {
            text, last, limit, ..
        } = window;
        let bytes = text.as_bytes();
        let mut reader = csv_core::ReaderBuilder::new()
            .delimiter(table.delimiter)
            .build();
        // A row is never longer without its quotes; one byte more, and the
        // output is never full.
        let mut output = vec![0; bytes.len() - from + 1];
        let mut ends = vec![0; table.columns + 1];
        let (mut at, mut written) = (from, 0);
        self.done = from;
        while let Some(row) = read_row(
            &mut reader,
            &bytes[at..],
            &mut output[written..],
            &mut ends,
            last,
        ) {
            let feeds = bytes[at..].len() - trim_start(&bytes[at..]).len();
            let whole = at + feeds.min(row.read)..at + row.read;
            let loose = row.open || !is_well_quoted(&bytes[whole.clone()], table.delimiter);
            let bad = loose || row.cells != table.columns || whole.len() > limit;
            let line = memchr::memchr(b'\n', trim(&bytes[whole.clone()]));
            let first_end = self.ends.len();
            self.ends
                .extend(ends[..row.cells].iter().map(|end| written + end));
            self.rows.push(Row {
                at: whole.clone(),
                ends: first_end..self.ends.len(),
                start: written,
                quotes: match (row.open, loose) {
                    (true, _) => Quotes::Open,
                    (false, true) => Quotes::Loose,
                    (false, false) => Quotes::Fine,
                },
            });
            match line.filter(|_| bad) {
                // A stray quote must not take the lines after it along.
                Some(line) => {
                    at = whole.start + line + 1;
                    reader.reset();
                }
                None => {
                    at = whole.end;
                    written += row.written;
                }
            }
            self.done = at;
        }
        output.truncate(written);
        self.cells = String::from_utf8(output).unwrap_or_default();
    }

    /// Hands the records out; gives how many there were.
    fn hand_out(
        &self,
        window: Window<'_, '_>,
        table: &Table,
        schema: &Schema,
        sink: &mut impl Sink,
    ) -> u64 {
        let mut record = Record::new(schema);
        let mut records = 0;
        for row in &self.rows {
            let cells = &self.ends[row.ends.clone()];
            if let Some(why) = self.why_not(row, window, table) {
                sink.rejected(row.at.start, why);
                continue;
            }
            if cells.len() != table.columns {
                continue;
            }
            record.clear();
            for (place, slot) in &table.wanted {
                let start = match place.checked_sub(1) {
                    Some(before) => cells[before],
                    None => row.start,
                };
                let cell = &self.cells[start..cells[*place]];
                record.set(schema, *slot, Raw::Cell(cell.into()));
            }
            sink.record(&record);
            records += 1;
        }
        records
    }

    fn why_not(&self, row: &Row, window: Window<'_, '_>, table: &Table) -> Option<Unreadable> {
        let cells = row.ends.len();
        let columns = table.columns;
        if let Some(flaw) = window.flaw(row.at.clone()) {
            return Some(Unreadable::NotUtf8(flaw - row.at.start));
        }
        if row.at.len() > window.limit {
            return Some(Unreadable::TooLarge);
        }
        match row.quotes {
            Quotes::Fine => {}
            Quotes::Loose => return Some(Unreadable::LooseQuote),
            Quotes::Open => return Some(Unreadable::OpenQuote),
        }
        let blank = cells == 1 && window.text[row.at.clone()].trim().is_empty();
        (cells != columns && !blank).then_some(Unreadable::Ragged { cells, columns })
    }
}

/// A row as the splitter gives it.
struct Split {
    /// Bytes of the input.
    read: usize,
    /// Bytes of the output.
    written: usize,
    cells: usize,
    /// The input ends within quotes.
    open: bool,
}

/// The next row; nothing, if there is none or if its end may follow.
fn read_row(
    reader: &mut csv_core::Reader,
    input: &[u8],
    output: &mut [u8],
    ends: &mut Vec<usize>,
    last: bool,
) -> Option<Split> {
    let mut split = Split {
        read: 0,
        written: 0,
        cells: 0,
        open: false,
    };
    loop {
        let (result, read, written, cells) = reader.read_record(
            &input[split.read..],
            &mut output[split.written..],
            &mut ends[split.cells..],
        );
        split.read += read;
        split.written += written;
        split.cells += cells;
        match result {
            ReadRecordResult::Record => return Some(split),
            ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            ReadRecordResult::InputEmpty if last => {
                return end_row(reader, input, output, ends, split);
            }
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {
                return None;
            }
        }
    }
}

/// The row that the export ends with, without a line feed or within quotes.
fn end_row(
    reader: &mut csv_core::Reader,
    input: &[u8],
    output: &mut [u8],
    ends: &mut Vec<usize>,
    mut split: Split,
) -> Option<Split> {
    if trim_start(input).is_empty() {
        return None;
    }
    loop {
        // Only within quotes does a line feed not end the row.
        let (result, _, written, cells) = reader.read_record(
            b"\n",
            &mut output[split.written..],
            &mut ends[split.cells..],
        );
        split.cells += cells;
        match result {
            ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            ReadRecordResult::Record => {
                split.written += written;
                return Some(split);
            }
            ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull | ReadRecordResult::End => {
                split.open = true;
                return Some(split);
            }
        }
    }
}

/// Whether every cell that begins with a quote ends with one: the splitter takes
/// what follows a closing quote into the cell, and so may take whole rows.
fn is_well_quoted(row: &[u8], delimiter: u8) -> bool {
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &row[at..]) {
        at += quote;
        let opens = at == 0 || row[at - 1] == delimiter;
        at += 1;
        if !opens {
            continue;
        }
        // To the quote that is not doubled.
        loop {
            let Some(quote) = memchr::memchr(b'"', &row[at..]) else {
                return false;
            };
            at += quote + 1;
            match row.get(at) {
                Some(b'"') => at += 1,
                None | Some(b'\r' | b'\n') => break,
                Some(next) if *next == delimiter => break,
                Some(_) => return false,
            }
        }
    }
    true
}

/// The line without the feeds around it.
fn trim(line: &[u8]) -> &[u8] {
    let line = trim_start(line);
    let end = line.iter().rposition(|byte| !is_feed(*byte));
    &line[..end.map_or(0, |end| end + 1)]
}

fn trim_start(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !is_feed(*byte));
    &line[start.unwrap_or(line.len())..]
}

fn is_feed(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}
