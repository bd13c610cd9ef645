//! A folder with policies and exports, in which the program is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::run::{self, Run};

/// The instant of a run that names no other: no test asks the clock.
const AS_OF: &str = "2026-10-01T00:00:00Z";

/// A folder that is removed with all that is in it when the test ends.
pub struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// Makes an empty folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder }
    }

    /// Makes a folder with this `policy.toml`.
    pub fn with_policy(policy: &str) -> Self {
        let workspace = Self::new();
        workspace.write("policy.toml", policy);
        workspace
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The path of a file, as an argument.
    pub fn arg(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path is text").to_owned()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("it is written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("it is read")
    }

    pub fn create_dir(&self, name: &str) {
        fs::create_dir(self.path(name)).expect("it is made");
    }

    /// The names of the files and folders in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).expect("it is a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub fn make_fifo(&self, name: &str) {
        let made = Command::new("mkfifo").arg(self.path(name)).status();
        assert!(made.expect("mkfifo runs").success());
    }

    /// The arguments that audit exports of this folder: the options, then what
    /// every audit has and the options do not set: `policy.toml`, an instant,
    /// and a JSON report.
    pub fn args(&self, exports: &[&str], options: &[&str]) -> Vec<String> {
        let mut args: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
        let defaults = [
            ("-p", self.arg("policy.toml")),
            ("--as-of", AS_OF.to_owned()),
            ("-f", "json".to_owned()),
        ];
        for (option, value) in defaults {
            if !options.contains(&option) {
                args.extend([option.to_owned(), value]);
            }
        }
        args.extend(exports.iter().map(|export| match *export {
            "-" => "-".to_owned(),
            name => self.arg(name),
        }));
        args
    }

    /// Audits exports of this folder, in this process.
    pub fn audit(&self, exports: &[&str], options: &[&str]) -> Run {
        run::audit(self.args(exports, options))
    }

    /// Audits these bytes, in this process.
    pub fn audit_bytes(&self, export: impl AsRef<[u8]>) -> Run {
        self.write("export", export);
        self.audit(&["export"], &[])
    }

    /// The program as a process of its own, in this folder.
    pub fn command(&self) -> Command {
        let mut command = run::command();
        command.current_dir(self.folder());
        command
    }

    /// Runs the program in this folder, as a process of its own.
    pub fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command().args(args))
    }
}
