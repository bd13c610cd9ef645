//! What exporters of customer records write.

use chrono::{DateTime, FixedOffset, Utc};
use serde_json::{Value, json};

use super::accounts::Record;

/// Writes records as files.
pub type Write = fn(&[Record]) -> Vec<String>;

/// How each exporter writes.
pub const SHAPES: [(&str, Write); 31] = [
    ("curl loop", |records| one(objects(records, ""))),
    ("NDJSON", |records| one(lines(records.iter().cloned()))),
    ("jq -s", |records| one(format!("{:#}\n", json!(records)))),
    ("one GET each", |records| {
        records
            .iter()
            .map(|record| format!("{:#}\n", json!(record)))
            .collect()
    }),
    ("pages of a list", |records| {
        records
            .chunks(5)
            .map(|page| json!(page).to_string())
            .collect()
    }),
    ("Steampipe before 0.24", |records| {
        one(format!("{}\n", json!(records)))
    }),
    ("Steampipe", |records| {
        let columns = json!([{ "name": "id", "data_type": "text" }]);
        let document = json!({ "columns": columns, "rows": records, "metadata": {} });
        one(format!("{document:#}\n"))
    }),
    ("wrapped in data", |records| {
        one(json!({ "data": records, "has_more": false }).to_string())
    }),
    ("Airbyte, raw", |records| {
        one(lines(
            records
                .iter()
                .map(|record| airbyte("_airbyte_raw_id", json!(record))),
        ))
    }),
    ("Airbyte, raw as text", |records| {
        one(lines(records.iter().map(|record| {
            airbyte("_airbyte_ab_id", json!(record).to_string().into())
        })))
    }),
    ("Airbyte, flattened", |records| {
        one(lines(records.iter().map(|record| {
            let mut columns = airbyte("_airbyte_raw_id", Value::Null);
            columns.remove("_airbyte_data");
            columns.extend(record.clone());
            columns
        })))
    }),
    ("Airbyte, protocol", |records| {
        let record = |record: &Record| {
            let data = json!({ "stream": "customers", "emitted_at": 1_790_000_000_000u64, "data": record });
            json!({ "type": "RECORD", "record": data })
        };
        one(protocol(records.iter().map(record)))
    }),
    ("Singer", |records| {
        let record = |record: &Record| {
            json!({
                "type": "RECORD", "stream": "customers", "record": record,
                "time_extracted": "2026-09-30T00:00:00Z",
            })
        };
        one(protocol(records.iter().map(record)))
    }),
    ("JSON:API", |records| {
        let resource = |record: &Record| {
            let mut attributes = record.clone();
            let id = attributes.remove("id");
            json!({ "type": "customer", "id": id, "attributes": attributes })
        };
        let data: Vec<_> = records.iter().map(resource).collect();
        let links = json!({ "self": "/customers?page=1", "next": null });
        one(json!({ "data": data, "links": links, "meta": { "total_pages": 1 } }).to_string())
    }),
    ("Postgres, COPY", |records| {
        one(Csv {
            flags: ["t", "f"],
            time: "%F %T+00",
            ..CSV
        }
        .write(records))
    }),
    ("Postgres, COPY in the zone of a session", |records| {
        let india = FixedOffset::east_opt(19_800).expect("+05:30");
        one(Csv {
            flags: ["t", "f"],
            time: "%F %T%:z",
            zone: india,
            ..CSV
        }
        .write(records))
    }),
    ("psql --csv", |records| {
        one(Csv {
            flags: ["t", "f"],
            time: "%F %T%.3f+00",
            ..CSV
        }
        .write(records))
    }),
    ("Postgres, json_agg", |records| {
        one(json!(times(records, "%FT%T+00:00")).to_string())
    }),
    ("SQLite, csv", |records| {
        one(Csv {
            flags: ["1", "0"],
            time: "%F %T",
            ..CSV
        }
        .write(records))
    }),
    ("SQLite, json", |records| {
        let numbers = records.iter().map(|record| {
            each(record, |value| match value {
                Value::Bool(flag) => u8::from(flag).into(),
                other => other,
            })
        });
        one(json!(numbers.collect::<Vec<_>>()).to_string())
    }),
    ("DuckDB", |records| {
        one(Csv {
            time: "%F %T+00",
            ..CSV
        }
        .write(records))
    }),
    ("pandas, csv", |records| {
        one(Csv {
            flags: ["True", "False"],
            time: "%F %T+00:00",
            ..CSV
        }
        .write(records))
    }),
    ("pandas, to_json of times", |records| {
        let milliseconds = records.iter().map(|record| {
            by_key(record, |key, value| match (is_time(key), value) {
                (true, Value::String(text)) => read(&text).timestamp_millis().into(),
                (_, other) => other,
            })
        });
        one(json!(milliseconds.collect::<Vec<_>>()).to_string())
    }),
    // Dates of its locale, as 04/03/2019, could mean two days: they are refused.
    ("a spreadsheet", |records| {
        let csv = Csv {
            flags: ["TRUE", "FALSE"],
            time: "%F %T",
            delimiter: ";",
            line_end: "\r\n",
            ..CSV
        };
        one(format!("\u{feff}{}", csv.write(records)))
    }),
    ("a warehouse, csv", |records| {
        one(Csv {
            time: "%F %T UTC",
            key: str::to_uppercase,
            ..CSV
        }
        .write(records))
    }),
    ("a warehouse, json", |records| {
        let rows = times(records, "%F %T UTC").into_iter().map(|record| {
            let rows = record.into_iter();
            rows.map(|(key, value)| (key.to_uppercase(), value))
                .collect::<Record>()
        });
        one(lines(rows))
    }),
    ("Speakeasy", |records| {
        one(json!(
            times(records, "%FT%T.000Z")
                .iter()
                .map(speakeasy)
                .collect::<Vec<_>>()
        )
        .to_string())
    }),
    ("the SDK for Rust", |records| {
        one(lines(records.iter().map(without_nulls)))
    }),
    ("the SDK for PHP", |records| {
        one(json!(times(records, "%FT%T+00:00")).to_string())
    }),
    ("the SDK for Python", |records| {
        one(lines(times(records, "%F %T+00:00").into_iter()))
    }),
    ("the SDK for JavaScript", |records| {
        one(json!(times(records, "%FT%T.000Z")).to_string())
    }),
];

pub fn one(text: String) -> Vec<String> {
    vec![text]
}

/// Objects with this between them.
pub fn objects(records: &[Record], between: &str) -> String {
    let texts = records.iter().map(|record| json!(record).to_string());
    texts.collect::<Vec<_>>().join(between)
}

/// Records one a line.
pub fn lines(records: impl Iterator<Item = Record>) -> String {
    records
        .map(|record| format!("{}\n", Value::Object(record)))
        .collect()
}

/// A record of which no key is null.
pub fn without_nulls(record: &Record) -> Record {
    let mut record = record.clone();
    record.retain(|_, value| !value.is_null());
    record
}

fn airbyte(id: &str, data: Value) -> Record {
    let mut row = Record::new();
    row.insert(id.to_owned(), "7d0a1e52-0000-4000-8000-000000000000".into());
    row.insert(
        "_airbyte_extracted_at".to_owned(),
        1_790_000_000_000u64.into(),
    );
    row.insert("_airbyte_meta".to_owned(), json!({ "changes": [] }));
    row.insert("_airbyte_data".to_owned(), data);
    row
}

/// Lines of records among lines of the protocol.
pub fn protocol(records: impl Iterator<Item = Value>) -> String {
    let schema =
        json!({ "type": "SCHEMA", "stream": "customers", "schema": {}, "key_properties": ["id"] });
    let log = json!({ "type": "LOG", "log": { "level": "INFO", "message": "12 records" } });
    let state = json!({ "type": "STATE", "value": { "customers": "2026-09-30" } });
    let all = std::iter::once(schema).chain(records).chain([log, state]);
    all.map(|line| format!("{line}\n")).collect()
}

/// Keys in camel case, no nulls, and the epoch for a time that is null.
fn speakeasy(record: &Record) -> Record {
    let camel = |key: &str| {
        let mut words = key.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |key, word| {
            let (head, tail) = word.split_at(1);
            key + &head.to_uppercase() + tail
        })
    };
    let values = record
        .iter()
        .filter_map(|(key, value)| match (is_time(key), value) {
            (true, Value::Null) => Some((camel(key), "1970-01-01T00:00:00.000Z".into())),
            (false, Value::Null) => None,
            (_, value) => Some((camel(key), value.clone())),
        });
    values.collect()
}

pub fn is_time(key: &str) -> bool {
    key.ends_with("_at")
}

pub fn read(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time of the API")
}

pub fn by_key(record: &Record, change: impl Fn(&str, Value) -> Value) -> Record {
    let values = record.iter();
    values
        .map(|(key, value)| (key.clone(), change(key, value.clone())))
        .collect()
}

pub fn each(record: &Record, change: impl Fn(Value) -> Value) -> Record {
    by_key(record, |_, value| change(value))
}

/// The records, with times in this format.
pub fn times(records: &[Record], format: &str) -> Vec<Record> {
    let records = records.iter().map(|record| {
        by_key(record, |key, value| match (is_time(key), value) {
            (true, Value::String(text)) => read(&text).format(format).to_string().into(),
            (_, other) => other,
        })
    });
    records.collect()
}

/// How CSV is written.
#[derive(Clone, Copy)]
pub struct Csv {
    pub flags: [&'static str; 2],
    pub time: &'static str,
    pub zone: FixedOffset,
    pub key: fn(&str) -> String,
    pub delimiter: &'static str,
    pub line_end: &'static str,
    pub null: &'static str,
}

pub const CSV: Csv = Csv {
    flags: ["true", "false"],
    time: "%F %T",
    zone: match FixedOffset::east_opt(0) {
        Some(utc) => utc,
        None => unreachable!(),
    },
    key: str::to_owned,
    delimiter: ",",
    line_end: "\n",
    null: "",
};

impl Csv {
    /// A header and a row for each record.
    pub fn write(self, records: &[Record]) -> String {
        let header = records.iter().take(1).map(|record| {
            let keys = record.keys().map(|key| (self.key)(key));
            keys.collect::<Vec<_>>()
        });
        let rows = records.iter().map(|record| {
            let cells = record.iter().map(|(key, value)| self.cell(key, value));
            cells.collect::<Vec<_>>()
        });
        let rows = header.chain(rows);
        rows.map(|row| row.join(self.delimiter) + self.line_end)
            .collect()
    }

    fn cell(self, key: &str, value: &Value) -> String {
        let [yes, no] = self.flags;
        match value {
            Value::Null => self.null.to_owned(),
            Value::Bool(flag) => if *flag { yes } else { no }.to_owned(),
            Value::String(text) if is_time(key) => {
                let time = read(text).with_timezone(&self.zone);
                time.format(self.time).to_string()
            }
            Value::String(text) if text.contains([',', ';', '|', '"', '\t', '\n']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Value::String(text) => text.clone(),
            other => panic!("{other} is no value of a field"),
        }
    }
}
