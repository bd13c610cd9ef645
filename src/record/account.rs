//! Holds one customer account, as far as a run asks for it.

use bumpalo::Bump;
use chrono::Datelike;

use super::field::Role;
use super::network::Entry;
use super::schema::{Schema, Slot};
use super::value::{Bad, Cell, List, Raw, Value};

/// Holds a record: a cell for each field that the run reads.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    cells: Vec<Cell<'a>>,
    /// The entries of all its lists of networks: a `List` says which are its.
    entries: Vec<Entry>,
    /// Room for text that is other than its bytes in the export.
    texts: &'a Bump,
    /// When the account was deleted, as it was read: what its cell says depends on when
    /// the account was made as well.
    deleted: Cell<'a>,
}

/// The first year in which an account can have been deleted: there were none before.
const FIRST_YEAR: i32 = 2010;

impl<'a> Record<'a> {
    /// Makes a record without fields, with room for those of the schema; text that
    /// is other than its bytes in the export is kept in `texts`.
    pub fn new(schema: &Schema, texts: &'a Bump) -> Self {
        Self {
            cells: vec![Cell::MISSING; schema.wanted().len()],
            entries: Vec::new(),
            texts,
            deleted: Cell::MISSING,
        }
    }

    /// Returns the record as it would be if every key that it lacks held something that
    /// cannot be read: what is so decided does not rest on what is absent.
    #[must_use]
    pub fn with_missing_as_bad(&self) -> Self {
        let mut record = self.clone();
        let missing = record.cells.iter_mut().filter(|cell| cell.is_missing());
        missing.for_each(|cell| *cell = Cell::bad(Bad::WrongType, ""));
        record
    }

    /// Forgets all fields, and keeps their room.
    pub fn clear(&mut self) {
        self.deleted = Cell::MISSING;
        self.entries.clear();
        self.cells.fill(Cell::MISSING);
    }

    /// Takes in a field of the record.
    #[inline(always)]
    pub fn set(&mut self, schema: &Schema, slot: Slot, raw: Raw<'a>) {
        let field = schema.field(slot);
        let here = &mut self.cells[slot.index()];
        if !here.is_missing() {
            return self.set_again(schema, slot, raw);
        }
        *here = field.read(raw, &mut self.entries, self.texts);
        match field.role {
            Role::Plain | Role::Name | Role::Created => {}
            Role::Deleted => self.deleted = *here,
        }
        // Nearly all accounts are live.
        if field.role != Role::Plain && matches!(self.deleted.value, Value::Time(_)) {
            self.settle_deleted(schema);
        }
    }

    /// Takes in a field that the record has twice.
    #[cold]
    fn set_again(&mut self, schema: &Schema, slot: Slot, raw: Raw<'a>) {
        let field = schema.field(slot);
        let again = field.read(raw, &mut self.entries, self.texts);
        let here = match field.role {
            Role::Deleted => &mut self.deleted,
            Role::Plain | Role::Name | Role::Created => &mut self.cells[slot.index()],
        };
        here.meets(again, &self.entries, self.texts);
        self.settle_deleted(schema);
    }

    /// Decides whether the time when the account was deleted can be one: then the account
    /// is out of most scopes, and must not be for a date that is a mistake.
    #[inline(never)]
    fn settle_deleted(&mut self, schema: &Schema) {
        let Some(slot) = schema.deleted() else {
            return;
        };
        let created = schema.created().map(|slot| self.cell(slot).value);
        let is_early = match (self.deleted.value, created) {
            (Value::Time(time), Some(Value::Time(created))) => {
                time < created || time.year() < FIRST_YEAR
            }
            (Value::Time(time), _) => time.year() < FIRST_YEAR,
            (_, _) => false,
        };
        self.cells[slot.index()] = match is_early {
            true => Cell::bad(Bad::Unparsable, self.deleted.seen),
            false => self.deleted,
        };
    }

    /// Takes a field out of the record.
    pub fn take(&mut self, slot: Slot) -> Cell<'a> {
        std::mem::replace(&mut self.cells[slot.index()], Cell::MISSING)
    }

    /// Puts a field into the record that was read before, and that no other depends on.
    pub fn put(&mut self, slot: Slot, cell: Cell<'a>) {
        let here = &mut self.cells[slot.index()];
        if here.is_missing() {
            *here = cell;
        } else if !cell.is_missing() {
            here.meets(cell, &self.entries, self.texts);
        }
    }

    /// Returns what was in a field.
    pub fn cell(&self, slot: Slot) -> &Cell<'a> {
        &self.cells[slot.index()]
    }

    /// Returns what was in each field, by slot.
    pub fn cells(&self) -> &[Cell<'a>] {
        &self.cells
    }

    /// Keeps a text for as long as the others of the record.
    pub fn keep(&self, text: &str) -> &'a str {
        self.texts.alloc_str(text)
    }

    /// Returns the entries of a list of networks of this record.
    pub fn entries(&self, list: List) -> &[Entry] {
        list.of(&self.entries)
    }

    /// Returns the entries of all its lists of networks.
    pub(super) fn all_entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the customer's id, if there is one.
    pub fn id(&self) -> Option<&str> {
        let cell = self.cell(Slot::ID);
        (cell.value == Value::Text).then_some(cell.seen)
    }

    /// Returns the customer's name as it was written, if there is one.
    pub fn name(&self) -> Option<&str> {
        let cell = self.cell(Slot::NAME);
        let absent = matches!(cell.value, Value::Absent(_));
        (!absent).then_some(cell.seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Absent;

    /// What the time of deletion says of a record of these fields, in this order.
    fn deleted(fields: &[(&str, Raw<'static>)]) -> (Value, bool) {
        let (mut schema, texts) = (Schema::default(), Bump::new());
        let slot = schema.want("deletedAt").expect("known");
        let mut record = Record::new(&schema, &texts);
        for (name, raw) in fields {
            let slot = schema.want(name).expect("known");
            record.set(&schema, slot, *raw);
        }
        (record.cell(slot).value, record.cell(slot).zero)
    }

    #[test]
    fn a_live_account_is_not_deleted_by_an_exporters_zero() {
        for raw in [
            Raw::Text("1970-01-01T00:00:00.000Z"),
            Raw::Text("0001-01-01T00:00:00Z"),
            Raw::Text("0000-00-00 00:00:00"),
            Raw::Number("0"),
            Raw::Text("0"),
        ] {
            let null = Value::Absent(Absent::Null);
            assert_eq!(deleted(&[("deletedAt", raw)]), (null, true), "{raw:?}");
        }
    }

    #[test]
    fn a_deletion_before_there_was_an_account_is_a_mistake_in_any_order_of_keys() {
        let bad = Value::Bad(Bad::Unparsable);
        let conflict = Value::Bad(Bad::Conflict);
        let is_time = |value| matches!(value, Value::Time(_));
        for (created, at, is_bad) in [
            ("2019-01-01", "2018-12-31T23:59:59Z", true),
            ("2019-01-01", "2019-01-01", false),
            ("2019-01-01", "9999-12-31", false),
            ("2019-13-01", "2018-01-01", false),
            ("2019-13-01", "2009-12-31T23:59:59Z", true),
            ("2001-01-01", "2009-12-31T23:59:59Z", true),
        ] {
            let mut fields = [
                ("createdAt", Raw::Text(created)),
                ("deletedAt", Raw::Text(at)),
            ];
            for _ in 0..2 {
                let (value, _) = deleted(&fields);
                let right = if is_bad { value == bad } else { is_time(value) };
                assert!(right, "{fields:?}: {value:?}");
                fields.reverse();
            }
        }
        let early = ("deletedAt", Raw::Text("2018-01-01"));
        let same = ("deletedAt", Raw::Text("2018-01-01T00:00:00Z"));
        let other = ("deletedAt", Raw::Text("2018-01-02"));
        let made = ("createdAt", Raw::Text("2019-01-01"));
        let made_otherwise = ("createdAt", Raw::Text("2017-01-01"));
        for (fields, value) in [
            ([early, same, made], bad),
            ([made, early, same], bad),
            ([made, early, other], conflict),
            ([early, made, other], conflict),
            ([early, other, made], conflict),
        ] {
            assert_eq!(deleted(&fields).0, value, "{fields:?}");
        }
        // When it was made is not known.
        for fields in [[made, made_otherwise, early], [made, early, made_otherwise]] {
            assert!(is_time(deleted(&fields).0), "{fields:?}");
        }
    }

    #[test]
    fn an_id_is_a_text_or_a_number() {
        let (schema, texts) = (Schema::default(), Bump::new());
        let mut record = Record::new(&schema, &texts);
        for (raw, id) in [
            (Raw::Number("42"), Some("42")),
            (Raw::Text("a"), Some("a")),
            (Raw::Text("NULL"), None),
            (Raw::Bool(true), None),
            (Raw::Array("[]"), None),
        ] {
            record.clear();
            record.set(&schema, Slot::ID, raw);
            assert_eq!(record.id(), id, "{raw:?}");
        }
    }
}
