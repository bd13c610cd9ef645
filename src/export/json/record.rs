//! Decides what a whole object of an export is: a record, what wraps one, a document, a
//! line of a protocol or none of these.

use super::lexer::{skip_blanks, skip_value};
use super::object::Object;
use super::reader::{Reader, Step};
use super::recover::Recovery;
use super::state::{Container, Place, Position};
use crate::export::sink::{Sink, Stop, Unread, Unreadable};
use crate::record::{Raw, Slot};

use Step::{At, More};

impl<'b, S: Sink> Reader<'_, 'b, '_, S> {
    /// Reads an object, which should be a record, or wrap one; in a map, under a key.
    pub(super) fn record(
        &mut self,
        at: usize,
        here: Position,
        key: Option<&'b str>,
    ) -> Result<Step, Stop<S::Error>> {
        let mut object = std::mem::take(&mut self.object);
        let text = self.window.within_limit(at);
        let step = match self.decode(text, at, 0, &mut object) {
            Ok(end) if object.fields.are_a_customers() && self.window.flaws.is_empty() => {
                let after = here.container().after();
                self.accept(at, key).map(|()| At(end, after))
            }
            Ok(end) => self.whole(at, end, here, key, &object),
            Err(fault) if self.may_go_on(at, fault) => Ok(More(at, here)),
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        };
        self.object = object;
        step
    }

    /// Hands on the record that was read.
    fn accept(&mut self, at: usize, key: Option<&'b str>) -> Result<(), Stop<S::Error>> {
        if let Some(key) = key
            && self.record.cell(Slot::ID).is_missing()
        {
            self.record.set(self.schema, Slot::ID, Raw::Text(key));
        }
        if self.document.place.is_none() {
            if std::mem::take(&mut self.document.empty_page) {
                self.sink.rejected(at, Unreadable::NoField)?;
            }
            self.set_place(Place::default())?;
        }
        self.decoder.accept();
        self.sink.record(&self.record)
    }

    /// Hands on an object that was decoded to its end: a record, what wraps one, or what
    /// is none.
    pub(super) fn whole(
        &mut self,
        at: usize,
        end: usize,
        here: Position,
        key: Option<&'b str>,
        object: &Object,
    ) -> Result<Step, Stop<S::Error>> {
        let after = At(end, here.container().after());
        if let Some(flaw) = self.window.flaw(at..end) {
            self.sink.rejected(at, Unreadable::NotUtf8(flaw - at))?;
            return Ok(after);
        }
        if object.fields.are_a_customers() {
            self.accept(at, key)?;
            return Ok(after);
        }
        if self.is_protocol(object) {
            self.sink.protocol_line()?;
            return Ok(after);
        }
        let within = self.within(self.window.text, object, 0);
        if within.change {
            self.sink.unread(Unread::Changes)?;
            return Ok(after);
        }
        if self.is_document(at..end, here.container(), object, &within) {
            return self.open_object(at, here, None);
        }
        // The search for a document reads other objects.
        self.load_again(&within);
        if object.says && matches!(here.container(), Container::Lines | Container::Elements) {
            self.remarks(at..end)?;
        }
        match within.customers {
            1 => self.accept(at, key)?,
            0 if !object.fields.is_empty() => {
                let mut object = Object::default();
                // It was whole.
                _ = self.decode(self.window.text, at, 0, &mut object);
                self.accept(at, key)?;
            }
            0 => self.sink.rejected(at, Unreadable::NoField)?,
            _ => self.sink.rejected(at, Unreadable::Several)?,
        }
        Ok(after)
    }

    /// Reads a text in place of a record: it may be one in JSON.
    pub(super) fn text(&mut self, at: usize, here: Position) -> Result<Step, Stop<S::Error>> {
        let bytes = self.window.within_limit(at).as_bytes();
        let end = match skip_value(bytes, at, 0) {
            Ok(end) => end,
            Err(fault) if self.may_go_on(at, fault) => return Ok(More(at, here)),
            Err(fault) => return self.broken(at, self.why(at, fault), here.container()),
        };
        if matches!(here.container(), Container::Records | Container::Lines) {
            let colon = skip_blanks(bytes, end);
            if colon == bytes.len() && !self.window.last {
                return Ok(More(at, here));
            }
            if bytes.get(colon) == Some(&b':') {
                // It is the first key of a record whose brace was lost.
                let why = Unreadable::NotJson("`{` before the first key of a record");
                self.sink.rejected(at, why)?;
                let recovery = Recovery::within_object();
                return Ok(At(end, Position::Broken(recovery, here.container())));
            }
        }
        let after = At(end, here.container().after());
        if let Some(flaw) = self.window.flaw(at..end) {
            self.sink.rejected(at, Unreadable::NotUtf8(flaw - at))?;
            return Ok(after);
        }
        let mut object = Object::default();
        let inner = self.object_of(self.window.text, &(at..end));
        let decoded = inner.and_then(|(text, start)| {
            let end = self.decode(text, start, 1, &mut object).ok()?;
            (skip_blanks(text.as_bytes(), end) == text.len()).then_some((text, start))
        });
        let Some((text, start)) = decoded else {
            self.sink.rejected(at, Unreadable::NotAnObject)?;
            return Ok(after);
        };
        let is_customer = object.fields.are_a_customers() || {
            let within = self.within(text, &object, 1);
            within.customers == 1
                || (!object.fields.is_empty() && self.decode(text, start, 1, &mut object).is_ok())
        };
        match is_customer {
            true => self.accept(at, None)?,
            false => self.sink.rejected(at, Unreadable::NoField)?,
        }
        Ok(after)
    }
}
