//! Reads the bytes of an export, in any shape, from any cut on.

use std::sync::Arc;

use bumpalo::Bump;
use serde::Serialize;

use super::format::{Format, PREVIEW_BYTES};
use super::header::{self, Header};
use super::json::Decoder;
use super::sink::{Sink, Stop, Unread};
use super::unsupported::Unsupported;
use super::window::{Window, incomplete_tail, mask};
use super::{csv, json};
use crate::digest::Hasher;
use crate::record::{Schema, UnknownKeys};

/// Says where in an export the next byte is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Returns a digest of the state, in hexadecimal digits: two that are not the same differ
    /// in it, on whichever machines they were met.
    pub fn digest(&self) -> String {
        // Plain data can be written to memory.
        let written = serde_json::to_vec(self).unwrap_or_default();
        let mut hasher = Hasher::default();
        hasher.update(&written);
        hasher.half_hex()
    }

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
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn read<S: Sink>(
        &mut self,
        state: State,
        bytes: &[u8],
        last: bool,
        sink: &mut S,
    ) -> Result<(State, usize), Stop<S::Error>> {
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

    fn window<S: Sink>(
        &mut self,
        state: State,
        bytes: &[u8],
        window: Window<'_, '_>,
        sink: &mut S,
    ) -> Result<(State, usize), Stop<S::Error>> {
        match state {
            State::Start(format) => match start(self.schema, format, bytes, window) {
                Start::At(at, state, passed_over) => {
                    for _ in 0..passed_over {
                        sink.protocol_line()?;
                    }
                    self.window_from(at, state, window, sink)
                }
                Start::More => Ok((State::Start(format), 0)),
                Start::Unread(why) => {
                    sink.unread(why)?;
                    Ok((State::Lost, bytes.len()))
                }
            },
            State::Json(_) | State::Csv(_) => self.window_from(0, state, window, sink),
            State::Lost => Ok((State::Lost, bytes.len())),
        }
    }

    fn window_from<S: Sink>(
        &mut self,
        at: usize,
        state: State,
        window: Window<'_, '_>,
        sink: &mut S,
    ) -> Result<(State, usize), Stop<S::Error>> {
        Ok(match state {
            State::Json(state) => {
                let reader = json::Reader::new(window, &mut self.decoder, sink);
                let (state, done) = reader.read(at, state)?;
                (State::Json(state), done)
            }
            State::Csv(state) => {
                let (state, done) =
                    csv::read(window, at, state, self.schema, &mut self.decoder, sink)?;
                (State::Csv(state), done)
            }
            State::Start(_) | State::Lost => (state, at),
        })
    }

    /// Returns the keys that are no field, of the records of the last reading.
    pub fn unknown_keys(&self) -> &UnknownKeys {
        &self.decoder.unknown
    }
}

/// Says what the first bytes of an export show.
enum Start {
    /// The records begin at a byte, after so many lines that say nothing.
    At(usize, State, u64),
    More,
    Unread(Unread),
}

fn start(schema: &Schema, format: Format, bytes: &[u8], window: Window<'_, '_>) -> Start {
    if bytes.len() < PREVIEW_BYTES && !window.last {
        return Start::More;
    }
    // No more is looked at than every window has.
    if let Some(kind) = Unsupported::by_signature(&bytes[..bytes.len().min(PREVIEW_BYTES)]) {
        return Start::Unread(Unread::Unsupported(kind));
    }
    if let Some(name) = encoding(bytes) {
        return Start::Unread(Unread::Encoding(name.into()));
    }
    let at = match bytes.starts_with(b"\xef\xbb\xbf") {
        true => 3,
        false => 0,
    };
    let head = head(window.text, at);
    let first = head.bytes().find(|byte| !byte.is_ascii_whitespace());
    let json = || Start::At(at, State::Json(json::State::default()), 0);
    if let Some(kind) = Unsupported::by_text(schema, head) {
        return Start::Unread(Unread::Unsupported(kind));
    }
    let table = |otherwise: fn(&str) -> Option<Unread>| match header::find(schema, head) {
        Header::Found(length, table, passed_over) => {
            let state = csv::State::Row(Arc::new(table));
            Start::At(at + length, State::Csv(state), passed_over)
        }
        Header::Unread(why) => Start::Unread(why),
        Header::None => otherwise(head).map_or_else(json, Start::Unread),
    };
    match (format, first) {
        (Format::Json | Format::Ndjson, _) | (Format::Csv | Format::Auto, None) => json(),
        (Format::Csv, Some(_)) => table(|_| Some(Unread::NoHeader { nearest: None })),
        // A format whose exports begin with a byte of their own is recognised here.
        (Format::Auto, Some(b'{' | b'[')) => json(),
        // A text in JSON, on a line or in an array of its own.
        (Format::Auto, Some(b'"')) if is_json_text(head) => json(),
        // Rubbish before the first record is rejected; the record is read.
        (Format::Auto, Some(_)) => table(|head| match is_json(head.as_bytes()) {
            true => None,
            false => Some(Unread::Shapeless),
        }),
    }
}

/// Whether the first line begins with a text that holds an object in JSON.
fn is_json_text(head: &str) -> bool {
    let line = head.trim_start().lines().next().unwrap_or_default();
    let mut texts = serde_json::Deserializer::from_str(line).into_iter::<String>();
    match texts.next() {
        // In CSV a quote within a cell is doubled, and ends a text of JSON.
        Some(Ok(inner)) => {
            inner.trim_start().starts_with('{')
                && serde_json::from_str::<serde::de::IgnoredAny>(&inner).is_ok()
        }
        // A text that is longer than what is looked at is no header either.
        Some(Err(_)) | None => begins_as_object(line),
    }
}

/// Whether a line begins as a text that is an object in JSON, with blanks or without.
fn begins_as_object(line: &str) -> bool {
    let inner = line.strip_prefix("\"{");
    let blanks = inner.and_then(|inner| inner.split_once("\\\""));
    blanks.is_some_and(|(blanks, _)| {
        let blanks = blanks
            .replace("\\n", "")
            .replace("\\t", "")
            .replace("\\r", "");
        blanks.trim_matches(' ').is_empty()
    })
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

#[cfg(test)]
mod tests {
    use super::super::pages::Remark;
    use super::super::sink::Unreadable;
    use super::*;
    use crate::record::Record;

    /// Takes a number of calls, and then stops.
    struct Until {
        left: usize,
        calls: usize,
        stop: Stop<&'static str>,
    }

    impl Until {
        fn call(&mut self) -> Result<(), Stop<&'static str>> {
            self.calls += 1;
            match self.left {
                0 | 1 => Err(self.stop.clone()),
                _ => {
                    self.left -= 1;
                    Ok(())
                }
            }
        }
    }

    impl Sink for Until {
        type Error = &'static str;

        fn record(&mut self, _: &Record<'_>) -> Result<(), Stop<&'static str>> {
            self.call()
        }

        fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<&'static str>> {
            self.call()
        }

        fn protocol_line(&mut self) -> Result<(), Stop<&'static str>> {
            self.call()
        }

        fn remark(&mut self, _: Remark) -> Result<(), Stop<&'static str>> {
            Ok(())
        }

        fn unread(&mut self, _: Unread) -> Result<(), Stop<&'static str>> {
            self.call()
        }
    }

    /// Exports of four things each, which a sink may stop at.
    const EXPORTS: [&str; 9] = [
        r#"[{"id":"a","hasPci":true},{"id":"b"},7,{"id":"d"}]"#,
        r#"[{"id":"a","hasPci":true},{"id":"b"},{"id":,},{"id":"d"}]"#,
        r#"[{"id":"a","hasPci":true},{"id":"b"},{"id":"c"}"#,
        "{\"id\":\"a\"}\n{\"id\":\"b\"}\nno\n{\"id\":\"d\"}\n",
        r#"{"data":[{"id":"a","hasPci":true},{"id":"b"},{"id":"c"}],7}"#,
        "id,name\na,b\nc,d\n1,2,3\ne,f\n",
        "id,name\na,b\nc,d\n\"e\"f,g\nh,i\n",
        r#"{"type":"STATE"}{"type":"RECORD","record":{"id":"a","hasPci":true}}{"type":"RECORD","record":1}{"_airbyte_data":"x"}"#,
        r#"[{"attributes":{"id":"a","hasPci":true}},{"attributes":1},"STATE",{"record":1,"record":2}]"#,
    ];

    #[test]
    fn a_sink_that_stops_is_handed_no_more_in_any_format() {
        let schema = Schema::default();
        for export in EXPORTS {
            for (calls, stop) in [1, 2, 3, 4]
                .into_iter()
                .flat_map(|calls| [(calls, Stop::Enough), (calls, Stop::Failed("full"))])
            {
                let mut sink = Until {
                    left: calls,
                    calls: 0,
                    stop: stop.clone(),
                };
                let mut reader = Reader::new(&schema, usize::MAX);
                let start = State::Start(Format::Auto);
                let read = reader.read(start, export.as_bytes(), true, &mut sink);
                assert_eq!((read.err(), sink.calls), (Some(stop), calls), "{export}");
            }
        }
    }
}
