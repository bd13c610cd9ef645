//! Finds the customer that an object wraps.

use std::ops::Range;

use super::decode::MAX_WRAPPERS;
use super::keys::members;
use super::lexer::{skip_blanks, string};
use super::object::{Object, Role};
use super::reader::Reader;
use crate::export::pages::Remark;
use crate::export::sink::{Sink, Stop, Unread, Unreadable};
use crate::record::field::normalize_key;
use crate::record::{Cell, Fields, Slot};

/// Lines of the protocols of Airbyte and Singer that carry no record.
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

/// Holds what is within an object that is no customer itself.
#[derive(Debug, Default)]
pub(super) struct Within<'b> {
    /// How many customers are in it, at any level that is looked at.
    pub customers: usize,
    /// How many objects in it have a field that only customers have, and no other.
    pub near: usize,
    /// It holds arrays of something.
    pub arrays: bool,
    /// It holds arrays of nothing.
    pub empty_arrays: bool,
    /// It is an event of a stream of changes.
    pub change: bool,
    last: Option<Customer<'b>>,
}

/// Says where a customer is that an object wraps.
#[derive(Debug, Clone, Copy)]
struct Customer<'b> {
    text: &'b str,
    at: usize,
    wrappers: usize,
    /// It is all that a text in JSON holds.
    is_text: bool,
    /// The id beside its attributes.
    id: Option<Cell<'b>>,
}

impl<'b, S: Sink> Reader<'_, 'b, '_, S> {
    /// Returns what is within an object of this text that was just decoded: what is in the
    /// record then is anyone's.
    pub(super) fn within(&mut self, text: &'b str, object: &Object, wrappers: usize) -> Within<'b> {
        let mut within = Within::default();
        self.add_within(text, object, wrappers, &mut within);
        within
    }

    /// Returns the byte of the window at which the last customer within an object begins,
    /// unless it is in a text in JSON.
    pub(super) fn place_of(&self, within: &Within<'b>) -> Option<usize> {
        let is_in_window = |text: &str| std::ptr::eq(text, self.window.text);
        let last = within.last.filter(|customer| is_in_window(customer.text));
        last.map(|customer| customer.at)
    }

    /// Reads the last customer that an object wraps into the record.
    pub(super) fn load_last(&mut self, within: &Within<'b>) {
        if let Some(customer) = within.last {
            self.load(customer);
        }
    }

    fn add_within(
        &mut self,
        text: &'b str,
        object: &Object,
        wrappers: usize,
        within: &mut Within<'b>,
    ) {
        within.arrays |= object.arrays;
        within.empty_arrays |= object.empty_arrays;
        within.change |= object.is_change();
        if wrappers == MAX_WRAPPERS || object.is_crowded() {
            return;
        }
        let id = self.record.take(Slot::ID);
        let id = (!id.is_missing()).then_some(id);
        for inner in &object.inner {
            let is_text = text.as_bytes()[inner.value.start] == b'"';
            let Some((text, at)) = self.object_of(text, &inner.value) else {
                continue;
            };
            let customer = Customer {
                text,
                at,
                wrappers: wrappers + 1,
                is_text,
                id: id.filter(|_| inner.is_attributes),
            };
            let Some((mut fields, beside)) = self.load(customer) else {
                continue;
            };
            if customer.id.is_some() {
                fields.add(Fields::ID);
            }
            if fields.are_a_customers() {
                within.customers += 1;
                within.last = Some(customer);
            } else {
                let before = within.customers;
                self.add_within(text, &beside, wrappers + 1, within);
                within.near +=
                    usize::from(within.customers == before && fields.may_be_a_customers());
            }
        }
    }

    /// Reads a customer into the record. Returns its fields, and what else it has.
    fn load(&mut self, customer: Customer<'b>) -> Option<(Fields, Object)> {
        let Customer {
            text,
            at,
            wrappers,
            is_text,
            id,
        } = customer;
        let mut object = Object::default();
        let end = self.decode(text, at, wrappers, &mut object).ok()?;
        if is_text && skip_blanks(text.as_bytes(), end) < text.len() {
            return None;
        }
        if let Some(id) = id {
            self.record.put(Slot::ID, id);
        }
        Some((object.fields, object))
    }

    /// Returns the text that an object is in which a value is, or holds as a text; and at
    /// which byte of it the object begins.
    pub(super) fn object_of(
        &self,
        text: &'b str,
        value: &Range<usize>,
    ) -> Option<(&'b str, usize)> {
        match text.as_bytes()[value.start] {
            b'{' => Some((text, value.start)),
            b'"' => {
                let token = string(text.as_bytes(), value.start).ok()?;
                let inner = token.unescaped(text, value.start)?;
                let begins = inner.trim_ascii_start().starts_with('{');
                begins.then(|| {
                    let inner = self.record.keep(&inner);
                    (inner, inner.len() - inner.trim_ascii_start().len())
                })
            }
            _ => None,
        }
    }

    /// Hands on the record that one of the cells of a row holds as a text in JSON.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    pub fn cells(&mut self, row: usize, cells: &[&'b str]) -> Result<(), Stop<S::Error>> {
        let mut found: Option<(&'b str, usize)> = None;
        let mut within = Within::default();
        for text in cells
            .iter()
            .filter(|text| text.trim_ascii_start().starts_with('{'))
        {
            let at = text.len() - text.trim_ascii_start().len();
            let mut object = Object::default();
            match self.decode(text, at, 1, &mut object) {
                Ok(end) if skip_blanks(text.as_bytes(), end) == text.len() => {}
                Ok(_) | Err(_) => continue,
            }
            if object.fields.are_a_customers() {
                within.customers += 1;
                found = Some((text, at));
            } else {
                self.add_within(text, &object, 1, &mut within);
            }
        }
        if within.change {
            return self.sink.unread(Unread::Changes);
        }
        match (within.customers, found, within.last) {
            (1, Some((text, at)), _) => {
                // It was decoded before.
                _ = self.decode(text, at, 1, &mut Object::default());
            }
            (1, None, Some(customer)) => _ = self.load(customer),
            (0, ..) => return self.sink.rejected(row, Unreadable::NoField),
            _ => return self.sink.rejected(row, Unreadable::Several),
        }
        self.decoder.accept();
        self.sink.record(&self.record)
    }

    /// Returns whether an object is a line of a protocol that carries no record.
    pub(super) fn is_protocol(&self, object: &Object) -> bool {
        let kind = object
            .kind
            .as_ref()
            .map(|kind| &self.window.text[kind.clone()]);
        object.fields.is_empty() && kind.is_some_and(|kind| PROTOCOL.contains(&kind))
    }

    /// Hands on what a whole document says of the pages that it is one of: its own keys, and
    /// those of the objects on the way to the record that begins at a byte.
    pub(super) fn remarks(
        &mut self,
        document: Range<usize>,
        record: Option<usize>,
    ) -> Result<(), Stop<S::Error>> {
        self.sink.remark(Remark::Page)?;
        self.remarks_of_object(document, record, 0)
    }

    fn remarks_of_object(
        &mut self,
        object: Range<usize>,
        record: Option<usize>,
        depth: usize,
    ) -> Result<(), Stop<S::Error>> {
        let (start, bytes) = (object.start, &self.bytes()[object]);
        for member in members(bytes) {
            let Some(end) = member.end else {
                return Ok(());
            };
            let value = start + member.value..start + end;
            let is_object = bytes[member.value] == b'{';
            match Role::of(&normalize_key(member.name())) {
                Role::Says(says) => {
                    let remark = Remark::of(says, member.name(), &self.window.text[value]);
                    remark.map_or(Ok(()), |remark| self.sink.remark(remark))?;
                }
                role if is_object && depth < MAX_WRAPPERS => {
                    let is_on_the_way =
                        record.is_some_and(|at| at > value.start && value.contains(&at));
                    if role == Role::Beside || is_on_the_way {
                        self.remarks_of_object(value, record, depth + 1)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}
