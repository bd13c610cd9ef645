//! The arguments of the commands that write and check waivers.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand};

use super::values::{day, expiry, instant, line};
use crate::options::Expiry;

/// Names what can be asked of waivers.
#[derive(Debug, Clone, Subcommand)]
pub enum WaiversCommand {
    /// Reports every mistake in files of waivers, and which waivers need a look
    ///
    /// Exit codes: 0 nothing; 1 some have expired, end within 30 days or, with
    /// --report, are not needed; 2 errors.
    Check(CheckWaiversArgs),
}

/// Holds the arguments of `audit waivers check`.
#[derive(Debug, Clone, Args)]
pub struct CheckWaiversArgs {
    /// Files of waivers
    #[arg(required = true, value_name = "FILE")]
    pub waivers: Vec<PathBuf>,

    /// A policy: a TOML file, or the name of a bundled one
    #[arg(short, long = "policy", required = true, value_name = "FILE|NAME")]
    pub policies: Vec<PathBuf>,

    /// A json or ndjson report: report the waivers for which it has no finding
    #[arg(long, value_name = "REPORT")]
    pub report: Option<PathBuf>,

    /// The time that counts as now [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<DateTime<Utc>>,
}

/// Holds the arguments of `audit waive`.
#[derive(Debug, Clone, Args)]
pub struct WaiveArgs {
    /// A json or ndjson report; `-` is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// The fingerprints of the findings
    #[arg(required = true, value_name = "FINGERPRINT")]
    pub fingerprints: Vec<String>,

    /// Why the findings are accepted
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub reason: String,

    /// Who asks for it
    #[arg(long, value_name = "WHO", value_parser = line)]
    pub requested_by: String,

    /// Who accepts the findings: another person
    #[arg(long, value_name = "WHO", value_parser = line)]
    pub approved_by: String,

    /// The day on which they are accepted [default: that of the report]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub approved: Option<NaiveDate>,

    /// The first day on which the waivers do not hold any more, or for how many
    /// days they do, as 90d
    #[arg(long, value_name = "DAY|SPAN", value_parser = expiry)]
    pub expires: Expiry,

    /// Where it is tracked
    #[arg(long, value_name = "TEXT", value_parser = line)]
    pub ticket: Option<String>,

    /// What the ids of the waivers begin with; the fingerprint follows
    #[arg(long, value_name = "PREFIX", default_value = "W", value_parser = line)]
    pub id: String,

    /// The id of the customer as the export has it, where the report does not show it
    #[arg(long, value_name = "ID")]
    pub customer: Option<String>,

    /// Accept the findings whatever the record says
    #[arg(long)]
    pub any_value: bool,
}
