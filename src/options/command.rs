//! What is asked of the other commands.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};

use super::audit::{ColourChoice, Disclosure, NightOptions, PolicyOptions};
use super::fail_on::FailOn;
use super::report::ReportOptions;
use crate::export;

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

/// Names how a policy is shown.
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
pub enum ShowFormat {
    /// For a terminal
    #[default]
    Text,
    /// A page to read and to sign
    Markdown,
    /// The same page, for a browser
    #[cfg(feature = "html")]
    Html,
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
