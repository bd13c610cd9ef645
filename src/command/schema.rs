//! `audit schema`: JSON Schemas of what people and programs write and read, for
//! editors, and for those who load reports.

use std::io::Write;

use schemars::schema_for;
use serde_json::{Map, Value, json};
use strum::VariantArray;

use super::config;
use super::error::Error;
use super::test::Cases;
use crate::options::Document;
use crate::policy::aggregate::{Copies, Question};
use crate::policy::keys::{
    AggregateKey, CheckKey, ControlKey, FieldKey, HeadKey, MostDaysKey, NewestKey, OtherTimeKey,
    OverrideKey, ParamKey, PassRateKey, PrefixKey, RaiseKey, RecordsKey, RootKey, RuleKey,
    SharedKey, SizeKey, SomeKey, UniqueKey, WaiversKey,
};
use crate::policy::operator::{self, Argument};
use crate::policy::{MustSay, OnAbsent, Severity, WhenAbsent};
use crate::record::Absent;
use crate::record::field::{FIELDS, Kind};
use crate::report;
use crate::toml_keys::{Keys, Shape};
use crate::toml_reader::Word;
use crate::waiver::keys::{ValueKey, WaiverKey};
use crate::waiver::{self, Covers};

/// Writes the schema of a document.
pub(super) fn write(document: Document, out: &mut dyn Write) -> Result<(), Error> {
    let schema = match document {
        Document::Policy => policy(),
        Document::Waivers => waivers(),
        Document::Cases => schema_for!(Cases).to_value(),
        Document::Config => config::schema(),
        Document::Report => report::json_schema(),
    };
    writeln!(out, "{schema:#}")?;
    Ok(())
}

/// Describes a policy, from the tables that its reader asks.
fn policy() -> Value {
    let mut properties = Map::new();
    for key in RootKey::VARIANTS {
        let mut schema = match key {
            RootKey::Policy => table::<HeadKey>(),
            RootKey::Params => json!({
                "type": "object", "additionalProperties": false,
                "patternProperties": {
                    "^[a-z][a-z0-9-]*$":
                        { "anyOf": [shape(Shape::Value), table::<ParamKey>()] },
                },
            }),
            RootKey::Fields => {
                let kind = json!({ "enum": Kind::ALL.map(Kind::name) });
                let mut declared = table::<FieldKey>();
                declared["properties"][FieldKey::Kind.word()] = kind.clone();
                each(json!({ "anyOf": [kind, declared] }))
            }
            RootKey::Control => list(table::<ControlKey>()),
            RootKey::Check => each(table::<CheckKey>()),
            RootKey::Rule => list(rule()),
            RootKey::Aggregate => list(aggregate()),
            RootKey::Override => each(change()),
            RootKey::Waivers => table::<WaiversKey>(),
        };
        schema["description"] = key.meaning().into();
        properties.insert(key.word().to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A policy",
        "type": "object",
        "properties": properties,
        "required": [RootKey::Policy.word()],
        "additionalProperties": false,
        "$defs": definitions(),
    })
}

/// Describes a file of waivers, from the tables that its reader asks.
fn waivers() -> Value {
    let mut properties = Map::new();
    for key in waiver::keys::RootKey::VARIANTS {
        let mut schema = match key {
            waiver::keys::RootKey::Waiver => {
                let mut waiver = table::<WaiverKey>();
                let one_of = |keys: &[WaiverKey]| {
                    let required = keys.iter().map(|key| json!({ "required": [key.word()] }));
                    json!({ "oneOf": required.collect::<Vec<_>>() })
                };
                waiver["allOf"] = json!([one_of(&WaiverKey::ABOUT), one_of(&WaiverKey::HOLDS_FOR)]);
                json!({ "type": "array", "items": waiver })
            }
        };
        schema["description"] = key.meaning().into();
        properties.insert(key.word().to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Waivers",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Describes a table by its keys.
fn table<K: Keys>() -> Value {
    let property = |key: &K| {
        let mut schema = shape(key.shape());
        schema["description"] = key.meaning().into();
        (key.word().to_owned(), schema)
    };
    let properties: Map<_, _> = K::VARIANTS.iter().map(property).collect();
    let required: Vec<_> = K::REQUIRED.iter().map(|key| key.word()).collect();
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

/// Describes a value of a key.
fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string", "pattern": r"\S" }),
        Shape::Texts => list(self::shape(Shape::Text)),
        Shape::Requirement => json!({ "$ref": "#/$defs/requirement" }),
        Shape::Severity => words::<Severity>(),
        Shape::OnAbsent => words::<OnAbsent>(),
        Shape::WhenAbsent => words::<WhenAbsent>(),
        Shape::Reasons => each(self::shape(Shape::Text)),
        Shape::Raise => table::<RaiseKey>(),
        Shape::Version => json!({ "type": "string", "pattern": "[0-9]" }),
        Shape::Copies => words::<Copies>(),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::True => json!({ "const": true }),
        Shape::Count { min } => or_param(json!({ "type": "integer", "minimum": min })),
        Shape::Size => or_param(json!({
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": r"^2\^[0-9]+$" }],
        })),
        Shape::Prefix { max } => {
            or_param(json!({ "type": "integer", "minimum": 0, "maximum": max }))
        }
        Shape::Span => or_param(json!({ "type": "string", "pattern": "^[0-9]+[hdw]$" })),
        Shape::Share => {
            let share = r"^[0-9]+(\.[0-9]{1,4})? *%$";
            or_param(json!({ "type": "string", "pattern": share }))
        }
        Shape::Value => json!({ "type": ["boolean", "integer", "number", "string", "array"] }),
        Shape::Limit => json!({ "type": ["integer", "number", "string"] }),
        Shape::Days { max } => json!({ "type": "integer", "minimum": 1, "maximum": max }),
        Shape::MostDays => {
            let mut days = table::<MostDaysKey>();
            days["minProperties"] = json!(1);
            days
        }
        Shape::MustSay => list(words::<MustSay>()),
        Shape::Day => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Shape::Covers => words::<Covers>(),
        Shape::Digest => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
        Shape::Absent => words::<Absent>(),
        Shape::Values => {
            let mut other = table::<ValueKey>();
            (other["minProperties"], other["maxProperties"]) = (json!(1), json!(1));
            let list = list(self::shape(Shape::Text));
            let text = self::shape(Shape::Text);
            let plain = json!({ "type": ["boolean", "integer", "number"] });
            let mut values = each(json!({ "anyOf": [plain, text, list, other] }));
            values["minProperties"] = json!(1);
            values
        }
    }
}

fn words<W: Word>() -> Value {
    json!({ "enum": W::words().collect::<Vec<_>>() })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1 })
}

/// Describes a table whose keys are names of the author's own.
fn each(schema: Value) -> Value {
    json!({ "type": "object", "additionalProperties": schema })
}

fn rule() -> Value {
    let mut rule = table::<RuleKey>();
    // A check may have a severity for all who ask it.
    let check = [RuleKey::Check.word()];
    let own = [RuleKey::Require.word(), RuleKey::Severity.word()];
    rule["oneOf"] = json!([{ "required": check }, { "required": own }]);
    rule
}

fn aggregate() -> Value {
    let mut aggregate = table::<AggregateKey>();
    for question in Question::VARIANTS {
        let mut schema = match question {
            Question::Unique => json!({ "anyOf": [shape(Shape::Text), table::<UniqueKey>()] }),
            Question::Shared => table::<SharedKey>(),
            Question::PassRate => table::<PassRateKey>(),
            Question::Records => table::<RecordsKey>(),
            Question::Newest => table::<NewestKey>(),
        };
        schema["description"] = question.meaning().into();
        aggregate["properties"][question.word()] = schema;
    }
    let one_of = Question::words().map(|name| json!({ "required": [name] }));
    aggregate["oneOf"] = one_of.collect();
    aggregate
}

fn change() -> Value {
    let mut change = table::<OverrideKey>();
    // The reason alone changes nothing.
    change["minProperties"] = json!(2);
    change
}

fn definitions() -> Value {
    let requirement = shape(Shape::Requirement);
    let several = list(requirement.clone());
    let mut properties = Map::new();
    properties.insert("all".to_owned(), several.clone());
    properties.insert("any".to_owned(), several.clone());
    let mut some = table::<SomeKey>();
    some["properties"][SomeKey::Of.word()] = several;
    properties.insert("some".to_owned(), some);
    properties.insert("not".to_owned(), requirement);
    for field in FIELDS {
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
            // Fields of a policy's own, and other spellings of the documented.
            "additionalProperties": { "anyOf": kinds },
        }),
    );
    for kind in Kind::ALL {
        definitions.insert(kind.name().to_owned(), check(kind));
    }
    Value::Object(definitions)
}

/// Describes what may be asked of a field of a kind.
fn check(kind: Kind) -> Value {
    let operators: Map<_, _> = operator::suiting(kind)
        .map(|operator| (operator.name.to_owned(), argument(operator.argument, kind)))
        .collect();
    let operators = json!({
        "type": "object", "properties": operators, "minProperties": 1,
        "additionalProperties": false,
    });
    match kind {
        Kind::Networks => operators,
        Kind::Flag | Kind::Text | Kind::Number | Kind::Time => {
            json!({ "anyOf": [literal(kind), operators] })
        }
    }
}

/// Describes what stands for a parameter.
fn param() -> Value {
    json!({ "type": "string", "pattern": r"^\$[a-z][a-z0-9-]*$" })
}

fn or_param(schema: Value) -> Value {
    json!({ "anyOf": [schema, param()] })
}

fn literal(kind: Kind) -> Value {
    match kind {
        Kind::Flag => or_param(json!({ "type": "boolean" })),
        Kind::Number => or_param(json!({ "type": "number" })),
        Kind::Text | Kind::Time | Kind::Networks => shape(Shape::Text),
    }
}

fn argument(argument: Argument, kind: Kind) -> Value {
    match argument {
        Argument::Truth(_) | Argument::Passed(_) => or_param(json!({ "type": "boolean" })),
        Argument::OnlyTrue(_) => or_param(json!({ "const": true })),
        Argument::Value(_) => literal(kind),
        Argument::Values(_) => or_param(list(literal(kind))),
        Argument::Field(_) | Argument::Time(_) => shape(Shape::Text),
        Argument::Pattern(_) => json!({ "type": "string" }),
        Argument::Count(_) => shape(Shape::Count { min: 0 }),
        Argument::Number(_) => or_param(json!({ "type": "number" })),
        Argument::OtherTime(_) => {
            json!({ "anyOf": [shape(Shape::Text), table::<OtherTimeKey>()] })
        }
        Argument::Ago(_) | Argument::Ahead(_) => shape(Shape::Span),
        Argument::Prefixes(_) => table::<PrefixKey>(),
        Argument::Sizes(_) => table::<SizeKey>(),
        Argument::Addresses(_) => or_param(list(shape(Shape::Text))),
        Argument::Networks(_) => or_param(list(json!({ "type": "string", "pattern": "/" }))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects the paths of all descriptions that say nothing.
    fn blank_descriptions(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(table) => {
                for (key, value) in table {
                    let path = format!("{path}/{key}");
                    if key == "description" && value.as_str().is_some_and(str::is_empty) {
                        found.push(path.clone());
                    }
                    blank_descriptions(value, &path, found);
                }
            }
            Value::Array(items) => {
                for item in items {
                    blank_descriptions(item, path, found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_key_and_question_is_described() {
        let mut blank = Vec::new();
        blank_descriptions(&policy(), "", &mut blank);
        blank_descriptions(&waivers(), "", &mut blank);
        assert_eq!(blank, [""; 0]);
    }
}
