//! Looks ahead for the records of a document: which array holds them, or which object
//! has them as its values.
//!
//! What is found depends on the first bytes of a document alone, and not on how many of
//! them were read so far: where that is open, more are asked for.

use std::borrow::Cow;
use std::ops::Range;

use super::between::ELEMENT_SEPARATOR;
use super::lexer::{Fault, Flaw, skip_blanks, skip_key, skip_value, string};
use super::object::{Object, Role};
use super::reader::{Reader, indent};
use super::recover::{Found, Recovery, Trust};
use super::state::{Container, MAX_PATH};
use crate::export::format::{MAX_DEPTH, PREVIEW_BYTES};
use crate::export::sink::Sink;
use crate::record::field::normalize_key;
use crate::record::{Fields, Key};

/// The most elements of an array that are looked at for a customer.
const MAX_ELEMENTS: usize = 1000;

/// How many bytes of an array or an object are looked at for a customer.
pub(super) const MAX_SEARCH_BYTES: usize = 1 << 20;

/// Says what a search for records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// It is what holds the records.
    Here,
    /// Something in it holds the records.
    Inside,
    /// There are none.
    Nothing,
    /// More bytes may tell.
    More,
}

/// Says how far a search goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// The byte before which it ends.
    pub end: usize,
    /// No more bytes count, even if more are read.
    pub is_fixed: bool,
}

/// Says what an element of an array is to a search.
enum Element {
    Customer,
    HoldsRecords,
    Other(usize),
    Unknown,
    More,
}

impl<'b, S: Sink> Reader<'_, 'b, '_, S> {
    /// Returns whether the array whose elements begin at a byte is one of records; its
    /// path has so many keys.
    pub(super) fn search_array(
        &mut self,
        start: usize,
        keys: usize,
        depth: u32,
        bound: Bound,
    ) -> Search {
        let bytes = &self.bytes()[..bound.end];
        let mut at = start;
        let mut elements = 0;
        while elements < MAX_ELEMENTS && at - start <= MAX_SEARCH_BYTES {
            at = skip_blanks(bytes, at);
            let Some(byte) = bytes.get(at) else {
                return bound.open();
            };
            let found = match byte {
                b']' => return Search::Nothing,
                &ELEMENT_SEPARATOR => {
                    at += 1;
                    continue;
                }
                b'{' => self.search_element(at, keys, depth, bound),
                b'[' if depth < MAX_DEPTH => {
                    match self.search_array(at + 1, keys, depth + 1, bound) {
                        Search::Here => Element::Customer,
                        Search::Inside => Element::HoldsRecords,
                        Search::More => Element::More,
                        Search::Nothing => self.other(at, bound),
                    }
                }
                b'"' => self.search_text(at, bound),
                _ => self.other(at, bound),
            };
            at = match found {
                Element::Customer => return Search::Here,
                Element::HoldsRecords => return Search::Inside,
                Element::Other(end) => end,
                Element::Unknown => return Search::Nothing,
                Element::More => return Search::More,
            };
            elements += 1;
        }
        Search::Nothing
    }

    /// Returns what an object is that begins at a byte.
    fn search_element(&mut self, at: usize, keys: usize, depth: u32, bound: Bound) -> Element {
        let text = &self.window.text[..bound.end];
        let mut object = Object::default();
        let decoded = self.decode(text, at, 0, &mut object);
        let is_short = decoded.is_ok_and(|end| end <= at + PREVIEW_BYTES);
        if !is_short {
            let is_open = decoded.is_err_and(|fault| fault.what == Flaw::Incomplete);
            if is_open && !bound.is_fixed && bound.end - at < PREVIEW_BYTES {
                return Element::More;
            }
            // A long object is recognised by its first bytes, however many more are read.
            let preview = self.window.preview(at, bound.end);
            _ = self.decode(preview, at, 0, &mut object);
            if self.is_customer(object.fields) {
                return Element::Customer;
            }
            if self.search_object(at..preview.len(), keys, depth) != Search::Nothing {
                return Element::HoldsRecords;
            }
        }
        match decoded {
            Ok(end) => {
                let text = self.window.text;
                _ = self.decode(text, at, 0, &mut object);
                if self.is_customer(object.fields) {
                    return Element::Customer;
                }
                let within = self.within(text, &object, 0);
                if within.change {
                    return Element::Other(end);
                }
                if (within.arrays || within.customers > 1)
                    && self.search_object(at..end, keys, depth) != Search::Nothing
                {
                    return Element::HoldsRecords;
                }
                match within.customers {
                    1 => Element::Customer,
                    _ => Element::Other(end),
                }
            }
            Err(fault) if fault.what == Flaw::Incomplete => match bound.is_fixed {
                true => Element::Unknown,
                false if bound.end - at > self.window.limit => Element::Unknown,
                false => Element::More,
            },
            Err(_) => self.recovered(at, bound),
        }
    }

    /// Passes over a value that cannot be read.
    fn recovered(&self, at: usize, bound: Bound) -> Element {
        let bytes = &self.bytes()[..bound.end];
        let mut recovery = Recovery::new(true, Some(b']'), indent(bytes, at), Trust::Lines);
        match recovery.scan(&bytes[at..]) {
            Ok(Found::End(found) | Found::Record(found)) => Element::Other(at + found),
            Err(_) if bound.is_fixed => Element::Unknown,
            Err(_) => Element::More,
        }
    }

    /// Returns what a text is that begins at a byte.
    fn search_text(&mut self, at: usize, bound: Bound) -> Element {
        let Ok(token) = string(&self.bytes()[..bound.end], at) else {
            return self.other(at, bound);
        };
        match self.holds_customer(at..token.end) {
            true => Element::Customer,
            false => Element::Other(token.end),
        }
    }

    /// Returns whether a text holds a customer in JSON.
    pub(super) fn holds_customer(&mut self, value: Range<usize>) -> bool {
        let object = self.object_of(self.window.text, &value);
        object.is_some_and(|(text, start)| {
            let mut object = Object::default();
            self.decode(text, start, 1, &mut object).is_ok()
                && (self.is_customer(object.fields) || self.within(text, &object, 1).customers > 0)
        })
    }

    /// Returns whether an object with these fields is a customer to the search.
    fn is_customer(&self, fields: Fields) -> bool {
        fields.are_a_customers() && (!self.is_in_record || fields.meets(self.schema.asked()))
    }

    /// Passes over a value that holds no record.
    fn other(&self, at: usize, bound: Bound) -> Element {
        match skip_value(&self.bytes()[..bound.end], at, 1) {
            Ok(end) if end < bound.end || bound.is_fixed => Element::Other(end),
            Ok(_) => Element::More,
            Err(fault) if fault.what == Flaw::Incomplete => {
                let is_long = bound.end - at > MAX_SEARCH_BYTES;
                match bound.is_fixed || is_long {
                    true => Element::Unknown,
                    false => Element::More,
                }
            }
            Err(_) => self.recovered(at, bound),
        }
    }

    /// Returns whether an object holds an array of records in it, or is a map of records
    /// itself; its path has so many keys. It ends with these bytes, or nothing of it is
    /// looked at beyond them.
    pub(super) fn search_object(
        &mut self,
        object: Range<usize>,
        keys: usize,
        depth: u32,
    ) -> Search {
        if depth == MAX_DEPTH {
            return Search::Nothing;
        }
        let text = &self.window.text[..self.window.text.floor_char_boundary(object.end)];
        let bytes = text.as_bytes();
        let bound = Bound {
            end: bytes.len(),
            is_fixed: true,
        };
        let mut at = object.start + 1;
        let (mut may_be_map, mut customers) = (true, 0);
        loop {
            let key = skip_blanks(bytes, at);
            let (Ok(value), Some(b'"')) = (skip_key(bytes, key), bytes.get(key)) else {
                return Search::Nothing;
            };
            let is_field = self.is_field(key);
            may_be_map &= !is_field;
            match bytes.get(value) {
                Some(b'[') if keys < MAX_PATH && !is_field => {
                    match self.search_array(value + 1, keys + 1, depth + 1, bound) {
                        Search::Nothing => {}
                        Search::Here | Search::Inside | Search::More => return Search::Inside,
                    }
                }
                Some(b'{') => {
                    let mut object = Object::default();
                    let decoded = self.decode(text, value, 1, &mut object);
                    let is_broken = decoded.is_err_and(|fault| fault.what != Flaw::Incomplete)
                        && !self.is_image(key);
                    // One that is broken is what it shows.
                    if (decoded.is_ok() || is_broken) && self.is_customer(object.fields) {
                        customers += 1;
                        if may_be_map && customers == 2 {
                            return Search::Here;
                        }
                    } else {
                        may_be_map &= is_broken;
                        let end = decoded.unwrap_or(bytes.len());
                        if keys < MAX_PATH
                            && !is_field
                            && self.search_object(value..end, keys + 1, depth + 1)
                                != Search::Nothing
                        {
                            return Search::Inside;
                        }
                    }
                }
                _ => {}
            }
            let end = match skip_value(bytes, value, 1) {
                Ok(end) => Some(end),
                Err(fault) => end_of_broken(bytes, value, fault),
            };
            let Some(end) = end else {
                return Search::Nothing;
            };
            at = skip_blanks(bytes, end);
            match bytes.get(at) {
                Some(&ELEMENT_SEPARATOR) => at += 1,
                _ => return Search::Nothing,
            }
        }
    }

    /// Returns whether the values of the object that begins at a byte are records: none
    /// of its keys is a field, and its first two objects are customers. Its path has so
    /// many keys.
    pub(super) fn search_map(&mut self, start: usize, keys: usize, bound: Bound) -> Search {
        let text = &self.window.text[..bound.end];
        let bytes = text.as_bytes();
        let mut at = start + 1;
        let mut customers = 0;
        // A customer may be longer than the search, which is from here on.
        let mut start = start;
        while at - start <= MAX_SEARCH_BYTES {
            let key = skip_blanks(bytes, at);
            if key == bytes.len() {
                return bound.open();
            }
            let value = match skip_key(bytes, key) {
                Ok(value) if value < bytes.len() => value,
                Ok(_) => return bound.open(),
                Err(fault) if fault.what == Flaw::Incomplete => {
                    return bound.open_from(start);
                }
                Err(_) => return Search::Nothing,
            };
            if self.is_field(key) {
                return Search::Nothing;
            }
            let end = match bytes[value] {
                // An array of records is looked for first.
                b'[' if keys < MAX_PATH => match self.search_array(value + 1, keys + 1, 0, bound) {
                    Search::Here | Search::Inside => return Search::Nothing,
                    Search::More => return Search::More,
                    Search::Nothing => match skip_value(bytes, value, 1) {
                        Ok(end) => end,
                        Err(fault) if fault.what == Flaw::Incomplete => {
                            return bound.open_from(start);
                        }
                        Err(_) => return Search::Nothing,
                    },
                },
                b'{' => {
                    let mut object = Object::default();
                    let decoded = self.decode(text, value, 1, &mut object);
                    let is_customer = self.is_customer(object.fields);
                    match decoded {
                        Ok(_) if !is_customer => return Search::Nothing,
                        Ok(_) if customers == 1 => return Search::Here,
                        Ok(end) => {
                            customers += 1;
                            start += end - value;
                            end
                        }
                        Err(fault) if fault.what == Flaw::Incomplete => {
                            // A long object is recognised by its first bytes.
                            let preview = self.window.preview(value, bytes.len());
                            _ = self.decode(preview, value, 1, &mut object);
                            let may_be_customer = self.is_customer(object.fields);
                            if bound.end - value >= PREVIEW_BYTES && !may_be_customer {
                                return Search::Nothing;
                            }
                            return match bound.end - value <= self.window.limit {
                                true => bound.open(),
                                false => Search::Nothing,
                            };
                        }
                        Err(_) if self.is_image(key) => return Search::Nothing,
                        // One that is broken is what it shows: it is rejected, and others
                        // are not lost with it.
                        Err(_) if is_customer && customers == 1 => return Search::Here,
                        Err(fault) => {
                            customers += usize::from(is_customer);
                            match end_of_broken(bytes, value, fault) {
                                Some(end) => end,
                                None if bound.is_fixed => return Search::Nothing,
                                None => return bound.open_from(start),
                            }
                        }
                    }
                }
                _ => match skip_value(bytes, value, 1) {
                    Ok(end) => end,
                    Err(fault) if fault.what == Flaw::Incomplete => {
                        return bound.open_from(start);
                    }
                    Err(_) => return Search::Nothing,
                },
            };
            at = skip_blanks(bytes, end);
            match bytes.get(at) {
                None => return bound.open(),
                Some(&ELEMENT_SEPARATOR) => at += 1,
                Some(_) => return Search::Nothing,
            }
        }
        Search::Nothing
    }

    /// Returns whether the key that begins at a byte is a field.
    fn is_field(&self, key: usize) -> bool {
        let name = self.name(key);
        name.is_some_and(|name| !matches!(self.schema.key(&name), Key::Unknown))
    }

    /// Returns whether the key that begins at a byte is that of a row before or after it was
    /// changed: what has a broken one may be a change, and no map.
    fn is_image(&self, key: usize) -> bool {
        let name = self.name(key);
        name.is_some_and(|name| Role::of(&normalize_key(&name)) == Role::Image)
    }

    fn name(&self, key: usize) -> Option<Cow<'b, str>> {
        let token = string(self.bytes(), key).ok()?;
        token.unescaped(self.window.text, key)
    }
}

/// Returns the byte after a value of a map that cannot be read, if it is certain where it
/// ends: no record is looked for in the middle of another.
fn end_of_broken(bytes: &[u8], value: usize, fault: Fault) -> Option<usize> {
    if fault.what == Flaw::Incomplete || bytes[value] != b'{' {
        return None;
    }
    let indent = indent(bytes, value);
    let mut recovery = Recovery::new(true, Container::Map.end(), indent, Trust::Lines);
    match recovery.scan(&bytes[value..]) {
        Ok(Found::End(found)) => Some(value + found),
        Ok(Found::Record(_)) | Err(_) => None,
    }
}

impl Bound {
    /// Returns what a search came to that began at a byte and reached the end of its bytes
    /// within a value.
    fn open_from(self, start: usize) -> Search {
        match self.end - start > MAX_SEARCH_BYTES {
            true => Search::Nothing,
            false => self.open(),
        }
    }

    /// Returns what a search came to that reached the end of its bytes.
    fn open(self) -> Search {
        match self.is_fixed {
            true => Search::Nothing,
            false => Search::More,
        }
    }
}
