//! JSON Schemas of what people and programs write and read: for editors, and
//! for those who load reports.

use std::io::Write;

use schemars::schema_for;
use serde_json::{Map, Value, json};

use super::{Error, test::Cases};
use crate::options::Document;
use crate::policy::aggregate::{AGGREGATES, Copies};
use crate::policy::check::{Argument, OPERATORS};
use crate::policy::{OnAbsent, Severity};
use crate::record::field::{FIELDS, Kind};
use crate::report;

/// Writes the schema of a document.
pub(super) fn write(document: Document, out: &mut dyn Write) -> Result<(), Error> {
    let schema = match document {
        Document::Policy => policy(),
        Document::Cases => schema_for!(Cases).to_value(),
        Document::Report => report::json_schema(),
    };
    writeln!(out, "{schema:#}")?;
    Ok(())
}

/// The schema of a policy: what its fields, operators and words are, the program
/// asks the same tables.
fn policy() -> Value {
    let text = json!({ "type": "string", "pattern": r"\S" });
    let texts = json!({ "type": "array", "items": text, "minItems": 1 });
    let requirement = json!({ "$ref": "#/$defs/requirement" });
    let on_absent = json!({ "enum": OnAbsent::ALL.map(OnAbsent::name) });
    let severity = json!({ "enum": Severity::ALL.map(Severity::name) });
    let object = |properties: Value, required: &[&str]| {
        json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        })
    };
    let head = object(
        json!({
            "id": text, "title": text, "version": text, "extends": texts,
            "scope": requirement, "on-absent": on_absent,
        }),
        &["id"],
    );
    let value = json!({ "type": ["boolean", "integer", "number", "string", "array"] });
    let param = json!({ "anyOf": [
        value,
        object(json!({ "default": value, "loosest": { "type": ["integer", "number", "string"] } }), &["default"]),
    ]});
    let check = object(
        json!({
            "title": text, "when": requirement, "require": requirement, "on-absent": on_absent,
            "rationale": text, "remediation": text,
        }),
        &["require"],
    );
    let mut rule = object(
        json!({
            "id": text, "title": text, "severity": severity, "check": text, "when": requirement,
            "require": requirement, "on-absent": on_absent, "rationale": text,
            "remediation": text, "references": texts, "because": text,
        }),
        &["id", "severity"],
    );
    rule["oneOf"] = json!([{ "required": ["check"] }, { "required": ["require"] }]);
    let text_or = |schema: Value| json!({ "anyOf": [text, schema] });
    let count = |least: u64| or_param(json!({ "type": "integer", "minimum": least }));
    let span = or_param(json!({ "type": "string", "pattern": "^[0-9]+[hdw]$" }));
    let share = or_param(json!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,4})? *%$" }));
    let asks = [
        text_or(object(
            json!({ "field": text, "copies": { "enum": Copies::ALL.map(Copies::name) } }),
            &["field"],
        )),
        object(
            json!({ "field": text, "more-than": count(1), "ignore-case": { "type": "boolean" } }),
            &["field", "more-than"],
        ),
        object(
            json!({ "rule": text, "at-least": share }),
            &["rule", "at-least"],
        ),
        object(json!({ "at-least": count(0) }), &["at-least"]),
        object(
            json!({ "field": text, "within": span }),
            &["field", "within"],
        ),
    ];
    let mut aggregate = object(
        json!({
            "id": text, "title": text, "severity": severity, "when": requirement,
            "rationale": text, "remediation": text, "references": texts,
        }),
        &["id", "severity"],
    );
    for (name, ask) in AGGREGATES.into_iter().zip(asks) {
        aggregate["properties"][name] = ask;
    }
    aggregate["oneOf"] = AGGREGATES.map(|name| json!({ "required": [name] })).into();
    let mut change = object(
        json!({ "severity": severity, "on-absent": on_absent, "off": { "const": true }, "because": text }),
        &["because"],
    );
    change["minProperties"] = json!(2);
    let each = |schema: Value| json!({ "type": "object", "additionalProperties": schema });
    let mut schema = object(
        json!({
            "policy": head,
            "params": { "type": "object", "additionalProperties": false,
                "patternProperties": { "^[a-z][a-z0-9-]*$": param } },
            "fields": each(json!({ "enum": Kind::ALL.map(Kind::name) })),
            "check": each(check),
            "rule": { "type": "array", "items": rule, "minItems": 1 },
            "aggregate": { "type": "array", "items": aggregate, "minItems": 1 },
            "override": each(change),
        }),
        &["policy"],
    );
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("A policy");
    schema["$defs"] = definitions();
    schema
}

fn definitions() -> Value {
    let requirement = json!({ "$ref": "#/$defs/requirement" });
    let several = json!({ "type": "array", "items": requirement, "minItems": 1 });
    let mut properties = Map::new();
    properties.insert("all".to_owned(), several.clone());
    properties.insert("any".to_owned(), several);
    properties.insert("not".to_owned(), requirement);
    for field in &FIELDS {
        let check = json!({
            "description": field.meaning,
            "$ref": format!("#/$defs/{}", field.kind.name()),
        });
        properties.insert(field.name.to_owned(), check);
    }
    let kinds = Kind::ALL.map(|kind| json!({ "$ref": format!("#/$defs/{}", kind.name()) }));
    let mut definitions = Map::new();
    definitions.insert(
        "requirement".to_owned(),
        json!({
            "type": "object", "minProperties": 1, "properties": properties,
            // Fields of a policy's own, and other spellings of the 28.
            "additionalProperties": { "anyOf": kinds },
        }),
    );
    for kind in Kind::ALL {
        definitions.insert(kind.name().to_owned(), check(kind));
    }
    Value::Object(definitions)
}

/// What may be asked of a field of a kind.
fn check(kind: Kind) -> Value {
    let suiting = OPERATORS.iter().filter(|op| op.kinds.contains(&kind));
    let operators: Map<_, _> = suiting
        .map(|operator| (operator.name.to_owned(), argument(operator.argument, kind)))
        .collect();
    let operators = json!({
        "type": "object", "properties": operators, "minProperties": 1,
        "additionalProperties": false,
    });
    match kind {
        Kind::Networks => operators,
        Kind::Flag | Kind::Text | Kind::Time => json!({ "anyOf": [literal(kind), operators] }),
    }
}

/// What stands for a parameter.
fn param() -> Value {
    json!({ "type": "string", "pattern": r"^\$[a-z][a-z0-9-]*$" })
}

fn or_param(schema: Value) -> Value {
    json!({ "anyOf": [schema, param()] })
}

fn literal(kind: Kind) -> Value {
    match kind {
        Kind::Flag => or_param(json!({ "type": "boolean" })),
        Kind::Text | Kind::Time | Kind::Networks => json!({ "type": "string", "pattern": r"\S" }),
    }
}

fn argument(argument: Argument, kind: Kind) -> Value {
    let prefix = |most: u8| or_param(json!({ "type": "integer", "minimum": 0, "maximum": most }));
    let list = |items: Value| or_param(json!({ "type": "array", "items": items, "minItems": 1 }));
    match argument {
        Argument::Truth(_) => or_param(json!({ "type": "boolean" })),
        Argument::OnlyTrue(_) => or_param(json!({ "const": true })),
        Argument::Value(_) => literal(kind),
        Argument::Values(_) => list(literal(kind)),
        Argument::Field(_) | Argument::Time(_) => json!({ "type": "string", "pattern": r"\S" }),
        Argument::Pattern(_) => json!({ "type": "string" }),
        Argument::Count(_) => or_param(json!({ "type": "integer", "minimum": 0 })),
        Argument::Ago(_) => or_param(json!({ "type": "string", "pattern": "^[0-9]+[hdw]$" })),
        Argument::Prefixes => json!({
            "type": "object", "properties": { "v4": prefix(32), "v6": prefix(128) },
            "minProperties": 1, "additionalProperties": false,
        }),
        Argument::Networks(_) => list(json!({ "type": "string", "pattern": "/" })),
    }
}
