//! Values of fields: what was found is a value of the kind, nothing, or
//! something else.

use std::collections::BTreeSet;
use std::ops::Range;

use bumpalo::Bump;
use chrono::{DateTime, Utc};

use super::field::{Kind, Role};
use super::network::{self, Entry, Listed};
use super::number::Number;
use super::schema::Field;
use super::time::{self, Held};
use super::words;
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
    /// It is null for being what exporters write where there is no time.
    pub zero: bool,
}

impl<'a> Cell<'a> {
    /// The cell of a field that the record does not have.
    pub const MISSING: Cell<'static> = Cell {
        value: Value::Absent(Absent::Missing),
        seen: "",
        coerced: false,
        zero: false,
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
            self.zero |= other.zero;
            return;
        }
        // Of a field that stands there a million times a few are enough.
        if self.value != Value::Bad(Bad::Conflict) || self.seen.len() < MAX_CONFLICT {
            self.seen = texts.alloc_str(&format!("{} | {}", self.shown(), other.shown()));
        }
        *self = Cell::bad(Bad::Conflict, self.seen);
    }

    /// Makes the cell of a field whose value cannot be used.
    pub(super) fn bad(why: Bad, seen: &'a str) -> Self {
        Self {
            value: Value::Bad(why),
            seen,
            coerced: false,
            zero: false,
        }
    }

    fn says_as(&self, other: &Cell<'_>, entries: &[Entry]) -> bool {
        match (self.value, other.value) {
            (Value::Networks(here), Value::Networks(there)) => {
                let networks = |list: List| -> BTreeSet<_> {
                    list.of(entries).iter().map(|entry| entry.network).collect()
                };
                here.whole && networks(here) == networks(there) || self.seen == other.seen
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
    /// JSON text, or a CSV cell, where all is text.
    Text(&'a str),
    /// JSON text with half of a surrogate pair, which is no text.
    BrokenText,
    /// A JSON array, as written.
    Array(&'a str),
    /// A JSON object.
    Object,
}

impl Kind {
    /// Returns the forms in which exports may write it, in words.
    pub fn forms(self) -> &'static str {
        match self {
            Self::Flag => "true or false; also t/f, yes/no, y/n, 1/0 or 1.0/0.0, in any case",
            Self::Text => "text, or a number",
            Self::Number => "a number, or its decimal digits as text",
            Self::Time => {
                "RFC 3339, as 2026-01-31T00:00:00Z; also without its zone, seconds or time of \
                 day, with a blank for T or slashes in the date; RFC 2822; or seconds, milli-, \
                 micro- or nanoseconds since 1970, from 1000000000 on"
            }
            Self::Networks => {
                "addresses, CIDRs and IPv4 wildcards as 192.0.2.*, with commas between them; \
                 also with semicolons, blanks or line ends, or as an array of JSON or Postgres"
            }
        }
    }
}

impl Field {
    /// Reads what a record has in the field. The entries of a list of networks are added
    /// to those of the record; `texts` is the room for its text.
    #[inline(always)]
    pub(super) fn read<'a>(
        &self,
        raw: Raw<'a>,
        entries: &mut Vec<Entry>,
        texts: &'a Bump,
    ) -> Cell<'a> {
        match raw {
            Raw::Text(text) => match self.nothing(text) {
                Some(nothing) => nothing,
                None => self.text(text, entries, texts),
            },
            Raw::Bool(flag) if self.kind == Kind::Flag => {
                cell(Value::Flag(flag), word(flag), false)
            }
            Raw::Null => cell(Value::Absent(Absent::Null), "", false),
            Raw::Number(number) => self.number(number),
            Raw::Bool(flag) => Cell::bad(Bad::WrongType, word(flag)),
            Raw::BrokenText => Cell::bad(Bad::Unparsable, "[text with half a surrogate pair]"),
            Raw::Array(json) if self.kind == Kind::Networks => {
                networks(network::read_array(json, entries, texts))
            }
            Raw::Array(_) => Cell::bad(Bad::WrongType, "[array]"),
            Raw::Object => Cell::bad(Bad::WrongType, "[object]"),
        }
    }

    /// Returns the cell of a text that is blank or a word for nothing.
    #[inline(always)]
    fn nothing<'a>(&self, text: &'a str) -> Option<Cell<'a>> {
        match words::may_be_nothing(text) {
            true => self.any_nothing(text),
            false => None,
        }
    }

    #[inline(never)]
    fn any_nothing<'a>(&self, text: &'a str) -> Option<Cell<'a>> {
        let text = trim(text);
        if text.is_empty() {
            return Some(cell(Value::Absent(Absent::Empty), "", false));
        }
        let is_null = self.role != Role::Name && words::is_null(text);
        is_null.then(|| cell(Value::Absent(Absent::Null), "", true))
    }

    #[inline(always)]
    fn text<'a>(&self, text: &'a str, entries: &mut Vec<Entry>, texts: &'a Bump) -> Cell<'a> {
        match self.kind {
            Kind::Text => cell(Value::Text, text, false),
            Kind::Flag => match words::flag(trim(text)) {
                Some(flag) => cell(Value::Flag(flag), text, true),
                None => Cell::bad(Bad::Unparsable, text),
            },
            Kind::Number => match Number::read_text(trim(text)) {
                Some(_) => cell(Value::Number, text, true),
                None => Cell::bad(Bad::Unparsable, text),
            },
            Kind::Time => time(time::read_field(text, self.role), text),
            Kind::Networks => networks(network::read(text, entries, texts)),
        }
    }

    fn number<'a>(&self, seen: &'a str) -> Cell<'a> {
        let is = |number| Number::read_json(seen) == Number::read_json(number);
        match self.kind {
            Kind::Flag if is("0") => cell(Value::Flag(false), seen, true),
            Kind::Flag if is("1") => cell(Value::Flag(true), seen, true),
            Kind::Flag => Cell::bad(Bad::Unparsable, seen),
            Kind::Time => time(time::read_number(seen, self.role), seen),
            Kind::Number => match Number::read_json(seen) {
                Some(_) => cell(Value::Number, seen, false),
                None => Cell::bad(Bad::Unparsable, seen),
            },
            Kind::Text => cell(Value::Text, seen, true),
            Kind::Networks => Cell::bad(Bad::WrongType, seen),
        }
    }
}

#[inline(always)]
fn cell(value: Value, seen: &str, coerced: bool) -> Cell<'_> {
    Cell {
        value,
        seen,
        coerced,
        zero: false,
    }
}

#[inline(always)]
fn time(held: Option<Held>, seen: &str) -> Cell<'_> {
    let Some(Held { time, coerced }) = held else {
        return Cell::bad(Bad::Unparsable, seen);
    };
    Cell {
        value: time.map_or(Value::Absent(Absent::Null), Value::Time),
        seen,
        coerced,
        zero: time.is_none(),
    }
}

#[inline(always)]
fn networks(listed: Listed<'_>) -> Cell<'_> {
    let Listed {
        seen,
        entries,
        whole,
        coerced,
    } = listed;
    match entries {
        Some(Range { start, end }) => {
            let first = start;
            cell(Value::Networks(List { first, end, whole }), seen, coerced)
        }
        None => Cell::bad(Bad::Unparsable, seen),
    }
}

#[inline(always)]
fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: Kind) -> Field {
        Field {
            name: "asked".to_owned(),
            kind,
            sensitive: false,
            role: Role::Plain,
            documented: false,
        }
    }

    fn read(kind: Kind, raw: Raw<'_>) -> (Value, bool) {
        let texts = Bump::new();
        let cell = field(kind).read(raw, &mut Vec::new(), &texts);
        (cell.value, cell.coerced)
    }

    fn text(kind: Kind, text: &str) -> (Value, bool) {
        read(kind, Raw::Text(text))
    }

    const UNPARSABLE: (Value, bool) = (Value::Bad(Bad::Unparsable), false);

    #[test]
    fn a_json_boolean_is_a_flag_as_it_stands() {
        assert_eq!(
            read(Kind::Flag, Raw::Bool(true)),
            (Value::Flag(true), false)
        );
    }

    #[test]
    fn the_words_of_other_exporters_are_flags_and_counted() {
        for yes in ["true", "TRUE", "t", "T", "Yes", "y", "Y", "1", " 1 ", "1.0"] {
            assert_eq!(text(Kind::Flag, yes), (Value::Flag(true), true), "{yes}");
        }
        for no in ["false", "False", "F", "no", "N", "0", "0.0", "\t0.0"] {
            assert_eq!(text(Kind::Flag, no), (Value::Flag(false), true), "{no}");
        }
        for (number, flag) in [
            ("1", true),
            ("0", false),
            ("1.0", true),
            ("-0.0", false),
            ("0e5", false),
        ] {
            let read = read(Kind::Flag, Raw::Number(number));
            assert_eq!(read, (Value::Flag(flag), true), "{number}");
        }
    }

    #[test]
    fn any_other_word_is_never_true() {
        for odd in [
            "on", "enabled", "maybe", "2", "ja", "1.00", "01", "-0", "yes!",
        ] {
            assert_eq!(text(Kind::Flag, odd), UNPARSABLE, "{odd}");
        }
        for odd in ["2", "-1", "1e-400", "1.0000000000000000000000001"] {
            assert_eq!(read(Kind::Flag, Raw::Number(odd)), UNPARSABLE, "{odd}");
        }
        assert_eq!(read(Kind::Flag, Raw::Object).0, Value::Bad(Bad::WrongType));
    }

    #[test]
    fn a_number_is_json_or_decimal_digits_as_text() {
        assert_eq!(
            read(Kind::Number, Raw::Number("12.5e1")),
            (Value::Number, false)
        );
        assert_eq!(text(Kind::Number, " 12 "), (Value::Number, true));
        assert_eq!(text(Kind::Number, "twelve"), UNPARSABLE);
        assert_eq!(
            read(Kind::Number, Raw::Bool(true)).0,
            Value::Bad(Bad::WrongType)
        );
        let (entries, texts) = (&mut Vec::new(), &Bump::new());
        let number = field(Kind::Number);
        let mut cell = number.read(Raw::Number("1.0"), entries, texts);
        cell.meets(number.read(Raw::Text("1"), entries, texts), &[], texts);
        assert_eq!(cell.value, Value::Number);
        cell.meets(number.read(Raw::Number("2"), entries, texts), &[], texts);
        assert_eq!(cell.value, Value::Bad(Bad::Conflict));
    }

    #[test]
    fn a_number_in_a_field_of_text_is_its_digits_as_they_stand() {
        let texts = Bump::new();
        for number in [
            "42",
            "007",
            "1.50",
            "-1e5",
            "123456789012345678901234567890",
        ] {
            let cell = field(Kind::Text).read(Raw::Number(number), &mut Vec::new(), &texts);
            assert_eq!(
                (cell.value, cell.seen, cell.coerced),
                (Value::Text, number, true)
            );
        }
        for other in [Raw::Bool(true), Raw::Array("[1]"), Raw::Object] {
            assert_eq!(read(Kind::Text, other).0, Value::Bad(Bad::WrongType));
        }
    }

    #[test]
    fn blank_text_is_absence_in_every_kind() {
        for kind in Kind::ALL {
            for blank in ["", "  ", "\t\u{a0}"] {
                assert_eq!(text(kind, blank), (Value::Absent(Absent::Empty), false));
                assert_eq!(read(kind, Raw::Text(blank)).0, Value::Absent(Absent::Empty));
            }
            assert_eq!(read(kind, Raw::Null), (Value::Absent(Absent::Null), false));
        }
    }

    #[test]
    fn a_word_for_nothing_is_null_in_every_field_but_the_name() {
        let texts = Bump::new();
        for word in [
            "\\N",
            "NULL",
            "null",
            "None",
            "nil",
            "NaN",
            "nan",
            "undefined",
            "(null)",
            "<NULL>",
            "[null]",
            "N/A",
            "n/a",
            "#N/A",
            "NaT",
            " NULL ",
            "\tNone\u{a0}",
        ] {
            for kind in Kind::ALL {
                assert_eq!(
                    text(kind, word),
                    (Value::Absent(Absent::Null), true),
                    "{word}"
                );
            }
            let name = Field {
                role: Role::Name,
                ..field(Kind::Text)
            };
            let cell = name.read(Raw::Text(word), &mut Vec::new(), &texts);
            assert_eq!((cell.value, cell.seen), (Value::Text, word));
        }
        for word in ["no", "-", "na", "NULLs", "None of these", "?", "[]"] {
            assert_eq!(text(Kind::Text, word), (Value::Text, false), "{word}");
        }
    }

    #[test]
    fn a_time_is_the_same_in_json_text_in_a_number_and_in_a_cell() {
        for number in ["1551694830", "1551694830.5", "1551694830123"] {
            let time = read(Kind::Time, Raw::Number(number));
            assert!(matches!(time, (Value::Time(_), true)), "{number}");
            assert_eq!(read(Kind::Time, Raw::Text(number)), time);
        }
        for odd in ["20190304", "45301", "0", "20190304x"] {
            assert_eq!(text(Kind::Time, odd), UNPARSABLE, "{odd}");
        }
        assert_eq!(read(Kind::Time, Raw::Number("0")), UNPARSABLE);
    }

    #[test]
    fn a_list_is_bad_unless_an_entry_can_be_read() {
        for (raw, is_list) in [
            (Raw::Text("10.0.0.1,office"), true),
            (Raw::Array(r#"["10.0.0.1"]"#), true),
            (Raw::Array(r#"[1, "10.0.0.1"]"#), true),
            (Raw::Text("office"), false),
            (Raw::Array("[]"), false),
            (Raw::Array("[1]"), false),
        ] {
            let (value, _) = read(Kind::Networks, raw);
            assert_eq!(matches!(value, Value::Networks(_)), is_list, "{raw:?}");
            assert!(is_list || value == Value::Bad(Bad::Unparsable), "{raw:?}");
        }
        for raw in [Raw::Number("1"), Raw::Object, Raw::Bool(false)] {
            assert_eq!(read(Kind::Networks, raw).0, Value::Bad(Bad::WrongType));
        }
    }

    #[test]
    fn a_field_that_stands_twice_agrees_or_conflicts() {
        let (entries, texts) = (&mut Vec::new(), &Bump::new());
        let flag = field(Kind::Flag);
        let mut cell = flag.read(Raw::Bool(true), entries, texts);
        cell.meets(flag.read(Raw::Text("yes"), entries, texts), &[], texts);
        assert_eq!((&cell.value, cell.coerced), (&Value::Flag(true), true));
        cell.meets(flag.read(Raw::Null, entries, texts), &[], texts);
        assert_eq!(cell.value, Value::Bad(Bad::Conflict));
        assert_eq!(cell.seen, "true | [null]");
    }

    #[test]
    fn a_list_agrees_with_one_of_the_same_entries_however_often_they_stand() {
        let texts = &Bump::new();
        let list = field(Kind::Networks);
        for (one, other, agree) in [
            ("10.0.0.1,10.0.0.2", "10.0.0.2;10.0.0.1/32;10.0.0.1", true),
            ("10.0.0.1", "10.0.0.1,office", false),
            ("10.0.0.1,office", "10.0.0.1,office", true),
            ("10.0.0.1,office", "10.0.0.1,home", false),
            ("192.0.*.1", "192.0.0.0/16", false),
        ] {
            let entries = &mut Vec::new();
            let mut cell = list.read(Raw::Text(one), entries, texts);
            let other = list.read(Raw::Text(other), entries, texts);
            cell.meets(other, entries, texts);
            let agreed = cell.value != Value::Bad(Bad::Conflict);
            assert_eq!(agreed, agree, "{one} | {}", other.seen);
        }
    }
}
