//! What holds records in an export, and what only seems to.

use audit::export::{Chunker, Format, Source};
use audit::record::Schema;

use super::{AFTER, FIRST_BATCH, before, read, record, workspace};
use crate::support::check;

#[test]
fn records_nest_128_levels_deep_and_no_deeper() {
    for (arrays, counts) in [(127, (3, 0)), (128, (3, 1))] {
        let x = ["[".repeat(arrays), "]".repeat(arrays)].concat();
        let record = format!(r#"{{"id":"deep","x":{x},"force_sso":false}}"#);
        let export = [&before(), record.as_bytes(), AFTER].join(&b"\n"[..]);
        let run = read(&workspace(), "deep", &export, &[]);
        check(run.counts() == counts, "the limit is 128", &run);
        let told = run.stderr.contains("nested deeper than 128 levels");
        check(told == (arrays == 128), "the cause is reported", &run);
    }
}

#[test]
fn a_value_may_follow_any_blanks_whatever_was_before() {
    let workspace = workspace();
    for blanks in ["", " ", "\n", "\t \r\n", "          "] {
        let spaced = format!(
            "{{{blanks}\"id\"{blanks}:{blanks}\"b\"{blanks},{blanks}\"force_sso\"{blanks}:{blanks}false}}"
        );
        for records in [[&record("a"), &spaced], [&spaced, &record("a")]] {
            let export = format!("[{},{}]", records[0], records[1]);
            let run = read(&workspace, "blanks", export.as_bytes(), &[]);
            check(run.counts() == (2, 0), "both are records", &run);
            check(run.code == 1, "both are records", &run);
        }
    }
}

#[test]
fn a_wrapper_is_a_wrapper_whatever_its_first_element_is() {
    let workspace = workspace();
    for first in ["null", "1", "\"a\"", "tru", "", "{\"id\":tru}"] {
        let export = format!(r#"{{"data":[{first},{}]}}"#, record("a"));
        let run = read(&workspace, first, export.as_bytes(), &[]);
        check(run.found("sso") == ["a"], first, &run);
        check(run.counts() == (2, 1), first, &run);
        check(run.code == 3, first, &run);
    }
}

/// Objects that hold records in a way that is not known, or not only records.
const ENVELOPES: [&str; 6] = [
    r#"{"data":[null,{"id":"a","force_sso":false}]}"#,
    r#"{"a":{"b":{"c":{"d":{"customers":[{"id":"a","force_sso":false}]}}}}}"#,
    r#"{"a":{"name":"n","force_sso":false},"b":{"name":"n","force_sso":true},"c":1}"#,
    r#"{"id":{"0":"a"},"force_sso":{"0":true}}"#,
    r#"{"columns":["id","force_sso"],"data":[["a",false]]}"#,
    r#"{"old":{"id":"a","force_sso":false},"new":{"id":"a","force_sso":true},"id":"e"}"#,
];

#[test]
fn an_envelope_that_is_not_known_is_never_clean() {
    let workspace = workspace();
    for envelope in ENVELOPES {
        let run = read(&workspace, envelope, envelope.as_bytes(), &[]);
        check(run.code == 3, envelope, &run);
    }
}

#[test]
fn an_envelope_that_is_not_known_is_never_clean_beside_a_good_export() {
    let workspace = workspace();
    workspace.write("good", record("good"));
    for envelope in ENVELOPES {
        workspace.write("envelope", envelope);
        for exports in [["good", "envelope"], ["envelope", "good"]] {
            let run = workspace.audit(&exports, &["--fail-on", "never"]);
            check(run.code == 3, envelope, &run);
        }
    }
}

#[test]
fn pages_of_a_wrapper_follow_one_another() {
    let page =
        |id: &str, next: &str| format!(r#"{{"meta":{{}},"data":[{}],"next":{next}}}"#, record(id));
    for separator in ["", "\n", " "] {
        for (last, code) in [("null", 1), ("2", 3)] {
            let export = [page("a", "1"), page("b", last)].join(separator);
            let run = read(&workspace(), "pages", export.as_bytes(), &[]);
            check(run.found("sso") == ["a", "b"], "both are read", &run);
            check(
                run.code == code,
                "the last page says whether it is whole",
                &run,
            );
        }
    }
}

#[test]
fn what_follows_a_closed_array_is_reported() {
    let workspace = workspace();
    for tail in ["x", "]", "}", ",", "1", "\0", "// end"] {
        let export = format!("[{}]{tail}", record("a"));
        let run = read(&workspace, tail, export.as_bytes(), &[]);
        check(run.found("sso") == ["a"] && run.code == 3, tail, &run);
        let export = format!("{{\"data\":[{}]{tail}}}", record("a"));
        let run = read(&workspace, tail, export.as_bytes(), &[]);
        check(run.found("sso") == ["a"] && run.code == 3, tail, &run);
    }
}

#[test]
fn unknown_keys_are_reported_only_of_records_that_were_read() {
    let export = format!("{}\n{{\"id\":\"b\",\"rejected_key\":tru}}\n", record("a"));
    let run = read(&workspace(), "keys", export.as_bytes(), &[]);
    let told = run.stderr.contains("rejected_key");
    check(!told, "nothing of a rejected record was ignored", &run);
}

#[test]
fn a_field_that_is_there_twice_is_read_once_or_not_at_all() {
    let workspace = workspace();
    for (pair, code) in [
        (r#""force_sso":true,"force_sso":true"#, 0),
        (r#""force_sso":true,"ForceSSO":"yes""#, 0),
        (r#""force_sso":true,"force_sso":false"#, 3),
        (r#""force_sso":false,"forceSso":true"#, 3),
        (r#""force_sso":true,"force\u005fsso":false"#, 3),
        (r#""force_sso":true,"force-sso":null"#, 3),
    ] {
        let export = format!(r#"{{"id":"a","name":"n",{pair}}}"#);
        let run = read(&workspace, pair, export.as_bytes(), &[]);
        check(run.code == code, pair, &run);
    }
}

/// How many bytes a chunk has in the tests of cuts.
const WINDOW: usize = 1024;

/// Holds a shape of exports: a head, records with a separator, and a tail.
struct Shape {
    name: &'static str,
    head: &'static str,
    separator: &'static str,
    tail: &'static str,
    /// Whether chunks begin where a record most likely does.
    is_cut: bool,
}

const fn shape(
    name: &'static str,
    head: &'static str,
    separator: &'static str,
    tail: &'static str,
) -> Shape {
    Shape {
        name,
        head,
        separator,
        tail,
        is_cut: true,
    }
}

/// Each shape in which records are read.
const SHAPES: [Shape; 11] = [
    shape("a compact array", "[", ",", "]"),
    shape("an array of lines", "[\n", ",\n", "\n]\n"),
    shape("an array with blanks", "[ ", " , ", " ]"),
    shape("a wrapper", r#"{"data":["#, ",", r#"],"next":1}"#),
    shape("lines", "", "\n", "\n"),
    shape("lines with returns", "", "\r\n", "\r\n"),
    shape("objects without blanks", "", "", ""),
    shape("objects with blanks", "", " ", ""),
    // What separates these is not what separates the elements of an array.
    Shape {
        is_cut: false,
        ..shape("arrays of one record", "[", "]\n[", "]")
    },
    shape("pages of wrappers", r#"{"data":["#, "]}\n{\"data\":[", "]}"),
    shape("protocol lines", r#"{"record":"#, "}\n{\"record\":", "}"),
];

/// Returns how many chunks an export has, and how many of them begin in a state
/// that was foreseen, so that they can be read at once with others.
fn chunks(shape: &Shape) -> (usize, usize) {
    let workspace = workspace();
    let record = record("a");
    let records = (FIRST_BATCH + 4 * WINDOW) / record.len();
    let records = vec![record.as_str(); records].join(shape.separator);
    workspace.write("export", [shape.head, &records, shape.tail].concat());
    let schema = Schema::default();
    let sources = Source::open_all(&[workspace.path("export")]).expect("it is there");
    let mut chunker = Chunker::new(sources, Format::Auto, WINDOW, &schema);
    let states = std::iter::from_fn(|| chunker.next_chunk()).map(|chunk| chunk.state);
    let states: Vec<_> = states.collect();
    (states.len(), states.iter().flatten().count())
}

#[test]
fn every_shape_is_cut_between_records() {
    for shape in SHAPES {
        let (all, foreseen) = chunks(&shape);
        assert_eq!(
            foreseen > 3,
            shape.is_cut,
            "{}: {foreseen} of {all} chunks begin in a state that is foreseen",
            shape.name
        );
    }
}
