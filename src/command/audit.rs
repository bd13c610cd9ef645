//! The main job: exports are judged by policies, and reports are written.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::alarms;
use super::error::Error;
use super::exit::Exit;
use super::exports::{ExportRun, same_content};
use super::night::{Night, States, compared};
use super::notes::{last_line, notes, reasons, would_audit};
use super::share::{threads, window};
use crate::aggregate::Late;
use crate::export::{Chunker, Source};
use crate::finding::{Finding, Key, Privacy};
use crate::manifest::{Manifest, RunFacts};
use crate::nights::{self, RunningNight, Tonight};
use crate::options::{AuditOptions, Disclosure, PolicyOptions, Verbosity};
use crate::pipeline::{self, ChunkResult, Piece, Pipeline, Rejection};
use crate::policy::{Policies, Policy};
use crate::population::{self, Expected, Seen};
use crate::record::Slot;
use crate::report::{
    self, Ended, FindingRow, Footer, Header, OnStdout, Planned, Rejected, RenderedChunk, Renderers,
    Reports, SplitBy,
};
use crate::terminal::{Console, Streams};
use crate::text::{count, escape_controls};
use crate::totals::{ExportNames, RunningTotals};
use crate::waiver::Waivers;

/// The most rejected records that are written to stderr without `--verbose`.
const MAX_REJECTED_NOTES: u64 = 20;

/// Audits exports: everything is opened before the first record is read, and every
/// report is whole before the first takes its place.
///
/// # Errors
///
/// Something cannot be opened or written: files are as they were before.
pub fn audit(options: &AuditOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let mut policies = load(&options.policies)?;
    let planned = options
        .reports
        .planned(|field| slot(field, &mut policies))?;
    let started = Utc::now();
    let (night, mut passed_over) = Night::open(options, &mut policies)?;
    let waivers = Waivers::load(&options.waivers, &policies, options.policies.as_of)?;
    let sources = night.exports(Source::open_all(&options.exports)?)?;
    let key = key(&options.disclosure)?;
    let mut expected = options.expect.as_deref().map(Expected::read).transpose()?;
    let audit = Audit {
        options,
        policies: &policies,
        planned,
        waivers: &waivers,
        privacy: privacy(&options.disclosure, key.as_ref()),
        night: &night,
        started,
    };
    // What several records of one customer come to together is known once all are read.
    let mut decided = None;
    loop {
        let again: Result<Vec<_>, _> = sources.iter().map(Source::again).collect();
        let notes = std::mem::take(&mut passed_over);
        match audit.run(again?, expected.as_mut(), decided.as_ref(), &notes, streams)? {
            Made::Whole(exit) => return Ok(exit),
            Made::Undecided(states) => decided = Some(states),
        }
    }
}

/// Holds what an audit is made from.
struct Audit<'a> {
    options: &'a AuditOptions,
    policies: &'a Policies,
    planned: Vec<Planned>,
    waivers: &'a Waivers,
    privacy: Privacy<'a>,
    night: &'a Night<'a>,
    /// When the program began.
    started: DateTime<Utc>,
}

/// Says what a run came to.
enum Made {
    /// Its reports are in their places.
    Whole(Exit),
    /// Nothing is: it has to be made again with these states of findings.
    Undecided(States),
}

impl Audit<'_> {
    /// Reads the exports, and writes the reports.
    fn run(
        &self,
        mut sources: Vec<Source>,
        expected: Option<&mut Expected>,
        decided: Option<&States>,
        notes: &[String],
        streams: &mut Streams<'_>,
    ) -> Result<Made, Error> {
        let (options, policies, waivers) = (self.options, self.policies, self.waivers);
        let beside = self.night.beside(options.manifest.as_deref());
        if options.operator.is_some() && beside.manifests.is_empty() {
            return Err(Error::NoManifest);
        }
        let with_digests = !beside.manifests.is_empty() || self.night.has_export_digests();
        let exports = ExportRun::all(&mut sources, options.export_name.as_deref(), with_digests);
        let mut header =
            Header::new(policies, options.policies.as_of).with_waivers(waivers.files());
        header.pseudonym_key = self.privacy.key_digest();
        header.previous = self.night.previous(&header);
        let splits = Planned::moves(&self.planned);
        let tonight = self.night.tonight(&header, self.privacy, decided, splits)?;
        let tonight = tonight.map(|tonight| {
            let in_force = waivers.in_force().map(|waiver| waiver.id.clone());
            tonight.waivers(in_force)
        });
        let screen = streams.screen(options.colour);
        let on_stdout = options.reports.stdout.map(|format| OnStdout {
            format,
            settings: options.reports.settings(&options.reports.layout),
            screen,
            stdout: &mut *streams.stdout,
            is_held: tonight.is_some(),
        });
        let mut read = files_read(options, policies, &sources);
        read.extend(self.night.file());
        let mut reports = Reports::open(
            on_stdout,
            &self.night.reports(&self.planned),
            &header,
            &read,
            &beside,
        )?;
        if options.dry_run {
            // What was opened for them goes, and leaves nothing.
            drop(reports);
            if options.verbosity != Verbosity::Quiet {
                let size = sources.iter().map(Source::size).sum();
                let line = would_audit(options, policies, size);
                writeln!(streams.stdout, "{}", escape_controls(&line))?;
                streams.stdout.flush()?;
            }
            return Ok(Made::Whole(Exit::Clean));
        }
        let renderers = reports.renderers();
        reports.start(&header)?;
        let size = sources.iter().map(Source::size).sum();
        let mut run = Run {
            options,
            policies,
            waivers,
            header: &header,
            privacy: self.privacy,
            console: Console::new(
                &mut *streams.stderr,
                streams.shows_progress,
                options.verbosity,
                size,
            ),
            totals: {
                let totals = RunningTotals::new(policies, exports.len());
                let totals = match options.waivers.is_empty() {
                    true => totals,
                    false => totals.with_waivers(waivers),
                };
                match renderers.want_records() {
                    true => totals.with_marks(),
                    false => totals,
                }
            },
            running: RunningNight::new(self.night.base()),
            tonight: tonight.as_ref(),
            night: self.night,
            expected,
            seen: Seen::default(),
            started: self.started,
            is_again: decided.is_some(),
            exports,
            with_digests,
            finished: (0, 0),
            rejected: 0,
            renderers: &renderers,
            reports,
        };
        for note in notes {
            run.console.say(note);
        }
        run.read(sources)?;
        run.finish()
    }
}

fn load(options: &PolicyOptions) -> Result<Policies, Error> {
    let policies = options.load();
    policies.map_err(|error| Error::Policies(error.errors))
}

/// Returns the slot of a field that a report is split by; from now on it is read.
fn slot(name: &str, policies: &mut Policies) -> Result<Slot, report::Error> {
    let slot = policies.schema.want(name);
    slot.ok_or_else(|| report::Error::NoField {
        name: name.to_owned(),
        why: "no field is called so (see `audit fields`)",
    })
}

fn key(disclosure: &Disclosure) -> Result<Option<Key>, Error> {
    match disclosure {
        Disclosure::Pseudonymised(file) => Ok(Some(Key::read(file)?)),
        Disclosure::Redacted | Disclosure::Shown => Ok(None),
    }
}

fn privacy<'k>(disclosure: &Disclosure, key: Option<&'k Key>) -> Privacy<'k> {
    match (key, disclosure) {
        (Some(key), _) => Privacy::Pseudonymised(key),
        (None, Disclosure::Shown) => Privacy::Shown,
        (None, Disclosure::Redacted | Disclosure::Pseudonymised(_)) => Privacy::Redacted,
    }
}

/// The files that no report may replace.
fn files_read<'f>(
    options: &'f AuditOptions,
    policies: &'f Policies,
    sources: &'f [Source],
) -> Vec<&'f Path> {
    let mut files: Vec<&Path> = sources.iter().filter_map(Source::file).collect();
    files.extend(policies.all.iter().flat_map(Policy::files));
    files.extend(options.config.iter().map(|config| Path::new(&config.path)));
    files.extend(options.waivers.iter().map(PathBuf::as_path));
    files.extend(options.expect.as_deref());
    let splits = options.reports.files.iter();
    let splits = splits.filter_map(|file| file.layout.split_by.as_ref());
    files.extend(splits.filter_map(SplitBy::file));
    match &options.disclosure {
        Disclosure::Pseudonymised(file) => files.push(file),
        Disclosure::Redacted | Disclosure::Shown => {}
    }
    files
}

/// Represents an audit while records are read.
struct Run<'r> {
    options: &'r AuditOptions,
    policies: &'r Policies,
    waivers: &'r Waivers,
    header: &'r Header,
    privacy: Privacy<'r>,
    console: Console<'r>,
    /// In the order of the command line, as in `totals`.
    exports: Vec<ExportRun>,
    /// Whether the digests of the exports are evidence.
    with_digests: bool,
    totals: RunningTotals<'r>,
    /// What the parts tell about the night before.
    running: RunningNight,
    /// What findings are held against, if the run is compared with the night before.
    tonight: Option<&'r Tonight<'r>>,
    night: &'r Night<'r>,
    /// How many exports are done, and how many bytes they have.
    finished: (usize, u64),
    /// The customers that must be in the exports, if that is said, and those that were seen.
    expected: Option<&'r mut Expected>,
    seen: Seen,
    started: DateTime<Utc>,
    /// Whether the exports were read before, and rejected records noted.
    is_again: bool,
    /// How many records that cannot be read were written.
    rejected: u64,
    renderers: &'r Renderers,
    reports: Reports<'r>,
}

impl Run<'_> {
    /// Reads all exports, and writes what each chunk comes to, in their order.
    fn read(&mut self, sources: Vec<Source>) -> Result<(), Error> {
        let input = self.options.input;
        let schema = &self.policies.schema;
        let threads = threads(self.options.threads);
        let window = window(input.chunk_bytes, threads, &self.options.reports);
        let chunker = Chunker::new(sources, input.format, window, schema);
        let names = self.export_names();
        let pipeline = Pipeline {
            policies: self.policies,
            exports: &names,
            format: input.format,
            limit: input.max_record_bytes,
            waivers: self.waivers,
            privacy: self.privacy,
            renderers: self.renderers,
            gathers_ids: self.expected.is_some(),
            tonight: self.tonight,
        };
        pipeline.run(chunker, threads, |piece| self.write(piece))?;
        self.console.finish_progress();
        Ok(())
    }

    /// Writes a piece of a chunk.
    fn write(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        match piece {
            Piece::Findings(findings) => Ok(self.reports.findings(findings)?),
            Piece::Rejected(export, rejected) => self.write_rejected(export, &rejected),
            Piece::Result(result) => self.write_result(*result),
        }
    }

    /// Writes what a chunk comes to, beside its findings.
    fn write_result(&mut self, result: ChunkResult) -> Result<(), Error> {
        let ChunkResult {
            part,
            night,
            rejected,
            ids,
        } = result;
        self.write_rejected(part.export, &rejected)?;
        let seen = self.seen.add(part.export, &ids, part.summary.records);
        seen.map_err(population::Error::from)?;
        let bytes = self.bytes_read(part.export);
        self.totals.add(part)?;
        self.running.add(night)?;
        let records = count(self.totals.summary().records, "record", "records");
        self.console.set_progress(bytes, records);
        Ok(())
    }

    /// Returns how many bytes were read once a chunk of this export was: each is added once.
    fn bytes_read(&mut self, export: usize) -> u64 {
        let (exports, bytes) = &mut self.finished;
        while *exports < export {
            *bytes += self.exports[*exports].bytes.bytes();
            *exports += 1;
        }
        *bytes + self.exports[export].bytes.bytes()
    }

    fn write_rejected(&mut self, export: usize, rejected: &[Rejection]) -> Result<(), Error> {
        for rejection in rejected {
            let number = self.rejected;
            self.rejected += 1;
            let rejected = Rejected {
                export: self.exports[export].name.as_str().into(),
                record: rejection.record,
                offset: rejection.offset,
                cause: rejection.why.to_string().into(),
            };
            self.reports.rejected(&rejected)?;
            let is_noted = self.notes_all_rejected() || number < MAX_REJECTED_NOTES;
            if is_noted && !self.is_again {
                self.console.note(&format!("rejected {rejected}"));
            }
        }
        Ok(())
    }

    fn notes_all_rejected(&self) -> bool {
        self.options.verbosity == Verbosity::Verbose
    }

    /// Finishes the rules over all records, then the reports.
    fn finish(self) -> Result<Made, Error> {
        let names = self.export_names();
        let all_rejected_noted = self.notes_all_rejected();
        let Self {
            options,
            policies,
            waivers,
            header,
            privacy,
            mut console,
            exports,
            with_digests,
            finished: _,
            totals,
            mut running,
            tonight,
            night: of_night,
            expected,
            seen,
            started,
            is_again: _,
            rejected: _,
            renderers,
            mut reports,
        } = self;
        let reported: Vec<_> = names.iter().map(String::as_str).collect();
        let paths: Vec<_> = exports.iter().map(|export| export.path.as_str()).collect();
        let export_names = ExportNames {
            reported: &reported,
            paths: &paths,
        };
        let completeness = options.completeness;
        let mut night = nights::Part::default();
        let take = |late: Late<'_>| match late {
            Late::Finding(finding) => {
                write_finding(finding, renderers, tonight, &mut night, &mut reports)
            }
            Late::Mark(mark) => Ok(reports.late_mark(&mark)?),
        };
        let mut totals = totals.finish_with_marks(export_names, privacy, completeness, take)?;
        running.add(night)?;
        alarms::raise(of_night, &exports, options.policies.as_of, &mut totals);
        let population = match expected {
            Some(expected) => {
                let beside = (exports.as_slice(), privacy);
                let customers = alarms::judge_population(expected, seen, beside, &mut totals)?;
                Some((expected.file().clone(), customers))
            }
            None => None,
        };
        let (expected, population) = population.unzip();
        let compared = match tonight {
            Some(tonight) => {
                let mut sum = running.finish(tonight)?;
                if let Some(states) = sum.undecided.take() {
                    return Ok(Made::Undecided(states));
                }
                Some(compared(policies, tonight, sum, header, &mut totals)?)
            }
            None => None,
        };
        let kept = match (tonight, &compared) {
            (Some(tonight), Some(compared)) => {
                let take = |ended: &Ended<'_>| Ok::<_, Error>(reports.ended(ended)?);
                Some(compared.ends.hand_out(tonight, &compared.sum, take)?)
            }
            _ => None,
        };
        let more_rejected = totals.summary.rejected.saturating_sub(MAX_REJECTED_NOTES);
        if !all_rejected_noted && more_rejected > 0 {
            console.note(&format!(
                "and {more_rejected} more rejected records: --verbose shows all"
            ));
        }
        let of_exports = same_content(&exports).into_iter();
        for note in of_exports.chain(notes(policies, &totals)) {
            console.note(&note);
        }
        for reason in reasons(&totals) {
            console.say(&reason);
        }
        let mut footer = Footer::new(policies, &totals, &names, privacy);
        footer.summary.expected = population;
        if with_digests {
            for (export, read) in footer.exports.iter_mut().zip(&exports) {
                export.sha256 = read.file_digest().map(|file| file.sha256);
            }
        }
        if let Some(compared) = &compared {
            footer.summary.since = Some(compared.counts);
            footer.summary.since_by_rule.clone_from(&compared.by_rule);
        }
        for slice in of_night.pending_slices() {
            reports.pending(slice)?;
        }
        let (exit, why) = Exit::of_audit(options, policies, &totals, compared.as_ref());
        let mut settled = reports.finish(header, &footer)?;
        let index = settled.index(|out| match (tonight, &compared, &kept) {
            (Some(tonight), Some(compared), Some(kept)) => {
                compared.write_index(tonight, kept, header, &footer, out)
            }
            _ => Ok(()),
        })?;
        let is_complete = totals.verdict.is_complete();
        let files = of_night.files(index, is_complete, &mut settled)?;
        let run = RunFacts::new(options, started, exit.code());
        let digests = exports
            .iter()
            .filter_map(|export| Some((export.file_digest()?, export.modified)))
            .collect();
        let written = settled.written().to_vec();
        let manifest = Manifest::new(
            options,
            (policies, waivers, expected),
            (header, &footer),
            digests,
            written,
            run,
            files,
        );
        settled.manifests(|out| manifest.write(out))?;
        let written = settled.place()?;
        of_night.remove_old(is_complete)?;
        if !written.is_empty() {
            let line = last_line(&footer, &why, &written);
            match exit {
                Exit::Clean | Exit::Findings => console.note(&line),
                Exit::Failed | Exit::Incomplete => console.say(&line),
            }
        }
        Ok(Made::Whole(exit))
    }

    fn export_names(&self) -> Vec<String> {
        let names = self.exports.iter().map(|export| export.name.clone());
        names.collect()
    }
}

/// Writes a finding of a rule over all records.
fn write_finding(
    finding: &Finding<'_>,
    renderers: &Renderers,
    tonight: Option<&Tonight<'_>>,
    night: &mut nights::Part,
    reports: &mut Reports<'_>,
) -> Result<(), Error> {
    let mut chunk = RenderedChunk::default();
    let rendered = match tonight {
        None => renderers.finding(finding, &mut chunk, None, |_| Ok(())),
        Some(tonight) => {
            let mut say = |row: &mut FindingRow<'_>| {
                let customer = match (finding.id(), finding.number) {
                    (None, None) => tonight.whole_export(),
                    (id, _) => tonight.customer(id, None),
                };
                tonight.finding(row, finding.rule_index, &customer?, night)
            };
            renderers.finding(finding, &mut chunk, Some(&mut say), |_| Ok(()))
        }
    };
    rendered.map_err(pipeline::Error::Render)?;
    chunk.number(0, &mut Vec::new());
    Ok(reports.findings(&mut chunk)?)
}
