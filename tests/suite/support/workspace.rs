//! A folder with a policy and exports, and what the program says of them.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

/// The instant of every run: no test asks the clock.
const AS_OF: &str = "2026-10-01T00:00:00Z";

/// A folder in which `policy.toml` lies.
pub struct Desk {
    folder: TempDir,
}

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub code: u8,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Desk {
    pub fn new(policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        desk.put("policy.toml", policy);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The command line that audits these exports, after the program's name.
    pub fn args(&self, exports: &[&str], options: &[&str]) -> Vec<String> {
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let mut args = ["--as-of", AS_OF, "-f", "json", "-p"]
            .map(str::to_owned)
            .to_vec();
        args.push(path("policy.toml"));
        args.extend(options.iter().map(|option| (*option).to_owned()));
        args.extend(exports.iter().map(|export| match *export {
            "-" => "-".to_owned(),
            name => path(name),
        }));
        args
    }

    /// Audits exports of this folder.
    pub fn audit(&self, exports: &[&str], options: &[&str]) -> Run {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut args = vec!["audit".to_owned()];
        args.extend(self.args(exports, options));
        let code = audit::run::main(args, &mut stdout, &mut stderr);
        let stderr = String::from_utf8(stderr).unwrap();
        Run {
            code,
            stdout,
            stderr,
        }
    }

    /// Audits these bytes.
    pub fn read(&self, export: impl AsRef<[u8]>) -> Run {
        self.put("export", export);
        self.audit(&["export"], &[])
    }
}

impl Run {
    /// The JSON report.
    pub fn report(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "{error}: exit {}, {}, {}",
                self.code,
                self.stderr,
                String::from_utf8_lossy(&self.stdout)
            )
        })
    }

    /// The customers who are found something by a rule, in the order of the
    /// findings.
    pub fn found(&self, rule: &str) -> Vec<String> {
        self.reasons(rule).into_iter().map(|(id, _)| id).collect()
    }

    /// The customers who are found something by a rule, and why.
    pub fn reasons(&self, rule: &str) -> Vec<(String, String)> {
        let report = self.report();
        let findings = report["findings"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        findings
            .filter(|finding| finding["rule"] == rule)
            .map(|finding| (text(&finding["customer_id"]), text(&finding["reason"])))
            .collect()
    }

    /// Records met, and those of them that were rejected.
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
