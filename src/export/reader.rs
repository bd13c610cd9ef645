//! Reads the bytes of an export, in any shape, from any cut on.

use bumpalo::Bump;

use super::format::{Format, PREVIEW_BYTES};
use super::json::Decoder;
use super::sink::{Sink, Unread};
use super::window::{Window, incomplete_tail, mask};
use super::{csv, json};
use crate::record::{Schema, UnknownKeys};

/// Says where in an export the next byte is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Before the first byte.
    Start(Format),
    /// In JSON.
    Json(json::State),
    /// Before a row of CSV.
    Csv(csv::State),
    /// Where nothing more can be read.
    Lost,
}

impl State {
    /// Returns the name of the shape of the export, as far as it is known.
    pub fn shape(&self) -> &'static str {
        match self {
            State::Start(_) | State::Lost => "unknown",
            State::Json(_) => "json",
            State::Csv(_) => "csv",
        }
    }
}

/// Reads bytes of an export for a run.
#[derive(Debug)]
pub struct Reader<'s> {
    schema: &'s Schema,
    decoder: Decoder<'s>,
    limit: usize,
}

impl<'s> Reader<'s> {
    /// Makes a reader for the fields that the schema wants, of records of at most
    /// `limit` bytes.
    pub fn new(schema: &'s Schema, limit: usize) -> Self {
        Self {
            schema,
            decoder: Decoder::new(schema),
            limit,
        }
    }

    /// Reads bytes of an export that is in this state; they may be its `last`.
    /// Returns the state after the bytes that are done with, and how many those
    /// are; the others, with what follows, must be read again.
    pub fn read(
        &mut self,
        state: State,
        bytes: &[u8],
        last: bool,
        sink: &mut impl Sink,
    ) -> (State, usize) {
        self.decoder.clear();
        // A character that the window cuts is read with the next.
        let bytes = match last {
            true => bytes,
            false => &bytes[..bytes.len() - incomplete_tail(bytes)],
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
        self.window(state, bytes, window, sink)
    }

    fn window(
        &mut self,
        state: State,
        bytes: &[u8],
        window: Window<'_, '_>,
        sink: &mut impl Sink,
    ) -> (State, usize) {
        match state {
            State::Start(format) => match start(self.schema, format, bytes, window) {
                Start::At(at, state) => self.window_from(at, state, window, sink),
                Start::More => (State::Start(format), 0),
                Start::Unread(why) => {
                    sink.unread(why);
                    (State::Lost, bytes.len())
                }
            },
            State::Json(_) | State::Csv(_) => self.window_from(0, state, window, sink),
            State::Lost => (State::Lost, bytes.len()),
        }
    }

    fn window_from(
        &mut self,
        at: usize,
        state: State,
        window: Window<'_, '_>,
        sink: &mut impl Sink,
    ) -> (State, usize) {
        match state {
            State::Json(state) => {
                let reader = json::Reader::new(window, &mut self.decoder, self.schema, sink);
                let (state, done) = reader.read(at, state);
                (State::Json(state), done)
            }
            State::Csv(state) => {
                let (state, done) = csv::read(
                    window,
                    at,
                    state,
                    self.schema,
                    &mut self.decoder.unknown,
                    sink,
                );
                (State::Csv(state), done)
            }
            State::Start(_) | State::Lost => (state, at),
        }
    }

    /// Returns the keys that are no field, of the records of the last reading.
    pub fn unknown_keys(&self) -> &UnknownKeys {
        &self.decoder.unknown
    }
}

/// Says what the first bytes of an export show.
enum Start {
    At(usize, State),
    More,
    Unread(Unread),
}

fn start(schema: &Schema, format: Format, bytes: &[u8], window: Window<'_, '_>) -> Start {
    if bytes.len() < PREVIEW_BYTES && !window.last {
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
    let rest = &bytes[at..bytes.len().min(PREVIEW_BYTES)];
    let first = rest.iter().find(|byte| !byte.is_ascii_whitespace());
    let json = |state| Start::At(at, State::Json(state));
    let table = || csv::header(schema, head(window.text, at));
    match (format, first) {
        (Format::Ndjson, _) => json(json::State::LINES),
        (Format::Json, _) | (Format::Auto, None | Some(b'{' | b'[')) => json(json::State::Start),
        (Format::Csv | Format::Auto, _) => match table() {
            Some((length, state)) => Start::At(at + length, State::Csv(state)),
            // Rubbish before the first record is rejected; the record is read.
            None if format == Format::Auto && is_json(rest) => json(json::State::Start),
            None if first.is_none() => json(json::State::Start),
            None if format == Format::Csv => Start::Unread(Unread::NoHeader),
            None => Start::Unread(Unread::Shapeless),
        },
    }
}

/// Returns the text from a byte on, as far as every window has it.
fn head(text: &str, at: usize) -> &str {
    &text[at..text.floor_char_boundary(PREVIEW_BYTES.max(at))]
}

/// Whether some line begins as a JSON object, or all is one other JSON value.
fn is_json(bytes: &[u8]) -> bool {
    let object = |line: &[u8]| line.trim_ascii_start().starts_with(b"{");
    bytes.split(|byte| *byte == b'\n').any(object)
        || serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// Returns the name of an encoding other than UTF-8 that the bytes are in, by their
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
