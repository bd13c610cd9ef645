//! Customers in JSON: what is around them, and what wraps each of them.

use serde_json::{Value, json};

use crate::sound::accounts::Record;
use crate::sound::shapes::{Write, by_key, is_time, lines, one, protocol, read};

/// How wrappers and protocols write customers.
pub const SHAPES: &[(&str, Write)] = &[
    ("objects on several lines", |records| {
        one(records
            .iter()
            .map(|record| format!("{:#}\n", json!(record)))
            .collect())
    }),
    (
        "lines with returns, blanks between them and a mark",
        |records| {
            let lines = lines(records.iter().cloned()).replace('\n', "\r\n\r\n");
            one(format!("\u{feff}{lines}"))
        },
    ),
    ("lines without a last feed", |records| {
        one(lines(records.iter().cloned()).trim_end().to_owned())
    }),
    ("arrays one after another", |records| {
        one(pages(records, 5, |page| json!(page)).concat())
    }),
    ("arrays one a line", |records| {
        one(pages(records, 1, |page| json!(page)).join("\n"))
    }),
    ("an array of arrays", |records| {
        one(format!(
            "[{}]",
            pages(records, 5, |page| json!(page)).join(",\n")
        ))
    }),
    ("an array of pages", |records| {
        let pages = pages(records, 5, |page| json!({ "data": page, "took": 3 }));
        one(format!("[{}]", pages.join(", ")))
    }),
    ("pages one a line", |records| {
        one(pages(
            records,
            5,
            |page| json!({ "items": page, "has_more": false }),
        )
        .join("\n"))
    }),
    ("pages one after another", |records| {
        one(pages(records, 3, |page| json!({ "meta": {}, "results": page })).concat())
    }),
    ("a wrapper of two keys", |records| {
        one(json!({ "data": { "customers": records } }).to_string())
    }),
    ("a wrapper of three keys", |records| {
        one(format!(
            "{:#}",
            json!({ "response": { "body": { "accounts": records } } })
        ))
    }),
    ("a wrapper of four keys", |records| {
        one(json!({ "a": { "b": { "c": { "d": records } } } }).to_string())
    }),
    ("a wrapper under a key that nobody knows", |records| {
        one(json!({ "völlig": records, "🎈": 1 }).to_string())
    }),
    ("a wrapper among much else", |records| {
        let before = r#""took":3,"query":{"filters":[{"field":"plan","values":["a","b"]}],"sort":["id"]},"tags":["x","y"]"#;
        let after = r#""facets":[{"plan":"gold","count":3}],"warnings":[]"#;
        one(format!("{{{before},\"hits\":{},{after}}}", json!(records)))
    }),
    ("HAL", |records| {
        one(json!({
            "_embedded": { "customers": records }, "_links": { "self": { "href": "/customers" } },
        })
        .to_string())
    }),
    ("OData", |records| {
        one(json!({ "@odata.context": "$metadata#customers", "value": records }).to_string())
    }),
    ("Cosmos DB", |records| {
        one(json!({ "_rid": "x9w=", "Documents": records, "_count": records.len() }).to_string())
    }),
    ("Salesforce", |records| {
        let typed = records.iter().map(|record| {
            let mut record = record.clone();
            record.insert(
                "attributes".to_owned(),
                json!({ "type": "Customer", "url": "/c/1" }),
            );
            record
        });
        let records: Vec<_> = typed.collect();
        one(json!({ "totalSize": records.len(), "done": true, "records": records }).to_string())
    }),
    ("Elasticsearch, search", |records| {
        let hits: Vec<_> = records.iter().map(hit).collect();
        let total = json!({ "value": records.len(), "relation": "eq" });
        one(json!({
            "took": 2, "timed_out": false, "_shards": { "total": 99, "failed": 0 },
            "hits": { "total": total, "max_score": 1.0, "hits": hits },
        })
        .to_string())
    }),
    ("Elasticsearch, dump", |records| {
        one(each_line(records, hit))
    }),
    ("CouchDB", |records| {
        let row = |record: &Record| json!({ "id": record["id"], "key": record["id"], "value": { "rev": "1-a" }, "doc": record });
        let rows: Vec<_> = records.iter().map(row).collect();
        one(json!({ "total_rows": records.len(), "offset": 0, "rows": rows }).to_string())
    }),
    ("GraphQL", |records| {
        let edge = |record: &Record| json!({ "cursor": record["id"], "node": record });
        let edges: Vec<_> = records.iter().map(edge).collect();
        let info = json!({ "hasNextPage": false, "endCursor": "x" });
        one(json!({ "data": { "customers": { "edges": edges, "pageInfo": info } } }).to_string())
    }),
    ("a wrapper of each record", |records| {
        one(each_line(records, |record| json!({ "customer": record })))
    }),
    (
        "a wrapper of each record, with an id of its own",
        |records| {
            one(json!(
                records
                    .iter()
                    .map(|record| json!({ "id": 7, "name": "row", "seq": 1, "row": record }))
                    .collect::<Vec<_>>()
            )
            .to_string())
        },
    ),
    ("two wrappers of each record", |records| {
        one(each_line(
            records,
            |record| json!({ "payload": { "customer": record }, "v": 1 }),
        ))
    }),
    ("four wrappers of each record", |records| {
        one(each_line(
            records,
            |record| json!({ "a": { "b": { "c": { "d": record } } } }),
        ))
    }),
    ("Snowflake, rows of one column", |records| {
        let rows: Vec<_> = records
            .iter()
            .map(|record| json!({ "$1": record }))
            .collect();
        one(json!(rows).to_string())
    }),
    ("Kafka Connect", |records| {
        one(each_line(
            records,
            |record| json!({ "schema": { "type": "struct", "fields": [{ "field": "id" }] }, "payload": record }),
        ))
    }),
    ("kcat", |records| {
        one(each_line(records, |record| {
            json!({
                "topic": "customers", "partition": 0, "offset": 12, "ts": 1_790_000_000_000u64,
                "key": record["id"], "payload": json!(record).to_string(),
            })
        }))
    }),
    ("texts one a line", |records| {
        one(each_line(records, |record| {
            json!(json!(record).to_string())
        }))
    }),
    ("an array of texts", |records| {
        let texts: Vec<_> = records
            .iter()
            .map(|record| json!(record).to_string())
            .collect();
        one(json!(texts).to_string())
    }),
    ("texts in a wrapper", |records| {
        let text = |record: &Record| json!({ "value": format!(" {:#}", json!(record)) });
        let texts: Vec<_> = records.iter().map(text).collect();
        one(json!({ "messages": texts }).to_string())
    }),
    ("a wrapper in a text", |records| {
        one(each_line(
            records,
            |record| json!({ "body": json!({ "customer": record }).to_string() }),
        ))
    }),
    ("a map", |records| one(json!(map(records)).to_string())),
    ("a map without ids in its records", |records| {
        let without = map(records).into_iter().map(|(id, mut record)| {
            record.as_object_mut().unwrap().remove("id");
            (id, record)
        });
        one(json!(without.collect::<Record>()).to_string())
    }),
    ("a map in a wrapper", |records| {
        one(json!({ "version": 3, "customers": map(records) }).to_string())
    }),
    ("a numbered map", |records| {
        let entries = records.iter().enumerate();
        let entries = entries.map(|(number, record)| format!("\"{number}\":{}", json!(record)));
        one(format!("{{{}}}", entries.collect::<Vec<_>>().join(",")))
    }),
    ("entries of a map", |records| {
        let entries = records.iter();
        let entries = entries.map(|record| json!({ "key": record["id"], "value": record }));
        one(json!(entries.collect::<Vec<_>>()).to_string())
    }),
    ("DynamoDB, export", |records| {
        one(each_line(
            records,
            |record| json!({ "Item": typed(record, dynamo) }),
        ))
    }),
    ("DynamoDB, scan", |records| {
        let items: Vec<_> = records.iter().map(|record| typed(record, dynamo)).collect();
        let count = records.len();
        one(format!(
            "{:#}",
            json!({ "Items": items, "Count": count, "ScannedCount": count })
        ))
    }),
    ("MongoDB", |records| {
        one(each_line(records, |record| {
            mongo(record, &|time| json!(time))
        }))
    }),
    ("MongoDB, canonical", |records| {
        one(each_line(records, |record| {
            mongo(
                record,
                &|time| json!({ "$numberLong": read(time).timestamp_millis().to_string() }),
            )
        }))
    }),
    ("MongoDB, array", |records| {
        let documents = records
            .iter()
            .map(|record| mongo(record, &|time| json!(time)));
        one(format!("{:#}", json!(documents.collect::<Vec<_>>())))
    }),
    ("Firestore", |records| {
        let document = |record: &Record| {
            json!({
                "name": format!("projects/p/databases/d/documents/customers/{}", record["id"]),
                "fields": typed(record, firestore), "createTime": "2024-01-01T00:00:00Z",
            })
        };
        let documents: Vec<_> = records.iter().map(document).collect();
        one(json!({ "documents": documents }).to_string())
    }),
    ("Airbyte, with traces and a status", |records| {
        let record = |record: &Record| json!({ "type": "RECORD", "record": { "stream": "customers", "data": record } });
        let trace = json!({ "type": "TRACE", "trace": { "type": "ESTIMATE" } });
        let status =
            json!({ "type": "CONNECTION_STATUS", "connectionStatus": { "status": "SUCCEEDED" } });
        let lines = protocol(records.iter().map(record));
        one(format!("{trace}\n{lines}{status}\n"))
    }),
    ("JSON:API, one a line", |records| {
        one(each_line(records, |record| {
            let mut attributes = record.clone();
            let id = attributes.remove("id");
            json!({ "type": "customer", "id": id, "attributes": attributes })
        }))
    }),
    ("JSON:API, with relationships and more", |records| {
        let resource = |record: &Record| {
            let mut attributes = record.clone();
            let id = attributes.remove("id");
            json!({
                "type": "customer", "id": id, "attributes": attributes,
                "relationships": { "users": { "data": [{ "type": "user", "id": "u1" }] } },
                "links": { "self": "/customers/1" },
            })
        };
        let data: Vec<_> = records.iter().map(resource).collect();
        let included = json!([{ "type": "user", "id": "u1", "attributes": { "login": "x" } }]);
        let meta = json!({ "record_count": records.len(), "total_pages": 1, "current_page": 1 });
        one(json!({
            "data": data, "included": included, "meta": meta, "links": { "next": null },
            "jsonapi": { "version": "1.0" },
        })
        .to_string())
    }),
];

/// Pages of so many records each, as JSON.
fn pages(records: &[Record], many: usize, page: fn(&[Record]) -> Value) -> Vec<String> {
    let pages = records.chunks(many.max(1));
    pages.map(|records| page(records).to_string()).collect()
}

/// What is made of each record, one a line.
pub fn each_line(records: &[Record], line: impl Fn(&Record) -> Value) -> String {
    let lines = records.iter().map(|record| format!("{}\n", line(record)));
    lines.collect()
}

/// A document as Elasticsearch has it.
fn hit(record: &Record) -> Value {
    json!({ "_index": "customers", "_id": record["id"], "_score": 1.0, "_source": record })
}

fn map(records: &[Record]) -> Record {
    let entries = records.iter();
    let entry = |record: &Record| (record["id"].as_str().unwrap().to_owned(), json!(record));
    entries.map(entry).collect()
}

/// A record whose scalars name their type.
fn typed(record: &Record, scalar: fn(&str, &Value) -> Value) -> Value {
    let values = record.iter();
    let values = values.map(|(key, value)| (key.clone(), scalar(key, value)));
    Value::Object(values.collect())
}

fn dynamo(_: &str, value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        other => json!({ "S": other }),
    }
}

fn firestore(key: &str, value: &Value) -> Value {
    match value {
        Value::Null => json!({ "nullValue": null }),
        Value::Bool(flag) => json!({ "booleanValue": flag }),
        Value::Number(number) => json!({ "integerValue": number.to_string() }),
        time if is_time(key) => json!({ "timestampValue": time }),
        other => json!({ "stringValue": other }),
    }
}

/// A document of MongoDB, with dates as its exports have them.
fn mongo(record: &Record, date: &dyn Fn(&str) -> Value) -> Value {
    let mut document = by_key(record, |key, value| match (is_time(key), value) {
        (true, Value::String(time)) => json!({ "$date": date(&time) }),
        (_, other) => other,
    });
    document.insert(
        "_id".to_owned(),
        json!({ "$oid": "507f1f77bcf86cd799439010" }),
    );
    Value::Object(document)
}
