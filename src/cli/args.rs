//! The arguments that a person types, as clap reads them; their documentation is the
//! help.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, ColorChoice, Parser, Subcommand};

use super::help::{USAGE, after_help, columns_help, output_help};
use super::nights::{DiffArgs, HistoryArgs, VerifyArgs};
use super::policy_args::PolicyCommand;
use super::schedule::ScheduleArgs;
use super::shard_args::{MergeArgs, ShardArgs};
use super::values::{
    bytes, choice, column, deadline, destination, instant, listed, mapping, matrix, max_chars,
    not_blank, setting, severity, span, split_by,
};
use super::waiver_args::{WaiveArgs, WaiversCommand};
use crate::export;
use crate::options::{Alarm, Document, FailsOn};
use crate::policy::{Selector, Severity};
use crate::record::time::Span;
use crate::report::{self, Column, Destination, Listed, MaxChars, SplitBy};
use crate::totals::Undecided;

/// Judges every customer record of an export by the rules of policies
///
/// Exit codes: 0 the audit is complete and no finding is at or above --fail-on; 1
/// findings at or above --fail-on; 2 the audit could not be made; 3 the audit is
/// incomplete: something could not be read or decided, or a policy judged nothing.
/// 3 beats 1.
#[derive(Debug, Clone, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_long_help = after_help(),
    override_usage = USAGE,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// A command other than an audit
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The audit
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// Names what can be asked for beside an audit.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Makes other reports from a json or ndjson report
    ///
    /// They are the same as those of the run itself; exit code 0 says that they
    /// were made, and not that all is well.
    Convert(ConvertArgs),
    /// Compares two json or ndjson reports, the older first
    ///
    /// The findings of the later one say whether they are new since the earlier one. What is
    /// not among them any more is `unknown` unless the later report says itself what became
    /// of it: a report does not list who passes. Exit codes: 0 the reports were made; 1 what
    /// --fail-on or --fail-on-new names; 2 they cannot be compared; 3 the later audit is
    /// incomplete.
    Diff(DiffArgs),
    /// Shows the nights of a history: what each found, what changed, and what to look at
    History(HistoryArgs),
    /// Prints what runs a configuration every night: lines of a crontab, units, a
    /// workflow
    ///
    /// Its paths are those of the configuration. Nothing is installed, and nothing is
    /// audited. Exit codes: 0 it was printed; 2 the configuration cannot be used.
    Schedule(ScheduleArgs),
    /// Checks the digests of a manifest, or of all nights of a history
    ///
    /// Exit codes: 0 all files are as the run left them; 1 some are not; 2 it
    /// is no manifest and no history.
    Verify(VerifyArgs),
    /// Writes waivers of findings of a report, to append to a file of waivers
    ///
    /// They hold while the record says what it said in the report. Nothing is
    /// changed: who approves a waiver reviews the file that it is appended to.
    Waive(WaiveArgs),
    /// Checks files of waivers
    Waivers {
        /// What to do with them
        #[command(subcommand)]
        command: WaiversCommand,
    },
    /// Makes a partial: what one part of a run on many machines finds
    ///
    /// Each part is made by one such command, anywhere and in any order, and may be made
    /// twice; `audit merge` makes the reports of all of them. See `audit help many-machines`.
    /// Exit codes: 0 the partial is whole, whatever was found; 2 none was written.
    Shard(Box<ShardArgs>),
    /// Makes the reports of a run from the partials of all its parts
    ///
    /// They are the same as those of a run on one machine, and so is the exit code. No report
    /// is touched where a part is missing, damaged or of another run.
    Merge(Box<MergeArgs>),
    /// Tests, lists and shows policies
    Policy {
        /// What to do with them
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Lists the fields of a record, and the operators of each kind
    Fields,
    /// Explains the outcome of every rule for one customer
    Explain(ExplainArgs),
    /// Writes the JSON Schema of a policy, of waivers, of cases, of a configuration or of
    /// a JSON report
    Schema {
        /// The document that the schema describes
        #[arg(value_parser = choice::<Document>())]
        document: Document,
    },
    /// Shows the options of an audit that are in force
    Config {
        /// What to do with them
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Writes completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Writes the manual page
    Man,
    /// Shows a page on a topic, or the help of a command
    Help {
        /// A topic, as nights, or a command
        #[arg(value_name = "TOPIC|COMMAND")]
        words: Vec<String>,
    },
}

/// Names what can be asked of the options of an audit.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Shows each value, and whether it is from the command line, the configuration or
    /// nowhere else
    Show(Box<AuditArgs>),
}

/// Holds the arguments of `audit explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Exports to look into; `-` is stdin
    #[arg(required = true, value_name = "EXPORT")]
    pub exports: Vec<PathBuf>,

    /// The customer's id
    #[arg(long)]
    pub id: String,

    /// A policy: a TOML file, or the name of a bundled one
    #[arg(short, long = "policy", required = true, value_name = "FILE|NAME")]
    pub policies: Vec<PathBuf>,

    /// Give a parameter of a policy another value
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,

    /// How records are read and judged
    #[command(flatten)]
    pub records: RecordArgs,
}

/// Holds the arguments that say how records are read and judged.
#[derive(Debug, Clone, Default, Args)]
pub struct RecordArgs {
    /// Read another key as a field too, as in --map id=customer_id
    #[arg(long, value_name = "FIELD=KEY", value_parser = mapping)]
    pub map: Vec<(String, String)>,

    /// Ask only these rules: rule-id, policy/rule-id or tag:NAME; the others are
    /// reported as not tested
    #[arg(long, value_name = "SELECTOR")]
    pub only: Vec<Selector>,

    /// Leave out these rules, and report them as not tested
    #[arg(long, value_name = "SELECTOR")]
    pub skip: Vec<Selector>,

    /// Waive the findings that a file of waivers accepts, until they expire or the
    /// record says something else
    #[arg(long, value_name = "FILE")]
    pub waivers: Vec<PathBuf>,

    /// The time that counts as now, for durations such as 90d [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<DateTime<Utc>>,

    /// Shape of the exports
    #[arg(
        long,
        value_parser = choice::<export::Format>(),
        default_value_t,
        value_name = "FORMAT"
    )]
    pub input_format: export::Format,

    /// Show personal data and credentials, which otherwise read `[redacted]`
    #[arg(long)]
    pub show_sensitive: bool,
}

/// Holds the arguments that say which reports are written, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct ReportArgs {
    /// The files to write, with their formats
    #[arg(
        short,
        long = "output",
        value_name = "FILE",
        value_parser = destination,
        help = output_help()
    )]
    pub outputs: Vec<Destination>,

    /// Format of the report on stdout [default: text]
    #[arg(short, long, value_parser = choice::<report::Format>())]
    pub format: Option<report::Format>,

    /// The columns of reports whose columns can be chosen
    #[arg(
        long,
        value_name = "A,B,C",
        value_delimiter = ',',
        value_parser = column,
        help = columns_help()
    )]
    pub columns: Vec<Column>,

    /// The longest that a markdown report may be: a number of characters, as
    /// UTF-16 counts them, or github, jira or servicenow [default: github]
    #[arg(long, value_name = "N|NAME", value_parser = max_chars)]
    pub max_chars: Option<MaxChars>,

    /// What metrics call this run, where a collector reads those of several [default: the
    /// policies, as pci+ours]
    #[arg(long, value_name = "NAME")]
    pub job: Option<String>,

    /// List only these findings: new, changed or overdue since the earlier report; counts
    /// and the exit code are of all
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', value_parser = listed)]
    pub list: Vec<Listed>,

    /// Write a report for each customer, rule, severity, value of field:NAME or
    /// slice of file:FILE (CSV with a header: customer id, slice; others are `unassigned`),
    /// which takes the place of `{}` in the name of a file, as in -o 'out/{}.md'
    #[arg(long, value_name = "WHAT", value_parser = split_by)]
    pub split_by: Option<SplitBy>,
}

/// Holds the arguments of `audit convert`.
#[derive(Debug, Clone, Args)]
pub struct ConvertArgs {
    /// A json or ndjson report; `-` is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// The reports to make; without any, a text report on stdout
    #[command(flatten)]
    pub reports: ReportArgs,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// Holds the arguments of an audit.
#[derive(Debug, Clone, Default, Args)]
pub struct AuditArgs {
    /// Exports to audit; `-` is stdin
    #[arg(
        required_unless_present_any = ["config", "exports_from"],
        value_name = "EXPORT"
    )]
    pub exports: Vec<PathBuf>,

    /// Audit the exports that this file names too, one a line; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub exports_from: Option<PathBuf>,

    /// What is asked of it
    #[command(flatten)]
    pub run: RunArgs,
}

/// Holds the arguments of a run: of an audit, or of a merge of its parts.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Take what the command line leaves open from this file, whose keys are the names
    /// of options; nothing else is looked for
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// A policy: a TOML file, or the name of a bundled one (see `audit policy list`)
    #[arg(
        short,
        long = "policy",
        required_unless_present = "config",
        value_name = "FILE|NAME"
    )]
    pub policies: Vec<PathBuf>,

    /// What bears on each record
    #[command(flatten)]
    pub judging: JudgingArgs,

    /// The reports
    #[command(flatten)]
    pub reports: ReportArgs,

    /// Exit with 1 if there are findings at or above this severity: info, low,
    /// medium, high, critical or never; beside it, overdue for those whose deadline
    /// has passed [default: low, or never with --fail-on-new]
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',')]
    pub fail_on: Vec<FailsOn>,

    /// Compare with this earlier report, json or ndjson, and say of each finding
    /// whether it is new
    #[arg(long, value_name = "REPORT", conflicts_with = "history")]
    pub since: Option<PathBuf>,

    /// Keep each night in this folder, and compare with the newest
    #[arg(long, value_name = "DIR")]
    pub history: Option<PathBuf>,

    /// Remove nights from the history that are older, but for the newest complete one
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub keep: Option<Span>,

    /// Exit with 1 if findings at or above this severity are new, or worse than the
    /// night before
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on_new: Option<Severity>,

    /// How long findings of a severity may stay, as in --deadline critical=7d
    #[arg(long, value_name = "SEVERITY=SPAN", value_parser = deadline)]
    pub deadline: Vec<(Severity, Span)>,

    /// What it is to have less than 80 % of the records of the night before [default:
    /// warning]
    #[arg(long, value_parser = choice::<Alarm>(), value_name = "WHAT")]
    pub shrink: Option<Alarm>,

    /// The oldest that an export may be, as 26h
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub max_export_age: Option<Span>,

    /// What it is that an export is older than that, or is that of the night before
    /// [default: warning]
    #[arg(long, value_parser = choice::<Alarm>(), value_name = "WHAT")]
    pub stale: Option<Alarm>,

    /// Warn if the night before is longer ago than this, as 26h
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub gap: Option<Span>,

    /// What an outcome is that could not be decided [default: incomplete]
    #[arg(long, value_parser = choice::<Undecided>(), value_name = "WHAT")]
    pub undecided: Option<Undecided>,

    /// Count it as complete that there is no record, that a policy has none in its
    /// scope, or that none of its rules applies to one
    #[arg(long)]
    pub allow_empty: bool,

    /// Write what was audited, with the sizes and SHA-256 digests of all that
    /// was read and written; `audit verify` checks them
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Write a row for each record and a column for each rule, as CSV: P pass, F fail,
    /// E error, N not applicable, W waived, O out of scope
    #[arg(long, value_name = "FILE", value_parser = matrix)]
    pub matrix: Option<PathBuf>,

    /// The customers that must be in the exports, by id, one a line: without one of them the
    /// audit is not complete
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,

    /// Who runs the audit, for the manifest
    #[arg(long, value_name = "NAME", value_parser = not_blank)]
    pub operator: Option<String>,

    /// Open and check all that a run needs, and stop before the first record
    #[arg(long)]
    pub dry_run: bool,

    /// Worker threads [default: one for each core]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Hide notes and progress, but not why the exit code is 2 or 3; no report on
    /// stdout either, unless --format asks for one
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Report every rejected record on stderr, not only the first 20
    #[arg(short, long)]
    pub verbose: bool,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,

    /// All arguments as they were given
    #[arg(skip)]
    pub arguments: Vec<String>,
}

/// Holds the arguments that bear on each record: parts of one run agree in them.
#[derive(Debug, Clone, Default, Args)]
pub struct JudgingArgs {
    /// What reports call the export, instead of by its path: code scanning takes a finding
    /// in another file for another; the second export is NAME-2
    #[arg(long, value_name = "NAME")]
    pub export_name: Option<String>,

    /// Give a parameter of a policy another value; one that is looser than the
    /// policy allows is an error
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,

    /// How records are read and judged
    #[command(flatten)]
    pub records: RecordArgs,

    /// Write pseudonyms for ids and names of customers: the same in every
    /// run with the same key, a file of at least 16 random bytes
    #[arg(long, value_name = "KEYFILE", conflicts_with = "show_sensitive")]
    pub pseudonymise: Option<PathBuf>,

    /// Records larger than this are rejected
    #[arg(long, value_name = "BYTES", default_value_t = export::MAX_RECORD_BYTES, value_parser = bytes)]
    pub max_record_bytes: usize,

    /// The size of a chunk in bytes
    #[arg(long, hide = true, default_value_t = 512 << 10, value_parser = bytes)]
    pub window_bytes: usize,
}
