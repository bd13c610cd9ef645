//! A report for each slice: together they tell what the whole does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const POLICY: &str = r#"
[policy]
id = "p"
[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
[[rule]]
id = "name"
severity = "low"
require.name = { present = true }
[[aggregate]]
id = "twice"
severity = "low"
unique = "id"
[[aggregate]]
id = "many"
severity = "info"
records = { at-least = 100 }
"#;

const EXPORT: &str = r#"[
{"id":"a","ownerId":"x","force2fa":false},
{"id":"../a","ownerId":"y","force2fa":false,"name":"N"},
{"ownerId":"x","force2fa":false},
{"id":"b","force2fa":"maybe"},
{"id":"a","ownerId":"x","force2fa":true,"name":"N"}
]"#;

fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.toml"), POLICY).expect("written");
    fs::write(folder.path().join("e.json"), EXPORT).expect("written");
    fs::create_dir(folder.path().join("out")).expect("made");
    folder
}

fn audit(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit"));
    command
        .current_dir(folder)
        .args(args)
        .output()
        .expect("it runs")
}

/// The reports in `out`, by name.
fn slices(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder.join("out")).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let name = |file: &Path| {
        file.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    files
        .map(|file| (name(&file), fs::read(&file).expect("a report")))
        .collect()
}

#[test]
fn every_finding_is_in_the_report_of_its_slice_and_in_no_other() {
    for (by, names) in [
        ("customer", 4),
        ("rule", 4),
        ("severity", 3),
        ("field:owner_id", 3),
    ] {
        let desk = desk();
        let base = [
            "-q",
            "-p",
            "p.toml",
            "--as-of",
            "2026-01-01",
            "-o",
            "all.json",
        ];
        let split = ["--split-by", by, "-o", "out/{}.json", "e.json"];
        let ended = audit(desk.path(), &[base.as_slice(), &split].concat());
        assert_eq!(ended.status.code(), Some(3), "{ended:?}");
        let slices = slices(desk.path());
        assert_eq!(slices.len(), names, "{:?}", slices.keys());
        let read = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
        let all = read(&fs::read(desk.path().join("all.json")).expect("a report"));
        let findings = |report: &Value| report["findings"].as_array().expect("a list").clone();
        let mut told = Vec::new();
        for report in slices.values().map(|text| read(text)) {
            let of_slice = findings(&report);
            let counts = &report["summary"];
            let listed = counts["fail"].as_u64().zip(counts["error"].as_u64());
            assert_eq!(
                listed.map(|(fail, error)| fail + error),
                Some(of_slice.len() as u64)
            );
            told.extend(of_slice);
        }
        let mut whole = findings(&all);
        let order = |finding: &Value| finding.to_string();
        told.sort_by_key(order);
        whole.sort_by_key(order);
        assert_eq!(told, whole, "{by}");
    }
}

#[test]
fn a_slice_is_the_same_when_it_is_made_from_a_report() {
    let desk = desk();
    let split = [
        "--split-by",
        "customer",
        "-o",
        "out/{}.csv",
        "-o",
        "out/{}.md",
    ];
    let base = [
        "-q",
        "-p",
        "p.toml",
        "--as-of",
        "2026-01-01",
        "-o",
        "all.ndjson",
        "e.json",
    ];
    audit(desk.path(), &[base.as_slice(), &split].concat());
    let before = slices(desk.path());
    let names: Vec<_> = before.keys().map(String::as_str).collect();
    assert!(
        names.contains(&"a.md") && names.contains(&"_none.csv"),
        "{names:?}"
    );
    fs::remove_dir_all(desk.path().join("out")).expect("removed");
    fs::create_dir(desk.path().join("out")).expect("made");
    let ended = audit(
        desk.path(),
        &[["convert", "all.ndjson"].as_slice(), &split].concat(),
    );
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(slices(desk.path()), before);
}

#[test]
fn a_slice_never_takes_the_place_of_the_export() {
    let desk = desk();
    fs::rename(desk.path().join("e.json"), desk.path().join("a.json")).expect("moved");
    let args = [
        "-p",
        "p.toml",
        "--split-by",
        "customer",
        "-o",
        "{}.json",
        "a.json",
    ];
    let ended = audit(desk.path(), &args);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    let export = fs::read_to_string(desk.path().join("a.json")).expect("an export");
    assert_eq!(export, EXPORT);
}
