//! A run is compared with an earlier report only where that can be done, and says what helps
//! where it cannot.

use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

const OTHER: &str = r#"
[policy]
id = "other"

[[rule]]
id = "named"
severity = "low"
require.name.present = true
"#;

const EXPORT: &str = r#"{"id":"a","name":"A","force2fa":false}
{"id":"b","name":"B","force2fa":true}
"#;

const NIGHT: &str = "2026-11-25T02:00:00Z";
const NEXT: &str = "2026-11-26T02:00:00Z";

/// A folder with two policies, an export, and a report of a night.
fn workspace() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    folder.write("other.toml", OTHER);
    folder.write("e.ndjson", EXPORT);
    folder.write("key", "0123456789abcdef");
    folder.write("key2", "0123456789abcdefg");
    let run = night(&folder, NIGHT, &["-o", &folder.arg("last.ndjson")]);
    check(run.code == 1, "there is a finding", &run);
    folder
}

fn night(folder: &Workspace, as_of: &str, args: &[&str]) -> Run {
    let mut all = vec!["-q", "--as-of", as_of];
    all.extend(args);
    folder.audit(&["e.ndjson"], &all)
}

/// Fails unless a run with these arguments after such a night ends with 2 and says this.
#[track_caller]
fn refused(prepare: impl FnOnce(&Workspace), as_of: &str, args: &[&str], says: &str) {
    let folder = workspace();
    prepare(&folder);
    let paths: Vec<_> = args
        .iter()
        .map(|arg| match arg.strip_prefix("@") {
            Some(file) => folder.arg(file),
            None => (*arg).to_owned(),
        })
        .collect();
    let args: Vec<_> = paths.iter().map(String::as_str).collect();
    let run = night(&folder, as_of, &args);
    let message = run.stderr.replace(&folder.arg(""), "");
    check(run.code == 2, "nothing is compared", &run);
    assert_eq!(message, format!("error: {says}\n"));
}

#[test]
fn a_report_that_is_not_there_is_not_taken_for_an_empty_one() {
    refused(
        |_| {},
        NEXT,
        &["--since", "@none.ndjson"],
        "the earlier report `none.ndjson` could not be read: No such file or directory (os error 2)",
    );
}

#[test]
fn a_report_that_is_not_whole_is_not_compared_with() {
    let cut = |folder: &Workspace| {
        let text = folder.read("last.ndjson");
        let first = text.lines().next().expect("a finding");
        folder.write("last.ndjson", format!("{first}\n"));
    };
    refused(
        cut,
        NEXT,
        &["--since", "@last.ndjson"],
        "nothing can be compared with the earlier report: report `last.ndjson` is incomplete, or \
         was changed after audit wrote it: its last line, which has the summary, is missing",
    );
}

#[test]
fn only_an_earlier_report_is_compared_with() {
    for as_of in [NIGHT, "2026-11-24T02:00:00Z"] {
        refused(
            |_| {},
            as_of,
            &["--since", "@last.ndjson"],
            &format!(
                "the earlier report `last.ndjson` is of {NIGHT}, which is not before --as-of \
                 {as_of}: only an earlier one can be compared with"
            ),
        );
    }
}

#[test]
fn a_report_with_other_names_for_customers_is_not_compared_with() {
    let says = |earlier: &str, now: &str| {
        format!(
            "the earlier report `last.ndjson` {earlier}, and this run {now}: their findings have \
             other names; use the same --pseudonymise key"
        )
    };
    let own = "has the customers' own ids";
    refused(
        |_| {},
        NEXT,
        &["--since", "@last.ndjson", "--pseudonymise", "@key"],
        &says(own, "has pseudonyms"),
    );
    let pseudonymised = |folder: &Workspace| {
        let args = [
            "-o",
            &folder.arg("last.ndjson"),
            "--pseudonymise",
            &folder.arg("key"),
        ];
        let run = night(folder, NIGHT, &args);
        check(run.code == 1, "there is a finding", &run);
    };
    refused(
        pseudonymised,
        NEXT,
        &["--since", "@last.ndjson"],
        &says("has pseudonyms", own),
    );
    refused(
        pseudonymised,
        NEXT,
        &["--since", "@last.ndjson", "--pseudonymise", "@key2"],
        &says("has pseudonyms of another key", "has pseudonyms"),
    );
}

#[test]
fn a_report_of_another_fingerprint_scheme_is_not_compared_with() {
    let other = |folder: &Workspace| {
        let text = folder.read("last.ndjson");
        let text = text.replace("\"fingerprint_scheme\":1", "\"fingerprint_scheme\":7");
        folder.write("last.ndjson", text);
    };
    refused(
        other,
        NEXT,
        &["--since", "@last.ndjson"],
        "the earlier report `last.ndjson` has fingerprint_scheme 7, and this run has 1: their \
         findings cannot be known to be the same",
    );
}

#[test]
fn a_report_by_other_policies_is_not_compared_with() {
    let other = |folder: &Workspace| {
        let (policy, report) = (folder.arg("other.toml"), folder.arg("last.ndjson"));
        let run = crate::support::audit([
            "-p",
            &policy,
            "-q",
            "--as-of",
            NIGHT,
            "-o",
            &report,
            &folder.arg("e.ndjson"),
        ]);
        check(run.code == 0, "every rule is met", &run);
    };
    refused(
        other,
        NEXT,
        &["--since", "@last.ndjson"],
        "the earlier report `last.ndjson` has no policy in common with this run: it is by other, \
         this run by p",
    );
}

#[test]
fn a_report_of_one_slice_is_not_compared_with() {
    let slice = |folder: &Workspace| {
        let template = folder.arg("slice-{}.ndjson");
        let run = night(folder, NIGHT, &["--split-by", "customer", "-o", &template]);
        check(run.code == 1, "there is a finding", &run);
    };
    refused(
        slice,
        NEXT,
        &["--since", "@slice-a.ndjson"],
        "the earlier report `slice-a.ndjson` is about customer a alone: compare with the report \
         of all findings",
    );
}

#[test]
fn a_pipe_is_not_compared_with() {
    refused(
        |_| {},
        NEXT,
        &["--since", "/dev/null"],
        "the earlier report `/dev/null` is no file: it is read more than once, so a pipe will \
         not do",
    );
}

#[test]
fn what_asks_for_an_earlier_report_says_so() {
    for (args, option) in [
        (["--fail-on-new", "high"], "--fail-on-new"),
        (["--fail-on", "overdue"], "--fail-on overdue"),
        (["--deadline", "high=7d"], "--deadline"),
    ] {
        refused(
            |_| {},
            NEXT,
            &args,
            &format!("{option} needs an earlier report: give --since REPORT or --history DIR"),
        );
    }
}

#[test]
fn a_packed_report_is_compared_with_as_a_plain_one() {
    let folder = workspace();
    let mut seen = Vec::new();
    for (last, format) in [
        ("last.ndjson", "json"),
        ("last.json.gz", "json"),
        ("last.ndjson.zst", "json"),
    ] {
        let (last, shown) = (folder.arg(last), format);
        if !std::path::Path::new(&last).exists() {
            let run = night(&folder, NIGHT, &["-o", &last]);
            check(run.code == 1, "there is a finding", &run);
        }
        let run = night(&folder, NEXT, &["--since", &last, "-f", shown]);
        let mut report = run.report();
        report["previous"]["sha256"].take();
        seen.push(report);
    }
    assert_eq!(seen[0]["findings"][0]["since"], "open");
    assert!(seen.iter().all(|one| *one == seen[0]));
}

#[test]
fn an_export_on_a_pipe_is_compared_as_a_file_is() {
    // Twice the same customer, of which the second record says more: the run is made again.
    let twice = r#"{"id":"a","name":"A","force2fa":null}
{"id":"a","name":"A","force2fa":false}
"#;
    let folder = workspace();
    folder.write("twice.ndjson", twice);
    let policy = folder.arg("policy.toml");
    let last = folder.arg("last.ndjson");
    let args = [
        "-p", &policy, "--as-of", NEXT, "--since", &last, "-q", "-f", "ndjson",
    ];
    let file = crate::support::audit(
        args.iter()
            .copied()
            .chain([folder.arg("twice.ndjson").as_str()]),
    );
    let mut command = crate::support::command();
    command.args(args).arg("-");
    command.stdin(std::fs::File::open(folder.arg("twice.ndjson")).expect("a file"));
    let pipe = Run::of(&mut command);
    let states = |run: &Run| {
        let lines = run.lines();
        let findings = lines.iter().filter(|line| !line["since"].is_null());
        findings
            .map(|line| line["since"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&file).len(), 2);
    assert_eq!(states(&file), states(&pipe));
}
