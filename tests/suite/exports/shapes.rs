//! Every shape that is read comes to the same as a plain array of its customers.

mod spelt;
mod tables;
mod wrapped;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::customers::{POLICY, customers, one_bad};
use crate::sound::accounts::Record;
use crate::sound::shapes::{SHAPES, Write};
use crate::support::{Run, Workspace, check};

/// All shapes that are read, by name.
pub fn shapes() -> impl Iterator<Item = (&'static str, Write)> {
    let here = [wrapped::SHAPES, tables::SHAPES, spelt::SHAPES].concat();
    SHAPES.into_iter().chain(here)
}

/// What a run came to: the findings in their order, the records, those that were
/// rejected, and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Judgement {
    pub findings: Vec<[String; 3]>,
    pub counts: (u64, u64),
    pub code: i32,
}

impl Judgement {
    pub fn of(run: &Run) -> Self {
        let report = run.report();
        let findings = report["findings"].as_array().unwrap().iter();
        let said = |finding: &serde_json::Value| {
            ["rule", "status", "customer_id"]
                .map(|key| finding[key].as_str().unwrap_or("-").to_owned())
        };
        Self {
            findings: findings.map(said).collect(),
            counts: run.counts(),
            code: run.code,
        }
    }
}

/// Audits files that are written to a folder of their own.
pub fn audit_files(files: &[impl AsRef<[u8]>], options: &[&str]) -> Run {
    let workspace = Workspace::with_policy(POLICY);
    let names: Vec<_> = (0..files.len())
        .map(|number| format!("export-{number}"))
        .collect();
    for (name, bytes) in names.iter().zip(files) {
        workspace.write(name, bytes);
    }
    workspace.audit(
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
        options,
    )
}

/// The judgement of a plain array.
pub fn of_array(records: &[Record]) -> Judgement {
    let run = audit_files(&[serde_json::json!(records).to_string()], &[]);
    check(
        run.counts() == (records.len() as u64, 0),
        "a plain array",
        &run,
    );
    Judgement::of(&run)
}

/// Two members of gzip.
pub fn gzip(text: &str) -> Vec<u8> {
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    let pack = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    [pack(first), pack(second)].concat()
}

/// Two frames of zstd.
pub fn zstd(text: &str) -> Vec<u8> {
    let (first, second) = text.as_bytes().split_at(text.len() / 3);
    let pack = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    [pack(first), pack(second)].concat()
}

/// More than the first window holds, so that the others are as small as they are asked
/// to be.
const MANY: usize = 72;

/// The sizes of windows, and how many threads read them.
const WINDOWS: [(&str, &str); 3] = [("1", "3"), ("64", "1"), ("262144", "3")];

/// Packs a text.
type Pack = fn(&str) -> Vec<u8>;

/// How files are packed, by name.
pub const PACKS: [(&str, Pack); 3] = [
    ("plain", |text| text.as_bytes().to_owned()),
    ("gzip", gzip),
    ("zstd", zstd),
];

#[test]
fn every_shape_comes_to_the_same_as_a_plain_array() {
    let records = customers(MANY);
    let wanted = of_array(&records);
    assert_eq!(wanted.code, 1);
    let mut others = Vec::new();
    for (shape, write) in shapes() {
        let files = write(&records);
        for (pack, packed) in PACKS {
            let files: Vec<_> = files.iter().map(|text| packed(text)).collect();
            for (window, threads) in WINDOWS {
                let run = audit_files(&files, &["--window-bytes", window, "-j", threads]);
                if Judgement::of(&run) != wanted {
                    let how = format!("{pack}, windows of {window} bytes, {threads} threads");
                    others.push(format!("{shape}, {how}: {}", run.stderr));
                }
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn one_bad_customer_anywhere_in_any_shape_is_found() {
    let mut others = Vec::new();
    for (shape, write) in shapes() {
        for at in [0, 4, 9] {
            let (records, bad) = one_bad(at);
            let run = audit_files(&write(&records), &["--skip", "seen"]);
            let found = [["second-factor", "fail", &bad].map(str::to_owned)];
            if run.code != 1 || Judgement::of(&run).findings != found {
                others.push(format!(
                    "{shape}, customer {at}: exit {}: {}",
                    run.code, run.stderr
                ));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}
