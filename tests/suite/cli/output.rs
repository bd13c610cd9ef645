//! Files of reports: whole or not at all, for their owner alone, and never over
//! what a run reads.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};

use super::{
    FORMATS, POLICY, after, audit, code, first_line, full_device, mistaken_policy, records,
    workspace,
};
use crate::support::{Run, Workspace};

#[test]
fn several_reports_of_one_run_are_what_each_would_be_alone() {
    let workspace = workspace();
    let outputs = [
        ("text", "-ofindings.txt", "findings.txt"),
        ("csv", "-ofindings.csv", "findings.csv"),
        ("json", "-ofindings.json", "findings.json"),
        ("ndjson", "-ofindings.jsonl", "findings.jsonl"),
        ("csv", "-ocsv:other", "other"),
    ];
    let all = Run::of(
        audit(&workspace)
            .args(outputs.map(|(_, option, _)| option))
            .args(["-q", "export.ndjson"]),
    );
    assert_eq!(all.code, 1);
    assert_eq!((all.text(), all.stderr.as_str()), ("", ""));
    for (format, _, name) in outputs {
        let alone = Run::of(audit(&workspace).args(["-f", format, "export.ndjson"]));
        assert_eq!(workspace.read(name), alone.text(), "{name}");
        assert_eq!(mode(&workspace.path(name)), 0o600, "{name}");
    }
}

#[test]
fn a_report_that_a_device_cannot_take_fails_the_run() {
    let workspace = workspace();
    for format in FORMATS {
        let output = format!("{format}:/dev/full");
        let ended = Run::of(audit(&workspace).args(["-q", "-o", &output, "export.ndjson"]));
        assert_eq!(ended.code, 2, "{format}");
        let said = ended.stderr;
        assert!(said.contains("report `/dev/full` could not be written"));
        assert!(said.contains("No space left on device"), "{said}");
    }
}

#[test]
fn a_report_is_for_its_owner_alone() {
    let workspace = workspace();
    workspace.write("old.csv", "old");
    let everyone = fs::Permissions::from_mode(0o644);
    fs::set_permissions(workspace.path("old.csv"), everyone).expect("it is set");
    let mut command = after(&workspace, "umask 022");
    command.args(["-o", "new.csv", "-o", "old.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), 1);
    for name in ["new.csv", "old.csv"] {
        assert_eq!(mode(&workspace.path(name)), 0o600, "{name}");
        assert!(workspace.read(name).contains("c1"), "{name}");
    }
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

/// Runs the program with these arguments, which fails; an old report must be
/// left as it was, and nothing beside it.
fn leaves_the_old_report(workspace: &Workspace, args: &[&str]) {
    workspace.write("findings.csv", "the old report\n");
    let before = workspace.names();
    let ended = Run::of(audit(workspace).args(["-o", "findings.csv"]).args(args));
    assert_eq!(ended.code, 2, "{args:?}");
    assert_eq!(
        workspace.read("findings.csv"),
        "the old report\n",
        "{args:?}"
    );
    assert_eq!(workspace.names(), before, "{args:?}");
}

#[test]
fn a_run_that_fails_leaves_the_old_report() {
    let workspace = workspace();
    workspace.write("mistaken.toml", mistaken_policy());
    for args in [
        &["-p", "mistaken.toml", "export.ndjson"][..],
        &["missing.json"],
        &["export.ndjson", "-o", "missing/report.json"],
        &["export.ndjson", "-o", "json:/dev/full"],
        &["export.ndjson", "-o", "text:/dev/full"],
    ] {
        leaves_the_old_report(&workspace, args);
    }
}

#[test]
fn a_run_whose_stdout_fails_leaves_the_old_report() {
    let workspace = workspace();
    workspace.write("findings.csv", "the old report\n");
    for format in FORMATS {
        let mut command = audit(&workspace);
        command.args(["-f", format, "-o", "findings.csv", "export.ndjson"]);
        assert_eq!(code(command.stdout(full_device())), 2, "{format}");
        assert_eq!(
            workspace.read("findings.csv"),
            "the old report\n",
            "{format}"
        );
    }
}

#[test]
fn a_folder_that_takes_no_file_keeps_the_old_report() {
    let workspace = workspace();
    let reports = workspace.path("reports");
    workspace.create_dir("reports");
    workspace.write("reports/findings.csv", "the old report\n");
    fs::set_permissions(&reports, fs::Permissions::from_mode(0o555)).expect("it is set");
    // Nothing is forbidden to root.
    let forbidden = File::create(reports.join("probe")).is_err();
    let mut command = audit(&workspace);
    command.args(["-o", "reports/findings.csv", "export.ndjson"]);
    let ended = code(&mut command);
    fs::set_permissions(&reports, fs::Permissions::from_mode(0o755)).expect("it is set");
    if forbidden {
        assert_eq!(ended, 2);
        assert_eq!(workspace.read("reports/findings.csv"), "the old report\n");
    }
}

#[test]
fn of_two_reports_of_which_one_fails_none_takes_its_place() {
    let workspace = workspace();
    workspace.write("large.ndjson", records(3000));
    // A file may grow to 1 KiB, or 512 bytes in some shells: the one report is
    // smaller, the other larger.
    for limit in ["ulimit -f 1", "trap '' XFSZ; ulimit -f 1"] {
        let mut command = after(&workspace, limit);
        command.args(["-q", "--fail-on", "never", "--columns", "rule"]);
        command.args(["-o", "small.csv", "-o", "large.json", "export.ndjson"]);
        let before = workspace.names();
        let ended = Run::of(&mut command);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        let said = "error: report `large.json` could not be written whole: File too large";
        assert!(ended.stderr.starts_with(said), "{}", ended.stderr);
        assert_eq!(workspace.names(), before);
        let mut command = after(&workspace, limit);
        command.args(["-q", "-o", "large.csv", "-o", "small.txt", "large.ndjson"]);
        assert_eq!(code(&mut command), 2);
        assert_eq!(workspace.names(), before);
    }
}

#[test]
fn a_library_that_panics_is_an_error_of_its_report() {
    let workspace = workspace();
    workspace.write("r.xlsx", "the old report\n");
    let before = workspace.names();
    let mut command = audit(&workspace);
    command.args(["-q", "-o", "other.csv", "-o", "r.xlsx", "export.ndjson"]);
    // The workbook needs a temporary file.
    command.env("TMPDIR", workspace.path("missing"));
    let ended = Run::of(command.env("RUST_BACKTRACE", "1"));
    assert_eq!(ended.code, 2, "{ended}");
    let said = "error: report `r.xlsx` could not be written whole: ";
    assert!(ended.stderr.starts_with(said), "{ended}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended}");
    assert_eq!(workspace.names(), before);
    assert_eq!(workspace.read("r.xlsx"), "the old report\n");
}

#[test]
fn a_report_may_have_any_name_that_the_file_system_takes() {
    let workspace = workspace();
    for length in [1, 240, 247, 248, 254, 255] {
        let name = "r".repeat(length);
        for _ in 0..2 {
            let output = format!("csv:{name}");
            let mut command = audit(&workspace);
            assert_eq!(code(command.args(["-o", &output, "export.ndjson"])), 1);
            assert!(workspace.read(&name).contains("c1"), "{length}");
        }
    }
    let output = format!("csv:{}", "r".repeat(256));
    let ended = Run::of(audit(&workspace).args(["-o", &output, "export.ndjson"]));
    assert_eq!(ended.code, 2, "{ended}");
    assert_eq!(workspace.names().len(), 2 + 6);
}

#[test]
fn of_two_reports_of_which_one_cannot_take_its_place_none_does() {
    let workspace = workspace();
    workspace.write("findings.csv", "the old report\n");
    let (mut child, feeder) = run_in_the_middle(&workspace);
    let reader = first_line(&mut child);
    // A folder takes the name of the second report.
    workspace.create_dir("new.json");
    let before = workspace.names();
    let drain = thread::spawn(move || std::io::copy(&mut { reader }, &mut std::io::sink()));
    drop(feeder.join());
    assert_eq!(child.wait().expect("it ends").code(), Some(2));
    assert!(drain.join().is_ok());
    assert_eq!(workspace.read("findings.csv"), "the old report\n");
    assert_eq!(workspace.names(), before);
}

/// A run that has judged the first records of its stdin and waits for more;
/// the thread feeds it, and keeps stdin open until it is asked for it.
fn run_in_the_middle(workspace: &Workspace) -> (Child, JoinHandle<ChildStdin>) {
    let mut child = audit(workspace)
        .args(["-f", "ndjson", "-o", "findings.csv", "-o", "new.json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let feeder = thread::spawn(move || {
        // The run may end before it has read all of it.
        let _ = stdin.write_all(records(30_000).as_bytes());
        stdin
    });
    (child, feeder)
}

#[test]
fn a_signal_in_the_middle_of_a_run_leaves_the_old_report() {
    for (signal, expected) in [("TERM", 143), ("INT", 130)] {
        let workspace = workspace();
        workspace.write("findings.csv", "the old report\n");
        let before = workspace.names();
        let (mut child, feeder) = run_in_the_middle(&workspace);
        let reader = first_line(&mut child);
        assert_eq!(workspace.read("findings.csv"), "the old report\n");
        let kill = format!("kill -{signal} {}", child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("kill runs").success());
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(expected), "{signal}");
        assert_eq!(workspace.read("findings.csv"), "the old report\n");
        assert_eq!(workspace.names(), before, "{signal}");
        drop((reader, feeder.join()));
    }
}

#[test]
fn a_report_behind_a_link_replaces_what_the_link_points_to() {
    let workspace = workspace();
    workspace.create_dir("real");
    workspace.write("real/target.csv", "the target\n");
    let everyone = fs::Permissions::from_mode(0o644);
    fs::set_permissions(workspace.path("real/target.csv"), everyone).expect("it is set");
    let links = [
        ("real/target.csv", "link.csv"),
        ("real/nowhere.csv", "dangling.csv"),
        ("real/c1.md", "c1.md"),
    ];
    for (target, link) in links {
        symlink(target, workspace.path(link)).expect("it is made");
    }
    let mut command = audit(&workspace);
    command.args(["-o", "link.csv", "-o", "dangling.csv"]);
    command.args(["--split-by", "customer", "-o", "{}.md", "export.ndjson"]);
    assert_eq!(code(&mut command), 1);
    for (target, link) in links {
        let metadata = fs::symlink_metadata(workspace.path(link)).expect("it is there");
        assert!(metadata.is_symlink(), "{link}");
        assert!(workspace.read(target).contains("c1"), "{target}");
        assert_eq!(mode(&workspace.path(target)), 0o600, "{target}");
    }
    let before = workspace.names();
    let mut command = audit(&workspace);
    command.args(["-o", "link.csv", "missing.ndjson"]);
    assert_eq!(code(&mut command), 2);
    assert!(workspace.read("real/target.csv").contains("c1"));
    assert_eq!(workspace.names(), before);
}

#[test]
fn a_report_behind_links_in_a_circle_cannot_be_opened() {
    let workspace = workspace();
    symlink("b.csv", workspace.path("a.csv")).expect("it is made");
    symlink("a.csv", workspace.path("b.csv")).expect("it is made");
    let ended = Run::of(audit(&workspace).args(["-o", "a.csv", "export.ndjson"]));
    assert_eq!(ended.code, 2);
    let said = "report `a.csv` could not be opened: its symbolic links lead in a circle";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn two_reports_behind_one_link_are_refused() {
    let workspace = workspace();
    symlink("new.csv", workspace.path("link.csv")).expect("it is made");
    let mut command = audit(&workspace);
    command.args(["-o", "link.csv", "-o", "new.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), 2);
    assert!(!workspace.path("new.csv").exists());
}

#[test]
fn a_report_over_the_file_on_stdin_is_refused() {
    let workspace = workspace();
    let stdin = File::open(workspace.path("export.ndjson")).expect("it is opened");
    let mut command = audit(&workspace);
    command.args(["-o", "csv:export.ndjson", "-"]).stdin(stdin);
    let ended = Run::of(&mut command);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("is also read by this run"));
    assert_eq!(workspace.read("export.ndjson"), records(3));
}

#[test]
fn a_report_goes_to_shared_memory_as_to_any_folder() {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let workspace = workspace();
    let report = folder.path().join("findings.csv");
    let output = format!("csv:{}", report.display());
    let mut command = audit(&workspace);
    assert_eq!(code(command.args(["-o", &output, "export.ndjson"])), 1);
    assert!(fs::read_to_string(report).expect("UTF-8").contains("c1"));
}

#[test]
fn a_report_over_what_the_run_reads_is_refused_by_any_name() {
    let workspace = workspace();
    symlink("export.ndjson", workspace.path("link")).expect("it is made");
    fs::hard_link(workspace.path("export.ndjson"), workspace.path("hard")).expect("it is made");
    symlink("mfa.toml", workspace.path("policy")).expect("it is made");
    let roundabout = format!("csv:{}/export.ndjson", workspace.folder().display());
    for output in ["csv:link", "csv:hard", "csv:policy", roundabout.as_str()] {
        let ended = Run::of(audit(&workspace).args(["-o", output, "export.ndjson"]));
        assert_eq!(ended.code, 2, "{output}");
        assert!(ended.stderr.contains("is also read by this run"));
        assert_eq!(workspace.read("export.ndjson"), records(3), "{output}");
        assert_eq!(workspace.read("mfa.toml"), POLICY, "{output}");
    }
}

#[test]
fn two_reports_to_one_file_are_refused_by_any_name() {
    let workspace = workspace();
    workspace.create_dir("reports");
    symlink("reports", workspace.path("link")).expect("it is made");
    let here = format!("json:{}/reports/findings", workspace.folder().display());
    for other in [
        "json:./reports/findings",
        "json:reports/../reports/findings",
        "json:link/findings",
        here.as_str(),
    ] {
        let mut command = audit(&workspace);
        command.args(["-o", "csv:reports/findings", "-o", other, "export.ndjson"]);
        assert_eq!(code(&mut command), 2, "{other}");
        assert!(!workspace.path("reports/findings").exists(), "{other}");
    }
}

#[test]
fn a_report_may_have_the_name_of_a_bundled_policy() {
    let workspace = workspace();
    let mut command = audit(&workspace);
    command.args(["-p", "baseline", "-o", "csv:baseline", "export.ndjson"]);
    assert_eq!(code(&mut command), 3);
    assert!(workspace.read("baseline").contains("c1"));
}

#[test]
fn a_report_that_replaces_another_is_a_new_file() {
    let workspace = workspace();
    workspace.write("findings.csv", "the old report\n");
    let old = fs::metadata(workspace.path("findings.csv")).expect("it is there");
    fs::hard_link(workspace.path("findings.csv"), workspace.path("kept")).expect("it is made");
    let mut command = audit(&workspace);
    command.args(["-o", "findings.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), 1);
    let new = fs::metadata(workspace.path("findings.csv")).expect("it is there");
    assert_ne!(old.ino(), new.ino());
    assert_eq!(workspace.read("kept"), "the old report\n");
}
