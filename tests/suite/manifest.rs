//! A manifest tells what was read and written, and others find the same.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use serde_json::Value;

use crate::support::Workspace;

/// A folder in which an audit was made, with a policy that has a byte order
/// mark, a packed export, and a report of each sort of file.
fn audited() -> Workspace {
    let folder = Workspace::new();
    let policy = "\u{feff}[policy]\nid = \"p\"\nextends = [\"checks\", \"base.toml\"]\n";
    let base = "[policy]\nid = \"b\"\n[[rule]]\nid = \"mfa\"\nseverity = \"low\"\nrequire.force2fa = true\n";
    folder.write("p.toml", policy);
    folder.write("base.toml", base);
    folder.write("a.ndjson", "{\"id\":\"a\",\"force2fa\":false}\n");
    let file = fs::File::create(folder.path("b.json.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed
        .write_all(b"[{\"id\":\"b\",\"force2fa\":true}]")
        .expect("written");
    packed.finish().expect("written");
    // It ends within a record: what comes after the mistake is part of it too.
    folder.write("c.json", "[{\"id\":\"c\"} }");
    let args = [
        "-q",
        "-p",
        "p.toml",
        "-o",
        "r.json",
        "-o",
        "r.csv",
        "--manifest",
        "m.json",
    ];
    let exports = ["a.ndjson", "b.json.gz", "c.json"];
    let run = folder.run(&[args.as_slice(), &exports].concat());
    assert_eq!(run.code, 3, "{run}");
    folder
}

#[test]
fn sha256sum_finds_the_digests_of_a_manifest_right() {
    let folder = audited();
    let manifest = folder.read("m.json");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    let files = ["policies", "exports", "reports"].into_iter();
    let files = files.flat_map(|key| manifest[key].as_array().expect("a list"));
    let text = |file: &Value, key: &str| file[key].as_str().expect("text").to_owned();
    let files = files.filter(|file| !text(file, "path").starts_with("bundled:"));
    let sums = files.map(|file| format!("{}  {}\n", text(file, "sha256"), text(file, "path")));
    let sums: Vec<_> = sums.collect();
    assert_eq!(sums.len(), 7);
    folder.write("sums", sums.concat());
    let mut check = Command::new("sha256sum");
    let checked = check
        .current_dir(folder.folder())
        .args(["--strict", "-c", "sums"])
        .output();
    assert!(checked.expect("it runs").status.success());
    assert_eq!(manifest["complete"], false);
    // The record before the mistake is judged.
    assert_eq!(manifest["counts"]["fail"], 2);
}

#[test]
fn verify_names_every_file_that_changed() {
    let folder = audited();
    let verify = || folder.run(&["verify", "m.json"]);
    let run = verify();
    assert_eq!(run.code, 0, "{run}");
    let said = run.text();
    assert!(said.contains("bundled:checks.toml: OK\n") && said.contains("not complete"));
    folder.write("r.csv", "nothing");
    folder.write("a.ndjson", "{\"id\":\"a\",\"force2fa\":null }\n");
    fs::remove_file(folder.path("base.toml")).expect("removed");
    let run = verify();
    assert_eq!(run.code, 1, "{run}");
    let said = run.text();
    assert!(
        said.contains("r.csv: FAILED: it has 7 bytes, and had "),
        "{said}"
    );
    assert!(
        said.contains("a.ndjson: FAILED: its content has changed"),
        "{said}"
    );
    assert!(said.contains("base.toml: FAILED: No such file"), "{said}");
    assert!(said.contains("3 files differ from the manifest"), "{said}");
}

#[test]
fn a_run_that_fails_leaves_the_manifest_as_it_was() {
    let folder = audited();
    let before = folder.read("m.json");
    let args = [
        "-p",
        "p.toml",
        "-o",
        "none/r.json",
        "--manifest",
        "m.json",
        "a.ndjson",
    ];
    assert_eq!(folder.run(&args).code, 2);
    assert_eq!(folder.read("m.json"), before);
}

#[test]
fn verify_reads_no_device_that_has_no_end() {
    let folder = audited();
    let manifest = folder.read("m.json");
    let changed = manifest.replace("\"a.ndjson\"", "\"/dev/zero\"");
    assert_ne!(manifest, changed);
    folder.write("m.json", changed);
    let run = folder.run(&["verify", "m.json"]);
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.text().contains("/dev/zero: FAILED: it is no file"),
        "{run}"
    );
}
