//! The shipped policies: their cases hold and cover every rule, and what they
//! say of themselves is whole.

use std::fs;
use std::path::PathBuf;

/// Runs the program; gives its exit code and what it says.
fn audit(args: &[&str]) -> (u8, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let args = std::iter::once("audit").chain(args.iter().copied());
    let code = audit::run::main(args, &mut stdout, &mut stderr);
    stdout.extend(stderr);
    (code, String::from_utf8(stdout).expect("text"))
}

fn shipped() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    let files = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter(|file| {
            let name = file
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            !name.ends_with(".cases.toml") && name != "checks.toml"
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_cases_of_every_shipped_policy_hold_and_cover_every_rule() {
    let files = shipped();
    assert!(files.len() >= 8, "{files:?}");
    for file in files {
        let (code, said) = audit(&["policy", "test", file.to_str().expect("text")]);
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn every_shipped_policy_is_listed_and_shown() {
    let (code, list) = audit(&["policy", "list"]);
    assert_eq!(code, 0, "{list}");
    for file in shipped() {
        let name = file
            .file_stem()
            .expect("a name")
            .to_str()
            .expect("text")
            .to_owned();
        assert!(list.contains(&name), "{name} is not in\n{list}");
        let (code, shown) = audit(&["policy", "show", &name]);
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("bundled:checks.toml") || name == "record-integrity");
    }
}

#[test]
fn no_shipped_policy_holds_what_is_most_likely_not_meant() {
    for file in shipped() {
        let (code, said) = audit(&["policy", "check", file.to_str().expect("text")]);
        assert_eq!(code, 0, "{said}");
    }
}

#[test]
fn a_policy_to_start_from_is_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = folder.path().join("mine.toml");
    let (code, text) = audit(&["policy", "new"]);
    fs::write(&policy, text).expect("it is written");
    assert_eq!(code, 0);
    let (code, said) = audit(&["policy", "check", policy.to_str().expect("text")]);
    assert_eq!(code, 0, "{said}");
    let (code, shown) = audit(&["policy", "show", policy.to_str().expect("text")]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("newer than 365d"), "{shown}");
}

#[test]
fn every_reference_tells_how_far_its_evidence_goes() {
    for file in shipped() {
        let (_, shown) = audit(&["policy", "show", file.to_str().expect("text")]);
        for line in shown
            .lines()
            .filter_map(|line| line.strip_prefix("  for      "))
        {
            for reference in line.split("; ") {
                let strengths = ["(direct)", "(partial)", "(supporting)"];
                let told = strengths
                    .iter()
                    .any(|strength| reference.ends_with(strength));
                assert!(told, "{}: {reference}", file.display());
            }
        }
    }
}

#[test]
fn there_are_completions_and_a_manual_page() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script) = audit(&["completions", shell]);
        assert!(code == 0 && script.contains("explain"), "{shell}");
    }
    let (code, page) = audit(&["man"]);
    assert!(code == 0 && page.contains(".SH SYNOPSIS"), "{page}");
}
