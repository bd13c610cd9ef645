//! Whole runs that need more than data: devices, pipes, links, signals, threads
//! and the time zone.

mod controls;
mod environment;
mod input;
mod output;
mod streams;
mod values;

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::support::{Run, Workspace};

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

/// A folder with a policy, `mfa.toml`, and an export in which one customer
/// fails, `export.ndjson`.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("mfa.toml", POLICY);
    workspace.write("export.ndjson", records(3));
    workspace
}

/// The policy under another id, with a severity that does not exist.
fn mistaken_policy() -> String {
    POLICY.replacen("mfa", "other", 1).replace("high", "hihg")
}

/// The program in this folder, with the policy and the instant.
fn audit(workspace: &Workspace) -> Command {
    with_policy(workspace.command())
}

/// The program as a shell starts it after these words.
fn after(workspace: &Workspace, words: &str) -> Command {
    let audit = workspace.command();
    let script = format!("{words}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .current_dir(workspace.folder())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .args(["-c", &script])
        .arg(audit.get_program());
    with_policy(command)
}

fn with_policy(mut command: Command) -> Command {
    command.args(["--policy", "mfa.toml", "--as-of", "2026-12-01T00:00:00Z"]);
    command
}

/// NDJSON in which every third customer, from the first, does not meet a rule.
fn records(count: usize) -> String {
    let record = |number: usize| {
        let met = number % 3 != 1;
        format!("{{\"id\": \"c{number}\", \"force2fa\": {met}, \"updatedAt\": null}}\n")
    };
    (1..=count).map(record).collect()
}

fn code(command: &mut Command) -> i32 {
    Run::of(command).code
}

fn full_device() -> File {
    let device = OpenOptions::new().write(true).open("/dev/full");
    device.expect("there is a full device")
}

/// The first line of what the run prints; the pipe is closed with the reader.
fn first_line(child: &mut Child) -> BufReader<impl Read + use<>> {
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("it is read");
    assert!(!line.is_empty());
    reader
}
