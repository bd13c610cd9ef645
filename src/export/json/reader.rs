//! Reads the values of a JSON export: one state machine reads all shapes, from
//! any cut between two records on.

use super::between::ELEMENT_SEPARATOR;
use super::decode::{Decoder, Nesting};
use super::envelope::Envelope;
use super::lexer::{Fault, Flaw, skip_blanks, skip_key, skip_value};
use super::recover::{Found, Recovery, Trust};
use super::state::{Container, Element, Next, State};
use super::wrapper::wrapped_array;
use crate::export::format::PREVIEW_BYTES;
use crate::export::sink::{Sink, Stop, Unread, Unreadable};
use crate::export::window::Window;
use crate::record::{Record, Schema};

/// How many blanks an indentation has at most.
const MAX_INDENT: usize = 4096;

/// Reads a window of a JSON export.
#[derive(Debug)]
pub struct Reader<'w, 'b, 's, S> {
    pub(super) window: Window<'w, 'b>,
    pub(super) decoder: &'w mut Decoder<'s>,
    schema: &'s Schema,
    pub(super) record: Record<'b>,
    pub(super) sink: &'w mut S,
}

/// Says what a step leads to.
enum Step {
    /// To a byte and the state before it.
    At(usize, State),
    /// To the end of the window: what follows this byte must be read again with
    /// more.
    More(usize, State),
}

use Step::{At, More};

impl<'w, 'b, 's, S: Sink> Reader<'w, 'b, 's, S> {
    /// Makes a reader of this window.
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

    /// Reads on from a byte of the window. Returns the state after the bytes that
    /// are done with, and how many those are.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn read(
        mut self,
        mut at: usize,
        mut state: State,
    ) -> Result<(State, usize), Stop<S::Error>> {
        loop {
            match self.step(at, state)? {
                At(next, after) => (at, state) = (next, after),
                More(done, after) => return Ok((after, done)),
            }
        }
    }

    pub(super) fn bytes(&self) -> &'b [u8] {
        self.window.text.as_bytes()
    }

    fn step(&mut self, at: usize, state: State) -> Result<Step, Stop<S::Error>> {
        if let State::Broken(recovery, container) = state {
            return self.recover(at, recovery, container);
        }
        let from = at;
        let at = skip_blanks(self.bytes(), from);
        let Some(byte) = self.bytes().get(at).copied() else {
            // Blanks show the indentation of the next record.
            return self.end(if at - from > MAX_INDENT { at } else { from }, state);
        };
        Ok(match self.among(at, byte, state)? {
            More(done, state) if done == at => More(from, state),
            step => step,
        })
    }

    fn among(&mut self, at: usize, byte: u8, state: State) -> Result<Step, Stop<S::Error>> {
        match state {
            State::Start if byte == b'[' => Ok(At(
                at + 1,
                State::Between(Container::Array(Element::Array), Next::First),
            )),
            State::Start => Ok(At(at, Container::Sequence(Element::Wrapper).after())),
            State::Between(Container::Sequence(element), _) => self.value(at, byte, element),
            State::Between(Container::Array(element), next) => {
                self.element(at, byte, element, next)
            }
            State::Rest => self.rest(at),
            State::Broken(recovery, container) => self.recover(at, recovery, container),
        }
    }

    /// Ends a window that has no more bytes, or only blanks.
    fn end(&mut self, at: usize, state: State) -> Result<Step, Stop<S::Error>> {
        if self.window.last {
            match state {
                State::Between(Container::Array(_), _) => self.sink.unread(Unread::OpenArray)?,
                State::Rest => self.sink.unread(Unread::OpenWrapper)?,
                State::Between(Container::Sequence(_), _) | State::Start | State::Broken(..) => {}
            }
        }
        Ok(More(at, state))
    }

    /// Reads one of the values that follow one another.
    fn value(&mut self, at: usize, byte: u8, element: Element) -> Result<Step, Stop<S::Error>> {
        let sequence = Container::Sequence(element);
        match (byte, element) {
            (b'[', Element::Array) => Ok(At(
                at + 1,
                State::Between(Container::Array(element), Next::First),
            )),
            (b'{', Element::Wrapper) => match self.wrapper(at) {
                Some(Wrapper::Array(at)) => Ok(At(
                    at,
                    State::Between(Container::Array(element), Next::First),
                )),
                Some(Wrapper::None) => self.object(
                    at,
                    State::Between(Container::Sequence(Element::Record), Next::Value),
                ),
                None => Ok(More(at, sequence.after())),
            },
            (b'{', Element::Record | Element::Array) => self.object(at, sequence.after()),
            _ => self.no_object(at, sequence.after()),
        }
    }

    /// Reads an element of an array, or what separates two.
    fn element(
        &mut self,
        at: usize,
        byte: u8,
        element: Element,
        next: Next,
    ) -> Result<Step, Stop<S::Error>> {
        let array = Container::Array(element);
        let here = State::Between(array, next);
        match (next, byte) {
            (Next::First | Next::Separator, b']') => match element {
                Element::Wrapper => Ok(At(at + 1, State::Rest)),
                Element::Record | Element::Array => {
                    Ok(At(at + 1, Container::Sequence(element).after()))
                }
            },
            (Next::Separator, ELEMENT_SEPARATOR) => {
                Ok(At(at + 1, State::Between(array, Next::Value)))
            }
            (Next::Separator, _) => {
                self.broken(at, Unreadable::NotJson("`,` or `]` after a record"), array)
            }
            (Next::Value, b']') => {
                self.sink
                    .rejected(at, Unreadable::NotJson("a record after the comma"))?;
                Ok(At(at, array.after()))
            }
            (Next::First | Next::Value, b'{') => self.object(at, here),
            (Next::First | Next::Value, _) => self.no_object(at, here),
        }
    }

    /// Reads what remains of a wrapper once its array is closed.
    fn rest(&mut self, start: usize) -> Result<Step, Stop<S::Error>> {
        let bytes = self.bytes();
        let beside = match bytes[start] {
            b'}' => {
                return Ok(At(start + 1, Container::Sequence(Element::Wrapper).after()));
            }
            b',' => beside(bytes, start + 1),
            _ => Err(Fault {
                at: start,
                what: Flaw::Expected("`,` or `}`"),
            }),
        };
        match beside {
            Ok(end) => Ok(At(end, State::Rest)),
            Err(fault) if self.may_go_on(start, fault) => Ok(More(start, State::Rest)),
            Err(_) => {
                self.sink.unread(Unread::BadWrapper)?;
                Ok(broken_wrapper(start))
            }
        }
    }

    /// Whether a value only lacks its end, which may follow.
    fn may_go_on(&self, start: usize, fault: Fault) -> bool {
        fault.what == Flaw::Incomplete && !self.window.last && !self.is_too_large(start)
    }

    /// Whether more than a record may take follows this byte.
    fn is_too_large(&self, start: usize) -> bool {
        self.bytes().len() - start > self.window.limit
    }

    /// Reads an object, which should be a record.
    fn object(&mut self, at: usize, here: State) -> Result<Step, Stop<S::Error>> {
        let mut envelope = Envelope::default();
        let text = self.window.within_limit(at);
        self.record.clear();
        match self
            .decoder
            .decode(text, at, Nesting::Line, &mut self.record, &mut envelope)
        {
            Ok(end) => {
                self.whole(at..end, &envelope)?;
                Ok(At(end, here.container().after()))
            }
            Err(fault) if self.may_go_on(at, fault) => Ok(More(at, here)),
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        }
    }

    /// Reads a value that is no object, and so no record.
    fn no_object(&mut self, at: usize, here: State) -> Result<Step, Stop<S::Error>> {
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

    /// Rejects a value that cannot be read, and goes on to the next.
    fn broken(
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
        let recovery = Recovery::new(container.is_array(), indent(self.bytes(), at), trust);
        Ok(At(at, State::Broken(recovery, container)))
    }

    /// Searches for the next value after one that cannot be read.
    fn recover(
        &mut self,
        at: usize,
        mut recovery: Recovery,
        container: Container,
    ) -> Result<Step, Stop<S::Error>> {
        Ok(match recovery.scan(&self.bytes()[at..]) {
            Ok(Found::Record(found)) => At(at + found, State::Between(container, Next::Value)),
            Ok(Found::End(found)) => At(at + found, container.after()),
            Err(_) if self.window.last => self.end(self.bytes().len(), container.after())?,
            Err(done) => More(at + done, State::Broken(recovery, container)),
        })
    }

    /// Returns whether an object wraps an array of records; nothing, if the
    /// window does not reach far enough to tell.
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

/// Says whether an object wraps an array of records.
enum Wrapper {
    /// It does: the array's first element begins after this byte.
    Array(usize),
    /// It does not.
    None,
}

/// Returns the step after a wrapper that cannot be read: nothing that follows
/// can be told apart.
fn broken_wrapper(at: usize) -> Step {
    let sequence = Container::Sequence(Element::Wrapper);
    At(
        at,
        State::Broken(Recovery::new(false, 0, Trust::Lines), sequence),
    )
}

/// Returns the byte after a key and its value.
fn beside(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let at = skip_key(bytes, skip_blanks(bytes, at))?;
    skip_value(bytes, at, 1)
}

/// Returns how many blanks are before a byte on its line; 0 if anything else is
/// before it.
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
