//! The fuzzer begins with each shape that is read: two customers of few fields.
//! `AUDIT_BLESS=1` writes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::shapes::shapes;
use crate::sound::accounts::{Record, sound};

/// The fields of the customers; with more of them the fuzzer would be slow.
const KEYS: [&str; 6] = [
    "id",
    "name",
    "force_2fa",
    "ip_whitelist",
    "updated_at",
    "deleted_at",
];

fn customers() -> Vec<Record> {
    let mut records = sound();
    records.truncate(2);
    for record in &mut records {
        record.retain(|key, _| KEYS.contains(&key.as_str()));
    }
    records
}

/// The name of a shape as that of a file.
fn file_name(shape: &str) -> String {
    let words = shape.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

#[test]
fn each_shape_is_a_seed_of_the_fuzzer() {
    let folder: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "tests",
        "fuzz",
        "corpus",
        "shapes",
    ]
    .iter()
    .collect();
    let records = customers();
    let seeds: BTreeMap<_, _> = shapes()
        .map(|(shape, write)| {
            (
                file_name(shape),
                write(&records).swap_remove(0).into_bytes(),
            )
        })
        .collect();
    if std::env::var_os("AUDIT_BLESS").is_some_and(|bless| bless == "1") {
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in &seeds {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    assert_eq!(seeds.len(), shapes().count(), "no two shapes have one name");
    for (name, bytes) in &seeds {
        let kept = fs::read(folder.join(name)).unwrap_or_default();
        assert!(
            kept == *bytes,
            "{name} is not kept: run the tests with AUDIT_BLESS=1"
        );
    }
}
