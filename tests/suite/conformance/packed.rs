//! Exports that are packed with gzip or zstd, whole and damaged.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::cuts::cut_packed;
use super::{FIRST_BATCH, read, record, workspace};
use crate::support::check;

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

const PACKERS: [fn(&str) -> Vec<u8>; 2] = [|text| gzip(text), |text| zstd(text)];

fn lines() -> String {
    format!("{}\n{}\n", record("a"), record("b"))
}

#[test]
fn a_packed_export_that_is_cut_is_never_whole() {
    let workspace = workspace();
    let array = format!("[{},{}]", record("a"), record("b"));
    for pack in PACKERS {
        cut_packed(&workspace, &pack(&lines()));
        cut_packed(&workspace, &pack(&array));
    }
}

#[test]
fn all_members_and_frames_are_read() {
    let workspace = workspace();
    let text = format!("{}{}\n", lines(), record("c"));
    for pack in PACKERS {
        for cut in [1, 20, lines().len(), text.len() - 1] {
            let packed = [pack(&text[..cut]), pack(""), pack(&text[cut..])].concat();
            let run = read(&workspace, "members", &packed, &[]);
            check(run.found("sso") == ["a", "b", "c"], "all are read", &run);
            check(run.code == 1, "it is whole", &run);
        }
    }
}

#[test]
fn a_small_export_that_is_damaged_at_its_end_is_judged_before() {
    let workspace = workspace();
    for (what, packed) in damaged(&lines()) {
        let run = read(&workspace, what, &packed, &[]);
        check(run.code == 3, what, &run);
        check(run.found("sso") == ["a", "b"], what, &run);
    }
}

#[test]
fn a_large_export_that_is_damaged_at_its_end_is_judged_before() {
    let workspace = workspace();
    let text = record("a") + "\n".repeat(6 * FIRST_BATCH).as_str() + &record("b") + "\n";
    for (what, packed) in damaged(&text) {
        let run = read(&workspace, what, &packed, &[]);
        check(run.code == 3, what, &run);
        check(run.found("sso") == ["a", "b"], what, &run);
    }
}

/// All of the text can be unpacked, and what follows is wrong.
fn damaged(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (gzip, zstd) = (gzip(text), zstd(text));
    let flip = |bytes: &[u8], from_end: usize| {
        let mut bytes = bytes.to_vec();
        let at = bytes.len() - from_end;
        bytes[at] ^= 0x55;
        bytes
    };
    vec![
        ("a bad gzip checksum", flip(&gzip, 8)),
        ("a bad gzip length", flip(&gzip, 4)),
        (
            "a gzip trailer that is cut",
            gzip[..gzip.len() - 3].to_vec(),
        ),
        ("garbage after gzip", [&gzip, &b"garbage"[..]].concat()),
        (
            "a next member that is cut",
            [&gzip[..], &gzip[..9]].concat(),
        ),
        ("garbage after zstd", [&zstd, &b"garbage"[..]].concat()),
        ("a next frame that is cut", [&zstd[..], &zstd[..9]].concat()),
    ]
}

#[test]
fn a_bad_zstd_checksum_is_reported() {
    let mut packed = zstd(lines());
    let last = packed.len() - 1;
    packed[last] ^= 1;
    let run = read(&workspace(), "checksum", &packed, &[]);
    check(run.code == 3, "it is reported", &run);
}

#[test]
fn a_skippable_frame_is_skipped_or_reported() {
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
    for packed in [
        [&skippable[..], &zstd(lines())].concat(),
        [&zstd(lines())[..], &skippable].concat(),
    ] {
        let run = read(&workspace(), "skippable", &packed, &[]);
        let whole = run.code == 1 && run.found("sso") == ["a", "b"];
        check(whole || run.code == 3, "read or reported", &run);
    }
}

#[test]
fn what_is_packed_twice_is_not_clean() {
    let run = workspace().audit_bytes(gzip(gzip(lines())));
    check(run.code == 3, "it is reported", &run);
}
