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
fn what_is_overdue_decides_only_where_there_is_a_deadline() {
    refused(
        |_| {},
        NEXT,
        &["--fail-on", "overdue", "--since", "@last.ndjson"],
        "--fail-on overdue needs a deadline, without which nothing is overdue: give --deadline \
         SEVERITY=SPAN, as high=30d",
    );
}

#[test]
fn what_decides_the_exit_code_of_a_night_is_said_with_it() {
    let folder = workspace();
    let export = EXPORT.replace(r#""B","force2fa":true"#, r#""B","force2fa":false"#);
    folder.write("e.ndjson", &export);
    let args = [
        "--as-of",
        "2026-12-26T02:00:00Z",
        "--since",
        &folder.arg("last.ndjson"),
        "--deadline",
        "high=1d",
        "--fail-on-new",
        "high",
        "--fail-on",
        "overdue",
        "-o",
        &folder.arg("r.csv"),
    ];
    let run = folder.audit(&["e.ndjson"], &args);
    check(run.code == 1, "something is new, and something late", &run);
    let why = "; exit 1: 1 new or worse (--fail-on-new high), 1 overdue (--fail-on overdue)\n";
    assert!(run.stderr.ends_with(why), "{run}");
}

#[test]
fn showing_a_value_that_was_hidden_is_no_change() {
    let folder = workspace();
    let policy = "[policy]\nid = \"phone\"\n[[rule]]\nid = \"german\"\nseverity = \"low\"\n\
                  require.phoneNumber.matches = \"^[+]49\"\n";
    folder.write("policy.toml", policy);
    folder.write("e.ndjson", r#"{"id":"a","name":"A","phoneNumber":"0301"}"#);
    let run = night(&folder, NIGHT, &["-o", &folder.arg("hidden.ndjson")]);
    check(run.code == 1, "there is a finding", &run);
    let shown = folder.arg("shown.json");
    let since = folder.arg("hidden.ndjson");
    let args = ["--since", &since, "--show-sensitive", "-o", &shown];
    night(&folder, NEXT, &args);
    let report = folder.read("shown.json");
    assert!(report.contains(r#""observed":"0301""#), "{report}");
    assert!(report.contains(r#""since":"open""#), "{report}");
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
fn a_long_report_is_the_same_base_on_any_number_of_threads() {
    let folder = workspace();
    let mut export = String::new();
    for number in 0..6000 {
        let flag = number % 7 == 0;
        export += &format!(r#"{{"id":"c{number}","name":"Customer {number}","force2fa":{flag}}}"#);
        export.push('\n');
    }
    folder.write("e.ndjson", &export);
    night(&folder, NIGHT, &["-o", &folder.arg("last.ndjson")]);
    night(&folder, NIGHT, &["-o", &folder.arg("last.json")]);
    folder.write("e.ndjson", export.replace("\"c1\",", "\"new\","));
    let mut reports = Vec::new();
    for (base, threads) in [
        ("last.ndjson", "1"),
        ("last.ndjson", "2"),
        ("last.ndjson", "5"),
        ("last.json", "2"),
    ] {
        let since = ["--since", &folder.arg(base), "-j", threads, "-f", "csv"];
        let columns = ["--columns", "customer_id,since,because,first_seen"];
        let run = night(&folder, NEXT, &[&since[..], &columns].concat());
        check(run.code == 1, "there are findings", &run);
        reports.push(run.stdout);
    }
    let first = String::from_utf8_lossy(&reports[0]);
    assert_eq!(first.matches(",open,").count(), 5141);
    for report in &reports[1..] {
        assert_eq!(report, &reports[0]);
    }
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

/// The formats whose reports are compared byte by byte.
fn formats() -> impl Iterator<Item = &'static str> {
    audit::report::Format::ALL
        .iter()
        .map(|format| format.name())
}

/// A folder with a night, and the export of the next: one finding is fixed, one new, one
/// known and overdue.
fn two_nights() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    let first = r#"{"id":"a","name":"A","force2fa":false}
{"id":"b","name":"B","force2fa":false}
{"id":"c","name":"C","force2fa":true}
"#;
    folder.write("e.ndjson", first);
    let run = night(&folder, NIGHT, &["-o", &folder.arg("last.ndjson")]);
    check(run.code == 1, "there are findings", &run);
    let second = r#"{"id":"a","name":"A","force2fa":false}
{"id":"b","name":"B","force2fa":true}
{"id":"c","name":"C","force2fa":false}
"#;
    folder.write("e.ndjson", second);
    folder
}

#[test]
fn every_report_of_a_run_that_is_compared_can_be_made_from_another() {
    for bound in [&[][..], &["--list", "new"], &["--list", "changed,overdue"]] {
        let folder = two_nights();
        let last = folder.arg("last.ndjson");
        let args = |more: &[&str]| -> Run {
            let since = ["--since", &last, "--deadline", "high=1d"];
            night(&folder, NEXT, &[&since[..], bound, more].concat())
        };
        for from in ["tonight.json", "tonight.ndjson"] {
            let from = folder.arg(from);
            let run = args(&["-o", &from]);
            check(run.code == 1, "there are findings", &run);
            // No report holds what passed.
            for format in formats().filter(|format| *format != "matrix") {
                let wanted = args(&["-f", format]);
                let made = crate::support::audit(["convert", "-f", format, &from]);
                if format == "metrics" && !bound.is_empty() {
                    check(made.code == 2, "not all findings are known", &made);
                    assert!(made.stderr.contains("metrics count all; convert"), "{made}");
                    continue;
                }
                check(made.code == 0, "it can be made", &made);
                assert!(
                    made.stdout == wanted.stdout,
                    "{from} to {format}, {bound:?}"
                );
            }
        }
    }
}

#[test]
fn a_bound_is_of_what_is_listed_and_never_of_the_verdict_or_the_history() {
    let folder = two_nights();
    std::fs::create_dir(folder.arg("nights")).expect("a folder");
    let export = folder.read("e.ndjson");
    folder.write("e.ndjson", export.replace("false", "true"));
    let history = ["--history", &folder.arg("nights")];
    let run = night(&folder, NIGHT, &history);
    check(run.code == 0, "there is no finding", &run);
    folder.write("e.ndjson", export);
    let bounded = ["--list", "overdue", "-f", "json", "--fail-on-new", "high"];
    let run = night(&folder, NEXT, &[&history[..], &bounded].concat());
    check(run.code == 1, "two findings are new", &run);
    let report = run.report();
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["listed"], serde_json::json!(["overdue"]));
    assert_eq!(report["summary"]["listed"], 0);
    assert_eq!(report["summary"]["since"]["new"], 2);
    let kept = folder.arg("nights/2026-11-26T020000Z.ndjson.zst");
    let kept = crate::support::audit(["convert", "-f", "json", &kept]);
    assert_eq!(kept.report()["findings"].as_array().map(Vec::len), Some(2));
    assert!(kept.report().get("listed").is_none());
}

#[test]
fn a_bounded_report_is_not_compared_with() {
    let bounded = |folder: &Workspace| {
        let (last, first) = (folder.arg("last.ndjson"), folder.arg("first.ndjson"));
        std::fs::copy(&last, &first).expect("a file");
        let at = "2026-11-25T14:00:00Z";
        let run = night(
            folder,
            at,
            &["--since", &first, "--list", "new", "-o", &last],
        );
        check(run.code == 1, "there is a finding", &run);
    };
    refused(
        bounded,
        NEXT,
        &["--since", "@last.ndjson"],
        "the earlier report `last.ndjson` lists new findings alone: compare with a report that \
         was written without --list",
    );
    refused(
        |_| {},
        NEXT,
        &["--list", "new"],
        "--list needs an earlier report: give --since REPORT or --history DIR",
    );
}

#[test]
fn what_a_bounded_report_does_not_list_cannot_be_made_of_it() {
    let folder = two_nights();
    let (last, from) = (folder.arg("last.ndjson"), folder.arg("new.json"));
    let run = night(
        &folder,
        NEXT,
        &["--since", &last, "--list", "new", "-o", &from],
    );
    check(run.code == 1, "there are findings", &run);
    let split = folder.arg("slice-{}.md");
    for (args, says) in [
        (
            vec![from.as_str(), "--list", "overdue"],
            "the report lists new findings alone: nothing else can be listed of it; convert a \
             report of all",
        ),
        (
            vec![from.as_str(), "--split-by", "rule", "-o", &split],
            "the report lists new findings alone: how many there are of a slice is not known; \
             convert a report of all",
        ),
        (
            vec![last.as_str(), "--list", "new"],
            "--list needs findings that were compared with an earlier report: the run itself \
             takes --since REPORT or --history DIR",
        ),
    ] {
        let run = crate::support::audit(["convert"].into_iter().chain(args));
        check(run.code == 2, "it cannot be made", &run);
        assert_eq!(run.stderr, format!("error: {says}\n"));
    }
    let text = folder.read("new.json");
    for (changed, says) in [
        (
            text.replace("\"since\":\"new\"", "\"since\":\"open\""),
            "finding 1 is none of those that it is bounded to",
        ),
        (
            text.replace("\"listed\":1,", "\"listed\":2,"),
            "it lists 1 finding instead of 2",
        ),
        (
            text.replace("\"listed\":[\"new\"],", ""),
            "`listed` is given at its head and in its summary, or not at all",
        ),
    ] {
        folder.write("changed.json", changed);
        let run = crate::support::audit(["convert", &folder.arg("changed.json")]);
        check(run.code == 2, "it was changed", &run);
        assert!(run.stderr.contains(says), "{says} in {}", run.stderr);
    }
}

/// Returns what a run says should be looked at, and how it ends.
fn alarms(folder: &Workspace, as_of: &str, args: &[&str]) -> (i32, Vec<String>, Vec<String>) {
    let run = night(folder, as_of, &[args, &["-f", "json"]].concat());
    let summary = &run.report()["summary"];
    let texts = |list: &str, key: Option<&str>| {
        let all = summary[list].as_array().expect("a list").iter();
        let text = |one: &serde_json::Value| key.map_or(one.clone(), |key| one[key].clone());
        all.map(|one| text(one).as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    (
        run.code,
        texts("anomalies", None),
        texts("incomplete_because", Some("code")),
    )
}

fn written_at(folder: &Workspace, name: &str, instant: &str) {
    let instant: chrono::DateTime<chrono::Utc> = instant.parse().expect("an instant");
    let file = std::fs::File::options().write(true).open(folder.path(name));
    let file = file.expect("a file");
    file.set_modified(instant.into()).expect("its time");
}

#[test]
fn an_export_that_is_too_old_is_an_alarm_or_makes_the_run_incomplete() {
    let folder = workspace();
    written_at(&folder, "e.ndjson", "2026-11-25T00:00:00Z");
    let age = ["--max-export-age", "26h"];
    let (code, anomalies, _) = alarms(&folder, NEXT, &age);
    assert_eq!((code, anomalies.len()), (1, 0), "{anomalies:?}");
    let later = "2026-11-26T02:00:01Z";
    let (code, anomalies, gaps) = alarms(&folder, later, &age);
    assert_eq!((code, gaps.len()), (1, 0));
    let says =
        "was written at 2026-11-25T00:00:00Z, which is more than 26h ago: was it exported anew?";
    assert!(anomalies[0].ends_with(says), "{anomalies:?}");
    let incomplete = [&age[..], &["--stale", "incomplete"]].concat();
    let (code, anomalies, gaps) = alarms(&folder, later, &incomplete);
    assert_eq!((code, anomalies.len()), (3, 0), "{anomalies:?}");
    assert_eq!(gaps, ["stale"]);
}

#[test]
fn the_age_of_a_pipe_is_not_known_and_that_is_said() {
    let folder = workspace();
    let policy = folder.arg("policy.toml");
    let args = [
        "-p",
        &policy,
        "--max-export-age",
        "26h",
        "--stale",
        "incomplete",
        "-f",
        "json",
    ];
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "cat \"$0\" | \"$@\" -", &folder.arg("e.ndjson")]);
    shell.arg(env!("CARGO_BIN_EXE_audit")).args(args);
    let run = Run::of(&mut shell);
    check(run.code == 3, "nobody knows", &run);
    assert!(
        run.stderr
            .contains("- is no file, so whether it is older than 26h is not known"),
        "{run}"
    );
}

#[test]
fn an_export_of_the_night_before_is_an_alarm_or_makes_the_run_incomplete() {
    let folder = workspace();
    folder.create_dir("h");
    let history = folder.arg("h");
    let (_, anomalies, _) = alarms(&folder, NIGHT, &["--history", &history]);
    assert_eq!(anomalies.len(), 0, "{anomalies:?}");
    let (code, anomalies, _) = alarms(&folder, NEXT, &["--history", &history]);
    assert_eq!(code, 1);
    assert!(
        anomalies[0].ends_with("is the same as the night before: was it exported anew?"),
        "{anomalies:?}"
    );
    let stale = ["--history", &history, "--stale", "incomplete"];
    let (code, _, gaps) = alarms(&folder, "2026-11-27T02:00:00Z", &stale);
    assert_eq!((code, gaps), (3, vec!["stale".to_owned()]));
    folder.write("e.ndjson", format!("{EXPORT}\n"));
    let (code, anomalies, gaps) = alarms(&folder, "2026-11-28T02:00:00Z", &stale);
    assert_eq!(
        (code, anomalies.len(), gaps.len()),
        (1, 0, 0),
        "{anomalies:?}"
    );
}

#[test]
fn a_report_knows_its_exports_by_their_digests_if_the_run_made_them() {
    let folder = workspace();
    let run = night(&folder, NIGHT, &["-f", "json"]);
    assert_eq!(run.report()["exports"][0].get("sha256"), None);
    let (manifest, report) = (folder.arg("m.json"), folder.arg("base.json"));
    let output = format!("json:{report}");
    let args = ["--manifest", &manifest, "-o", &output, "-f", "json"];
    let run = night(&folder, NIGHT, &args);
    let manifest = serde_json::from_str::<serde_json::Value>(&folder.read("m.json"));
    let digest = run.report()["exports"][0]["sha256"].clone();
    assert_eq!(digest, manifest.expect("JSON")["exports"][0]["sha256"]);

    // The next run knows by them that the same was exported again, and digests as well.
    let since = ["--since", &report];
    let (code, anomalies, _) = alarms(&folder, NEXT, &since);
    assert_eq!(code, 1);
    assert!(
        anomalies[0].ends_with("is the same as the night before: was it exported anew?"),
        "{anomalies:?}"
    );
    let run = night(&folder, NEXT, &["--since", &report, "-f", "json"]);
    assert_eq!(run.report()["exports"][0]["sha256"], digest);
}

#[test]
fn a_night_that_is_too_long_ago_is_an_alarm() {
    let folder = workspace();
    let gap = ["--since", &folder.arg("last.ndjson"), "--gap", "26h"];
    let (_, anomalies, _) = alarms(&folder, "2026-11-26T04:00:00Z", &gap);
    assert_eq!(anomalies.len(), 0, "{anomalies:?}");
    let (code, anomalies, _) = alarms(&folder, "2026-11-26T04:00:01Z", &gap);
    assert_eq!(code, 1);
    assert_eq!(
        anomalies,
        [
            "the night before was 2026-11-25T02:00:00Z, which is more than 26h ago: nights are missing"
        ]
    );
}

#[test]
fn the_manifest_says_when_an_export_was_written() {
    let folder = workspace();
    written_at(&folder, "e.ndjson", "2026-11-25T00:00:00Z");
    let manifest = folder.arg("m.json");
    let run = night(&folder, NEXT, &["--manifest", &manifest]);
    check(run.code == 1, "there are findings", &run);
    let manifest: serde_json::Value = serde_json::from_str(&folder.read("m.json")).expect("JSON");
    assert_eq!(manifest["exports"][0]["modified"], "2026-11-25T00:00:00Z");
}
