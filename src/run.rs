//! A run, from the command line to the exit code: alone knows every stage.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use anstream::AutoStream;
use chrono::Utc;
use clap::{ColorChoice, Parser};
use indicatif::{ProgressBar, ProgressStyle};

use crate::aggregate::{self, Aggregates};
use crate::cli::{AuthorCommand, Cli, Command, FailOn, Options};
use crate::command::convert;
use crate::command::{self, Ended};
use crate::digest::{ByteCounter, DigestHandle};
use crate::export::{self, Chunker, Source, Unread};
use crate::finding::{self, Gap, Key, Privacy, Summary};
use crate::manifest::{self, Manifest};
use crate::pipeline::{Pipeline, Worded};
use crate::policy::{self, Policies, Policy};
use crate::report::{
    self, Colour, Export, Format, Head, OnStdout, Rejected, Reports, Screen, SplitBy, Tail, Words,
};
use crate::text::{count, escape_controls};

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every rule is met, and the audit is complete.
    Clean,
    /// There are findings at or above `--fail-on`.
    Findings,
    /// The audit could not be made.
    Failed,
    /// Something could not be read or decided.
    Incomplete,
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Incomplete => 3,
        }
    }
}

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A policy cannot be used.
    #[error("{} cannot be used", count(.0.len() as u64, "policy", "policies"))]
    Policies(Vec<policy::Error>),
    /// The key of pseudonyms cannot be used.
    #[error(transparent)]
    Key(#[from] finding::KeyError),
    /// An export cannot be opened.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// A report cannot be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A report could not be made from another.
    #[error(transparent)]
    Convert(#[from] convert::Error),
    /// A manifest could not be checked.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// A command for authors of policies could not be done.
    #[error(transparent)]
    Author(#[from] command::Error),
    /// What rules over the whole export gather cannot be kept.
    #[error(transparent)]
    Aggregate(#[from] aggregate::Error),
    /// No worker could be started.
    #[error("the worker threads could not be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Runs the program with these arguments, of which the first is its name; gives
/// the exit code.
pub fn main(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    stdout: &mut (dyn Write + Send),
    stderr: &mut (dyn Write + Send),
) -> u8 {
    let Cli { command, options } = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, stdout, stderr),
    };
    let colour = colour(options.color, &io::stderr());
    let done = match &command {
        Some(Command::Convert(convert)) => {
            let screen = screen(convert.color);
            convert::convert(convert, screen, stdout)
                .map_or_else(|error| Err(error.into()), |()| Ok(Exit::Clean))
        }
        Some(Command::Verify { manifest }) => match manifest::verify(manifest, stdout) {
            Ok(true) => Ok(Exit::Clean),
            Ok(false) => Ok(Exit::Findings),
            Err(error) => Err(error.into()),
        },
        Some(Command::Author(command)) => author(command, stdout),
        None => audit(&options, stdout, stderr),
    };
    match done {
        Ok(exit) => exit.code(),
        Err(error) => {
            // Nobody is left to be told if stderr is closed.
            let _ = writeln!(stderr, "{}", show(&error, colour));
            Exit::Failed.code()
        }
    }
}

/// What is said is written at once, so that nothing is said of a half.
fn author(command: &AuthorCommand, stdout: &mut dyn Write) -> Result<Exit, Error> {
    let mut said = Vec::new();
    let ended = command::run(command, &mut said)?;
    let written = stdout.write_all(&said).and_then(|()| stdout.flush());
    written.map_err(command::Error::from)?;
    Ok(match ended {
        Ended::Good => Exit::Clean,
        Ended::Bad => Exit::Findings,
        Ended::Incomplete => Exit::Incomplete,
        Ended::Invalid => Exit::Failed,
    })
}

/// Help and version go to stdout, mistakes to stderr.
fn usage(error: &clap::Error, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let text = error.render();
    let written = match error.use_stderr() {
        true => write!(stderr, "{text}"),
        false => write!(stdout, "{text}").and_then(|()| stdout.flush()),
    };
    match (error.use_stderr(), written) {
        (false, Ok(())) => Exit::Clean.code(),
        _ => Exit::Failed.code(),
    }
}

fn show(error: &Error, colour: Colour) -> String {
    if let Error::Policies(errors) | Error::Author(command::Error::Policies(errors)) = error {
        let shown: Vec<_> = errors
            .iter()
            .map(|error| error.render(colour == Colour::On))
            .collect();
        return shown.join("\n\n");
    }
    let mut text = format!("error: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(&format!(": {source}"));
        cause = source.source();
    }
    escape_controls(&text).into_owned()
}

fn colour(choice: ColorChoice, stream: &impl anstream::stream::RawStream) -> Colour {
    let on = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => AutoStream::choice(stream) != anstream::ColorChoice::Never,
    };
    if on { Colour::On } else { Colour::Off }
}

/// What stdout is seen on.
fn screen(choice: ColorChoice) -> Screen {
    let stdout = io::stdout();
    let size = terminal_size::terminal_size_of(&stdout);
    Screen {
        colour: colour(choice, &stdout),
        width: size.map(|(width, _)| width.0),
    }
}

/// Everything is opened before the first record is read; every report is whole
/// before the first takes its place.
fn audit(
    options: &Options,
    stdout: &mut (dyn Write + Send),
    stderr: &mut (dyn Write + Send),
) -> Result<Exit, Error> {
    let as_of = options.as_of.unwrap_or_else(Utc::now);
    let mut policies =
        Policies::load(&options.policies, as_of, &options.set).map_err(Error::Policies)?;
    let field = options.reports.split_by.as_ref().and_then(SplitBy::field);
    let slot = field.map(|name| {
        let slot = policies.schema.want(name);
        slot.ok_or_else(|| report::Error::NoField {
            name: name.to_owned(),
            why: "no field is called so (see `audit fields`)",
        })
    });
    let slot = slot.transpose()?;
    let mut sources = Source::open_all(&options.exports)?;
    let seen: Vec<_> = match options.manifest {
        Some(_) => sources.iter_mut().map(Source::want_digest).collect(),
        None => Vec::new(),
    };
    let key = options.pseudonymise.as_deref().map(Key::read).transpose()?;
    let privacy = match (&key, options.show_sensitive) {
        (Some(key), _) => Privacy::Pseudonymised(key),
        (None, true) => Privacy::Shown,
        (None, false) => Privacy::Redacted,
    };
    let head = Head::of(&policies, as_of);
    let mut read: Vec<&Path> = sources.iter().filter_map(Source::path).collect();
    read.extend(policies.all.iter().flat_map(Policy::files));
    read.extend(options.pseudonymise.as_deref());
    let format = options.reports.format;
    let silent = options.quiet && format.is_none();
    let on_stdout = (!silent).then(|| OnStdout {
        format: format.unwrap_or(Format::Text),
        screen: screen(options.color),
        stdout,
    });
    let settings = options.reports.settings(slot);
    let manifest = options.manifest.as_deref();
    let outputs = &options.reports.outputs;
    let (renderers, reports) =
        Reports::open(on_stdout, outputs, &head, &settings, &read, manifest)?;
    let mut run = Run::new(options, privacy, &policies, head, &sources, reports, stderr);
    run.reports.start(&run.head)?;
    run.read(options, sources, &renderers)?;
    run.settle(&renderers)?;
    run.finish(options, &seen)
}

/// The most rejected records that are told on stderr without `--verbose`.
const TOLD: u64 = 20;

/// A run in which records are being read.
struct Run<'r> {
    policies: &'r Policies,
    head: Head,
    reports: Reports<'r>,
    stderr: &'r mut (dyn Write + Send),
    quiet: bool,
    verbose: bool,
    fail_on: FailOn,
    privacy: Privacy<'r>,
    progress: ProgressBar,
    taken: Vec<ByteCounter>,
    summary: Summary,
    aggregates: Aggregates<'r>,
    exports: Vec<Export>,
    /// Whether some record of each export has some field.
    fields: Vec<bool>,
    error: Option<Error>,
}

impl<'r> Run<'r> {
    fn new(
        options: &Options,
        privacy: Privacy<'r>,
        policies: &'r Policies,
        head: Head,
        sources: &[Source],
        reports: Reports<'r>,
        stderr: &'r mut (dyn Write + Send),
    ) -> Self {
        let exports = sources.iter().map(|source| Export {
            path: source.name.clone(),
            ..Export::default()
        });
        Self {
            policies,
            head,
            reports,
            stderr,
            quiet: options.quiet,
            verbose: options.verbose,
            fail_on: options.fail_on,
            privacy,
            progress: progress(options, sources),
            taken: sources.iter().map(Source::byte_counter).collect(),
            summary: Summary::new(policies),
            aggregates: Aggregates::new(policies),
            exports: exports.collect(),
            fields: vec![false; sources.len()],
            error: None,
        }
    }

    fn read(
        &mut self,
        options: &Options,
        sources: Vec<Source>,
        renderers: &[Box<dyn report::Renderer>],
    ) -> Result<(), Error> {
        let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
        let schema = &self.policies.schema;
        let chunker = Chunker::new(sources, options.input_format, options.window_bytes, schema);
        let pipeline = Pipeline {
            policies: self.policies,
            exports: &names,
            format: options.input_format,
            limit: options.max_record_bytes,
            privacy: self.privacy,
            renderers,
        };
        pipeline.run(chunker, threads(options), |worded| self.take(worded))?;
        self.progress.finish_and_clear();
        self.error.take().map_or(Ok(()), Err)
    }

    /// Writes what a batch came to; false, if that cannot be done.
    fn take(&mut self, worded: Worded) -> bool {
        if self.error.is_none() {
            self.error = self.write(worded).err();
        }
        self.error.is_none()
    }

    fn write(&mut self, mut worded: Worded) -> Result<(), Error> {
        let partial = std::mem::take(&mut worded.partial);
        self.aggregates.add(partial, worded.export, worded.before)?;
        let worded = &worded;
        self.summary += &worded.summary;
        let export = &mut self.exports[worded.export];
        export.records += worded.summary.records;
        export.rejected += worded.summary.rejected;
        export.format = worded.shape.into();
        self.fields[worded.export] |= worded.summary.has_fields();
        if let Some(why) = &worded.unread {
            export.problem = Some(why.to_string());
        }
        self.reports.findings(&worded.findings)?;
        self.reject(worded)?;
        let taken = self.taken.iter().map(ByteCounter::bytes).sum();
        self.progress.set_position(taken);
        let records = count(self.summary.records, "record", "records");
        self.progress.set_message(records);
        Ok(())
    }

    fn reject(&mut self, worded: &Worded) -> Result<(), report::Error> {
        let told_before = self.summary.rejected - worded.rejected.len() as u64;
        for (number, rejection) in (told_before..).zip(&worded.rejected) {
            let cause = rejection.why.to_string();
            let rejected = Rejected {
                export: self.exports[worded.export].path.as_str().into(),
                record: rejection.record,
                offset: rejection.offset,
                cause: cause.into(),
            };
            self.reports.rejected(&rejected)?;
            if self.verbose || number < TOLD {
                note(
                    self.quiet,
                    &self.progress,
                    self.stderr,
                    &format!("rejected {rejected}"),
                );
            }
        }
        Ok(())
    }

    /// What rules over the whole export find comes after all else.
    fn settle(&mut self, renderers: &[Box<dyn report::Renderer>]) -> Result<(), Error> {
        let aggregates = std::mem::replace(&mut self.aggregates, Aggregates::new(self.policies));
        let exports: Vec<_> = self
            .exports
            .iter()
            .map(|export| export.path.clone())
            .collect();
        let exports: Vec<_> = exports.iter().map(String::as_str).collect();
        let reports = &mut self.reports;
        aggregates.settle(&exports, self.privacy, &mut self.summary, |finding| {
            let mut words: Vec<_> = renderers.iter().map(|_| Words::default()).collect();
            let worded = report::word(finding, renderers, &mut words);
            debug_assert!(worded.is_ok(), "memory takes all that is written");
            let words: Vec<_> = words.iter().map(|words| words.numbered(0)).collect();
            Ok(reports.findings(&words)?)
        })
    }

    /// An export of which no record has any field is hardly one of customers.
    fn doubt(&mut self) {
        if self.policies.needed().is_empty() {
            return;
        }
        for (export, fields) in self.exports.iter_mut().zip(&self.fields) {
            let read = export.records > export.rejected;
            if read && !fields && export.problem.is_none() {
                export.problem = Some(Unread::NoFields.to_string());
                self.summary.unread_exports += 1;
            }
        }
    }

    fn finish(mut self, options: &Options, seen: &[DigestHandle]) -> Result<Exit, Error> {
        self.doubt();
        let gaps = self.summary.gaps(self.policies);
        self.notes(&gaps);
        let tail = Tail::of(
            self.policies,
            &self.summary,
            self.exports,
            &gaps,
            self.privacy,
        );
        let (head, policies) = (&self.head, self.policies);
        self.reports.finish(head, &tail, |written, out| {
            let exports = tail.exports.iter().zip(seen);
            let exports: Vec<_> = exports
                .map(|(export, seen)| seen.digest(&export.path))
                .collect();
            Manifest::of(options, policies, head, &tail, &exports, written).write(out)
        })?;
        Ok(exit(&tail, self.fail_on))
    }

    /// Tells on stderr what a report may not.
    fn notes(&mut self, gaps: &[Gap]) {
        let mut notes = Vec::new();
        if !self.verbose && self.summary.rejected > TOLD {
            let more = self.summary.rejected - TOLD;
            notes.push(format!(
                "and {more} more rejected records: --verbose tells all"
            ));
        }
        for export in &self.exports {
            if let Some(problem) = &export.problem {
                notes.push(format!("{}: {problem}", export.path));
            }
        }
        let unknown = self.summary.unknown_keys.commonest();
        if !unknown.is_empty() {
            let names: Vec<_> = unknown
                .iter()
                .map(|(name, count)| format!("{name} ({count})"))
                .collect();
            notes.push(format!(
                "keys that are no field were ignored: {}",
                names.join(", ")
            ));
        }
        if self.summary.epoch_deleted > 0 {
            let records = count(self.summary.epoch_deleted, "record", "records");
            notes.push(format!(
                "deletedAt at 1970-01-01 was read as null in {records}: an exporter's artefact"
            ));
        }
        if self.summary.protocol_lines > 0 {
            let lines = count(
                self.summary.protocol_lines,
                "protocol line",
                "protocol lines",
            );
            notes.push(format!("{lines} without a record passed over"));
        }
        if self.summary.in_scope == 0 && self.summary.records > self.summary.rejected {
            notes.push("no record is in the scope of any policy".to_owned());
        }
        notes.extend(
            gaps.iter()
                .map(|gap| format!("incomplete: {}", gap.show(self.policies))),
        );
        for text in notes {
            note(self.quiet, &self.progress, self.stderr, &text);
        }
    }
}

/// Writes a line for a person who watches.
fn note(quiet: bool, progress: &ProgressBar, stderr: &mut dyn Write, text: &str) {
    if !quiet {
        // A run does not fail for want of somebody to talk to.
        progress.suspend(|| _ = writeln!(stderr, "audit: {}", escape_controls(text)));
    }
}

fn exit(tail: &Tail, fail_on: FailOn) -> Exit {
    if !tail.summary.complete {
        return Exit::Incomplete;
    }
    let grave = |severity| fail_on.0.is_some_and(|least| severity >= least);
    let mut rules = tail.summary.by_rule.iter();
    match rules.any(|rule| grave(rule.severity) && rule.counts.findings() > 0) {
        true => Exit::Findings,
        false => Exit::Clean,
    }
}

fn threads(options: &Options) -> usize {
    match options.threads {
        Some(threads) => threads.into(),
        None => std::thread::available_parallelism().map_or(1, Into::into),
    }
}

/// A line that moves, where stderr is a terminal: how much is read, how fast
/// and, if the size of all exports is known, how long it will take.
fn progress(options: &Options, sources: &[Source]) -> ProgressBar {
    if options.quiet {
        return ProgressBar::hidden();
    }
    let size: Option<u64> = sources.iter().map(Source::size).sum();
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
            "{bar:30} {percent:>3} %  {msg}  {bytes_per_sec}  {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {bytes}  {msg}  {bytes_per_sec}  {elapsed}",
        ),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
