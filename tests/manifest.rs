//! A manifest tells what was read and written, and others find the same.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit"));
    command
        .current_dir(folder)
        .args(args)
        .output()
        .expect("it runs")
}

/// A folder in which an audit was made, with a policy that has a byte order
/// mark, a packed export, and a report of each sort of file.
fn audited() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let policy = "\u{feff}[policy]\nid = \"p\"\nextends = [\"checks\", \"base.toml\"]\n";
    let base = "[policy]\nid = \"b\"\n[[rule]]\nid = \"mfa\"\nseverity = \"low\"\nrequire.force2fa = true\n";
    fs::write(path("p.toml"), policy).expect("written");
    fs::write(path("base.toml"), base).expect("written");
    fs::write(path("a.ndjson"), "{\"id\":\"a\",\"force2fa\":false}\n").expect("written");
    let file = fs::File::create(path("b.json.gz")).expect("a file");
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed
        .write_all(b"[{\"id\":\"b\",\"force2fa\":true}]")
        .expect("written");
    packed.finish().expect("written");
    // It ends within a record: what comes after the mistake is part of it too.
    fs::write(path("c.json"), "[{\"id\":\"c\"} }").expect("written");
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
    let ended = run(folder.path(), &[args.as_slice(), &exports].concat());
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    folder
}

#[test]
fn sha256sum_finds_the_digests_of_a_manifest_right() {
    let folder = audited();
    let manifest = fs::read(folder.path().join("m.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let files = ["policies", "exports", "reports"].into_iter();
    let files = files.flat_map(|key| manifest[key].as_array().expect("a list"));
    let text = |file: &Value, key: &str| file[key].as_str().expect("text").to_owned();
    let files = files.filter(|file| !text(file, "path").starts_with("bundled:"));
    let sums = files.map(|file| format!("{}  {}\n", text(file, "sha256"), text(file, "path")));
    let sums: Vec<_> = sums.collect();
    assert_eq!(sums.len(), 7);
    fs::write(folder.path().join("sums"), sums.concat()).expect("written");
    let mut check = Command::new("sha256sum");
    let checked = check
        .current_dir(&folder)
        .args(["--strict", "-c", "sums"])
        .output();
    assert!(checked.expect("it runs").status.success());
    assert_eq!(manifest["complete"], false);
    // The record before the mistake is judged.
    assert_eq!(manifest["counts"]["fail"], 2);
}

#[test]
fn verify_tells_what_is_other_than_it_was() {
    let folder = audited();
    let verify = || {
        let ended = run(folder.path(), &["verify", "m.json"]);
        (
            ended.status.code(),
            String::from_utf8(ended.stdout).expect("text"),
        )
    };
    let (code, said) = verify();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("bundled:checks.toml: OK\n") && said.contains("not complete"));
    fs::write(folder.path().join("r.csv"), "nothing").expect("written");
    fs::write(
        folder.path().join("a.ndjson"),
        "{\"id\":\"a\",\"force2fa\":null }\n",
    )
    .expect("written");
    fs::remove_file(folder.path().join("base.toml")).expect("removed");
    let (code, said) = verify();
    assert_eq!(code, Some(1), "{said}");
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
    let before = fs::read(folder.path().join("m.json")).expect("a manifest");
    let args = [
        "-p",
        "p.toml",
        "-o",
        "none/r.json",
        "--manifest",
        "m.json",
        "a.ndjson",
    ];
    assert_eq!(run(folder.path(), &args).status.code(), Some(2));
    assert_eq!(
        fs::read(folder.path().join("m.json")).expect("a manifest"),
        before
    );
}
