//! Reads the values of a JSON export: one state machine reads all shapes, from
//! any cut between two records on.

use std::ops::Range;

use super::decode::{Decoder, Nesting};
use super::envelope::{Envelope, EnvelopeKey};
use super::lexer::{Fault, Flaw, skip_blanks, skip_key, skip_value};
use super::recover::{Found, Recovery, Trust};
use super::state::{Container, Element, Next, State};
use super::wrapper::wrapped_array;
use crate::export::format::PREVIEW_BYTES;
use crate::export::sink::{Sink, Unread, Unreadable};
use crate::export::window::Window;
use crate::record::{Record, Schema, Slot};

/// The most blanks that are an indentation.
const MAX_INDENT: usize = 4096;

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

/// Reads a window of a JSON export.
#[derive(Debug)]
pub struct Reader<'w, 'b, 's, S> {
    window: Window<'w, 'b>,
    decoder: &'w mut Decoder<'s>,
    schema: &'s Schema,
    record: Record<'b>,
    sink: &'w mut S,
}

/// What a step leads to.
enum Step {
    /// Go on here.
    At(usize, State),
    /// Only what follows this byte will tell.
    More(usize, State),
}

use Step::{At, More};

impl<'w, 'b, 's, S: Sink> Reader<'w, 'b, 's, S> {
    /// A reader of this window.
    pub fn new(
        window: Window<'w, 'b>,
        decoder: &'w mut Decoder<'s>,
        schema: &'s Schema,
        sink: &'w mut S,
    ) -> Self {
        Self {
            window,
            decoder,
            schema,
            record: Record::new(schema, window.texts),
            sink,
        }
    }

    /// Reads on from a byte of the window; gives where the next byte stands,
    /// and how many are done with.
    pub fn read(mut self, mut at: usize, mut state: State) -> (State, usize) {
        loop {
            match self.step(at, state) {
                At(next, there) => (at, state) = (next, there),
                More(done, there) => return (there, done),
            }
        }
    }

    fn bytes(&self) -> &'b [u8] {
        self.window.text.as_bytes()
    }

    fn step(&mut self, at: usize, state: State) -> Step {
        if let State::Broken(recovery, container) = state {
            return self.recover(at, recovery, container);
        }
        let from = at;
        let at = skip_blanks(self.bytes(), from);
        let Some(byte) = self.bytes().get(at).copied() else {
            // Blanks tell how far in the next record stands.
            return self.end(if at - from > MAX_INDENT { at } else { from }, state);
        };
        match self.among(at, byte, state) {
            More(done, state) if done == at => More(from, state),
            step => step,
        }
    }

    fn among(&mut self, at: usize, byte: u8, state: State) -> Step {
        match state {
            State::Start if byte == b'[' => At(
                at + 1,
                State::Between(Container::Array(Element::Array), Next::First),
            ),
            State::Start => At(at, Container::Sequence(Element::Wrapper).after()),
            State::Between(Container::Sequence(element), _) => self.value(at, byte, element),
            State::Between(Container::Array(element), next) => {
                self.element(at, byte, element, next)
            }
            State::Rest => self.rest(at),
            State::Broken(recovery, container) => self.recover(at, recovery, container),
        }
    }

    /// The window has no more bytes, or only blanks.
    fn end(&mut self, at: usize, state: State) -> Step {
        if self.window.last {
            match state {
                State::Between(Container::Array(_), _) => self.sink.unread(Unread::OpenArray),
                State::Rest => self.sink.unread(Unread::OpenWrapper),
                State::Between(Container::Sequence(_), _) | State::Start | State::Broken(..) => {}
            }
        }
        More(at, state)
    }

    /// One of the values that follow one another.
    fn value(&mut self, at: usize, byte: u8, element: Element) -> Step {
        let sequence = Container::Sequence(element);
        match (byte, element) {
            (b'[', Element::Array) => At(
                at + 1,
                State::Between(Container::Array(element), Next::First),
            ),
            (b'{', Element::Wrapper) => match self.wrapper(at) {
                Some(Wrapper::Array(at)) => {
                    At(at, State::Between(Container::Array(element), Next::First))
                }
                Some(Wrapper::None) => self.object(
                    at,
                    State::Between(Container::Sequence(Element::Record), Next::Value),
                ),
                None => More(at, sequence.after()),
            },
            (b'{', Element::Record | Element::Array) => self.object(at, sequence.after()),
            _ => self.no_object(at, sequence.after()),
        }
    }

    fn element(&mut self, at: usize, byte: u8, element: Element, next: Next) -> Step {
        let array = Container::Array(element);
        let here = State::Between(array, next);
        match (next, byte) {
            (Next::First | Next::Separator, b']') => match element {
                Element::Wrapper => At(at + 1, State::Rest),
                Element::Record | Element::Array => {
                    At(at + 1, Container::Sequence(element).after())
                }
            },
            (Next::Separator, b',') => At(at + 1, State::Between(array, Next::Value)),
            (Next::Separator, _) => {
                self.broken(at, Unreadable::NotJson("`,` or `]` after a record"), array)
            }
            (Next::Value, b']') => {
                self.sink
                    .rejected(at, Unreadable::NotJson("a record after the comma"));
                At(at, array.after())
            }
            (Next::First | Next::Value, b'{') => self.object(at, here),
            (Next::First | Next::Value, _) => self.no_object(at, here),
        }
    }

    /// What remains of a wrapper once its array is closed.
    fn rest(&mut self, start: usize) -> Step {
        let bytes = self.bytes();
        let beside = match bytes[start] {
            b'}' => return At(start + 1, Container::Sequence(Element::Wrapper).after()),
            b',' => beside(bytes, start + 1),
            _ => Err(Fault {
                at: start,
                what: Flaw::Expected("`,` or `}`"),
            }),
        };
        match beside {
            Ok(end) => At(end, State::Rest),
            Err(fault) if self.may_go_on(start, fault) => More(start, State::Rest),
            Err(_) => {
                self.sink.unread(Unread::BadWrapper);
                self.broken_wrapper(start)
            }
        }
    }

    /// After a wrapper that cannot be read nothing can be told apart.
    fn broken_wrapper(&mut self, at: usize) -> Step {
        let sequence = Container::Sequence(Element::Wrapper);
        At(
            at,
            State::Broken(Recovery::new(false, 0, Trust::Lines), sequence),
        )
    }

    /// Whether a value that begins here only lacks its end, which may follow.
    fn may_go_on(&self, start: usize, fault: Fault) -> bool {
        fault.what == Flaw::Incomplete && !self.window.last && !self.is_too_large(start)
    }

    /// Whether more than a record may take follows this byte.
    fn is_too_large(&self, start: usize) -> bool {
        self.bytes().len() - start > self.window.limit
    }

    /// An object, which should be a record.
    fn object(&mut self, at: usize, here: State) -> Step {
        let mut envelope = Envelope::default();
        let text = self.window.within_limit(at);
        self.record.clear();
        match self
            .decoder
            .decode(text, at, Nesting::Line, &mut self.record, &mut envelope)
        {
            Ok(end) => {
                self.whole(at..end, &envelope);
                At(end, here.container().after())
            }
            Err(fault) if self.may_go_on(at, fault) => More(at, here),
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        }
    }

    /// A value that is no object, and so no record.
    fn no_object(&mut self, at: usize, here: State) -> Step {
        let bytes = self.window.within_limit(at).as_bytes();
        match skip_value(bytes, at, 0) {
            // A number may go on after the window.
            Ok(end) if end == bytes.len() && !self.window.last => More(at, here),
            Ok(end) => {
                self.sink.rejected(at, Unreadable::NotAnObject);
                At(end, here.container().after())
            }
            Err(fault) if self.may_go_on(at, fault) => More(at, here),
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        }
    }

    fn why(&self, start: usize, fault: Fault) -> Unreadable {
        if let Some(at) = self.window.flaw(start..fault.at + 1) {
            return Unreadable::NotUtf8(at - start);
        }
        match fault.what {
            Flaw::Expected(what) => Unreadable::Expected(what, fault.at - start),
            Flaw::TooDeep => Unreadable::TooDeep,
            Flaw::Incomplete if self.is_too_large(start) => Unreadable::TooLarge,
            Flaw::Incomplete => Unreadable::Truncated,
        }
    }

    /// A value cannot be read: on to the next.
    fn broken(&mut self, at: usize, why: Unreadable, container: Container) -> Step {
        let trust = match why {
            // So far it was JSON.
            Unreadable::TooLarge => Trust::Structure,
            _ => Trust::Lines,
        };
        self.sink.rejected(at, why);
        let in_array = matches!(container, Container::Array(_));
        let recovery = Recovery::new(in_array, indent(self.bytes(), at), trust);
        At(at, State::Broken(recovery, container))
    }

    fn recover(&mut self, at: usize, mut recovery: Recovery, container: Container) -> Step {
        match recovery.scan(&self.bytes()[at..]) {
            Ok(Found::Record(found)) => At(at + found, State::Between(container, Next::Value)),
            Ok(Found::End(found)) => At(at + found, container.after()),
            Err(_) if self.window.last => self.end(self.bytes().len(), container.after()),
            Err(done) => More(at + done, State::Broken(recovery, container)),
        }
    }

    /// An object that is whole: a record, or something that holds one.
    fn whole(&mut self, at: Range<usize>, envelope: &Envelope) {
        let kind = envelope
            .value(EnvelopeKey::Type)
            .map(|value| &self.window.text[value]);
        let protocol = |kind| PROTOCOL.contains(&kind) && !envelope.fields;
        if let Some(flaw) = self.window.flaw(at.clone()) {
            self.sink
                .rejected(at.start, Unreadable::NotUtf8(flaw - at.start));
        } else if envelope.is_ambiguous() {
            self.sink.rejected(
                at.start,
                Unreadable::Envelope("which holds its record twice"),
            );
        } else if let Some(value) = envelope.value(EnvelopeKey::AirbyteData) {
            self.airbyte_data(at.start, value);
        } else if let (Some("\"RECORD\""), Some(value)) =
            (kind, envelope.value(EnvelopeKey::Record))
        {
            self.protocol_record(at.start, value);
        } else if kind.is_some_and(protocol) {
            self.sink.protocol_line();
        } else if let (Some(value), false) =
            (envelope.value(EnvelopeKey::Attributes), envelope.fields)
        {
            self.attributes(at.start, value);
        } else {
            self.accept();
        }
    }

    fn accept(&mut self) {
        self.decoder.accept();
        self.sink.record(&self.record);
    }

    /// Reads the object in an envelope into the record.
    fn inner(&mut self, value: Range<usize>, level: Nesting) -> Option<Envelope> {
        if self.bytes()[value.start] != b'{' {
            return None;
        }
        let mut envelope = Envelope::default();
        let text = self.window.text;
        self.record.clear();
        self.decoder
            .decode(text, value.start, level, &mut self.record, &mut envelope)
            .ok()?;
        Some(envelope)
    }

    /// An Airbyte or Singer line: the former keeps its record one deeper.
    fn protocol_record(&mut self, at: usize, value: Range<usize>) {
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
                    self.sink.rejected(at, why);
                }
            },
            _ => self.accept(),
        }
    }

    /// A JSON:API resource: the id stands beside the attributes.
    fn attributes(&mut self, at: usize, value: Range<usize>) {
        let id = self.record.take(Slot::ID);
        match self.inner(value, Nesting::Wrapped) {
            Some(_) => {
                self.record.put(Slot::ID, id);
                self.accept();
            }
            None => {
                let why = Unreadable::Envelope("whose `attributes` are not an object");
                self.sink.rejected(at, why);
            }
        }
    }

    /// A raw Airbyte row: the record is an object, or the text of one.
    fn airbyte_data(&mut self, at: usize, value: Range<usize>) {
        if self.inner(value.clone(), Nesting::Wrapped).is_some() {
            return self.accept();
        }
        let said: Option<String> = serde_json::from_str(&self.window.text[value]).ok();
        let why =
            Unreadable::Envelope("whose `_airbyte_data` is neither an object nor the text of one");
        let Some(said) = said else {
            return self.sink.rejected(at, why);
        };
        let said = self.record.keep(&said);
        let start = skip_blanks(said.as_bytes(), 0);
        self.record.clear();
        let walked = said[start..].starts_with('{').then(|| {
            let mut envelope = Envelope::default();
            let record = &mut self.record;
            self.decoder
                .decode(said, start, Nesting::Wrapped, record, &mut envelope)
        });
        match walked {
            Some(Ok(end)) if skip_blanks(said.as_bytes(), end) == said.len() => self.accept(),
            _ => self.sink.rejected(at, why),
        }
    }

    /// Whether the object that begins here wraps an array of records; nothing,
    /// if the window does not reach far enough to tell.
    fn wrapper(&self, at: usize) -> Option<Wrapper> {
        let all = &self.bytes()[at..];
        if all.len() < PREVIEW_BYTES && !self.window.last {
            return None;
        }
        let look = &all[..all.len().min(PREVIEW_BYTES)];
        let found = wrapped_array(self.schema, look);
        Some(found.map_or(Wrapper::None, |array| Wrapper::Array(at + array)))
    }
}

/// Whether an object wraps an array of records.
enum Wrapper {
    /// The array's first element begins after this byte.
    Array(usize),
    None,
}

/// The byte after a key and its value.
fn beside(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = skip_key(bytes, skip_blanks(bytes, at))?;
    skip_value(bytes, at, 1)
}

/// The blanks before a byte on its line; 0 if anything else stands before it.
fn indent(bytes: &[u8], at: usize) -> usize {
    let blanks = bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    match bytes[..at - blanks].last() {
        None | Some(b'\n') => blanks,
        Some(_) => 0,
    }
}
