//! Nothing from outside steers a terminal, whichever subcommand says it: not what is
//! in a policy, export, report or manifest, nor a file name, nor an option.

use serde_json::Value;

use crate::support::{self, Run, Workspace, check};

/// What a terminal would obey, or what would turn the text around it: C0, DEL, C1, line
/// separators, and marks of direction.
const HOSTILE: &str =
    "\u{1b}[31m\u{7}\u{7f}\u{85}\u{9b}31m\u{2028}\u{2029}\u{202e}\u{2066}\u{200f}\r";

/// The same in JSON and in TOML: every character is escaped.
fn escaped() -> String {
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    HOSTILE.chars().map(escape).collect()
}

/// A policy with all that can be said in words, and a case for it.
const POLICY: &str = r#"
[policy]
id = "p"
title = "Title"
version = "1"
limits = ["Shows little"]
optional.billingRef = "few have one"
replaces = ["before"]
scope.deletedAt = { passed = false }

[fields]
extra = "text"

[params]
names = ["one", "two"]
least = 3

[check.named]
title = "A check"
require.force2fa = true
rationale = "Reason"

[[control]]
framework = "F 1"
requirement = "1.1"
evidenced-by = "Somebody"

[[rule]]
id = "r1"
title = "First"
severity = "high"
tags = ["ig1"]
when.hasPci = true
require.any = [{ name = { matches = "^a" } }, { name = { in = "$names" } }, { extra = { equals = "b" } }]
expected = "Something"
rationale = "Because"
remediation = "Do"
references = ["F 1: 1.2 (direct)"]

[[rule]]
id = "r2"
check = "named"
severity = "low"
raise = { to = "critical", when.hasPci = true }

[[rule]]
id = "r3"
title = "Addresses"
severity = "info"
require.ipWhitelist = { within = ["192.0.2.0/24"], excludes = ["192.0.2.1/32"] }

[[aggregate]]
id = "a1"
title = "Owners differ"
severity = "low"
shared = { field = "ownerId", more-than = 1 }
"#;

const CASES: &str = r#"
as-of = "2026-01-01T00:00:00Z"

[record.base]
id = "a"
force2fa = true
hasPci = true
name = "c"

[[case]]
name = "A case"
record = "base"
expect.r1 = "fail"
expect.r2 = "fail"
"#;

const EXPORT: &str = r#"{"id":"a","name":"c","hasPci":true,"force2fa":false,"ownerId":"o","ipWhitelist":"203.0.113.9","unknown":1}
{"id":"b","name":"c","hasPci":"?","force2fa":"?","ownerId":"o","ipWhitelist":"?"}
{"name":"n","hasPci":true}
[
"#;

/// Fails if the run said something that a terminal would obey.
#[track_caller]
fn check_quiet(run: &Run, what: &str) {
    for text in [run.text(), &run.stderr] {
        let raw = text
            .chars()
            .find(|c| *c != '\n' && audit::text::is_unsafe(*c));
        check(raw.is_none(), &format!("{what}: {raw:?} is raw"), run);
    }
}

/// Runs every subcommand that reads a policy.
#[track_caller]
fn check_policy(folder: &Workspace, what: &str) {
    let (policy, export) = (&folder.arg("p.toml"), &folder.arg("e.ndjson"));
    let as_of = "2026-12-01T00:00:00Z";
    for args in [
        vec!["-p", policy, "--as-of", as_of, "-v", export],
        vec!["-p", policy, "--as-of", as_of, "--only", "r1", export],
        vec!["policy", "check", policy],
        vec!["policy", "show", policy],
        vec!["policy", "test", "--mutate", policy],
        vec![
            "explain", "-p", policy, "--as-of", as_of, "--id", "a", export,
        ],
    ] {
        check_quiet(&support::audit(args), what);
    }
}

fn workspace() -> Workspace {
    let folder = Workspace::new();
    folder.write("p.toml", POLICY);
    folder.write("p.cases.toml", CASES);
    folder.write("e.ndjson", EXPORT);
    folder
}

/// The text with something put in before each of its double quotes, one at a time: at the
/// end of every text within quotes, and before it.
fn each_quote<'t>(text: &'t str, put_in: &'t str) -> impl Iterator<Item = String> + 't {
    let quotes = text.match_indices('"');
    quotes.map(move |(at, _)| format!("{}{put_in}{}", &text[..at], &text[at..]))
}

#[test]
fn the_policy_and_its_cases_are_sound_as_they_are() {
    let folder = workspace();
    let (policy, export) = (folder.arg("p.toml"), folder.arg("e.ndjson"));
    let run = support::audit(["-p", &policy, &export]);
    check(run.code == 3, "there are findings and flaws", &run);
    let run = support::audit(["policy", "test", &policy]);
    check(run.text().contains("1 case"), "the cases are read", &run);
}

#[test]
fn no_text_of_a_policy_steers_a_terminal() {
    let folder = workspace();
    for put_in in [HOSTILE, &escaped(), "\u{9b}31m", "\u{202e}"] {
        for policy in each_quote(POLICY, put_in) {
            folder.write("p.toml", &policy);
            check_policy(&folder, &policy);
        }
        folder.write("p.toml", POLICY);
        for cases in each_quote(CASES, put_in) {
            folder.write("p.cases.toml", &cases);
            let run = support::audit(["policy", "test", "--mutate", &folder.arg("p.toml")]);
            check_quiet(&run, &cases);
        }
        folder.write("p.cases.toml", CASES);
    }
}

#[test]
fn no_line_that_an_error_shows_steers_a_terminal() {
    let folder = workspace();
    for line in [
        "\"X\" = 1",
        "# X\nid = X",
        "id = 1 # X",
        "[[rule]]\nid = \"X",
        "[rule]\n\"aX\" = {}",
        "[[rule]]\nrequire.force2fa = { X = 1 }",
        "[[rule]]\nrequire.\"X\" = true",
        "[[rule]]\nseverity = \"X\" # X",
        "[[rule]]\nrequire.name.matches = \"(X\"",
    ] {
        folder.write("p.toml", line.replace('X', HOSTILE));
        check_policy(&folder, line);
    }
}

#[test]
fn no_text_of_an_export_steers_a_terminal() {
    let folder = workspace();
    for export in each_quote(EXPORT, &escaped()).chain(each_quote(EXPORT, HOSTILE)) {
        folder.write("e.ndjson", &export);
        check_policy(&folder, &export);
    }
    let csv = format!("id,force2fa,\"x{HOSTILE}\"\n\"a{HOSTILE}\",\"{HOSTILE}\",1\n\"{HOSTILE}");
    folder.write("e.ndjson", csv);
    check_policy(&folder, "a table");
}

/// Calls with the value in which each text, and each key, is another: what `change` makes
/// of it.
fn each_text(value: &Value, change: &dyn Fn(&str) -> String, act: &mut dyn FnMut(Value)) {
    match value {
        Value::String(text) => act(change(text).into()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_text(item, change, &mut |changed| {
                    let mut items = items.clone();
                    items[index] = changed;
                    act(items.into());
                });
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                let mut others = table.clone();
                others.remove(key);
                each_text(item, change, &mut |changed| {
                    let mut table = table.clone();
                    table[key] = changed;
                    act(table.into());
                });
                others.insert(change(key), item.clone());
                act(others.into());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn no_text_of_a_report_or_manifest_steers_a_terminal() {
    let folder = workspace();
    let (report, manifest) = (folder.arg("r.json"), folder.arg("m.json"));
    let (policy, export) = (folder.arg("p.toml"), folder.arg("e.ndjson"));
    let run = support::audit([
        "-q",
        "-p",
        &policy,
        "--only",
        "r1",
        "--only",
        "a1",
        "-o",
        &report,
        "--manifest",
        &manifest,
        &export,
    ]);
    check(run.code == 3, "there are findings and flaws", &run);
    let parsed = |name: &str| -> Value { serde_json::from_str(&folder.read(name)).expect("JSON") };
    let (whole, listed) = (parsed("r.json"), parsed("m.json"));
    let mut refused = 0;
    let changes: [&dyn Fn(&str) -> String; 2] =
        [&|text| format!("{text}{HOSTILE}"), &|_| HOSTILE.to_owned()];
    for change in changes {
        each_text(&whole, change, &mut |changed| {
            folder.write("changed.json", changed.to_string());
            let run = support::audit(["convert", &folder.arg("changed.json")]);
            check_quiet(&run, &changed.to_string());
            refused += u32::from(run.code == 2);
        });
        each_text(&listed, change, &mut |changed| {
            folder.write("changed.json", changed.to_string());
            let run = support::audit(["verify", &folder.arg("changed.json")]);
            check_quiet(&run, &changed.to_string());
        });
    }
    assert!(refused > 100, "{refused} of the reports were refused");
}

#[test]
fn no_file_name_steers_a_terminal() {
    let folder = workspace();
    let name = |extension: &str| format!("x{HOSTILE}.{extension}");
    let (policy, export) = (name("toml"), name("ndjson"));
    let there = |name: &str| folder.arg(name);
    folder.write(&policy, POLICY);
    folder.write(&name("cases.toml"), CASES);
    folder.write(&export, EXPORT);
    let (p, e) = (there(&policy), there(&export));
    let gone = there(&name("gone"));
    let (report, other) = (there(&name("json")), there(&name("csv")));
    let manifest = there(&name("manifest"));
    let mut all = vec![
        vec!["-p", &p, &e],
        vec![
            "-p",
            &p,
            "-v",
            "-o",
            &report,
            "-o",
            &other,
            "--manifest",
            &manifest,
            &e,
        ],
        vec!["convert", &report],
        vec!["convert", &e],
        vec!["convert", &gone],
        vec!["convert", "-o", &report, &report],
        vec!["verify", &manifest],
        vec!["verify", &e],
        vec!["verify", &gone],
        vec!["policy", "check", &p, &gone],
        vec!["policy", "show", &p],
        vec!["policy", "test", &p],
        vec!["policy", "test", &gone],
        vec!["explain", "-p", &p, "--id", "a", &e],
        vec!["-p", &p, "--pseudonymise", &gone, &e],
        vec!["-p", &p, "--pseudonymise", &report, &e, &e],
        vec!["-p", &gone, &e],
        vec!["-p", &e, &e],
        vec!["-p", &p, &gone],
        vec!["-p", &p, "-o", &e, &e],
        vec!["-p", &p, "--manifest", &e, &e],
    ];
    all.push(vec!["-p", HOSTILE, &e]);
    for args in all {
        check_quiet(&support::audit(&args), &format!("{args:?}"));
    }
}

#[test]
fn no_option_steers_a_terminal() {
    let folder = workspace();
    let (policy, export) = (folder.arg("p.toml"), folder.arg("e.ndjson"));
    let audit = ["-p", &policy, &export];
    for option in [
        "--set",
        "--only",
        "--skip",
        "-o",
        "-f",
        "--columns",
        "--max-chars",
        "--split-by",
        "--fail-on",
        "--undecided",
        "--as-of",
        "--input-format",
        "--manifest",
        "--pseudonymise",
        "--max-record-bytes",
        "-j",
        "--color",
        "-p",
        "--window-bytes",
        HOSTILE,
        "--",
    ] {
        for value in [
            HOSTILE,
            &format!("least={HOSTILE}"),
            &format!("tag:{HOSTILE}"),
        ] {
            let args = [&[option, value], audit.as_slice()].concat();
            // An option may name a file to write: not one that the project would keep.
            let run = Run::of(folder.command().args(&args));
            check_quiet(&run, &format!("{args:?}"));
        }
    }
    for args in [
        vec![HOSTILE],
        vec!["policy", HOSTILE],
        vec!["policy", "show", "--set", HOSTILE, &policy],
        vec!["policy", "check", "--format", HOSTILE, &policy],
        vec!["explain", "-p", &policy, "--id", HOSTILE, &export],
        vec!["schema", HOSTILE],
        vec!["completions", HOSTILE],
        vec!["convert", "-f", HOSTILE, &export],
    ] {
        check_quiet(&support::audit(&args), &format!("{args:?}"));
    }
}
