//! Reads CSV exports: a header, then a row for each record.

use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::json::{self, Decoder};
use super::simd;
use super::sink::{Sink, Stop, Unread, Unreadable};
use super::window::Window;
use crate::record::field::normalize_key;
use crate::record::{Key, Raw, Record, Schema, Slot};
use crate::text::short;

/// Says where in a CSV export the next byte is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum State {
    /// Before a row.
    Row(#[serde(serialize_with = "table")] Arc<Table>),
    /// In a row that is too large, on the way to the next line.
    Oversize(#[serde(serialize_with = "table")] Arc<Table>),
    /// After the last row that can be read.
    Ended,
}

fn table<S: Serializer>(table: &Arc<Table>, serializer: S) -> Result<S::Ok, S::Error> {
    table.as_ref().serialize(serializer)
}

/// Holds what the header says.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// What separates cells.
    pub delimiter: u8,
    /// How many columns there are.
    pub columns: usize,
    /// The columns that are fields, by their index.
    pub wanted: Vec<(usize, Slot)>,
    /// The names of the columns that are no fields.
    pub unknown: Vec<String>,
    /// The names of all columns.
    pub names: Vec<Box<str>>,
    /// Each row holds its record as the text of a cell, in JSON.
    pub are_wrapped: bool,
}

impl Table {
    /// Returns whether the text of a first cell is the name of a column: then the row may
    /// be a header again.
    #[inline(always)]
    fn may_be_header(&self, first: &str) -> bool {
        let mut names = self.names.iter();
        names.any(|name| name.len() == first.len() && name.eq_ignore_ascii_case(first))
    }
}

/// Reads the rows of a window from a byte on. Returns the state after them, and
/// how many bytes are done with.
///
/// # Errors
///
/// The sink takes no more.
pub fn read<S: Sink>(
    window: Window<'_, '_>,
    at: usize,
    state: State,
    schema: &Schema,
    decoder: &mut Decoder<'_>,
    sink: &mut S,
) -> Result<(State, usize), Stop<S::Error>> {
    let text = window.text;
    let (at, table) = match state {
        State::Row(table) => (at, table),
        State::Oversize(table) => match memchr::memchr(b'\n', &text.as_bytes()[at..]) {
            Some(end) => (at + end + 1, table),
            None => return Ok((State::Oversize(table), text.len())),
        },
        State::Ended => return Ok((State::Ended, text.len())),
    };
    let mut rows = Rows::new(window, &table, schema);
    let done = rows.read(at, decoder, sink)?;
    if !table.are_wrapped {
        for name in &table.unknown {
            if let Some(index) = decoder.unknown.index_of(name) {
                decoder.unknown.count(index as usize, rows.records);
            }
        }
    }
    if rows.has_ended {
        return Ok((State::Ended, text.len()));
    }
    if window.last {
        return Ok((State::Row(table), text.len()));
    }
    if text.len() - done > window.limit {
        sink.rejected(done, Unreadable::TooLarge)?;
        return Ok((State::Oversize(table), done));
    }
    Ok((State::Row(table), done))
}

/// Reads the rows of a window.
struct Rows<'w, 'b> {
    window: Window<'w, 'b>,
    table: &'w Table,
    schema: &'w Schema,
    record: Record<'b>,
    /// How many rows were records.
    records: u64,
    /// The row may be a header: its first cell is the name of a column.
    may_be_header: bool,
    /// No row after this one can be read.
    has_ended: bool,
}

/// Holds where the text of a cell is, and the delimiter or feed after it.
struct Cell {
    text: Range<usize>,
    /// Quotes within the text are doubled.
    doubled: bool,
    end: usize,
}

/// Why a row cannot be split into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// Its end may be after the window.
    Incomplete,
    /// There is text after a closing quote.
    LooseQuote,
    /// The export ends within quotes.
    OpenQuote,
}

impl<'w, 'b> Rows<'w, 'b> {
    fn new(window: Window<'w, 'b>, table: &'w Table, schema: &'w Schema) -> Self {
        Self {
            window,
            table,
            schema,
            record: Record::new(schema, window.texts),
            records: 0,
            may_be_header: false,
            has_ended: false,
        }
    }

    fn bytes(&self) -> &'b [u8] {
        self.window.text.as_bytes()
    }

    /// Reads from a byte on, and returns the byte before which all is done.
    fn read<S: Sink>(
        &mut self,
        mut at: usize,
        decoder: &mut Decoder<'_>,
        sink: &mut S,
    ) -> Result<usize, Stop<S::Error>> {
        loop {
            at += feeds(&self.bytes()[at..]);
            if at == self.bytes().len() || self.has_ended {
                return Ok(at);
            }
            at = match self.row(at) {
                Ok((end, cells)) => match self.hand_on(at..end, cells, decoder, sink)? {
                    true => end,
                    false => self.next_line(at, end),
                },
                Err(Flaw::Incomplete) => return Ok(at),
                Err(flaw) => {
                    let end = self.bytes().len();
                    self.reject(at..end, flaw, sink)?;
                    self.next_line(at, end)
                }
            };
        }
    }

    /// A stray quote must not take the lines after it along: what is wrong with
    /// a row ends with its first line.
    fn next_line(&self, start: usize, end: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes()[start..end]).map_or(end, |feed| start + feed)
    }

    /// Splits the row that begins at a byte, and reads its fields. Returns where
    /// it ends, and how many cells it has.
    fn row(&mut self, start: usize) -> Result<(usize, usize), Flaw> {
        let (text, bytes) = (self.window.text, self.bytes());
        let mut wanted = self.table.wanted.iter().peekable();
        let (mut at, mut cells) = (start, 0);
        self.record.clear();
        loop {
            let cell = self.cell(at)?;
            if cells == 0 {
                self.may_be_header = self.table.may_be_header(&text[cell.text.clone()]);
            }
            if let Some((_, slot)) = wanted.next_if(|(column, _)| *column == cells) {
                let text = &text[cell.text];
                let text = match cell.doubled {
                    true => self.record.keep(&text.replace("\"\"", "\"")),
                    false => text,
                };
                self.record.set(self.schema, *slot, Raw::Text(text));
            }
            cells += 1;
            match bytes.get(cell.end) {
                Some(byte) if *byte == self.table.delimiter => at = cell.end + 1,
                _ => return Ok((cell.end, cells)),
            }
        }
    }

    #[inline(always)]
    fn cell(&self, start: usize) -> Result<Cell, Flaw> {
        let bytes = self.bytes();
        if bytes.get(start) == Some(&b'"') {
            return self.quoted(start);
        }
        let end = self.end_of_plain(start);
        if end == bytes.len() && !self.window.last {
            return Err(Flaw::Incomplete);
        }
        Ok(Cell {
            text: start..end,
            doubled: false,
            end,
        })
    }

    /// Returns where a cell without quotes ends that begins at a byte.
    #[inline(always)]
    fn end_of_plain(&self, mut at: usize) -> usize {
        let (bytes, delimiter) = (self.bytes(), self.table.delimiter);
        // Most cells are shorter than this.
        while let Some(many) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let ends = simd::ends_of_cell(many, delimiter);
            if ends != 0 {
                return at + ends.trailing_zeros() as usize;
            }
            at += many.len();
        }
        let is_end = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
        let rest = bytes[at..].iter().position(is_end);
        rest.map_or(bytes.len(), |length| at + length)
    }

    /// Reads the cell whose opening quote is at a byte.
    #[inline(never)]
    fn quoted(&self, start: usize) -> Result<Cell, Flaw> {
        let (bytes, last) = (self.bytes(), self.window.last);
        let mut doubled = false;
        let mut at = start + 1;
        loop {
            let Some(quote) = memchr::memchr(b'"', &bytes[at..]) else {
                return Err(if last {
                    Flaw::OpenQuote
                } else {
                    Flaw::Incomplete
                });
            };
            at += quote + 1;
            match bytes.get(at) {
                Some(b'"') => {
                    doubled = true;
                    at += 1;
                }
                None if !last => return Err(Flaw::Incomplete),
                None | Some(b'\n' | b'\r') => break,
                Some(byte) if *byte == self.table.delimiter => break,
                Some(_) => return Err(Flaw::LooseQuote),
            }
        }
        Ok(Cell {
            text: start + 1..at - 1,
            doubled,
            end: at,
        })
    }

    /// Hands on the record of a row, or why it is none. Returns whether the row
    /// ends where it should.
    fn hand_on<S: Sink>(
        &mut self,
        row: Range<usize>,
        cells: usize,
        decoder: &mut Decoder<'_>,
        sink: &mut S,
    ) -> Result<bool, Stop<S::Error>> {
        let columns = self.table.columns;
        let large = row.len() > self.window.limit;
        if let Some(flaw) = self.window.flaw(row.clone()) {
            sink.rejected(row.start, Unreadable::NotUtf8(flaw - row.start))?;
            return Ok(cells == columns && !large);
        }
        if large {
            sink.rejected(row.start, Unreadable::TooLarge)?;
            return Ok(false);
        }
        if self.may_be_header {
            match self.as_header(row.start) {
                HeaderAgain::No => {}
                HeaderAgain::Same => {
                    sink.protocol_line()?;
                    return Ok(true);
                }
                HeaderAgain::Other => {
                    let row = short(&self.window.text[row], MAX_SHOWN).into_owned();
                    sink.unread(Unread::SecondHeader { row })?;
                    self.has_ended = true;
                    return Ok(true);
                }
            }
        }
        if cells == columns && self.table.are_wrapped {
            let cells = self.cells(row.start);
            let mut reader = json::Reader::new(self.window, decoder, sink);
            reader.cells(row.start, &cells)?;
            return Ok(true);
        }
        if cells == columns {
            self.records += 1;
            sink.record(&self.record)?;
            return Ok(true);
        }
        let blank = cells == 1 && self.window.text[row.clone()].trim().is_empty();
        if !blank {
            sink.rejected(row.start, Unreadable::Ragged { cells, columns })?;
        }
        Ok(blank)
    }

    /// Returns the texts of the cells of a row that can be split.
    fn cells(&self, start: usize) -> Vec<&'b str> {
        let mut cells = Vec::with_capacity(self.table.columns);
        let mut at = start;
        while let Ok(cell) = self.cell(at) {
            let text = &self.window.text[cell.text];
            cells.push(match cell.doubled {
                true => self.record.keep(&text.replace("\"\"", "\"")),
                false => text,
            });
            match self.bytes().get(cell.end) {
                Some(byte) if *byte == self.table.delimiter => at = cell.end + 1,
                _ => break,
            }
        }
        cells
    }

    /// Returns whether a row is a header, as that of a second export that was joined to
    /// the first has one.
    fn as_header(&self, start: usize) -> HeaderAgain {
        let cells = self.cells(start);
        let names = self.table.names.iter();
        let is_same = cells.len() == names.len()
            && names
                .zip(&cells)
                .all(|(name, cell)| normalize_key(name) == normalize_key(cell));
        if is_same {
            return HeaderAgain::Same;
        }
        let is_name = |cell: &str| self.table.names.iter().any(|name| **name == *cell);
        let is_field = |cell: &str| !matches!(self.schema.key(cell), Key::Unknown);
        let fields = cells.iter().filter(|cell| is_field(cell)).count();
        match fields >= 2 && cells.iter().all(|cell| is_field(cell) || is_name(cell)) {
            true => HeaderAgain::Other,
            false => HeaderAgain::No,
        }
    }

    /// Hands on why a row cannot be split.
    fn reject<S: Sink>(
        &self,
        row: Range<usize>,
        flaw: Flaw,
        sink: &mut S,
    ) -> Result<(), Stop<S::Error>> {
        let line = row.start..self.next_line(row.start, row.end);
        let why = match (flaw, self.window.flaw(line)) {
            (_, Some(at)) => Unreadable::NotUtf8(at - row.start),
            (Flaw::LooseQuote, None) => Unreadable::LooseQuote,
            (Flaw::OpenQuote | Flaw::Incomplete, None) => Unreadable::OpenQuote,
        };
        sink.rejected(row.start, why)
    }
}

/// Says whether a row is a header again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderAgain {
    /// It is a record.
    No,
    /// It is the first header once more.
    Same,
    /// It is another one.
    Other,
}

/// How many characters of a second header are shown.
const MAX_SHOWN: usize = 120;

/// Returns how many feeds the bytes begin with.
fn feeds(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\n' | b'\r'))
        .count()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::export::header::{self, Header};
    use crate::export::pages::Remark;
    use proptest::prelude::*;

    /// Keeps what two fields said.
    #[derive(Default)]
    struct Kept {
        rows: Vec<(Option<String>, Option<String>)>,
        rejected: usize,
    }

    impl Sink for Kept {
        type Error = Infallible;

        fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            self.rows.push((owned(record.id()), owned(record.name())));
            Ok(())
        }

        fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
            self.rejected += 1;
            Ok(())
        }

        fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
            Ok(())
        }
    }

    fn kept(text: &str) -> Kept {
        let schema = Schema::default();
        let (at, table) = match header::find(&schema, text) {
            Header::Found(at, table, _) => (at, table),
            Header::Unread(_) | Header::None => unreachable!("a header"),
        };
        let state = State::Row(Arc::new(table));
        let texts = bumpalo::Bump::new();
        let window = Window {
            text,
            texts: &texts,
            flaws: &[],
            last: true,
            limit: usize::MAX,
        };
        let mut kept = Kept::default();
        read(
            window,
            at,
            state,
            &schema,
            &mut Decoder::new(&schema),
            &mut kept,
        )
        .expect("a sink that takes all");
        kept
    }

    proptest! {
        #[test]
        fn what_others_write_is_read_as_they_read_it(
            rows in prop::collection::vec(("[a-c\",\r\n; é]{0,6}", "[a-c\",\r\n; é]{0,6}"), 0..6),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["id", "name"]).expect("memory");
            for (id, name) in &rows {
                writer.write_record([id, name]).expect("memory");
            }
            let text = String::from_utf8(writer.into_inner().expect("memory")).expect("text");
            let said = |text: &String| (!text.trim().is_empty()).then(|| text.clone());
            let wanted: Vec<_> = rows.iter().map(|(id, name)| (said(id), said(name))).collect();
            let kept = kept(&text);
            prop_assert_eq!(kept.rejected, 0);
            prop_assert_eq!(kept.rows, wanted);
        }
    }
}
