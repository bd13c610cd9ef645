//! A record that is larger than the limit is rejected, and no other.

use super::{FIRST_BATCH, read_alike, record, workspace};
use crate::support::check;

const RUNS: [(&str, &str); 5] = [
    ("1", "3"),
    ("7", "1"),
    ("100", "3"),
    ("4096", "1"),
    ("4096", "3"),
];

const LIMIT: usize = 300;

/// A way to write records one after another.
type Shape = (&'static str, fn(&[String]) -> String);

const SHAPES: [Shape; 6] = [
    ("compact array", |records| {
        format!("[{}]", records.join(","))
    }),
    ("array", |records| {
        format!("[\n{}\n]\n", records.join(",\n"))
    }),
    ("indented array", |records| {
        let indented = records.join(",\n").replace('\n', "\n    ");
        format!("[\n    {indented}\n]\n")
    }),
    ("wrapper", |records| {
        format!(r#"{{"data":[{}],"next":null}}"#, records.join(", "))
    }),
    ("lines", |records| records.join("\n")),
    ("row", |records| records.concat()),
];

/// Records that fill the first batch, and of which nothing is found.
fn filling() -> Vec<String> {
    let pad = "a".repeat(200);
    let one = format!(r#"{{"id":"p","name":"n","force_sso":true,"pad":"{pad}"}}"#);
    vec![one.clone(); FIRST_BATCH / one.len() + 2]
}

fn big(text: &str) -> String {
    format!(r#"{{"id":"big","name":"n","x":{text},"force_sso":false}}"#)
}

/// Each is larger than the limit.
fn bigs() -> Vec<(&'static str, String)> {
    let text = |piece: &str| big(&format!("\"{}\"", piece.repeat(8000 / piece.len())));
    let list = |piece: &str| big(&format!("[{}0]", piece.repeat(8000 / piece.len())));
    vec![
        ("just too large", big(&format!("\"{}\"", "a".repeat(LIMIT)))),
        ("long text", text("a")),
        ("text of seams", text("},{")),
        ("text of records in a row", text("}{")),
        ("text of escaped records", text(r#"{\"id\":\"q\"},"#)),
        (
            "text that ends in a seam",
            big(&format!("\"{}}},{{\"", "a".repeat(8000))),
        ),
        ("many numbers", list("1,")),
        ("many objects", list(r#"{"id":"q","force_sso":false},"#)),
        (
            "many lines of objects",
            list("\n{\"id\":\"q\",\"force_sso\":false},"),
        ),
        (
            "a late error",
            big(&format!("\"{}\",\"y\":tru", "a".repeat(8000))),
        ),
        (
            "a late error after seams",
            big(&format!("\"{}a\",\"y\":tru", "},{".repeat(3000))),
        ),
        (
            "a late error after rows",
            big(&format!("\"{}\",\"y\":tru", "}{".repeat(3000))),
        ),
        (
            "a late error after objects",
            big(&format!("[{}tru]", "{},".repeat(3000))),
        ),
        (
            "late depth",
            big(&format!(
                "[{}{}{}]",
                "{},".repeat(3000),
                "[".repeat(200),
                "]".repeat(200)
            )),
        ),
    ]
}

#[test]
fn a_record_that_is_too_large_is_rejected_alone_in_every_shape() {
    let mut wrong = Vec::new();
    for (name, shape) in SHAPES {
        for (what, big) in bigs() {
            let tried = std::panic::catch_unwind(|| one_too_large(shape, what, &big));
            if tried.is_err() {
                wrong.push(format!("{name}: {what}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn one_too_large(shape: fn(&[String]) -> String, what: &str, big: &str) {
    let mut records = filling();
    records.extend([record("before"), big.to_owned(), record("after")]);
    let export = shape(&records);
    let limit = LIMIT.to_string();
    let options = ["--max-record-bytes", &limit];
    let run = read_alike(&workspace(), what, export.as_bytes(), &options, &RUNS);
    check(run.found("sso") == ["before", "after"], what, &run);
    if !what.contains("error") {
        check(run.counts() == (records.len() as u64, 1), what, &run);
    }
    check(run.code == 3, what, &run);
}

#[test]
fn a_record_as_large_as_the_limit_is_read() {
    let one = record("a");
    let limit = one.len().to_string();
    let run = read_alike(
        &workspace(),
        "at the limit",
        one.as_bytes(),
        &["--max-record-bytes", &limit],
        &RUNS,
    );
    check(run.code == 1, "it is read", &run);
    let limit = (one.len() - 1).to_string();
    let run = read_alike(
        &workspace(),
        "over it",
        one.as_bytes(),
        &["--max-record-bytes", &limit],
        &RUNS,
    );
    check(run.code == 3, "it is rejected", &run);
}

/// A table whose first rows fill the first batch.
fn table(big: &str) -> (String, u64) {
    let filling = "p,true,n\n".repeat(FIRST_BATCH / 9 + 2);
    let text = format!("id,force_sso,name\n{filling}before,false,n\n{big}\nafter,false,n\n");
    let rows = text.lines().count() as u64 - 1 - big.matches('\n').count() as u64;
    (text, rows)
}

#[test]
fn a_row_that_is_too_large_is_rejected_alone() {
    let long = "a".repeat(8000);
    for (what, big) in [
        ("a long cell", format!("big,false,{long}")),
        ("a long quoted cell", format!("big,false,\"{long}\"")),
        (
            "a cell of quotes",
            format!("big,false,\"{}\"", "\"\"".repeat(4000)),
        ),
        ("a late ragged row", format!("big,false,{long},{long}")),
    ] {
        let (export, rows) = table(&big);
        let options = ["--max-record-bytes", "300"];
        let run = read_alike(&workspace(), what, export.as_bytes(), &options, &RUNS);
        check(run.found("sso") == ["before", "after"], what, &run);
        check(run.counts() == (rows, 1), what, &run);
        check(run.code == 3, what, &run);
    }
}

/// Whether a quote is closed beyond the limit is not known within it: the row is
/// given up at the end of its first line, so that no stray quote hides a record.
#[test]
fn a_row_of_lines_that_is_too_large_hides_no_row_whatever_the_window() {
    let lines = "q,false,n\n".repeat(800);
    let (export, _) = table(&format!("big,false,\"{lines}\""));
    let options = ["--max-record-bytes", "300"];
    let run = read_alike(&workspace(), "lines", export.as_bytes(), &options, &RUNS);
    let found = run.found("sso");
    check(found.contains(&"before".to_owned()), "before", &run);
    check(found.contains(&"after".to_owned()), "after", &run);
    check(run.code == 3, "it is reported", &run);
}

#[test]
fn a_quote_that_is_not_closed_costs_no_row_after_it_whatever_the_window() {
    let (export, _) = table("big,false,\"never closed");
    let run = read_alike(
        &workspace(),
        "open quote",
        export.as_bytes(),
        &["--max-record-bytes", "300"],
        &RUNS,
    );
    check(
        run.found("sso") == ["before", "after"],
        "the others are read",
        &run,
    );
    check(run.code == 3, "it is reported", &run);
}
