//! What is not read, or not whole, is named with what helps; and nothing is found of what
//! is no customer.

use std::io::Write as _;

use serde_json::{Value, json};

use super::customers::customers;
use super::pages::codes;
use super::shapes::{Judgement, audit_files, gzip, of_array, zstd};
use crate::sound::accounts::Record;
use crate::sound::shapes::{CSV, lines};
use crate::support::{Run, check};

/// Writes customers as one file.
type Write = fn(&[Record]) -> Vec<u8>;

/// Shapes of which every customer is judged, and that are not whole: the code of the
/// reason, and a word of it.
const FLAWED: &[(&str, Write, &str, &str)] = &[
    (
        "lines with commas",
        |records| text(lines(records.iter().cloned()).replace('\n', ",\n")),
        "unreadable",
        "comma",
    ),
    (
        "an array that is not opened",
        |records| text(array(records)[1..].to_owned()),
        "unreadable",
        "array",
    ),
    (
        "an array that is not closed",
        |records| text(array(records).trim_end_matches(']').to_owned()),
        "truncated",
        "not closed",
    ),
    (
        "a wrapper that is not closed",
        |records| {
            text(
                json!({ "data": records })
                    .to_string()
                    .trim_end_matches('}')
                    .to_owned(),
            )
        },
        "truncated",
        "not closed",
    ),
    (
        "a wrapper whose array is not closed",
        |records| {
            text(
                json!({ "data": records })
                    .to_string()
                    .trim_end_matches("]}")
                    .to_owned(),
            )
        },
        "truncated",
        "not closed",
    ),
    (
        "a comma that is missing",
        |records| {
            let (first, second) = records.split_at(3);
            text(format!(
                "{}\n{}",
                array(first).trim_end_matches(']'),
                &array(second)[1..]
            ))
        },
        "unreadable",
        "comma",
    ),
    (
        "an action before each line",
        |records| {
            let pair = |record: &Record| {
                format!(
                    "{}\n{}\n",
                    json!({ "index": { "_index": "c", "_id": "x" } }),
                    json!(record)
                )
            };
            text(records.iter().map(pair).collect())
        },
        "rejected",
        "no field of a customer",
    ),
    (
        "an error among lines",
        |records| {
            text(format!(
                "{}{}\n",
                lines(records.iter().cloned()),
                json!({ "error": "timeout" })
            ))
        },
        "rejected",
        "no field of a customer",
    ),
    (
        "an error among elements",
        |records| {
            let mut elements: Vec<_> = records.iter().map(|record| json!(record)).collect();
            elements.insert(2, json!({ "error": { "code": 503, "reason": "busy" } }));
            text(json!(elements).to_string())
        },
        "rejected",
        "no field of a customer",
    ),
    (
        "text among lines",
        |records| text(format!("{}Broken pipe\n", lines(records.iter().cloned()))),
        "rejected",
        "not valid json",
    ),
    (
        "customers in a second place",
        |records| {
            let others = json!(customers(20)[16..]);
            text(format!(
                "{{\"active\":{},\"closed\":{others}}}",
                array(records)
            ))
        },
        "two-places",
        "jq '.closed[]'",
    ),
    (
        "a customer beside the array",
        |records| {
            let other = json!(customers(20)[19]);
            text(format!("{{\"active\":{},\"me\":{other}}}", array(records)))
        },
        "two-places",
        "two places",
    ),
    (
        "packed data that is cut",
        |records| {
            let packed = gzip(&lines(records.iter().cloned()));
            packed[..packed.len() - 4].to_owned()
        },
        "truncated",
        "packed",
    ),
    (
        "packed data that is cut after a frame",
        |records| {
            let packed = zstd(&lines(records.iter().cloned()));
            [&packed[..], &packed[..9]].concat()
        },
        "truncated",
        "packed",
    ),
    (
        "an error beside the records",
        |records| text(json!({ "data": records, "errors": ["busy"] }).to_string()),
        "export-errors",
        "errors",
    ),
];

/// Exports of which no customer is judged: the code of the reason, and a word that helps.
const UNREAD: &[(&str, Write, &str, &str)] = &[
    (
        "Debezium",
        |records| {
            text(each(records, |record| {
                json!({
                    "before": null, "after": record, "source": { "table": "customers" }, "op": "r", "ts_ms": 1,
                })
            }))
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "Debezium, with a schema",
        |records| {
            text(each(records, |record| {
                json!({
                    "schema": { "type": "struct" },
                    "payload": { "before": record, "after": record, "source": {}, "op": "u" },
                })
            }))
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "Debezium, in an array",
        |records| {
            let events = records
                .iter()
                .map(|record| json!({ "before": record, "after": null, "op": "d" }));
            text(json!(events.collect::<Vec<_>>()).to_string())
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "Maxwell",
        |records| {
            text(each(records, |record| {
                json!({
                    "database": "crm", "table": "customers", "type": "update", "ts": 1, "xid": 7,
                    "commit": true, "data": record, "old": { "name": "Abc" },
                })
            }))
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "MongoDB, change stream",
        |records| {
            text(each(records, |record| {
                json!({
                    "_id": { "_data": "82" }, "operationType": "insert", "fullDocument": record,
                    "ns": { "db": "crm", "coll": "customers" }, "documentKey": { "_id": "x" },
                })
            }))
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "AWS DMS",
        |records| {
            text(each(records, |record| {
                json!({
                    "data": record,
                    "metadata": {
                        "timestamp": "2024-01-10T08:00:00Z", "record-type": "data",
                        "operation": "update", "schema-name": "crm", "table-name": "customers",
                    },
                })
            }))
        },
        "unsupported",
        "export the table itself",
    ),
    (
        "BigQuery, API",
        |records| {
            let row = |record: &Record| {
                let cells: Vec<_> = record.values().map(|value| json!({ "v": value })).collect();
                json!({ "f": cells })
            };
            text(
                json!({
                    "kind": "bigquery#queryResponse", "schema": { "fields": names(records) },
                    "rows": records.iter().map(row).collect::<Vec<_>>(), "jobComplete": true,
                })
                .to_string(),
            )
        },
        "unsupported",
        "bq query",
    ),
    (
        "Snowflake, API",
        |records| {
            text(json!({ "resultSetMetaData": { "rowType": names(records) }, "data": rows(records) }).to_string())
        },
        "unsupported",
        "copy into",
    ),
    (
        "pandas, split",
        |records| {
            let columns: Vec<_> = records[0].keys().collect();
            text(json!({ "columns": columns, "index": [0, 1], "data": rows(records) }).to_string())
        },
        "unsupported",
        "orient",
    ),
    (
        "pandas, columns",
        |records| {
            let column = |key: &String| {
                let cells = records.iter().enumerate();
                let cells = cells.map(|(row, record)| (row.to_string(), record[key].clone()));
                (key.clone(), Value::Object(cells.collect()))
            };
            text(Value::Object(records[0].keys().map(column).collect()).to_string())
        },
        "unsupported",
        "orient",
    ),
    (
        "pandas, values",
        |records| text(json!(rows(records)).to_string()),
        "rejected",
        "object",
    ),
    (
        "psql, aligned",
        |_| {
            text(
                " id | name | force_2fa \n----+------+-----------\n a  | Abc  | t\n(1 row)\n"
                    .to_owned(),
            )
        },
        "unsupported",
        "psql --csv",
    ),
    (
        "psql, expanded",
        |_| text("-[ RECORD 1 ]---\nid        | a\nforce_2fa | t\n".to_owned()),
        "unsupported",
        "psql --csv",
    ),
    (
        "psql, json_agg",
        |records| {
            text(format!(
                " json_agg \n----------\n {}\n(1 row)\n",
                array(records)
            ))
        },
        "unsupported",
        "psql -At",
    ),
    (
        "mysql",
        |_| {
            text("+----+-----------+\n| id | force_2fa |\n+----+-----------+\n| a  |         1 |\n+----+-----------+\n".to_owned())
        },
        "unsupported",
        "--batch",
    ),
    (
        "mysql, vertical",
        |_| {
            text("*************************** 1. row ***************************\n       id: a\nforce_2fa: 1\n".to_owned())
        },
        "unsupported",
        "--batch",
    ),
    (
        "Python, one a line",
        |records| {
            text(
                lines(records.iter().cloned())
                    .replace('"', "'")
                    .replace("true", "True"),
            )
        },
        "unsupported",
        "json.dumps",
    ),
    (
        "Python, a list",
        |records| text(array(records).replace('"', "'").replace("null", "None")),
        "unsupported",
        "json.dumps",
    ),
    (
        "JavaScript",
        |records| text(array(records).replace("\"billing_contact_id\"", "billing_contact_id")),
        "unsupported",
        "json.stringify",
    ),
    (
        "JSON5",
        |records| text(format!("// customers\n{}", array(records))),
        "unsupported",
        "json.stringify",
    ),
    (
        "a table without a header",
        |records| {
            let table = CSV.write(records);
            text(table.split_once('\n').unwrap().1.to_owned())
        },
        "unsupported",
        "header",
    ),
    (
        "a table with other headers",
        |_| text("Account ID,Company,2FA forced\na,Abc,Y\n".to_owned()),
        "unsupported",
        "--map id='account id'",
    ),
    (
        "a header that names a field twice",
        |records| text(CSV.write(records).replacen("billing_ref", "owner-id", 1)),
        "double-header",
        "owner",
    ),
    (
        "UTF-16",
        |records| {
            lines(records.iter().cloned())
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect()
        },
        "unsupported",
        "iconv",
    ),
    (
        "UTF-16 with a mark",
        |records| {
            format!("\u{feff}{}", CSV.write(records))
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect()
        },
        "unsupported",
        "iconv",
    ),
    (
        "a zip archive",
        |records| archive("export.json", &array(records)),
        "unsupported",
        "unzip",
    ),
    (
        "a workbook",
        |records| archive("[Content_Types].xml", &array(records)),
        "unsupported",
        "csv",
    ),
    (
        "xz",
        |_| b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F".to_vec(),
        "unsupported",
        "xz -dc",
    ),
    (
        "bzip2",
        |_| b"BZh91AY&SY\x89\x1b\x1c".to_vec(),
        "unsupported",
        "bzip2 -dc",
    ),
    (
        "LZ4",
        |_| b"\x04\x22\x4d\x18\x64\x40\xa7".to_vec(),
        "unsupported",
        "lz4 -dc",
    ),
    (
        "7-Zip",
        |_| b"7z\xbc\xaf\x27\x1c\x00\x04".to_vec(),
        "unsupported",
        "7z e",
    ),
    (
        "a tar archive",
        |records| tar(&array(records)),
        "unsupported",
        "tar -xof",
    ),
    (
        "Parquet",
        |_| b"PAR1\x15\x04\x15\x10PAR1".to_vec(),
        "unsupported",
        "duckdb",
    ),
    (
        "Avro",
        |_| b"Obj\x01\x04\x14avro.codec".to_vec(),
        "unsupported",
        "avro-tools",
    ),
    (
        "SQLite",
        |_| b"SQLite format 3\0\x10\0\x01\x01".to_vec(),
        "unsupported",
        "sqlite3",
    ),
    (
        "PDF",
        |_| b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(),
        "unsupported",
        "json or csv",
    ),
    (
        "HTML",
        |_| text("<!doctype html>\n<html><title>Sign in</title></html>\n".to_owned()),
        "unsupported",
        "sign in",
    ),
    (
        "XML",
        |_| text("<?xml version=\"1.0\"?>\n<customers><id>a</id></customers>\n".to_owned()),
        "unsupported",
        "json or csv",
    ),
    (
        "an image",
        |_| b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(),
        "unsupported",
        "json or csv",
    ),
    (
        "packed twice",
        |records| {
            let inner = zstd(&array(records));
            zstd::encode_all(&inner[..], 1).unwrap()
        },
        "unsupported",
        "packed twice",
    ),
    (
        "prose",
        |_| text("There are no customers here.\nTry again.\n".to_owned()),
        "unsupported",
        "neither",
    ),
    ("nothing", |_| Vec::new(), "empty-export", "no record"),
    (
        "blanks",
        |_| text(" \n\t\r\n".to_owned()),
        "empty-export",
        "no record",
    ),
    (
        "an empty array",
        |_| text("[]".to_owned()),
        "empty-export",
        "no record",
    ),
    (
        "an empty array of arrays",
        |_| text("[[],[]]".to_owned()),
        "empty-export",
        "no record",
    ),
    (
        "an empty page",
        |_| text(json!({ "data": [], "next": null }).to_string()),
        "empty-export",
        "no record",
    ),
    (
        "a header without rows",
        |records| text(CSV.write(&records[..1]).lines().next().unwrap().to_owned()),
        "empty-export",
        "no record",
    ),
    (
        "an empty object",
        |_| text("{}".to_owned()),
        "rejected",
        "no field of a customer",
    ),
    (
        "an error",
        |_| text(json!({ "error": "unauthorized", "message": "x" }).to_string()),
        "rejected",
        "no field of a customer",
    ),
    (
        "an answer without records",
        |_| text(json!({ "status": { "code": 403 } }).to_string()),
        "rejected",
        "no field of a customer",
    ),
    (
        "numbers",
        |_| text("[1,2,3]".to_owned()),
        "rejected",
        "object",
    ),
    (
        "a text",
        |_| text("\"nothing\"".to_owned()),
        "rejected",
        "object",
    ),
];

fn text(text: String) -> Vec<u8> {
    text.into_bytes()
}

fn array(records: &[Record]) -> String {
    json!(records).to_string()
}

fn each(records: &[Record], line: fn(&Record) -> Value) -> String {
    records
        .iter()
        .map(|record| format!("{}\n", line(record)))
        .collect()
}

/// The names of columns, each an object.
fn names(records: &[Record]) -> Vec<Value> {
    let keys = records[0].keys();
    keys.map(|key| json!({ "name": key, "type": "text" }))
        .collect()
}

fn rows(records: &[Record]) -> Vec<Vec<&Value>> {
    records
        .iter()
        .map(|record| record.values().collect())
        .collect()
}

/// A zip archive of one file.
fn archive(name: &str, content: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file(name, zip::write::SimpleFileOptions::default())
        .unwrap();
    writer.write_all(content.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

/// A tar archive of one file, as far as anybody looks.
fn tar(content: &str) -> Vec<u8> {
    let mut header = [0; 512];
    header[..11].copy_from_slice(b"export.json");
    header[257..262].copy_from_slice(b"ustar");
    [&header, content.as_bytes()].concat()
}

fn is_for(run: &Run, code: &str, word: &str) -> bool {
    let reasons = codes(run);
    let report = run.report();
    let told = format!("{}{}{}", run.stderr, report["rejected"], report["exports"]).to_lowercase();
    run.code == 3
        && reasons.iter().any(|reason| reason == code)
        && told.contains(&word.to_lowercase())
}

#[test]
fn what_is_flawed_is_judged_and_incomplete() {
    let records = customers(16);
    let wanted = of_array(&records).findings;
    let mut others = Vec::new();
    for (shape, write, code, word) in FLAWED {
        let run = audit_files(&[write(&records)], &[]);
        let found = Judgement::of(&run).findings;
        if found != wanted {
            others.push(format!(
                "{shape}: {} findings, not {}: {}",
                found.len(),
                wanted.len(),
                run.stderr
            ));
        } else if !is_for(&run, code, word) {
            others.push(format!(
                "{shape}: exit {}, {:?}: {}",
                run.code,
                codes(&run),
                run.stderr
            ));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn what_is_not_read_is_named_with_what_helps() {
    let records = customers(16);
    let mut others = Vec::new();
    for (shape, write, code, word) in UNREAD {
        let run = audit_files(&[write(&records)], &[]);
        let found = Judgement::of(&run).findings;
        if !found.is_empty() || !is_for(&run, code, word) {
            others.push(format!(
                "{shape}: exit {}, {:?}, {} findings: {}",
                run.code,
                codes(&run),
                found.len(),
                run.stderr
            ));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// An export that is not read must not hide behind one that is.
#[test]
fn what_is_not_read_is_incomplete_beside_what_is() {
    let records = customers(16);
    for (shape, write, ..) in UNREAD {
        let whole = text(array(&records));
        for files in [[whole.clone(), write(&records)], [write(&records), whole]] {
            let run = audit_files(&files, &["--fail-on", "never"]);
            check(run.code == 3, shape, &run);
            check(
                Judgement::of(&run).findings == of_array(&records).findings,
                shape,
                &run,
            );
        }
    }
}

/// Records of which one has a value that is none in JSON.
#[test]
fn a_literal_of_another_language_is_named_and_costs_its_record() {
    for (literal, word) in [
        ("NaN", "NaN"),
        ("-Infinity", "Infinity"),
        ("None", "json.dumps"),
        ("undefined", "JSON.stringify"),
    ] {
        let records = customers(16);
        let lines = lines(records.iter().cloned()).replacen("null", literal, 1);
        let run = audit_files(&[text(lines)], &[]);
        check(run.code == 3 && run.counts() == (16, 1), literal, &run);
        let rejected = run.report()["rejected"].to_string();
        check(rejected.contains(word), literal, &run);
    }
}

#[test]
fn a_second_header_in_another_order_ends_what_is_read() {
    let records = customers(16);
    let (first, second) = records.split_at(8);
    let other = CSV
        .write(second)
        .replacen("billing_contact_id", "x", 1)
        .replacen("billing_network_type", "billing_contact_id", 1)
        .replacen('x', "billing_network_type", 1);
    let run = audit_files(&[text(format!("{}{other}", CSV.write(first)))], &[]);
    check(
        Judgement::of(&run).findings == of_array(first).findings,
        "the first rows",
        &run,
    );
    check(
        is_for(&run, "second-header", "a file of its own"),
        "it is told",
        &run,
    );
}

#[test]
fn a_table_of_another_encoding_is_rejected_row_by_row_with_what_helps() {
    let mut records = customers(16);
    records[5].insert("name".to_owned(), "Øre".into());
    let latin: Vec<_> = CSV
        .write(&records)
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect();
    let run = audit_files(&[latin], &[]);
    let wanted = of_array(&records).findings;
    let found = Judgement::of(&run).findings;
    check(
        found.iter().all(|finding| wanted.contains(finding)),
        "none is invented",
        &run,
    );
    check(is_for(&run, "rejected", "iconv"), "it is told", &run);
}
