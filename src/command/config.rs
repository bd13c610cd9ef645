//! `audit config show` and the JSON Schema of a configuration.

use std::io::Write;

use serde_json::{Map, Value, json};
use strum::VariantArray;

use super::configured::resolved;
use super::error::Error;
use crate::cli::{AuditArgs, Origin};
use crate::config::keys::{Key, MAX_THREADS, ReportKey, Shape};
use crate::options::Alarm;
use crate::policy::Severity;
use crate::report::Listed;
use crate::report::{Column, Format, MaxChars};
use crate::text::escape_controls;
use crate::toml_reader::Word;
use crate::totals::Undecided;

/// Writes each value in force, and where it is from.
pub(super) fn show(args: AuditArgs, out: &mut dyn Write) -> Result<(), Error> {
    let resolved = resolved(args)?;
    let config = resolved.options.config.as_ref();
    let path = config.map_or("", |config| config.path.as_str());
    for one in &resolved.in_force {
        let origin = match one.origin {
            Origin::CommandLine => "command line".to_owned(),
            Origin::Config(line) => format!("{}:{line}", escape_controls(path)),
            Origin::Default => "default".to_owned(),
        };
        let value = escape_controls(&one.value);
        writeln!(out, "{} = {value}    # {origin}", escape_controls(&one.key))?;
    }
    Ok(())
}

/// Describes a configuration, from the tables that its reader asks.
pub(super) fn schema() -> Value {
    let properties = Key::VARIANTS.iter();
    let properties = properties.map(|key| property(key.word(), key.shape(), key.meaning()));
    let properties: Map<_, _> = properties.collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A configuration",
        "type": "object",
        "properties": properties,
        "not": { "required": [Key::Since.word(), Key::History.word()] },
        "additionalProperties": false,
    })
}

fn property(name: &str, shape: Shape, meaning: &str) -> (String, Value) {
    let mut schema = self::shape(shape);
    schema["description"] = meaning.into();
    (name.to_owned(), schema)
}

/// Describes a value of a key.
fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Text | Shape::Path => line(),
        Shape::Texts | Shape::Paths => list(line()),
        Shape::Link => json!({ "type": "string", "pattern": r"^\s*https?://\S+\s*$" }),
        Shape::Settings => {
            let value = json!({ "type": ["boolean", "integer", "number", "string", "array"] });
            each(value)
        }
        Shape::Mapping => each(one_or_several(line())),
        Shape::FailOn => {
            let severities = Severity::ALL.map(Severity::name);
            let words: Vec<_> = severities.into_iter().chain(["never", "overdue"]).collect();
            one_or_several(json!({ "enum": words }))
        }
        Shape::Severity => words::<Severity>(),
        Shape::Undecided => words::<Undecided>(),
        Shape::Alarm => words::<Alarm>(),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Span => json!({ "type": "string", "pattern": "^[0-9]+[hdw]$" }),
        Shape::Deadlines => {
            let severities = Severity::ALL.map(Severity::name);
            let spans = severities.map(|name| (name.to_owned(), self::shape(Shape::Span)));
            let spans: Map<_, _> = spans.into_iter().collect();
            json!({ "type": "object", "properties": spans, "additionalProperties": false })
        }
        Shape::Threads => json!({ "type": "integer", "minimum": 1, "maximum": MAX_THREADS }),
        Shape::Reports => list(report()),
        Shape::Format => json!({ "enum": names(Format::ALL, Format::name) }),
        Shape::Columns => list(json!({ "enum": names(Column::ALL, Column::name) })),
        Shape::SplitBy => {
            json!({ "type": "string", "pattern": r"^\s*(customer|rule|severity|field:\S.*|file:\S.*)$" })
        }
        Shape::Listed => list(words::<Listed>()),
        Shape::MaxChars => {
            let names = MaxChars::PROFILES.map(|(name, _)| name);
            let (least, most) = MaxChars::BOUNDS;
            json!({ "anyOf": [
                { "type": "integer", "minimum": least, "maximum": most }, { "enum": names },
            ]})
        }
    }
}

fn report() -> Value {
    let properties = ReportKey::VARIANTS.iter();
    let properties = properties.map(|key| property(key.word(), key.shape(), key.meaning()));
    let properties: Map<_, _> = properties.collect();
    let required: Vec<_> = ReportKey::REQUIRED.iter().map(|key| key.word()).collect();
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

/// Describes a line of text that is not blank.
fn line() -> Value {
    json!({ "type": "string", "pattern": r"^\s*\S[^\x00-\x1f]*\s*$" })
}

fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| name(*one)).collect()
}

fn words<W: Word>() -> Value {
    json!({ "enum": W::words().collect::<Vec<_>>() })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1 })
}

fn one_or_several(item: Value) -> Value {
    json!({ "anyOf": [item.clone(), list(item)] })
}

/// Describes a table whose keys are names of the author's own.
fn each(schema: Value) -> Value {
    json!({ "type": "object", "additionalProperties": schema })
}
