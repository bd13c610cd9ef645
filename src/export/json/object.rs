//! What an object holds beside the fields that are read: enough to tell a customer from
//! what wraps one.

use std::ops::Range;

use memchr::memchr;
use memchr::memmem::find;

use crate::export::pages::{BESIDE, Says};
use crate::record::Fields;

/// Says what an object may say by a key that is no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What kind of line it is, in a protocol.
    Type,
    /// What was done to a row, in a stream of changes.
    Operation,
    /// A row before or after it was changed, or what tells it from others.
    Image,
    /// Where a row is that was changed.
    Table,
    /// The fields of a resource of JSON:API, whose id is beside them.
    Attributes,
    /// Something of the pages that an export is made of.
    Says(Says),
    /// It holds objects that say something of the pages.
    Beside,
    /// A column that Airbyte adds to those of the record.
    Airbyte,
    /// Nothing.
    Other,
}

/// Lists the normalized keys of lines and events.
const KEYS: [(&str, Role); 12] = [
    ("type", Role::Type),
    ("op", Role::Operation),
    ("operation", Role::Operation),
    ("operationtype", Role::Operation),
    ("before", Role::Image),
    ("after", Role::Image),
    ("fulldocument", Role::Image),
    ("documentkey", Role::Image),
    ("updatedescription", Role::Image),
    ("database", Role::Table),
    ("table", Role::Table),
    ("attributes", Role::Attributes),
];

impl Role {
    /// Returns the role of a normalized key.
    pub fn of(key: &str) -> Self {
        if let Some((_, role)) = KEYS.iter().find(|(of, _)| *of == key) {
            return *role;
        }
        if BESIDE.contains(&key) {
            return Role::Beside;
        }
        match Self::is_of_airbyte(key) {
            true => Role::Airbyte,
            false => Says::of(key).map_or(Role::Other, Role::Says),
        }
    }

    /// Returns all keys that have a role, but for those that Airbyte adds.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        let keys = KEYS.iter().map(|(key, _)| *key);
        keys.chain(BESIDE).chain(Says::keys())
    }

    /// Returns whether a normalized key is one that Airbyte adds.
    pub fn is_of_airbyte(key: &str) -> bool {
        key.trim_start_matches('_').starts_with("airbyte")
    }
}

/// Lists what Maxwell calls the changes of a row.
const ROW_CHANGES: [&[u8]; 4] = [
    b"\"insert\"",
    b"\"update\"",
    b"\"delete\"",
    b"\"bootstrap-insert\"",
];

/// Lists the keys that the metadata of AWS DMS always have.
const DMS: [&[u8]; 2] = [b"\"record-type\"", b"\"operation\""];

/// Holds where the value of a key is that may hold a customer: an object, or a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inner {
    /// The value.
    pub value: Range<usize>,
    /// It is that of `attributes`.
    pub is_attributes: bool,
}

/// Holds what an object has besides the fields that are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    /// Which fields it has.
    pub fields: Fields,
    /// Its values that may hold a customer.
    pub inner: Vec<Inner>,
    /// Where the value of `type` is.
    pub kind: Option<Range<usize>>,
    /// It says something of pages, or may.
    pub says: bool,
    /// It holds an array with an object in it, under a key that is no field.
    pub arrays: bool,
    /// It holds an array of nothing, under a key that is no field.
    pub empty_arrays: bool,
    operation: bool,
    image: bool,
    /// Its type is a change of a row.
    row_change: bool,
    /// How many keys say where a row is.
    tables: u8,
    /// Its metadata are those of a change.
    change_metadata: bool,
    /// It has more values that may hold a customer than are noted.
    crowded: bool,
}

impl Object {
    /// How many values that may hold a customer are noted.
    const MAX_INNER: usize = 1024;

    /// Forgets everything, and keeps the room.
    #[inline(always)]
    pub fn clear(&mut self) {
        let inner = std::mem::take(&mut self.inner);
        *self = Self {
            inner,
            ..Self::default()
        };
        self.inner.clear();
    }

    /// Notes the value of a key that is no field.
    #[inline(always)]
    pub fn note(&mut self, role: Role, bytes: &[u8], value: Range<usize>) {
        let first = bytes[value.start];
        if role != Role::Other || matches!(first, b'{' | b'[' | b'"') {
            self.note_any(role, bytes, value, first);
        }
    }

    fn note_any(&mut self, role: Role, bytes: &[u8], value: Range<usize>, first: u8) {
        match role {
            Role::Type => {
                self.row_change |= ROW_CHANGES.contains(&&bytes[value.clone()]);
                self.kind = Some(value.clone());
            }
            Role::Operation => self.operation = true,
            Role::Image => self.image |= first == b'{',
            Role::Table => self.tables = self.tables.saturating_add(1),
            Role::Says(_) => self.says = true,
            Role::Beside => {
                self.says = true;
                let holds = |key: &&[u8]| find(&bytes[value.clone()], key).is_some();
                self.change_metadata |= first == b'{' && DMS.iter().all(holds);
            }
            Role::Attributes | Role::Airbyte | Role::Other => {}
        }
        let within = bytes[value.start + 1..value.end].trim_ascii_start();
        match (first, within.first()) {
            (b'[', Some(b']')) => self.empty_arrays = true,
            (b'[', _) => self.arrays |= memchr(b'{', within).is_some(),
            (b'{', Some(b'"')) | (b'"', Some(b'{' | b'\\')) => {
                if self.inner.len() == Self::MAX_INNER {
                    self.crowded = true;
                    return;
                }
                self.inner.push(Inner {
                    value,
                    is_attributes: role == Role::Attributes,
                });
            }
            _ => {}
        }
    }

    /// Whether it is an event of a stream of changes, and no record.
    pub fn is_change(&self) -> bool {
        self.operation && self.image || self.row_change && self.tables > 1 || self.change_metadata
    }

    /// Whether it has no field, says nothing of pages and holds no array of any interest:
    /// what there is besides is in the values that may hold a customer.
    pub fn is_plain(&self) -> bool {
        self.fields.is_empty() && !(self.says || self.arrays || self.empty_arrays || self.crowded)
    }

    /// Whether so many of its values may hold a customer that nobody looks.
    pub fn is_crowded(&self) -> bool {
        self.crowded
    }
}
