//! The words that a person types, as types; opens nothing.

use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand};

use crate::export;
use crate::policy::Severity;
use crate::record::{Slot, time};
use crate::report::{self, Column, Destination, MaxChars, Settings, SplitBy};

/// Judges every customer record of an export by the rules of policies
///
/// Exit codes: 0 every rule is met and the audit is complete; 1 findings at or
/// above --fail-on; 2 the audit could not be made; 3 the audit is incomplete:
/// something could not be read or decided. 3 beats 1.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "audit",
    version,
    max_term_width = 100,
    after_long_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// Something else than an audit
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The audit
    #[command(flatten)]
    pub options: Options,
}

/// What is asked for beside audits.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Makes other reports from a json or ndjson report
    ///
    /// They are the same as those of the run itself; exit code 0 says that they
    /// were made, and not that all is well.
    Convert(Convert),
    /// Checks the digests of a manifest
    ///
    /// Exit codes: 0 all files are as the run left them; 1 some are not; 2 it
    /// is no manifest.
    Verify {
        /// What --manifest wrote; its paths are read from here
        #[arg(value_name = "MANIFEST")]
        manifest: PathBuf,
    },
    /// What authors of policies ask for
    #[command(flatten)]
    Author(AuthorCommand),
}

/// What authors of policies ask for.
#[derive(Debug, Clone, Subcommand)]
pub enum AuthorCommand {
    /// Tests, lists and shows policies
    Policy {
        /// What to do with them
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Lists the fields of a record, and the operators of each kind
    Fields,
    /// Tells what every rule makes of one customer, and why
    Explain(Explain),
    /// Writes the JSON Schema of a policy, of cases or of a JSON report
    Schema {
        /// Of what
        #[arg(value_enum)]
        document: Document,
    },
    /// Writes completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Writes the manual page
    Man,
}

/// What is asked of policies.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Runs the cases beside a policy: for pci.toml those in pci.cases.toml
    ///
    /// Tells what is other than expected, and which rules no case makes pass or
    /// fail; then the exit code is 1.
    Test {
        /// Policies
        #[arg(required = true, value_name = "FILE")]
        policies: Vec<PathBuf>,

        /// Change each field of a record that meets every rule, and tell what
        /// no rule notices
        #[arg(long)]
        mutate: bool,
    },
    /// Tells all that is wrong with policies, and what most likely is not meant
    ///
    /// Exit codes: 0 nothing; 1 warnings; 2 errors.
    Check {
        /// TOML files, or names of bundled policies
        #[arg(required = true, value_name = "FILE|NAME")]
        policies: Vec<PathBuf>,

        /// How to tell it
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: CheckFormat,
    },
    /// Lists the bundled policies
    List,
    /// Shows a policy with all that it extends, overrides and sets
    Show {
        /// A TOML file, or the name of a bundled policy
        #[arg(value_name = "FILE|NAME")]
        policy: PathBuf,

        /// Give a parameter another value
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
    },
    /// Writes a policy to start from
    New,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Document {
    /// A policy
    Policy,
    /// The cases beside a policy
    Cases,
    /// A JSON report
    Report,
}

/// How what is wrong with policies is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum CheckFormat {
    /// For a person
    #[default]
    Text,
    /// A list of objects
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

/// Which customer is to be explained, by what.
#[derive(Debug, Clone, Args)]
pub struct Explain {
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

    /// The instant from which spans such as 90d count back [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<DateTime<Utc>>,

    /// Shape of the exports
    #[arg(long, value_parser = choice::<export::Format>(), default_value_t, value_name = "FORMAT")]
    pub input_format: export::Format,

    /// Show personal data and credentials, which else read `[redacted]`
    #[arg(long)]
    pub show_sensitive: bool,
}

/// Which reports are to be written, and how.
#[derive(Debug, Clone, Args)]
pub struct ReportOptions {
    /// Write a report to a file; its format is told by the extension (txt, csv,
    /// json, ndjson, md, html, sarif, xml, xlsx) or as FORMAT:FILE
    #[arg(short, long = "output", value_name = "FILE", value_parser = destination)]
    pub outputs: Vec<Destination>,

    /// Format of the report on stdout [default: text]
    #[arg(short, long, value_enum)]
    pub format: Option<report::Format>,

    /// Columns of csv reports, in this order
    #[arg(long, value_name = "A,B,C", value_delimiter = ',', value_parser = column)]
    pub columns: Vec<Column>,

    /// The longest that a markdown report may be: a number of characters, or
    /// github, jira or servicenow [default: github]
    #[arg(long, value_name = "N|NAME", value_parser = max_chars)]
    pub max_chars: Option<MaxChars>,

    /// A report for each customer, rule, severity or field:NAME; `{}` in the
    /// name of a file stands for it, as in -o 'out/{}.md'
    #[arg(long, value_name = "WHAT", value_parser = split_by)]
    pub split_by: Option<SplitBy>,
}

impl ReportOptions {
    /// What is said of all reports; `slot` is that of the field by which they
    /// are split, if it is one.
    pub fn settings(&self, slot: Option<Slot>) -> Settings {
        let whole = self
            .outputs
            .iter()
            .filter(|output| output.format.is_whole());
        let split_by = self.split_by.clone();
        Settings {
            columns: match self.columns.as_slice() {
                [] => Column::ALL.to_vec(),
                columns => columns.to_vec(),
            },
            max_chars: self.max_chars.unwrap_or_default(),
            whole: whole
                .map(|output| output.path.display().to_string())
                .collect(),
            split_by: split_by.map(|by| (by, slot)),
        }
    }
}

/// What other reports are to be made from a report.
#[derive(Debug, Clone, Args)]
pub struct Convert {
    /// A json or ndjson report; `-` is stdin
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,

    /// The reports to make; without any, a text report on stdout
    #[command(flatten)]
    pub reports: ReportOptions,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// What an audit is to do.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Exports to audit; `-` is stdin
    #[arg(required = true, value_name = "EXPORT")]
    pub exports: Vec<PathBuf>,

    /// A policy: a TOML file, or the name of a bundled one (see `audit policy list`)
    #[arg(short, long = "policy", required = true, value_name = "FILE|NAME")]
    pub policies: Vec<PathBuf>,

    /// Give a parameter of a policy another value; one that is looser than the
    /// policy allows is an error
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,

    /// The reports
    #[command(flatten)]
    pub reports: ReportOptions,

    /// Exit with 1 if there are findings at or above this severity: info, low,
    /// medium, high, critical or never
    #[arg(long, value_name = "SEVERITY", default_value = "low")]
    pub fail_on: FailOn,

    /// The instant from which spans such as 90d count back [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<DateTime<Utc>>,

    /// Shape of the exports
    #[arg(long, value_parser = choice::<export::Format>(), default_value_t, value_name = "FORMAT")]
    pub input_format: export::Format,

    /// Show personal data and credentials, which else read `[redacted]`
    #[arg(long)]
    pub show_sensitive: bool,

    /// Write what was audited, with the sizes and SHA-256 digests of all that
    /// was read and written; `audit verify` checks them
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// Write pseudonyms for ids and names of customers: the same each night for
    /// the same key, a file of at least 16 random bytes
    #[arg(long, value_name = "KEYFILE", conflicts_with = "show_sensitive")]
    pub pseudonymise: Option<PathBuf>,

    /// Records larger than this are rejected
    #[arg(long, value_name = "BYTES", default_value_t = export::MAX_RECORD_BYTES)]
    pub max_record_bytes: usize,

    /// Worker threads [default: one for each core]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,

    /// No notes and no progress; no report on stdout either, unless --format
    /// asks for one
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Tell every rejected record on stderr, not only the first 20
    #[arg(short, long)]
    pub verbose: bool,

    /// When to colour
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,

    /// Bytes that a batch aims at
    #[arg(long, hide = true, default_value_t = 512 << 10)]
    pub window_bytes: usize,
}

/// Makes a parser of the names of an enum; help shows the first lines of its
/// documentation.
fn choice<T>() -> impl TypedValueParser<Value = T>
where
    T: strum::VariantArray + strum::EnumMessage + Into<&'static str> + Copy,
    T: FromStr<Err = strum::ParseError> + Send + Sync + 'static,
{
    let values = T::VARIANTS.iter().map(|variant| {
        let name: &'static str = (*variant).into();
        PossibleValue::new(name).help(variant.get_documentation())
    });
    PossibleValuesParser::new(values).try_map(|name| name.parse::<T>())
}

const EXAMPLES: &str = "\
Examples:
  audit --policy pci.toml export.json
  audit -p pci -p baseline -o findings.csv -o report.json exports/*.ndjson.gz
  cat export.ndjson | audit -p pci -f ndjson -";

/// From which severity on findings make the run fail; never, if none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOn(pub Option<Severity>);

impl std::fmt::Display for FailOn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
                    "there are {}, never",
                    Severity::ALL.map(Severity::name).join(", ")
                )
            })
    }
}

fn destination(text: &str) -> Result<Destination, String> {
    let formats = || report::Format::ALL.map(report::Format::name).join(", ");
    let (format, path) = match text.split_once(':') {
        Some((format, path)) if report::Format::named(format).is_some() => {
            (report::Format::named(format), PathBuf::from(path))
        }
        _ => (report::Format::of_path(text.as_ref()), PathBuf::from(text)),
    };
    if path.as_os_str().is_empty() || path.as_os_str() == "-" {
        return Err("name a file; --format is for stdout".to_owned());
    }
    let format = format.ok_or_else(|| {
        format!(
            "its extension tells no format: write FORMAT:FILE with one of {}",
            formats()
        )
    })?;
    Ok(Destination { format, path })
}

fn max_chars(text: &str) -> Result<MaxChars, String> {
    MaxChars::read(text).ok_or_else(|| {
        let names = MaxChars::PROFILES.map(|(name, _)| name);
        format!(
            "write a number from 1000 on, or one of {}",
            names.join(", ")
        )
    })
}

fn split_by(text: &str) -> Result<SplitBy, String> {
    SplitBy::read(text).ok_or_else(|| "there are customer, rule, severity, field:NAME".to_owned())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let reading = time::read(text).ok_or("write a time as 2026-01-31T00:00:00Z or 2026-01-31")?;
    Ok(reading.time)
}

fn column(name: &str) -> Result<Column, String> {
    Column::named(name)
        .ok_or_else(|| format!("there are {}", Column::ALL.map(Column::name).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_destination_tells_its_format() {
        let of = |text: &str| destination(text).map(|destination| destination.format);
        assert_eq!(of("findings.csv"), Ok(report::Format::Csv));
        assert_eq!(of("json:findings"), Ok(report::Format::Json));
        assert_eq!(of("dir:x/findings.json"), Ok(report::Format::Json));
        assert!(of("findings").is_err());
        assert!(of("csv:").is_err());
        assert!(of("csv:-").is_err());
    }
}
