//! Customers whose values another exporter spells.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sound::accounts::Record;
use crate::sound::shapes::{Write, by_key, each, is_time, lines, one, read, times};

/// How exporters spell values.
pub const SHAPES: &[(&str, Write)] = &[
    ("seconds", |records| {
        one(numbers(records, |time| time.timestamp().into()))
    }),
    ("milliseconds as texts", |records| {
        one(numbers(records, |time| {
            time.timestamp_millis().to_string().into()
        }))
    }),
    ("microseconds", |records| {
        one(numbers(records, |time| time.timestamp_micros().into()))
    }),
    ("nanoseconds", |records| {
        one(numbers(records, |time| {
            time.timestamp_nanos_opt().unwrap().into()
        }))
    }),
    ("RFC 2822", |records| {
        one(json!(times(records, "%a, %d %b %Y %T GMT")).to_string())
    }),
    ("PostgreSQL, row_to_json", |records| {
        one(lines(times(records, "%FT%T.123456+00:00").into_iter()))
    }),
    ("flags and times as texts, without nulls", |records| {
        let texts = times(records, "%F %T UTC").into_iter().map(|record| {
            let mut record = each(&record, |value| match value {
                Value::Bool(flag) => flag.to_string().into(),
                other => other,
            });
            record.retain(|_, value| !value.is_null());
            record
        });
        one(lines(texts))
    }),
    ("networks as an array", |records| {
        one(json!(networks(records, |entries| json!(entries))).to_string())
    }),
    ("networks as an array of PostgreSQL", |records| {
        one(json!(networks(records, |entries| format!(
            "{{{}}}",
            entries.join(",")
        )
        .into()))
        .to_string())
    }),
    ("networks one a line", |records| {
        one(lines(
            networks(records, |entries| entries.join("\n").into()).into_iter(),
        ))
    }),
    ("keys in other cases", |records| {
        one(lines(records.iter().map(|record| {
            let respelt = record.iter();
            let respelt =
                respelt.map(|(key, value)| (key.replace('_', "-").to_uppercase(), value.clone()));
            respelt.collect()
        })))
    }),
];

/// The records, with what is made of each time.
fn numbers(records: &[Record], number: fn(DateTime<Utc>) -> Value) -> String {
    let records = records.iter().map(|record| {
        by_key(record, |key, value| match (is_time(key), value) {
            (true, Value::String(text)) => number(read(&text)),
            (_, other) => other,
        })
    });
    json!(records.collect::<Vec<_>>()).to_string()
}

/// The records, with what is made of the entries of each allow list.
fn networks(records: &[Record], list: fn(Vec<&str>) -> Value) -> Vec<Record> {
    let records = records.iter().map(|record| {
        by_key(record, |key, value| match (key, &value) {
            ("ip_whitelist", Value::String(text)) => list(text.split(',').map(str::trim).collect()),
            _ => value,
        })
    });
    records.collect()
}
