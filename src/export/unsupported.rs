//! What is not read, by its first bytes; and what to do instead.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::json;
use crate::record::field::normalize_key;
use crate::record::{Key, Schema};

/// Names a kind of file that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Unsupported {
    /// A zip archive.
    Zip,
    /// A workbook, which is a zip archive too.
    Workbook,
    /// A workbook or a document of before 2007.
    OldWorkbook,
    /// Data packed by xz.
    Xz,
    /// Data packed by bzip2.
    Bzip2,
    /// Data packed by LZ4.
    Lz4,
    /// Data packed by gzip or zstd, and once more by one of these.
    PackedTwice,
    /// A 7-Zip archive.
    SevenZip,
    /// A tar archive.
    Tar,
    /// A Parquet file.
    Parquet,
    /// An Avro file.
    Avro,
    /// An ORC file.
    Orc,
    /// An SQLite database.
    Sqlite,
    /// A PDF document.
    Pdf,
    /// A page.
    Html,
    /// An XML document.
    Xml,
    /// An image.
    Image,
    /// The answer of BigQuery's API.
    BigQuery,
    /// The answer of Snowflake's API.
    Snowflake,
    /// Rows as arrays, with the names of their columns apart.
    Rows,
    /// Columns as objects, with the values of all rows.
    Columns,
    /// A table as `psql` draws it.
    PsqlTable,
    /// A table as `mysql` draws it.
    MysqlTable,
    /// Literals of Python.
    Python,
    /// Literals of JavaScript, with keys without quotes or comments.
    JavaScript,
}

/// Lists the first bytes of files, and from which byte on they are there.
const SIGNATURES: [(usize, &[u8], Unsupported); 22] = [
    (30, b"[Content_Types].xml", Unsupported::Workbook),
    (30, b"xl/", Unsupported::Workbook),
    (0, b"PK\x03\x04", Unsupported::Zip),
    (0, b"PK\x05\x06", Unsupported::Zip),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        Unsupported::OldWorkbook,
    ),
    (0, b"\xfd7zXZ\0", Unsupported::Xz),
    (0, b"BZh", Unsupported::Bzip2),
    (0, b"\x04\x22\x4d\x18", Unsupported::Lz4),
    // What is packed once is unpacked before.
    (0, b"\x1f\x8b\x08", Unsupported::PackedTwice),
    (0, b"\x28\xb5\x2f\xfd", Unsupported::PackedTwice),
    (0, b"7z\xbc\xaf\x27\x1c", Unsupported::SevenZip),
    (257, b"ustar", Unsupported::Tar),
    (0, b"PAR1", Unsupported::Parquet),
    (0, b"PARE", Unsupported::Parquet),
    (0, b"Obj\x01", Unsupported::Avro),
    (0, b"ORC", Unsupported::Orc),
    (0, b"SQLite format 3\0", Unsupported::Sqlite),
    (0, b"%PDF", Unsupported::Pdf),
    (0, b"\x89PNG", Unsupported::Image),
    (0, b"\xff\xd8\xff", Unsupported::Image),
    (0, b"GIF8", Unsupported::Image),
    (0, b"<?xml", Unsupported::Xml),
];

impl Unsupported {
    /// Returns the kind of file that begins with these bytes, by a signature.
    pub fn by_signature(bytes: &[u8]) -> Option<Self> {
        let begins =
            |at: usize, with: &[u8]| bytes.get(at..).is_some_and(|bytes| bytes.starts_with(with));
        // What else begins like a bzip2 file is a header.
        let is_bzip2 = || bytes.get(3).is_some_and(u8::is_ascii_digit) && begins(4, b"1AY&SY");
        let found = SIGNATURES.iter().find(|(at, with, kind)| {
            begins(*at, with)
                && match kind {
                    Self::Workbook => begins(0, b"PK"),
                    Self::Bzip2 => is_bzip2(),
                    Self::Orc => bytes.get(3).is_some_and(|byte| !byte.is_ascii_graphic()),
                    _ => true,
                }
        });
        found.map(|(.., kind)| *kind)
    }

    /// Returns the kind of text that begins so, if it is one that is not read.
    pub fn by_text(schema: &Schema, head: &str) -> Option<Self> {
        let text = head.trim_start();
        match text.as_bytes().first()? {
            b'{' => object(schema, text),
            b'[' => literal(text[1..].trim_start()),
            b'<' => Some(Self::markup(text)),
            b'/' => (text.starts_with("//") || text.starts_with("/*")).then_some(Self::JavaScript),
            _ => table(text),
        }
    }

    fn markup(text: &str) -> Self {
        let begins = |with: &str| {
            let head = text.get(..with.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(with))
        };
        match ["<!doctype html", "<html", "<head", "<body"]
            .into_iter()
            .any(begins)
        {
            true => Self::Html,
            false => Self::Xml,
        }
    }

    /// Returns what it is, and what to do instead.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Zip => [
                "a zip archive",
                "unpack it, as with `unzip -p FILE`, and give what is in it",
            ],
            Self::Workbook => ["a workbook", "save its sheet as CSV (UTF-8)"],
            Self::OldWorkbook => ["a workbook of before 2007", "save its sheet as CSV (UTF-8)"],
            Self::Xz => ["packed by xz", "`xz -dc FILE | audit … -` reads it"],
            Self::Bzip2 => ["packed by bzip2", "`bzip2 -dc FILE | audit … -` reads it"],
            Self::Lz4 => ["packed by LZ4", "`lz4 -dc FILE | audit … -` reads it"],
            Self::PackedTwice => [
                "packed twice",
                "unpack it once, as with `gzip -dc FILE` or `zstd -dc FILE`",
            ],
            Self::SevenZip => ["a 7-Zip archive", "unpack it, as with `7z e -so FILE`"],
            Self::Tar => [
                "a tar archive",
                "`tar -xOf FILE | audit … -` reads what is in it",
            ],
            Self::Parquet => [
                "a Parquet file",
                "write it as NDJSON, as with `duckdb -c \"COPY (FROM 'FILE') TO 'export.ndjson'\"`",
            ],
            Self::Avro => [
                "an Avro file",
                "write it as NDJSON, as with `avro-tools tojson FILE`",
            ],
            Self::Orc => [
                "an ORC file",
                "write it as NDJSON, as with `orc-tools data FILE`",
            ],
            Self::Sqlite => [
                "an SQLite database",
                "`sqlite3 -csv -header FILE 'SELECT * FROM …'` writes CSV",
            ],
            Self::Pdf => ["a PDF document", "export the records as JSON or CSV"],
            Self::Html => [
                "an HTML page",
                "it may be a page that asks to sign in: export the records as JSON or CSV",
            ],
            Self::Xml => ["an XML document", "export the records as JSON or CSV"],
            Self::Image => ["an image", "export the records as JSON or CSV"],
            Self::BigQuery => [
                "an answer of BigQuery's API, whose rows have their schema apart",
                "`bq query --format=json` or `bq extract` writes records",
            ],
            Self::Snowflake => [
                "an answer of Snowflake's API, whose rows have their columns apart",
                "`COPY INTO … FILE_FORMAT = (TYPE = JSON)` writes records",
            ],
            Self::Rows => [
                "rows as arrays, with the names of their columns apart",
                "write each row as an object, as with pandas' `orient=\"records\"`",
            ],
            Self::Columns => [
                "columns as objects, with the values of all rows",
                "write each row as an object, as with pandas' `orient=\"records\"`",
            ],
            Self::PsqlTable => [
                "a table as psql draws it",
                "`psql --csv` writes CSV; for `json_agg`, `psql -At`",
            ],
            Self::MysqlTable => [
                "a table as mysql draws it",
                "`mysql --batch` writes columns with tabs",
            ],
            Self::Python => [
                "literals of Python, with single quotes, and not JSON",
                "`json.dumps` writes JSON",
            ],
            Self::JavaScript => [
                "JavaScript or JSON5, with keys without quotes or comments, and not JSON",
                "`JSON.stringify` writes JSON",
            ],
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, instead] = self.words();
        write!(f, "it is {what}: {instead}")
    }
}

/// Lists the keys of rows whose columns are named apart, normalized.
const ROWS: [&str; 6] = ["data", "rows", "values", "records", "dataarray", "datarows"];

/// Lists the keys that name the columns of rows, normalized.
const COLUMNS: [&str; 7] = [
    "columns",
    "schema",
    "fields",
    "headers",
    "columnnames",
    "rowtype",
    "manifest",
];

/// Returns what an object of an export is, if it is nothing that is read.
fn object(schema: &Schema, text: &str) -> Option<Unsupported> {
    if let Some(kind) = literal(text) {
        return Some(kind);
    }
    let bytes = text.as_bytes();
    let members: Vec<_> = json::members(bytes)
        .take(MAX_MEMBERS)
        .map(|member| (normalize_key(member.name()), member.value))
        .collect();
    let has = |name: &str| members.iter().any(|(key, _)| key == name);
    if has("resultsetmetadata") {
        return Some(Unsupported::Snowflake);
    }
    if members
        .iter()
        .any(|(key, value)| key == "rows" && begins(bytes, *value, b"[{\"f\":["))
        && has("schema")
    {
        return Some(Unsupported::BigQuery);
    }
    let are_named = COLUMNS.iter().any(|key| has(key));
    let are_arrays = |at: usize| begins(bytes, at, b"[[") && !begins(bytes, at, b"[[{");
    let is_of_rows = |(key, value): &(String, usize)| match bytes.get(*value) {
        Some(b'[') => ROWS.contains(&key.as_str()) && are_arrays(*value),
        // Some have an object around them.
        Some(b'{') if key == "result" => json::members(&bytes[*value..]).any(|member| {
            let key = normalize_key(member.name());
            ROWS.contains(&key.as_str()) && are_arrays(value + member.value)
        }),
        _ => false,
    };
    if are_named && members.iter().any(is_of_rows) {
        return Some(Unsupported::Rows);
    }
    let is_field = |key: &str| !matches!(schema.key(key), Key::Unknown);
    let mut fields = members.iter().filter(|(key, _)| is_field(key));
    let is_column = |value: usize| {
        let values = bytes
            .get(value..)
            .filter(|values| values.first() == Some(&b'{'));
        let mut values = values.into_iter().flat_map(json::members);
        values
            .next()
            .is_some_and(|member| !json::is_type(member.name()))
    };
    let mut is_next = || fields.next().is_some_and(|(_, value)| is_column(*value));
    (is_next() && is_next()).then_some(Unsupported::Columns)
}

/// How many members of an object are looked at.
const MAX_MEMBERS: usize = 64;

/// Whether these bytes follow from a byte on, with any blanks between them.
fn begins(bytes: &[u8], at: usize, with: &[u8]) -> bool {
    let mut here = bytes[at.min(bytes.len())..]
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace());
    with.iter().all(|byte| here.next() == Some(byte))
}

/// Returns which language writes such an object, if it is not JSON.
fn literal(text: &str) -> Option<Unsupported> {
    let key = text.strip_prefix('{')?.trim_start();
    let first = key.chars().next()?;
    match first {
        '\'' => Some(Unsupported::Python),
        '/' => Some(Unsupported::JavaScript),
        _ if first.is_ascii_alphabetic() || matches!(first, '_' | '$') => {
            let name = key
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'));
            name.trim_start()
                .starts_with(':')
                .then_some(Unsupported::JavaScript)
        }
        _ => None,
    }
}

/// Returns which program draws such a table, if it is one for people.
fn table(text: &str) -> Option<Unsupported> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default());
    let is_rule = |line: &str, of: &[char]| {
        line.len() > 2 && line.chars().all(|c| of.contains(&c)) && line.contains('-')
    };
    if is_rule(first, &['+', '-']) && first.starts_with('+') || first.starts_with("****") {
        return Some(Unsupported::MysqlTable);
    }
    if is_rule(second, &['+', '-']) || first.starts_with("-[ RECORD") {
        return Some(Unsupported::PsqlTable);
    }
    None
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    fn by_text(text: &str) -> Option<Unsupported> {
        Unsupported::by_text(&Schema::default(), text)
    }

    #[test]
    fn files_are_known_by_their_first_bytes() {
        let tar = [&[b'x'; 257][..], b"ustar"].concat();
        for (bytes, kind) in [
            (&b"PK\x03\x04\x14\0\0\0\x08\0"[..], Unsupported::Zip),
            (
                b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaa[Content_Types].xml",
                Unsupported::Workbook,
            ),
            (b"\xfd7zXZ\0\0", Unsupported::Xz),
            (b"BZh91AY&SY", Unsupported::Bzip2),
            (&tar, Unsupported::Tar),
            (b"PAR1\x15", Unsupported::Parquet),
            (b"Obj\x01\x04", Unsupported::Avro),
            (b"%PDF-1.7", Unsupported::Pdf),
            (b"\x89PNG\r\n", Unsupported::Image),
        ] {
            assert_eq!(Unsupported::by_signature(bytes), Some(kind));
        }
        for text in ["BZhid,name", "ORCID,name", "id,name", "{}"] {
            assert_eq!(Unsupported::by_signature(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn texts_that_are_not_read_are_named() {
        for (text, kind) in [
            ("<!DOCTYPE html><html>", Unsupported::Html),
            ("<customers/>", Unsupported::Xml),
            ("{'id': 'a'}", Unsupported::Python),
            ("[{'id': 'a'}]", Unsupported::Python),
            ("[\n {\n  id: \"a\"", Unsupported::JavaScript),
            ("// customers\n[", Unsupported::JavaScript),
            ("+----+\n| id |\n", Unsupported::MysqlTable),
            (
                " id | name \n----+------\n a  | b\n",
                Unsupported::PsqlTable,
            ),
            (" json_agg \n----------\n [{}]\n", Unsupported::PsqlTable),
            (
                r#"{"schema":{"fields":[]},"rows":[{"f":[{"v":"a"}]}]}"#,
                Unsupported::BigQuery,
            ),
            (
                r#"{"resultSetMetaData":{},"data":[["a"]]}"#,
                Unsupported::Snowflake,
            ),
            (
                r#"{"columns":["id"],"index":[0],"data":[["a"]]}"#,
                Unsupported::Rows,
            ),
            (
                r#"{"manifest":{},"result":{"data_array":[["a"]]}}"#,
                Unsupported::Rows,
            ),
            (r#"{"id":{"0":"a"},"name":{"0":"b"}}"#, Unsupported::Columns),
        ] {
            assert_eq!(by_text(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn texts_that_are_read_are_not_named() {
        for text in [
            r#"{"id":{"S":"a"},"name":{"S":"b"}}"#,
            r#"{"columns":[{"name":"id"}],"rows":[{"id":"a"}]}"#,
            r#"{"data":[[{"id":"a"}]]}"#,
            r#"[{"id":"a"}]"#,
            r#"{"schema":{},"payload":{"id":"a"}}"#,
            "id,name\na,b\n",
            "",
        ] {
            assert_eq!(by_text(text), None, "{text}");
        }
    }

    #[test]
    fn every_kind_has_words_of_its_own() {
        let words: std::collections::HashSet<_> = Unsupported::VARIANTS
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(words.len(), Unsupported::VARIANTS.len());
    }
}
