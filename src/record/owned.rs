//! Values free of their records, to be compared with those of others.

use std::collections::BTreeSet;

use bumpalo::Bump;
use chrono::{DateTime, Utc};

use super::account::Record;
use super::network::{Entry, Network};
use super::number::Number;
use super::schema::{Field, Slot};
use super::value::{Absent, Cell, Raw, Value};
use crate::text::trim;

/// Holds what was read in a field, whatever its spelling.
#[derive(Debug, Clone)]
pub enum OwnedValue {
    /// A flag.
    Flag(bool),
    /// A text, as it was written.
    Text(String),
    /// A number, as it was written; numbers of the same size are equal.
    Number(String),
    /// An instant.
    Time(DateTime<Utc>),
    /// The networks of a list, each once.
    Networks(BTreeSet<Network>),
    /// Nothing.
    Absent(Absent),
    /// Something that is not a value of the kind, or not all of it: what was seen.
    Bad(String),
}

impl OwnedValue {
    /// Reads what somebody writes for a value of a field as a record's own is read.
    pub fn read(field: &Field, raw: Raw<'_>) -> Self {
        let (mut entries, texts) = (Vec::new(), Bump::new());
        let cell = field.read(raw, &mut entries, &texts);
        Self::of(&cell, &entries)
    }

    fn of(cell: &Cell<'_>, entries: &[Entry]) -> Self {
        match cell.value {
            Value::Flag(flag) => Self::Flag(flag),
            Value::Text => Self::Text(cell.seen.to_owned()),
            Value::Number => Self::Number(trim(cell.seen).to_owned()),
            Value::Time(time) => Self::Time(time),
            Value::Networks(list) if cell.value.is_whole() => {
                let networks = list.of(entries).iter();
                Self::Networks(networks.filter_map(|entry| entry.network).collect())
            }
            Value::Absent(why) => Self::Absent(why),
            Value::Networks(_) | Value::Bad(_) => Self::Bad(cell.seen.to_owned()),
        }
    }
}

impl PartialEq for OwnedValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Flag(one), Self::Flag(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => {
                one == other || Number::read_json(one) == Number::read_json(other)
            }
            (Self::Time(one), Self::Time(other)) => one == other,
            (Self::Networks(one), Self::Networks(other)) => one == other,
            (Self::Absent(one), Self::Absent(other)) => one == other,
            (Self::Bad(one), Self::Bad(other)) => one == other,
            (
                Self::Flag(_)
                | Self::Text(_)
                | Self::Number(_)
                | Self::Time(_)
                | Self::Networks(_)
                | Self::Absent(_)
                | Self::Bad(_),
                _,
            ) => false,
        }
    }
}

impl Eq for OwnedValue {}

impl Record<'_> {
    /// Returns what is in a field, free of the record.
    pub fn owned(&self, slot: Slot) -> OwnedValue {
        OwnedValue::of(self.cell(slot), self.all_entries())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kind, Role};

    fn read(kind: Kind, raw: Raw<'_>) -> OwnedValue {
        let field = Field {
            name: "asked".to_owned(),
            kind,
            sensitive: false,
            role: Role::Plain,
            documented: false,
        };
        OwnedValue::read(&field, raw)
    }

    #[test]
    fn values_are_equal_whatever_their_spelling() {
        let text = Raw::Text;
        for (kind, one, other) in [
            (Kind::Flag, text("yes"), Raw::Bool(true)),
            (Kind::Number, text("1.50"), Raw::Number("15e-1")),
            (Kind::Text, text("a"), text("a")),
            (Kind::Time, text("2026-01-31"), Raw::Number("1769817600")),
            (
                Kind::Networks,
                text("192.0.2.1,10.9.0.0/8"),
                Raw::Array(r#"["10.0.0.0/8", "192.0.2.1/32", "192.0.2.1"]"#),
            ),
            (Kind::Text, text(" "), text("")),
            (Kind::Flag, text("maybe"), text("maybe")),
            (Kind::Networks, text("192.0.2.1, x"), text("192.0.2.1, x")),
        ] {
            assert_eq!(read(kind, one), read(kind, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn values_differ_where_anything_but_the_spelling_does() {
        let text = Raw::Text;
        for (kind, one, other) in [
            (Kind::Flag, text("yes"), text("no")),
            (Kind::Number, text("1.50"), text("1.51")),
            (Kind::Text, text("a"), text("a ")),
            (Kind::Text, text("a"), text("A")),
            (Kind::Time, text("2026-01-31"), text("2026-01-31T00:00:01Z")),
            (
                Kind::Networks,
                text("192.0.2.1"),
                text("192.0.2.1, 10.0.0.0/8"),
            ),
            (Kind::Networks, text("192.0.2.1, x"), text("192.0.2.1")),
            (Kind::Text, text(""), Raw::Null),
            (Kind::Flag, text("maybe"), text("perhaps")),
        ] {
            assert_ne!(read(kind, one), read(kind, other), "{one:?} {other:?}");
        }
    }
}
