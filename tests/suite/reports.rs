//! The samples in `reports/` are what the program prints, and other readers
//! than the program's own find the same in each. With `AUDIT_BLESS=1` the
//! samples are written anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use audit::report::Format;
use serde_json::Value;

use crate::support::{Run, Workspace, command};

/// The samples: a file, and its format.
const SAMPLES: [(&str, &str); 15] = [
    ("findings.csv", "csv"),
    ("report.json", "json"),
    ("findings.ndjson", "ndjson"),
    ("report.ocsf.ndjson", "ocsf"),
    ("report.defectdojo.json", "defectdojo"),
    ("report.txt", "text"),
    ("report.md", "markdown"),
    ("report.html", "html"),
    ("report.sarif", "sarif"),
    ("report.junit.xml", "junit"),
    ("report.oscal.json", "oscal"),
    ("metrics.prom", "metrics"),
    ("controls.csv", "controls"),
    ("matrix.csv", "matrix"),
    ("report.xlsx", "xlsx"),
];

fn sample(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "reports", name]
        .iter()
        .collect()
}

fn audit(format: &str) -> Vec<u8> {
    let run = Run::of(
        command()
            .args(["-p", "pci", "-p", "baseline"])
            .args(["--as-of", "2026-12-01T00:00:00Z", "--color", "never"])
            .args(["-f", format, "tests/data/customers.json"]),
    );
    // The sample export shows every outcome, errors among them.
    assert_eq!(run.code, 3, "{format}");
    run.stdout
}

fn text(format: &str) -> String {
    String::from_utf8(audit(format)).expect("UTF-8")
}

fn json() -> Value {
    serde_json::from_slice(&audit("json")).expect("JSON")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).expect("a list")
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().expect("a number")
}

/// The findings of the CSV report, as rows by column.
fn rows() -> Vec<BTreeMap<String, String>> {
    let report = audit("csv");
    let mut reader = csv::Reader::from_reader(report.as_slice());
    let rows = reader.deserialize();
    rows.map(|row| row.expect("a row")).collect()
}

#[test]
fn there_is_a_sample_of_each_format() {
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    let sampled = SAMPLES.iter().map(|(_, format)| *format);
    let all = Format::ALL.iter().map(|format| format.name());
    assert_eq!(sorted(sampled.collect()), sorted(all.collect()));
}

#[test]
fn every_sample_is_what_the_program_prints() {
    for (name, format) in SAMPLES {
        let printed = audit(format);
        if std::env::var_os("AUDIT_BLESS").is_some_and(|bless| bless == "1") {
            std::fs::create_dir_all(sample("")).expect("a folder");
            std::fs::write(sample(name), &printed).expect("it is written");
        }
        let kept = std::fs::read(sample(name)).unwrap_or_default();
        assert!(
            kept == printed,
            "reports/{name} is not what is printed: run the tests with AUDIT_BLESS=1, and read it"
        );
    }
}

#[test]
fn every_line_of_ndjson_is_a_finding_of_json_and_the_last_is_all_the_rest() {
    let (whole, lines) = (json(), text("ndjson"));
    let mut lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let last = lines.pop().expect("a summary");
    assert_eq!(lines, list(&whole, "findings"));
    assert_eq!(last["summary"], whole["summary"]);
    for key in [
        "tool", "as_of", "policies", "rejected", "exports", "coverage",
    ] {
        assert_eq!(last["report"][key], whole[key], "{key}");
    }
}

#[test]
fn every_line_of_ocsf_is_a_finding_of_json_and_the_last_says_that_the_audit_is_incomplete() {
    let (whole, lines) = (json(), text("ocsf"));
    let mut events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let last = events.pop().expect("the run is incomplete");
    assert_eq!(last["status"], "New");
    assert_eq!(last["severity_id"], 4);
    let because = list(&whole["summary"], "incomplete_because").iter();
    let because: Vec<_> = because.map(|gap| gap["text"].clone()).collect();
    assert_eq!(last["compliance"]["status_details"], Value::from(because));
    let findings = list(&whole, "findings");
    assert_eq!(events.len(), findings.len());
    for (event, finding) in events.iter().zip(findings) {
        assert_eq!(event["finding_info"]["uid"], finding["fingerprint"]);
        assert_ne!(event["finding_info"]["uid"], last["finding_info"]["uid"]);
        // The check is the rule, and the control the first of those that it is best
        // evidence for.
        let rules = list(&whole, "policies").iter();
        let rules = rules.flat_map(|policy| list(policy, "rules"));
        let rule = { rules }.find(|rule| rule["id"] == finding["rule"]);
        let references = list(rule.expect("a rule"), "references").iter();
        let references: Vec<_> = references.filter_map(Value::as_str).collect();
        let best = ["(direct)", "(partial)", "(supporting)"]
            .iter()
            .find_map(|strength| references.iter().find_map(|one| one.strip_suffix(strength)));
        let control = event["compliance"]["control"].as_str();
        assert_eq!(control, best.map(str::trim_end));
        let checks = list(&event["compliance"], "checks");
        assert_eq!(checks.len(), 1);
        let check = &checks[0];
        let [policy, rule] = ["policy", "rule"].map(|key| finding[key].as_str().expect("an id"));
        assert_eq!(check["uid"], format!("{policy}/{rule}"));
        assert_eq!(check["status_id"], event["compliance"]["status_id"]);
        let status_id = if finding["status"] == "error" { 2 } else { 3 };
        assert_eq!(event["compliance"]["status_id"], status_id);
        for key in ["policy", "rule", "reason", "evidence", "export", "record"] {
            assert_eq!(event["unmapped"][key], finding[key], "{key}");
        }
    }
}

/// The keys that DefectDojo's parser of generic findings lets pass, of those
/// that suit us; any other fails the import.
const KEYS_OF_DEFECTDOJO: [&str; 17] = [
    "title",
    "severity",
    "description",
    "date",
    "mitigation",
    "impact",
    "references",
    "active",
    "verified",
    "risk_accepted",
    "component_name",
    "static_finding",
    "dynamic_finding",
    "unique_id_from_tool",
    "vuln_id_from_tool",
    "nb_occurences",
    "tags",
];

#[test]
fn every_finding_for_defectdojo_is_one_of_json_and_the_last_says_that_the_audit_is_incomplete() {
    let whole = json();
    let report: Value = serde_json::from_slice(&audit("defectdojo")).expect("JSON");
    let (last, findings) = list(&report, "findings").split_last().expect("findings");
    let title = last["title"].as_str().expect("a title");
    assert!(title.starts_with("Audit incomplete: "), "{title}");
    assert_eq!(last["severity"], "High");
    let wanted = list(&whole, "findings");
    assert_eq!(findings.len(), wanted.len());
    for (finding, wanted) in findings.iter().zip(wanted) {
        assert_eq!(finding["unique_id_from_tool"], wanted["fingerprint"]);
        assert_eq!(finding["component_name"], wanted["customer_id"]);
        let severity = finding["severity"].as_str().expect("a severity");
        assert_eq!(severity.to_lowercase(), wanted["severity"]);
        for (key, value) in finding.as_object().expect("an object") {
            assert!(KEYS_OF_DEFECTDOJO.contains(&key.as_str()), "{key}");
            assert!(!value.is_null(), "{key}");
        }
    }
}

#[test]
fn every_row_of_the_workbook_is_a_finding_and_the_workbook_is_the_same_each_time() {
    let workbook = audit("xlsx");
    assert_eq!(workbook, audit("xlsx"));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("an archive");
    let mut sheet = |number: usize| {
        let name = format!("xl/worksheets/sheet{number}.xml");
        let member = archive.by_name(&name).expect("a sheet");
        std::io::read_to_string(member).expect("text")
    };
    let (whole, rows) = (json(), sheet(2));
    let findings = list(&whole, "findings");
    assert_eq!(rows.matches("<row ").count(), findings.len() + 1);
    for finding in findings {
        let fingerprint = finding["fingerprint"].as_str().expect("a fingerprint");
        assert!(rows.contains(fingerprint), "{fingerprint}");
    }
    let rules = list(&whole["summary"], "by_rule").len();
    let controls = list(&whole, "controls").len();
    assert_eq!(sheet(3).matches("<row ").count(), controls + 1);
    assert_eq!(sheet(4).matches("<row ").count(), rules + 1);
    assert!(sheet(1).contains("INCOMPLETE"));
}

#[test]
fn every_row_of_csv_is_a_finding_of_json() {
    let (whole, rows) = (json(), rows());
    let findings = list(&whole, "findings");
    assert_eq!(rows.len(), findings.len());
    for (row, finding) in rows.iter().zip(findings) {
        for key in [
            "policy",
            "rule",
            "severity",
            "status",
            "reason",
            "fingerprint",
            "export",
            "customer_id",
        ] {
            assert_eq!(row[key], finding[key].as_str().unwrap_or_default());
        }
        assert_eq!(row["record"], finding["record"].to_string());
        let evidence = list(finding, "evidence");
        for (cell, key) in [
            ("field", "field"),
            ("expected", "expected"),
            ("observed", "observed"),
        ] {
            let parts = evidence
                .iter()
                .map(|item| item[key].as_str().expect("text"));
            let parts: Vec<_> = parts.collect();
            assert_eq!(defused(&row[cell]), visible(&parts.join("; ")));
        }
    }
}

/// A cell without the sign that keeps a spreadsheet from running it.
fn defused(cell: &str) -> &str {
    let runs = |rest: &&str| rest.starts_with(['=', '+', '-', '@', '\\']);
    cell.strip_prefix('\'').filter(runs).unwrap_or(cell)
}

/// Text as a CSV report shows it: controls and turns of direction by number.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            '\t' => "\\t".to_owned(),
            c if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) => {
                format!("\\u{{{:x}}}", u32::from(c))
            }
            c => c.to_string(),
        })
        .collect()
}

#[test]
fn the_summary_counts_what_is_listed() {
    let whole = json();
    let findings = list(&whole, "findings");
    let summary = &whole["summary"];
    let listed = |status: &str| {
        let of_status = findings
            .iter()
            .filter(|finding| finding["status"] == status);
        of_status.count() as u64
    };
    assert_eq!(number(summary, "fail"), listed("fail"));
    assert_eq!(number(summary, "error"), listed("error"));
    assert_eq!(number(summary, "waived"), listed("waived"));
    assert_eq!(findings.len(), rows().len());
    assert_eq!(
        number(summary, "rejected"),
        list(&whole, "rejected").len() as u64
    );
    for count in ["pass", "fail", "error", "not_applicable", "waived"] {
        let by_rule = list(summary, "by_rule").iter();
        let by_severity = summary["by_severity"].as_object().expect("an object");
        let all = number(summary, count);
        assert_eq!(by_rule.map(|rule| number(rule, count)).sum::<u64>(), all);
        let of_severities = by_severity.values().map(|of| number(of, count));
        assert_eq!(of_severities.sum::<u64>(), all);
    }
    let records = list(&whole, "exports").iter();
    let records: u64 = records.map(|export| number(export, "records")).sum();
    assert_eq!(number(summary, "records"), records);
    let read = records - number(summary, "rejected");
    for (field, cells) in whole["coverage"].as_object().expect("an object") {
        let kinds = ["value", "missing", "null", "empty", "bad"];
        let all: u64 = kinds.iter().map(|kind| number(cells, kind)).sum();
        assert_eq!(all, read, "{field}");
    }
}

#[test]
fn the_json_report_is_in_the_order_in_which_it_streams() {
    let report = text("json");
    let keys = [
        "{\"tool\":",
        ",\"as_of\":",
        ",\"policies\":",
        ",\"findings\":",
        ",\n\"rejected\":",
        ",\n\"exports\":",
        ",\n\"coverage\":",
        ",\n\"summary\":",
    ];
    let places: Vec<_> = keys.map(|key| report.find(key)).into();
    assert!(places.iter().all(Option::is_some), "{places:?}");
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn findings_come_in_the_order_of_records_then_of_rules() {
    let whole = json();
    let rules: Vec<_> = list(&whole["summary"], "by_rule")
        .iter()
        .map(|rule| (&rule["policy"], &rule["rule"]))
        .collect();
    let place = |finding: &Value| {
        let rule = (&finding["policy"], &finding["rule"]);
        let known = rules.iter().position(|(policy, id)| rule == (*policy, *id));
        (number(finding, "record"), known.expect("a known rule"))
    };
    let places: Vec<_> = list(&whole, "findings").iter().map(place).collect();
    assert!(places.is_sorted_by(|earlier, later| earlier < later));
}

#[test]
fn the_text_report_shows_what_the_summary_counts() {
    let (whole, report) = (json(), text("text"));
    let summary = &whole["summary"];
    let findings = number(summary, "fail") + number(summary, "error");
    let verdict = format!("INCOMPLETE  {findings} findings in {}", summary["records"]);
    assert!(report.starts_with(&verdict), "{report}");
    for rule in list(summary, "by_rule") {
        let name = format!(
            "{}/{}",
            rule["policy"].as_str().unwrap_or_default(),
            rule["rule"].as_str().unwrap_or_default()
        );
        let line = report
            .lines()
            .find(|line| line.split_whitespace().nth(1) == Some(name.as_str()))
            .expect("a line for the rule");
        let counts: Vec<u64> = line
            .split_whitespace()
            .skip(2)
            .take(4)
            .map(|count| count.parse().expect("a number"))
            .collect();
        let told = ["fail", "error", "pass", "not_applicable"].map(|key| number(rule, key));
        assert_eq!(counts, told, "{line}");
    }
}

#[test]
fn any_report_can_be_made_from_a_json_or_an_ndjson_report() {
    for from in ["report.json", "findings.ndjson"] {
        // No report holds what passed.
        let samples = SAMPLES.iter().filter(|(_, format)| *format != "matrix");
        for (name, format) in samples {
            let run = Run::of(
                command()
                    .args(["convert", "--color", "never", "-f", format])
                    .arg(sample(from)),
            );
            assert_eq!(run.code, 0, "{from} to {format}");
            assert!(run.stdout == audit(format), "{from} to {name}");
        }
    }
}

#[test]
fn the_sarif_report_has_every_finding_and_its_rule() {
    let whole = json();
    let log: Value = serde_json::from_slice(&audit("sarif")).expect("JSON");
    let run = &log["runs"][0];
    let rules = list(&run["tool"]["driver"], "rules");
    let by_rule = list(&whole["summary"], "by_rule");
    assert_eq!(rules.len(), by_rule.len());
    let told = |finding: &Value| finding["fingerprint"].to_string();
    let mut findings: Vec<_> = list(&whole, "findings").iter().map(told).collect();
    let results = list(run, "results");
    let told = |result: &Value| result["partialFingerprints"]["auditFinding/v1"].to_string();
    let mut results_told: Vec<_> = results.iter().map(told).collect();
    findings.sort();
    results_told.sort();
    assert_eq!(findings, results_told);
    for result in results {
        let place = number(result, "ruleIndex") as usize;
        assert_eq!(result["ruleId"], rules[place]["id"]);
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn the_junit_report_has_a_case_for_each_rule_and_one_for_the_run() {
    let (whole, report) = (json(), text("junit"));
    let by_rule = list(&whole["summary"], "by_rule");
    let failures = by_rule.iter().filter(|rule| number(rule, "fail") > 0);
    let undecided = |rule: &&Value| number(rule, "fail") == 0 && number(rule, "error") > 0;
    let errors = by_rule.iter().filter(undecided);
    for (element, told) in [
        ("<testcase ", by_rule.len() + 1),
        ("<failure ", failures.count()),
        ("<error ", errors.count() + 1),
    ] {
        assert_eq!(report.matches(element).count(), told, "{element}");
    }
}

#[test]
fn all_that_the_oscal_report_points_at_is_there() {
    let (whole, report) = (json(), audit("oscal"));
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let result = &report["assessment-results"]["results"][0];
    let observations = list(result, "observations");
    assert_eq!(observations.len(), list(&whole, "findings").len());
    let mut known: Vec<_> = observations.iter().map(|told| &told["uuid"]).collect();
    let findings = list(result, "findings").iter();
    let mut related: Vec<_> = findings
        .filter_map(|finding| finding["related-observations"].as_array())
        .flatten()
        .map(|told| &told["observation-uuid"])
        .collect();
    // A rule is evidence for several controls.
    for uuids in [&mut known, &mut related] {
        uuids.sort_by_key(|uuid| uuid.to_string());
        uuids.dedup();
    }
    assert_eq!(known, related);
    assert_eq!(known.len(), observations.len());
    for finding in list(result, "findings") {
        let risks = finding["related-risks"].as_array().into_iter().flatten();
        let mut risks = risks.map(|one| &one["risk-uuid"]);
        let known = |uuid: &Value| list(result, "risks").iter().any(|one| one["uuid"] == *uuid);
        assert!(risks.all(known), "{finding}");
    }
    let items = list(&result["local-definitions"], "inventory-items");
    for observation in observations {
        let subject = &observation["subjects"][0]["subject-uuid"];
        assert!(items.iter().any(|item| item["uuid"] == *subject));
    }
    let complete = &list(result, "props")[0];
    assert_eq!(
        (&complete["name"], &complete["value"]),
        (&"complete".into(), &"false".into())
    );
}

#[test]
fn every_report_ranks_the_same_customers() {
    let policy = r#"
        [policy]
        id = "p"
        [[rule]]
        id = "mfa"
        severity = "high"
        require.force2fa = true
        [[aggregate]]
        id = "twice"
        severity = "critical"
        unique = "id"
    "#;
    // The second customer has an id twice: a finding of all records together.
    let export = r#"[{"id":"first","force2fa":false},{"id":"dup","force2fa":false},{"id":"dup","force2fa":true}]"#;
    let workspace = Workspace::with_policy(policy);
    workspace.write("e.json", export);
    let args = "-q -p policy.toml -o r.json -o r.txt -o r.html e.json";
    let run = workspace.run(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, 1, "{run}");
    let read = |name: &str| workspace.read(name);
    let whole: Value = serde_json::from_str(&read("r.json")).expect("JSON");
    let ranked: Vec<_> = list(&whole["summary"], "top_customers")
        .iter()
        .map(|customer| customer["customer_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ranked, ["first", "dup"]);
    for name in ["r.txt", "r.html"] {
        let report = read(name);
        let (_, ranking) = report
            .split_once("Customers with the most severe findings")
            .expect("a ranking");
        // The first rows after the heading are the ranking.
        let place = |id: &str| ranking.find(id).expect("a row");
        assert!(place("first") < place("dup"), "{name}");
    }
}
