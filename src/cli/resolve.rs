//! Arguments become options: defaults are filled in, and flags that exclude each other
//! become one choice.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::ColorChoice;

use super::args::{AuditArgs, Cli, Command, ConvertArgs, ExplainArgs, ReportArgs};
use super::in_force::{Chooser, InForce, Origin};
use super::nights::{DiffArgs, HistoryArgs, VerifyArgs};
use super::waiver_args::{CheckWaiversArgs, WaiveArgs};
use crate::config::keys::Key;
use crate::config::{self, Config, Placed};
use crate::options::{
    Alarm, AuditOptions, CheckWaiversOptions, ColourChoice, ConvertOptions, DiffOptions,
    Disclosure, Earlier, ExplainOptions, FailOn, FailsOn, HistoryOptions, InputOptions,
    NightOptions, PolicyOptions, ReportOptions, Verbosity, VerifyOptions, WaiveOptions,
};
use crate::policy::{Selection, Selector, Severity};
use crate::record::time::Span;
use crate::report::{self, Destination, Layout};
use crate::toml_reader::Word;
use crate::totals::{Completeness, Undecided};

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
            link: None,
            job: self.job,
        }
    }
}

impl Cli {
    /// Returns when the user wants colours.
    pub fn colour(&self) -> ColourChoice {
        colour_choice(self.audit.run.color)
    }

    /// Notes all arguments after the name of the program.
    pub fn set_arguments(&mut self, arguments: Vec<String>) {
        let run = match &mut self.command {
            Some(Command::Merge(merge)) => &mut merge.run,
            _ => &mut self.audit.run,
        };
        run.arguments = arguments;
    }
}

/// Holds the options of an audit, and where each is from.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The options.
    pub options: AuditOptions,
    /// The values that a configuration can have, in the order of its keys.
    pub in_force: Vec<InForce>,
}

impl AuditArgs {
    /// Returns the options: what the command line leaves open is what the configuration
    /// says, which was read for a run at this instant.
    pub fn resolve(self, config: Config, as_of: DateTime<Utc>) -> Resolved {
        let Self {
            exports, run: this, ..
        } = self;
        let judging = this.judging;
        let mut choose = Chooser::default();
        let path = |path: &PathBuf| path.display().to_string();
        let verbosity = match (this.quiet, this.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        };
        let names = choose.list(Key::Policies, this.policies, config.policies, "none", path);
        let exports = choose.list(Key::Exports, exports, config.exports, "none", path);
        let waivers = choose.list(
            Key::Waivers,
            judging.records.waivers,
            config.waivers,
            "none",
            path,
        );
        let text = |name: &String, value: &String| (name.clone(), value.clone());
        let set = choose.named(Key::Set, judging.set, config.set, text);
        let selector = Selector::to_string;
        let only = choose.list(
            Key::Only,
            judging.records.only,
            config.only,
            "all",
            selector,
        );
        let skip = choose.list(
            Key::Skip,
            judging.records.skip,
            config.skip,
            "none",
            selector,
        );
        let map = choose.named(Key::Map, judging.records.map, config.map, text);
        let usual = match (this.fail_on_new, &config.fail_on_new) {
            (None, None) => "low",
            (Some(_), _) | (None, Some(_)) => "never",
        };
        let fails_on = choose.list(
            Key::FailOn,
            this.fail_on,
            config.fail_on,
            usual,
            FailsOn::to_string,
        );
        let fail_on_new = choose.one(
            Key::FailOnNew,
            this.fail_on_new,
            config.fail_on_new,
            "never",
            |severity| severity.name().to_owned(),
        );
        let undecided = choose.one(
            Key::Undecided,
            this.undecided,
            config.undecided,
            &Undecided::default().to_string(),
            Undecided::to_string,
        );
        let allow_empty = choose.one(
            Key::AllowEmpty,
            this.allow_empty.then_some(true),
            config.allow_empty,
            "false",
            bool::to_string,
        );
        let expect = choose.one(Key::Expect, this.expect, config.expect, "none", path);
        // One of the two on the command line is instead of either.
        let (since, history) = match (&this.since, &this.history) {
            (None, None) => (config.since, config.history),
            (Some(_), _) | (None, Some(_)) => (None, None),
        };
        let since = choose.one(Key::Since, this.since, since, "none", path);
        let history = choose.one(Key::History, this.history, history, "none", path);
        let keep = choose.one(
            Key::Keep,
            this.keep,
            config.keep,
            "for ever",
            Span::to_string,
        );
        let deadlines = choose.named(
            Key::Deadline,
            this.deadline,
            config.deadline,
            |severity, span| (severity.name().to_owned(), span.to_string()),
        );
        let shrink = choose.one(
            Key::Shrink,
            this.shrink,
            config.shrink,
            &Alarm::default().to_string(),
            Alarm::to_string,
        );
        let max_export_age = choose.one(
            Key::MaxExportAge,
            this.max_export_age,
            config.max_export_age,
            "any",
            Span::to_string,
        );
        let stale = choose.one(
            Key::Stale,
            this.stale,
            config.stale,
            &Alarm::default().to_string(),
            Alarm::to_string,
        );
        let gap = choose.one(Key::Gap, this.gap, config.gap, "any", Span::to_string);
        let export_name = choose.one(
            Key::ExportName,
            judging.export_name,
            config.export_name,
            "the path",
            String::clone,
        );
        let job = this.reports.job.clone();
        let job = choose.one(Key::Job, job, config.job, "the policies", String::clone);
        let link = choose.one(Key::Link, None, config.link, "none", String::clone);
        let given = this.manifest.map(|path| of_night(path, as_of));
        let manifest = choose.one(Key::Manifest, given, config.manifest, "none", path);
        let given = this.matrix.map(|path| of_night(path, as_of));
        let matrix = choose.one(Key::Matrix, given, config.matrix, "none", path);
        let threads = choose.one(
            Key::Threads,
            this.threads,
            config.threads,
            "one for each core",
            u16::to_string,
        );
        // Who wants quiet has a report on stdout only if its format is named.
        let usual = (verbosity != Verbosity::Quiet).then_some(report::Format::Text);
        let stdout = this.reports.format.or(usual);
        let mut reports = this.reports.options(stdout);
        for file in &mut reports.files {
            file.path = of_night(std::mem::take(&mut file.path), as_of);
        }
        reports.link = link;
        reports.job = job;
        choose.reports(&mut reports, config.reports);
        reports.files.extend(matrix.map(Destination::matrix));
        let options = AuditOptions {
            config: config.file,
            exports,
            expect,
            export_name,
            operator: this.operator,
            arguments: this.arguments,
            policies: PolicyOptions {
                names,
                set,
                map,
                selection: Selection { only, skip },
                as_of,
            },
            waivers,
            input: InputOptions {
                format: judging.records.input_format,
                max_record_bytes: judging.max_record_bytes,
                chunk_bytes: judging.window_bytes,
            },
            reports,
            fail_on: fail_on(&fails_on).unwrap_or(match fail_on_new {
                // Who asks for new ones alone hears of new ones alone.
                Some(_) => FailOn(None),
                None => FailOn(Some(Severity::Low)),
            }),
            nights: NightOptions {
                earlier: match (since, history) {
                    (Some(report), _) => Some(Earlier::Report(report)),
                    (None, Some(folder)) => Some(Earlier::History(folder)),
                    (None, None) => None,
                },
                deadlines: deadlines.into_iter().collect(),
                fail_on_new,
                fail_on_overdue: fails_on.contains(&FailsOn::Overdue),
                shrink: shrink.unwrap_or_default(),
                max_export_age,
                stale: stale.unwrap_or_default(),
                gap,
                keep,
            },
            completeness: Completeness {
                undecided: undecided.unwrap_or_default(),
                allow_empty: allow_empty.unwrap_or_default(),
            },
            disclosure: match (judging.pseudonymise, judging.records.show_sensitive) {
                (Some(key), _) => Disclosure::Pseudonymised(key),
                (None, true) => Disclosure::Shown,
                (None, false) => Disclosure::Redacted,
            },
            manifest,
            dry_run: this.dry_run,
            threads,
            verbosity,
            colour: colour_choice(this.color),
        };
        Resolved {
            options,
            in_force: choose.chosen,
        }
    }
}

impl Chooser {
    /// Chooses the reports that are files: those of the command line are instead of those
    /// of the configuration, whose layouts it fills in.
    fn reports(&mut self, given: &mut ReportOptions, config: Vec<Placed<Destination>>) {
        let key = Key::Report.word();
        if given.files.is_empty() {
            for Placed { value, line } in config {
                let layout = value.layout.or(&given.layout);
                let file = Destination { layout, ..value };
                self.note(key, described(&file), Origin::Config(line));
                given.files.push(file);
            }
        } else {
            for file in &given.files {
                self.note(key, described(file), Origin::CommandLine);
            }
        }
        if given.files.is_empty() {
            self.note(key, "none".to_owned(), Origin::Default);
        }
    }
}

/// Describes a report that is a file.
fn described(file: &Destination) -> String {
    let Layout {
        columns,
        max_chars,
        split_by,
        listed,
    } = &file.layout;
    let mut asked = vec![file.format.name().to_owned()];
    if file.format.has_columns() && !columns.is_empty() {
        let columns: Vec<_> = columns.iter().map(|column| column.name()).collect();
        asked.push(format!("columns {}", columns.join(",")));
    }
    if let (report::Format::Markdown, Some(most)) = (file.format, max_chars) {
        asked.push(format!("at most {} characters", most.get()));
    }
    if !listed.is_empty() {
        let listed: Vec<&str> = listed.iter().map(|one| one.as_ref()).collect();
        asked.push(format!("only {}", listed.join(",")));
    }
    if let Some(by) = split_by.as_ref().filter(|_| file.is_template()) {
        asked.push(format!("by {by}"));
    }
    format!("{} ({})", file.path.display(), asked.join(", "))
}

/// Returns a path of the command line with the night filled in.
fn of_night(path: PathBuf, as_of: DateTime<Utc>) -> PathBuf {
    match path.to_str() {
        Some(text) => config::filled(text, as_of).into(),
        None => path,
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

impl From<DiffArgs> for DiffOptions {
    fn from(args: DiffArgs) -> Self {
        let usual = args.reports.outputs.is_empty();
        let usual = usual.then_some(report::Format::Text);
        let stdout = args.reports.format.or(usual);
        Self {
            later: args.later,
            reports: args.reports.options(stdout),
            fail_on: fail_on(&args.fail_on).unwrap_or(FailOn(None)),
            nights: NightOptions {
                earlier: Some(Earlier::Report(args.earlier.clone())),
                deadlines: args.deadline.into_iter().collect(),
                fail_on_new: args.fail_on_new,
                fail_on_overdue: args.fail_on.contains(&FailsOn::Overdue),
                ..NightOptions::default()
            },
            earlier: args.earlier,
            colour: colour_choice(args.color),
        }
    }
}

impl From<HistoryArgs> for HistoryOptions {
    fn from(args: HistoryArgs) -> Self {
        let of_file = args.output.as_ref().and_then(|file| file.format);
        Self {
            folder: args.folder,
            format: args.format.or(of_file),
            output: args.output.map(|file| file.path),
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
        let records = args.records;
        Self {
            exports: args.exports,
            format: records.input_format,
            id: args.id,
            policies: PolicyOptions {
                names: args.policies,
                set: args.set,
                map: records.map,
                selection: Selection {
                    only: records.only,
                    skip: records.skip,
                },
                as_of: records.as_of.unwrap_or_else(Utc::now),
            },
            waivers: records.waivers,
            disclosure: match records.show_sensitive {
                true => Disclosure::Shown,
                false => Disclosure::Redacted,
            },
        }
    }
}

/// Returns the severity from which on findings decide the exit code, if one is given: the
/// last.
fn fail_on(given: &[FailsOn]) -> Option<FailOn> {
    given.iter().rev().find_map(|one| match one {
        FailsOn::Severity(severity) => Some(*severity),
        FailsOn::Overdue => None,
    })
}

impl From<WaiveArgs> for WaiveOptions {
    fn from(args: WaiveArgs) -> Self {
        let WaiveArgs {
            report,
            fingerprints,
            reason,
            requested_by,
            approved_by,
            approved,
            expires,
            ticket,
            id,
            customer,
            any_value,
        } = args;
        // One that is cut out of a CSV report ends with a carriage return.
        let fingerprints = fingerprints.iter().map(|one| one.trim().to_owned());
        Self {
            report,
            fingerprints: fingerprints.collect(),
            reason,
            requested_by,
            approved_by,
            approved,
            expires,
            ticket,
            id,
            customer,
            any_value,
        }
    }
}

impl From<CheckWaiversArgs> for CheckWaiversOptions {
    fn from(args: CheckWaiversArgs) -> Self {
        Self {
            waivers: args.waivers,
            policies: args.policies,
            report: args.report,
            as_of: args.as_of.unwrap_or_else(Utc::now),
        }
    }
}

fn colour_choice(choice: ColorChoice) -> ColourChoice {
    match choice {
        ColorChoice::Auto => ColourChoice::Auto,
        ColorChoice::Always => ColourChoice::Always,
        ColorChoice::Never => ColourChoice::Never,
    }
}
