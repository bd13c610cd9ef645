//! Reads what is around the records of a document: which array or map holds them, what
//! it says of itself, and what else is in it.

use std::ops::Range;

use super::between::ELEMENT_SEPARATOR;
use super::lexer::{Flaw, skip_blanks};
use super::object::{Object, Role};
use super::reader::{Reader, Step};
use super::search::{Bound, Search};
use super::state::{Container, MAX_PATH, Next, Path, Place, Position};
use super::wrapped::Within;
use crate::export::format::{MAX_DEPTH, PREVIEW_BYTES};
use crate::export::pages::Remark;
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
        let mut object = Object::default();
        let decoded = self.decode(text, at, 0, &mut object);
        match decoded {
            Ok(end) if end - at <= PREVIEW_BYTES => {
                return self.whole(at, end, here, None, &object);
            }
            Err(fault) if fault.what == Flaw::Incomplete => {
                if self.bytes().len() - at < PREVIEW_BYTES && !self.window.last {
                    return Ok(More(at, here));
                }
            }
            Ok(_) | Err(_) => {}
        }
        let preview = text.floor_char_boundary((at + PREVIEW_BYTES).min(text.len()));
        _ = self.decode(&text[..preview], at, 0, &mut object);
        let is_customer = object.fields.are_a_customers();
        if !is_customer && self.search_object(at..preview, 0, 0) != Search::Nothing {
            return self.open_object(at, here, None);
        }
        match self.decode(text, at, 0, &mut object) {
            Ok(end) => self.whole(at, end, here, None, &object),
            Err(fault) if self.may_go_on(at, fault) => Ok(More(at, here)),
            // A document may be of any size, and may end early.
            Err(fault)
                if !is_customer
                    && fault.what == Flaw::Incomplete
                    && self.bytes().len() - at > PREVIEW_BYTES =>
            {
                self.open_object(at, here, None)
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
        let is_outermost = self.document.path().is_empty();
        match (next, byte) {
            (Next::First | Next::Separator, b']') => self.close(at),
            (Next::Separator, ELEMENT_SEPARATOR) => Ok(At(
                at + 1,
                Position::Between(Container::Elements, Next::Value),
            )),
            (Next::Separator, _) | (Next::Value, b']') => self.give_up(at),
            (Next::First | Next::Value, b'[') => self.open_array(at, here, None),
            (Next::First | Next::Value, b'{') => self.other_object(at, here, is_outermost),
            (Next::First | Next::Value, _) if is_outermost => self.no_object(at, here),
            (Next::First | Next::Value, _) => self.pass_over(at, at, here),
        }
    }

    /// Reads an object in an array that is not one of records: one of several documents,
    /// or something that nobody asked for.
    fn other_object(
        &mut self,
        at: usize,
        here: Position,
        is_outermost: bool,
    ) -> Result<Step, Stop<S::Error>> {
        let text = self.window.within_limit(at);
        let mut object = Object::default();
        let decoded = self.decode(text, at, 0, &mut object);
        let short = decoded.ok().filter(|end| end - at <= PREVIEW_BYTES);
        let is_open = decoded.is_err_and(|fault| fault.what == Flaw::Incomplete);
        if is_open && self.bytes().len() - at < PREVIEW_BYTES && !self.window.last {
            return Ok(More(at, here));
        }
        let mut is_leaf = false;
        let is_customer = if short.is_some() {
            object.fields.are_a_customers() || {
                let within = self.within(self.window.text, &object, 0);
                is_leaf = !within.arrays;
                within.customers == 1
            }
        } else {
            // A long one is told by its first bytes, however many more are there.
            let preview = text.floor_char_boundary((at + PREVIEW_BYTES).min(text.len()));
            _ = self.decode(&text[..preview], at, 0, &mut object);
            object.fields.are_a_customers()
        };
        let is_elsewhere = self.document.place.is_some() || !is_outermost;
        match short {
            _ if is_customer && is_elsewhere => self.elsewhere(elements(&self.document.path()))?,
            _ if is_outermost => return self.document(at, here),
            _ => {}
        }
        match short {
            Some(end) if is_customer || is_leaf => Ok(At(end, here.container().after())),
            _ => self.open_object(at, here, None),
        }
    }

    /// Hands on what the object with this path says of pages, if it is on the way to the
    /// records.
    pub(super) fn remark(&mut self, mut path: Path, remark: Remark) -> Result<(), Stop<S::Error>> {
        // What `links` or `meta` says is said of what is beside it.
        if let Some(last) = path.last()
            && Role::of(&normalize_key(last)) == Role::Beside
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
                }
                Ok(())
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
            return self.give_up(at);
        }
        let key = member.map(|(key, _)| key);
        let path = self.document.path_of(key);
        let mut is_of_records = self.document.is_place_of_array(&path);
        if self.document.place.is_none() {
            let bound = Bound {
                end: self.bytes().len(),
                is_fixed: self.window.last,
            };
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

    /// Opens the object that begins at a byte: a map of records, or anything else.
    pub(super) fn open_object(
        &mut self,
        at: usize,
        here: Position,
        member: Option<(&str, usize)>,
    ) -> Result<Step, Stop<S::Error>> {
        let from = member.map_or(at, |(_, from)| from);
        if self.document.frames.len() >= MAX_DEPTH as usize {
            return self.give_up(at);
        }
        let key = member.map(|(key, _)| key);
        let path = self.document.path_of(key);
        let mut is_map = self.document.is_place_of_map(&path);
        if self.document.place.is_none() && path.len() <= MAX_PATH {
            let bound = Bound {
                end: self.bytes().len(),
                is_fixed: self.window.last,
            };
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
        if key.is_none() {
            self.remark(self.document.path(), Remark::Page)?;
        }
        if path.is_empty() {
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
        let closed = self.document.frames.pop();
        let is_document = closed.is_some_and(|frame| frame.is_object)
            && self.document.path().is_empty()
            && self.document.frames.iter().all(|frame| !frame.is_object);
        if is_document && !self.document.is_met {
            match &self.document.place {
                None if self.document.has_room => self.document.empty_page = true,
                // Something was in another place, and was reported.
                Some(_) if self.document.reported.two_places => {}
                _ => self.sink.rejected(at, Unreadable::NoField)?,
            }
        }
        Ok(At(at + 1, self.document.around().after()))
    }

    /// Reports, once, that customers are elsewhere than the records.
    pub(super) fn elsewhere(&mut self, other: String) -> Result<(), Stop<S::Error>> {
        if std::mem::replace(&mut self.document.reported.two_places, true) {
            return Ok(());
        }
        let judged = self.document.place.as_ref();
        let judged = judged.map(|place| elements(&place.path));
        self.sink.unread(Unread::TwoPlaces { judged, other })
    }
}

/// Returns how `jq` names the elements of an array with this path.
fn elements(path: &Path) -> String {
    match path.is_empty() {
        true => ".[]".to_owned(),
        false => jq(path) + "[]",
    }
}

/// Returns how `jq` names a value with this path.
pub(super) fn jq(path: &Path) -> String {
    let mut named = String::new();
    for key in path {
        let is_plain = !key.is_empty()
            && !key.starts_with(|c: char| c.is_ascii_digit())
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match is_plain {
            true => named.extend([".", key]),
            false => named.extend([".[", &serde_json::Value::from(&**key).to_string(), "]"]),
        }
    }
    named
}
