//! Two reports are compared as a run compares itself with the older one, as far as reports
//! alone can know it.

use serde_json::Value;

use crate::support::{Run, Workspace, audit, check};

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
require.name.present = true
"#;

const OLD: &str = r#"{"id":"a","name":"A","force2fa":false}
{"id":"b","name":"B","force2fa":false}
{"id":"c","name":"C","force2fa":true}
{"id":"d","name":"D","force2fa":true}
"#;

/// Of a nothing is left, b says the same, c says more.
const NEW: &str = r#"{"id":"a","name":"A","force2fa":true}
{"id":"b","name":"B","force2fa":false}
{"id":"c","name":"","force2fa":false}
{"id":"d","name":"D","force2fa":true}
"#;

const THEN: &str = "2026-11-25T02:00:00Z";
const NOW: &str = "2026-11-26T02:00:00Z";

/// A folder with the reports of two exports.
fn workspace() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    folder.write("old.ndjson", OLD);
    folder.write("new.ndjson", NEW);
    for (export, as_of, report) in [
        ("old.ndjson", THEN, "a.json"),
        ("old.ndjson", THEN, "a.ndjson.zst"),
        ("new.ndjson", NOW, "b.ndjson"),
        ("new.ndjson", NOW, "b.json.gz"),
    ] {
        let report = folder.arg(report);
        let run = folder.audit(&[export], &["--as-of", as_of, "-o", &report]);
        check(run.code == 1, "there are findings", &run);
    }
    folder
}

fn diff(folder: &Workspace, earlier: &str, later: &str, more: &[&str]) -> Run {
    let (earlier, later) = (folder.arg(earlier), folder.arg(later));
    audit([["diff", &earlier, &later].as_slice(), more].concat())
}

/// What a report says of findings: the rule, the customer and the state of each.
fn states(report: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for (list, key) in [
        ("findings", "since"),
        ("closed", "state"),
        ("carried", "state"),
    ] {
        for one in report[list].as_array().expect("a list") {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            let (rule, customer) = (text("rule"), text("customer_id"));
            let because = match one["because"].as_str() {
                Some(because) => format!(" ({because})"),
                None => String::new(),
            };
            all.push(format!("{rule} {customer}: {}{because}", text(key)));
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_no_longer_found_is_unknown_and_nothing_else_is() {
    let folder = workspace();
    let run = diff(&folder, "a.json", "b.ndjson", &["-f", "json"]);
    check(run.code == 0, "the report is made", &run);
    let report = run.report();
    assert_eq!(
        states(&report),
        [
            "mfa a: unknown",
            "mfa b: open",
            "mfa c: new",
            "named c: new"
        ]
    );
    assert_eq!(report["previous"]["as_of"], THEN);
    assert_eq!(
        run.stderr,
        "audit: 2 new, 1 open, 1 unknown\naudit: 1 finding is not in the later report, which does \
         not say who passes: audit the exports with --since to know which are fixed\n"
    );
    let since = &report["summary"]["since"];
    let count = |key: &str| since[key].as_u64().expect("a number");
    assert_eq!(["new", "open", "unknown", "fixed"].map(count), [2, 1, 1, 0]);
    let by_rule = report["summary"]["since_by_rule"]
        .as_array()
        .expect("a list");
    let why = by_rule.iter().find(|one| one["rule"] == "mfa");
    assert_eq!(why.expect("a rule")["unknown"]["not-listed"], 1);
    // Whatever a reader does with a report, it can do with this one.
    folder.write("d.json", &run.stdout);
    let again = audit(["convert", &folder.arg("d.json"), "-f", "json"]);
    assert_eq!(again.stdout, run.stdout, "{again}");
}

#[test]
fn reports_are_compared_in_every_form() {
    let folder = workspace();
    let all = [("a.json", "b.ndjson"), ("a.ndjson.zst", "b.json.gz")];
    let seen = all.map(|(earlier, later)| {
        let run = diff(&folder, earlier, later, &["-f", "json"]);
        states(&run.report())
    });
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn findings_are_related_as_the_run_itself_relates_them() {
    let folder = workspace();
    let since = ["--as-of", NOW, "--since", &folder.arg("a.json")];
    let run = folder.audit(&["new.ndjson"], &since);
    let own = run.report();
    folder.write("since.json", &run.stdout);
    // What the later report says itself of what is not there any more is taken over.
    let run = diff(&folder, "a.json", "since.json", &["-f", "json"]);
    let fixed = |report: &Value| report["summary"]["since"].clone();
    assert_eq!(fixed(&run.report()), fixed(&own), "{run}");
    assert!(states(&own).contains(&"mfa a: fixed".to_owned()));
    assert_eq!(states(&run.report()), states(&own));
}

#[test]
fn what_a_report_says_itself_since_the_earlier_one_is_taken_over() {
    let folder = workspace();
    let waivers = |value: &str| {
        format!(
            "[[waiver]]\nid = \"W-1\"\npolicy = \"p\"\nrule = \"mfa\"\ncustomer = \"b\"\n{value}\n\
             reason = \"for a while\"\nrequested-by = \"a\"\napproved-by = \"b\"\n\
             approved = 2026-11-01\nexpires = 2026-12-01\n"
        )
    };
    folder.write("w.toml", waivers("value.force2fa = false"));
    let file = folder.arg("w.toml");
    let waived = ["--as-of", THEN, "--waivers", &file];
    let run = folder.audit(&["old.ndjson"], &waived);
    folder.write("waived.json", &run.stdout);
    // It is still there and holds for something else; and it is not there any more.
    for (now, state) in [
        (waivers("value.force2fa = true"), "mfa b: changed"),
        (String::new(), "mfa b: new (waiver-ended)"),
    ] {
        folder.write("w.toml", now);
        let base = folder.arg("waived.json");
        let since = ["--as-of", NOW, "--waivers", &file, "--since", &base];
        let run = folder.audit(&["new.ndjson"], &since);
        let own = run.report();
        assert!(states(&own).contains(&state.to_owned()), "{run}");
        folder.write("since.json", &run.stdout);
        let run = diff(&folder, "waived.json", "since.json", &["-f", "json"]);
        assert_eq!(states(&run.report()), states(&own));
    }
    // A report that says nothing of it does not know which waivers there were.
    let run = diff(&folder, "waived.json", "b.ndjson", &["-f", "json"]);
    assert!(
        states(&run.report()).contains(&"mfa b: changed".to_owned()),
        "{run}"
    );
}

#[test]
fn a_rule_over_the_whole_export_is_known_by_its_counts() {
    let policy = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[aggregate]]
id = "rate"
severity = "medium"
pass-rate = { rule = "mfa", at-least = "60%" }
"#;
    let folder = Workspace::with_policy(policy);
    folder.write("old.ndjson", OLD);
    folder.write("new.ndjson", OLD.replacen("false", "true", 1));
    for (export, as_of, report) in [
        ("old.ndjson", THEN, "a.json"),
        ("new.ndjson", NOW, "b.json"),
    ] {
        let report = folder.arg(report);
        let run = folder.audit(&[export], &["--as-of", as_of, "-o", &report]);
        check(run.code == 1, "there are findings", &run);
    }
    let run = diff(&folder, "a.json", "b.json", &["-f", "json"]);
    check(run.code == 0, "the report is made", &run);
    assert_eq!(
        states(&run.report()),
        ["mfa a: unknown", "mfa b: open", "rate -: fixed"]
    );
}

#[test]
fn several_records_of_one_customer_are_related_together() {
    let folder = workspace();
    let twice = format!(
        "{NEW}{}",
        "{\"id\":\"b\",\"name\":\"B\",\"force2fa\":null}\n"
    );
    folder.write("twice.ndjson", twice);
    let report = folder.arg("twice.json");
    let run = folder.audit(&["twice.ndjson"], &["--as-of", NOW, "-o", &report]);
    check(run.code == 1, "there are findings", &run);
    let since = ["--as-of", NOW, "--since", &folder.arg("a.json")];
    let own = folder.audit(&["twice.ndjson"], &since).report();
    let run = diff(&folder, "a.json", "twice.json", &["-f", "json"]);
    let of = |report: &Value| {
        let mut states = states(report);
        states.retain(|state| state.starts_with("mfa b"));
        states
    };
    assert_eq!(of(&run.report()), of(&own), "{run}");
    assert_eq!(of(&own), ["mfa b: changed", "mfa b: changed"]);
}

#[test]
fn equal_instants_are_compared_and_a_later_first_report_is_refused() {
    let folder = workspace();
    let report = folder.arg("c.json");
    let run = folder.audit(&["new.ndjson"], &["--as-of", THEN, "-o", &report]);
    check(run.code == 1, "there are findings", &run);
    check(
        diff(&folder, "a.json", "c.json", &[]).code == 0,
        "they are of one instant",
        &run,
    );
    let run = diff(&folder, "b.ndjson", "a.json", &[]);
    check(run.code == 2, "the first is the later one", &run);
    assert_eq!(
        run.stderr,
        format!(
            "error: the report `{}` is of {NOW}, which is after {THEN}, that of the other: name \
             the older report first\n",
            folder.arg("b.ndjson")
        )
    );
    assert!(run.stdout.is_empty());
}

#[test]
fn what_is_new_or_overdue_decides_the_exit_code_if_that_is_asked_for() {
    let folder = workspace();
    let code = |more: &[&str]| {
        let run = diff(&folder, "a.json", "b.ndjson", more);
        run.code
    };
    for (more, expected) in [
        (&[][..], 0),
        (&["--fail-on-new", "high"], 1),
        (&["--fail-on-new", "critical"], 0),
        (&["--fail-on", "high"], 1),
        (&["--fail-on", "critical"], 0),
        (&["--fail-on", "overdue"], 2),
        (&["--fail-on", "overdue", "--deadline", "high=1d"], 1),
        (&["--fail-on", "overdue", "--deadline", "high=2d"], 0),
    ] {
        assert_eq!(code(more), expected, "{more:?}");
    }
}

#[test]
fn a_later_report_that_is_not_whole_or_no_file_is_refused() {
    let folder = workspace();
    let refused = |later: &str, says: &str| {
        let run = audit(["diff", &folder.arg("a.json"), later]);
        check(run.code == 2, "nothing is compared", &run);
        assert!(run.stderr.contains(says), "{run}");
    };
    refused("/dev/null", "the later report `/dev/null` is no file");
    refused(&folder.arg("none"), "could not be read: No such file");
    let text = folder.read("b.ndjson");
    folder.write("cut.ndjson", text.lines().next().expect("a finding"));
    refused(&folder.arg("cut.ndjson"), "is incomplete, or was changed");
    let template = folder.arg("slice-{}.ndjson");
    let split = ["--as-of", NOW, "--split-by", "customer", "-o", &template];
    let run = folder.audit(&["new.ndjson"], &split);
    check(run.code == 1, "there are findings", &run);
    refused(
        &folder.arg("slice-b.ndjson"),
        "is about customer b alone: compare with the report of all findings",
    );
    let (base, bounded) = (folder.arg("a.json"), folder.arg("bounded.ndjson"));
    let bound = [
        "--as-of", NOW, "--since", &base, "--list", "new", "-o", &bounded,
    ];
    let run = folder.audit(&["new.ndjson"], &bound);
    check(run.code == 1, "there are findings", &run);
    refused(
        &bounded,
        "lists new findings alone: compare with a report that was written without --list",
    );
}

#[test]
fn a_folder_is_no_report() {
    let folder = workspace();
    std::fs::create_dir(folder.path("nights")).expect("a folder");
    let (nights, report) = (folder.arg("nights"), folder.arg("a.json"));
    let says = "it is a folder: name a report in it, as the newest .ndjson.zst of a history";
    for args in [
        &["diff", &nights, &report][..],
        &["diff", &report, &nights],
        &["convert", &nights, "-f", "csv"],
        &[
            &["waive", &nights, "0123456789abcdef0123456789abcdef"][..],
            &["--reason", "r", "--requested-by", "a", "--approved-by", "b"],
            &["--expires", "30d"],
        ]
        .concat(),
    ] {
        let run = audit(args);
        check(run.code == 2, "nothing is done", &run);
        assert!(run.stderr.contains(says), "{run}");
    }
    let run = folder.audit(&["new.ndjson"], &["--as-of", NOW, "--since", &nights]);
    check(run.code == 2, "nothing is judged", &run);
    assert!(run.stderr.contains(says), "{run}");
}

#[test]
fn a_later_audit_that_is_incomplete_is_so_in_its_comparison() {
    let folder = workspace();
    folder.write("cut.ndjson", &NEW[..NEW.len() - 10]);
    let report = folder.arg("cut.json");
    let run = folder.audit(&["cut.ndjson"], &["--as-of", NOW, "-o", &report]);
    check(run.code == 3, "it is not complete", &run);
    let run = diff(&folder, "a.json", "cut.json", &["-f", "json"]);
    check(run.code == 3, "nor is this", &run);
    let report = run.report();
    let by_rule = report["summary"]["since_by_rule"]
        .as_array()
        .expect("a list");
    let why = by_rule.iter().find(|one| one["rule"] == "mfa");
    assert_eq!(why.expect("a rule")["unknown"]["customer-not-read"], 1);
}
