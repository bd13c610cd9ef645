//! Accounts of every sort, and what an ordinary policy makes of them.

use super::examples;
use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "accounts"
scope.deletedAt = { present = false }

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[rule]]
id = "sso"
severity = "high"
require.forceSso = true

[[rule]]
id = "passwords"
severity = "high"
when.hasPci = true
require.hasPciPasswords = true

[[rule]]
id = "contact"
severity = "medium"
require.securityContactId = { present = true, differs-from = "ownerId" }

[[rule]]
id = "narrow"
severity = "medium"
require.ipWhitelist = { any-address = false }

[[rule]]
id = "age"
severity = "low"
require.createdAt = { before = "2026-01-01T00:00:00Z" }

[[rule]]
id = "phone"
severity = "low"
require.phoneNumber = { min-length = 5 }
"#;

fn audit(key: &str) -> Run {
    Workspace::with_policy(POLICY).audit_bytes(examples()["records"][key].to_string())
}

/// The findings as `rule reason`, in their order.
fn findings(run: &Run) -> Vec<String> {
    let report = run.report();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| format!("{} {}", finding["rule"], finding["reason"]).replace('"', ""))
        .collect()
}

fn reads(key: &str, expected: &[&str], code: i32) -> Run {
    let run = audit(key);
    check(findings(&run) == expected, key, &run);
    check(run.code == code, key, &run);
    run
}

#[test]
fn a_hardened_account_meets_every_rule() {
    reads("rest-hardened", &[], 0);
}

#[test]
fn a_new_account_fails_most_rules() {
    let expected = [
        "mfa violated",
        "sso violated",
        "contact violated",
        "narrow violated",
    ];
    reads("rest-default", &expected, 1);
}

#[test]
fn flags_of_2014_are_read_and_what_is_missing_is_reported() {
    let expected = [
        "mfa missing",
        "sso missing",
        "passwords missing",
        "contact violated",
        "narrow violated",
    ];
    let run = reads("legacy-2014", &expected, 3);
    let statuses = run.report()["findings"][2]["status"].clone();
    check(statuses == "error", "an undecided `when` is an error", &run);
    let policy = super::rule("require.canUploadVcl = true\nwhen.canConfigureWordpress = false");
    let run = Workspace::with_policy(&policy)
        .audit_bytes(examples()["records"]["legacy-2014"].to_string());
    check(run.code == 0, "\"1\" and \"0\" are flags", &run);
    let coverage = &run.report()["coverage"];
    check(coverage["canUploadVcl"]["coerced"] == 1, "counted", &run);
    check(
        coverage["canConfigureWordpress"]["coerced"] == 1,
        "counted",
        &run,
    );
}

#[test]
fn an_account_is_not_deleted_by_an_exporters_epoch() {
    let run = reads("speakeasy-camel", &["sso violated"], 1);
    let summary = &run.report()["summary"];
    check(summary["in_scope"] == 1, "it is live", &run);
    let coverage = &run.report()["coverage"]["deletedAt"];
    check(coverage["zero"] == 1, "it is counted", &run);
    check(coverage["null"] == 1, "it is null", &run);
}

#[test]
fn what_a_limited_token_could_not_see_is_not_clean() {
    let run = audit("limited-token");
    check(run.code == 3, "it is incomplete", &run);
    check(run.reasons("mfa")[0].1 == "missing", "it is missing", &run);
}

#[test]
fn a_deleted_account_is_counted_and_not_judged() {
    let run = reads("deleted", &[], 3);
    check(run.report()["summary"]["in_scope"] == 0, "deleted", &run);
    check(run.counts() == (1, 0), "deleted", &run);
}

#[test]
fn an_account_that_was_deleted_before_it_was_made_is_judged() {
    let run = reads("bad-dates-and-name", &["age violated"], 1);
    let summary = &run.report()["summary"];
    check(summary["scope_undecided"] == 1, "nobody can tell", &run);
}

#[test]
fn halves_that_add_up_to_everything_are_found_beside_what_cannot_be_read() {
    reads("ip-mixed", &["narrow violated", "phone empty"], 1);
}

#[test]
fn an_owner_is_no_security_contact() {
    reads("one-person", &["contact violated"], 1);
}

#[test]
fn a_key_that_leaks_is_named_and_its_value_is_not() {
    let record = examples()["records"]["secret-leak"].to_string();
    let workspace = Workspace::with_policy(POLICY);
    workspace.write("export", record);
    for format in ["text", "csv", "json", "ndjson"] {
        let run = workspace.audit(
            &["export"],
            &["--verbose", "-o", &output(&workspace, format)],
        );
        let written = std::fs::read_to_string(workspace.path("report")).unwrap();
        for text in [&run.stderr, &written] {
            check(!text.contains("REDACTED-EXAMPLE-VALUE"), format, &run);
        }
        check(run.stderr.contains("raw_api_key"), format, &run);
    }
}

fn output(workspace: &Workspace, format: &str) -> String {
    format!("{format}:{}", workspace.path("report").display())
}

#[test]
fn a_hostile_name_is_defused_in_every_report() {
    let workspace = Workspace::with_policy(&super::rule("require.force2fa = false"));
    workspace.write(
        "export",
        examples()["records"]["bad-dates-and-name"].to_string(),
    );
    for format in ["text", "csv", "json", "ndjson"] {
        let run = workspace.audit(&["export"], &["-o", &output(&workspace, format)]);
        let written = std::fs::read_to_string(workspace.path("report")).unwrap();
        check(run.code == 1, format, &run);
        check(!written.contains(['\u{7}', '\u{202e}']), format, &run);
        check(!written.contains(",=cmd"), format, &run);
    }
}
