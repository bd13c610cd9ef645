//! Values of options that make no sense, or hardly any: an error that says what would
//! do, or a run that ends as it should.

use crate::support::{self, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[rule]]
id = "fresh"
severity = "low"
require.any = [{ updatedAt = { newer-than = "52w" } }, { createdAt = { within-next = "9999w" } }]
"#;

/// A folder with a policy and an export in which one customer fails.
fn workspace() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    let record = "{\"id\":\"a\",\"force2fa\":false,\"updatedAt\":\"2026-01-01T00:00:00Z\",\"createdAt\":\"2020-01-01T00:00:00Z\"}\n";
    folder.write("e.ndjson", record);
    folder
}

#[test]
fn a_value_that_makes_no_sense_is_an_error_that_says_what_would_do() {
    let folder = workspace();
    let long = "x".repeat(300);
    let long_json = format!("{}.json", folder.arg(&long));
    let long_toml = format!("{}.toml", folder.arg(&long));
    for (option, value, said) in [
        ("-j", "0", "1..=1024"),
        ("-j", "65535", "1..=1024"),
        ("-j", "65536", "1..=1024"),
        ("-j", "-1", "unexpected argument"),
        ("-j", "", "cannot parse integer"),
        ("--max-record-bytes", "0", "from 1 to 1073741824"),
        (
            "--max-record-bytes",
            "18446744073709551615",
            "from 1 to 1073741824",
        ),
        ("--max-record-bytes", "16MiB", "from 1 to 1073741824"),
        ("--window-bytes", "0", "from 1 to 1073741824"),
        ("--max-chars", "0", "from 1000 to 1000000000"),
        ("--max-chars", "999", "from 1000 to 1000000000"),
        (
            "--max-chars",
            "18446744073709551615",
            "from 1000 to 1000000000",
        ),
        ("--max-chars", "", "from 1000 to 1000000000"),
        ("--as-of", "", "write a time as"),
        ("--as-of", "10000-01-01", "write a time as"),
        ("--as-of", "yesterday", "write a time as"),
        ("--set", "", "NAME=VALUE"),
        ("--set", "=1", "NAME=VALUE"),
        ("--set", "none=1", "none"),
        ("--only", "", "selects no rule"),
        ("--only", "none", "none"),
        ("--only", "tag:", "tag"),
        ("--split-by", "", "use customer, rule, severity"),
        ("--split-by", "field:", "use customer, rule, severity"),
        ("--columns", "", "use some of"),
        ("--columns", "rule,,status", "use some of"),
        ("--fail-on", "", "never"),
        ("-o", "", "name a file"),
        ("-o", "-", "name a file"),
        ("-o", &long_json, "too long"),
        ("-p", "", "policy"),
        ("-p", &long_toml, "too long"),
        ("-p", "/dev/zero", "64 MB"),
        ("-p", "/dev/null", "/dev/null"),
        ("-p", "/", "directory"),
        ("--pseudonymise", "/dev/zero", "64 kB"),
        ("--pseudonymise", "/dev/null", "16 bytes"),
        ("--pseudonymise", "", "a value is required"),
        ("--manifest", "", "manifest"),
        ("--", "", "a value is required"),
    ] {
        let run = folder.audit(&["e.ndjson"], &["-f", "json", option, value]);
        let what = format!("{option} {}", &value[..value.len().min(40)]);
        check(run.code == 2 && run.stdout.is_empty(), &what, &run);
        check(run.stderr.contains(said), &format!("{what}: {said}"), &run);
    }
}

#[test]
fn a_file_without_end_is_refused_wherever_one_is_read() {
    let folder = workspace();
    folder.write(
        "policy.toml",
        POLICY.replace("[policy]", "[params]\nids = [\"a\"]\n[policy]"),
    );
    let policy = folder.arg("policy.toml");
    std::os::unix::fs::symlink("/dev/zero", folder.path("policy.cases.toml")).expect("a link");
    for (args, said) in [
        (vec!["verify", "/dev/zero"], "400 MB"),
        (vec!["policy", "check", "/dev/zero"], "64 MB"),
        (vec!["policy", "show", "/dev/zero"], "64 MB"),
        (vec!["policy", "test", &policy], "64 MB"),
        (
            vec!["policy", "show", "--set", "ids=@/dev/zero", &policy],
            "64 MB",
        ),
        (vec!["convert", "/dev/zero"], "not a json or ndjson report"),
    ] {
        let run = support::audit(&args);
        check(run.code == 2, &format!("{args:?}"), &run);
        let all = format!("{}{}", run.text(), run.stderr);
        check(all.contains(said), &format!("{args:?}: {said}"), &run);
    }
}
