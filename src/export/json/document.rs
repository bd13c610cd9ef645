//! Reads what is around the records of a document: which array or map holds them, what
//! it says of itself, and what else is in it.

use std::ops::Range;

use super::between::ELEMENT_SEPARATOR;
use super::decode::MAX_WRAPPERS;
use super::lexer::{Flaw, skip_blanks};
use super::object::{Object, Role};
use super::reader::{Reader, Step};
use super::search::{Bound, Search};
use super::state::{Container, MAX_PATH, Next, Place, Position};
use super::wrapped::Within;
use crate::export::format::{MAX_DEPTH, PREVIEW_BYTES};
use crate::export::pages::{Remark, Says};
use crate::export::sink::{Sink, Stop, Unread, Unreadable};
use crate::record::field::normalize_key;

use Step::{At, More};

/// How many remarks are kept until it is known where the records are.
const MAX_PENDING: usize = 64;

impl<'b, S: Sink> Reader<'_, 'b, '_, S> {
    /// Reads an object that is a record or a document, or one of the documents of an
    /// array; what it is depends on its first bytes alone.
    pub(super) fn document(&mut self, at: usize, here: Position) -> Result<Step, Stop<S::Error>> {
        let text = self.window.within_limit(at);
        let preview = self.window.preview(at, text.len());
        let mut object = Object::default();
        match self.decode(preview, at, 0, &mut object) {
            Ok(end) => return self.whole(at, end, here, None, &object),
            Err(fault) if fault.what == Flaw::Incomplete => {
                if self.bytes().len() - at < PREVIEW_BYTES && !self.window.last {
                    return Ok(More(at, here));
                }
            }
            Err(_) => {}
        }
        let is_customer = object.fields.are_a_customers();
        if object.is_change() && !is_customer {
            self.sink.unread(Unread::Changes)?;
            return self.open_object(at, here, None, false);
        }
        if !is_customer && self.search_object(at..preview.len(), 0, 0) != Search::Nothing {
            return self.open_object(at, here, None, true);
        }
        match self.decode_again(text, at, &mut object) {
            Ok(end) => self.whole(at, end, here, None, &object),
            Err(fault) if self.may_go_on(at, fault) => Ok(More(at, here)),
            // A document may be of any size, and may end early.
            Err(fault)
                if !is_customer
                    && fault.what == Flaw::Incomplete
                    && self.bytes().len() - at > PREVIEW_BYTES =>
            {
                self.open_object(at, here, None, true)
            }
            Err(fault) => self.broken(at, self.why(at, fault), here.container()),
        }
    }

    /// Returns whether an object that is no customer is a document, with records
    /// somewhere in it or room for them.
    pub(super) fn is_document(
        &mut self,
        object: Range<usize>,
        container: Container,
        decoded: &Object,
        within: &Within<'_>,
    ) -> bool {
        if !matches!(container, Container::Lines | Container::Elements) {
            return false;
        }
        let is_room = match &self.document.place {
            // Its array of records may be empty.
            Some(_) if !self.document.is_plain() => within.arrays || within.empty_arrays,
            Some(_) => false,
            None => within.empty_arrays && decoded.fields.is_empty() && within.customers == 0,
        };
        let may_hold = within.arrays || within.customers > 1;
        is_room || may_hold && self.search_object(object, 0, 0) != Search::Nothing
    }

    /// Reads an element of an array that is not one of records, or what separates two.
    pub(super) fn other_element(
        &mut self,
        at: usize,
        byte: u8,
        next: Next,
    ) -> Result<Step, Stop<S::Error>> {
        let here = Position::Between(Container::Elements, next);
        let is_outermost = self.document.frames.iter().all(|frame| frame.key.is_none());
        match (next, byte) {
            (Next::First | Next::Separator, b']') => self.close(at),
            (Next::Separator, ELEMENT_SEPARATOR) => Ok(At(
                at + 1,
                Position::Between(Container::Elements, Next::Value),
            )),
            (Next::Separator, _) | (Next::Value, b']') => self.give_up(at, Unread::BadWrapper),
            (Next::First | Next::Value, b'[') => self.open_array(at, here, None),
            (Next::First | Next::Value, b'{') if is_outermost => self.other_document(at, here),
            (Next::First | Next::Value, b'{') => match self.pass_over_plain(at) {
                Some(end) => Ok(At(end, here.container().after())),
                None => self.open_object(at, here, None, true),
            },
            (Next::First | Next::Value, _) if is_outermost => self.no_object(at, here),
            (Next::First | Next::Value, _) => self.pass_over(at, at, here),
        }
    }

    /// Reads an object in an array of documents, which is not one of records.
    fn other_document(&mut self, at: usize, here: Position) -> Result<Step, Stop<S::Error>> {
        if self.document.place.is_some() {
            let text = self.window.within_limit(at);
            let mut object = Object::default();
            let decoded = self.decode(text, at, 0, &mut object);
            let is_open = decoded.is_err_and(|fault| fault.what == Flaw::Incomplete);
            if is_open && self.bytes().len() - at < PREVIEW_BYTES && !self.window.last {
                return Ok(More(at, here));
            }
            let preview = self.window.preview(at, text.len());
            _ = self.decode(preview, at, 0, &mut object);
            if object.fields.are_a_customers() {
                // It is in another place than the records.
                return self.open_object(at, here, None, false);
            }
        }
        self.document(at, here)
    }

    /// Returns the byte after an object of which nothing is said or counted if it is opened:
    /// there may be millions of them beside the records.
    fn pass_over_plain(&mut self, at: usize) -> Option<usize> {
        // Records are no deeper, and no byte is looked at for all that is around it.
        if self.document.frames.len() > 2 * MAX_PATH {
            return None;
        }
        let preview = self.window.preview(at, self.bytes().len());
        self.end_of_plain(preview, at, 0)
    }

    fn end_of_plain(&mut self, text: &'b str, at: usize, wrappers: usize) -> Option<usize> {
        let mut object = Object::default();
        let end = self.decode(text, at, wrappers, &mut object).ok()?;
        let is_object = |value: &Range<usize>| text.as_bytes()[value.start] == b'{';
        let mut is_plain = object.is_plain();
        for inner in &object.inner {
            is_plain = is_plain
                && wrappers < MAX_WRAPPERS
                && is_object(&inner.value)
                && self
                    .end_of_plain(text, inner.value.start, wrappers + 1)
                    .is_some();
        }
        is_plain.then_some(end)
    }

    /// Returns the bound of a search in all bytes that are read.
    fn ahead(&self) -> Bound {
        Bound {
            end: self.bytes().len(),
            is_fixed: self.window.last,
        }
    }

    /// Hands on what the innermost object says of pages, if it is on the way to the
    /// records.
    pub(super) fn remark(&mut self, remark: Remark) -> Result<(), Stop<S::Error>> {
        let mut path = self.document.path();
        // What `links` or `meta` says is said of what is beside it.
        while let Some(last) = path.last()
            && matches!(
                Role::of(&normalize_key(last)),
                Role::Beside | Role::Says(Says::Records | Says::Pages)
            )
            && !self.document.is_on_the_way(&path).unwrap_or(false)
        {
            path.pop();
        }
        match self.document.is_on_the_way(&path) {
            Some(true) => self.sink.remark(remark),
            Some(false) => Ok(()),
            None => {
                if self.document.pending.len() < MAX_PENDING {
                    self.document.pending.push((path, remark));
                    return Ok(());
                }
                // Rather one too many than one that is lost.
                self.sink.remark(remark)
            }
        }
    }

    /// Opens the array that begins at a byte: of records, or of anything else. If it is a
    /// member of an object, its key and where that begins are given.
    pub(super) fn open_array(
        &mut self,
        at: usize,
        here: Position,
        member: Option<(&str, usize)>,
    ) -> Result<Step, Stop<S::Error>> {
        let from = member.map_or(at, |(_, from)| from);
        if self.document.frames.len() >= MAX_DEPTH as usize {
            return self.give_up(at, Unread::BadWrapper);
        }
        let key = member.map(|(key, _)| key);
        let path = self.document.path_of(key);
        let mut is_of_records = self.document.is_place_of_array(&path);
        if self.document.place.is_none() {
            let bound = self.ahead();
            let search = match path.len() <= MAX_PATH {
                true => self.search_array(at + 1, path.len(), 0, bound),
                false => Search::Nothing,
            };
            let first = self.bytes().get(skip_blanks(self.bytes(), at + 1));
            is_of_records = match search {
                Search::Here => true,
                Search::More => return Ok(More(from, here)),
                // Where nothing else holds records, the elements of an array are what
                // should be records.
                Search::Nothing => {
                    self.document.frames.is_empty() && !matches!(first, None | Some(b']'))
                }
                Search::Inside => false,
            };
            if first == Some(&b']') && !path.is_empty() {
                self.document.has_room = true;
            }
            if is_of_records {
                let is_map = false;
                self.set_place(Place { path, is_map })?;
            }
        }
        self.document.open(false, key);
        self.document.is_met |= is_of_records;
        let container = match is_of_records {
            true => Container::Records,
            false => Container::Elements,
        };
        Ok(At(at + 1, Position::Between(container, Next::First)))
    }

    /// Opens the object that begins at a byte: a map of records, if it may be one, or
    /// anything else.
    pub(super) fn open_object(
        &mut self,
        at: usize,
        here: Position,
        member: Option<(&str, usize)>,
        may_be_map: bool,
    ) -> Result<Step, Stop<S::Error>> {
        let from = member.map_or(at, |(_, from)| from);
        if self.document.frames.len() >= MAX_DEPTH as usize {
            return self.give_up(at, Unread::BadWrapper);
        }
        let key = member.map(|(key, _)| key);
        let path = self.document.path_of(key);
        let mut is_map = may_be_map && self.document.is_place_of_map(&path);
        if may_be_map && self.document.place.is_none() && path.len() <= MAX_PATH {
            let bound = self.ahead();
            is_map = match self.search_map(at, path.len(), bound) {
                Search::More => return Ok(More(from, here)),
                Search::Here | Search::Inside => true,
                Search::Nothing => false,
            };
            if is_map {
                let path = path.clone();
                self.set_place(Place { path, is_map })?;
            }
        }
        if path.is_empty() {
            self.sink.remark(Remark::Page)?;
            self.document.is_met = false;
            self.document.has_room = false;
        }
        self.document.open(true, key);
        self.document.is_met |= is_map;
        let container = match is_map {
            true => Container::Map,
            false => Container::Members,
        };
        Ok(At(at + 1, Position::Between(container, Next::First)))
    }

    /// Closes the innermost array or object, whose last byte this is.
    pub(super) fn close(&mut self, at: usize) -> Result<Step, Stop<S::Error>> {
        let is_customer = self.document.frames.last();
        if is_customer.is_some_and(|frame| frame.fields.are_a_customers()) {
            self.two_places(self.document.jq())?;
        }
        let closed = self.document.frames.pop();
        let is_document = closed.is_some_and(|frame| frame.is_object)
            && self.document.path().is_empty()
            && self.document.frames.iter().all(|frame| !frame.is_object);
        if is_document && !self.document.is_met {
            match &self.document.place {
                // Something was in another place, and was reported.
                _ if self.document.reported.two_places => {}
                None if self.document.has_room => self.document.empty_page = true,
                _ => self.sink.rejected(at, Unreadable::NoField)?,
            }
        }
        Ok(At(at + 1, self.document.around().after()))
    }

    /// Reports, once, that customers are in a second place, as `jq` names it.
    pub(super) fn two_places(&mut self, other: String) -> Result<(), Stop<S::Error>> {
        if std::mem::replace(&mut self.document.reported.two_places, true) {
            return Ok(());
        }
        let place = self.document.place.as_ref();
        let judged = place.map(Place::jq);
        self.sink.unread(Unread::TwoPlaces { judged, other })
    }
}
