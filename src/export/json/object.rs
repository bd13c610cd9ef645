//! Decides what a whole object of an export is: a record, an envelope around one,
//! or a line of a protocol.

use std::ops::Range;

use super::decode::Nesting;
use super::envelope::{Envelope, EnvelopeKey};
use super::lexer::skip_blanks;
use super::reader::Reader;
use crate::export::sink::{Sink, Stop, Unreadable};
use crate::record::Slot;

/// Protocol lines that carry no record.
const PROTOCOL: [&str; 10] = [
    "\"STATE\"",
    "\"LOG\"",
    "\"SCHEMA\"",
    "\"TRACE\"",
    "\"SPEC\"",
    "\"CATALOG\"",
    "\"CONNECTION_STATUS\"",
    "\"CONTROL\"",
    "\"ACTIVATE_VERSION\"",
    "\"DESTINATION_CATALOG\"",
];

impl<S: Sink> Reader<'_, '_, '_, S> {
    /// Hands on an object that is whole: a record, or something that holds one.
    pub(super) fn whole(
        &mut self,
        at: Range<usize>,
        envelope: &Envelope,
    ) -> Result<(), Stop<S::Error>> {
        let kind = envelope
            .value(EnvelopeKey::Type)
            .map(|value| &self.window.text[value]);
        let protocol = |kind| PROTOCOL.contains(&kind) && !envelope.fields;
        if let Some(flaw) = self.window.flaw(at.clone()) {
            self.sink
                .rejected(at.start, Unreadable::NotUtf8(flaw - at.start))
        } else if envelope.is_ambiguous() {
            self.sink.rejected(
                at.start,
                Unreadable::Envelope("which holds its record twice"),
            )
        } else if let Some(value) = envelope.value(EnvelopeKey::AirbyteData) {
            self.airbyte_data(at.start, value)
        } else if let (Some("\"RECORD\""), Some(value)) =
            (kind, envelope.value(EnvelopeKey::Record))
        {
            self.protocol_record(at.start, value)
        } else if kind.is_some_and(protocol) {
            self.sink.protocol_line()
        } else if let (Some(value), false) =
            (envelope.value(EnvelopeKey::Attributes), envelope.fields)
        {
            self.attributes(at.start, value)
        } else {
            self.accept()
        }
    }

    fn accept(&mut self) -> Result<(), Stop<S::Error>> {
        self.decoder.accept();
        self.sink.record(&self.record)
    }

    /// Reads the object in an envelope into the record, if there is one.
    fn inner(&mut self, value: Range<usize>, nesting: Nesting) -> Option<Envelope> {
        if self.bytes()[value.start] != b'{' {
            return None;
        }
        let mut envelope = Envelope::default();
        let text = self.window.text;
        self.record.clear();
        self.decoder
            .decode(text, value.start, nesting, &mut self.record, &mut envelope)
            .ok()?;
        Some(envelope)
    }

    /// Reads an Airbyte or Singer line: the former keeps its record one deeper.
    fn protocol_record(&mut self, at: usize, value: Range<usize>) -> Result<(), Stop<S::Error>> {
        let Some(envelope) = self.inner(value, Nesting::Wrapped) else {
            return self
                .sink
                .rejected(at, Unreadable::Envelope("whose `record` is not an object"));
        };
        match envelope.stream_data() {
            Some(value) if !envelope.fields => match self.inner(value, Nesting::Inner) {
                Some(_) => self.accept(),
                None => {
                    let why = Unreadable::Envelope("whose `data` is not an object");
                    self.sink.rejected(at, why)
                }
            },
            _ => self.accept(),
        }
    }

    /// Reads a JSON:API resource: the id is beside the attributes.
    fn attributes(&mut self, at: usize, value: Range<usize>) -> Result<(), Stop<S::Error>> {
        let id = self.record.take(Slot::ID);
        match self.inner(value, Nesting::Wrapped) {
            Some(_) => {
                self.record.put(Slot::ID, id);
                self.accept()
            }
            None => {
                let why = Unreadable::Envelope("whose `attributes` are not an object");
                self.sink.rejected(at, why)
            }
        }
    }

    /// Reads a raw Airbyte row: the record is an object, or the text of one.
    fn airbyte_data(&mut self, at: usize, value: Range<usize>) -> Result<(), Stop<S::Error>> {
        if self.inner(value.clone(), Nesting::Wrapped).is_some() {
            return self.accept();
        }
        let text: Option<String> = serde_json::from_str(&self.window.text[value]).ok();
        let why =
            Unreadable::Envelope("whose `_airbyte_data` is neither an object nor the text of one");
        let Some(text) = text else {
            return self.sink.rejected(at, why);
        };
        let text = self.record.keep(&text);
        let start = skip_blanks(text.as_bytes(), 0);
        self.record.clear();
        let end = text[start..].starts_with('{').then(|| {
            let mut envelope = Envelope::default();
            let record = &mut self.record;
            self.decoder
                .decode(text, start, Nesting::Wrapped, record, &mut envelope)
        });
        match end {
            Some(Ok(end)) if skip_blanks(text.as_bytes(), end) == text.len() => self.accept(),
            _ => self.sink.rejected(at, why),
        }
    }
}
