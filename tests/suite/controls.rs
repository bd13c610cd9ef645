//! What reports say by control, counted anew from the matrix: what each rule came to for each
//! record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Run, Workspace, check, command};

/// What a matrix says: the letters of each row, by rule.
struct Matrix {
    rules: Vec<String>,
    /// The customer's id, the export, the number of the record, and the letters.
    rows: Vec<(String, String, String, Vec<String>)>,
}

fn matrix(text: &[u8]) -> Matrix {
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers().expect("a header").clone();
    let rules = header.iter().skip(3).map(str::to_owned).collect();
    assert_eq!(
        header.iter().take(3).collect::<Vec<_>>(),
        ["customer_id", "export", "record"]
    );
    let rows = reader.records().map(|row| {
        let row = row.expect("a row");
        let letters = row.iter().skip(3).map(str::to_owned).collect();
        let cell = |index: usize| row[index].to_owned();
        (cell(0), cell(1), cell(2), letters)
    });
    Matrix {
        rules,
        rows: rows.collect(),
    }
}

impl Matrix {
    /// How often each letter is in the columns of these rules.
    fn letters(&self, rules: &BTreeSet<String>) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (_, _, _, letters) in &self.rows {
            for (rule, letter) in self.rules.iter().zip(letters) {
                if rules.contains(rule) {
                    *counts.entry(letter.clone()).or_default() += 1;
                }
            }
        }
        counts
    }

    /// How many records one of these rules judged.
    fn judged(&self, rules: &BTreeSet<String>) -> u64 {
        let judged = self.rows.iter().filter(|(_, _, record, letters)| {
            let mut cells = self.rules.iter().zip(letters);
            !record.is_empty()
                && cells.any(|(rule, letter)| {
                    rules.contains(rule) && matches!(letter.as_str(), "P" | "F" | "E" | "W")
                })
        });
        judged.count() as u64
    }
}

/// The status of a control, as the words of the contract say it.
fn status(control: &Value, matrix: &Matrix, were_read_whole: bool) -> &'static str {
    let strengths = ["direct", "partial", "supporting"].map(|strength| {
        let rules = control["rules"].as_array().expect("rules").iter();
        let rules = rules.filter(|rule| rule["strength"] == strength);
        matrix.letters(&rules.map(name).collect())
    });
    let [direct, partial, supporting] = &strengths;
    let number = |counts: &BTreeMap<String, u64>, letters: &str| -> u64 {
        let letters = letters.chars().map(|letter| letter.to_string());
        letters
            .map(|letter| counts.get(&letter).copied().unwrap_or_default())
            .sum()
    };
    let all = |letters| {
        strengths
            .iter()
            .map(|one| number(one, letters))
            .sum::<u64>()
    };
    if number(direct, "FW") + number(partial, "FW") > 0 {
        "not-met"
    } else if !were_read_whole || all("E") > 0 || number(supporting, "FW") > 0 {
        "undecided"
    } else if number(direct, "P") > 0 {
        "met"
    } else if all("P") > 0 {
        "consistent"
    } else {
        "not-tested"
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("text")
}

fn name(rule: &Value) -> String {
    format!("{}/{}", text(rule, "policy"), text(rule, "rule"))
}

/// Reasons for which exports were not read whole, among those that these exports give.
const NOT_WHOLE: [&str; 3] = ["rejected", "truncated", "no-id"];

/// Counts all controls of a report anew.
fn count_anew(report: &Value, matrix: &Matrix) {
    let gaps = report["summary"]["incomplete_because"].as_array();
    let codes = gaps.expect("reasons").iter().map(|gap| &gap["code"]);
    let were_read_whole = !codes
        .filter_map(Value::as_str)
        .any(|code| NOT_WHOLE.contains(&code));
    let mut over_all = BTreeSet::new();
    for policy in report["policies"].as_array().expect("policies") {
        let rules = policy["rules"].as_array().expect("rules").iter();
        let rules = rules.filter(|rule| !rule["aggregate"].is_null());
        let id = |rule: &Value| format!("{}/{}", text(policy, "id"), text(rule, "id"));
        over_all.extend(rules.map(id));
    }
    let controls = report["controls"].as_array().expect("controls");
    assert!(!controls.is_empty());
    for control in controls {
        let rules = control["rules"].as_array().expect("rules");
        let rules: BTreeSet<_> = rules.iter().map(name).collect();
        let letters = matrix.letters(&rules);
        for (key, letter) in [
            ("pass", "P"),
            ("fail", "F"),
            ("error", "E"),
            ("not_applicable", "N"),
            ("waived", "W"),
        ] {
            let counted = letters.get(letter).copied().unwrap_or_default();
            assert_eq!(control[key], counted, "{key} of {control}");
        }
        // A rule over all records judges a record too that is counted with another of its
        // customer, and has no letter.
        let judged = matrix.judged(&rules);
        let records = control["records"].as_u64().expect("a number");
        match rules.is_disjoint(&over_all) {
            true => assert_eq!(records, judged, "{control}"),
            false => assert!(records >= judged, "{control}"),
        }
        assert_eq!(
            control["status"],
            status(control, matrix, were_read_whole),
            "{control}"
        );
    }
    for rule in report["summary"]["by_rule"].as_array().expect("rules") {
        let letters = matrix.letters(&BTreeSet::from([name(rule)]));
        let pass = letters.get("P").copied().unwrap_or_default();
        assert_eq!(rule["pass"], pass, "{rule}");
    }
}

/// The names of the shipped policies that have rules.
const SHIPPED: [&str; 8] = [
    "pci",
    "soc2",
    "cis-controls",
    "iso27001",
    "nist-800-53",
    "nist-csf",
    "baseline",
    "record-integrity",
];

fn sample() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let sample = root.join("tests/data/customers.json");
    std::fs::read_to_string(sample).expect("the sample")
}

/// Audits an export, and reads the report and the matrix.
fn audited(folder: &Workspace, args: &[&str], exports: &[&str]) -> (Value, Vec<u8>) {
    let usual = [
        "-q",
        "--as-of",
        "2026-12-01T00:00:00Z",
        "--matrix",
        "m.csv",
        "-o",
        "r.json",
    ];
    let run = folder.run(&[&usual[..], args, exports].concat());
    check(run.code != 2, "an audit", &run);
    let report = serde_json::from_str(&folder.read("r.json")).expect("a report");
    let matrix = std::fs::read(folder.path("m.csv")).expect("a matrix");
    (report, matrix)
}

#[test]
fn the_counts_of_controls_are_those_of_the_matrix_for_every_shipped_policy() {
    let folder = Workspace::new();
    folder.write("e.json", sample());
    for policy in SHIPPED {
        let (report, text) = audited(&folder, &["-p", policy], &["e.json"]);
        let matrix = matrix(&text);
        let records = report["summary"]["records"].as_u64().expect("a number");
        let rows = matrix.rows.iter().filter(|row| !row.2.is_empty()).count();
        assert_eq!(rows as u64, records, "{policy}");
        count_anew(&report, &matrix);
    }
}

/// Customers in many forms: some twice, some without an id, some that cannot be read.
fn many(records: u32) -> String {
    let mut export = String::new();
    for number in 0..records {
        let flag = |of: u32| ["true", "false", "null", "\"x\""][(number / of) as usize % 4];
        let id = match number % 41 {
            0 => String::new(),
            1 => format!("\"id\":\"c{}\",", number - 1),
            _ => format!("\"id\":\"c{number}\","),
        };
        let contact = number % 7;
        export += &match number % 97 {
            96 => "{\"id\":\n".to_owned(),
            _ => format!(
                "{{{id}\"name\":\"n{}\",\"forceSso\":{},\"force2fa\":{},\"hasPci\":{},\
                 \"securityContactId\":\"k{contact}\",\"createdAt\":\"2024-01-0{}T00:00:00Z\"}}\n",
                number % 89,
                flag(1),
                flag(3),
                flag(5),
                1 + number % 9
            ),
        };
    }
    export
}

#[test]
fn the_matrix_of_a_large_export_is_the_same_with_any_number_of_threads() {
    let folder = Workspace::new();
    folder.write("a.ndjson", many(3000));
    folder.write("b.ndjson", many(500));
    let policies = SHIPPED.map(|name| ["-p", name]).concat();
    let of = |threads: &str, window: &str| {
        let more = ["-j", threads, "--window-bytes", window];
        let args = [policies.as_slice(), &more].concat();
        audited(&folder, &args, &["a.ndjson", "b.ndjson"])
    };
    let (report, one) = of("1", "1000000");
    let (other, three) = of("3", "10000");
    assert!(one == three);
    assert_eq!(report, other);
    let matrix = matrix(&one);
    assert_eq!(
        matrix.rows.iter().filter(|row| !row.2.is_empty()).count(),
        3500
    );
    let without_id = matrix.rows.iter().filter(|row| row.0.is_empty());
    assert!(without_id.count() > 80);
    count_anew(&report, &matrix);
}

#[test]
fn what_is_left_out_waived_or_out_of_scope_is_so_in_the_matrix() {
    let folder = Workspace::new();
    let policy = "
        [policy]
        id = 'p'
        scope.deletedAt = { passed = false }
        [[rule]]
        id = 'mfa'
        severity = 'high'
        require.force2fa = true
        references = ['CIS Controls 8.1: 6.3 (partial)']
        [[rule]]
        id = 'sso'
        severity = 'low'
        require.forceSso = true
        references = ['CIS Controls 8.1: 6.7 (direct)']
        [[aggregate]]
        id = 'one-name'
        severity = 'low'
        unique = 'name'
        references = ['CIS Controls 8.1: 15.1 (supporting)']
        [[aggregate]]
        id = 'enough'
        severity = 'low'
        records = { at-least = 9 }
        references = ['CIS Controls 8.1: 15.1 (direct)']
        [[control]]
        framework = 'CIS Controls 8.1'
        requirement = '6.2'
        evidenced-by = 'the access team'
    ";
    folder.write("p.toml", policy);
    let waiver = "
        [[waiver]]
        id = 'W-1'
        policy = 'p'
        rule = 'mfa'
        customer = 'a'
        reason = 'x'
        requested-by = 'x'
        approved-by = 'y'
        approved = 2026-11-01
        expires = 2027-01-01
        any-value = true
    ";
    folder.write("w.toml", waiver);
    let export = r#"
        {"id":"a","name":"n","force2fa":false,"deletedAt":null}
        {"id":"b","name":"n","force2fa":true,"deletedAt":null}
        {"id":"a","name":"n","force2fa":"?","deletedAt":null}
        {"id":"c","name":"m","force2fa":true,"deletedAt":"2025-01-01T00:00:00Z"}
        {"id":"d","name":"o","force2fa":true,"deletedAt":null}
    "#;
    folder.write("e.ndjson", export);
    let args = ["-p", "p.toml", "--skip", "sso", "--waivers", "w.toml"];
    let (report, matrix) = audited(&folder, &args, &["e.ndjson"]);
    assert_eq!(
        String::from_utf8(matrix).expect("text"),
        "customer_id,export,record,p/mfa,p/one-name,p/enough,p/sso\r\n\
         a,e.ndjson,1,W,F,,\r\n\
         b,e.ndjson,2,P,F,,\r\n\
         a,e.ndjson,3,E,,,\r\n\
         c,e.ndjson,4,O,O,O,\r\n\
         d,e.ndjson,5,P,P,,\r\n\
         ,,,,,F,\r\n"
    );
    let controls = report["controls"].as_array().expect("controls").iter();
    let said = controls.map(|control| {
        let text = |key: &str| text(control, key).to_owned();
        (
            text("requirement"),
            text("status"),
            control["records"].clone(),
        )
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("6.2", "not-tested", 0),
            ("6.3", "not-met", 4),
            ("6.7", "not-tested", 0),
            ("15.1", "not-met", 4),
        ]
        .map(|(control, status, records)| (
            control.to_owned(),
            status.to_owned(),
            Value::from(records)
        ))
    );
}

#[test]
fn a_report_whose_controls_do_not_follow_from_its_rules_is_refused() {
    let folder = Workspace::new();
    folder.write("e.json", sample());
    let (report, _) = audited(&folder, &["-p", "pci"], &["e.json"]);
    for (key, value) in [
        ("status", Value::from("met")),
        ("fail", Value::from(0)),
        ("records", Value::from(45)),
        ("rules", Value::Array(Vec::new())),
    ] {
        let mut changed = report.clone();
        let controls = changed["controls"].as_array_mut().expect("controls");
        let mut tested = controls.iter_mut();
        let control = tested.find(|control| control["fail"] != 0);
        control.expect("a control that is not met")[key] = value;
        folder.write("changed.json", changed.to_string());
        let run = folder.run(&["convert", "changed.json", "-f", "controls"]);
        assert_eq!(run.code, 2, "{key}: {run}");
        assert!(run.stderr.contains("`controls` says of PCI DSS"), "{run}");
    }
    let mut fewer = report;
    let controls = fewer["controls"].as_array_mut().expect("controls");
    controls.pop();
    folder.write("changed.json", fewer.to_string());
    let run = folder.run(&["convert", "changed.json", "-f", "controls"]);
    assert!(run.stderr.contains("that its policies name"), "{run}");
}

#[test]
fn no_matrix_is_made_from_a_report() {
    let folder = Workspace::new();
    folder.write("e.json", sample());
    audited(&folder, &["-p", "pci"], &["e.json"]);
    for args in [
        &["convert", "r.json", "-f", "matrix"][..],
        &["convert", "r.json", "-o", "matrix:x.csv"],
        &["diff", "r.json", "r.json", "-f", "matrix"],
    ] {
        let run = folder.run(args);
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains("no matrix report can be made"), "{run}");
    }
    let split = [
        "-p",
        "pci",
        "--split-by",
        "rule",
        "-o",
        "matrix:{}.csv",
        "e.json",
    ];
    let run = folder.run(&split);
    assert!(run.stderr.contains("cannot be split"), "{run}");
}

#[test]
fn a_packed_matrix_is_unpacked_to_the_same_and_is_in_the_manifest() {
    let folder = Workspace::new();
    folder.write("e.json", sample());
    let (_, plain) = audited(&folder, &["-p", "baseline"], &["e.json"]);
    let run = Run::of(
        command()
            .current_dir(folder.folder())
            .args(["-q", "--as-of", "2026-12-01T00:00:00Z", "-p", "baseline"])
            .args([
                "--matrix",
                "m.csv.gz",
                "--manifest",
                "manifest.json",
                "e.json",
            ]),
    );
    check(run.code != 2, "an audit", &run);
    let packed = std::fs::File::open(folder.path("m.csv.gz")).expect("a file");
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed);
    std::io::Read::read_to_end(&mut reader, &mut unpacked).expect("gzip");
    assert!(plain == unpacked);
    let manifest: Value = serde_json::from_str(&folder.read("manifest.json")).expect("JSON");
    assert_eq!(manifest["reports"][0]["format"], "matrix");
    assert_eq!(folder.run(&["verify", "manifest.json"]).code, 0);
}
