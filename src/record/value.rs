//! Values of fields: what was found is a value of the kind, nothing, or
//! something else.

use bumpalo::Bump;
use chrono::{DateTime, Utc};

use super::field::Kind;
use super::network::{self, Entry};
use super::number::Number;
use super::time;
use crate::text::trim;

/// Why there is no value.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Absent {
    /// The record has no such key.
    Missing,
    /// The key holds null.
    Null,
    /// The key holds blank text, or the CSV cell is empty.
    Empty,
}

/// Why what is there is not a value.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Bad {
    /// JSON of a type that the field never has.
    WrongType,
    /// Text or a number that cannot be read as the field's kind.
    Unparsable,
    /// The record has the field twice, with different values.
    Conflict,
}

impl Absent {
    /// Returns its name in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Bad {
    /// Returns its name in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Holds what was read in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A flag.
    Flag(bool),
    /// Text with at least one character that is not blank: what was seen.
    Text,
    /// A number: what was seen, which [`Cell::number`] reads.
    Number,
    /// An instant.
    Time(DateTime<Utc>),
    /// A list of networks, some of which may be unreadable.
    Networks(List),
    /// Nothing.
    Absent(Absent),
    /// Something that is not a value of the kind.
    Bad(Bad),
}

/// Says which of a record's entries make up a list of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    first: usize,
    end: usize,
    /// Every entry can be read.
    whole: bool,
}

impl List {
    /// Returns its entries among those of its record.
    pub(super) fn of(self, entries: &[Entry]) -> &[Entry] {
        entries.get(self.first..self.end).unwrap_or_default()
    }
}

impl Value {
    /// Whether all of it can be read: a list of networks may hold entries that
    /// cannot, beside others that still decide.
    #[inline]
    pub fn is_whole(&self) -> bool {
        match self {
            Value::Networks(list) => list.whole,
            Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) => true,
            Value::Absent(_) | Value::Bad(_) => false,
        }
    }
}

/// How many bytes of what is in a field in conflict are kept, about.
const MAX_CONFLICT: usize = 4096;

/// Holds the value of a field, and the text that it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What was read.
    pub value: Value,
    /// The text that was there, for evidence; empty where there was none.
    pub seen: &'a str,
    /// It was read from a spelling that is not the field's own.
    pub coerced: bool,
}

impl<'a> Cell<'a> {
    /// The cell of a field that the record does not have.
    pub const MISSING: Cell<'static> = Cell {
        value: Value::Absent(Absent::Missing),
        seen: "",
        coerced: false,
    };

    /// Returns the number that the field holds, if it holds one.
    pub fn number(&self) -> Option<Number<'a>> {
        match self.value {
            Value::Number => Number::read_json(trim(self.seen)),
            Value::Flag(_)
            | Value::Text
            | Value::Time(_)
            | Value::Networks(_)
            | Value::Absent(_)
            | Value::Bad(_) => None,
        }
    }

    /// Whether the record has no such field.
    pub fn is_missing(&self) -> bool {
        matches!(self.value, Value::Absent(Absent::Missing))
    }

    /// Takes in the value of the same field, which the record has twice: the same
    /// value is fine, any other leaves both in doubt. `entries` are those of the
    /// record, and `texts` the room for its text.
    #[cold]
    pub fn meets(&mut self, other: Cell<'_>, entries: &[Entry], texts: &'a Bump) {
        if self.says_as(&other, entries) {
            self.coerced |= other.coerced;
            return;
        }
        // Of a field that stands there a million times a few are enough.
        if self.value != Value::Bad(Bad::Conflict) || self.seen.len() < MAX_CONFLICT {
            self.seen = texts.alloc_str(&format!("{} | {}", self.shown(), other.shown()));
        }
        self.value = Value::Bad(Bad::Conflict);
        self.coerced = false;
    }

    fn says_as(&self, other: &Cell<'_>, entries: &[Entry]) -> bool {
        match (self.value, other.value) {
            (Value::Networks(here), Value::Networks(there)) => {
                let networks = |list: List| list.of(entries).iter().map(|entry| entry.network);
                here.whole && networks(here).eq(networks(there)) || self.seen == other.seen
            }
            (Value::Text, Value::Text) => self.seen == other.seen,
            (Value::Number, Value::Number) => self.number() == other.number(),
            (Value::Bad(here), Value::Bad(there)) => here == there && self.seen == other.seen,
            (here, there) => here == there,
        }
    }

    /// Returns the text that was there, or words for why there was none.
    pub fn shown(&self) -> &'a str {
        match self.value {
            Value::Absent(Absent::Missing) => "[missing]",
            Value::Absent(Absent::Null) => "[null]",
            Value::Absent(Absent::Empty) => "[empty]",
            _ => self.seen,
        }
    }
}

/// Holds what a record has in a field, before it is read as the field's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raw<'a> {
    /// JSON null.
    Null,
    /// A JSON boolean.
    Bool(bool),
    /// A JSON number, as written.
    Number(&'a str),
    /// JSON text.
    Text(&'a str),
    /// JSON text with half of a surrogate pair, which is no text.
    BrokenText,
    /// A JSON array.
    Array,
    /// A JSON object.
    Object,
    /// A CSV cell, where all is text.
    Cell(&'a str),
}

impl Kind {
    /// Reads a field of this kind. The entries of a list of networks are added to
    /// those of its record.
    #[inline(always)]
    pub fn read<'a>(self, raw: Raw<'a>, entries: &mut Vec<Entry>) -> Cell<'a> {
        let cell = |value, seen: &'a str, coerced| Cell {
            value,
            seen,
            coerced,
        };
        let bad = |why, seen| cell(Value::Bad(why), seen, false);
        match raw {
            Raw::Null => cell(Value::Absent(Absent::Null), "", false),
            Raw::Text(text) | Raw::Cell(text) if is_blank(text) => {
                cell(Value::Absent(Absent::Empty), "", false)
            }
            Raw::Text(text) | Raw::Cell(text) => match (self.text(text, entries), raw) {
                ((Value::Bad(_), _), Raw::Cell(_)) if self == Kind::Time && is_number(text) => {
                    self.number(text)
                }
                ((value, coerced), _) => cell(value, text, coerced),
            },
            Raw::Number(number) => self.number(number),
            Raw::Bool(flag) if self == Kind::Flag => cell(Value::Flag(flag), word(flag), false),
            Raw::Bool(flag) => bad(Bad::WrongType, word(flag)),
            Raw::BrokenText => bad(Bad::Unparsable, "[text with half a surrogate pair]"),
            Raw::Array => bad(Bad::WrongType, "[array]"),
            Raw::Object => bad(Bad::WrongType, "[object]"),
        }
    }

    #[inline(always)]
    fn text(self, text: &str, entries: &mut Vec<Entry>) -> (Value, bool) {
        match self {
            Kind::Text => (Value::Text, false),
            Kind::Flag => match flag(trim(text)) {
                Some(flag) => (Value::Flag(flag), true),
                None => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Number => match Number::read_text(trim(text)) {
                Some(_) => (Value::Number, true),
                None => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Time => match time::read(text) {
                Some(reading) => (Value::Time(reading.time), reading.coerced),
                None => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Networks => {
                let first = entries.len();
                let whole = network::read(text, entries);
                let end = entries.len();
                (Value::Networks(List { first, end, whole }), false)
            }
        }
    }

    fn number(self, seen: &str) -> Cell<'_> {
        let (value, coerced) = match self {
            Kind::Flag => match seen.parse::<f64>() {
                Ok(0.0) => (Value::Flag(false), true),
                Ok(1.0) => (Value::Flag(true), true),
                _ => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Time => match time::read_epoch(trim(seen)) {
                Some(reading) => (Value::Time(reading.time), reading.coerced),
                None => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Number => match Number::read_json(trim(seen)) {
                Some(_) => (Value::Number, false),
                None => (Value::Bad(Bad::Unparsable), false),
            },
            Kind::Text | Kind::Networks => (Value::Bad(Bad::WrongType), false),
        };
        Cell {
            value,
            seen,
            coerced,
        }
    }
}

#[inline(always)]
fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

#[inline(always)]
fn is_blank(text: &str) -> bool {
    // Nearly every text begins with a letter or a digit.
    !text
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
        && text.trim().is_empty()
}

/// A CSV cell of digits, with a sign or a point, is a number to a time field.
fn is_number(text: &str) -> bool {
    let text = trim(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.as_bytes()[0].is_ascii_digit()
}

/// Reads the words for yes and no that exporters use.
fn flag(text: &str) -> Option<bool> {
    const YES: [&str; 5] = ["true", "t", "yes", "y", "1"];
    const NO: [&str; 5] = ["false", "f", "no", "n", "0"];
    match text {
        "true" => return Some(true),
        "false" => return Some(false),
        _ => {}
    }
    if YES.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(true);
    }
    NO.iter()
        .any(|word| text.eq_ignore_ascii_case(word))
        .then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, raw: Raw<'_>) -> (Value, bool) {
        let cell = kind.read(raw, &mut Vec::new());
        (cell.value, cell.coerced)
    }

    fn text(kind: Kind, text: &str) -> (Value, bool) {
        read(kind, Raw::Text(text))
    }

    #[test]
    fn a_json_boolean_is_a_flag_as_it_stands() {
        assert_eq!(
            read(Kind::Flag, Raw::Bool(true)),
            (Value::Flag(true), false)
        );
    }

    #[test]
    fn the_words_of_other_exporters_are_flags_and_counted() {
        for yes in ["true", "TRUE", "t", "Yes", "y", "1", " 1 "] {
            assert_eq!(text(Kind::Flag, yes), (Value::Flag(true), true), "{yes}");
        }
        for no in ["false", "False", "F", "no", "N", "0"] {
            assert_eq!(text(Kind::Flag, no), (Value::Flag(false), true), "{no}");
        }
        for (number, flag) in [("1", true), ("0", false), ("1.0", true), ("0e5", false)] {
            let read = read(Kind::Flag, Raw::Number(number));
            assert_eq!(read, (Value::Flag(flag), true), "{number}");
        }
    }

    #[test]
    fn any_other_word_is_never_true() {
        for odd in ["on", "enabled", "maybe", "2", "N/A", "1.0"] {
            let read = text(Kind::Flag, odd);
            assert_eq!(read, (Value::Bad(Bad::Unparsable), false), "{odd}");
        }
        assert_eq!(
            read(Kind::Flag, Raw::Number("2")).0,
            Value::Bad(Bad::Unparsable)
        );
        assert_eq!(read(Kind::Flag, Raw::Object).0, Value::Bad(Bad::WrongType));
    }

    #[test]
    fn a_number_is_json_or_decimal_digits_as_text() {
        assert_eq!(
            read(Kind::Number, Raw::Number("12.5e1")),
            (Value::Number, false)
        );
        assert_eq!(text(Kind::Number, " 12 "), (Value::Number, true));
        assert_eq!(text(Kind::Number, "twelve").0, Value::Bad(Bad::Unparsable));
        assert_eq!(
            read(Kind::Number, Raw::Bool(true)).0,
            Value::Bad(Bad::WrongType)
        );
        let (entries, texts) = (&mut Vec::new(), &Bump::new());
        let mut cell = Kind::Number.read(Raw::Number("1.0"), entries);
        cell.meets(Kind::Number.read(Raw::Text("1"), entries), &[], texts);
        assert_eq!(cell.value, Value::Number);
        cell.meets(Kind::Number.read(Raw::Number("2"), entries), &[], texts);
        assert_eq!(cell.value, Value::Bad(Bad::Conflict));
    }

    #[test]
    fn blank_text_is_absence_in_every_kind() {
        for kind in Kind::ALL {
            for blank in ["", "  ", "\t\u{a0}"] {
                assert_eq!(text(kind, blank).0, Value::Absent(Absent::Empty));
            }
            assert_eq!(read(kind, Raw::Null).0, Value::Absent(Absent::Null));
        }
    }

    #[test]
    fn digits_in_a_csv_cell_are_an_epoch_but_in_json_text_they_are_not() {
        let cell = |text: &'static str| read(Kind::Time, Raw::Cell(text)).0;
        assert!(matches!(cell("1551694830"), Value::Time(_)));
        assert!(matches!(cell("1551694830.5"), Value::Time(_)));
        assert_eq!(cell("20190304x"), Value::Bad(Bad::Unparsable));
        assert_eq!(
            text(Kind::Time, "1551694830").0,
            Value::Bad(Bad::Unparsable)
        );
    }

    #[test]
    fn a_field_that_stands_twice_agrees_or_conflicts() {
        let (entries, texts) = (&mut Vec::new(), &Bump::new());
        let mut cell = Kind::Flag.read(Raw::Bool(true), entries);
        cell.meets(Kind::Flag.read(Raw::Text("yes"), entries), &[], texts);
        assert_eq!((&cell.value, cell.coerced), (&Value::Flag(true), true));
        cell.meets(Kind::Flag.read(Raw::Null, entries), &[], texts);
        assert_eq!(cell.value, Value::Bad(Bad::Conflict));
        assert_eq!(cell.seen, "true | [null]");
    }
}
