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

#[test]
fn no_report_takes_its_place_before_all_slices_are_whole() {
    let desk = desk();
    let at = |name: &str| desk.path().join(name);
    fs::write(at("r.json"), "before").expect("written");
    fs::write(at("m.json"), "before").expect("written");
    // The report of one slice cannot be opened.
    fs::create_dir(at("out/b.md")).expect("made");
    let args = "-q -p p.toml --split-by customer --manifest m.json -o r.json -o out/{}.md e.json";
    let args: Vec<_> = args.split(' ').collect();
    let ended = audit(desk.path(), &args);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    for name in ["r.json", "m.json"] {
        assert_eq!(fs::read_to_string(at(name)).expect("a file"), "before");
    }
    fs::remove_dir(at("out/b.md")).expect("removed");
    let left: Vec<_> = fs::read_dir(at("out")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_slice_never_takes_the_place_of_another_report() {
    for (args, first) in [
        ("-o a.md -o {}.md", "the markdown report `a.md`"),
        ("--manifest a.md -o {}.md", "the manifest `a.md`"),
        ("-o {}.md -o text:{}.md", "the markdown report `{}.md`"),
    ] {
        let desk = desk();
        let all = format!("-q -p p.toml --split-by customer {args} e.json");
        let all: Vec<_> = all.split(' ').collect();
        let ended = audit(desk.path(), &all);
        assert_eq!(ended.status.code(), Some(2), "{args}: {ended:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains(first) && said.contains(" and the "), "{said}");
        let files = fs::read_dir(desk.path()).expect("a folder");
        let names = files.map(|file| file.expect("a file").file_name());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["e.json", "out", "p.toml"], "{args}");
    }
}
