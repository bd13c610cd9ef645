//! Reads the members of an object that is not a record.

use super::between::ELEMENT_SEPARATOR;
use super::document::jq;
use super::lexer::{Flaw, skip_key, skip_value, string};
use super::object::{Object, Role};
use super::reader::{Reader, Step};
use super::state::{Container, Next, Position};
use crate::export::format::PREVIEW_BYTES;
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
            _ => return self.give_up(at),
        }
        let (key, value) = match self.key(at, here.clone())? {
            Ok(found) => found,
            Err(step) => return Ok(step),
        };
        let role = Role::of(&normalize_key(key));
        match (self.bytes()[value], role) {
            (b'[' | b'{', Role::Says(says)) => self.said_at_length(at, (key, value), says, here),
            (_, Role::Says(says)) => {
                let step = self.pass_over(at, value, here)?;
                if let At(end, _) = step
                    && let Some(remark) = Remark::of(says, key, self.window.text[value..end].trim())
                {
                    self.remark(self.document.path(), remark)?;
                }
                Ok(step)
            }
            (b'[', _) => self.open_array(value, here, Some((key, at))),
            (b'{', _) => self.member_object(value, here, (key, at)),
            _ => self.pass_over(at, value, here),
        }
    }

    /// Reads an array or an object that says something by its key, and in which customers
    /// may be all the same.
    fn said_at_length(
        &mut self,
        at: usize,
        (key, value): (&'b str, usize),
        says: Says,
        here: Position,
    ) -> Result<Step, Stop<S::Error>> {
        let bytes = self.bytes();
        let end = match skip_value(bytes, value, 0) {
            Ok(end) if end - value <= PREVIEW_BYTES => end,
            _ if bytes.len() - value > PREVIEW_BYTES => bytes.len(),
            Ok(_) | Err(_) if !self.window.last => return Ok(More(at, here)),
            Ok(end) => end,
            Err(_) => bytes.len(),
        };
        let (path, remark) = (
            self.document.path(),
            Remark::of(says, key, &self.window.text[value..end]),
        );
        let step = match bytes[value] {
            b'[' => self.open_array(value, here, Some((key, at)))?,
            _ => self.member_object(value, here, (key, at))?,
        };
        if let (At(..), Some(remark)) = (&step, remark) {
            self.remark(path, remark)?;
        }
        Ok(step)
    }

    /// Reads an object that is a member of another: it may be a customer, where records
    /// are elsewhere.
    fn member_object(
        &mut self,
        value: usize,
        here: Position,
        (key, at): (&'b str, usize),
    ) -> Result<Step, Stop<S::Error>> {
        let text = self.window.within_limit(value);
        let mut object = Object::default();
        match self.decode(text, value, 0, &mut object) {
            Ok(end) if object.fields.are_a_customers() => {
                self.elsewhere(jq(&self.document.path_of(Some(key))))?;
                Ok(At(end, here.container().after()))
            }
            Err(fault) if fault.what == Flaw::Incomplete && self.may_be_short(value) => {
                Ok(More(at, here))
            }
            Ok(_) | Err(_) => self.open_object(value, here, Some((key, at))),
        }
    }

    /// Whether a value that begins at a byte may end within as many bytes as are looked at.
    fn may_be_short(&self, value: usize) -> bool {
        !self.window.last && self.bytes().len() - value < PREVIEW_BYTES
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
            // The search for the next entry would end here at once, again and again.
            (Next::First | Next::Value | Next::Separator, b']') => return self.give_up(at),
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
                        self.remark(self.document.path(), remark)?;
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
                    _ => self.give_up(at).map(Err),
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
            Ok(end) => Ok(At(end, here.container().after())),
            Err(fault) if self.may_go_on(from, fault) => Ok(More(from, here)),
            Err(fault) if fault.what == Flaw::Incomplete && self.window.last => {
                self.sink.unread(Unread::OpenWrapper)?;
                Ok(More(bytes.len(), here))
            }
            Err(_) => self.give_up(value),
        }
    }
}
