//! What waivers do to a run: they accept the findings that they are for, for what was seen
//! then, and change nothing else.

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{self, Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "pol"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
on-absent = "error"

[[rule]]
id = "narrow"
severity = "critical"
when.hasPci = true
require.ipWhitelist = { min-prefix = { v4 = 24, v6 = 48 } }

[[rule]]
id = "either"
severity = "low"
require.any = [{ securityContactId = { present = true } }, { forceSso = true }]

[[rule]]
id = "fresh"
severity = "info"
require.updatedAt = { newer-than = "30d" }

[[aggregate]]
id = "shared"
severity = "low"
shared = { field = "securityContactId", more-than = 1 }

[[aggregate]]
id = "rate"
severity = "low"
pass-rate = { rule = "mfa", at-least = "50%" }
"#;

/// The words for a waiver that every one needs.
const SIGNED: &str = r#"reason = "r"
requested-by = "a"
approved-by = "b"
approved = 2026-09-30
expires = 2026-12-31
"#;

const WAIVE: [&str; 8] = [
    "--reason",
    "r",
    "--requested-by",
    "a",
    "--approved-by",
    "b",
    "--expires",
    "90d",
];

fn flag() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "true",
        "false",
        "null",
        "\"maybe\"",
        "\"no\"",
        "1",
        "[]",
    ])
}

fn customer(number: usize) -> impl Strategy<Value = String> {
    let networks = vec![
        "\"192.0.2.1\"",
        "\"10.0.0.0/8\"",
        "\"10.0.0.0/8, 192.0.2.1\"",
        "[\"192.0.0.0/16\"]",
        "\"192.0.0.0/16, rubbish\"",
        "null",
    ];
    let contacts = vec!["\"x\"", "\"y\"", "\"\"", "null", "7"];
    let times = vec![
        "\"2026-09-29\"",
        "\"2020-01-01T00:00:00Z\"",
        "\"soon\"",
        "1577836800",
    ];
    let select = prop::sample::select::<&str>;
    let fields = (
        flag(),
        flag(),
        flag(),
        select(networks),
        select(contacts),
        select(times),
    );
    fields.prop_map(move |(force2fa, pci, sso, networks, contact, time)| {
        format!(
            r#"{{"id":"c{number}","force2fa":{force2fa},"hasPci":{pci},"forceSso":{sso},"ipWhitelist":{networks},"securityContactId":{contact},"updatedAt":{time}}}"#
        )
    })
}

fn export() -> impl Strategy<Value = Vec<String>> {
    (1..6usize).prop_flat_map(|number| (0..number).map(customer).collect::<Vec<_>>())
}

fn findings(run: &Run) -> Vec<Value> {
    check(run.code != 2, "it is audited", run);
    run.report()["findings"].as_array().expect("a list").clone()
}

/// The finding without what says whether it is waived.
fn bare(finding: &Value) -> Value {
    let mut bare = finding.clone();
    bare["status"] = Value::Null;
    bare["waiver"] = Value::Null;
    bare
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Writes waivers of findings of the last report, which is kept in `report.json`.
fn waive(folder: &Workspace, fingerprints: &[&str]) -> Run {
    let report = folder.arg("report.json");
    let args = ["waive", &report]
        .into_iter()
        .chain(fingerprints.iter().copied());
    support::audit(args.chain(WAIVE))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_waiver_covers_what_was_seen_and_changes_no_other_finding(customers in export()) {
        let folder = Workspace::with_policy(POLICY);
        folder.write("e.ndjson", customers.join("\n"));
        let before = folder.audit(&["e.ndjson"], &["-q"]);
        folder.write("report.json", &before.stdout);
        let before = findings(&before);
        for finding in before.iter().filter(|finding| finding["customer_id"].is_string()) {
            let block = waive(&folder, &[text(&finding["fingerprint"])]);
            check(block.code == 0, "waivers are written", &block);
            folder.write("w.toml", &block.stdout);
            let waivers = folder.arg("w.toml");
            let run = folder.audit(&["e.ndjson"], &["-q", "--waivers", &waivers]);
            let after = findings(&run);
            prop_assert_eq!(before.len(), after.len());
            for (one, other) in before.iter().zip(&after) {
                prop_assert_eq!(bare(one), bare(other));
                match one["fingerprint"] == finding["fingerprint"] {
                    true => prop_assert_eq!(&other["status"], "waived", "{}", block),
                    false => prop_assert_eq!(&other["status"], &one["status"]),
                }
            }
            let waived = &run.report()["summary"]["waivers"];
            prop_assert_eq!(&waived["used"], 1);
            prop_assert_eq!(&waived["mismatched"], 0);
        }
    }

    #[test]
    fn a_waiver_holds_for_no_other_value(
        one in customer(0), other in customer(0), rest in export(),
    ) {
        let folder = Workspace::with_policy(POLICY);
        let others = rest.iter().skip(1).map(String::as_str);
        let with = |first: &str| {
            std::iter::once(first).chain(others.clone()).collect::<Vec<_>>().join("\n")
        };
        folder.write("e.ndjson", with(&one));
        let before = folder.audit(&["e.ndjson"], &["-q"]);
        folder.write("report.json", &before.stdout);
        folder.write("e.ndjson", with(&other));
        for finding in findings(&before).iter().filter(|finding| finding["customer_id"] == "c0") {
            let block = waive(&folder, &[text(&finding["fingerprint"])]);
            folder.write("w.toml", &block.stdout);
            let waivers = folder.arg("w.toml");
            let run = folder.audit(&["e.ndjson"], &["-q", "--waivers", &waivers]);
            for now in findings(&run) {
                if now["fingerprint"] != finding["fingerprint"] {
                    prop_assert_ne!(&now["status"], "waived");
                    continue;
                }
                let is_same = now["evidence_digest"] == finding["evidence_digest"];
                let is_waived = now["status"] == "waived";
                // Another spelling of the same value is the same.
                prop_assert!(is_waived || !is_same || now["status"] != finding["status"]);
                if is_waived && !is_same {
                    let spelling = ["true", "false", "\"no\"", "1", "\"2020-01-01T00:00:00Z\"", "1577836800"];
                    prop_assert!(spelling.iter().any(|word| other.contains(word)), "{}", block);
                    prop_assert!(block.text().contains("\nvalue."), "{}", block);
                }
            }
        }
    }
}

/// A folder with findings of all sorts, and waivers of all of them.
fn waived() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    let export = [
        r#"{"id":"c1","force2fa":false,"hasPci":true,"ipWhitelist":"10.0.0.0/8","securityContactId":"x","updatedAt":"2026-09-29"}"#,
        r#"{"id":"c2","force2fa":"maybe","hasPci":true,"ipWhitelist":"192.0.2.1","securityContactId":"x","updatedAt":"2020-01-01"}"#,
        r#"{"id":"c3","hasPci":false,"ipWhitelist":"192.0.2.1","forceSso":false,"updatedAt":"2026-09-29"}"#,
    ];
    folder.write("e.ndjson", export.join("\n"));
    let report = folder.audit(&["e.ndjson"], &["-q"]);
    folder.write("report.json", &report.stdout);
    let all = findings(&report);
    let customers = all
        .iter()
        .filter(|finding| finding["customer_id"].is_string());
    let names: Vec<_> = customers
        .map(|finding| text(&finding["fingerprint"]))
        .collect();
    assert!(names.len() >= 7, "{report}");
    let blocks = waive(&folder, &names);
    check(blocks.code == 0, "waivers are written", &blocks);
    folder.write("w.toml", &blocks.stdout);
    folder
}

#[test]
fn waivers_of_all_findings_about_customers_make_a_run_complete() {
    let folder = waived();
    let waivers = folder.arg("w.toml");
    let options = ["-q", "--waivers", &waivers, "--skip", "rate"];
    let run = folder.audit(&["e.ndjson"], &options);
    check(run.code == 0, "nothing counts", &run);
    let report = run.report();
    assert_eq!(report["summary"]["complete"], true);
    assert_eq!(report["summary"]["fail"], 0);
    assert_eq!(report["summary"]["error"], 0);
}

#[test]
fn other_reports_of_a_report_with_waivers_are_those_of_the_run() {
    let folder = waived();
    let waivers = folder.arg("w.toml");
    for format in [
        "json",
        "ndjson",
        "csv",
        "sarif",
        "ocsf",
        "defectdojo",
        "metrics",
        "controls",
        "junit",
        "oscal",
        "text",
        "markdown",
        "html",
        "xlsx",
    ] {
        let of = |name: &str| format!("{format}:{}", folder.arg(name));
        let (own, json) = (of("own"), folder.arg("run.json"));
        let run = folder.audit(
            &["e.ndjson"],
            &["-q", "--waivers", &waivers, "-o", &own, "-o", &json],
        );
        check(run.code == 3, "the rate cannot be decided", &run);
        let converted = support::audit(["convert", &json, "-o", &of("converted")]);
        check(converted.code == 0, format, &converted);
        let bytes = |name: &str| std::fs::read(folder.path(name)).expect("a report");
        assert!(bytes("own") == bytes("converted"), "{format}");
    }
}

#[test]
fn a_run_with_waivers_is_the_same_on_any_number_of_threads() {
    let folder = waived();
    let mut export = folder.read("e.ndjson");
    for number in 4..400 {
        export.push_str(&format!("\n{{\"id\":\"c{number}\",\"force2fa\":false}}"));
    }
    folder.write("e.ndjson", export);
    let waivers = folder.arg("w.toml");
    let run = |threads: &str, window: &str| {
        let options = [
            "-q",
            "--waivers",
            &waivers,
            "-j",
            threads,
            "--window-bytes",
            window,
        ];
        folder.audit(&["e.ndjson"], &options)
    };
    let one = run("1", "1000000");
    check(
        one.report()["summary"]["waived"].as_u64() > Some(0),
        "some are waived",
        &one,
    );
    for (threads, window) in [("1", "64"), ("4", "64"), ("3", "1000")] {
        assert_eq!(run(threads, window), one);
    }
}

#[test]
fn the_files_of_waivers_are_evidence() {
    let folder = waived();
    let (waivers, manifest) = (folder.arg("w.toml"), folder.arg("m.json"));
    let options = ["-q", "--waivers", &waivers, "--manifest", &manifest];
    let run = folder.audit(&["e.ndjson"], &options);
    check(
        run.report()["waivers"][0]["path"] == waivers.as_str(),
        "it is named",
        &run,
    );
    let verify = || support::audit(["verify", &manifest]);
    check(verify().code == 0, "all is as it was", &verify());
    folder.write("w.toml", format!("{}\n", folder.read("w.toml")));
    let changed = verify();
    check(changed.code == 1, "it was changed", &changed);
    check(
        changed.text().contains("w.toml: FAILED"),
        "it is named",
        &changed,
    );
}

#[test]
fn a_redacted_value_is_waived_by_its_digest_with_a_key() {
    let policy = r#"
        [policy]
        id = "pol"
        [[rule]]
        id = "phone"
        severity = "low"
        require.phoneNumber = { in = ["+1"] }
    "#;
    let folder = Workspace::with_policy(policy);
    folder.write("key", "0123456789abcdef0123");
    folder.write("e.ndjson", r#"{"id":"c1","phoneNumber":"0123"}"#);
    let key = folder.arg("key");
    let report = folder.audit(&["e.ndjson"], &["-q", "--pseudonymise", &key]);
    folder.write("report.json", &report.stdout);
    let finding = &findings(&report)[0];
    let fingerprint = text(&finding["fingerprint"]);
    let hidden = waive(&folder, &[fingerprint]);
    check(
        hidden.stderr.contains("--customer ID"),
        "the id is not known",
        &hidden,
    );
    let block = waive(&folder, &[fingerprint, "--customer", "c1"]);
    check(block.code == 0, "a waiver is written", &block);
    folder.write("w.toml", &block.stdout);
    let waivers = folder.arg("w.toml");
    let with_key = ["-q", "--waivers", &waivers, "--pseudonymise", &key];
    let run = folder.audit(&["e.ndjson"], &with_key);
    check(run.code == 0, "it is waived", &run);
    check(!run.text().contains("\"c1\""), "the id is not shown", &run);
    let without = folder.audit(&["e.ndjson"], &["-q", "--waivers", &waivers]);
    check(without.code == 1, "without the key it is not", &without);
}

#[test]
fn the_schema_of_waivers_and_the_reader_agree() {
    let run = support::audit(["schema", "waivers"]);
    let mut all = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("w.json", run.report())
        .expect("a schema");
    let index = compiler.compile("w.json", &mut all).expect("a schema");
    let folder = waived();
    let names = |end: &str| {
        format!("[[waiver]]\nid = \"i\"\npolicy = \"pol\"\nrule = \"mfa\"\n{SIGNED}{end}")
    };
    let whole = folder.read("w.toml");
    for (waivers, is_valid) in [
        ("".to_owned(), true),
        (whole, true),
        (names("customer = \"c\"\nany-value = true"), true),
        (
            names("customers = [\"c\"]\nvalue.force2fa = false\nticket = \"t\""),
            true,
        ),
        (
            names("customer = \"c\"\nevidence = \"00112233445566778899aabbccddeeff\""),
            true,
        ),
        (names("customer = \"c\""), false),
        (names("any-value = true"), false),
        (
            names("customer = \"c\"\ncustomers = [\"d\"]\nany-value = true"),
            false,
        ),
        (
            names("customer = \"c\"\nany-value = true\nvalue.force2fa = false"),
            false,
        ),
        (names("customer = \"c\"\nany-value = false"), false),
        (names("customer = \"c\"\nevidence = \"12\""), false),
        (names("customer = \"c\"\nvalue = {}"), false),
        (
            names("customer = \"c\"\nvalue.force2fa = { gone = true }"),
            false,
        ),
        (
            names("customer = \"c\"\nany-value = true\noutcome = \"pass\""),
            false,
        ),
        (
            names("customer = \"c\"\nany-value = true\nowner = \"me\""),
            false,
        ),
        ("[waiver]\nid = \"i\"".to_owned(), false),
    ] {
        let table: toml::Table = toml::from_str(&waivers).expect("TOML");
        let mut document = serde_json::to_value(table).expect("JSON");
        dates_as_text(&mut document);
        assert_eq!(
            all.validate(&document, index).is_ok(),
            is_valid,
            "{waivers}"
        );
        folder.write("w.toml", &waivers);
        let run = folder.audit(&["e.ndjson"], &["-q", "--waivers", &folder.arg("w.toml")]);
        check((run.code != 2) == is_valid, &waivers, &run);
    }
}

/// Turns the dates of a TOML document into texts, as editors hold them against a schema.
fn dates_as_text(value: &mut Value) {
    let date = value.get("$__toml_private_datetime").cloned();
    if let Some(date) = date {
        *value = date;
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(dates_as_text),
        Value::Object(members) => members.values_mut().for_each(dates_as_text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What `audit waive` says where it can write nothing.
fn refused(folder: &Workspace, args: &[&str]) -> String {
    let report = folder.arg("report.json");
    let run = support::audit(["waive", &report].into_iter().chain(args.iter().copied()));
    check(
        run.code == 2 && run.stdout.is_empty(),
        "it is refused",
        &run,
    );
    run.stderr.trim_end().to_owned()
}

#[test]
fn what_cannot_be_waived_is_refused_with_what_would_be_right() {
    let policy = format!(
        "{POLICY}\n[[rule]]\nid = \"phone\"\nseverity = \"low\"\nrequire.phoneNumber = \"+1\"\n"
    );
    let folder = Workspace::with_policy(&policy);
    folder.write(
        "e.ndjson",
        "{\"id\":\"c1\",\"force2fa\":\"maybe\",\"phoneNumber\":\"0123\"}\n{\"force2fa\":false}\n",
    );
    let report = folder.audit(&["e.ndjson"], &["-q"]);
    folder.write("report.json", &report.stdout);
    let all = findings(&report);
    let of = |rule: &str, customer: Value| {
        let mut all = all.iter();
        let found = all.find(|one| one["rule"] == rule && one["customer_id"] == customer);
        text(&found.expect("a finding")["fingerprint"]).to_owned()
    };
    let (mfa, phone) = (of("mfa", "c1".into()), of("phone", "c1".into()));
    let (nobody, rate) = (of("mfa", Value::Null), of("rate", Value::Null));
    let with = |first: &[&str], expires: &str| {
        let signed = ["--reason", "r", "--requested-by", "a", "--approved-by", "b"];
        let args = [first, &signed, &["--expires", expires]].concat();
        refused(&folder, &args)
    };
    assert_eq!(
        with(&["00"], "90d"),
        "error: the report has no finding with the fingerprint `00`"
    );
    for unnamed in [nobody, rate] {
        assert_eq!(
            with(&[&unnamed], "90d"),
            format!(
                "error: `{unnamed}` is about no customer with an id: a waiver names its customer"
            )
        );
    }
    assert_eq!(
        with(&[&phone], "90d"),
        format!(
            "error: `{phone}`: a value is redacted, and there is no digest of the evidence: a report \
             of a run with --pseudonymise has one; or give --any-value"
        )
    );
    assert_eq!(
        with(&[&mfa, "--any-value"], "90d"),
        format!(
            "error: `{mfa}` could not be decided: such an outcome is waived for what was seen, not \
             for any value"
        )
    );
    assert_eq!(
        with(&[&mfa], "366d"),
        "error: it holds for 366 days: a waiver holds for 365 at most: `expires` is 2027-10-01 at \
         the latest"
    );
    assert_eq!(
        with(&[&mfa, "--approved", "2026-09-01"], "2026-09-01"),
        "error: it expires before it begins: `expires` is a day after 2026-09-01, on which it was \
         approved"
    );
    assert_eq!(
        with(&[&mfa, &phone, "--customer", "c1"], "90d"),
        "error: --customer is for one finding, and there are 2"
    );
    let same = [
        "--reason",
        "r",
        "--requested-by",
        "a",
        "--approved-by",
        " A",
        "--expires",
        "9d",
    ];
    assert_eq!(
        refused(&folder, &[&[mfa.as_str()][..], &same].concat()),
        "error: --approved-by is another person than --requested-by, and both are `A`"
    );
    for (flag, value, why) in [
        (
            "--expires",
            "soon",
            "write a day as 2026-01-31, or a number of days as 90d",
        ),
        ("--approved", "today", "write a day as 2026-01-31"),
        ("--reason", " ", "it is blank"),
        ("--ticket", "a\nb", "it has a control character in it"),
    ] {
        let said = with(&[&mfa, flag, value], "90d");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_check_names_waivers_that_a_report_does_not_need() {
    let folder = waived();
    let (waivers, policy, report) = (
        folder.arg("w.toml"),
        folder.arg("policy.toml"),
        folder.arg("report.json"),
    );
    let day = ["--as-of", "2026-10-01"];
    let args = [
        "waivers", "check", &waivers, "-p", &policy, "--report", &report,
    ];
    let needed = support::audit(args.iter().copied().chain(day));
    check(needed.code == 0, "all are needed", &needed);
    let other = format!(
        "{}\n[[waiver]]\nid = \"old\"\npolicy = \"pol\"\nrule = \"mfa\"\ncustomer = \"c9\"\n{SIGNED}any-value = true\n",
        folder.read("w.toml")
    );
    folder.write("w.toml", other);
    let unneeded = support::audit(args.iter().copied().chain(day));
    check(unneeded.code == 1, "one is not", &unneeded);
    let said = "warning[not-needed]: `old` is not needed: the report has no finding that it is for";
    check(unneeded.text().contains(said), "it is named", &unneeded);
}
