//! A history is shown a night a row, from its manifests alone.

use std::fs;

use crate::support::{Run, Workspace, audit, check};

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
"#;

/// Records of which so many fail.
fn export(records: usize, fail: usize) -> String {
    let records = (0..records).map(|id| {
        let force2fa = id >= fail;
        format!("{{\"id\":\"c{id}\",\"name\":\"N\",\"force2fa\":{force2fa}}}\n")
    });
    records.collect()
}

/// A folder with a history of nights, each of a day and an export.
fn kept(nights: &[(u32, String)]) -> Workspace {
    let folder = Workspace::with_policy(POLICY);
    folder.create_dir("h");
    for (day, export) in nights {
        folder.write("e.ndjson", export);
        let as_of = format!("2026-11-{day:02}T02:00:00Z");
        let history = folder.arg("h");
        let args = [
            "--as-of",
            &as_of,
            "--history",
            &history,
            "--deadline",
            "high=2d",
        ];
        let run = folder.audit(&["e.ndjson"], &args);
        check(run.code < 2, "a night is kept", &run);
    }
    folder
}

fn usual() -> Workspace {
    let nights = [(1, 2), (2, 3), (3, 1), (4, 0)];
    kept(&nights.map(|(day, fail)| (day, export(10, fail))))
}

fn history(folder: &Workspace, more: &[&str]) -> Run {
    let history = folder.arg("h");
    audit([["history", &history].as_slice(), more].concat())
}

/// The table, without what the clock of the machine says.
fn table(run: &Run) -> String {
    let lines = run.text().lines().map(|line| match line.find("  2026-") {
        // The column of the oldest finding is before that of the start.
        Some(_) if line.starts_with("2026-") => {
            let start = line.rfind("  20").expect("the start of the run");
            line[..start].trim_end().to_owned() + "\n"
        }
        _ => match line.find("  started") {
            Some(start) => line[..start].trim_end().to_owned() + "\n",
            None => line.to_owned() + "\n",
        },
    });
    lines.collect()
}

#[test]
fn a_night_is_a_row() {
    let run = history(&usual(), &[]);
    check(run.code == 0, "it is shown", &run);
    let expected = "\
night                 complete  exit  records  in scope  high  new  open  fixed  overdue  oldest finding
2026-11-01T02:00:00Z  yes          1       10        10     2    0     2      0        0  2026-11-01T02:00:00Z
2026-11-02T02:00:00Z  yes          1       10        10     3    1     2      0        0  2026-11-01T02:00:00Z
2026-11-03T02:00:00Z  yes          1       10        10     1    0     1      2        1  2026-11-01T02:00:00Z
2026-11-04T02:00:00Z  yes          0       10        10     0    0     0      1        0

4 nights, from 2026-11-01T02:00:00Z to 2026-11-04T02:00:00Z
";
    assert_eq!(table(&run), expected);
}

#[test]
fn every_column_is_in_the_csv_table() {
    let folder = usual();
    let run = history(&folder, &["-f", "csv"]);
    let mut lines = run.text().lines();
    assert_eq!(
        lines.next(),
        Some(
            "night,complete,incomplete_because,exit_code,records,in_scope,rejected,critical,high,\
             medium,low,info,waived,new,changed,open,fixed,gone,left,rule_changed,rule_removed,\
             unknown,overdue,policies_changed,oldest,started,seconds"
        )
    );
    let second = lines.nth(1).expect("a row");
    let begins = "2026-11-02T02:00:00Z,yes,,1,10,10,0,0,3,0,0,0,0,1,0,2,0,0,0,0,0,0,0,,2026-11-01T02:00:00Z,";
    assert!(second.starts_with(begins), "{second}");
}

#[test]
fn programs_read_an_object() {
    let folder = usual();
    let report = history(&folder, &["-f", "json"]).report();
    assert_eq!(report["alarms"], serde_json::json!([]));
    let night = &report["nights"][2];
    assert_eq!(night["night"], "2026-11-03T02:00:00Z");
    assert_eq!(night["findings"]["high"], 1);
    assert_eq!(night["since"]["fixed"], 2);
    assert_eq!(night["since"]["overdue"], 1);
    assert_eq!(night["oldest"], "2026-11-01T02:00:00Z");
    assert_eq!(night["complete"], true);
}

#[test]
fn what_somebody_should_look_at_is_a_warning() {
    let nights = [(1, 10), (2, 10), (3, 10), (4, 10), (8, 10), (9, 7)];
    let folder = kept(&nights.map(|(day, records)| (day, export(records, 1))));
    let manifest = folder.path("h").join("2026-11-02T020000Z.manifest.json");
    fs::write(manifest, "{}").expect("it is written");
    let run = history(&folder, &[]);
    check(run.code == 0, "it is shown", &run);
    let warnings = run
        .text()
        .lines()
        .filter(|line| line.starts_with("warning: "));
    let warnings: Vec<_> = warnings.collect();
    assert_eq!(
        warnings,
        [
            "warning: 2026-11-02T020000Z: its manifest cannot be read: missing field `tool` at \
             line 1 column 2",
            "warning: 2026-11-08T02:00:00Z: the night before it is 4 days older; 24 hours is usual",
            "warning: 2026-11-09T02:00:00Z: it has 7 records, and the night before had 10",
        ],
    );
}

#[test]
fn policies_that_changed_since_the_night_before_are_named() {
    let folder = usual();
    folder.write("policy.toml", POLICY.replace("low", "medium"));
    let args = [
        "--as-of",
        "2026-11-05T02:00:00Z",
        "--history",
        &folder.arg("h"),
    ];
    let run = folder.audit(&["e.ndjson"], &args);
    check(run.code == 0, "a night is kept", &run);
    let report = history(&folder, &["-f", "json"]).report();
    let changed = |night: usize| report["nights"][night]["policies_changed"].clone();
    assert_eq!(changed(3), serde_json::json!([]));
    assert_eq!(changed(4), serde_json::json!(["p"]));
}

#[cfg(feature = "html")]
#[test]
fn the_page_needs_nothing_else_and_hides_nothing() {
    let folder = usual();
    let page = folder.arg("h.html");
    let run = history(&folder, &["-o", &page]);
    check(run.code == 0, "it is written", &run);
    assert!(run.stdout.is_empty());
    let page = folder.read("h.html");
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("default-src &#x27;none&#x27;; style-src &#x27;sha256-"));
    for other in [
        "<script",
        "http:",
        "https:",
        "url(",
        " src=",
        "<link rel=\"s",
    ] {
        assert!(!page.contains(other), "{other}");
    }
    for said in [
        "Findings by severity",
        "New against fixed",
        "Overdue, waived and unknown",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page.matches("<tr>").count(), 5);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let folder = Workspace::new();
    folder.create_dir("h");
    let run = history(&folder, &[]);
    check(run.code == 2, "there is no night", &run);
    assert_eq!(
        run.stderr,
        format!("error: history `{}` has no night\n", folder.arg("h"))
    );
    let run = audit(["history", &folder.arg("none")]);
    check(run.code == 2, "there is no folder", &run);
    assert_eq!(
        run.stderr,
        format!(
            "error: there is no folder `{0}`: name a history, or make the folder before its first night, as with `mkdir -p {0}`\n",
            folder.arg("none")
        )
    );
    let run = history(&folder, &["-o", "-"]);
    check(run.code == 2, "it is no file", &run);
    let nights = folder.arg("nights.pdf");
    let without = history(&folder, &["-o", &nights]);
    check(without.code == 2, "there is no format", &without);
    assert_eq!(
        without.stderr,
        format!(
            "error: the extension of `{nights}` names no format: give --format, or end the name \
             in .txt, .csv, .json or .html\n"
        )
    );
    assert!(
        run.stderr
            .contains("name a file; without --output it is written to stdout"),
        "{run}"
    );
}

#[test]
fn a_night_whose_export_was_not_read_whole_is_a_gap_and_no_fall() {
    let folder = kept(&[(1, export(10, 2)), (2, export(10, 3))]);
    let page = |folder: &Workspace| {
        let stdout = history(folder, &["-f", "html"]).stdout;
        String::from_utf8_lossy(&stdout).into_owned()
    };
    let path = |page: &str| {
        let (_, path) = page.split_once("line-of high\" d=\"").expect("a line");
        path.split('"').next().expect("a path").to_owned()
    };
    let whole = page(&folder);
    assert!(!whole.contains("class=\"unread\""), "{whole}");
    folder.write("e.ndjson", format!("{}{{\"id\":", export(4, 1)));
    let args = [
        "--as-of",
        "2026-11-03T02:00:00Z",
        "--history",
        &folder.arg("h"),
    ];
    let run = folder.audit(&["e.ndjson"], &args);
    check(run.code == 3, "the export is cut", &run);
    let cut = page(&folder);
    assert!(cut.contains("not read whole: 1 night"), "{cut}");
    assert_eq!(
        path(&cut).matches('L').count(),
        path(&whole).matches('L').count()
    );
}
