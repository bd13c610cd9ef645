//! The README's list of what is read has a line for each shape.

use std::collections::BTreeSet;

use super::shapes::shapes;

const README: &str = include_str!("../../../README.md");

/// The lines of the list, and the shapes that each is about.
const LINES: [(&str, &[&str]); 9] = [
    (
        "| an array, an object, objects one a line, or either one after another; arrays in an array | APIs, `jq`, PostgreSQL, SQLite, BigQuery, SDKs |",
        &[
            "curl loop",
            "NDJSON",
            "jq -s",
            "one GET each",
            "Steampipe before 0.24",
            "Postgres, json_agg",
            "SQLite, json",
            "a warehouse, json",
            "pandas, to_json of times",
            "Speakeasy",
            "the SDK for Rust",
            "the SDK for PHP",
            "the SDK for Python",
            "the SDK for JavaScript",
            "objects on several lines",
            "lines with returns, blanks between them and a mark",
            "lines without a last feed",
            "arrays one after another",
            "arrays one a line",
            "an array of arrays",
            "PostgreSQL, row_to_json",
        ],
    ),
    (
        "| an array under any keys, at most four deep, among whatever else | REST APIs, OData, HAL, Cosmos DB, Salesforce, Steampipe |",
        &[
            "Steampipe",
            "wrapped in data",
            "a wrapper of two keys",
            "a wrapper of three keys",
            "a wrapper of four keys",
            "a wrapper under a key that nobody knows",
            "a wrapper among much else",
            "HAL",
            "OData",
            "Cosmos DB",
            "Salesforce",
        ],
    ),
    (
        "| pages of these, in a file or in files whose names differ in digits | APIs |",
        &[
            "pages of a list",
            "an array of pages",
            "pages one a line",
            "pages one after another",
        ],
    ),
    (
        "| each record in a wrapper of its own, at most four deep, or as a text in JSON | Elasticsearch, CouchDB, GraphQL, Kafka, Snowflake |",
        &[
            "Elasticsearch, search",
            "Elasticsearch, dump",
            "CouchDB",
            "GraphQL",
            "a wrapper of each record",
            "a wrapper of each record, with an id of its own",
            "two wrappers of each record",
            "four wrappers of each record",
            "Snowflake, rows of one column",
            "Kafka Connect",
            "kcat",
            "texts one a line",
            "an array of texts",
            "texts in a wrapper",
            "a wrapper in a text",
            "entries of a map",
        ],
    ),
    (
        "| an object that has the records as its values, by id or by number | key-value stores, pandas (`index`) |",
        &[
            "a map",
            "a map without ids in its records",
            "a map in a wrapper",
            "a numbered map",
        ],
    ),
    (
        "| scalars with their types | DynamoDB, MongoDB, Firestore |",
        &[
            "DynamoDB, export",
            "DynamoDB, scan",
            "MongoDB",
            "MongoDB, canonical",
            "MongoDB, array",
            "Firestore",
        ],
    ),
    (
        "| envelopes, and lines of a protocol | Airbyte, Singer, JSON:API |",
        &[
            "Airbyte, raw",
            "Airbyte, raw as text",
            "Airbyte, flattened",
            "Airbyte, protocol",
            "Airbyte, with traces and a status",
            "Singer",
            "JSON:API",
            "JSON:API, one a line",
            "JSON:API, with relationships and more",
        ],
    ),
    (
        "| CSV with a header among its first 20 lines: comma, semicolon, tab or `\\|`, `sep=`, dotted or repeated headers, records in JSON in a cell | spreadsheets, PostgreSQL, MySQL, SQL Server, SQLite, DuckDB, Snowflake, pandas, Airbyte |",
        &[
            "Postgres, COPY",
            "Postgres, COPY in the zone of a session",
            "psql --csv",
            "SQLite, csv",
            "DuckDB",
            "pandas, csv",
            "pandas, with nan",
            "a spreadsheet",
            "a warehouse, csv",
            "tabs",
            "pipes",
            "a table without a last feed",
            "a line that names the separator",
            "lines before the header",
            "dotted headers",
            "headers in words",
            "headers with hyphens",
            "tables one after another",
            "a delimiter at the end of each line",
            "blank lines between rows",
            "a column of numbers without a name",
            "all cells in quotes",
            "MySQL, INTO OUTFILE",
            "SQL Server",
            "Snowflake, COPY",
            "Airbyte, csv",
            "records in cells, after a cell that is JSON too",
            "texts one a line, in CSV",
        ],
    ),
    (
        "| values in other spellings: times, numbers of seconds to nanoseconds, flags, lists of networks, keys | all of these |",
        &[
            "seconds",
            "milliseconds as texts",
            "microseconds",
            "nanoseconds",
            "RFC 2822",
            "flags and times as texts, without nulls",
            "networks as an array",
            "networks as an array of PostgreSQL",
            "networks one a line",
            "keys in other cases",
        ],
    ),
];

#[test]
fn each_shape_has_a_line_in_the_readme() {
    for (line, _) in LINES {
        assert!(
            README.contains(&format!("\n{line}\n")),
            "the README has no line {line}"
        );
    }
    let listed: Vec<_> = LINES
        .iter()
        .flat_map(|(_, shapes)| shapes.iter().copied())
        .collect();
    let read: BTreeSet<_> = shapes().map(|(shape, _)| shape).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), read);
    assert_eq!(listed.len(), read.len(), "no shape is listed twice");
    assert_eq!(shapes().count(), read.len(), "no two shapes have one name");
}
