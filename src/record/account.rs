//! Holds one customer account, as far as a run asks for it.

use bumpalo::Bump;
use chrono::DateTime;

use super::field::{Schema, Slot};
use super::network::Entry;
use super::value::{Absent, Bad, Cell, List, Raw, Value};

/// Holds a record: a cell for each field that the run reads.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    cells: Vec<Cell<'a>>,
    /// The entries of all its lists of networks: a `List` says which are its.
    entries: Vec<Entry>,
    /// Room for text that is other than its bytes in the export.
    texts: &'a Bump,
    /// `deletedAt` was at the epoch: an exporter's artefact, read as null.
    epoch_deleted: bool,
}

impl<'a> Record<'a> {
    /// Makes a record without fields, with room for those of the schema; text that
    /// is other than its bytes in the export is kept in `texts`.
    pub fn new(schema: &Schema, texts: &'a Bump) -> Self {
        Self {
            cells: vec![Cell::MISSING; schema.wanted().len()],
            entries: Vec::new(),
            texts,
            epoch_deleted: false,
        }
    }

    /// Forgets all fields, and keeps their room.
    pub fn clear(&mut self) {
        self.epoch_deleted = false;
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
        *here = field.kind.read(raw, &mut self.entries);
        if field.epoch_is_null && is_epoch(here) {
            self.epoch_deleted = true;
            here.value = Value::Absent(Absent::Null);
        }
    }

    /// Takes in a field that the record has twice.
    #[cold]
    fn set_again(&mut self, schema: &Schema, slot: Slot, raw: Raw<'a>) {
        let before = self.take(slot);
        self.set(schema, slot, raw);
        let again = self.take(slot);
        self.put(slot, before);
        self.put(slot, again);
    }

    /// Takes a field out of the record.
    pub fn take(&mut self, slot: Slot) -> Cell<'a> {
        std::mem::replace(&mut self.cells[slot.index()], Cell::MISSING)
    }

    /// Puts a field into the record that was read before.
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

    /// Whether `deletedAt` was at the epoch.
    pub fn epoch_deleted(&self) -> bool {
        self.epoch_deleted
    }

    /// Returns the customer's id as it was written, if there is one: text or, although
    /// no id should be one, a number.
    pub fn id(&self) -> Option<&str> {
        let seen = self.written(Slot::ID)?;
        match self.cell(Slot::ID).value {
            Value::Bad(Bad::WrongType) if seen.starts_with('[') => None,
            Value::Bad(Bad::Conflict | Bad::Unparsable) => None,
            _ => Some(seen),
        }
    }

    /// Returns the customer's name as it was written, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.written(Slot::NAME)
    }

    fn written(&self, slot: Slot) -> Option<&str> {
        let cell = self.cell(slot);
        let absent = matches!(cell.value, Value::Absent(_));
        (!absent).then_some(cell.seen)
    }
}

fn is_epoch(cell: &Cell<'_>) -> bool {
    matches!(cell.value, Value::Time(time) if time == DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_account_is_not_deleted_by_an_exporters_epoch() {
        let (mut schema, texts) = (Schema::default(), Bump::new());
        let slot = schema.want("deletedAt").expect("known");
        let mut record = Record::new(&schema, &texts);
        record.set(&schema, slot, Raw::Text("1970-01-01T00:00:00.000Z"));
        assert_eq!(record.cell(slot).value, Value::Absent(Absent::Null));
        assert!(record.epoch_deleted());
    }

    #[test]
    fn an_id_that_is_no_text_is_still_told() {
        let (schema, texts) = (Schema::default(), Bump::new());
        let mut record = Record::new(&schema, &texts);
        record.set(&schema, Slot::ID, Raw::Number("42"));
        assert_eq!(record.id(), Some("42"));
        record.clear();
        assert_eq!(record.id(), None);
    }
}
