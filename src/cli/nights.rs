//! The arguments of the commands that read what earlier runs have written: reports,
//! manifests and histories.

use std::path::PathBuf;

use clap::{Args, ColorChoice};

use super::args::ReportArgs;
use super::values::{choice, deadline, history_file, severity, sha256};
use crate::options::{FailsOn, HistoryFile, HistoryFormat};
use crate::policy::Severity;
use crate::record::time::Span;

/// Holds the arguments of `audit diff`.
#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The older report
    #[arg(value_name = "EARLIER")]
    pub earlier: PathBuf,

    /// The newer report, which may be of the same instant
    #[arg(value_name = "LATER")]
    pub later: PathBuf,

    /// The reports to make; without any, a text report on stdout
    #[command(flatten)]
    pub reports: ReportArgs,

    /// Exit with 1 if the later report has findings at or above this severity: info, low,
    /// medium, high, critical or never; beside it, overdue for those whose deadline has
    /// passed [default: never]
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',')]
    pub fail_on: Vec<FailsOn>,

    /// Exit with 1 if findings at or above this severity are new, or worse than before
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on_new: Option<Severity>,

    /// How long findings of a severity may stay, as in --deadline critical=7d
    #[arg(long, value_name = "SEVERITY=SPAN", value_parser = deadline)]
    pub deadline: Vec<(Severity, Span)>,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// Holds the arguments of `audit history`.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// The folder in which --history keeps nights
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// Format of the table [default: that of the extension of --output, or text]
    #[arg(short, long, value_parser = choice::<HistoryFormat>(), value_name = "FORMAT")]
    pub format: Option<HistoryFormat>,

    /// Write it to a file
    #[arg(short, long, value_name = "FILE", value_parser = history_file)]
    pub output: Option<HistoryFile>,
}

/// Holds the arguments of `audit verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// What --manifest wrote, whose paths are read from here, or the folder of a
    /// history
    #[arg(value_name = "MANIFEST|DIR")]
    pub path: PathBuf,

    /// The SHA-256 that the manifest must have; in a history, that of the newest night
    #[arg(long, value_name = "SHA256", value_parser = sha256)]
    pub digest: Option<String>,
}
