//! Decides what a whole object of an export is: a record, what wraps one, a document, a
//! line of a protocol or none of these.

use std::ops::Range;

use super::lexer::{skip_blanks, skip_value};
use super::object::Object;
use super::reader::{Reader, Step};
use super::recover::Recovery;
use super::search::Search;
use super::state::{Container, Next, Place, Position};
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
        let step = match self.decode_again(text, at, &mut object) {
            Ok(end)
                if object.fields.are_a_customers()
                    && !object.arrays
                    && self.window.flaws.is_empty() =>
            {
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
        let flaw = self.window.flaw(at..end).map(|flaw| flaw - at);
        if object.fields.are_a_customers() {
            if let Some(flaw) = flaw {
                self.sink.rejected(at, Unreadable::NotUtf8(flaw))?;
                return Ok(after);
            }
            if object.arrays {
                self.report_others(at..end)?;
                // The search has read something else into the record.
                _ = self.decode(self.window.text, at, 0, &mut Object::default());
            }
            self.accept(at, key)?;
            return Ok(after);
        }
        let within = self.within(self.window.text, object, 0);
        if within.change {
            self.sink.unread(Unread::Changes)?;
            return Ok(after);
        }
        if self.is_document(at..end, here.container(), object, &within) {
            return self.open_object(at, here, None, true);
        }
        if let Some(flaw) = flaw {
            self.sink.rejected(at, Unreadable::NotUtf8(flaw))?;
            return Ok(after);
        }
        // A page after one in which a bracket was lost.
        if here.container() == Container::Records
            && !self.document.is_plain()
            && object.fields.is_empty()
            && within.customers == 0
            && within.arrays
            && self.search_object(at..end, 0, 0) == Search::Inside
        {
            self.sink.unread(Unread::BadWrapper)?;
            self.document.frames.clear();
            let here = Position::Between(Container::Lines, Next::Value);
            return self.open_object(at, here, None, true);
        }
        if within.customers == 0 && self.is_protocol(object) {
            self.sink.protocol_line()?;
            return Ok(after);
        }
        if matches!(here.container(), Container::Lines | Container::Elements) {
            if object.says || within.customers > 0 {
                self.remarks(at..end, self.place_of(&within))?;
            }
        } else if within.customers == 1
            && within.arrays
            && self.search_object(at..end, 0, 0) != Search::Nothing
        {
            self.others_in_records()?;
        }
        match within.customers {
            1 => {
                if within.near > 0 {
                    // Another customer, it seems, of whom less is known.
                    self.two_places(".. | objects".to_owned())?;
                }
                self.load_last(&within);
                self.accept(at, key)?;
            }
            0 if object.is_crowded() => self.sink.rejected(at, Unreadable::Several)?,
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

    /// Reports customers in an array within a record, of whom the run asks something.
    fn report_others(&mut self, record: Range<usize>) -> Result<(), Stop<S::Error>> {
        self.is_in_record = true;
        let found = self.search_object(record, 0, 0);
        self.is_in_record = false;
        match found {
            Search::Inside => self.others_in_records(),
            Search::Here | Search::Nothing | Search::More => Ok(()),
        }
    }

    /// Reports that there are customers in arrays within records.
    fn others_in_records(&mut self) -> Result<(), Stop<S::Error>> {
        let within = ".. | arrays | .[]";
        self.two_places(match self.document.frames.is_empty() {
            true => within.to_owned(),
            false => format!("{} | {within}", self.document.jq()),
        })
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
            if within.change {
                self.sink.unread(Unread::Changes)?;
                return Ok(after);
            }
            if within.customers > 1 {
                self.sink.rejected(at, Unreadable::Several)?;
                return Ok(after);
            }
            if within.customers == 1 {
                self.load_last(&within);
            }
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
