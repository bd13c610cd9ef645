//! Standard streams and devices: full, closed, left early, or heard by nobody.

use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt;
use std::process::{Command, Stdio};

use super::{
    FORMATS, POLICY, after, audit, code, first_line, full_device, mistaken_policy, records,
    workspace,
};
use crate::support::{Run, command};

#[test]
fn a_stdout_that_cannot_take_the_report_fails_the_run() {
    let workspace = workspace();
    for format in FORMATS {
        let mut command = audit(&workspace);
        let ended = Run::of(
            command
                .args(["-f", format, "export.ndjson"])
                .stdout(full_device()),
        );
        assert_eq!(ended.code, 2, "{format}");
        let said = ended.stderr;
        assert!(said.contains("report on stdout could not be written"));
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(code(command().arg("--help").stdout(full_device())), 2);
}

#[test]
fn a_reader_that_is_gone_fails_the_run_without_a_panic() {
    let workspace = workspace();
    for format in FORMATS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = audit(&workspace);
        let ended = Run::of(command.args(["-f", format, "export.ndjson"]).stdout(writer));
        assert_eq!(ended.code, 2, "{format}");
        assert!(!ended.stderr.contains("panicked"));
    }
}

#[test]
fn no_command_takes_a_reader_that_is_gone_for_success() {
    let workspace = workspace();
    let report = Run::of(audit(&workspace).args(["-f", "json", "export.ndjson"]));
    workspace.write("report.json", &report.stdout);
    let mut command = audit(&workspace);
    command.args(["-q", "--manifest", "manifest.json", "export.ndjson"]);
    assert_eq!(code(&mut command), 1);
    for line in [
        "--help",
        "--version",
        "convert report.json",
        "verify manifest.json",
        "policy test pci.toml",
        "policy check mfa.toml",
        "policy list",
        "policy show mfa.toml",
        "policy new",
        "fields",
        "explain -p mfa.toml --id c1 export.ndjson",
        "schema report",
        "completions bash",
        "man",
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/pci.toml");
        let words = line.replace("pci.toml", policies);
        let mut command = workspace.command();
        command.args(words.split(' ')).stdout(writer);
        let mut closed = Command::new("sh");
        closed.args(["-c", "exec \"$0\" \"$@\" >&-"]);
        closed.arg(command.get_program()).args(words.split(' '));
        closed.current_dir(workspace.folder());
        for command in [&mut command, &mut closed] {
            let ended = Run::of(command);
            assert_eq!(ended.code, 2, "{line}");
            assert!(ended.stderr.starts_with("error: "), "{line}: {ended}");
            assert_eq!(ended.stderr.lines().count(), 1, "{line}: {ended}");
        }
    }
}

#[test]
fn a_reader_that_leaves_early_fails_the_run_without_a_panic() {
    let workspace = workspace();
    workspace.write("large.ndjson", records(30_000));
    for format in ["csv", "json", "ndjson"] {
        let mut child = audit(&workspace)
            .args(["-f", format, "large.ndjson"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(first_line(&mut child));
        let ended = Run::from(child.wait_with_output().expect("it ends"));
        assert_eq!(ended.code, 2, "{format}");
        assert!(!ended.stderr.contains("panicked"));
    }
}

#[test]
fn a_stdout_that_is_not_open_fails_the_run() {
    let workspace = workspace();
    for closed in ["exec >&-", "exec <&- >&-", "exec 1</dev/null"] {
        let mut command = after(&workspace, closed);
        let ended = Run::of(command.arg("export.ndjson"));
        assert_eq!(ended.code, 2, "{closed}");
        let said = "error: report on stdout could not be written whole: Bad file descriptor";
        assert!(ended.stderr.contains(said), "{closed}: {ended}");
        // Who wants none does not need it.
        let mut command = after(&workspace, closed);
        let args = ["-q", "-o", "findings.csv", "export.ndjson"];
        assert_eq!(code(command.args(args)), 1, "{closed}");
        assert!(workspace.read("findings.csv").contains("c1"));
    }
    let mut command = after(&workspace, "exec >&-");
    assert_eq!(
        code(command.args(["-o", "csv:/dev/stdout", "export.ndjson"])),
        2
    );
    // A stdout that goes nowhere on purpose is fine.
    let nowhere = File::options().read(true).write(true).open("/dev/null");
    let mut command = audit(&workspace);
    command
        .arg("export.ndjson")
        .stdout(nowhere.expect("it is opened"));
    assert_eq!(code(&mut command), 1);
}

#[test]
fn a_run_that_prints_nothing_does_not_need_stdout() {
    let workspace = workspace();
    let mut command = audit(&workspace);
    command.args(["-q", "-o", "findings.csv", "export.ndjson"]);
    assert_eq!(code(command.stdout(full_device())), 1);
    assert!(workspace.read("findings.csv").contains("c1"));
}

#[test]
fn notes_that_cannot_be_printed_do_not_change_the_verdict() {
    let workspace = workspace();
    let broken = workspace.read("export.ndjson") + "{\n";
    workspace.write("export.ndjson", &broken);
    let mut command = audit(&workspace);
    command.args(["-f", "csv", "export.ndjson"]);
    assert_eq!(code(command.stderr(full_device())), 3);
}

#[test]
fn a_report_to_a_pipe_streams() {
    let workspace = workspace();
    workspace.make_fifo("pipe");
    let mut child = audit(&workspace)
        .args(["-q", "-o", "ndjson:pipe", "export.ndjson"])
        .spawn()
        .expect("it runs");
    let report = workspace.read("pipe");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let alone = Run::of(audit(&workspace).args(["-f", "ndjson", "export.ndjson"]));
    assert_eq!(report, alone.text());
    let metadata = fs::metadata(workspace.path("pipe")).expect("it is there");
    assert!(metadata.file_type().is_fifo());
}

#[test]
fn no_name_of_a_file_steers_a_terminal() {
    let workspace = workspace();
    let (bell, turn) = ("a\u{7}\u{1b}[31m", "b\u{202e}");
    let name = |ending: &str| format!("{bell}{turn}{ending}");
    workspace.write(&name(".ndjson"), records(3));
    workspace.write(&name(".toml"), POLICY);
    workspace.write(&name("-mistaken.toml"), mistaken_policy());
    workspace.create_dir(&name(".csv"));
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
        let ended = Run::of(audit(&workspace).args(args));
        ended.text().contains(steers) || ended.stderr.contains(steers)
    });
    assert!(runs.is_empty(), "steered: {runs:?}");
}
