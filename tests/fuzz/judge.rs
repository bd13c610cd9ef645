//! Whatever the bytes, what the judge that `AUDIT_JUDGE` names says of them holds.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

#[path = "../oracle/mod.rs"]
mod oracle;

static JUDGE: LazyLock<fn(&[u8], &Path)> = LazyLock::new(|| {
    let name = std::env::var("AUDIT_JUDGE").expect("AUDIT_JUDGE names a judge");
    let mut judges = oracle::JUDGES.into_iter();
    let judge = judges.find(|(known, _)| *known == name);
    judge.expect("AUDIT_JUDGE names a judge").1
});

static FOLDER: LazyLock<tempfile::TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| JUDGE(bytes, FOLDER.path()));
