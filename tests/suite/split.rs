//! A report for each slice: together they tell what the whole does.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::Workspace;

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

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("p.toml", POLICY);
    workspace.write("e.json", EXPORT);
    workspace.create_dir("out");
    workspace
}

/// The reports in `out`, by name.
fn slices(workspace: &Workspace) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(workspace.path("out")).expect("a folder");
    files
        .map(|file| file.expect("a file"))
        .map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            (name, fs::read(file.path()).expect("a report"))
        })
        .collect()
}

#[test]
fn every_finding_is_in_the_report_of_its_slice_and_in_no_other() {
    for (by, names) in [
        ("customer", 4),
        ("rule", 4),
        ("severity", 3),
        ("field:owner_id", 3),
        ("file:owners.csv", 3),
    ] {
        let workspace = workspace();
        workspace.write("owners.csv", "id,owner\na,x\n../a,y\nnobody,z\n");
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
        let run = workspace.run(&[base.as_slice(), &split].concat());
        assert_eq!(run.code, 3, "{run}");
        let slices = slices(&workspace);
        assert_eq!(slices.len(), names, "{:?}", slices.keys());
        let read = |text: &[u8]| serde_json::from_slice::<Value>(text).expect("JSON");
        let all = read(workspace.read("all.json").as_bytes());
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
    let workspace = workspace();
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
    workspace.run(&[base.as_slice(), &split].concat());
    let mut before = slices(&workspace);
    // A report that is made from another does not know where that is.
    for page in before.values_mut() {
        let text = String::from_utf8_lossy(page);
        let link = "\nAll findings of the run: see `all.ndjson`.\n";
        *page = text.replace(link, "").into_bytes();
    }
    let names: Vec<_> = before.keys().map(String::as_str).collect();
    assert!(
        names.contains(&"a.md") && names.contains(&"_none.csv"),
        "{names:?}"
    );
    fs::remove_dir_all(workspace.path("out")).expect("removed");
    workspace.create_dir("out");
    let run = workspace.run(&[["convert", "all.ndjson"].as_slice(), &split].concat());
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(slices(&workspace), before);
}

#[test]
fn a_slice_never_takes_the_place_of_the_export() {
    let workspace = workspace();
    fs::rename(workspace.path("e.json"), workspace.path("a.json")).expect("moved");
    let args = [
        "-p",
        "p.toml",
        "--split-by",
        "customer",
        "-o",
        "{}.json",
        "a.json",
    ];
    let run = workspace.run(&args);
    assert_eq!(run.code, 2, "{run}");
    let export = workspace.read("a.json");
    assert_eq!(export, EXPORT);
}

#[test]
fn no_report_takes_its_place_before_all_slices_are_whole() {
    let workspace = workspace();
    workspace.write("r.json", "before");
    workspace.write("m.json", "before");
    // The report of one slice cannot be opened.
    workspace.create_dir("out/b.md");
    let args = "-q -p p.toml --split-by customer --manifest m.json -o r.json -o out/{}.md e.json";
    let run = workspace.run(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, 2, "{run}");
    for name in ["r.json", "m.json"] {
        assert_eq!(workspace.read(name), "before");
    }
    fs::remove_dir(workspace.path("out/b.md")).expect("removed");
    let left = slices(&workspace);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn names_that_are_known_meet_before_any_record_is_read() {
    for (by, args) in [
        ("severity", "-o high.md -o {}.md"),
        ("severity", "--manifest info.md -o {}.md"),
        ("severity", "-o {}.md -o text:out/../{}.md"),
        ("rule", "-o json:out/{} -o csv:out/{}"),
        ("customer", "-o _none.md -o {}.md"),
        ("field:owner_id", "-o {}.csv -o csv:./{}.csv"),
    ] {
        let workspace = workspace();
        // Nothing is found, so that no slice comes of it.
        let rules = POLICY.split("[[aggregate]]").next().expect("rules");
        workspace.write("p.toml", rules);
        workspace.write("e.json", r#"[{"id":"a","force2fa":true,"name":"N"}]"#);
        let before = workspace.names();
        let all = format!("-q -p p.toml --split-by {by} {args} e.json");
        let run = workspace.run(&all.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{args}: {run}");
        assert!(run.stderr.starts_with("error: two reports go to "), "{run}");
        assert_eq!(workspace.names(), before, "{args}");
    }
}

#[test]
fn the_page_of_a_slice_ranks_no_customers_and_denies_none() {
    let workspace = workspace();
    let args = "-q -p p.toml --split-by severity -o out/{}.html e.json";
    let run = workspace.run(&args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.code, 3, "{run}");
    let page = workspace.read("out/high.html");
    assert!(page.contains("only findings of"), "{page}");
    assert!(!page.contains("most severe findings"), "{page}");
}

#[test]
fn a_slice_never_takes_the_place_of_another_report() {
    for (args, first) in [
        ("-o a.md -o {}.md", "the markdown report `a.md`"),
        ("--manifest a.md -o {}.md", "the manifest `a.md`"),
        ("-o {}.md -o text:{}.md", "the markdown report `{}.md`"),
    ] {
        let workspace = workspace();
        let all = format!("-q -p p.toml --split-by customer {args} e.json");
        let run = workspace.run(&all.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code, 2, "{args}: {run}");
        let message = &run.stderr;
        assert!(
            message.contains(first) && message.contains(" and the "),
            "{message}"
        );
        assert_eq!(workspace.names(), ["e.json", "out", "p.toml"], "{args}");
    }
}

#[test]
fn a_file_that_is_no_table_of_slices_is_refused_with_its_place() {
    let workspace = workspace();
    for (owners, says) in [
        (
            None,
            "error: `owners.csv`, by which reports are split, could not be read: No such file",
        ),
        (
            Some(""),
            "error: `owners.csv`, line 1, column 1: the file is empty: write `id,slice`",
        ),
        (
            Some("id,severity\na,x\n"),
            "error: `owners.csv`, line 1, column 2: the second column is called `severity`",
        ),
        (
            Some("id,owner\na,x\na,y\n"),
            "error: `owners.csv`, line 3, column 1: the customer is in `y` here and in `x` on line 2",
        ),
    ] {
        if let Some(owners) = owners {
            workspace.write("owners.csv", owners);
        }
        let split = ["--split-by", "file:owners.csv", "-o", "out/{}.md"];
        let run = workspace.run(&[&["-p", "p.toml", "e.json"][..], &split].concat());
        assert_eq!(run.code, 2, "{run}");
        assert!(run.stderr.contains(says), "{run}");
        assert!(slices(&workspace).is_empty());
    }
}
