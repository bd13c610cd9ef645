//! The same records in every shape that JSON may have.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Number, Value};

use crate::reference::field::folded;
use crate::reference::reading::Record;

/// How the records follow each other, and what is around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Array,
    ArrayOfLines,
    ArrayPretty(usize),
    Lines,
    Concatenated,
    ConcatenatedPretty,
    Wrapper,
    AirbyteObject,
    AirbyteText,
    AirbyteRecord,
    SingerRecord,
    JsonApi,
}

impl Shape {
    pub const ALL: [Shape; 13] = [
        Shape::Array,
        Shape::ArrayOfLines,
        Shape::ArrayPretty(2),
        Shape::ArrayPretty(4),
        Shape::Lines,
        Shape::Concatenated,
        Shape::ConcatenatedPretty,
        Shape::Wrapper,
        Shape::AirbyteObject,
        Shape::AirbyteText,
        Shape::AirbyteRecord,
        Shape::SingerRecord,
        Shape::JsonApi,
    ];
}

/// What an exporter does without changing what it says.
#[derive(Clone, Debug)]
pub struct Habits {
    bom: bool,
    newline: &'static str,
    /// Every so many characters one is escaped; none at 0.
    escape: usize,
    /// Numbers with a fraction are written with an exponent.
    exponent: bool,
    /// The odd one of two orders, where the order of keys is free.
    turned: bool,
    wrapper: &'static str,
}

impl Habits {
    /// Nothing out of the way.
    pub fn plain() -> Self {
        Self {
            bom: false,
            newline: "\n",
            escape: 0,
            exponent: false,
            turned: false,
            wrapper: "data",
        }
    }
}

pub fn habits() -> impl Strategy<Value = Habits> {
    let wrappers = vec!["data", "customers", "items", "results", "records", "rows"];
    let newlines = select(vec!["\n", "\n", "\r\n"]);
    let flags = (prop::bool::weighted(0.2), any::<bool>(), any::<bool>());
    (flags, newlines, 0..5_usize, select(wrappers)).prop_map(
        |((bom, exponent, turned), newline, escape, wrapper)| Habits {
            bom,
            newline,
            escape,
            exponent,
            turned,
            wrapper,
        },
    )
}

/// The bytes of an export.
pub fn json(records: &[Record], shape: Shape, habits: &Habits) -> Vec<u8> {
    let each = |write: fn(&Record, &Habits) -> String| -> Vec<String> {
        records.iter().map(|record| write(record, habits)).collect()
    };
    let newline = habits.newline;
    let text = match shape {
        Shape::Array => format!("[{}]", each(plain).join(",")),
        Shape::ArrayOfLines => {
            let between = format!(",{newline}  ");
            format!(
                "[{newline}  {}{newline}]{newline}",
                each(plain).join(&between)
            )
        }
        Shape::ArrayPretty(indent) => pretty_array(records, indent, habits),
        Shape::Lines => lines(&each(plain), habits),
        Shape::Concatenated => each(plain).concat(),
        Shape::ConcatenatedPretty => lines(&each(pretty), habits),
        Shape::Wrapper => wrapper(&each(plain).join(","), habits),
        Shape::AirbyteObject => lines(&each(airbyte_object), habits),
        Shape::AirbyteText => lines(&each(airbyte_text), habits),
        Shape::AirbyteRecord => lines(&each(airbyte_record), habits),
        Shape::SingerRecord => lines(&singer(&each(plain), habits), habits),
        Shape::JsonApi => wrapped("data", &each(json_api).join(","), habits),
    };
    let bom = if habits.bom { "\u{feff}" } else { "" };
    format!("{bom}{text}").into_bytes()
}

fn lines(lines: &[String], habits: &Habits) -> String {
    let last = if habits.turned { "" } else { habits.newline };
    lines.join(habits.newline) + last
}

fn plain(record: &Record, habits: &Habits) -> String {
    Writer::new(habits, None).object(record, 0)
}

fn pretty(record: &Record, habits: &Habits) -> String {
    Writer::new(habits, Some(2)).object(record, 0)
}

fn pretty_array(records: &[Record], indent: usize, habits: &Habits) -> String {
    let writer = Writer::new(habits, Some(indent));
    let objects = records.iter().map(|record| writer.object(record, 1));
    writer.enclosed('[', objects.collect(), ']', 0)
}

fn wrapper(records: &str, habits: &Habits) -> String {
    wrapped(habits.wrapper, records, habits)
}

fn wrapped(key: &str, records: &str, habits: &Habits) -> String {
    let meta = r#""meta":{"total_pages":1,"links":[{"id":"no record"}]}"#;
    match habits.turned {
        true => format!(r#"{{{meta},"columns":[{{"name":"id"}}],"{key}":[{records}]}}"#),
        false => format!(r#"{{ "{key}" : [{records}], {meta} }}"#),
    }
}

const AIRBYTE: &str = concat!(
    r#""_airbyte_raw_id":"00000000-0000-0000-0000-000000000000","#,
    r#""_airbyte_extracted_at":1700000000000,"_airbyte_meta":{"changes":[]}"#
);

fn airbyte(data: &str, habits: &Habits) -> String {
    match habits.turned {
        true => format!(r#"{{"_airbyte_data":{data},{AIRBYTE}}}"#),
        false => format!(r#"{{{AIRBYTE},"_airbyte_data":{data}}}"#),
    }
}

fn airbyte_object(record: &Record, habits: &Habits) -> String {
    airbyte(&plain(record, habits), habits)
}

fn airbyte_text(record: &Record, habits: &Habits) -> String {
    let data = Writer::new(habits, None).string(&plain(record, habits));
    airbyte(&data, habits)
}

fn airbyte_record(record: &Record, habits: &Habits) -> String {
    let data = plain(record, habits);
    let emitted = r#""stream":"customers","emitted_at":1700000000000"#;
    match habits.turned {
        true => format!(r#"{{"record":{{{emitted},"data":{data}}},"type":"RECORD"}}"#),
        false => format!(r#"{{"type":"RECORD","record":{{"data":{data},{emitted}}}}}"#),
    }
}

fn singer(records: &[String], habits: &Habits) -> Vec<String> {
    let schema = r#"{"type":"SCHEMA","stream":"customers","schema":{"properties":{"id":{}}}}"#;
    let state = r#"{"type":"STATE","value":{"bookmarks":{"customers":{"id":"c0"}}}}"#;
    let stream = r#""stream":"customers","time_extracted":"2026-01-01T00:00:00Z""#;
    let mut messages = vec![schema.to_owned()];
    for record in records {
        messages.push(match habits.turned {
            true => format!(r#"{{{stream},"record":{record},"type":"RECORD"}}"#),
            false => format!(r#"{{"type":"RECORD",{stream},"record":{record}}}"#),
        });
        messages.push(state.to_owned());
    }
    messages
}

/// The id lies beside the attributes.
fn json_api(record: &Record, habits: &Habits) -> String {
    let mut attributes = record.clone();
    let id = attributes.iter().position(|(key, _)| folded(key) == "id");
    let id = id.map(|at| attributes.remove(at).1);
    let writer = Writer::new(habits, None);
    let id = id.map(|id| format!(r#","id":{}"#, writer.value(&id, 0)));
    let id = id.unwrap_or_default();
    let attributes = plain(&attributes, habits);
    match habits.turned {
        true => format!(r#"{{"attributes":{attributes},"type":"customer"{id}}}"#),
        false => format!(r#"{{"type":"customer"{id},"attributes":{attributes}}}"#),
    }
}

/// Writes JSON by hand: twice the same key, and escapes where none are due.
struct Writer<'a> {
    habits: &'a Habits,
    indent: Option<usize>,
}

impl<'a> Writer<'a> {
    fn new(habits: &'a Habits, indent: Option<usize>) -> Self {
        Self { habits, indent }
    }

    fn object(&self, members: &[(String, Value)], level: usize) -> String {
        let colon = if self.indent.is_some() { ": " } else { ":" };
        let members = members
            .iter()
            .map(|(key, value)| self.string(key) + colon + &self.value(value, level + 1));
        self.enclosed('{', members.collect(), '}', level)
    }

    fn value(&self, value: &Value, level: usize) -> String {
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(flag) => flag.to_string(),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text),
            Value::Array(values) => {
                let values = values.iter().map(|value| self.value(value, level + 1));
                self.enclosed('[', values.collect(), ']', level)
            }
            Value::Object(members) => {
                let members: Record = members.clone().into_iter().collect();
                self.object(&members, level)
            }
        }
    }

    fn enclosed(&self, open: char, parts: Vec<String>, close: char, level: usize) -> String {
        if parts.is_empty() {
            return format!("{open}{close}");
        }
        let Some(indent) = self.indent else {
            return format!("{open}{}{close}", parts.join(","));
        };
        let newline = |level| self.habits.newline.to_owned() + &" ".repeat(indent * level);
        let (inner, outer) = (newline(level + 1), newline(level));
        let parts = parts.join(&format!(",{inner}"));
        format!("{open}{inner}{parts}{outer}{close}")
    }

    fn number(&self, number: &Number) -> String {
        match number.as_f64() {
            Some(fraction) if number.is_f64() && self.habits.exponent => format!("{fraction:e}"),
            _ => number.to_string(),
        }
    }

    fn string(&self, text: &str) -> String {
        let mut written = String::from('"');
        for (at, c) in text.chars().enumerate() {
            match c {
                '"' => written.push_str("\\\""),
                '\\' => written.push_str("\\\\"),
                '\n' => written.push_str("\\n"),
                c if c < ' ' || self.is_escaped(at) => written.push_str(&escaped(c)),
                c => written.push(c),
            }
        }
        written + "\""
    }

    fn is_escaped(&self, at: usize) -> bool {
        self.habits.escape > 0 && at.is_multiple_of(self.habits.escape)
    }
}

fn escaped(c: char) -> String {
    let units = &mut [0; 2];
    let units = c.encode_utf16(units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect()
}
