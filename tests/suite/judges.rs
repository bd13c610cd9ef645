//! What the fuzzer asks of any bytes holds for the bytes that were kept, and for those
//! beside them.

use std::fs;
use std::path::PathBuf;

use crate::oracle::JUDGES;

/// The bytes that are kept for a judge, each as it is, and with a byte left out, doubled or
/// changed here and there.
fn kept(name: &str) -> Vec<Vec<u8>> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fuzz", "corpus", name]
        .iter()
        .collect();
    let files = fs::read_dir(&folder).expect("a folder of kept bytes");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    // Where there are many, each has fewer beside it.
    let places = (400 / paths.len().max(1)).clamp(2, 40);
    let mut all = Vec::new();
    for path in paths {
        let bytes = fs::read(path).expect("bytes");
        for at in (0..bytes.len()).step_by(bytes.len() / places + 1) {
            let (before, rest) = bytes.split_at(at);
            all.push([before, &rest[1..]].concat());
            all.push([before, &rest[..1], rest].concat());
            all.push([before, &[rest[0] ^ 1], &rest[1..]].concat());
        }
        all.push(bytes);
    }
    all
}

#[test]
fn every_judge_is_content_with_the_bytes_that_were_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, judge) in JUDGES {
        let all = kept(name);
        assert!(!all.is_empty(), "{name} has bytes");
        for bytes in all {
            judge(&bytes, folder.path());
        }
    }
}
