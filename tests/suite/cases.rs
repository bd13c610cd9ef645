//! Whole runs that are data: `tests/cmd/AREA/CASE.toml` holds arguments and
//! what comes of them, and `CASE.in` the files that the run reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The folders of `tests/cmd`, by the part of the program that answers.
const AREAS: [&str; 10] = [
    "aggregate", // rules over all records
    "cli",       // arguments, exit codes, what is printed beside a report
    "command",   // subcommands
    "config",    // the file of options
    "evaluate",  // operators, conditions, absent values
    "export",    // reading exports
    "policy",    // reading policies
    "report",    // formats, files, redaction
    "verdict",   // runs that must not be taken for clean
    "waiver",    // findings that are accepted for a while
];

const CASES: &str = "tests/cmd";

#[test]
fn every_case_runs_as_it_says() {
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1");
    for area in AREAS {
        cases.case(format!("{CASES}/{area}/*.toml"));
    }
}

/// The names in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.into_string().expect("UTF-8"))
        .collect()
}

#[test]
fn every_case_says_what_is_printed() {
    for area in AREAS {
        let folder = Path::new(CASES).join(area);
        for name in names(&folder).iter().filter(|name| name.ends_with(".toml")) {
            let path = folder.join(name);
            let text = fs::read_to_string(&path).expect("UTF-8");
            for stream in ["stdout", "stderr"] {
                let is_there = text.contains(&format!("\n{stream} = "))
                    || path.with_extension(stream).exists();
                assert!(is_there, "{} does not say its {stream}", path.display());
            }
        }
    }
}

#[test]
fn no_case_is_where_it_would_not_be_run() {
    let areas = names(Path::new(CASES));
    assert_eq!(areas, AREAS.map(str::to_owned).into());
    let cases = areas.iter().map(|area| Path::new(CASES).join(area));
    let cases: Vec<_> = cases
        .flat_map(|area| names(&area).into_iter().map(move |name| area.join(name)))
        .collect();
    // The folders that a case names are those of several cases.
    let texts = cases.iter().filter(|path| path.is_file());
    let texts: String = texts
        .map(|path| fs::read_to_string(path).expect("UTF-8"))
        .collect();
    for path in &cases {
        let name = path.file_name().expect("a name").to_string_lossy();
        let belongs = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => true,
            Some("in") => {
                texts.contains(&format!("{name}\"")) || path.with_extension("toml").exists()
            }
            Some("stdout" | "stderr") => path.with_extension("toml").exists(),
            _ => false,
        };
        assert!(belongs, "{} is of no case", path.display());
    }
}
