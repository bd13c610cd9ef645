//! What was audited, by what, and what came of it, as evidence: the sizes and
//! SHA-256 digests of all that was read and written.

use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::cli::Options;
use crate::digest::{self, FileDigest};
use crate::policy::{self, Policies};
use crate::report::{Counts, Head, Tail, Tool, Written};
use crate::text::{count, escape_controls};

/// The manifest of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    tool: Tool,
    as_of: String,
    options: Settings,
    policies: Vec<PolicyFile>,
    exports: Vec<ExportFile>,
    reports: Vec<ReportFile>,
    counts: Totals,
    complete: bool,
    incomplete_because: Vec<String>,
}

/// What the command line said that changes what is found, or what is told.
#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    input_format: String,
    max_record_bytes: usize,
    set: Vec<String>,
    fail_on: String,
    columns: Vec<String>,
    show_sensitive: bool,
    pseudonymised: bool,
}

/// A policy, or one that it extends.
#[derive(Debug, Serialize, Deserialize)]
struct PolicyFile {
    id: Option<String>,
    version: Option<String>,
    #[serde(flatten)]
    file: FileDigest,
}

#[derive(Debug, Serialize, Deserialize)]
struct ExportFile {
    #[serde(flatten)]
    file: FileDigest,
    format: String,
    records: u64,
    rejected: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ReportFile {
    format: String,
    #[serde(flatten)]
    file: FileDigest,
}

#[derive(Debug, Serialize, Deserialize)]
struct Totals {
    records: u64,
    in_scope: u64,
    rejected: u64,
    #[serde(flatten)]
    outcomes: Counts,
}

/// Why a manifest cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("manifest `{path}` could not be read")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("`{path}` is no manifest of audit, or not a whole one")]
    NoManifest {
        /// Which.
        path: String,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// What is said cannot be written.
    #[error("stdout could not be written")]
    Output(#[from] io::Error),
}

/// How the name of what the program carries begins.
const BUNDLED: &str = "bundled:";

impl Manifest {
    /// Of a run: `exports` are the digests of what was read, in the order of
    /// the tail's, and `reports` what was written.
    pub fn of(
        options: &Options,
        policies: &Policies,
        head: &Head,
        tail: &Tail,
        exports: &[FileDigest],
        reports: Vec<Written>,
    ) -> Self {
        let extended = |extended: &policy::Extended| PolicyFile {
            id: None,
            version: None,
            file: FileDigest {
                path: extended.path.clone(),
                bytes: extended.bytes,
                sha256: extended.sha256.clone(),
            },
        };
        let policies = policies.all.iter().flat_map(|policy| {
            let own = PolicyFile {
                id: Some(policy.id.clone()),
                version: Some(policy.version.clone()),
                file: FileDigest {
                    path: policy.path.clone(),
                    bytes: policy.bytes,
                    sha256: policy.sha256.clone(),
                },
            };
            std::iter::once(own).chain(policy.extends.iter().map(extended))
        });
        let exports = tail.exports.iter().zip(exports);
        let summary = &tail.summary;
        Self {
            tool: head.tool.clone(),
            as_of: head.as_of.clone(),
            options: Settings::of(options),
            policies: policies.collect(),
            exports: exports
                .map(|(export, file)| ExportFile {
                    file: file.clone(),
                    format: export.format.to_string(),
                    records: export.records,
                    rejected: export.rejected,
                })
                .collect(),
            reports: reports
                .into_iter()
                .map(|written| ReportFile {
                    format: written.format.name().to_owned(),
                    file: FileDigest {
                        path: written.path,
                        bytes: written.bytes,
                        sha256: written.sha256,
                    },
                })
                .collect(),
            counts: Totals {
                records: summary.records,
                in_scope: summary.in_scope,
                rejected: summary.rejected,
                outcomes: summary.counts,
            },
            complete: summary.complete,
            incomplete_because: summary.incomplete_because.clone(),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let text = std::fs::read(path).map_err(|source| Error::Unreadable {
            path: shown.clone(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| Error::NoManifest {
            path: shown,
            source,
        })
    }

    fn files(&self) -> impl Iterator<Item = &FileDigest> {
        let policies = self.policies.iter().map(|policy| &policy.file);
        let exports = self.exports.iter().map(|export| &export.file);
        let reports = self.reports.iter().map(|report| &report.file);
        policies.chain(exports).chain(reports)
    }
}

impl Settings {
    fn of(options: &Options) -> Self {
        let set = options.set.iter();
        let columns = options.reports.columns.iter();
        Self {
            input_format: options.input_format.name().to_owned(),
            max_record_bytes: options.max_record_bytes,
            set: set.map(|(name, value)| format!("{name}={value}")).collect(),
            fail_on: options.fail_on.to_string(),
            columns: columns.map(|column| column.name().to_owned()).collect(),
            show_sensitive: options.show_sensitive,
            pseudonymised: options.pseudonymise.is_some(),
        }
    }
}

/// What a file is now.
enum State {
    Same,
    Other(String),
    /// It is no file, and can be looked at no more.
    Gone(&'static str),
}

/// Looks whether all files are as the manifest says, and tells of each; gives
/// whether they are. Paths are read from where the program is run, as the run
/// itself read them.
///
/// # Errors
///
/// It is no manifest, or what is said cannot be written.
pub fn verify(path: &Path, out: &mut dyn Write) -> Result<bool, Error> {
    let manifest = Manifest::read(path)?;
    let mut other = 0;
    for file in manifest.files() {
        let name = escape_controls(&file.path);
        match state(file) {
            State::Same => writeln!(out, "{name}: OK")?,
            State::Gone(why) => writeln!(out, "{name}: not checked: {why}")?,
            State::Other(why) => {
                other += 1;
                writeln!(out, "{name}: FAILED: {}", escape_controls(&why))?;
            }
        }
    }
    let files = count(other, "file is", "files are");
    match other {
        0 => writeln!(out, "all is as it was written")?,
        _ => writeln!(out, "{files} other than the manifest says")?,
    }
    if !manifest.complete {
        writeln!(out, "the audit was not complete:")?;
        for why in &manifest.incomplete_because {
            writeln!(out, "  - {}", escape_controls(why))?;
        }
    }
    Ok(other == 0)
}

fn state(file: &FileDigest) -> State {
    if file.path == "-" {
        return State::Gone("it was read from stdin");
    }
    let now = match file.path.strip_prefix(BUNDLED) {
        Some(name) => match policy::bundled_text(name) {
            Some(text) => Ok(digest::of_bytes(&file.path, text.as_bytes())),
            None => return State::Other("this program carries no such policy".to_owned()),
        },
        None => digest::of_file(Path::new(&file.path)),
    };
    match now {
        Ok(FileDigest { bytes, .. }) if bytes != file.bytes => {
            State::Other(format!("it has {bytes} bytes, and had {}", file.bytes))
        }
        Ok(FileDigest { sha256, .. }) if sha256 != file.sha256 => {
            State::Other("its content is another".to_owned())
        }
        Ok(_) => State::Same,
        Err(error) => State::Other(error.to_string()),
    }
}
