//! A configuration says what the command line would: whole or not at all, for its owner
//! alone to change, and with a digest in the manifest.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use audit::config::Config;
use audit::config::keys::{Key, ReportKey};
use audit::toml_reader::Word;
use strum::VariantArray;

use crate::policies::{errors, schema};
use crate::support::{Run, Workspace, check};

const POLICY: &str = r#"
[policy]
id = "p"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true
"#;

const CONFIG: &str = r#"
policies = ["policy.toml"]
exports = ["*.ndjson"]
fail-on = "never"
manifest = "m-{night}.json"

[[report]]
file = "r-{date}.csv"
columns = ["customer_id", "rule"]

[[report]]
file = "{}-{date}.json.zst"
split-by = "customer"

[[report]]
file = "{}.txt"
format = "csv"
split-by = "field:ownerId"
"#;

fn workspace() -> Workspace {
    let workspace = Workspace::with_policy(POLICY);
    workspace.create_dir("in");
    workspace.write("in/policy.toml", POLICY);
    workspace.write(
        "in/a.ndjson",
        "{\"id\":\"a\",\"force2fa\":false,\"ownerId\":\"o1\"}\n",
    );
    workspace.write(
        "in/b.ndjson",
        "{\"id\":\"b\",\"force2fa\":false,\"ownerId\":\"o2\"}\n",
    );
    configure(&workspace, CONFIG);
    workspace
}

fn configure(workspace: &Workspace, text: &str) {
    workspace.write("in/c.toml", text);
    chmod(workspace, 0o644);
}

fn chmod(workspace: &Workspace, mode: u32) {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(workspace.path("in/c.toml"), permissions).expect("it is set");
}

fn audit(workspace: &Workspace, args: &[&str]) -> Run {
    let base = [
        "-q",
        "--config",
        "in/c.toml",
        "--as-of",
        "2026-11-25T02:00:00Z",
    ];
    workspace.run(&[base.as_slice(), args].concat())
}

#[test]
fn a_night_is_what_its_configuration_says_beside_the_configuration() {
    let workspace = workspace();
    let run = audit(&workspace, &[]);
    check(run.code == 0, "never fails", &run);
    let csv = "customer_id,rule\r\na,mfa\r\nb,mfa\r\n";
    assert_eq!(workspace.read("in/r-2026-11-25.csv"), csv);
    for name in [
        "a-2026-11-25.json.zst",
        "b-2026-11-25.json.zst",
        "o1.txt",
        "o2.txt",
    ] {
        assert!(workspace.path("in").join(name).exists(), "{name}");
    }
    let manifest = "in/m-2026-11-25T020000Z.json";
    let run = workspace.run(&["verify", manifest]);
    check(
        run.code == 0 && run.text().contains("in/c.toml: OK\n"),
        "verified",
        &run,
    );
    configure(&workspace, &CONFIG.replace("never", "high"));
    let run = workspace.run(&["verify", manifest]);
    let failed = run.text().contains("in/c.toml: FAILED: it has");
    check(run.code == 1 && failed, "changed", &run);
    check(audit(&workspace, &[]).code == 1, "findings count now", &run);
}

#[test]
fn the_reports_of_the_command_line_are_instead_of_those_of_the_configuration() {
    let workspace = workspace();
    let args = [
        "-o",
        "{date}.csv",
        "--manifest",
        "{night}.json",
        "--columns",
        "rule",
    ];
    let run = audit(&workspace, &args);
    check(run.code == 0, "never fails", &run);
    assert_eq!(workspace.read("2026-11-25.csv"), "rule\r\nmfa\r\nmfa\r\n");
    assert!(workspace.path("2026-11-25T020000Z.json").exists());
    assert!(!workspace.path("in/r-2026-11-25.csv").exists());
}

#[test]
fn what_others_may_change_is_refused() {
    let workspace = workspace();
    for (mode, is_fine) in [(0o600, true), (0o444, true), (0o664, false), (0o646, false)] {
        chmod(&workspace, mode);
        let run = audit(&workspace, &["--dry-run"]);
        let said = format!(
            "error: configuration `in/c.toml` may be changed by others than its owner (its mode \
             is {mode:04o}): `chmod go-w` takes that away\n"
        );
        let expected = if is_fine { (0, "") } else { (2, said.as_str()) };
        assert_eq!((run.code, run.stderr.as_str()), expected, "{mode:o}");
    }
}

#[test]
fn no_report_takes_the_place_of_the_configuration() {
    let workspace = workspace();
    let run = audit(&workspace, &["-o", "json:in/c.toml"]);
    check(
        run.code == 2 && run.stderr.contains("is also read by this run"),
        "refused",
        &run,
    );
    assert_eq!(workspace.read("in/c.toml"), CONFIG);
}

#[test]
fn a_run_that_is_only_checked_leaves_nothing_and_finds_what_is_wrong() {
    let workspace = workspace();
    let run = audit(&workspace, &["--dry-run"]);
    check(run.code == 0 && run.stdout.is_empty(), "quiet", &run);
    let left = fs::read_dir(workspace.path("in"))
        .expect("a folder")
        .count();
    assert_eq!(left, 4);
    for wrong in [
        ["--only", "none"],
        ["-p", "none.toml"],
        ["-o", "none/r.csv"],
    ] {
        let run = audit(&workspace, &[["--dry-run"].as_slice(), &wrong].concat());
        check(run.code == 2, "wrong", &run);
    }
}

#[test]
fn exports_are_named_on_stdin_or_are_stdin_and_not_both() {
    let workspace = workspace();
    let run = |list: &str| {
        let mut command = workspace.command();
        command.args([
            "-p",
            "policy.toml",
            "-q",
            "-f",
            "csv",
            "--columns",
            "export",
        ]);
        command.args(["--exports-from", "-"]).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(list.as_bytes()).expect("it reads");
        drop(stdin);
        Run::from(child.wait_with_output().expect("it ends"))
    };
    let ended = run("in/b.ndjson\nin/a.ndjson\n");
    assert_eq!(ended.text(), "export\r\nin/b.ndjson\r\nin/a.ndjson\r\n");
    let ended = run("in/a.ndjson\n-\n");
    let said = "error: the list of exports `-` could not be used: stdin is the list, and cannot \
                be in it too\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (2, said));
}

#[test]
fn another_path_of_the_export_changes_no_report_that_calls_it_by_a_name() {
    let workspace = workspace();
    for format in ["sarif", "json", "ocsf"] {
        let reports = ["in/a.ndjson", "in/moved.ndjson"].map(|export| {
            if export == "in/moved.ndjson" {
                fs::copy(workspace.path("in/a.ndjson"), workspace.path(export)).expect("copied");
            }
            let args = [
                "-p",
                "policy.toml",
                "--as-of",
                "2026-11-25",
                "-q",
                "-f",
                format,
            ];
            let name = ["--export-name", "latest", export];
            workspace.run(&[args.as_slice(), &name].concat()).stdout
        });
        assert!(reports[0] == reports[1], "{format}");
        assert!(
            String::from_utf8_lossy(&reports[0]).contains("latest"),
            "{format}"
        );
    }
    let name = [
        "--export-name",
        "latest",
        "--manifest",
        "m.json",
        "in/a.ndjson",
    ];
    audit(&workspace, &name);
    let run = workspace.run(&["verify", "m.json"]);
    check(
        run.code == 0 && run.text().contains("in/a.ndjson: OK\n"),
        "by path",
        &run,
    );
}

#[test]
fn exports_are_pages_by_their_paths_whatever_reports_call_them() {
    let workspace = workspace();
    let page = |id: &str, next: &str| {
        format!("{{\"next\":{next},\"data\":[{{\"id\":\"{id}\",\"force2fa\":true}}]}}")
    };
    workspace.write("p1.json", page("a", "\"x\""));
    workspace.write("p2.json", page("b", "null"));
    let args = ["-p", "policy.toml", "-q", "--export-name", "latest"];
    let run = workspace.run(&[args.as_slice(), &["p1.json", "p2.json"]].concat());
    check(run.code == 0, "both pages are there", &run);
    let run = workspace.run(&[args.as_slice(), &["p1.json"]].concat());
    check(
        run.code == 3 && run.stderr.contains("p1.json: "),
        "one is missing",
        &run,
    );
}

/// Values that are right for some keys and wrong for others.
const VALUES: &[&str] = &[
    "true",
    "0",
    "7",
    "1024",
    "1025",
    "2000",
    "-1",
    "1.5",
    "\"7d\"",
    "\"7m\"",
    "\"low\"",
    "\"never\"",
    "\"overdue\"",
    "\"incomplete\"",
    "\"finding\"",
    "\"warning\"",
    "\"x\"",
    "\"\"",
    "\" \"",
    "\" x \"",
    "\"a b\"",
    "\"a\\nb\"",
    "\"a\\u0007b\"",
    "\"csv\"",
    "\"jira\"",
    "\"rule\"",
    "\"field:\"",
    "\"field:ownerId\"",
    "\"https://h/x\"",
    "\"https://\"",
    "\"ftp://h\"",
    "\"http://a b\"",
    "[]",
    "[\"low\"]",
    "[\"low\", \"overdue\"]",
    "[\"never\"]",
    "[\"rule\", \"policy\"]",
    "[\"new\", \"changed\"]",
    "[\"x\", 1]",
    "[[\"x\"]]",
    "[\"\"]",
    "{}",
    "{ a = \"b\" }",
    "{ a = [\"b\", \"c\"] }",
    "{ a = [] }",
    "{ a = 1 }",
    "{ a = { b = 1 } }",
    "{ high = \"7d\" }",
    "{ hihg = \"7d\" }",
    "{ high = 7 }",
    "[{ file = \"x.csv\" }]",
    "[{ }]",
];

/// Whether the reader takes a configuration, and whether the schema does.
fn judged(path: &Path, text: &str, schema: &crate::policies::Schema) -> (bool, bool) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
    let as_of = "2026-11-25T02:00:00Z".parse().expect("an instant");
    let read = Config::read(path, as_of);
    let document: toml::Table = toml::from_str(text).expect("TOML");
    let document = serde_json::to_value(document).expect("no dates");
    (read.is_ok(), errors(schema, &document).is_empty())
}

#[test]
fn the_schema_takes_what_the_reader_takes_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.toml");
    let schema = schema("config");
    let mut taken = 0;
    let mut judge = |text: &str| {
        let (read, is_valid) = judged(&path, text, &schema);
        taken += usize::from(read);
        assert_eq!(read, is_valid, "{text}");
    };
    for value in VALUES {
        for key in Key::VARIANTS {
            judge(&format!("{} = {value}", key.word()));
        }
        for key in ReportKey::VARIANTS
            .iter()
            .filter(|key| **key != ReportKey::File)
        {
            judge(&format!(
                "[[report]]\nfile = \"{{}}.csv\"\n{} = {value}",
                key.word()
            ));
        }
        judge(&format!("[[report]]\nformat = \"csv\"\nfile = {value}"));
        judge(&format!("unknown = {value}"));
    }
    judge("since = \"a\"\nhistory = \"b\"");
    judge("link = \"https://h/{night}/{file}\"");
    judge("");
    assert!(taken > 100, "{taken}");
}
