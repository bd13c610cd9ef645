//! What is in a field of a record: a value, an absence or a fault.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::field::{Kind, folded};
use super::logic::{Absence, Cause, Fault};
use super::network::{self, List};
use super::time;

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
        .map(|(_, json)| (one(json, field, kind), written(json)));
    let Some((first, text)) = readings.next() else {
        return Err(MISSING);
    };
    let is_bad = matches!(whole(&first), Err(Cause::Bad(_)));
    if readings.any(|(other, same)| other != first || is_bad && same != text) {
        return Err(CONFLICT);
    }
    first
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
/// lies in an array or an object is not looked at.
fn written(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(_) => "[array]".to_owned(),
        Json::Object(_) => "[object]".to_owned(),
        Json::Null | Json::Bool(_) | Json::Number(_) => json.to_string(),
    }
}

fn one(json: &Json, field: &str, kind: Kind) -> Reading {
    if json.is_null() {
        return Err(NULL);
    }
    if json.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err(EMPTY);
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
            "true" | "t" | "yes" | "y" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "0" => Ok(false),
            _ => Err(UNPARSABLE),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => Err(WRONG_TYPE),
    }
}

fn text(json: &Json) -> Result<String, Cause> {
    json.as_str().map(String::from).ok_or(WRONG_TYPE)
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
    let instant = match json {
        Json::Number(number) => time::from_number(number),
        Json::String(text) => time::from_text(text),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => return Err(WRONG_TYPE),
    };
    let instant = instant.ok_or(UNPARSABLE)?;
    if field == "deletedAt" && instant == DateTime::UNIX_EPOCH {
        return Err(NULL);
    }
    Ok(instant)
}

fn networks(json: &Json) -> Result<List, Cause> {
    let list = network::list(json.as_str().ok_or(WRONG_TYPE)?);
    if list.is_unreadable() {
        return Err(UNPARSABLE);
    }
    Ok(list)
}
