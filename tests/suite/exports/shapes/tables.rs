//! Customers in CSV: its dialects, and what is around the rows.

use serde_json::json;

use super::wrapped::each_line;
use crate::sound::accounts::Record;
use crate::sound::shapes::{CSV, Csv, Write, one};

/// How programs write tables.
pub const SHAPES: &[(&str, Write)] = &[
    ("tabs", |records| {
        one(Csv {
            delimiter: "\t",
            ..CSV
        }
        .write(records))
    }),
    ("pipes", |records| {
        one(Csv {
            delimiter: "|",
            line_end: "\r\n",
            ..CSV
        }
        .write(records))
    }),
    ("a table without a last feed", |records| {
        one(CSV.write(records).trim_end().to_owned())
    }),
    ("a line that names the separator", |records| {
        let csv = Csv {
            delimiter: ";",
            line_end: "\r\n",
            ..CSV
        };
        one(format!("\u{feff}sep=;\r\n{}", csv.write(records)))
    }),
    ("lines before the header", |records| {
        let before = "Customers of the west\nAs of 2026-09-30, all regions\n\n";
        one(format!("{before}{}", CSV.write(records)))
    }),
    ("dotted headers", |records| {
        let csv = Csv {
            key: |key| format!("customer.{key}"),
            ..CSV
        };
        one(csv.write(records))
    }),
    ("headers in words", |records| {
        let csv = Csv {
            key: |key| key.replace('_', " ").to_uppercase(),
            ..CSV
        };
        one(csv.write(records))
    }),
    ("headers with hyphens", |records| {
        one(Csv {
            key: |key| key.replace('_', "-"),
            ..CSV
        }
        .write(records))
    }),
    ("tables one after another", |records| {
        one(records.chunks(5).map(|rows| CSV.write(rows)).collect())
    }),
    ("a delimiter at the end of each line", |records| {
        one(Csv {
            line_end: ",\n",
            ..CSV
        }
        .write(records))
    }),
    ("blank lines between rows", |records| {
        one(Csv {
            line_end: "\n\n",
            ..CSV
        }
        .write(records))
    }),
    ("a column of numbers without a name", |records| {
        let table = all_quoted(records);
        let lines = table.split_inclusive("\"\n").enumerate();
        let line = |(number, line): (usize, &str)| match number {
            0 => format!(",{line}"),
            number => format!("{},{line}", number - 1),
        };
        one(lines.map(line).collect())
    }),
    ("all cells in quotes", |records| one(all_quoted(records))),
    ("MySQL, INTO OUTFILE", |records| {
        one(Csv {
            flags: ["1", "0"],
            time: "%F %T",
            null: "\\N",
            ..CSV
        }
        .write(records))
    }),
    ("SQL Server", |records| {
        one(Csv {
            flags: ["1", "0"],
            time: "%F %T.0000000",
            null: "NULL",
            ..CSV
        }
        .write(records))
    }),
    ("Snowflake, COPY", |records| {
        let csv = Csv {
            time: "%F %T.000 +0000",
            key: str::to_uppercase,
            null: "\\N",
            ..CSV
        };
        one(csv.write(records))
    }),
    ("pandas, with nan", |records| {
        one(Csv {
            flags: ["True", "False"],
            time: "%FT%TZ",
            null: "nan",
            ..CSV
        }
        .write(records))
    }),
    ("Airbyte, csv", |records| {
        let row = |record: &Record| {
            let data = json!(record).to_string().replace('"', "\"\"");
            format!("u1,1790000000000,\"{data}\"\n")
        };
        let rows: String = records.iter().map(row).collect();
        one(format!(
            "_airbyte_ab_id,_airbyte_emitted_at,_airbyte_data\n{rows}"
        ))
    }),
    (
        "records in cells, after a cell that is JSON too",
        |records| {
            let row = |record: &Record| {
                let quoted = |text: String| format!("\"{}\"", text.replace('"', "\"\""));
                let meta = quoted(json!({ "changes": [], "sync": 3 }).to_string());
                format!(
                    "{meta};{}\n",
                    quoted(format!("{:#}", json!({ "row": record })))
                )
            };
            one(format!(
                "meta;payload\n{}",
                records.iter().map(row).collect::<String>()
            ))
        },
    ),
    ("texts one a line, in CSV", |records| {
        let rows = each_line(records, |record| json!(record)).replace('"', "\"\"");
        let rows = rows.lines().map(|row| format!("\"{row}\"\n"));
        one(format!("row_to_json\n{}", rows.collect::<String>()))
    }),
];

/// A table of which every cell is in quotes.
fn all_quoted(records: &[Record]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    writer.write_record(records[0].keys()).unwrap();
    for record in records {
        let cells = record.values().map(|value| match value {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}
