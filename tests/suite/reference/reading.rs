//! What is in a field of a record: a value, an absence or a fault.

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value as Json;

use super::field::{Kind, folded};
use super::logic::{Absence, Cause, Fault};
use super::network::{self, List};
use super::time::{self, Written};

/// A record as it was written: in order, and with a key as often as it came.
pub type Record = Vec<(String, Json)>;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Flag(bool),
    Text(String),
    Number(f64),
    Time(DateTime<Utc>),
    Networks(List),
}

/// A value, or why there is none.
pub type Reading = Result<Value, Cause>;

const MISSING: Cause = Cause::Absent(Absence::Missing);
const NULL: Cause = Cause::Absent(Absence::Null);
const EMPTY: Cause = Cause::Absent(Absence::Empty);
const WRONG_TYPE: Cause = Cause::Bad(Fault::WrongType);
const UNPARSABLE: Cause = Cause::Bad(Fault::Unparsable);
const CONFLICT: Cause = Cause::Bad(Fault::Conflict);

/// What is in the field; written twice, it must say the same twice.
pub fn read(record: &Record, field: &str, kind: Kind) -> Reading {
    let mut readings = record
        .iter()
        .filter(|(key, _)| folded(key) == folded(field))
        .map(|(_, json)| (one(json, field, kind), written(json, kind)));
    let Some((first, text)) = readings.next() else {
        return Err(MISSING);
    };
    let is_bad = matches!(whole(&first), Err(Cause::Bad(_)));
    if readings.any(|(other, same)| other != first || is_bad && same != text) {
        return Err(CONFLICT);
    }
    match first {
        Ok(Value::Time(deleted)) if is(field, "deletedAt") && is_early(record, deleted) => {
            Err(UNPARSABLE)
        }
        first => first,
    }
}

/// Nobody can delete an account before it is made, nor before there were any.
fn is_early(record: &Record, deleted: DateTime<Utc>) -> bool {
    let created = read(record, "createdAt", Kind::Time);
    let is_before = matches!(created, Ok(Value::Time(created)) if deleted < created);
    is_before || deleted.year() < 2010
}

fn is(field: &str, name: &str) -> bool {
    folded(field) == folded(name)
}

/// A value of which nothing is unreadable.
pub fn whole(reading: &Reading) -> Result<&Value, Cause> {
    match reading {
        Ok(Value::Networks(list)) if list.is_partial() => Err(UNPARSABLE),
        Ok(value) => Ok(value),
        Err(cause) => Err(*cause),
    }
}

/// What was written, by which two readings of nothing are reported apart; what
/// lies in an array or an object is not looked at, save in a list of networks.
fn written(json: &Json, kind: Kind) -> String {
    match json {
        Json::String(text) if kind == Kind::Networks => match array(text) {
            Some(array) => joined(&array, text.trim()),
            None => text.clone(),
        },
        Json::String(text) => text.clone(),
        Json::Array(array) if kind == Kind::Networks => joined(array, &json.to_string()),
        Json::Array(_) => "[array]".to_owned(),
        Json::Object(_) => "[object]".to_owned(),
        Json::Null | Json::Bool(_) | Json::Number(_) => json.to_string(),
    }
}

/// The entries of an array one after another or, if all are blank, the array.
fn joined(array: &[Json], whole: &str) -> String {
    let mut joined = String::new();
    for entry in array {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        match entry {
            Json::String(text) => joined.push_str(text),
            other => joined.push_str(&other.to_string()),
        }
    }
    match joined.trim().is_empty() {
        true => whole.to_owned(),
        false => joined,
    }
}

/// A JSON array that is written as a text.
fn array(text: &str) -> Option<Vec<Json>> {
    let is_array = text.trim().starts_with('[');
    is_array.then(|| serde_json::from_str(text.trim()).ok())?
}

/// What databases and programs write where there is nothing.
const NOTHING: [&str; 12] = [
    "\\N",
    "NULL",
    "None",
    "nil",
    "NaN",
    "undefined",
    "(null)",
    "<null>",
    "[NULL]",
    "N/A",
    "#N/A",
    "NaT",
];

fn is_nothing(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    NOTHING.iter().any(|word| word.to_lowercase() == text)
}

fn one(json: &Json, field: &str, kind: Kind) -> Reading {
    if json.is_null() {
        return Err(NULL);
    }
    if json.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err(EMPTY);
    }
    if !is(field, "name") && json.as_str().is_some_and(is_nothing) {
        return Err(NULL);
    }
    match kind {
        Kind::Flag => flag(json).map(Value::Flag),
        Kind::Text => text(json).map(Value::Text),
        Kind::Number => number(json).map(Value::Number),
        Kind::Time => instant(json, field).map(Value::Time),
        Kind::Networks => networks(json).map(Value::Networks),
    }
}

fn flag(json: &Json) -> Result<bool, Cause> {
    match json {
        Json::Bool(flag) => Ok(*flag),
        Json::Number(number) if number.as_f64() == Some(1.0) => Ok(true),
        Json::Number(number) if number.as_f64() == Some(0.0) => Ok(false),
        Json::Number(_) => Err(UNPARSABLE),
        Json::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Ok(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Ok(false),
            _ => Err(UNPARSABLE),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => Err(WRONG_TYPE),
    }
}

/// A text, or the digits of a number.
fn text(json: &Json) -> Result<String, Cause> {
    match json {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(WRONG_TYPE),
    }
}

/// A number, or a text of nothing but digits.
fn number(json: &Json) -> Result<f64, Cause> {
    match json {
        Json::Number(number) => number.as_f64().ok_or(UNPARSABLE),
        Json::String(text) => {
            let digits = text.trim();
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = is_plain.then(|| digits.parse().ok()).flatten();
            number.ok_or(UNPARSABLE)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Err(WRONG_TYPE),
    }
}

fn instant(json: &Json, field: &str) -> Result<DateTime<Utc>, Cause> {
    let written = match json {
        Json::Number(number) => time::from_number(&number.to_string()),
        Json::String(text) => time::from_text(text),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return Err(WRONG_TYPE),
    };
    let is_deletion = is(field, "deletedAt");
    match written.ok_or(UNPARSABLE)? {
        Written::Zero => Err(NULL),
        Written::Nought if is_deletion => Err(NULL),
        Written::Nought => Err(UNPARSABLE),
        Written::Instant(instant) if instant.year() > 2200 && !is_deletion => Err(UNPARSABLE),
        Written::Instant(instant) => Ok(instant),
    }
}

fn networks(json: &Json) -> Result<List, Cause> {
    let list = match json {
        Json::String(text) => match array(text) {
            Some(array) => network::array(&array),
            None => network::list(text),
        },
        Json::Array(array) => network::array(array),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => return Err(WRONG_TYPE),
    };
    match list.is_unreadable() {
        true => Err(UNPARSABLE),
        false => Ok(list),
    }
}
