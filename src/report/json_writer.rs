//! JSON as several formats write it: nothing in it steers a terminal.

use std::fmt::Display;
use std::io::{self, Write};

use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::model::header::Rule;
use super::model::row::{FindingRow, Unnumbered};
use super::render::Rendered;
use super::row_writer::write_open_row;
use crate::policy::Severity;
use crate::spool::Spool;
use crate::text::is_unsafe;

/// Writes JSON in which nothing steers a terminal: what could is escaped.
#[derive(Clone, Copy, Default)]
struct Quiet;

impl Formatter for Quiet {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        if !fragment.is_ascii() || fragment.contains('\u{7f}') {
            for (at, c) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
                writer.write_all(&fragment.as_bytes()[plain..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                plain = at + c.len_utf8();
            }
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(writer, escape)
    }
}

/// Writes as [`Quiet`], with each object of a list on its own line: then reports can
/// be read and compared by lines.
#[derive(Default)]
struct Lined {
    in_list: bool,
}

impl Formatter for Lined {
    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.in_list = true;
        CompactFormatter.begin_array_value(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.in_list = false;
        CompactFormatter.begin_object_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.in_list {
            writer.write_all(b"\n")?;
        }
        CompactFormatter.begin_object(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        Quiet.write_string_fragment(writer, fragment)
    }
}

/// Writes a value on one line.
pub fn write_json<W: Write + ?Sized>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Quiet);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Makes the items of a list, one after another.
pub type Items<'i> = &'i dyn Fn() -> Box<dyn Iterator<Item = io::Result<Value>> + 'i>;

/// Writes a document as a file: all but its long lists, and these in their places, which
/// are JSON pointers. Their items are made while they are written, so that never all of
/// them are in memory.
pub fn write_file(
    document: &Value,
    lists: &[(&str, Items<'_>)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Lined::default());
    let document = Part {
        value: document,
        pointer: String::new(),
        lists,
    };
    document
        .serialize(&mut serializer)
        .map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Represents a part of a document, at a place.
struct Part<'p, 'i> {
    value: &'p Value,
    pointer: String,
    lists: &'p [(&'p str, Items<'i>)],
}

impl<'i> Part<'_, 'i> {
    fn member<'v>(&'v self, key: &dyn Display, value: &'v Value) -> Part<'v, 'i> {
        Part {
            value,
            pointer: format!("{}/{key}", self.pointer),
            lists: self.lists,
        }
    }

    /// Returns whether a list is in it.
    fn leads_to_list(&self) -> bool {
        let mut places = self.lists.iter().map(|(place, _)| place);
        places.any(|place| {
            let rest = place.strip_prefix(self.pointer.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

impl Serialize for Part<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some((_, items)) = self.lists.iter().find(|(place, _)| *place == self.pointer) {
            let mut list = serializer.serialize_seq(None)?;
            for item in items() {
                list.serialize_element(&item.map_err(S::Error::custom)?)?;
            }
            return list.end();
        }
        match self.value {
            Value::Object(members) if self.leads_to_list() => {
                let members = members.iter();
                serializer.collect_map(members.map(|(key, value)| (key, self.member(key, value))))
            }
            Value::Array(items) if self.leads_to_list() => {
                let items = items.iter().enumerate();
                serializer.collect_seq(items.map(|(index, item)| self.member(&index, item)))
            }
            other => other.serialize(serializer),
        }
    }
}

/// Writes an object without its last brace, so that more keys can follow.
pub fn write_open(object: &impl Serialize, out: &mut Vec<u8>) -> io::Result<()> {
    write_json(object, out)?;
    out.pop();
    Ok(())
}

/// Returns an object without its last brace, so that more keys can follow.
pub fn open(object: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut open = Vec::new();
    write_open(object, &mut open)?;
    Ok(open)
}

/// Holds what is the same for all findings of a rule, by severity: an object without its
/// last brace.
pub struct RuleObjects(Vec<(Severity, Vec<u8>)>);

impl RuleObjects {
    /// Makes the object of each severity that findings of the rule can have.
    pub fn new(rule: &Rule, object: impl Fn(Severity) -> io::Result<Vec<u8>>) -> io::Result<Self> {
        let objects = rule
            .severities()
            .map(|severity| Ok((severity, object(severity)?)));
        Ok(Self(objects.collect::<io::Result<_>>()?))
    }

    /// Returns the object of a severity.
    pub fn of(&self, severity: Severity) -> &[u8] {
        let known = self.0.iter().find(|(known, _)| *known == severity);
        known.or(self.0.first()).map_or(&[], |(_, object)| object)
    }
}

/// Writes a finding as an object, with a placeholder for the number of its record.
pub fn write_row(row: &FindingRow<'_>, out: &mut Rendered) -> io::Result<()> {
    write_open_row(&Unnumbered(row), &mut out.bytes)?;
    out.bytes.extend_from_slice(b",\"record\":");
    match row.record {
        Some(number) => out.record_number(number),
        None => out.bytes.extend_from_slice(b"null"),
    }
    out.bytes.push(b'}');
    Ok(())
}

/// Joins the items of a list, each of which is rendered with a comma before it.
#[derive(Default)]
pub struct List {
    has_items: bool,
}

impl List {
    /// Returns whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        !self.has_items
    }

    /// Writes items; the first of all without its comma.
    pub fn write(&mut self, items: &[u8], out: &mut dyn Write) -> io::Result<()> {
        match items.strip_prefix(b",") {
            Some(first) if !self.has_items => {
                self.has_items = true;
                out.write_all(first)
            }
            _ => out.write_all(items),
        }
    }
}

/// How many bytes of a list wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 1 << 20;

/// Keeps the items of a list until what comes before them is written.
pub struct KeptList {
    between: &'static [u8],
    spool: Spool,
    /// Room for an item: a file takes it in one piece.
    item: Vec<u8>,
}

impl KeptList {
    /// Returns an empty list; `between` will be between two items.
    pub fn new(between: &'static [u8]) -> Self {
        Self {
            between,
            spool: Spool::new(SPOOL_BYTES),
            item: Vec::new(),
        }
    }

    /// Adds an item.
    pub fn push(&mut self, item: &impl Serialize) -> io::Result<()> {
        self.item.clear();
        if self.spool.bytes() > 0 {
            self.item.extend_from_slice(self.between);
        }
        write_json(item, &mut self.item)?;
        self.spool.push(&self.item)
    }

    /// Writes all items.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        io::copy(&mut self.spool.into_reader()?, out).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_whole_and_steers_no_terminal() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}é\"\\\u{e0041}";
        let mut out = Vec::new();
        write_json(&text, &mut out).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(out, r#""a\u001b\u007f\u009b\u202eé\"\\\udb40\udc41""#);
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }

    #[test]
    fn each_object_of_a_list_is_on_its_own_line() {
        let value = serde_json::json!({"a": [{"b": {"c": [1, "\u{9b}"]}}, {}], "d": {}});
        let mut out = Vec::new();
        write_file(&value, &[], &mut out).expect("memory");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(
            out,
            "{\"a\":[\n{\"b\":{\"c\":[1,\"\\u009b\"]}},\n{}],\"d\":{}}\n"
        );
    }

    #[test]
    fn a_list_that_is_made_while_it_is_written_is_written_as_any_other() {
        let document = |a: Value, b: Value| serde_json::json!({"a": [{"list": a}, {"list": [7]}], "ab": {"list": [8]}, "b": b});
        for items in [vec![], vec![Value::from(1), serde_json::json!({"x": [{}]})]] {
            let (mut whole, mut by_items) = (Vec::new(), Vec::new());
            let list = Value::from(items.clone());
            write_file(&document(list.clone(), list), &[], &mut whole).expect("memory");
            let make: Items<'_> = &|| Box::new(items.iter().cloned().map(Ok));
            let lists = [("/a/0/list", make), ("/b", make)];
            let frame = document(Value::from(Vec::<Value>::new()), Value::Null);
            write_file(&frame, &lists, &mut by_items).expect("memory");
            assert_eq!(String::from_utf8(by_items), String::from_utf8(whole));
        }
    }

    #[test]
    fn an_item_that_cannot_be_made_is_an_error() {
        let make: Items<'_> = &|| Box::new(std::iter::once(Err(io::Error::other("lost"))));
        let written = write_file(&Value::Null, &[("", make)], &mut io::sink());
        assert!(written.is_err_and(|error| error.to_string().contains("lost")));
    }

    #[test]
    fn more_rejected_records_than_wait_in_memory_are_written_in_their_order() {
        let mut rejected = crate::report::fixture::rejected();
        let mut list = KeptList::new(b",");
        let mut whole = Vec::new();
        while whole.len() <= 2 * SPOOL_BYTES {
            rejected.record += 1;
            list.push(&rejected).expect("a temporary file");
            whole.extend_from_slice(if whole.is_empty() { b"" } else { b"," });
            write_json(&rejected, &mut whole).expect("memory");
        }
        let mut out = Vec::new();
        list.write(&mut out).expect("memory");
        assert!(out == whole);
    }

    #[test]
    fn a_finding_is_written_as_its_type_says() {
        for mut row in crate::report::fixture::rows() {
            let mut rendered = Rendered::default();
            write_row(&row, &mut rendered).expect("memory");
            let mut whole = Vec::new();
            let numbered = rendered.numbered(1000).bytes;
            row.record = row.record.map(|number| number + 1000);
            write_json(&row, &mut whole).expect("memory");
            assert_eq!(String::from_utf8(numbered), String::from_utf8(whole));
        }
    }
}
