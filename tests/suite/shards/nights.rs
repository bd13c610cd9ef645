//! Nights that are made in parts: what is new, what is fixed, and the history.

use std::fs;

use serde_json::Value;

use super::in_parts::InParts;
use super::laws::{POLICY, WAIVERS};
use crate::exports::customers::customers;
use crate::sound::accounts::Record;
use crate::support::{Workspace, check};

/// Customers of a night: some come, some go, and some change.
fn night(number: usize) -> Vec<Record> {
    let mut all = customers(200);
    all.drain(..number * 7);
    for (index, record) in all.iter_mut().enumerate() {
        if index % 11 == number {
            record.insert("force_2fa".to_owned(), true.into());
            record.insert("security_contact_id".to_owned(), "k1".into());
        }
        if index % 17 == number {
            record.insert("ip_whitelist".to_owned(), "nonsense".into());
        }
        if index == 30 {
            record.insert("id".to_owned(), Value::Null);
        }
    }
    // Somebody has two records that differ.
    let mut twice = all[20].clone();
    twice.insert("force_2fa".to_owned(), number.is_multiple_of(2).into());
    twice.insert("has_pci".to_owned(), true.into());
    all.push(twice);
    all
}

fn workspace() -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    workspace.write("waivers.toml", WAIVERS);
    for number in 0..3 {
        let records = night(number);
        let text = crate::sound::shapes::lines(records.into_iter());
        workspace.write(&format!("night{number}"), text);
    }
    workspace
}

fn in_parts(number: usize) -> InParts {
    let as_of = format!("2026-10-0{}T00:00:00Z", number + 1);
    let mut in_parts = InParts::new(&[&format!("night{number}")], 3).sharded(&["--nights"]);
    let at = in_parts
        .judging
        .iter()
        .position(|one| one == "--as-of")
        .unwrap();
    in_parts.judging[at + 1] = as_of;
    in_parts
}

#[test]
fn a_night_in_parts_is_compared_with_the_night_before_as_one_run_is() {
    let workspace = workspace();
    let before = InParts {
        reporting: ["-q", "-o", "before.ndjson"].map(str::to_owned).to_vec(),
        ..in_parts(0)
    };
    let (run, _) = before.whole(&workspace);
    check(run.code == 3, "the night before", &run);
    let in_parts = in_parts(1).reported(&[
        "--since",
        "before.ndjson",
        "--deadline",
        "high=12h",
        "--fail-on",
        "overdue",
        "--matrix",
        "out/m.csv",
    ]);
    assert_eq!(in_parts.is_the_same(&workspace, "a second night"), 3);
}

/// The files of a history without what says when and by what command they were made.
fn history(workspace: &Workspace, folder: &str) -> Vec<(String, Vec<u8>)> {
    let names = super::in_parts::names_in(workspace, folder);
    let names = names.into_iter().filter(|name| name != ".lock");
    names
        .map(|name| {
            let bytes = fs::read(workspace.path(folder).join(&name)).unwrap();
            match serde_json::from_slice::<Value>(&bytes) {
                Ok(mut manifest) if name.contains("manifest") => {
                    let manifest_object = manifest.as_object_mut().unwrap();
                    manifest_object.remove("run");
                    // The manifest of the night before, digested, says when that was made.
                    if let Some(night) = manifest_object.get_mut("night") {
                        night["previous"].take();
                    }
                    let text = manifest.to_string().replace(folder, "history");
                    (name, text.into_bytes())
                }
                _ => (name, bytes),
            }
        })
        .collect()
}

#[test]
fn a_history_that_is_kept_in_parts_is_that_of_whole_runs() {
    let workspace = workspace();
    for folder in ["of-runs", "of-parts"] {
        workspace.create_dir(folder);
    }
    for number in 0..3 {
        let in_parts = in_parts(number);
        let with = |folder: &str| InParts {
            reporting: ["-q", "--history", folder].map(str::to_owned).to_vec(),
            ..in_parts.clone()
        };
        let (whole, _) = with("of-runs").whole(&workspace);
        let mut partials = in_parts.shards(&workspace);
        let export = format!("night{number}");
        let (refused, _) = with("of-parts").merged(&workspace, &partials);
        check(refused.code == 2, "no digest", &refused);
        let digest = workspace.run(&["shard", "--digest", &export, "--into", "digest"]);
        check(digest.code == 0, "a digest", &digest);
        partials.push("digest".to_owned());
        let (merged, _) = with("of-parts").merged(&workspace, &partials);
        check(merged.code == whole.code, "a night in parts", &merged);
        let stderr = merged.stderr.replace("of-parts", "of-runs");
        check(stderr == whole.stderr, &whole.stderr, &merged);
    }
    let [runs, parts] = ["of-runs", "of-parts"].map(|folder| history(&workspace, folder));
    let names = |all: &[(String, Vec<u8>)]| -> Vec<String> {
        all.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&runs), names(&parts));
    assert!(names(&runs).len() >= 9);
    for ((name, one), (_, other)) in runs.iter().zip(&parts) {
        assert!(one == other, "{name}");
    }
    let verified = workspace.run(&["verify", "of-parts"]);
    check(verified.code == 0, "a history", &verified);
}
