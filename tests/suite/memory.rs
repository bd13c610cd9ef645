//! How much memory a run may take, whatever it finds and however many reports it writes.

use std::fmt::Write as _;
use std::process::Command;

use crate::support::{Run, Workspace, command};

/// How much address space a run has, in KiB: the program itself and the stacks of its
/// threads take about half of it.
const LIMIT: &str = "200000";

/// The name of each format, as the program lists them.
const FORMATS: [&str; 14] = [
    "text",
    "csv",
    "json",
    "ndjson",
    "markdown",
    "html",
    "sarif",
    "junit",
    "oscal",
    "ocsf",
    "defectdojo",
    "metrics",
    "controls",
    "xlsx",
];

/// How many rules each customer breaks.
const RULES: usize = 15;

/// A policy of rules that nobody meets, in severities that come in no order.
fn policy() -> String {
    let mut policy = String::from("[policy]\nid = \"p\"\n");
    for number in 0..RULES {
        let severity = ["low", "critical", "info", "high", "medium"][number % 5];
        let rule = format!(
            "[[rule]]\nid = \"r{number}\"\nseverity = \"{severity}\"\nrequire.name = {{ matches = \"^no{number}$\" }}\n"
        );
        policy.push_str(&rule);
    }
    policy
}

/// Customers of whom every so many has a name of so many characters.
fn customers(number: usize, every: usize, characters: usize) -> String {
    let mut lines = String::new();
    for index in 0..number {
        let name = match index % every {
            0 => "<é\">".repeat(characters / 4),
            _ => format!("Customer {index}"),
        };
        let name = serde_json::Value::from(name);
        writeln!(lines, r#"{{"id":"c{index}","name":{name}}}"#).unwrap();
    }
    lines
}

/// Runs the program with little address space.
fn run(workspace: &Workspace, export: &str, options: &[&str]) -> Run {
    let limited = format!("ulimit -v {LIMIT}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell
        .current_dir(workspace.folder())
        .env("NO_COLOR", "1")
        .args(["-c", &limited])
        .arg(command().get_program())
        .args(workspace.args(&[export], options));
    Run::of(&mut shell)
}

#[test]
fn any_number_of_findings_and_reports_fits_in_little_memory() {
    let workspace = Workspace::with_policy(&policy());
    workspace.write("many", customers(800, 50, 4000));
    workspace.write("long", customers(40, 1, 40_000));
    for export in ["many", "long"] {
        let mut options = vec!["-q", "-j", "2"];
        let outputs = FORMATS.map(|format| format!("{format}:{format}-{export}"));
        options.extend(outputs.iter().flat_map(|output| ["-o", output]));
        let run = run(&workspace, export, &options);
        assert_eq!(run.code, 1, "{export}: {}", run.stderr);
        let listed = workspace.read(&format!("ndjson-{export}")).lines().count();
        let records = workspace.read(export).lines().count();
        assert_eq!(listed, records * RULES + 1, "{export}");
    }
}

#[test]
fn a_report_of_many_long_findings_fits_in_little_memory() {
    let workspace = Workspace::with_policy(&policy());
    workspace.write("export", customers(700, 1, 4000));
    for format in ["html", "sarif", "junit", "markdown", "oscal"] {
        let output = format!("{format}:report-{format}");
        let run = run(&workspace, "export", &["-q", "-j", "2", "-o", &output]);
        assert_eq!(run.code, 1, "{format}: {}", run.stderr);
    }
}

#[test]
fn what_a_report_has_no_room_for_in_bytes_is_counted() {
    let workspace = Workspace::with_policy(&policy());
    workspace.write("export", customers(100, 1, 16_000));
    for (format, says) in [
        ("html", "findings are not on this page"),
        ("sarif", "findings are left out: this report has the "),
        ("oscal", "findings are left out: this report has the "),
        ("markdown", "more findings: a csv or json report"),
    ] {
        let run = workspace.audit(&["export"], &["-f", format]);
        assert_eq!(run.code, 1, "{format}");
        assert!(run.text().contains(says), "{format}");
        // 16 MiB of findings, and what each format says around them.
        assert!(
            run.stdout.len() < 64 << 20,
            "{format}: {}",
            run.stdout.len()
        );
    }
}

#[test]
fn reports_are_the_same_with_any_number_of_threads() {
    let workspace = Workspace::with_policy(&policy());
    workspace.write("export", customers(700, 40, 4000));
    for format in FORMATS {
        let audit = |threads| workspace.audit(&["export"], &["-f", format, "-j", threads]);
        let one = audit("1");
        for threads in ["2", "7"] {
            assert!(audit(threads) == one, "{format}");
        }
    }
}
