//! Arguments become options: defaults are filled in, and flags that exclude each other
//! become one choice.

use chrono::Utc;
use clap::ColorChoice;

use super::args::{AuditArgs, ConvertArgs, ExplainArgs, ReportArgs, VerifyArgs};
use crate::options::{
    AuditOptions, ColourChoice, ConvertOptions, Disclosure, Earlier, ExplainOptions, FailOn,
    FailsOn, InputOptions, NightOptions, PolicyOptions, ReportOptions, Verbosity, VerifyOptions,
};
use crate::policy::{Selection, Severity};
use crate::report::{self, Destination, Layout};
use crate::totals::Completeness;

impl ReportArgs {
    /// Returns the options; `stdout` is the format of the report on stdout, if
    /// there is one.
    fn options(self, stdout: Option<report::Format>) -> ReportOptions {
        let layout = Layout {
            columns: self.columns,
            max_chars: self.max_chars,
            split_by: self.split_by,
            listed: self.list,
        };
        let files = self.outputs.into_iter().map(|file| Destination {
            layout: file.layout.or(&layout),
            ..file
        });
        ReportOptions {
            stdout,
            files: files.collect(),
            layout,
        }
    }
}

impl AuditArgs {
    /// Returns when the user wants colours.
    pub fn colour(&self) -> ColourChoice {
        colour_choice(self.color)
    }
}

impl From<AuditArgs> for AuditOptions {
    fn from(args: AuditArgs) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        // Who wants quiet has a report on stdout only if its format is named.
        let usual = (verbosity != Verbosity::Quiet).then_some(report::Format::Text);
        let stdout = args.reports.format.or(usual);
        Self {
            exports: args.exports,
            policies: PolicyOptions {
                names: args.policies,
                set: args.set,
                map: args.map,
                selection: Selection {
                    only: args.only,
                    skip: args.skip,
                },
                as_of: args.as_of.unwrap_or_else(Utc::now),
            },
            input: InputOptions {
                format: args.input_format,
                max_record_bytes: args.max_record_bytes,
                chunk_bytes: args.window_bytes,
            },
            reports: args.reports.options(stdout),
            fail_on: fail_on(&args.fail_on, args.fail_on_new),
            nights: NightOptions {
                earlier: match (args.since, args.history) {
                    (Some(report), _) => Some(Earlier::Report(report)),
                    (None, Some(folder)) => Some(Earlier::History(folder)),
                    (None, None) => None,
                },
                deadlines: args.deadline.into_iter().collect(),
                fail_on_new: args.fail_on_new,
                fail_on_overdue: args.fail_on.contains(&FailsOn::Overdue),
                shrink: args.shrink,
                keep: args.keep,
            },
            completeness: Completeness {
                undecided: args.undecided,
                allow_empty: args.allow_empty,
            },
            disclosure: match (args.pseudonymise, args.show_sensitive) {
                (Some(key), _) => Disclosure::Pseudonymised(key),
                (None, true) => Disclosure::Shown,
                (None, false) => Disclosure::Redacted,
            },
            manifest: args.manifest,
            threads: args.threads,
            verbosity,
            colour: colour_choice(args.color),
        }
    }
}

impl From<ConvertArgs> for ConvertOptions {
    fn from(args: ConvertArgs) -> Self {
        let usual = args.reports.outputs.is_empty();
        let usual = usual.then_some(report::Format::Text);
        let stdout = args.reports.format.or(usual);
        Self {
            report: args.report,
            reports: args.reports.options(stdout),
            colour: colour_choice(args.color),
        }
    }
}

impl From<VerifyArgs> for VerifyOptions {
    fn from(args: VerifyArgs) -> Self {
        Self {
            path: args.path,
            digest: args.digest,
        }
    }
}

impl From<ExplainArgs> for ExplainOptions {
    fn from(args: ExplainArgs) -> Self {
        Self {
            exports: args.exports,
            format: args.input_format,
            id: args.id,
            policies: PolicyOptions {
                names: args.policies,
                set: args.set,
                map: args.map,
                selection: Selection {
                    only: args.only,
                    skip: args.skip,
                },
                as_of: args.as_of.unwrap_or_else(Utc::now),
            },
            disclosure: match args.show_sensitive {
                true => Disclosure::Shown,
                false => Disclosure::Redacted,
            },
        }
    }
}

/// Returns the severity from which on findings decide the exit code: the last that is given.
fn fail_on(given: &[FailsOn], fail_on_new: Option<Severity>) -> FailOn {
    let given = given.iter().rev().find_map(|one| match one {
        FailsOn::Severity(severity) => Some(*severity),
        FailsOn::Overdue => None,
    });
    match (given, fail_on_new) {
        (Some(given), _) => given,
        // Who asks for new ones alone hears of new ones alone.
        (None, Some(_)) => FailOn(None),
        (None, None) => FailOn(Some(Severity::Low)),
    }
}

fn colour_choice(choice: ColorChoice) -> ColourChoice {
    match choice {
        ColorChoice::Auto => ColourChoice::Auto,
        ColorChoice::Always => ColourChoice::Always,
        ColorChoice::Never => ColourChoice::Never,
    }
}
