//! What is asked of a run, as plain types: the command line comes to these, and
//! whatever else may say the same.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};

use crate::digest::FileDigest;
use crate::export;
use crate::policy::{LoadError, Policies, PoliciesBuilder, Selection, Severity};
use crate::record::Slot;
use crate::record::time::Span;
use crate::report::{
    self, Destination, Format, Layout, Listed, Planned, Settings, SplitBy, WholeReport,
};
use crate::totals::Completeness;

/// Holds all that is asked of an audit.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// The configuration that the options are from, as far as they are.
    pub config: Option<FileDigest>,
    /// The exports to audit, in this order; `-` is stdin.
    pub exports: Vec<PathBuf>,
    /// What reports call the export, instead of by its path.
    pub export_name: Option<String>,
    /// What records are judged by.
    pub policies: PolicyOptions,
    /// The files of waivers.
    pub waivers: Vec<PathBuf>,
    /// How exports are read.
    pub input: InputOptions,
    /// The reports to write.
    pub reports: ReportOptions,
    /// The severity from which on findings decide the exit code.
    pub fail_on: FailOn,
    /// What makes the audit complete.
    pub completeness: Completeness,
    /// What the run is compared with, and what follows from that.
    pub nights: NightOptions,
    /// How far customers and values are shown.
    pub disclosure: Disclosure,
    /// The file that lists what was read and written, if there is to be one.
    pub manifest: Option<PathBuf>,
    /// Whether the run stops before the first record, once all is opened and checked.
    pub dry_run: bool,
    /// The number of worker threads; one for each core, if it is not given.
    pub threads: Option<u16>,
    /// How much is said on stderr.
    pub verbosity: Verbosity,
    /// When output is coloured.
    pub colour: ColourChoice,
}

/// Holds what other reports are to be made from a report.
#[derive(Debug, Clone)]
pub struct ConvertOptions {
    /// The report to read; `-` is stdin.
    pub report: PathBuf,
    /// The reports to write.
    pub reports: ReportOptions,
    /// When output is coloured.
    pub colour: ColourChoice,
}

/// Says which reports are to be compared, and what follows from that.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// The older report.
    pub earlier: PathBuf,
    /// The newer report.
    pub later: PathBuf,
    /// The reports to write.
    pub reports: ReportOptions,
    /// The severity from which on findings decide the exit code.
    pub fail_on: FailOn,
    /// What follows from what is new or overdue.
    pub nights: NightOptions,
    /// When output is coloured.
    pub colour: ColourChoice,
}

/// Says which history is to be shown, and how.
#[derive(Debug, Clone)]
pub struct HistoryOptions {
    /// Its folder.
    pub folder: PathBuf,
    /// How it is written, if that is said.
    pub format: Option<HistoryFormat>,
    /// The file that it is written to; stdout, without one.
    pub output: Option<PathBuf>,
}

/// Names a file for the nights of a history.
#[derive(Debug, Clone)]
pub struct HistoryFile {
    /// Its path.
    pub path: PathBuf,
    /// The format that its extension names, if it does.
    pub format: Option<HistoryFormat>,
}

/// Says what the nights of a history are written as.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumMessage,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum HistoryFormat {
    /// A table for a person
    #[default]
    Text,
    /// A row a night
    Csv,
    /// An object with the nights and what to look at
    Json,
    /// One page with charts
    #[cfg(feature = "html")]
    Html,
}

/// Says what is to be compared with its digests.
#[derive(Debug, Clone)]
pub struct VerifyOptions {
    /// A manifest, or the folder of a history.
    pub path: PathBuf,
    /// The SHA-256 that the manifest must have, or that of the newest night.
    pub digest: Option<String>,
}

/// Says which customer is to be explained, by which policies.
#[derive(Debug, Clone)]
pub struct ExplainOptions {
    /// The exports to look into; `-` is stdin.
    pub exports: Vec<PathBuf>,
    /// The shape of the exports.
    pub format: export::Format,
    /// The customer's id.
    pub id: String,
    /// What records are judged by.
    pub policies: PolicyOptions,
    /// The files of waivers.
    pub waivers: Vec<PathBuf>,
    /// How far customers and values are shown.
    pub disclosure: Disclosure,
}

/// Says which findings of a report are to be waived, and how.
#[derive(Debug, Clone)]
pub struct WaiveOptions {
    /// The report; `-` is stdin.
    pub report: PathBuf,
    /// The fingerprints of the findings.
    pub fingerprints: Vec<String>,
    /// Why they are accepted.
    pub reason: String,
    /// Who asks for it.
    pub requested_by: String,
    /// Who accepts them.
    pub approved_by: String,
    /// The day on which they are accepted; that of the report, if it is not given.
    pub approved: Option<NaiveDate>,
    /// When the waivers end.
    pub expires: Expiry,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// What the ids of the waivers begin with.
    pub id: String,
    /// The id of the customer, where the report does not show it.
    pub customer: Option<String>,
    /// The findings are accepted whatever the record says.
    pub any_value: bool,
}

/// Says when a waiver ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// On this day.
    On(NaiveDate),
    /// So many days after it was approved.
    After(u16),
}

/// Says which files of waivers are to be checked, and against what.
#[derive(Debug, Clone)]
pub struct CheckWaiversOptions {
    /// The files of waivers.
    pub waivers: Vec<PathBuf>,
    /// What their findings are of.
    pub policies: Vec<PathBuf>,
    /// The report whose findings they should be for, if there is one.
    pub report: Option<PathBuf>,
    /// The only clock of the check.
    pub as_of: DateTime<Utc>,
}

/// Says which policies are used, and with which values.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// TOML files, or names of bundled policies.
    pub names: Vec<PathBuf>,
    /// Values of parameters, by name, that replace those of the policies.
    pub set: Vec<(String, String)>,
    /// Keys of records that are read as fields, beside the fields' own: each after the
    /// name of its field.
    pub map: Vec<(String, String)>,
    /// Which of the rules are asked.
    pub selection: Selection,
    /// The instant from which spans of time count back: the only clock of a run.
    pub as_of: DateTime<Utc>,
}

impl PolicyOptions {
    /// Loads the policies.
    ///
    /// # Errors
    ///
    /// Returns all that is wrong with all of them.
    pub fn load(&self) -> Result<Policies, LoadError> {
        let builder = Policies::builder().as_of(self.as_of);
        let names = self.names.iter();
        let builder = names.fold(builder, PoliciesBuilder::named);
        let set = self.set.iter();
        let builder = set.fold(builder, |builder, (name, value)| builder.set(name, value));
        let map = self.map.iter();
        let builder = map.fold(builder, |builder, (field, key)| builder.map(field, key));
        builder.select(self.selection.clone()).load()
    }
}

/// Says what a run is compared with, and what follows from that.
#[derive(Debug, Clone, Default)]
pub struct NightOptions {
    /// The night before; none, if the run is compared with nothing.
    pub earlier: Option<Earlier>,
    /// How long findings may stay, by severity.
    pub deadlines: BTreeMap<Severity, Span>,
    /// The severity from which on new findings decide the exit code.
    pub fail_on_new: Option<Severity>,
    /// Whether findings whose deadline has passed decide the exit code.
    pub fail_on_overdue: bool,
    /// What it is to have far fewer records than the night before.
    pub shrink: Alarm,
    /// The oldest that an export may be, if that is bounded.
    pub max_export_age: Option<Span>,
    /// What it is that an export is too old, or that of the night before.
    pub stale: Alarm,
    /// The longest time between two nights, if that is bounded.
    pub gap: Option<Span>,
    /// How long nights are kept in a history; for ever, if it is not given.
    pub keep: Option<Span>,
}

/// Says where the night before is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// A report.
    Report(PathBuf),
    /// The folder of a history.
    History(PathBuf),
}

/// Says what something is that somebody should look at.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    strum::EnumMessage,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::Display,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Alarm {
    /// A warning
    #[default]
    Warning,
    /// The audit is not complete
    Incomplete,
}

/// Says how exports are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputOptions {
    /// The shape of all exports.
    pub format: export::Format,
    /// The largest record that is read, in bytes.
    pub max_record_bytes: usize,
    /// The size of a chunk, in bytes, of which about as many as there are threads
    /// are in memory.
    pub chunk_bytes: usize,
}

/// Stands in the address of the whole report for the name of its file.
pub const FILE_OF_LINK: &str = "{file}";

/// Says which reports are written, and how.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// The format of the report on stdout, if there is one.
    pub stdout: Option<Format>,
    /// The files to write.
    pub files: Vec<Destination>,
    /// What is asked of the report on stdout. Each file has a layout of its own.
    pub layout: Layout,
    /// The address of a file that holds every finding, in which [`FILE_OF_LINK`] stands
    /// for its name.
    pub link: Option<String>,
    /// The name of the run among others whose metrics are collected.
    pub job: Option<String>,
}

impl ReportOptions {
    /// Returns the settings of a report of this layout.
    pub fn settings(&self, layout: &Layout) -> Settings {
        let whole = self.files.iter();
        let whole = whole.filter(|file| file.format.is_whole() && file.layout.listed.is_empty());
        let whole = whole.map(|file| WholeReport {
            path: file.path.display().to_string(),
            link: self.link.as_ref().map(|link| {
                let name = file.path.file_name().unwrap_or_default();
                link.replace(FILE_OF_LINK, &report::uri(&name.to_string_lossy()))
            }),
        });
        Settings {
            job: self.job.clone(),
            ..Settings::new(layout, whole.collect())
        }
    }

    /// Returns whether some report is split.
    pub fn is_split(&self) -> bool {
        let layouts = self.files.iter().map(|file| &file.layout);
        let mut layouts = layouts.chain([&self.layout]);
        layouts.any(|layout| layout.split_by.is_some())
    }

    /// Returns whether some report only counts findings, and so is always of all.
    pub fn has_counts(&self) -> bool {
        let formats = self.files.iter().map(|file| file.format);
        formats.chain(self.stdout).any(Format::only_counts)
    }

    /// Returns the findings that some report is bounded to, if one is.
    pub fn listed(&self) -> impl Iterator<Item = Listed> {
        let layouts = self.files.iter().map(|file| &file.layout);
        let layouts = layouts.chain([&self.layout]);
        layouts.flat_map(|layout| layout.listed.iter().copied())
    }

    /// Returns the reports that are files, with all that their writers need to know;
    /// `slot` gives that of the field of a name.
    ///
    /// # Errors
    ///
    /// There is no such field, or reports should be split and none is.
    pub fn planned(
        &self,
        mut slot: impl FnMut(&str) -> Result<Slot, report::Error>,
    ) -> Result<Vec<Planned>, report::Error> {
        let is_wanted = self.is_split();
        let mut planned = Vec::new();
        for destination in &self.files {
            if destination.format.only_counts() && destination.is_template() {
                return Err(report::Error::OfAll {
                    path: destination.path.display().to_string(),
                    format: destination.format.name(),
                });
            }
            let field = destination.layout.split_by.as_ref();
            let field = field.and_then(SplitBy::field);
            planned.push(Planned {
                destination: destination.clone(),
                settings: self.settings(&destination.layout),
                slot: field.map(&mut slot).transpose()?,
            });
        }
        match is_wanted && planned.iter().all(|file| file.split_by().is_none()) {
            true => Err(report::Error::NoTemplate),
            false => Ok(planned),
        }
    }
}

/// Says how far customers and values are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// Personal data and credentials read `[redacted]`.
    #[default]
    Redacted,
    /// They are redacted, and ids and names of customers are pseudonyms that are
    /// made with the key in this file.
    Pseudonymised(PathBuf),
    /// Everything is shown.
    Shown,
}

/// Says how much is said on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Only why a run failed, or is not complete.
    Quiet,
    /// Notes and, on a terminal, how far the run is.
    #[default]
    Normal,
    /// The same, and every record that was rejected.
    Verbose,
}

/// Says when output is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColourChoice {
    /// Where colours can be seen, and the user did not ask for none.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Says what the policy checks are written as.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumMessage,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::Display,
)]
#[strum(serialize_all = "kebab-case")]
pub enum CheckFormat {
    /// For a person
    #[default]
    Text,
    /// A list of objects
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Names a document that has a JSON Schema.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::EnumMessage, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Document {
    /// A policy
    Policy,
    /// A file of waivers
    Waivers,
    /// The cases beside a policy
    Cases,
    /// A configuration
    Config,
    /// A JSON report
    Report,
}

/// Names what decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailsOn {
    /// Findings from a severity on; or none.
    Severity(FailOn),
    /// Findings whose deadline has passed.
    Overdue,
}

impl fmt::Display for FailsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailsOn::Severity(severity) => severity.fmt(f),
            FailsOn::Overdue => f.write_str("overdue"),
        }
    }
}

impl FromStr for FailsOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "overdue" => Ok(Self::Overdue),
            _ => text
                .parse()
                .map(Self::Severity)
                .map_err(|error| format!("{error}, overdue")),
        }
    }
}

/// Holds the least severity of findings that decide the exit code; without one, none
/// does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOn(pub Option<Severity>);

impl FailOn {
    /// Returns whether findings of this severity decide the exit code.
    pub fn counts(self, severity: Severity) -> bool {
        self.0.is_some_and(|least| severity >= least)
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("never", Severity::name))
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self(None));
        }
        Severity::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .map(|severity| Self(Some(severity)))
            .ok_or_else(|| {
                format!(
                    "use one of {}, never",
                    Severity::ALL.map(Severity::name).join(", ")
                )
            })
    }
}
