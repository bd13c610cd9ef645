//! A packed report is the plain one, packed: the same at any time and with any number of
//! threads, whole or not there, and read like the plain one.

use std::fs;
use std::io::Read as _;

use audit::report::Format;

use crate::support::{Run, Workspace};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

fn workspace(records: usize) -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    let record = |number| {
        format!(
            "{{\"id\":\"c{number}\",\"force2fa\":{}}}\n",
            number % 2 == 0
        )
    };
    workspace.write(
        "e.ndjson",
        (0..records).map(record).collect::<String>() + "{\n",
    );
    workspace
}

fn audited(workspace: &Workspace, args: &[&str]) -> Run {
    let base = ["-q", "-p", "policy.toml", "--as-of", "2026-01-01"];
    let run = workspace.run(&[base.as_slice(), args, &["e.ndjson"]].concat());
    assert_eq!(run.code, 3, "{run}");
    run
}

fn unpacked(workspace: &Workspace, name: &str) -> Vec<u8> {
    let file = fs::File::open(workspace.path(name)).expect("a report");
    let mut bytes = Vec::new();
    if name.ends_with(".gz") {
        let mut reader = flate2::read::GzDecoder::new(file);
        reader.read_to_end(&mut bytes).expect("gzip");
        let header = reader.header().expect("a header");
        assert_eq!((header.mtime(), header.filename()), (0, None));
    } else {
        bytes = zstd::decode_all(file).expect("zstd");
    }
    bytes
}

#[test]
fn every_format_can_be_packed() {
    let workspace = workspace(9);
    for format in Format::ALL.iter().map(|format| format.name()) {
        let plain = audited(&workspace, &["-f", format]).stdout;
        for packed in ["gz", "zst"] {
            let name = format!("r.{format}.{packed}");
            audited(&workspace, &["-o", &name]);
            assert_eq!(unpacked(&workspace, &name), plain, "{name}");
        }
    }
    audited(&workspace, &["-o", "csv:x.gz"]);
    let plain = audited(&workspace, &["-f", "csv"]).stdout;
    assert_eq!(unpacked(&workspace, "x.gz"), plain);
}

#[test]
fn any_number_of_threads_packs_the_same_bytes() {
    let workspace = workspace(20_000);
    for name in ["r.ndjson.gz", "r.ndjson.zst"] {
        let packed = ["1", "4"].map(|threads| {
            audited(&workspace, &["-j", threads, "-o", name]);
            fs::read(workspace.path(name)).expect("a report")
        });
        assert!(packed[0] == packed[1], "{name}");
    }
}

#[test]
fn slices_are_packed_each() {
    let workspace = workspace(4);
    audited(
        &workspace,
        &[
            "--split-by",
            "customer",
            "-o",
            "plain-{}.md",
            "-o",
            "{}.md.gz",
            "-o",
            "{}.json.zst",
        ],
    );
    for customer in ["c1", "c3"] {
        let plain = workspace.read(&format!("plain-{customer}.md"));
        let packed = unpacked(&workspace, &format!("{customer}.md.gz"));
        assert_eq!(packed, plain.into_bytes());
        let json = unpacked(&workspace, &format!("{customer}.json.zst"));
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    }
}

#[test]
fn a_packed_report_is_verified_and_converted() {
    let workspace = workspace(9);
    let packed = ["r.json.gz", "r.ndjson.zst"];
    let outputs = packed.map(|name| ["-o", name]).concat();
    let manifest = ["-o", "r.csv", "--manifest", "m.json"];
    audited(&workspace, &[outputs.as_slice(), &manifest].concat());
    let run = workspace.run(&["verify", "m.json"]);
    assert_eq!(run.code, 0, "{run}");
    for name in packed {
        let run = workspace.run(&["convert", name, "-f", "csv"]);
        assert_eq!(
            (run.code, run.text()),
            (0, workspace.read("r.csv").as_str()),
            "{run}"
        );
        let again = format!("again-{name}");
        assert_eq!(workspace.run(&["convert", name, "-o", &again]).code, 0);
        let bytes = |name| fs::read(workspace.path(name)).expect("a report");
        assert!(bytes(&again) == bytes(name), "{name}");
    }
    let mut bytes = fs::read(workspace.path("r.json.gz")).expect("a report");
    bytes[4] ^= 1;
    workspace.write("r.json.gz", bytes);
    let run = workspace.run(&["verify", "m.json"]);
    assert_eq!(run.code, 1, "{run}");
    let said = "r.json.gz: FAILED: its content has changed";
    assert!(run.text().contains(said), "{run}");
}

#[test]
fn a_packed_report_that_a_device_cannot_take_fails_the_run() {
    let workspace = workspace(9);
    // The devices themselves have no extension of a packed file.
    for name in ["r.csv.gz", "r.csv.zst"] {
        std::os::unix::fs::symlink("/dev/full", workspace.path(name)).expect("linked");
        let run = workspace.run(&["-q", "-p", "policy.toml", "-o", name, "e.ndjson"]);
        assert_eq!(run.code, 2, "{run}");
        let said = format!("error: report `{name}` could not be written whole");
        assert!(run.stderr.contains(&said), "{run}");
    }
}
