//! `convert` reads what a run has written, however its keys are ordered and however it
//! comes, and refuses what a run cannot have written.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

use crate::support::{self, Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[rule]]
id = "named"
severity = "low"
require.name.present = true

[[aggregate]]
id = "apart"
severity = "info"
unique = { field = "name" }
"#;

const EXPORT: &str = r#"{"id":"a","name":"n","force2fa":false}
{"id":"b","name":"n","force2fa":"?"}
{"id":"c","force2fa":true}
{"force2fa":false}
{"force2fa":false}
7
"#;

/// A folder with a report of each sort of which others are made.
fn workspace() -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    folder.write("e.ndjson", EXPORT);
    for report in ["r.json", "r.ndjson", "r.csv"] {
        let run = folder.audit(
            &["e.ndjson"],
            &["-q", "-f", "text", "-o", &folder.arg(report)],
        );
        check(run.code == 3, "there are findings and flaws", &run);
    }
    folder
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What `convert` makes of a report: csv.
fn converted(folder: &Workspace, report: impl AsRef<[u8]>) -> Run {
    converted_to("csv", folder, report)
}

fn converted_to(format: &str, folder: &Workspace, report: impl AsRef<[u8]>) -> Run {
    folder.write("changed", report);
    support::audit(["convert", "-f", format, &folder.arg("changed")])
}

/// Every object in it with its keys the other way round.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let entries = table.iter().rev();
            let entries = entries
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), reversed(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(reversed).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// Every line with the keys of all its objects the other way round.
fn lines_reversed(text: &str) -> String {
    let lines = text.lines().map(|line| reversed(&parsed(line)) + "\n");
    lines.collect()
}

#[test]
fn keys_come_in_any_order_and_unknown_ones_are_passed_over() {
    let folder = workspace();
    let formats = ["csv", "json", "ndjson", "text", "sarif", "oscal"];
    let of = |report: &str| {
        formats.map(|format| {
            let run = converted_to(format, &folder, report);
            check(run.code == 0, "it is read", &run);
            run.stdout
        })
    };
    let expected = of(&folder.read("r.json"));
    assert_eq!(expected[0], folder.read("r.csv").into_bytes());
    let whole = parsed(&folder.read("r.json"));
    let table = whole.as_object().expect("an object");
    let keys: Vec<_> = table.keys().cloned().collect();
    let mut orders = vec![reversed(&whole), lines_reversed(&folder.read("r.ndjson"))];
    for last in 0..keys.len() {
        let mut keys = keys.clone();
        let key = keys.remove(last);
        for place in [0, keys.len()] {
            let mut keys = keys.clone();
            keys.insert(place, key.clone());
            let entries = keys.iter().map(|key| format!("{key:?}:{}", table[key]));
            let entries: Vec<_> = entries.collect();
            orders.push(format!("{{\"later\":[{{}}],{}}}", entries.join(",")));
        }
    }
    for order in orders {
        assert!(of(&order) == expected, "{order}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

#[test]
fn a_report_is_packed_or_not_and_a_file_or_a_pipe() {
    let folder = workspace();
    let expected = folder.read("r.csv");
    for report in ["r.json", "r.ndjson"] {
        let plain = folder.read(report).into_bytes();
        let zstd = zstd::encode_all(plain.as_slice(), 1).expect("memory");
        for bytes in [gzip(&plain), zstd, plain] {
            let run = converted(&folder, &bytes);
            assert_eq!((run.code, run.text()), (0, expected.as_str()), "{run}");
            for name in ["-", "/dev/stdin"] {
                let mut command = folder.command();
                command.args(["convert", "-f", "csv", name]);
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
                let mut child = command.spawn().expect("it starts");
                let mut stdin = child.stdin.take().expect("a pipe");
                stdin.write_all(&bytes).expect("it reads");
                drop(stdin);
                let run = Run::from(child.wait_with_output().expect("it ends"));
                assert_eq!((run.code, run.text()), (0, expected.as_str()), "{run}");
            }
            let run = converted(&folder, &bytes[..bytes.len() - 3]);
            check(run.code == 2 && run.stdout.is_empty(), "it was cut", &run);
        }
    }
}

#[test]
fn what_is_no_report_and_has_no_end_is_refused_at_once() {
    let folder = Workspace::new();
    for script in [
        "cat /dev/zero",
        "yes",
        "yes ''",
        "yes '{'",
        "yes '{\"a\":1}'",
    ] {
        let audit = folder.command();
        let mut command = Command::new("bash");
        command.args(["-c", &format!("{script} | \"$0\" convert -")]);
        let run = Run::of(command.arg(audit.get_program()));
        let expected = "error: `-` is not a json or ndjson report of audit\n";
        assert_eq!((run.code, run.stderr.as_str()), (2, expected), "{run}");
    }
}

/// Calls with each report that has one thing more, or less, or otherwise than the run
/// wrote it, and with what that is.
fn each_forgery(lines: &[Value], act: &mut dyn FnMut(&[Value], &str)) {
    let last = lines.len() - 1;
    for index in 0..last {
        let mut fewer = lines.to_vec();
        fewer.remove(index);
        act(&fewer, "a finding less");
        let mut more = lines.to_vec();
        more.insert(index, lines[index].clone());
        act(&more, "a finding twice");
        for (key, value) in [
            ("status", "waived"),
            ("severity", "critical"),
            ("rule", "other"),
            ("policy", "other"),
        ] {
            let mut other = lines.to_vec();
            other[index][key] = value.into();
            act(&other, key);
        }
    }
    let mut without = lines.to_vec();
    without[last]["report"]["rejected"] = Value::Array(Vec::new());
    act(&without, "a record that could not be read less");
    each_number(&lines[last], &mut |changed, path| {
        let counted = ["summary/", "report/exports/"];
        let uncounted = [
            "unknown_keys",
            "top_customers",
            "incomplete_because",
            "by_policy",
            "deleted_at_epoch",
            "protocol_lines",
            "scope_undecided",
            "in_scope",
        ];
        let is_counted = counted.iter().any(|start| path.starts_with(start));
        if is_counted && !uncounted.iter().any(|key| path.contains(key)) {
            let mut forged = lines.to_vec();
            forged[last] = changed;
            act(&forged, path);
        }
    });
}

/// Calls with the value in which each number is one more, and with the path of that.
fn each_number(value: &Value, act: &mut dyn FnMut(Value, &str)) {
    match value {
        Value::Number(number) => act((number.as_u64().unwrap_or_default() + 1).into(), ""),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_number(item, &mut |changed, path| {
                    let mut items = items.clone();
                    items[index] = changed;
                    act(items.into(), path);
                });
            }
        }
        Value::Object(table) => {
            for (key, item) in table {
                each_number(item, &mut |changed, path| {
                    let mut table = table.clone();
                    table[key] = changed;
                    act(table.into(), &format!("{key}/{path}"));
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn a_report_that_does_not_hold_what_it_counts_is_refused_whole() {
    let folder = workspace();
    let text = folder.read("r.ndjson");
    let lines: Vec<_> = text.lines().map(parsed).collect();
    assert!(lines.len() > 6);
    let mut forged = 0;
    each_forgery(&lines, &mut |lines, what| {
        let ndjson: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let (last, findings) = lines.split_last().expect("a last line");
        let mut whole: Map<_, _> = last["report"].as_object().expect("an object").clone();
        whole.insert("findings".to_owned(), findings.into());
        whole.insert("summary".to_owned(), last["summary"].clone());
        for report in [ndjson, Value::Object(whole).to_string()] {
            let run = converted(&folder, report);
            check(run.code == 2 && run.stdout.is_empty(), what, &run);
            check(
                run.stderr.contains("was changed after audit wrote it"),
                what,
                &run,
            );
            forged += 1;
        }
    });
    assert!(forged > 80, "{forged}");
}

#[test]
fn the_message_says_which_count_differs() {
    let folder = workspace();
    let text = folder.read("r.ndjson");
    let mut lines: Vec<_> = text.lines().collect();
    let place = lines
        .iter()
        .position(|line| line.contains("\"mfa\""))
        .expect("one");
    lines.remove(place);
    let run = converted(&folder, lines.join("\n"));
    let expected = "rule `p/mfa` has 2 findings of status `fail` instead of 3\n";
    check(run.stderr.ends_with(expected), "it says so", &run);
}

#[test]
fn what_is_one_of_few_is_nothing_else_and_the_place_is_named() {
    let folder = workspace();
    let text = folder.read("r.json");
    let whole = parsed(&text);
    let (finding, policy) = (&whole["findings"][0], &whole["policies"][0]);
    let rule = &policy["rules"][0];
    for (key, written, place) in [
        ("status", &finding["status"], "line"),
        ("reason", &finding["reason"], "line"),
        ("severity", &finding["severity"], "`policies`"),
        ("fingerprint", &finding["fingerprint"], "line"),
        ("evidence_digest", &finding["evidence_digest"], "line"),
        ("as_of", &whole["as_of"], "`as_of`"),
        ("sha256", &policy["sha256"], "`policies`"),
        ("sha256", &rule["sha256"], "`policies`"),
        ("on_absent", &rule["criterion"]["on_absent"], "`policies`"),
        ("format", &whole["exports"][0]["format"], "`exports`"),
        (
            "code",
            &whole["summary"]["incomplete_because"][0]["code"],
            "`summary`",
        ),
    ] {
        let written = format!("\"{key}\":{written}");
        assert!(text.contains(&written), "{written}");
        for other in ["\u{9b}31m", "", "x y", "Fail"] {
            let report = text.replace(&written, &format!("\"{key}\":{}", Value::from(other)));
            let run = converted(&folder, report);
            check(run.code == 2 && run.stdout.is_empty(), &written, &run);
            // What findings are counted by is looked at as a count.
            let is_placed = run.stderr.contains(place) || run.stderr.contains("instead of");
            check(is_placed, &written, &run);
        }
    }
}

#[test]
fn a_slice_is_a_report_too() {
    let folder = workspace();
    for split in ["rule", "customer", "severity"] {
        let out = folder.arg("slice-{}.json");
        let run = folder.audit(
            &["e.ndjson"],
            &["-q", "-f", "text", "--split-by", split, "-o", &out],
        );
        check(run.code == 3, "there are findings and flaws", &run);
    }
    let slices = folder
        .names()
        .into_iter()
        .filter(|name| name.starts_with("slice-"));
    let slices: Vec<_> = slices.collect();
    assert!(slices.len() > 6, "{slices:?}");
    for slice in slices {
        let run = support::audit(["convert", "-f", "csv", &folder.arg(&slice)]);
        check(run.code == 0, &slice, &run);
    }
}
