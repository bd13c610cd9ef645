//! What is asked of an audit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::fail_on::FailOn;
use super::report::ReportOptions;
use crate::digest::FileDigest;
use crate::export;
use crate::policy::{LoadError, Policies, PoliciesBuilder, Selection, Severity};
use crate::record::time::Span;
use crate::totals::Completeness;

/// Holds all that is asked of an audit.
#[derive(Debug, Clone)]
pub struct AuditOptions {
    /// The configuration that the options are from, as far as they are.
    pub config: Option<FileDigest>,
    /// The exports to audit, in this order; `-` is stdin.
    pub exports: Vec<PathBuf>,
    /// The file of the ids of the customers that must be in them, if there is one.
    pub expect: Option<PathBuf>,
    /// What reports call the export, instead of by its path.
    pub export_name: Option<String>,
    /// Who runs the audit, as the user says.
    pub operator: Option<String>,
    /// The arguments after the name of the program.
    pub arguments: Vec<String>,
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
