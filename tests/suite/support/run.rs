//! A run of the program: how to start one, and what it leaves behind.

use std::ffi::OsString;
use std::fmt;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program that is tested.
const AUDIT: &str = env!("CARGO_BIN_EXE_audit");

/// Characters of a report that fit on a screen.
const SHOWN: usize = 4000;

/// What a run left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// Runs the program in this process, with these arguments after its name.
pub fn audit<A: Into<OsString>>(args: impl IntoIterator<Item = A>) -> Run {
    let args = args.into_iter().map(Into::into);
    let args = std::iter::once("audit".into()).chain(args);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = audit::run::main(args, &mut stdout, &mut stderr);
    Run {
        code: code.into(),
        stdout,
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// The program as a process of its own, in the folder of the project, with
/// nothing on stdin and no colour.
pub fn command() -> Command {
    let mut command = Command::new(AUDIT);
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// Fails with what the run printed, unless the condition holds.
#[track_caller]
pub fn check(holds: bool, what: &str, run: &Run) {
    assert!(holds, "{what}{run}");
}

impl Run {
    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        command.output().expect("the program starts").into()
    }

    /// What is on stdout, as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("stdout is UTF-8")
    }

    /// What is on stdout, as one JSON value.
    pub fn report(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// What is on stdout, as one JSON value for each line.
    pub fn lines(&self) -> Vec<Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self}"));
        self.text().lines().map(parse).collect()
    }

    /// The customers for whom a rule has findings, in the order of the
    /// findings of a JSON report.
    pub fn found(&self, rule: &str) -> Vec<String> {
        self.reasons(rule).into_iter().map(|(id, _)| id).collect()
    }

    /// The customers for whom a rule has findings, and the reason of each.
    pub fn reasons(&self, rule: &str) -> Vec<(String, String)> {
        let report = self.report();
        let findings = report["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        findings
            .filter(|finding| finding["rule"] == rule)
            .map(|finding| (text(&finding["customer_id"]), text(&finding["reason"])))
            .collect()
    }

    /// The number of records, and of those that were rejected.
    pub fn counts(&self) -> (u64, u64) {
        let summary = &self.report()["summary"];
        let count = |name: &str| summary[name].as_u64().unwrap();
        (count("records"), count("rejected"))
    }

    /// Why the first export was not read to its end; empty, if it was.
    pub fn problem(&self) -> String {
        let report = self.report();
        let problem = report["exports"][0]["problem"].as_str();
        problem.unwrap_or_default().to_owned()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

/// Shows as much of a run as fits on a screen: of a JSON report, its findings.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let findings = stdout.find("\"findings\":[").unwrap_or(0);
        let shown: String = stdout[findings..].chars().take(SHOWN).collect();
        let (code, stderr) = (self.code, &self.stderr);
        write!(
            f,
            "\n--- exit code {code}, stdout\n{shown}\n--- stderr\n{stderr}"
        )
    }
}
