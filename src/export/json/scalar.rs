//! Scalars that an exporter writes as an object which names their type, as those of
//! DynamoDB, MongoDB and Firestore do.

use std::ops::Range;

use super::lexer::{skip_blanks, skip_key, string};
use crate::record::{Raw, Record};

/// Says what the one key of a typed scalar makes of its value.
#[derive(Debug, Clone, Copy)]
enum Typed {
    /// It is the value.
    Same,
    /// A number, which may be a text.
    Number,
    /// Nothing.
    Null,
}

/// Lists the keys that name a type.
const TYPES: [(&str, Typed); 11] = [
    ("S", Typed::Same),
    ("N", Typed::Number),
    ("BOOL", Typed::Same),
    ("NULL", Typed::Null),
    ("$oid", Typed::Same),
    ("$date", Typed::Same),
    ("$numberLong", Typed::Number),
    ("stringValue", Typed::Same),
    ("booleanValue", Typed::Same),
    ("integerValue", Typed::Number),
    ("timestampValue", Typed::Same),
];

/// The key of Firestore for nothing, whose value is null.
const NULL_VALUE: &str = "nullValue";

/// Returns whether a key names the type of a scalar.
pub fn is_type(key: &str) -> bool {
    key == NULL_VALUE || TYPES.iter().any(|(of, _)| *of == key)
}

/// Reads a JSON object in place of a scalar, if that is what it is.
#[inline(never)]
pub fn typed_scalar<'b>(text: &'b str, object: Range<usize>, record: &Record<'b>) -> Raw<'b> {
    scalar(text, object, record).unwrap_or(Raw::Object)
}

fn scalar<'b>(text: &'b str, object: Range<usize>, record: &Record<'b>) -> Option<Raw<'b>> {
    let bytes = &text.as_bytes()[..object.end];
    let key = skip_blanks(bytes, object.start + 1);
    let value = skip_key(bytes, key).ok()?;
    let name = &text[key + 1..string(bytes, key).ok()?.end - 1];
    let typed = match TYPES.iter().find(|(of, _)| *of == name) {
        Some((_, typed)) => *typed,
        None if name == NULL_VALUE => Typed::Null,
        None => return None,
    };
    let end = super::lexer::skip_value(bytes, value, 1).ok()?;
    if skip_blanks(bytes, end) + 1 != object.end {
        // It has another key.
        return None;
    }
    let value_text = &text[value..end];
    Some(match (typed, bytes[value]) {
        (Typed::Null, _) => Raw::Null,
        (_, b'{') => return scalar(text, value..end, record),
        (Typed::Number, b'"') => Raw::Number(value_text.trim_matches('"')),
        (_, b'"') => {
            let token = string(bytes, value).ok()?;
            match token.unescaped(text, value) {
                Some(std::borrow::Cow::Borrowed(plain)) => Raw::Text(plain),
                Some(std::borrow::Cow::Owned(unescaped)) => Raw::Text(record.keep(&unescaped)),
                None => Raw::BrokenText,
            }
        }
        (_, b't') => Raw::Bool(true),
        (_, b'f') => Raw::Bool(false),
        (_, b'n') => Raw::Null,
        (_, b'[') => return None,
        _ => Raw::Number(value_text),
    })
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::record::Schema;

    #[test]
    fn an_object_that_names_a_type_is_its_scalar() {
        let (schema, texts) = (Schema::default(), Bump::new());
        let record = Record::new(&schema, &texts);
        for (text, raw) in [
            (r#"{"S": "x"}"#, Raw::Text("x")),
            (r#"{"S":"\u0078"}"#, Raw::Text("x")),
            (r#"{"N":"42"}"#, Raw::Number("42")),
            (r#"{ "BOOL" : false }"#, Raw::Bool(false)),
            (r#"{"NULL":true}"#, Raw::Null),
            (r#"{"$oid":"507f"}"#, Raw::Text("507f")),
            (
                r#"{"$date":"2024-01-10T08:00:00Z"}"#,
                Raw::Text("2024-01-10T08:00:00Z"),
            ),
            (
                r#"{"$date":{"$numberLong":"1704873600000"}}"#,
                Raw::Number("1704873600000"),
            ),
            (r#"{"stringValue":"x"}"#, Raw::Text("x")),
            (r#"{"booleanValue":true}"#, Raw::Bool(true)),
            (r#"{"integerValue":"7"}"#, Raw::Number("7")),
            (
                r#"{"timestampValue":"2024-01-10T08:00:00Z"}"#,
                Raw::Text("2024-01-10T08:00:00Z"),
            ),
            (r#"{"nullValue":null}"#, Raw::Null),
            (r#"{"S":"x","N":"1"}"#, Raw::Object),
            (r#"{"s":"x"}"#, Raw::Object),
            (r#"{"S":["x"]}"#, Raw::Object),
            ("{}", Raw::Object),
        ] {
            assert_eq!(typed_scalar(text, 0..text.len(), &record), raw, "{text}");
        }
    }
}
