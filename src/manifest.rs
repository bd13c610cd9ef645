//! What was audited, by what, and what came of it, as evidence: the sizes and
//! SHA-256 digests of all that was read and written.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::bounded_file;
use crate::closed;
use crate::digest::{self, FileDigest};
use crate::export;
use crate::options::{AuditOptions, Disclosure};
use crate::policy::{self, Policies, Policy, Selector, Severity};
use crate::record::time;
use crate::report::{
    self, Action, Counts, Export, Footer, Header, SinceCounts, Slice, Ticket, Tool, Written,
};
use crate::totals::{Gap, Undecided};
use crate::waiver::Waivers;

/// The largest that a manifest is: that of a million exports.
const MAX_BYTES: u64 = 400_000_000;

/// Holds the manifest of a run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    tool: Tool,
    #[serde(deserialize_with = "closed::instant")]
    as_of: String,
    options: Settings,
    /// The configuration that the options are from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<FileDigest>,
    policies: Vec<PolicyFile>,
    #[serde(default)]
    waivers: Vec<FileDigest>,
    /// The file that names the expected customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<FileDigest>,
    exports: Vec<ExportFile>,
    reports: Vec<ReportFile>,
    counts: Totals,
    by_severity: IndexMap<Severity, Counts>,
    /// How findings relate to the night before, in a run that is compared with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<SinceCounts>,
    /// The first night of the oldest finding that is still there, in such a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oldest: Option<DateTime<Utc>>,
    complete: bool,
    incomplete_because: Vec<Gap>,
    run: RunFacts,
    /// The files of a history, in a run that keeps one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    night: Option<NightFiles>,
}

/// Says when a run was made, by the clock of its machine, by whom and how, and how it ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunFacts {
    /// When it began.
    #[serde(deserialize_with = "closed::instant")]
    pub started: String,
    /// When all but this manifest was written.
    #[serde(deserialize_with = "closed::instant")]
    pub ended: String,
    /// Its exit code.
    pub exit_code: u8,
    /// The name of its machine.
    pub host: String,
    /// The user whom the machine ran it as: the name in the environment, if there is one.
    pub user: Option<String>,
    /// The number of that user.
    pub uid: u32,
    /// Who ran it, as the command line says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The arguments after the name of the program.
    pub arguments: Vec<String>,
}

impl RunFacts {
    /// Returns the facts of a run that ends now with this code.
    pub fn new(options: &AuditOptions, started: DateTime<Utc>, exit_code: u8) -> Self {
        let system = rustix::system::uname();
        let user = ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok());
        Self {
            started: time::show(started),
            ended: time::show(Utc::now()),
            exit_code,
            host: system.nodename().to_string_lossy().into_owned(),
            user: user.filter(|name| !name.is_empty()),
            uid: rustix::process::getuid().as_raw(),
            operator: options.operator.clone(),
            arguments: options.arguments.clone(),
        }
    }
}

/// Names the files of a night in its history; their paths are those in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightFiles {
    /// The report.
    pub report: FileDigest,
    /// What is kept beside it, so that the next night need not read all of it.
    pub index: FileDigest,
    /// The manifest of the night before; null on a first night.
    pub previous: Option<FileDigest>,
    /// The manifests of nights that were removed, as they were too old.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<FileDigest>,
    /// The manifest of the newest complete night, if that is too old and stays all the same:
    /// the nights that followed it may be removed, and then nothing else names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<FileDigest>,
}

/// Holds the options that change what is found, or what is reported.
#[derive(Debug, Serialize, Deserialize)]
struct Settings {
    #[serde(deserialize_with = "closed::name::<_, export::Format>")]
    input_format: String,
    max_record_bytes: usize,
    set: Vec<String>,
    only: Vec<String>,
    skip: Vec<String>,
    fail_on: String,
    #[serde(deserialize_with = "closed::name::<_, Undecided>")]
    undecided: String,
    allow_empty: bool,
    columns: Vec<String>,
    /// The findings that some report is bounded to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<String>,
    show_sensitive: bool,
    pseudonymised: bool,
}

/// Represents the file of a policy, or of one that it extends or reads a list from, which
/// has no id here.
#[derive(Debug, Serialize, Deserialize)]
struct PolicyFile {
    id: Option<String>,
    version: Option<String>,
    #[serde(flatten)]
    file: FileDigest,
}

/// Represents the file of an export.
#[derive(Debug, Serialize, Deserialize)]
struct ExportFile {
    #[serde(flatten)]
    file: FileDigest,
    /// When it was written last, if it is a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(deserialize_with = "closed::word")]
    format: String,
    records: u64,
    rejected: u64,
}

/// Represents the file of a report.
#[derive(Debug, Serialize, Deserialize)]
struct ReportFile {
    #[serde(deserialize_with = "closed::name::<_, report::Format>")]
    format: String,
    #[serde(flatten)]
    file: FileDigest,
    /// What is to be done with its ticket, if it is of a slice.
    #[serde(flatten)]
    ticket: Option<TicketEntry>,
}

/// Says what is to be done with the ticket of a slice.
#[derive(Debug, Serialize, Deserialize)]
struct TicketEntry {
    slice: Slice,
    key: String,
    action: Action,
    title: String,
    counts: SinceCounts,
    most_severe: Option<Severity>,
    /// Nothing is left of the slice, and its ticket can be closed once the exports are read
    /// whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

/// Counts the records and outcomes of the run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Totals {
    /// Records that were met.
    pub records: u64,
    /// Records that some policy judged.
    pub in_scope: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Outcomes of rules.
    #[serde(flatten)]
    pub outcomes: Counts,
}

/// Says why a manifest cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("manifest `{path}` could not be read")]
    Unreadable {
        /// The file.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{path}` is not a manifest of audit, or it is incomplete")]
    NoManifest {
        /// The file.
        path: String,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
}

impl Manifest {
    /// Returns the manifest of a run: `exports` are the files that were read, in the
    /// order of the footer's, and `reports` those that were written; `night` are the files of
    /// a history, if it keeps one.
    pub fn new(
        options: &AuditOptions,
        (policies, waivers, expected): (&Policies, &Waivers, Option<FileDigest>),
        (header, footer): (&Header, &Footer),
        exports: Vec<(FileDigest, Option<DateTime<Utc>>)>,
        reports: Vec<Written>,
        run: RunFacts,
        night: Option<NightFiles>,
    ) -> Self {
        let exports = footer.exports.iter().zip(exports);
        let summary = &footer.summary;
        Self {
            tool: header.tool.clone(),
            as_of: header.as_of.clone(),
            options: Settings::new(options),
            config: options.config.clone(),
            policies: policies.all.iter().flat_map(PolicyFile::all).collect(),
            waivers: waivers.files().cloned().collect(),
            expected,
            exports: exports
                .map(|(export, (file, modified))| ExportFile::new(export, file, modified))
                .collect(),
            reports: reports.into_iter().map(ReportFile::new).collect(),
            counts: Totals {
                records: summary.records,
                in_scope: summary.in_scope,
                rejected: summary.rejected,
                outcomes: summary.counts,
            },
            by_severity: summary.by_severity.clone(),
            since: summary.since,
            oldest: {
                let by_rule = summary.since_by_rule.iter();
                by_rule.filter_map(|rule| rule.oldest).min()
            },
            complete: summary.complete,
            run,
            night,
            incomplete_because: summary.incomplete_because.clone(),
        }
    }

    /// Writes it, as JSON.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// Reads a manifest that a run has written; returns also the digest of its file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no manifest.
    pub fn read(path: &Path) -> Result<(Self, FileDigest), Error> {
        let shown = path.display().to_string();
        let text = bounded_file::read(path, MAX_BYTES).map_err(|source| Error::Unreadable {
            path: shown.clone(),
            source,
        })?;
        let digest = digest::of_bytes(shown.as_str(), &text);
        let manifest = serde_json::from_slice(&text).map_err(|source| Error::NoManifest {
            path: shown,
            source,
        })?;
        Ok((manifest, digest))
    }

    /// Returns all files that were read or written.
    pub fn files(&self) -> impl Iterator<Item = &FileDigest> {
        let policies = self.policies.iter().map(|policy| &policy.file);
        let exports = self.exports.iter().map(|export| &export.file);
        let reports = self.reports.iter().map(|report| &report.file);
        let config = self.config.iter();
        let policies = config.chain(policies).chain(&self.waivers);
        let policies = policies.chain(&self.expected);
        policies.chain(exports).chain(reports)
    }

    /// Returns the only clock of the run.
    pub fn as_of(&self) -> DateTime<Utc> {
        // What is read is looked at, and what is made has no other form.
        self.as_of.parse().unwrap_or_default()
    }

    /// Returns the files of the night in its history, if the run kept one.
    pub fn night(&self) -> Option<&NightFiles> {
        self.night.as_ref()
    }

    /// Returns the slices whose tickets are still open, though nothing is left of them.
    pub fn pending_slices(&self) -> impl Iterator<Item = &Slice> {
        let tickets = self
            .reports
            .iter()
            .filter_map(|report| report.ticket.as_ref());
        tickets
            .filter(|ticket| ticket.pending)
            .map(|ticket| &ticket.slice)
    }

    /// Returns when the run was made, and how it ended.
    pub fn run(&self) -> &RunFacts {
        &self.run
    }

    /// Returns the counts of records and outcomes.
    pub fn counts(&self) -> &Totals {
        &self.counts
    }

    /// Returns what rules of each severity came to.
    pub fn by_severity(&self) -> impl Iterator<Item = (Severity, &Counts)> {
        let counts = self.by_severity.iter();
        counts.map(|(severity, counts)| (*severity, counts))
    }

    /// Returns how findings relate to the night before, if the run was compared with one.
    pub fn since(&self) -> Option<SinceCounts> {
        self.since
    }

    /// Returns the first night of the oldest finding that is still there, if that is known.
    pub fn oldest(&self) -> Option<DateTime<Utc>> {
        self.oldest
    }

    /// Returns the policies, by their ids, and the other files that they are made from, by
    /// their paths, each with its SHA-256.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.policies.iter().map(|policy| {
            let name = policy.id.as_deref().unwrap_or(&policy.file.path);
            (name, &*policy.file.sha256)
        })
    }

    /// Returns the exports that were read.
    pub fn exports(&self) -> impl Iterator<Item = &FileDigest> {
        self.exports.iter().map(|export| &export.file)
    }

    /// Returns whether every byte was read and every record judged.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Returns why the audit was not complete.
    pub fn incomplete_because(&self) -> &[Gap] {
        &self.incomplete_because
    }
}

impl Settings {
    fn new(options: &AuditOptions) -> Self {
        let set = options.policies.set.iter();
        let selectors = |all: &[Selector]| all.iter().map(Selector::to_string).collect();
        let columns = options.reports.layout.columns.iter();
        let list: BTreeSet<_> = options
            .reports
            .listed()
            .map(|one| one.to_string())
            .collect();
        let (show_sensitive, pseudonymised) = match options.disclosure {
            Disclosure::Redacted => (false, false),
            Disclosure::Pseudonymised(_) => (false, true),
            Disclosure::Shown => (true, false),
        };
        Self {
            input_format: options.input.format.name().to_owned(),
            max_record_bytes: options.input.max_record_bytes,
            set: set.map(|(name, value)| format!("{name}={value}")).collect(),
            only: selectors(&options.policies.selection.only),
            skip: selectors(&options.policies.selection.skip),
            fail_on: options.fail_on.to_string(),
            undecided: options.completeness.undecided.to_string(),
            allow_empty: options.completeness.allow_empty,
            columns: columns.map(|column| column.name().to_owned()).collect(),
            list: list.into_iter().collect(),
            show_sensitive,
            pseudonymised,
        }
    }
}

impl PolicyFile {
    /// The policy, then those that it extends, then the lists of its parameters.
    fn all(policy: &Policy) -> impl Iterator<Item = Self> {
        let own = Self {
            id: Some(policy.id.clone()),
            version: Some(policy.version.clone()),
            file: FileDigest {
                path: policy.source.path.clone(),
                bytes: policy.source.bytes,
                sha256: policy.source.sha256.clone(),
            },
        };
        let lists = policy.params.iter().filter_map(|param| param.file.as_ref());
        let others = policy.extends.iter().chain(lists);
        let others = others.map(|other: &policy::PolicyFile| Self {
            id: None,
            version: None,
            file: FileDigest {
                path: other.path.clone(),
                bytes: other.bytes,
                sha256: other.sha256.clone(),
            },
        });
        std::iter::once(own).chain(others)
    }
}

impl ExportFile {
    fn new(export: &Export, file: FileDigest, modified: Option<DateTime<Utc>>) -> Self {
        Self {
            file,
            modified: modified.map(time::show),
            format: export.format.to_string(),
            records: export.records,
            rejected: export.rejected,
        }
    }
}

impl TicketEntry {
    fn new(ticket: Ticket) -> Self {
        let Ticket {
            slice,
            key,
            action,
            title,
            counts,
            most_severe,
            is_pending: pending,
        } = ticket;
        Self {
            slice,
            key,
            action,
            title,
            counts,
            most_severe,
            pending,
        }
    }
}

impl ReportFile {
    fn new(written: Written) -> Self {
        Self {
            format: written.format.name().to_owned(),
            file: written.file,
            ticket: written.ticket.map(TicketEntry::new),
        }
    }
}
