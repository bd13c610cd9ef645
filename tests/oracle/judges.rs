//! What must hold of any bytes, whatever reads them: the judge of each target of the
//! fuzzer, by name. The tests ask them of the kept corpora.

use std::net::IpAddr;
use std::path::Path;

use audit::policy::Error;
use audit::record::{network, time};
use audit::{Policies, diagnostic, text};
use chrono::{DateTime, Datelike};
use serde_json::{Map, Value};

/// Judges bytes, and panics if what must hold does not; the folder is for files.
pub type Judge = fn(&[u8], &Path);

/// The judges, with the names of their corpora.
pub const JUDGES: [(&str, Judge); 8] = [
    ("decoder", |bytes, _| super::agree(bytes)),
    ("policy", policy),
    ("convert", convert),
    ("instants", instants),
    ("packed", packed),
    ("lines", lines),
    ("table", table),
    ("shapes", shapes),
];

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[rule]]
id = "named"
severity = "low"
require.name = { matches = "^[a-z]" }

[[rule]]
id = "fresh"
severity = "info"
require.updatedAt = { newer-than = "52w" }
"#;

/// Runs the program in this process; returns the exit code and what it wrote.
fn run(args: &[&str]) -> (u8, Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let args = std::iter::once("audit").chain(args.iter().copied());
    let code = audit::run::main(args, &mut stdout, &mut stderr);
    assert!(code <= 3, "the exit code is {code}");
    (code, stdout, stderr)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("it is written");
    path.to_str().expect("text").to_owned()
}

/// Audits an export of these bytes, always by the same name.
fn audited(bytes: &[u8], folder: &Path) -> (u8, Vec<u8>, Vec<u8>) {
    let policy = write(folder, "p.toml", POLICY.as_bytes());
    let export = write(folder, "export", bytes);
    run(&[
        "-q",
        "-j",
        "1",
        "-p",
        &policy,
        "--as-of",
        "2026-12-01T00:00:00Z",
        "-f",
        "csv",
        &export,
    ])
}

#[track_caller]
fn quiet(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes);
    let raw = shown.chars().find(|c| *c != '\n' && text::is_unsafe(*c));
    assert!(raw.is_none(), "{raw:?} is raw: {shown}");
}

/// A policy is read to its end: every mistake and warning has a place inside of it, and
/// what `policy check` calls an error is what keeps a run from using it.
fn policy(bytes: &[u8], _: &Path) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let builder = || Policies::builder().text("p.toml", text);
    let (checked, warnings) = builder().load_with_warnings();
    let loaded = builder().load();
    assert_eq!(checked.is_err(), loaded.is_err(), "both read the same");
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let within = |diagnostic: &diagnostic::Diagnostic| {
        let span = &diagnostic.span;
        assert!(
            span.start <= span.end && span.end <= bare.len(),
            "{diagnostic:?}"
        );
    };
    let errors = loaded.err().map(|error| error.errors).unwrap_or_default();
    for error in &errors {
        if let Error::Invalid { diagnostics, .. } = error {
            diagnostics.iter().for_each(within);
        }
        quiet(error.render(false).as_bytes());
    }
    for file in &warnings {
        quiet(file.render(false).as_bytes());
    }
}

/// A report is refused, or can be read again from what is made of it.
fn convert(bytes: &[u8], folder: &Path) {
    let report = write(folder, "report", bytes);
    let (code, stdout, stderr) = run(&["convert", "-f", "text", &report]);
    quiet(&stdout);
    quiet(&stderr);
    let (again, json, _) = run(&["convert", "-f", "json", &report]);
    assert_eq!((code == 0, code == 2), (again == 0, again == 2));
    if code == 0 {
        let made = write(folder, "made", &json);
        let (code, same, stderr) = run(&["convert", "-f", "json", &made]);
        assert_eq!(code, 0, "{}", String::from_utf8_lossy(&stderr));
        assert!(same == json, "{}", String::from_utf8_lossy(&json));
    }
}

/// A time as RFC 3339 writes it, and an address, are what `chrono` and `std` make of them.
fn instants(bytes: &[u8], _: &Path) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let read = time::read(text);
    // Before and after those years, zeros and far times are for others to judge.
    let is_plain = text.is_ascii() && text.contains('T') && !text.contains(":60");
    let judged = DateTime::parse_from_rfc3339(text).ok();
    let judged = judged.filter(|time| is_plain && (1971..2200).contains(&time.year()));
    if let Some(judged) = judged {
        let read = read.unwrap_or_else(|| panic!("{text:?} is a time"));
        assert_eq!(read.time, judged, "{text:?}");
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        let read = network::read_one(text).unwrap_or_else(|| panic!("{text:?} is an address"));
        let host = ipnet::IpNet::from(address.to_canonical());
        assert!(read.lies_in(&host), "{text:?}");
    }
}

/// What is packed is what it was, and packed bytes that are broken end in no panic.
fn packed(bytes: &[u8], folder: &Path) {
    let zstd = zstd::encode_all(bytes, 1).expect("memory");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, bytes).expect("memory");
    let gzip = gzip.finish().expect("memory");
    let plain = audited(bytes, folder);
    let is_packed = matches!(
        bytes,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, ..] | [_, 0x2a, 0x4d, ..]
    );
    if !is_packed {
        assert!(audited(&zstd, folder) == plain, "zstd");
        assert!(audited(&gzip, folder) == plain, "gzip");
    }
    for mut packed in [zstd, gzip] {
        let at = bytes.first().map_or(0, |byte| usize::from(*byte)) % packed.len();
        packed[at] ^= 1 << (bytes.len() % 8);
        audited(&packed, folder);
        audited(&packed[..at], folder);
    }
}

/// Makes up records from bytes: of keys that no wrapper has.
fn records(bytes: &[u8]) -> Vec<Map<String, Value>> {
    let keys = ["id", "name", "force2fa", "updatedAt", "x"];
    let record = |piece: &[u8]| {
        let cells = piece.split(|byte| *byte == b'\n').zip(keys);
        let cells = cells.map(|(cell, key)| {
            let text = String::from_utf8_lossy(cell);
            let value = serde_json::from_str(&text).ok();
            let value = value.filter(|value: &Value| !value.is_object() && !value.is_array());
            (key.to_owned(), value.unwrap_or_else(|| text.into()))
        });
        cells.collect()
    };
    bytes.split(|byte| *byte == 0).map(record).collect()
}

/// An array of records is judged like lines of them.
fn lines(bytes: &[u8], folder: &Path) {
    let records: Vec<_> = records(bytes).into_iter().map(Value::Object).collect();
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    let array = Value::Array(records).to_string();
    let (array, lines) = (
        audited(array.as_bytes(), folder),
        audited(lines.as_bytes(), folder),
    );
    assert_eq!(array.0, lines.0, "the exit codes differ");
    assert!(array.1 == lines.1, "the findings differ");
}

/// A table as `csv` writes it is judged like the objects of its rows.
fn table(bytes: &[u8], folder: &Path) {
    let row = |record: &Map<String, Value>| {
        let text = |key: &str| match record.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(scalar) => scalar.to_string(),
        };
        let mut row = ["name", "force2fa", "updatedAt"].map(text);
        // A cell is all that a table has for a number; an object has texts and numbers.
        if row[2].trim().parse::<f64>().is_ok() {
            row[2].clear();
        }
        row
    };
    let rows: Vec<_> = records(bytes).iter().map(row).collect();
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["id", "name", "force2fa", "updatedAt"])
        .expect("memory");
    let mut lines = String::new();
    for (number, [name, force2fa, updated]) in rows.iter().enumerate() {
        let id = format!("c{number}");
        csv.write_record([&id, name, force2fa, updated])
            .expect("memory");
        let object = serde_json::json!({
            "id": id, "name": name, "force2fa": force2fa, "updatedAt": updated,
        });
        lines.push_str(&format!("{object}\n"));
    }
    let csv = csv.into_inner().expect("memory");
    let (csv, lines) = (audited(&csv, folder), audited(lines.as_bytes(), folder));
    assert_eq!(csv.0, lines.0, "the exit codes differ");
    assert!(csv.1 == lines.1, "the findings differ");
}

/// A customer who breaks a rule is never passed over, whatever stands before or after.
fn shapes(bytes: &[u8], folder: &Path) {
    let bad = br#"{"id":"bad","name":"bad","force2fa":false,"updatedAt":"2026-11-30T00:00:00Z"}"#;
    for export in [[bytes, b"\n", bad, b"\n"], [bad, b"\n", bytes, b""]] {
        let (code, ..) = audited(&export.concat(), folder);
        assert!(
            code == 1 || code == 3,
            "exit {code}: {}",
            String::from_utf8_lossy(bytes)
        );
    }
}
