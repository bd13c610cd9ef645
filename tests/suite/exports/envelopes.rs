//! What records come wrapped in.

use serde_json::Value;

use super::{SEEN, examples};
use crate::support::{Run, Workspace, check};

const A: &str = "xxxxxxxxxxxxxxxxxxxx20";
const B: &str = "xxxxxxxxxxxxxxxxxxxx21";

/// An envelope as the bytes of a file.
fn file(key: &str) -> String {
    match &examples()["envelopes"][key] {
        Value::String(text) => text.clone(),
        Value::Array(lines) if lines.iter().all(Value::is_string) => {
            let lines = lines.iter().filter_map(Value::as_str);
            lines.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// Who is in it, and why those who fail do.
fn reads(key: &str, seen: &[&str], mfa: &[(&str, &str)], code: i32) -> Run {
    let run = Workspace::with_policy(SEEN).audit_bytes(file(key));
    check(run.found("seen") == seen, key, &run);
    let reasons = mfa
        .iter()
        .map(|(id, why)| ((*id).to_owned(), (*why).to_owned()));
    check(run.reasons("mfa") == reasons.collect::<Vec<_>>(), key, &run);
    check(run.code == code, key, &run);
    run
}

#[test]
fn an_array_is_read() {
    reads("array", &[A, B], &[(B, "violated")], 1);
}

#[test]
fn lines_are_read() {
    reads("ndjson_lines", &[A, B], &[(B, "violated")], 1);
}

#[test]
fn objects_in_a_row_are_read() {
    let missing = [(A, "missing"), (B, "missing")];
    reads("concatenated_without_newline", &[A, B], &missing, 3);
}

#[test]
fn one_object_is_read() {
    reads("single_object", &[A], &[], 0);
}

#[test]
fn a_record_in_a_wrapper_is_itself_whatever_arrays_are_beside_it() {
    let record = r#""customer":{"id":"a","force_2fa":false}"#;
    for array in [r#"[{"x":1}]"#, r#"[{"force_2fa":true}]"#, r#"[{"id":"b"}]"#] {
        for text in [
            format!(r#"{{{record},"other":{array}}}"#),
            format!(r#"{{"other":{array},{record}}}"#),
            format!(r#"{{{record},"other":{{"inner":{array}}}}}"#),
        ] {
            let run = Workspace::with_policy(SEEN).audit_bytes(&text);
            check(run.found("mfa") == ["a"], &text, &run);
            check(run.code == 1, &text, &run);
        }
    }
}

#[test]
fn rows_beside_columns_are_read() {
    reads("rows_with_columns", &[A, B], &[(B, "null")], 1);
}

#[test]
fn every_wrapper_is_opened() {
    let array = file("array");
    for key in [
        "data",
        "customers",
        "items",
        "results",
        "records",
        "rows",
        "Data",
        "ROWS",
    ] {
        for text in [
            format!(r#"{{"{key}":{array}}}"#),
            format!(r#"{{"total":2,"links":{{"next":null}},"{key}":{array},"has_more":false}}"#),
            format!("{{\n  \"{key}\" : \n{array}\n}}\n"),
        ] {
            let run = Workspace::with_policy(SEEN).audit_bytes(&text);
            check(run.found("seen") == [A, B] && run.code == 1, key, &run);
        }
        let run = Workspace::with_policy(SEEN).audit_bytes(format!(r#"{{"{key}":[]}}"#));
        check(run.code == 3 && run.counts() == (0, 0), key, &run);
    }
}

#[test]
fn a_json_api_document_is_read() {
    reads("json_api", &[A], &[], 0);
}

#[test]
fn airbyte_rows_are_read_as_objects_and_as_text() {
    for key in ["airbyte_raw_line_object", "airbyte_raw_line_string"] {
        let run = reads(key, &[A], &[], 0);
        let unknown = &run.report()["summary"]["unknown_keys"];
        check(
            *unknown == serde_json::json!({}),
            "an envelope is no surprise",
            &run,
        );
    }
}

#[test]
fn airbyte_text_that_is_no_record_is_rejected_alone() {
    let good = file("airbyte_raw_line_string");
    for data in [
        "\"{\"",
        "\"[]\"",
        "\"\"",
        "null",
        "1",
        "[]",
        "\"{\\\"id\\\":tru}\"",
    ] {
        let bad = format!(r#"{{"_airbyte_ab_id":"x","_airbyte_data":{data}}}"#);
        let run = Workspace::with_policy(SEEN).audit_bytes([&good, &*bad, &good].join("\n"));
        check(run.found("seen") == [A, A], data, &run);
        check(run.counts() == (3, 1) && run.code == 3, data, &run);
    }
}

#[test]
fn protocol_lines_are_read_and_those_without_a_record_counted() {
    for key in ["airbyte_protocol_line", "singer_line"] {
        reads(key, &[A], &[], 0);
        let lines = [
            r#"{"type":"SCHEMA","stream":"customers","schema":{},"key_properties":["id"]}"#,
            &file(key),
            r#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#,
            &file(key),
            r#"{"type":"STATE","value":{"x":1}}"#,
        ];
        let run = Workspace::with_policy(SEEN).audit_bytes(lines.join("\n"));
        check(run.found("seen") == [A, A] && run.code == 0, key, &run);
        check(run.report()["summary"]["protocol_lines"] == 3, key, &run);
        check(run.counts() == (2, 0), key, &run);
    }
}

#[test]
fn keys_in_capitals_are_read() {
    reads("upper_case_keys", &[A], &[], 0);
}

#[test]
fn milliseconds_of_pandas_are_read() {
    let workspace = Workspace::with_policy(&super::rule(
        r#"require.createdAt = { equals = "2019-03-04T10:20:30Z" }"#,
    ));
    let run = workspace.audit_bytes(file("pandas_records_epoch_ms"));
    check(run.code == 0, "it is that instant", &run);
    check(
        run.report()["coverage"]["createdAt"]["coerced"] == 1,
        "counted",
        &run,
    );
}

#[test]
fn csv_as_postgres_writes_it_is_read() {
    let run = reads("csv_postgres_copy", &[A, B], &[(B, "violated")], 1);
    let report = run.report();
    check(
        report["findings"][1]["customer_name"] == "A, B \"C\"",
        "quotes",
        &run,
    );
    check(report["exports"][0]["format"] == "csv", "it is CSV", &run);
    let times = super::rule(
        "require.createdAt = { before = \"2019-03-04T10:20:31Z\", after = \"2019-03-04T10:20:29Z\" }",
    );
    let run = Workspace::with_policy(&times).audit_bytes(file("csv_postgres_copy"));
    check(run.code == 0, "times have a blank and hours only", &run);
    let deleted = super::rule("require.deletedAt = { present = false }");
    let run = Workspace::with_policy(&deleted).audit_bytes(file("csv_postgres_copy"));
    check(run.found("one") == [B], "an empty cell is no time", &run);
}

#[test]
fn csv_of_a_spreadsheet_is_read_and_its_dates_are_not_guessed() {
    reads("csv_spreadsheet", &[A], &[], 0);
    let dates = super::rule("require.createdAt = { present = true }");
    let run = Workspace::with_policy(&dates).audit_bytes(file("csv_spreadsheet"));
    check(
        run.reasons("one") == [(A.into(), "unparsable".into())],
        "a date",
        &run,
    );
    check(run.code == 3, "a date", &run);
}

#[test]
fn csv_of_pandas_is_read() {
    reads("csv_pandas", &[A, B], &[(B, "empty")], 1);
}

#[test]
fn a_map_by_id_is_read() {
    reads("mapping_by_id", &[A, B], &[(B, "violated")], 1);
}

#[test]
fn a_shape_that_is_not_known_is_never_clean() {
    for key in ["pandas_columns", "tsv_postgres_text"] {
        let run = Workspace::with_policy(SEEN).audit_bytes(file(key));
        check(run.code == 3, key, &run);
    }
}

#[test]
fn a_shape_that_is_not_known_is_never_clean_whatever_absence_means() {
    let policy = SEEN.replace("require.force2fa", "on-absent = \"pass\"\nrequire.force2fa");
    for key in ["pandas_columns", "tsv_postgres_text"] {
        let run = Workspace::with_policy(&policy).audit_bytes(file(key));
        check(run.code == 3, key, &run);
    }
}
