//! One value in every spelling that is met.

use super::{SEEN, rule};
use crate::support::{Run, Workspace, check};

#[test]
fn keys_are_compared_without_case_and_separators() {
    let workspace = Workspace::with_policy(SEEN);
    for key in [
        "force_2fa",
        "force2fa",
        "FORCE_2FA",
        "Force2FA",
        "force-2fa",
        "Force 2FA",
        "force2_fa",
        " force2fa ",
        "force_2_fa",
        "FORCE2FA",
    ] {
        let run = workspace.audit_bytes(format!(r#"{{"id":"a","{key}":true}}"#));
        check(run.code == 0, key, &run);
        for delimiter in [",", ";", "\t"] {
            let run = workspace.audit_bytes(format!("id{delimiter}{key}\na{delimiter}true\n"));
            check(run.code == 0, key, &run);
        }
    }
    let run = workspace.audit_bytes(r#"{"id":"a","\u0066orce\u005f2fa":true}"#);
    check(run.code == 0, "escapes say the same", &run);
}

#[test]
fn keys_that_only_look_alike_are_ignored_and_counted() {
    let workspace = Workspace::with_policy(SEEN);
    for key in [
        "force2fа",
        "force.2fa",
        "force2fa2",
        "two_factor",
        "_force_2fa",
        "force_2fa\u{200b}",
    ] {
        let run = workspace.audit_bytes(format!(r#"{{"id":"a","{key}":true}}"#));
        check(run.code == 3, key, &run);
        check(run.report()["summary"]["unknown_keys"][key] == 1, key, &run);
    }
}

#[test]
fn the_20_most_common_unknown_keys_are_reported() {
    let keys = (0..40).map(|n| format!(r#""key{n:02}":1"#));
    let keys = keys.collect::<Vec<_>>().join(",");
    let one = format!(r#"{{"id":"a","force2fa":true,{keys}}}"#);
    let two = r#"{"id":"b","force2fa":true,"key39":1,"key38":2}"#;
    let run = Workspace::with_policy(SEEN).audit_bytes(format!("{one}\n{two}\n"));
    let report = run.report();
    let told = report["summary"]["unknown_keys"].as_object().unwrap();
    check(told.len() == 20, "20", &run);
    check(
        told["key39"] == 2 && told["key38"] == 2,
        "the commonest",
        &run,
    );
}

/// What stood in a field, as the coverage counts it.
fn coverage(run: &Run, field: &str) -> (bool, bool) {
    let coverage = &run.report()["coverage"][field];
    (coverage["value"] == 1, coverage["coerced"] == 1)
}

/// A value of a field, in JSON and in CSV.
fn both(field: &str, json: &str) -> [String; 2] {
    let cell = json.trim_matches('"');
    let cell = format!("\"{cell}\"");
    [
        format!(r#"{{"id":"a","{field}":{json}}}"#),
        format!("id,{field}\na,{cell}\n"),
    ]
}

#[test]
fn flags_are_read_in_every_spelling() {
    let words = [
        ("true", "false"),
        ("t", "f"),
        ("yes", "no"),
        ("y", "n"),
        ("1", "0"),
        ("TRUE", "FALSE"),
        ("True", "False"),
        ("T", "F"),
        ("Yes", "No"),
        ("YES", "NO"),
        ("Y", "N"),
        ("1.0", "0.0"),
    ];
    for (yes, no) in words {
        for (word, flag) in [(yes, true), (no, false)] {
            let workspace = Workspace::with_policy(&rule(&format!("require.force2fa = {flag}")));
            for export in both("force2fa", &format!("\"{word}\"")) {
                let run = workspace.audit_bytes(&export);
                check(run.code == 0, &export, &run);
                check(coverage(&run, "force2fa") == (true, true), &export, &run);
            }
        }
    }
}

#[test]
fn flags_of_json_are_booleans_or_one_and_zero() {
    for (json, flag, coerced) in [
        ("true", true, false),
        ("false", false, false),
        ("1", true, true),
        ("0", false, true),
    ] {
        let workspace = Workspace::with_policy(&rule(&format!("require.force2fa = {flag}")));
        let run = workspace.audit_bytes(&both("force2fa", json)[0]);
        check(run.code == 0, json, &run);
        check(coverage(&run, "force2fa") == (true, coerced), json, &run);
    }
}

#[test]
fn what_is_no_flag_is_an_error_with_its_reason() {
    for flag in [true, false] {
        let workspace = Workspace::with_policy(&rule(&format!("require.force2fa = {flag}")));
        for (json, reason) in [
            ("2", "unparsable"),
            ("-1", "unparsable"),
            ("\"on\"", "unparsable"),
            ("\"truee\"", "unparsable"),
            ("\"\\\\M\"", "unparsable"),
            ("[]", "wrong-type"),
            ("{}", "wrong-type"),
            ("[true]", "wrong-type"),
        ] {
            let run = workspace.audit_bytes(&both("force2fa", json)[0]);
            check(
                run.reasons("one") == [("a".into(), reason.into())],
                json,
                &run,
            );
            check(run.code == 3, json, &run);
        }
    }
}

#[test]
fn what_is_absent_fails_with_its_reason() {
    let workspace = Workspace::with_policy(&rule("require.force2fa = true"));
    for (json, reason) in [
        ("null", "null"),
        ("\"NULL\"", "null"),
        ("\"n/a\"", "null"),
        ("\"\"", "empty"),
        ("\" \"", "empty"),
    ] {
        let run = workspace.audit_bytes(&both("force2fa", json)[0]);
        check(
            run.reasons("one") == [("a".into(), reason.into())],
            json,
            &run,
        );
        check(run.code == 1, json, &run);
    }
}

/// The instant of most of these spellings.
const INSTANT: &str = "2019-03-04T10:20:30Z";

fn time(json: &str, instant: &str, coerced: bool) {
    let workspace = Workspace::with_policy(&rule(&format!(
        "require.createdAt = {{ equals = \"{instant}\" }}"
    )));
    for export in both("created_at", json) {
        let run = workspace.audit_bytes(&export);
        check(run.code == 0, &export, &run);
        check(
            coverage(&run, "createdAt") == (true, coerced),
            &export,
            &run,
        );
    }
}

#[test]
fn rfc_3339_is_read_and_not_counted_as_coerced() {
    for text in [
        "2019-03-04T10:20:30Z",
        "2019-03-04T10:20:30+00:00",
        "2019-03-04T10:20:30.000Z",
        "2019-03-04T12:20:30+02:00",
        "2019-03-04T04:50:30-05:30",
        "2019-03-04T10:20:30-00:00",
        "2019-03-05T00:20:30+14:00",
        "2019-03-04t10:20:30z",
        "2019-03-04T10:20:30.000000000000Z",
    ] {
        time(&format!("\"{text}\""), INSTANT, false);
    }
}

#[test]
fn times_of_other_exporters_are_read_and_counted() {
    for text in [
        "2019-03-04 10:20:30Z",
        "2019-03-04 10:20:30+00",
        "2019-03-04T12:20:30+02",
        "2019-03-04 10:20:30 UTC",
        "2019-03-04T10:20:30",
        "2019-03-04 10:20:30",
        "2019-03-04 10:20:30.000",
        "2019-03-04 10:20:30.0+00",
        "2019-03-04T10:20:30+0000",
        "2019-03-04 10:20:30 +0000",
        "2019/03/04 10:20:30",
        "Mon, 04 Mar 2019 10:20:30 GMT",
        "1551694830",
        "1551694830000000000",
    ] {
        time(&format!("\"{text}\""), INSTANT, true);
    }
    for day in [
        "2019-03-04",
        "2019/03/04",
        "2019-03-04T00:00",
        "2019-03-04 00:00Z",
    ] {
        time(&format!("\"{day}\""), "2019-03-04T00:00:00Z", true);
    }
}

#[test]
fn numbers_count_in_the_unit_that_makes_them_likely() {
    time("1551694830", INSTANT, true);
    time("1551694830000", INSTANT, true);
    time("1551694830000000", INSTANT, true);
    time("1551694830000000000", INSTANT, true);
    time("1000000000", "2001-09-09T01:46:40Z", true);
    time("100000000000", "1973-03-03T09:46:40Z", true);
}

#[test]
fn what_is_no_time_is_an_error() {
    let workspace = Workspace::with_policy(&rule(&format!(
        "require.createdAt = {{ before = \"{INSTANT}\" }}"
    )));
    for text in [
        "04/03/2019 10:20",
        "2019-13-01",
        "2019-02-29",
        "2019-03-04T24:00:00Z",
        "yesterday",
        "2019-03-04T10:20:30+99:00",
        "2019-3-4",
        "20190304",
        "45301.5",
        "2201-01-01T00:00:00Z",
        "12019-03-04",
        "2019-03-04T10:20:30 CET",
        "2019-03-04T10:20:30\u{2212}01:00",
    ] {
        let run = workspace.audit_bytes(&both("createdAt", &format!("\"{text}\""))[0]);
        check(
            run.reasons("one") == [("a".into(), "unparsable".into())],
            text,
            &run,
        );
        check(run.code == 3, text, &run);
    }
    for json in ["true", "[]", "{}"] {
        let run = workspace.audit_bytes(&both("createdAt", json)[0]);
        check(
            run.reasons("one") == [("a".into(), "wrong-type".into())],
            json,
            &run,
        );
    }
}

#[test]
fn the_zero_of_an_exporter_is_null_and_counted_in_every_field_of_times() {
    for field in ["deletedAt", "createdAt"] {
        let check = format!("require.{field} = {{ present = false }}");
        let workspace = Workspace::with_policy(&rule(&check));
        for json in [
            "\"1970-01-01T00:00:00Z\"",
            "\"1970-01-01T00:00:00.000Z\"",
            "\"1970-01-01T01:00:00+01:00\"",
            "\"1970-01-01 00:00:00+00\"",
            "\"1970-01-01\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"0000-00-00 00:00:00\"",
            "\"1900-01-00\"",
        ] {
            for export in both(field, json) {
                let run = workspace.audit_bytes(&export);
                check_zero(&run, field, &export);
            }
        }
    }
    let workspace = Workspace::with_policy(&rule("require.deletedAt = { present = false }"));
    for export in both("deleted_at", "0") {
        check_zero(&workspace.audit_bytes(&export), "deletedAt", &export);
    }
    let run = workspace.audit_bytes(r#"{"id":"a","deleted_at":"2019-01-01T00:00:00Z"}"#);
    check(run.code == 1, "it is deleted", &run);
}

fn check_zero(run: &Run, field: &str, export: &str) {
    check(run.code == 0, export, run);
    let coverage = &run.report()["coverage"][field];
    check(coverage["zero"] == 1 && coverage["null"] == 1, export, run);
    let note = format!("{field} was read as null in 1 record");
    check(run.stderr.contains(&note), export, run);
}

#[test]
fn a_record_that_was_deleted_before_it_was_made_is_in_scope() {
    let workspace = Workspace::with_policy(&rule("require.force2fa = true"));
    let scoped = Workspace::with_policy(&format!(
        "{}\n",
        rule("require.force2fa = true")
            .replace("[[rule]]", "scope.deletedAt = { passed = false }\n[[rule]]")
    ));
    for (times, in_scope) in [
        (
            r#""created_at":"2019-01-01","deleted_at":"2018-01-01""#,
            true,
        ),
        (
            r#""deleted_at":"2018-01-01","created_at":"2019-01-01""#,
            true,
        ),
        (r#""deleted_at":"2001-01-01""#, true),
        (r#""deleted_at":"9999-12-31""#, true),
        (r#""deleted_at":"2018-01-01""#, false),
        (
            r#""created_at":"2017-01-01","deleted_at":"2018-01-01""#,
            false,
        ),
    ] {
        let export = format!(r#"{{"id":"a","force2fa":false,{times}}}"#);
        let run = scoped.audit_bytes(&export);
        check(run.found("one").is_empty() != in_scope, times, &run);
        let run = workspace.audit_bytes(&export);
        check(run.found("one") == ["a"], times, &run);
    }
}

fn network(check_of: &str, list: &str) -> Run {
    let workspace =
        Workspace::with_policy(&rule(&format!("require.ipWhitelist = {{ {check_of} }}")));
    let [json, csv] = both("ip_whitelist", &format!("\"{list}\""));
    let (json, csv) = (workspace.audit_bytes(json), workspace.audit_bytes(csv));
    check(
        json.found("one") == csv.found("one") && json.code == csv.code,
        list,
        &csv,
    );
    json
}

/// A check that so many addresses of each family are the most.
fn limit(size: u32) -> String {
    format!("max-addresses = {{ v4 = {size}, v6 = {size} }}")
}

#[test]
fn networks_are_read_in_every_spelling() {
    for (list, within, size) in [
        ("192.0.2.7", "192.0.2.7/32", 1),
        ("192.0.2.0/24", "192.0.2.0/24", 256),
        ("198.51.100.5/24", "198.51.100.0/24", 256),
        ("192.0.2.*", "192.0.2.0/24", 256),
        ("192.0.*.*", "192.0.0.0/16", 65_536),
        (" 192.0.2.1 ,\t192.0.2.2 ", "192.0.2.0/30", 2),
        ("192.0.2.1,192.0.2.1,192.0.2.0/31", "192.0.2.0/31", 2),
        ("2001:db8::/126", "2001:db8::/32", 4),
        ("2001:DB8:0:0::1", "2001:db8::/64", 1),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24", 256),
        ("::ffff:192.0.2.1", "192.0.2.1/32", 1),
        ("192.0.2.0;192.0.2.1", "192.0.2.0/24", 2),
        ("192.0.2.0 192.0.2.1", "192.0.2.0/24", 2),
        (",192.0.2.0, ,192.0.2.1,", "192.0.2.0/24", 2),
        ("{192.0.2.0,192.0.2.1}", "192.0.2.0/24", 2),
    ] {
        let list = list.replace('\t', " ");
        let run = network(&format!("within = [\"{within}\"], {}", limit(size)), &list);
        check(run.code == 0, &list, &run);
        let run = network(&limit(size - 1), &list);
        check(run.code == 1, &list, &run);
    }
}

#[test]
fn a_wildcard_inside_is_judged_by_what_covers_it() {
    let run = network("within = [\"192.0.0.0/16\"]", "192.0.*.1");
    check(run.code == 0, "it lies in what covers it", &run);
    let run = network("within = [\"192.0.2.0/24\"]", "192.0.*.1");
    check(run.code == 1, "it lies in nothing smaller", &run);
    let run = network("min-prefix = { v4 = 17, v6 = 1 }", "192.0.*.1");
    check(run.code == 1, "its prefix is that of what covers it", &run);
}

#[test]
fn all_addresses_are_all_addresses_in_any_spelling() {
    for list in [
        "0.0.0.0/0",
        "*.*.*.*",
        "0.0.0.0/1,128.0.0.0/1",
        "::/0",
        "203.0.113.9/0",
        "::ffff:0.0.0.0/96",
        "::/1, 8000::/1",
        "192.0.2.1,office,0.0.0.0/0",
    ] {
        let run = network("any-address = false", list);
        check(
            run.reasons("one") == [("a".into(), "violated".into())],
            list,
            &run,
        );
        check(run.code == 1, list, &run);
    }
}

#[test]
fn what_is_no_network_is_an_error() {
    for item in [
        "office",
        "010.0.0.1",
        "10.0.0.01",
        "10.0.0.0/08",
        "10.0.0.0/33",
        "10.0.0",
        "10.0.0.0/",
        "10.0.0.0/255.0.0.0",
        "10.0.0.1-10.0.0.9",
        "fe80::1%eth0",
        "2001:db8::/129",
        "1.2.3.4.5",
        "192.0.2.*/24",
        "192.0.02.*",
        "256.0.0.1",
        "10.0.0.0 /8",
        "10.0.0.1/8;office",
    ] {
        let list = format!("192.0.2.1,{item}");
        let run = network("within = [\"0.0.0.0/0\", \"::/0\"]", &list);
        check(run.code == 3, &list, &run);
        check(
            run.reasons("one") == [("a".into(), "unparsable".into())],
            &list,
            &run,
        );
        let run = network("excludes = [\"192.0.2.0/24\"]", &list);
        check(run.code == 1, &list, &run);
    }
}
