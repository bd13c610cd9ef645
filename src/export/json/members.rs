//! Reads the members of an object that is not a record.

use super::between::ELEMENT_SEPARATOR;
use super::lexer::{Flaw, skip_blanks, skip_key, skip_value, string};
use super::object::Role;
use super::reader::{Reader, Step};
use super::state::{Container, Next, Position};
use crate::export::pages::{Remark, Says};
use crate::export::sink::{Sink, Stop, Unread, Unreadable};
use crate::record::field::normalize_key;

use Step::{At, More};

/// Holds a key, and the byte at which its value begins; or else the step to take.
type Member<'b> = Result<(&'b str, usize), Step>;

impl<'b, S: Sink> Reader<'_, 'b, '_, S> {
    /// Reads a member of an object that is not a record, or what separates two.
    pub(super) fn member(
        &mut self,
        at: usize,
        byte: u8,
        next: Next,
    ) -> Result<Step, Stop<S::Error>> {
        let here = Position::Between(Container::Members, next);
        match (next, byte) {
            (Next::First | Next::Separator, b'}') => return self.close(at),
            (Next::Separator, ELEMENT_SEPARATOR) => {
                return Ok(At(
                    at + 1,
                    Position::Between(Container::Members, Next::Value),
                ));
            }
            (Next::First | Next::Value, b'"') => {}
            _ => return self.give_up(at, Unread::BadWrapper),
        }
        let (key, value) = match self.key(at, here.clone())? {
            Ok(found) => found,
            Err(step) => return Ok(step),
        };
        let (name, role) = match Role::of(&normalize_key(key)) {
            // The number of `total` may be in an object.
            Role::Other if key == "value" => self.count_of_innermost(),
            role => (key.to_owned(), role),
        };
        let first = self.bytes()[value];
        let step = match first {
            b'[' | b'{' => {
                let within = skip_blanks(self.bytes(), value + 1);
                let is_empty = match self.bytes().get(within) {
                    Some(byte) => matches!(byte, b']' | b'}'),
                    None if self.window.last => false,
                    None => return Ok(More(at, here)),
                };
                // What it holds may be records all the same.
                let step = match first {
                    b'[' => self.open_array(value, here, Some((key, at)))?,
                    _ => self.open_object(value, here, Some((key, at)), true)?,
                };
                if let (At(..), Role::Says(says)) = (&step, role) {
                    let said = Remark::of(says, &name, if is_empty { "[]" } else { "[1]" });
                    self.remark_around(said)?;
                }
                step
            }
            _ => {
                let step = self.pass_over(at, value, here)?;
                if let (At(end, _), Role::Says(says)) = (&step, role) {
                    let said = Remark::of(says, &name, self.window.text[value..*end].trim());
                    said.map_or(Ok(()), |said| self.remark(said))?;
                }
                step
            }
        };
        if let At(..) = step {
            let fields = self.schema.fields_of(key);
            let depth = self.document.frames.len();
            let innermost = depth - usize::from(matches!(first, b'[' | b'{'));
            if let Some(frame) = innermost
                .checked_sub(1)
                .and_then(|at| self.document.frames.get_mut(at))
            {
                frame.fields.add(fields);
            }
        }
        Ok(step)
    }

    /// Returns the key of the innermost object and what it speaks of, if it counts records.
    fn count_of_innermost(&self) -> (String, Role) {
        let key = self
            .document
            .frames
            .last()
            .and_then(|frame| frame.key.as_deref());
        let key = key.unwrap_or_default();
        match Role::of(&normalize_key(key)) {
            role @ Role::Says(Says::Records | Says::Pages) => (key.to_owned(), role),
            _ => (String::new(), Role::Other),
        }
    }

    /// Hands on what was said by the key of the value that was just opened.
    fn remark_around(&mut self, said: Option<Remark>) -> Result<(), Stop<S::Error>> {
        let Some(said) = said else {
            return Ok(());
        };
        let opened = self.document.frames.pop();
        let handed_on = self.remark(said);
        self.document.frames.extend(opened);
        handed_on
    }

    /// Reads a member of an object whose values are records, or what separates two.
    pub(super) fn entry(
        &mut self,
        at: usize,
        byte: u8,
        next: Next,
    ) -> Result<Step, Stop<S::Error>> {
        let here = Position::Between(Container::Map, next);
        match (next, byte) {
            (Next::First | Next::Separator, b'}') => return self.close(at),
            (Next::Separator, ELEMENT_SEPARATOR) => {
                return Ok(At(at + 1, Position::Between(Container::Map, Next::Value)));
            }
            // The key was lost with the record before it.
            (Next::First | Next::Value, b'{') => return self.record(at, here, None),
            (Next::First | Next::Value, b'"') => {}
            (Next::First | Next::Value | Next::Separator, _) => {
                let why = Unreadable::NotJson("a key in quotes, and a record");
                return self.broken(at, why, Container::Map);
            }
        }
        let (key, value) = match self.key(at, here.clone())? {
            Ok(found) => found,
            Err(step) => return Ok(step),
        };
        if self.bytes()[value] != b'{' {
            return match Role::of(&normalize_key(key)) {
                Role::Says(says) => {
                    let step = self.pass_over(at, value, here)?;
                    if let At(end, _) = step
                        && let Some(remark) = Remark::of(says, key, &self.window.text[value..end])
                    {
                        self.remark(remark)?;
                    }
                    Ok(step)
                }
                _ => Ok(match self.no_object(value, here)? {
                    More(_, here) => More(at, here),
                    step => step,
                }),
            };
        }
        if next == Next::First {
            self.document.is_numbered = key == "0";
        }
        let is_number = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        let id = (!(self.document.is_numbered && is_number)).then_some(key);
        Ok(match self.record(value, here, id)? {
            More(_, here) => More(at, here),
            step => step,
        })
    }

    /// Reads the key that begins at a byte. Returns it and the byte at which its value
    /// begins, or else the step to take.
    fn key(&mut self, at: usize, here: Position) -> Result<Member<'b>, Stop<S::Error>> {
        let text = self.window.text;
        let bytes = self.window.within_limit(at).as_bytes();
        let value = skip_key(bytes, at);
        let token = string(bytes, at);
        let (value, token) = match (value, token) {
            (Ok(value), Ok(token)) if value < bytes.len() => (value, token),
            (Err(fault), _) | (_, Err(fault)) if !self.may_go_on(at, fault) => {
                return match here.container() {
                    Container::Map => self
                        .broken(at, self.why(at, fault), Container::Map)
                        .map(Err),
                    _ if fault.what == Flaw::Incomplete && self.window.last => {
                        self.sink.unread(Unread::OpenWrapper)?;
                        Ok(Err(More(text.len(), here)))
                    }
                    _ => self.give_up(at, Unread::BadWrapper).map(Err),
                };
            }
            _ if self.window.last => {
                self.sink.unread(Unread::OpenWrapper)?;
                return Ok(Err(More(text.len(), here)));
            }
            _ => return Ok(Err(More(at, here))),
        };
        let key = match token.unescaped(text, at) {
            Some(std::borrow::Cow::Borrowed(key)) => key,
            Some(std::borrow::Cow::Owned(key)) => self.record.keep(&key),
            // Half a surrogate pair is no text: its bytes are a name as good as any.
            None => &text[at + 1..token.end - 1],
        };
        Ok(Ok((key, value)))
    }

    /// Passes over a value that holds no record; `from` is where its member begins.
    pub(super) fn pass_over(
        &mut self,
        from: usize,
        value: usize,
        here: Position,
    ) -> Result<Step, Stop<S::Error>> {
        let bytes = self.bytes();
        match skip_value(bytes, value, 0) {
            // A number may go on after the window.
            Ok(end) if end == bytes.len() && !self.window.last => Ok(More(from, here)),
            Ok(end) => {
                if bytes[value] == b'"' && self.holds_customer(value..end) {
                    self.two_places(self.document.jq())?;
                }
                Ok(At(end, here.container().after()))
            }
            Err(fault) if self.may_go_on(from, fault) => Ok(More(from, here)),
            Err(fault) if fault.what == Flaw::Incomplete && self.window.last => {
                self.sink.unread(Unread::OpenWrapper)?;
                Ok(More(bytes.len(), here))
            }
            Err(fault) if fault.what == Flaw::Incomplete => self.give_up(value, Unread::LongValue),
            Err(_) => self.give_up(value, Unread::BadWrapper),
        }
    }
}
