//! Reads the values of a JSON export: one state machine reads all shapes, from
//! any cut between two records on.

use super::between::ELEMENT_SEPARATOR;
use super::decode::Decoder;
use super::lexer::{Fault, Flaw, skip_blanks, skip_value};
use super::object::Object;
use super::recover::{Found, Recovery, Trust};
use super::state::{Container, Document, Next, Place, Position, State};
use crate::export::format::PREVIEW_BYTES;
use crate::export::sink::{ForeignLiteral, Sink, Stop, Unread, Unreadable};
use crate::export::window::Window;
use crate::record::{Record, Schema};

/// How many blanks an indentation has at most.
const MAX_INDENT: usize = 4096;

/// Reads a window of a JSON export.
#[derive(Debug)]
pub struct Reader<'w, 'b, 's, S> {
    pub(super) window: Window<'w, 'b>,
    pub(super) decoder: &'w mut Decoder<'s>,
    pub(super) schema: &'s Schema,
    pub(super) record: Record<'b>,
    /// Room for what the next object has besides fields.
    pub(super) object: Object,
    pub(super) document: Document,
    /// A search is in a record: it looks for customers of whom the run asks something.
    pub(super) is_in_record: bool,
    /// Where a long value begins that was not whole when it was tried before.
    retried: Option<usize>,
    pub(super) sink: &'w mut S,
}

/// Says what a step leads to.
pub(super) enum Step {
    /// To a byte and the position before it.
    At(usize, Position),
    /// To the end of the window: what follows this byte must be read again with
    /// more.
    More(usize, Position),
}

use Step::{At, More};

impl<'w, 'b, 's, S: Sink> Reader<'w, 'b, 's, S> {
    /// Makes a reader of this window.
    pub fn new(window: Window<'w, 'b>, decoder: &'w mut Decoder<'s>, sink: &'w mut S) -> Self {
        let schema = decoder.schema();
        Self {
            window,
            decoder,
            schema,
            record: Record::new(schema, window.texts),
            object: Object::default(),
            document: Document::default(),
            is_in_record: false,
            retried: None,
            sink,
        }
    }

    /// Reads on from a byte of the window. Returns the state after the bytes that
    /// are done with, and how many those are.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn read(mut self, mut at: usize, state: State) -> Result<(State, usize), Stop<S::Error>> {
        let State {
            at: mut position,
            document,
            wait,
        } = state;
        self.document = document;
        let length = self.bytes().len();
        if length - at < wait && !self.window.last {
            let document = self.document;
            let state = State {
                at: position,
                document,
                wait,
            };
            return Ok((state, at));
        }
        self.retried = (wait > PREVIEW_BYTES).then(|| skip_blanks(self.bytes(), at));
        let done = loop {
            match self.step(at, position)? {
                At(next, after) => (at, position) = (next, after),
                More(done, after) => {
                    position = after;
                    break done;
                }
            }
        };
        let state = State {
            at: position,
            document: self.document,
            wait: wait_for(length - done, self.window.limit),
        };
        Ok((state, done))
    }

    pub(super) fn bytes(&self) -> &'b [u8] {
        self.window.text.as_bytes()
    }

    fn step(&mut self, at: usize, position: Position) -> Result<Step, Stop<S::Error>> {
        let (container, next) = match position {
            Position::Broken(recovery, container) => return self.recover(at, recovery, container),
            Position::Between(container, next) => (container, next),
        };
        let from = at;
        let at = skip_blanks(self.bytes(), from);
        let Some(byte) = self.bytes().get(at).copied() else {
            // Blanks show the indentation of the next record.
            let done = if at - from > MAX_INDENT { at } else { from };
            return self.end(done, Position::Between(container, next));
        };
        let step = match container {
            Container::Lines => self.line(at, byte, next),
            Container::Records => self.element(at, byte, next),
            Container::Map => self.entry(at, byte, next),
            Container::Members => self.member(at, byte, next),
            Container::Elements => self.other_element(at, byte, next),
        };
        Ok(match step? {
            More(done, position) if done == at => More(from, position),
            step => step,
        })
    }

    /// Ends a window that has no more bytes, or only blanks.
    fn end(&mut self, at: usize, position: Position) -> Result<Step, Stop<S::Error>> {
        if self.window.last {
            match position.container() {
                Container::Lines => {}
                Container::Records | Container::Elements => self.sink.unread(Unread::OpenArray)?,
                Container::Map | Container::Members => self.sink.unread(Unread::OpenWrapper)?,
            }
        }
        Ok(More(at, position))
    }

    /// Reads one of the values that follow one another.
    fn line(&mut self, at: usize, byte: u8, next: Next) -> Result<Step, Stop<S::Error>> {
        let here = Position::Between(Container::Lines, next);
        match byte {
            b'{' if self.document.is_plain() => self.record(at, here, None),
            b'{' => self.document(at, here),
            b'[' => self.open_array(at, here, None),
            b'"' => self.text(at, here),
            ELEMENT_SEPARATOR if next != Next::First => {
                if !std::mem::replace(&mut self.document.reported.commas, true) {
                    self.sink.unread(Unread::Commas)?;
                }
                Ok(At(at + 1, here))
            }
            b']' if next != Next::First => {
                let reported = &mut self.document.reported;
                if !std::mem::replace(&mut reported.bracket, true) && !reported.commas {
                    self.sink.unread(Unread::NoOpening)?;
                }
                Ok(At(at + 1, here))
            }
            _ => self.no_object(at, here),
        }
    }

    /// Reads an element of an array of records, or what separates two.
    fn element(&mut self, at: usize, byte: u8, next: Next) -> Result<Step, Stop<S::Error>> {
        let here = Position::Between(Container::Records, next);
        match (next, byte) {
            (Next::First | Next::Separator, b']') => self.close(at),
            (Next::Separator, ELEMENT_SEPARATOR) => Ok(At(
                at + 1,
                Position::Between(Container::Records, Next::Value),
            )),
            (Next::Separator, b'{') => {
                if !std::mem::replace(&mut self.document.reported.no_comma, true) {
                    self.sink.unread(Unread::NoComma)?;
                }
                Ok(At(at, Position::Between(Container::Records, Next::Value)))
            }
            (Next::Separator, _) => {
                let why = Unreadable::NotJson("`,` or `]` after a record");
                self.broken(at, why, Container::Records)
            }
            (Next::Value, b']') => {
                self.sink
                    .rejected(at, Unreadable::NotJson("a record after the comma"))?;
                Ok(At(at, Container::Records.after()))
            }
            (Next::First | Next::Value, b'{') => self.record(at, here, None),
            (Next::First | Next::Value, b'[') => self.open_array(at, here, None),
            (Next::First | Next::Value, b'"') => self.text(at, here),
            (Next::First | Next::Value, _) => self.no_object(at, here),
        }
    }

    /// Whether a value only lacks its end, which may follow.
    pub(super) fn may_go_on(&self, start: usize, fault: Fault) -> bool {
        let is_open = match fault.what {
            Flaw::Incomplete => true,
            // What is there instead may be a literal of another language.
            Flaw::Expected(_) => self.bytes().len() - fault.at < ForeignLiteral::MAX_BYTES,
            Flaw::TooDeep => false,
        };
        is_open && !self.window.last && !self.is_too_large(start)
    }

    /// Whether more than a record may take follows this byte.
    pub(super) fn is_too_large(&self, start: usize) -> bool {
        self.bytes().len() - start > self.window.limit
    }

    /// Decodes the object that begins at a byte of a text, inside of so many others.
    /// Returns the byte after it.
    pub(super) fn decode(
        &mut self,
        text: &'b str,
        at: usize,
        wrappers: usize,
        object: &mut Object,
    ) -> Result<usize, Fault> {
        self.record.clear();
        let record = &mut self.record;
        self.decoder.decode(text, at, wrappers, record, object)
    }

    /// Decodes the outermost object that begins at a byte. Of a long one that was tried
    /// before it is seen first, at less cost, whether it is whole by now.
    pub(super) fn decode_again(
        &mut self,
        text: &'b str,
        at: usize,
        object: &mut Object,
    ) -> Result<usize, Fault> {
        if self.retried == Some(at) {
            skip_value(text.as_bytes(), at, 0)?;
        }
        self.decode(text, at, 0, object)
    }

    /// Reads a value that is no object, and so no record.
    pub(super) fn no_object(&mut self, at: usize, here: Position) -> Result<Step, Stop<S::Error>> {
        let bytes = self.window.within_limit(at).as_bytes();
        match skip_value(bytes, at, 0) {
            // A number may go on after the window.
            Ok(end) if end == bytes.len() && !self.window.last => Ok(More(at, here)),
            Ok(end) => {
                self.sink.rejected(at, Unreadable::NotAnObject)?;
                Ok(At(end, here.container().after()))
            }
            Err(fault) if self.may_go_on(at, fault) => Ok(More(at, here)),
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        }
    }

    /// Returns why the value that begins at a byte cannot be read.
    pub(super) fn why(&self, start: usize, fault: Fault) -> Unreadable {
        if let Some(at) = self.window.flaw(start..fault.at + 1) {
            return Unreadable::NotUtf8(at - start);
        }
        match fault.what {
            Flaw::Expected(what) => {
                let literal = ForeignLiteral::at(&self.bytes()[fault.at..]);
                Unreadable::Expected(what, fault.at - start, literal)
            }
            Flaw::TooDeep => Unreadable::TooDeep,
            Flaw::Incomplete if self.is_too_large(start) => Unreadable::TooLarge,
            Flaw::Incomplete => Unreadable::Truncated,
        }
    }

    /// Rejects a value that cannot be read, and goes on to the next.
    pub(super) fn broken(
        &mut self,
        at: usize,
        why: Unreadable,
        container: Container,
    ) -> Result<Step, Stop<S::Error>> {
        let trust = match why {
            // So far it was JSON.
            Unreadable::TooLarge => Trust::Structure,
            _ => Trust::Lines,
        };
        self.sink.rejected(at, why)?;
        let recovery = self.recovery(at, trust, container);
        Ok(At(at, Position::Broken(recovery, container)))
    }

    fn recovery(&self, at: usize, trust: Trust, container: Container) -> Recovery {
        let is_separated = container != Container::Lines || self.document.reported.commas;
        let indent = indent(self.bytes(), at);
        Recovery::new(is_separated, container.end(), indent, trust)
    }

    /// Gives up the document around a byte for this reason: nothing that follows in it can
    /// be told apart.
    pub(super) fn give_up(&mut self, at: usize, why: Unread) -> Result<Step, Stop<S::Error>> {
        self.sink.unread(why)?;
        self.document.frames.clear();
        let recovery = Recovery::new(false, None, 0, Trust::Lines);
        Ok(At(at, Position::Broken(recovery, Container::Lines)))
    }

    /// Searches for the next value after one that cannot be read.
    fn recover(
        &mut self,
        at: usize,
        mut recovery: Recovery,
        container: Container,
    ) -> Result<Step, Stop<S::Error>> {
        Ok(match recovery.scan(&self.bytes()[at..]) {
            Ok(Found::Record(found)) => At(at + found, Position::Between(container, Next::Value)),
            Ok(Found::End(found)) => At(at + found, container.after()),
            Err(_) if self.window.last => self.end(self.bytes().len(), container.after())?,
            Err(done) => More(at + done, Position::Broken(recovery, container)),
        })
    }

    /// Says where the records of the export are, and hands on what was said on the way.
    pub(super) fn set_place(&mut self, place: Place) -> Result<(), Stop<S::Error>> {
        for (path, remark) in std::mem::take(&mut self.document.pending) {
            if place.path.starts_with(&path) {
                self.sink.remark(remark)?;
            }
        }
        self.document.place = Some(place);
        Ok(())
    }
}

/// Returns how many bytes a value has at least of which so many were not enough. With
/// twice as many it is tried again, so that a long one is not read again and again.
fn wait_for(rest: usize, limit: usize) -> usize {
    rest.saturating_mul(2).min(limit.saturating_add(1))
}

/// Returns how many blanks are before a byte on its line; 0 if anything else is
/// before it.
pub(super) fn indent(bytes: &[u8], at: usize) -> usize {
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
