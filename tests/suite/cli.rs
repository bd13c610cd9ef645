//! Whole runs: those that are data, in `tests/cmd`, and those that need more
//! than data: devices, pipes, links, signals, threads and the time zone.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

const AUDIT: &str = env!("CARGO_BIN_EXE_audit");
const AS_OF: [&str; 2] = ["--as-of", "2026-12-01T00:00:00Z"];
const FORMATS: [&str; 4] = ["text", "csv", "json", "ndjson"];

const POLICY: &str = r#"
[policy]
id = "mfa"

[[rule]]
id = "mfa"
title = "Two-factor authentication is forced"
severity = "high"
require.force2fa = true
remediation = "Force it."

[[rule]]
id = "review"
title = "The record changed within a year"
severity = "low"
on-absent = "not-applicable"
require.updatedAt = { newer-than = "52w" }
"#;

#[test]
fn every_case_of_tests_cmd_runs_as_it_says() {
    trycmd::TestCases::new()
        .env("NO_COLOR", "1")
        .case("tests/cmd/*/*.toml");
}

/// A folder with a policy, `mfa.toml`, and an export in which one customer
/// fails, `export.ndjson`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.write("mfa.toml", POLICY);
        folder.write("export.ndjson", &records(3));
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("it is written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is read")
    }

    /// The names in it, sorted.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("it is a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The program in this folder, with the policy and the instant.
    fn audit(&self) -> Command {
        self.command(AUDIT, &[])
    }

    /// The program as a shell starts it after these words.
    fn after(&self, words: &str) -> Command {
        let script = format!("{words}; exec \"$0\" \"$@\"");
        self.command("sh", &["-c", &script, AUDIT])
    }

    fn command(&self, program: &str, before: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.0.path())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .args(before)
            .args(["--policy", "mfa.toml"])
            .args(AS_OF);
        command
    }

    fn make_fifo(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status();
        assert!(made.expect("mkfifo runs").success());
    }
}

/// NDJSON in which every third customer, from the first, does not meet a rule.
fn records(count: usize) -> String {
    let record = |number: usize| {
        let met = number % 3 != 1;
        format!("{{\"id\": \"c{number}\", \"force2fa\": {met}, \"updatedAt\": null}}\n")
    };
    (1..=count).map(record).collect()
}

fn run(command: &mut Command) -> Output {
    command.output().expect("it runs")
}

fn code(command: &mut Command) -> Option<i32> {
    run(command).status.code()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

fn full_device() -> File {
    let device = OpenOptions::new().write(true).open("/dev/full");
    device.expect("there is a full device")
}

fn mode(path: &Path) -> u32 {
    let metadata = fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

#[test]
fn several_reports_of_one_run_are_what_each_would_be_alone() {
    let folder = Folder::new();
    let outputs = [
        ("text", "-ofindings.txt", "findings.txt"),
        ("csv", "-ofindings.csv", "findings.csv"),
        ("json", "-ofindings.json", "findings.json"),
        ("ndjson", "-ofindings.jsonl", "findings.jsonl"),
        ("csv", "-ocsv:other", "other"),
    ];
    let all = run(folder
        .audit()
        .args(outputs.map(|(_, option, _)| option))
        .args(["-q", "export.ndjson"]));
    assert_eq!(all.status.code(), Some(1));
    assert_eq!((text(&all.stdout), text(&all.stderr)), ("", ""));
    for (format, _, name) in outputs {
        let alone = run(folder.audit().args(["-f", format, "export.ndjson"]));
        assert_eq!(folder.read(name), text(&alone.stdout), "{name}");
        assert_eq!(mode(&folder.path(name)), 0o600, "{name}");
    }
}

#[test]
fn a_report_that_a_device_cannot_take_fails_the_run() {
    let folder = Folder::new();
    for format in FORMATS {
        let output = format!("{format}:/dev/full");
        let ended = run(folder.audit().args(["-q", "-o", &output, "export.ndjson"]));
        assert_eq!(ended.status.code(), Some(2), "{format}");
        let said = text(&ended.stderr);
        assert!(said.contains("report `/dev/full` could not be written"));
        assert!(said.contains("No space left on device"), "{said}");
    }
}

#[test]
fn a_stdout_that_cannot_take_the_report_fails_the_run() {
    let folder = Folder::new();
    for format in FORMATS {
        let mut command = folder.audit();
        let ended = run(command
            .args(["-f", format, "export.ndjson"])
            .stdout(full_device()));
        assert_eq!(ended.status.code(), Some(2), "{format}");
        let said = text(&ended.stderr);
        assert!(said.contains("report on stdout could not be written"));
        assert!(!said.contains("panicked"), "{said}");
    }
    let help = Command::new(AUDIT)
        .arg("--help")
        .stdout(full_device())
        .status();
    assert_eq!(help.expect("it runs").code(), Some(2));
}

#[test]
fn a_reader_that_is_gone_fails_the_run_without_a_panic() {
    let folder = Folder::new();
    for format in FORMATS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = folder.audit();
        let ended = run(command.args(["-f", format, "export.ndjson"]).stdout(writer));
        assert_eq!(ended.status.code(), Some(2), "{format}");
        assert!(!text(&ended.stderr).contains("panicked"));
    }
}

#[test]
fn a_reader_that_leaves_early_fails_the_run_without_a_panic() {
    let folder = Folder::new();
    folder.write("large.ndjson", &records(30_000));
    for format in ["csv", "json", "ndjson"] {
        let mut child = folder
            .audit()
            .args(["-f", format, "large.ndjson"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(first_line(&mut child));
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(2), "{format}");
        assert!(!text(&ended.stderr).contains("panicked"));
    }
}

#[test]
#[ignore = "before `main`, the standard library puts /dev/null in place of a stdout that is not open"]
fn a_stdout_that_is_not_open_fails_the_run() {
    let folder = Folder::new();
    let mut command = folder.after("exec >&-");
    assert_eq!(code(command.arg("export.ndjson")), Some(2));
}

#[test]
fn a_run_that_owes_stdout_nothing_does_not_need_it() {
    let folder = Folder::new();
    let mut command = folder.audit();
    command.args(["-q", "-o", "findings.csv", "export.ndjson"]);
    assert_eq!(code(command.stdout(full_device())), Some(1));
    assert!(folder.read("findings.csv").contains("c1"));
}

#[test]
fn notes_that_nobody_can_hear_do_not_change_the_verdict() {
    let folder = Folder::new();
    let broken = folder.read("export.ndjson") + "{\n";
    folder.write("export.ndjson", &broken);
    let mut command = folder.audit();
    command.args(["-f", "csv", "export.ndjson"]);
    assert_eq!(code(command.stderr(full_device())), Some(3));
}

#[test]
fn a_report_is_for_its_owner_alone() {
    let folder = Folder::new();
    folder.write("old.csv", "old");
    let everyone = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.path("old.csv"), everyone).expect("it is set");
    let mut command = folder.after("umask 022");
    command.args(["-o", "new.csv", "-o", "old.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), Some(1));
    for name in ["new.csv", "old.csv"] {
        assert_eq!(mode(&folder.path(name)), 0o600, "{name}");
        assert!(folder.read(name).contains("c1"), "{name}");
    }
}

/// Runs the program with these arguments, which fails; an old report must be
/// left as it was, and nothing beside it.
fn leaves_the_old_report(folder: &Folder, args: &[&str]) {
    folder.write("findings.csv", "the old report\n");
    let before = folder.names();
    let ended = run(folder.audit().args(["-o", "findings.csv"]).args(args));
    assert_eq!(ended.status.code(), Some(2), "{args:?}");
    assert_eq!(folder.read("findings.csv"), "the old report\n", "{args:?}");
    assert_eq!(folder.names(), before, "{args:?}");
}

#[test]
fn a_run_that_fails_leaves_the_old_report() {
    let folder = Folder::new();
    let mistaken = POLICY.replacen("mfa", "other", 1).replace("high", "hihg");
    folder.write("mistaken.toml", &mistaken);
    for args in [
        &["-p", "mistaken.toml", "export.ndjson"][..],
        &["missing.json"],
        &["export.ndjson", "-o", "missing/report.json"],
        &["export.ndjson", "-o", "json:/dev/full"],
        &["export.ndjson", "-o", "text:/dev/full"],
    ] {
        leaves_the_old_report(&folder, args);
    }
}

#[test]
fn a_run_whose_stdout_fails_leaves_the_old_report() {
    let folder = Folder::new();
    folder.write("findings.csv", "the old report\n");
    for format in FORMATS {
        let mut command = folder.audit();
        command.args(["-f", format, "-o", "findings.csv", "export.ndjson"]);
        assert_eq!(code(command.stdout(full_device())), Some(2), "{format}");
        assert_eq!(folder.read("findings.csv"), "the old report\n", "{format}");
    }
}

#[test]
fn a_folder_that_takes_no_file_keeps_the_old_report() {
    let folder = Folder::new();
    let reports = folder.path("reports");
    fs::create_dir(&reports).expect("it is made");
    folder.write("reports/findings.csv", "the old report\n");
    fs::set_permissions(&reports, fs::Permissions::from_mode(0o555)).expect("it is set");
    // Nothing is forbidden to root.
    let forbidden = File::create(reports.join("probe")).is_err();
    let mut command = folder.audit();
    command.args(["-o", "reports/findings.csv", "export.ndjson"]);
    let ended = code(&mut command);
    fs::set_permissions(&reports, fs::Permissions::from_mode(0o755)).expect("it is set");
    if forbidden {
        assert_eq!(ended, Some(2));
        assert_eq!(folder.read("reports/findings.csv"), "the old report\n");
    }
}

#[test]
fn of_two_reports_of_which_one_fails_none_takes_its_place() {
    let folder = Folder::new();
    folder.write("large.ndjson", &records(3000));
    // A file may grow to 1 KiB, or 512 bytes in some shells: the one report is
    // smaller, the other larger.
    let mut command = folder.after("trap '' XFSZ; ulimit -f 1");
    command.args(["-q", "--fail-on", "never", "--columns", "rule"]);
    command.args(["-o", "small.csv", "-o", "large.json", "export.ndjson"]);
    let before = folder.names();
    let ended = run(&mut command);
    assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stderr));
    assert_eq!(folder.names(), before);
    let mut command = folder.after("trap '' XFSZ; ulimit -f 1");
    command.args(["-q", "-o", "large.csv", "-o", "small.txt", "large.ndjson"]);
    assert_eq!(code(&mut command), Some(2));
    assert_eq!(folder.names(), before);
}

/// A run that has judged the first records of its stdin and waits for more;
/// the thread feeds it, and keeps stdin open until it is asked for it.
fn run_in_the_middle(folder: &Folder) -> (Child, JoinHandle<ChildStdin>) {
    let mut child = folder
        .audit()
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

/// The first line of what the run prints; the pipe is closed with the reader.
fn first_line(child: &mut Child) -> BufReader<impl Read + use<>> {
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("it is read");
    assert!(!line.is_empty());
    reader
}

#[test]
fn a_signal_in_the_middle_of_a_run_leaves_the_old_report() {
    for (signal, expected) in [("TERM", 143), ("INT", 130)] {
        let folder = Folder::new();
        folder.write("findings.csv", "the old report\n");
        let before = folder.names();
        let (mut child, feeder) = run_in_the_middle(&folder);
        let reader = first_line(&mut child);
        assert_eq!(folder.read("findings.csv"), "the old report\n");
        let kill = format!("kill -{signal} {}", child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("kill runs").success());
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(expected), "{signal}");
        assert_eq!(folder.read("findings.csv"), "the old report\n");
        assert_eq!(folder.names(), before, "{signal}");
        drop((reader, feeder.join()));
    }
}

#[test]
fn what_can_be_found_wrong_is_found_before_the_first_record() {
    let folder = Folder::new();
    for args in [["-o", "missing/report.csv"], ["-p", "missing.toml"]] {
        let mut child = folder
            .audit()
            .args(args)
            .arg("-")
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let stdin = child.stdin.take();
        assert_eq!(child.wait().expect("it ends").code(), Some(2), "{args:?}");
        drop(stdin);
    }
}

#[test]
fn a_link_where_a_report_goes_is_replaced_and_its_target_is_not() {
    let folder = Folder::new();
    folder.write("target.csv", "the target\n");
    symlink("target.csv", folder.path("link.csv")).expect("it is made");
    symlink("nowhere.csv", folder.path("dangling.csv")).expect("it is made");
    let mut command = folder.audit();
    command.args(["-o", "link.csv", "-o", "dangling.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), Some(1));
    assert_eq!(folder.read("target.csv"), "the target\n");
    assert!(!folder.path("nowhere.csv").exists());
    for name in ["link.csv", "dangling.csv"] {
        let metadata = fs::symlink_metadata(folder.path(name)).expect("it is there");
        assert!(metadata.is_file(), "{name}");
        assert!(folder.read(name).contains("c1"), "{name}");
    }
}

#[test]
fn a_report_over_what_the_run_reads_is_refused_by_any_name() {
    let folder = Folder::new();
    symlink("export.ndjson", folder.path("link")).expect("it is made");
    fs::hard_link(folder.path("export.ndjson"), folder.path("hard")).expect("it is made");
    symlink("mfa.toml", folder.path("policy")).expect("it is made");
    let roundabout = format!("csv:{}/export.ndjson", folder.0.path().display());
    for output in ["csv:link", "csv:hard", "csv:policy", roundabout.as_str()] {
        let ended = run(folder.audit().args(["-o", output, "export.ndjson"]));
        assert_eq!(ended.status.code(), Some(2), "{output}");
        assert!(text(&ended.stderr).contains("is also read by this run"));
        assert_eq!(folder.read("export.ndjson"), records(3), "{output}");
        assert_eq!(folder.read("mfa.toml"), POLICY, "{output}");
    }
}

#[test]
fn two_reports_to_one_file_are_refused_by_any_name() {
    let folder = Folder::new();
    fs::create_dir(folder.path("reports")).expect("it is made");
    symlink("reports", folder.path("link")).expect("it is made");
    let here = format!("json:{}/reports/findings", folder.0.path().display());
    for other in [
        "json:./reports/findings",
        "json:reports/../reports/findings",
        "json:link/findings",
        here.as_str(),
    ] {
        let mut command = folder.audit();
        command.args(["-o", "csv:reports/findings", "-o", other, "export.ndjson"]);
        assert_eq!(code(&mut command), Some(2), "{other}");
        assert!(!folder.path("reports/findings").exists(), "{other}");
    }
}

#[test]
fn a_report_may_have_the_name_of_a_bundled_policy() {
    let folder = Folder::new();
    let mut command = folder.audit();
    command.args(["-p", "baseline", "-o", "csv:baseline", "export.ndjson"]);
    assert_eq!(code(&mut command), Some(3));
    assert!(folder.read("baseline").contains("c1"));
}

#[test]
fn a_report_to_a_pipe_streams() {
    let folder = Folder::new();
    folder.make_fifo("pipe");
    let mut child = folder
        .audit()
        .args(["-q", "-o", "ndjson:pipe", "export.ndjson"])
        .spawn()
        .expect("it runs");
    let report = folder.read("pipe");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let alone = run(folder.audit().args(["-f", "ndjson", "export.ndjson"]));
    assert_eq!(report, text(&alone.stdout));
    let metadata = fs::metadata(folder.path("pipe")).expect("it is there");
    assert!(metadata.file_type().is_fifo());
}

#[test]
fn a_pipe_is_read_as_a_file_is() {
    let folder = Folder::new();
    folder.make_fifo("pipe");
    let mut command = folder.audit();
    let child = command
        .args(["-f", "csv", "pipe"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    fs::write(folder.path("pipe"), records(3)).expect("it is written");
    let piped = child.wait_with_output().expect("it ends");
    assert_eq!(piped.status.code(), Some(1));
    let alone = run(folder.audit().args(["-f", "csv", "export.ndjson"]));
    let renamed = text(&alone.stdout).replace("export.ndjson", "pipe");
    assert_eq!(text(&piped.stdout), renamed);
}

#[test]
fn exports_are_told_in_their_order_each_from_record_one() {
    let folder = Folder::new();
    for name in ["b.ndjson", "a.ndjson", "c.ndjson"] {
        folder.write(name, &records(4000));
    }
    let ended = run(folder
        .audit()
        .args(["-f", "csv", "--columns", "export,record"])
        .args(["b.ndjson", "a.ndjson", "c.ndjson"]));
    let expected: String = ["b.ndjson", "a.ndjson", "c.ndjson"]
        .iter()
        .flat_map(|name| {
            let failing = (1..=4000).filter(|number| number % 3 == 1);
            failing.map(move |number| format!("{name},{number}\r\n"))
        })
        .collect();
    assert_eq!(
        text(&ended.stdout),
        format!("export,record\r\n{expected}"),
        "{}",
        text(&ended.stderr)
    );
}

#[test]
fn an_export_that_grows_while_it_is_read_is_incomplete() {
    let folder = Folder::new();
    folder.write("large.ndjson", &records(60_000));
    let mut child = folder
        .audit()
        .args(["-f", "ndjson", "-j", "1", "large.ndjson"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // The findings are far more than a pipe holds: the run is not at the end
    // of its export before they are read.
    let mut reader = first_line(&mut child);
    let mut export = OpenOptions::new()
        .append(true)
        .open(folder.path("large.ndjson"))
        .expect("it is opened");
    export
        .write_all(records(1).as_bytes())
        .expect("it is written");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("it is read");
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(3));
    let said = text(&ended.stderr);
    assert!(said.contains("large.ndjson: it was changed while it was read"));
    assert!(rest.contains("\"complete\":false"));
}

#[test]
fn an_export_that_may_not_be_read_cannot_be_audited() {
    let folder = Folder::new();
    let export = folder.path("export.ndjson");
    fs::set_permissions(&export, fs::Permissions::from_mode(0o000)).expect("it is set");
    // Nothing is forbidden to root.
    if File::open(&export).is_ok() {
        return;
    }
    let ended = run(folder.audit().arg("export.ndjson"));
    assert_eq!(ended.status.code(), Some(2));
    let said = "error: export `export.ndjson` could not be opened: Permission denied";
    assert!(text(&ended.stderr).starts_with(said));
}

#[test]
fn the_place_of_the_reader_changes_no_byte() {
    let folder = Folder::new();
    let export = folder.read("export.ndjson").replace(
        "\"updatedAt\": null",
        "\"updatedAt\": \"2025-12-02 00:30:00\"",
    );
    folder.write("export.ndjson", &export);
    for format in FORMATS {
        let said = |zone: &str, locale: &str| {
            let mut command = folder.audit();
            command
                .env("TZ", zone)
                .env("LANG", locale)
                .env("LC_ALL", locale);
            let ended = run(command.args(["-f", format, "export.ndjson"]));
            (ended.status.code(), ended.stdout, ended.stderr)
        };
        let here = said("UTC", "C");
        assert_eq!(here.0, Some(1));
        assert_eq!(here, said("Asia/Kathmandu", "tr_TR.UTF-8"), "{format}");
        assert_eq!(here, said("America/St_Johns", "de_DE.UTF-8"), "{format}");
        assert_eq!(here, said("nowhere", "nothing"), "{format}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = Folder::new();
    let mut export = records(5000);
    export.push_str("{\"id\": \"broken\"\n[]\n");
    export.push_str(&records(5000));
    folder.write("large.ndjson", &export);
    for format in FORMATS {
        let said = |threads: &str| {
            let mut command = folder.audit();
            command.args(["--window-bytes", "4096", "-f", format, "-j", threads]);
            let ended = run(command.args(["large.ndjson", "export.ndjson"]));
            (ended.status.code(), ended.stdout, ended.stderr)
        };
        let alone = said("1");
        assert_eq!(alone.0, Some(3), "{format}");
        assert_eq!(alone, said("2"), "{format}");
        assert_eq!(alone, said("8"), "{format}");
    }
}

#[test]
fn no_name_of_a_file_steers_a_terminal() {
    let folder = Folder::new();
    let (bell, turn) = ("a\u{7}\u{1b}[31m", "b\u{202e}");
    let name = |ending: &str| format!("{bell}{turn}{ending}");
    folder.write(&name(".ndjson"), &records(3));
    folder.write(&name(".toml"), POLICY);
    let mistaken = POLICY.replacen("mfa", "other", 1).replace("high", "hihg");
    folder.write(&name("-mistaken.toml"), &mistaken);
    fs::create_dir(folder.path(&name(".csv"))).expect("it is made");
    let mut runs: Vec<Vec<String>> = FORMATS
        .map(|format| vec!["-f".to_owned(), format.to_owned(), name(".ndjson")])
        .into();
    for mistake in [
        ["-p", &name("-mistaken.toml")],
        ["-p", &name("-missing.toml")],
        ["-p", &name("")],
        ["-o", &name(".csv")],
        ["-o", &name("/missing.csv")],
        ["-f", "csv"],
    ] {
        let mut args: Vec<_> = mistake.map(str::to_owned).into();
        args.push(name("-missing.ndjson"));
        runs.push(args);
    }
    let steers = |c: char| (c.is_control() && c != '\n' && c != '\r') || c == '\u{202e}';
    runs.retain(|args| {
        let ended = run(folder.audit().args(args));
        text(&ended.stdout).contains(steers) || text(&ended.stderr).contains(steers)
    });
    assert!(runs.is_empty(), "steered: {runs:?}");
}

#[test]
fn a_report_that_replaces_another_is_a_new_file() {
    let folder = Folder::new();
    folder.write("findings.csv", "the old report\n");
    let old = fs::metadata(folder.path("findings.csv")).expect("it is there");
    fs::hard_link(folder.path("findings.csv"), folder.path("kept")).expect("it is made");
    let mut command = folder.audit();
    command.args(["-o", "findings.csv", "export.ndjson"]);
    assert_eq!(code(&mut command), Some(1));
    let new = fs::metadata(folder.path("findings.csv")).expect("it is there");
    assert_ne!(old.ino(), new.ino());
    assert_eq!(folder.read("kept"), "the old report\n");
}
