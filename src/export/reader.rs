//! Exports: files of customer records, in every shape that is met in the field.
//!
//! Bytes are cut into batches where a record most likely begins, and each batch
//! is read on its own. Whether the cut was right shows when the batch before it
//! has been read: it must end just there. If it does not, the bytes are read
//! again from where it did. So any cut gives the same records.

mod csv;
mod cut;
mod json;
mod scan;
mod source;

use std::fmt;
use std::ops::Range;

pub use cut::{Batch, Cutter};
pub use json::{MAX_DEPTH, Walker};
pub use source::{Error, Source};

use bumpalo::Bump;

use crate::record::{Record, Schema};

/// The shape of an export, where it is not told by the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Told by the content
    #[default]
    Auto,
    /// One JSON value, or several
    Json,
    /// JSON objects, one a line
    Ndjson,
    /// A header and rows
    Csv,
}

impl Format {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Auto => "auto",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
        }
    }
}

/// The largest record that is read, unless the user says otherwise.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// Why a record is rejected. Places are bytes from the record's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is a JSON value, but not an object.
    NotAnObject,
    /// It is not JSON: this would be, there.
    Expected(&'static str, usize),
    /// Something stands between two records: this would be right.
    NotJson(&'static str),
    /// It is not UTF-8, there.
    NotUtf8(usize),
    /// It nests too deep.
    TooDeep,
    /// It is larger than the limit.
    TooLarge,
    /// The export ends inside of it.
    Truncated,
    /// It is an envelope in which no record can be found.
    Envelope(&'static str),
    /// A CSV row with another number of cells than the header.
    Ragged {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// A CSV row in which text stands after a closing quote.
    LooseQuote,
    /// A CSV row in which quotes are not closed.
    OpenQuote,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotAnObject => f.write_str("a record is an object, and this is none"),
            Unreadable::Expected(what, at) => {
                write!(
                    f,
                    "not valid JSON: {what} was expected at byte {at} of the record"
                )
            }
            Unreadable::NotJson(what) => write!(f, "not valid JSON: {what} was expected"),
            Unreadable::NotUtf8(at) => write!(f, "not UTF-8 at byte {at} of the record"),
            Unreadable::TooDeep => write!(f, "nested deeper than {} levels", json::MAX_DEPTH),
            Unreadable::TooLarge => f.write_str("larger than --max-record-bytes allows"),
            Unreadable::Truncated => f.write_str("the export ends inside this record"),
            Unreadable::Envelope(what) => write!(f, "an envelope {what}"),
            Unreadable::Ragged { cells, columns } => {
                write!(f, "the row has {cells} cells, and the header {columns}")
            }
            Unreadable::LooseQuote => f.write_str("text stands after a closing quote"),
            Unreadable::OpenQuote => f.write_str("a quote is not closed before the export ends"),
        }
    }
}

/// Why an export was not read to its end, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// The array of records is not closed.
    OpenArray,
    /// The object around the array of records is not closed.
    OpenWrapper,
    /// What follows the array of records, in the object around it, is not JSON.
    BadWrapper,
    /// It is text in another encoding.
    Encoding(&'static str),
    /// It is neither JSON nor CSV with a header that names a field.
    Shapeless,
    /// It was to be CSV, and has no header that names a field.
    NoHeader,
    /// It could not be read on, or not be unpacked.
    Io(String),
    /// It was changed while it was read.
    Changed,
    /// Its records hold none of the fields that are asked for.
    NoFields,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::OpenArray => f.write_str("truncated: its array of records is not closed"),
            Unread::OpenWrapper => {
                f.write_str("truncated: the object around its records is not closed")
            }
            Unread::BadWrapper => f.write_str(
                "what follows its records, in the object around them, is not valid JSON",
            ),
            Unread::Encoding(name) => {
                write!(
                    f,
                    "it is {name}: convert it to UTF-8, as with `iconv -f {name} -t UTF-8`"
                )
            }
            Unread::Shapeless => f.write_str(
                "neither JSON nor CSV with a header that names a field of a customer record",
            ),
            Unread::NoHeader => f.write_str(
                "its first line is no CSV header that names a field of a customer record",
            ),
            Unread::Io(why) => write!(f, "it could not be read to its end: {why}"),
            Unread::Changed => f.write_str("it was changed while it was read"),
            Unread::NoFields => f.write_str(
                "no record of it has any of the fields that are asked for: is it an export of customers?",
            ),
        }
    }
}

/// What takes in what is read.
pub trait Sink {
    /// A record.
    fn record(&mut self, record: &Record<'_>);
    /// A record that cannot be read, from this byte of the window on.
    fn rejected(&mut self, at: usize, why: Unreadable);
    /// A line of a protocol that carries no record.
    fn protocol_line(&mut self);
    /// The export is not read to its end.
    fn unread(&mut self, why: Unread);
}

/// A sink that is told where an export ends and the next begins.
pub trait Listener: Sink {
    /// The next export begins.
    fn next_export(&mut self);
}

/// Reads all exports from beginning to end, one batch after another.
pub fn read_all(mut cutter: Cutter<'_>, schema: &Schema, sink: &mut impl Listener) {
    let mut reader = Reader::new(schema, MAX_RECORD_BYTES);
    let (mut place, mut carry) = (None, Vec::new());
    while let Some(batch) = cutter.next_batch() {
        carry.extend_from_slice(batch.bytes());
        let here = place.take().or_else(|| batch.place.clone());
        let here = here.unwrap_or(Place::Start(Format::Auto));
        let (there, done) = reader.read(here, &carry, batch.last, sink);
        carry.drain(..done);
        place = Some(there);
        if let Some(why) = batch.unread.clone() {
            sink.unread(why);
        }
        if batch.last {
            (place, carry) = (None, Vec::new());
            sink.next_export();
        }
        cutter.give_back(batch);
    }
}

/// Bytes of an export that are read in one go.
#[derive(Debug, Clone, Copy)]
pub struct Window<'w, 'b> {
    /// The bytes; those that are not UTF-8 are masked.
    text: &'b str,
    /// Room for text that is said otherwise than it stands.
    texts: &'b Bump,
    /// The bytes that are masked, in order.
    flaws: &'w [usize],
    /// The export ends with them.
    last: bool,
    /// The largest record that is read, in bytes.
    limit: usize,
}

impl<'b> Window<'_, 'b> {
    /// The text as far as a record that begins at this byte may go.
    fn within_limit(&self, start: usize) -> &'b str {
        let end = start.saturating_add(self.limit);
        &self.text[..self.text.floor_char_boundary(end)]
    }

    /// The first byte of these that is not UTF-8.
    fn flaw(&self, range: Range<usize>) -> Option<usize> {
        let first = self.flaws.partition_point(|flaw| *flaw < range.start);
        self.flaws
            .get(first)
            .copied()
            .filter(|flaw| *flaw < range.end)
    }
}

/// Where in an export the next byte stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Before the first byte.
    Start(Format),
    /// In JSON.
    Json(json::Place),
    /// Before a row of CSV.
    Csv(csv::Place),
    /// Where nothing more can be read.
    Lost,
}

impl Place {
    /// The shape of the export, as far as it has been told.
    pub fn shape(&self) -> &'static str {
        match self {
            Place::Start(_) | Place::Lost => "unknown",
            Place::Json(_) => "json",
            Place::Csv(_) => "csv",
        }
    }
}

/// Reads bytes of an export for a run.
#[derive(Debug)]
pub struct Reader<'s> {
    schema: &'s Schema,
    walker: Walker<'s>,
    limit: usize,
}

impl<'s> Reader<'s> {
    /// A reader for the fields that the schema wants, of records of at most
    /// `limit` bytes.
    pub fn new(schema: &'s Schema, limit: usize) -> Self {
        Self {
            schema,
            walker: Walker::new(schema),
            limit,
        }
    }

    /// Reads bytes that begin at a place of the export, of which they may be
    /// the `last`. Gives the place after the bytes that are done with, and how
    /// many those are; the others, with what follows, are to be read again.
    pub fn read(
        &mut self,
        place: Place,
        bytes: &[u8],
        last: bool,
        sink: &mut impl Sink,
    ) -> (Place, usize) {
        self.walker.clear();
        // A character that the window cuts is read with the next.
        let bytes = match last {
            true => bytes,
            false => &bytes[..bytes.len() - cut_character(bytes)],
        };
        let mut flaws = Vec::new();
        let masked;
        let text = match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                masked = mask(bytes, &mut flaws);
                &masked
            }
        };
        let texts = Bump::new();
        let window = Window {
            text,
            texts: &texts,
            flaws: &flaws,
            last,
            limit: self.limit,
        };
        self.window(place, bytes, window, sink)
    }

    fn window(
        &mut self,
        place: Place,
        bytes: &[u8],
        window: Window<'_, '_>,
        sink: &mut impl Sink,
    ) -> (Place, usize) {
        match place {
            Place::Start(format) => match start(self.schema, format, bytes, window) {
                Start::At(at, place) => self.window_from(at, place, window, sink),
                Start::More => (Place::Start(format), 0),
                Start::Unread(why) => {
                    sink.unread(why);
                    (Place::Lost, bytes.len())
                }
            },
            Place::Json(_) | Place::Csv(_) => self.window_from(0, place, window, sink),
            Place::Lost => (Place::Lost, bytes.len()),
        }
    }

    fn window_from(
        &mut self,
        at: usize,
        place: Place,
        window: Window<'_, '_>,
        sink: &mut impl Sink,
    ) -> (Place, usize) {
        match place {
            Place::Json(place) => {
                let reader = json::Reader::new(window, &mut self.walker, self.schema, sink);
                let (place, done) = reader.read(at, place);
                (Place::Json(place), done)
            }
            Place::Csv(place) => {
                let (place, done) = csv::read(
                    window,
                    at,
                    place,
                    self.schema,
                    &mut self.walker.unknown,
                    sink,
                );
                (Place::Csv(place), done)
            }
            Place::Start(_) | Place::Lost => (place, at),
        }
    }

    /// The keys that are no field, of the records of the last reading.
    pub fn unknown_keys(&self) -> &crate::record::UnknownKeys {
        &self.walker.unknown
    }
}

/// How many bytes at the end begin a character of UTF-8 and do not end it.
fn cut_character(bytes: &[u8]) -> usize {
    let tail = bytes.iter().rev().take(3);
    let begins = |(_, byte): &(usize, &u8)| **byte & 0b1100_0000 != 0b1000_0000;
    match tail.enumerate().find(begins) {
        Some((after, 0b1100_0000..=0b1101_1111)) if after < 1 => after + 1,
        Some((after, 0b1110_0000..=0b1110_1111)) if after < 2 => after + 1,
        Some((after, 0b1111_0000..=0b1111_0111)) if after < 3 => after + 1,
        _ => 0,
    }
}

/// The bytes as text: each that is not UTF-8 becomes a delete character, which
/// may stand in JSON text and nowhere else, and is noted.
fn mask(bytes: &[u8], flaws: &mut Vec<usize>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            flaws.push(text.len());
            text.push('\u{7f}');
        }
    }
    text
}

/// What the first bytes of an export tell.
enum Start {
    At(usize, Place),
    More,
    Unread(Unread),
}

fn start(schema: &Schema, format: Format, bytes: &[u8], window: Window<'_, '_>) -> Start {
    if bytes.len() < json::LOOK && !window.last {
        return Start::More;
    }
    if let Some(name) = encoding(bytes) {
        return Start::Unread(Unread::Encoding(name));
    }
    let at = if bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    // No more is looked at than every window has.
    let rest = &bytes[at..bytes.len().min(json::LOOK)];
    let first = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    let json = |place| Start::At(at, Place::Json(place));
    let table = || csv::header(schema, head(window.text, at));
    match (format, first) {
        (Format::Ndjson, _) => json(json::Place::LINES),
        (Format::Json, _) | (Format::Auto, None | Some(b'{' | b'[')) => json(json::Place::Start),
        (Format::Csv | Format::Auto, _) => match table() {
            Some((length, place)) => Start::At(at + length, Place::Csv(place)),
            // Rubbish before the first record is rejected; the record is read.
            None if format == Format::Auto && is_json(rest) => json(json::Place::Start),
            None if first.is_none() => json(json::Place::Start),
            None if format == Format::Csv => Start::Unread(Unread::NoHeader),
            None => Start::Unread(Unread::Shapeless),
        },
    }
}

/// The text from a byte on, as far as every window has it.
fn head(text: &str, at: usize) -> &str {
    &text[at..text.floor_char_boundary(json::LOOK.max(at))]
}

/// Whether some line begins as a JSON object, or all is one other JSON value.
fn is_json(bytes: &[u8]) -> bool {
    let object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
    bytes.split(|byte| *byte == b'\n').any(object)
        || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// The name of an encoding other than UTF-8 that the bytes are in, by their
/// byte order mark or by the zeros beside their first character.
fn encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [1..=255, 0, 0, 0, ..] => Some("UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, 1..=255, ..] => Some("UTF-32BE"),
        [0xff, 0xfe, ..] | [1..=255, 0, 1..=255, 0, ..] => Some("UTF-16LE"),
        [0xfe, 0xff, ..] | [0, 1..=255, 0, 1..=255, ..] => Some("UTF-16BE"),
        _ => None,
    }
}
