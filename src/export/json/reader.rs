//! JSON exports: an array, objects one after another, and what wraps them.
//!
//! One state machine reads them all, from any cut between two records on.

mod recover;
mod walk;

use std::ops::Range;

use super::{Sink, Unread, Unreadable, Window};
use crate::record::field::{Key, normalize_key};
use crate::record::{Record, Schema, Slot};
use recover::{Found, Recovery, Trust};
use walk::{Envelope, Fault, Flaw, Level, skip_blanks, skip_key, skip_value, string};
pub use walk::{MAX_DEPTH, Walker};

/// Where in a JSON export the next byte stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Before the first value.
    Start,
    /// Between two values.
    Between(Container, Next),
    /// In an object that wraps an array of records, after the array.
    Rest,
    /// In a value that cannot be read, on the way to the next.
    Broken(Recovery, Container),
}

/// What the values of an export stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// They follow one another.
    Sequence(Like),
    /// They are elements of an array, which is like the others of the export.
    Array(Like),
}

/// What follows one another in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// Records.
    Record,
    /// Arrays of records.
    Array,
    /// Objects that wrap an array of records: pages.
    Wrapper,
}

/// What stands next among values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A value, or the end of an array without any.
    First,
    /// In an array, a comma or the array's end.
    Separator,
    /// A value.
    Value,
}

impl Place {
    /// Between records that follow one another, whatever they begin with.
    pub const LINES: Place = Place::Between(Container::Sequence(Like::Record), Next::Value);
}

impl Container {
    /// Where the next byte stands once a value has ended.
    fn after(self) -> Place {
        match self {
            Container::Sequence(_) => Place::Between(self, Next::Value),
            Container::Array(_) => Place::Between(self, Next::Separator),
        }
    }
}

/// The keys under which an object wraps an array of records.
const WRAPPERS: [&str; 6] = ["data", "customers", "items", "results", "records", "rows"];

/// How much of a value is looked at to tell whether it wraps an array of
/// records: the same whatever the window, so that any cut reads alike.
pub const LOOK: usize = 64 << 10;

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
    walker: &'w mut Walker<'s>,
    schema: &'s Schema,
    record: Record<'b>,
    sink: &'w mut S,
}

/// What a step leads to.
enum Step {
    /// Go on here.
    At(usize, Place),
    /// Only what follows this byte will tell.
    More(usize, Place),
}

use Step::{At, More};

impl<'w, 'b, 's, S: Sink> Reader<'w, 'b, 's, S> {
    /// A reader of this window.
    pub fn new(
        window: Window<'w, 'b>,
        walker: &'w mut Walker<'s>,
        schema: &'s Schema,
        sink: &'w mut S,
    ) -> Self {
        Self {
            window,
            walker,
            schema,
            record: Record::new(schema, window.texts),
            sink,
        }
    }

    /// Reads on from a byte of the window; gives where the next byte stands,
    /// and how many are done with.
    pub fn read(mut self, mut at: usize, mut place: Place) -> (Place, usize) {
        loop {
            match self.step(at, place) {
                At(next, there) => (at, place) = (next, there),
                More(done, there) => return (there, done),
            }
        }
    }

    fn bytes(&self) -> &'b [u8] {
        self.window.text.as_bytes()
    }

    fn step(&mut self, at: usize, place: Place) -> Step {
        if let Place::Broken(recovery, container) = place {
            return self.recover(at, recovery, container);
        }
        let from = at;
        let at = skip_blanks(self.bytes(), from);
        let Some(byte) = self.bytes().get(at).copied() else {
            // Blanks tell how far in the next record stands.
            return self.end(if at - from > MAX_INDENT { at } else { from }, place);
        };
        match self.among(at, byte, place) {
            More(done, place) if done == at => More(from, place),
            step => step,
        }
    }

    fn among(&mut self, at: usize, byte: u8, place: Place) -> Step {
        match place {
            Place::Start if byte == b'[' => At(
                at + 1,
                Place::Between(Container::Array(Like::Array), Next::First),
            ),
            Place::Start => At(at, Container::Sequence(Like::Wrapper).after()),
            Place::Between(Container::Sequence(like), _) => self.value(at, byte, like),
            Place::Between(Container::Array(like), next) => self.element(at, byte, like, next),
            Place::Rest => self.rest(at),
            Place::Broken(recovery, container) => self.recover(at, recovery, container),
        }
    }

    /// The window has no more bytes, or only blanks.
    fn end(&mut self, at: usize, place: Place) -> Step {
        if self.window.last {
            match place {
                Place::Between(Container::Array(_), _) => self.sink.unread(Unread::OpenArray),
                Place::Rest => self.sink.unread(Unread::OpenWrapper),
                Place::Between(Container::Sequence(_), _) | Place::Start | Place::Broken(..) => {}
            }
        }
        More(at, place)
    }

    /// One of the values that follow one another.
    fn value(&mut self, at: usize, byte: u8, like: Like) -> Step {
        let sequence = Container::Sequence(like);
        match (byte, like) {
            (b'[', Like::Array) => At(at + 1, Place::Between(Container::Array(like), Next::First)),
            (b'{', Like::Wrapper) => match self.wrapper(at) {
                Some(Wrapper::Array(at)) => {
                    At(at, Place::Between(Container::Array(like), Next::First))
                }
                Some(Wrapper::None) => self.object(
                    at,
                    Place::Between(Container::Sequence(Like::Record), Next::Value),
                ),
                None => More(at, sequence.after()),
            },
            (b'{', Like::Record | Like::Array) => self.object(at, sequence.after()),
            _ => self.no_object(at, sequence.after()),
        }
    }

    fn element(&mut self, at: usize, byte: u8, like: Like, next: Next) -> Step {
        let array = Container::Array(like);
        let here = Place::Between(array, next);
        match (next, byte) {
            (Next::First | Next::Separator, b']') => match like {
                Like::Wrapper => At(at + 1, Place::Rest),
                Like::Record | Like::Array => At(at + 1, Container::Sequence(like).after()),
            },
            (Next::Separator, b',') => At(at + 1, Place::Between(array, Next::Value)),
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
            b'}' => return At(start + 1, Container::Sequence(Like::Wrapper).after()),
            b',' => beside(bytes, start + 1),
            _ => Err(Fault {
                at: start,
                what: Flaw::Expected("`,` or `}`"),
            }),
        };
        match beside {
            Ok(end) => At(end, Place::Rest),
            Err(fault) if self.may_go_on(start, fault) => More(start, Place::Rest),
            Err(_) => {
                self.sink.unread(Unread::BadWrapper);
                self.broken_wrapper(start)
            }
        }
    }

    /// After a wrapper that cannot be read nothing can be told apart.
    fn broken_wrapper(&mut self, at: usize) -> Step {
        let sequence = Container::Sequence(Like::Wrapper);
        At(
            at,
            Place::Broken(Recovery::new(false, 0, Trust::Lines), sequence),
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
    fn object(&mut self, at: usize, here: Place) -> Step {
        let mut envelope = Envelope::default();
        let text = self.window.within_limit(at);
        self.record.clear();
        match self
            .walker
            .walk(text, at, Level::Line, &mut self.record, &mut envelope)
        {
            Ok(end) => {
                self.whole(at..end, &envelope);
                At(end, container(&here).after())
            }
            Err(fault) if self.may_go_on(at, fault) => More(at, here),
            Err(fault) => self.broken(at, self.why(at, fault), container(&here)),
        }
    }

    /// A value that is no object, and so no record.
    fn no_object(&mut self, at: usize, here: Place) -> Step {
        let bytes = self.window.within_limit(at).as_bytes();
        match skip_value(bytes, at, 0) {
            // A number may go on after the window.
            Ok(end) if end == bytes.len() && !self.window.last => More(at, here),
            Ok(end) => {
                self.sink.rejected(at, Unreadable::NotAnObject);
                At(end, container(&here).after())
            }
            Err(fault) if self.may_go_on(at, fault) => More(at, here),
            Err(fault) => self.broken(at, self.why(at, fault), container(&here)),
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
        At(at, Place::Broken(recovery, container))
    }

    fn recover(&mut self, at: usize, mut recovery: Recovery, container: Container) -> Step {
        match recovery.scan(&self.bytes()[at..]) {
            Ok(Found::Record(found)) => At(at + found, Place::Between(container, Next::Value)),
            Ok(Found::End(found)) => At(at + found, container.after()),
            Err(_) if self.window.last => self.end(self.bytes().len(), container.after()),
            Err(done) => More(at + done, Place::Broken(recovery, container)),
        }
    }

    /// An object that is whole: a record, or something that holds one.
    fn whole(&mut self, at: Range<usize>, envelope: &Envelope) {
        let kind = envelope.kind().map(|value| &self.window.text[value]);
        let protocol = |kind| PROTOCOL.contains(&kind) && !envelope.fields;
        if let Some(flaw) = self.window.flaw(at.clone()) {
            self.sink
                .rejected(at.start, Unreadable::NotUtf8(flaw - at.start));
        } else if envelope.is_ambiguous() {
            self.sink.rejected(
                at.start,
                Unreadable::Envelope("which holds its record twice"),
            );
        } else if let Some(value) = envelope.airbyte_data() {
            self.airbyte_data(at.start, value);
        } else if let (Some("\"RECORD\""), Some(value)) = (kind, envelope.record()) {
            self.protocol_record(at.start, value);
        } else if kind.is_some_and(protocol) {
            self.sink.protocol_line();
        } else if let (Some(value), false) = (envelope.attributes(), envelope.fields) {
            self.attributes(at.start, value);
        } else {
            self.accept();
        }
    }

    fn accept(&mut self) {
        self.walker.accept();
        self.sink.record(&self.record);
    }

    /// Reads the object in an envelope into the record.
    fn inner(&mut self, value: Range<usize>, level: Level) -> Option<Envelope> {
        if self.bytes()[value.start] != b'{' {
            return None;
        }
        let mut envelope = Envelope::default();
        let text = self.window.text;
        self.record.clear();
        self.walker
            .walk(text, value.start, level, &mut self.record, &mut envelope)
            .ok()?;
        Some(envelope)
    }

    /// An Airbyte or Singer line: the former keeps its record one deeper.
    fn protocol_record(&mut self, at: usize, value: Range<usize>) {
        let Some(envelope) = self.inner(value, Level::Wrapped) else {
            return self
                .sink
                .rejected(at, Unreadable::Envelope("whose `record` is not an object"));
        };
        match envelope.stream_data() {
            Some(value) if !envelope.fields => match self.inner(value, Level::Inner) {
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
        match self.inner(value, Level::Wrapped) {
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
        if self.inner(value.clone(), Level::Wrapped).is_some() {
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
            self.walker
                .walk(said, start, Level::Wrapped, record, &mut envelope)
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
        if all.len() < LOOK && !self.window.last {
            return None;
        }
        let look = &all[..all.len().min(LOOK)];
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

/// The byte after the bracket of the array of records that this object wraps.
/// An object that has a field of its own, other than a name, is a record.
fn wrapped_array(schema: &Schema, object: &[u8]) -> Option<usize> {
    let mut found = None;
    let mut at = 1;
    loop {
        at = skip_blanks(object, at);
        let key = (object.get(at) == Some(&b'"')).then(|| string(object, at).ok());
        let Some(Some(key)) = key else {
            return found;
        };
        let name = std::str::from_utf8(&object[at + 1..key.end - 1]).unwrap_or_default();
        let colon = skip_blanks(object, key.end);
        at = skip_blanks(object, colon + 1);
        if is_own_field(schema, name) {
            return None;
        }
        let wraps = WRAPPERS.contains(&normalize_key(name).as_str());
        if found.is_none() && wraps && object.get(at) == Some(&b'[') {
            found = Some(at + 1);
        }
        let Ok(end) = skip_value(object, at, 1) else {
            return found;
        };
        at = skip_blanks(object, end);
        match object.get(at) {
            Some(b',') => at += 1,
            _ => return found,
        }
    }
}

fn is_own_field(schema: &Schema, key: &str) -> bool {
    match schema.key(key) {
        Key::Wanted(slot) => slot != Slot::NAME,
        Key::Known => true,
        Key::Unknown => false,
    }
}

/// The byte after a key and its value.
fn beside(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = skip_key(bytes, skip_blanks(bytes, at))?;
    skip_value(bytes, at, 1)
}

/// What a value stands in; only `Between` has values.
fn container(place: &Place) -> Container {
    match place {
        Place::Between(container, _) | Place::Broken(_, container) => *container,
        Place::Start | Place::Rest => Container::Sequence(Like::Wrapper),
    }
}

/// The first keys of the first record of an array, as they are written.
pub fn first_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some(bracket) = memchr::memchr(b'[', bytes) else {
        return Vec::new();
    };
    let open = skip_blanks(bytes, bracket + 1);
    keys(&bytes[open..]).take(2).map(<[u8]>::to_vec).collect()
}

/// How many of these keys an object begins with, from its first byte.
pub fn begins_with(object: &[u8], wanted: &[Vec<u8>]) -> usize {
    let alike = |(key, wanted): &(&[u8], &Vec<u8>)| key == wanted;
    keys(object).zip(wanted).take_while(alike).count()
}

/// The keys of an object, in quotes, as far as it can be read.
fn keys(object: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 1;
    std::iter::from_fn(move || {
        let start = skip_blanks(object, at);
        let value = skip_key(object, start).ok()?;
        let end = string(object, start).ok()?.end;
        at = skip_value(object, value, 1).ok()? + 1;
        Some(&object[start..end])
    })
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
