//! A run: what chunks of exports, or partials, come to is written in their order, and what it
//! adds up to at the end.

use std::io;

use chrono::{DateTime, Utc};

use super::alarms;
use super::audit::{Input, Made};
use super::error::Error;
use super::exit::Exit;
use super::exports::{ExportRun, same_content};
use super::night::{Night, compared};
use super::notes::{last_line, notes, reasons};
use super::share::{threads, window};
use crate::aggregate::Late;
use crate::export::{Chunker, Source};
use crate::finding::{Finding, Privacy};
use crate::manifest::{Manifest, RunFacts};
use crate::nights::{self, RunningNight, Tonight};
use crate::options::{AuditOptions, Verbosity};
use crate::partial::{Dictionary, ItemReader, Reopened, Whole};
use crate::pipeline::{self, Beside, ChunkResult, Merge, Piece, Pipeline, Rejection};
use crate::policy::Policies;
use crate::population::{self, Expected, Seen};
use crate::report::{
    Ended, FindingRow, Footer, Header, Rejected, RenderedChunk, Renderers, Reports,
};
use crate::terminal::Console;
use crate::text::count;
use crate::totals::{ExportNames, RunningTotals};
use crate::waiver::Waivers;

/// The most rejected records that are written to stderr without `--verbose`.
const MAX_REJECTED_NOTES: u64 = 20;

/// Represents an audit while records are read.
pub(super) struct Run<'r> {
    pub(super) options: &'r AuditOptions,
    pub(super) policies: &'r Policies,
    pub(super) waivers: &'r Waivers,
    pub(super) header: &'r Header,
    pub(super) privacy: Privacy<'r>,
    pub(super) console: Console<'r>,
    /// In the order of the command line, as in `totals`.
    pub(super) exports: Vec<ExportRun>,
    /// Whether the digests of the exports are evidence.
    pub(super) with_digests: bool,
    pub(super) totals: RunningTotals<'r>,
    /// What the parts tell about the night before.
    pub(super) running: RunningNight,
    /// What findings are held against, if the run is compared with the night before.
    pub(super) tonight: Option<&'r Tonight<'r>>,
    pub(super) night: &'r Night<'r>,
    /// How many exports are done, and how many bytes they have.
    pub(super) finished: (usize, u64),
    /// The customers that must be in the exports, if that is said, and those that were seen.
    pub(super) expected: Option<&'r mut Expected>,
    pub(super) seen: Seen,
    pub(super) started: DateTime<Utc>,
    /// Whether the exports were read before, and rejected records noted.
    pub(super) is_again: bool,
    /// How many records that cannot be read were written.
    pub(super) rejected: u64,
    pub(super) renderers: &'r Renderers,
    pub(super) reports: Reports<'r>,
}

impl Run<'_> {
    /// Reads all that is to be read, and writes what it comes to, in its order.
    pub(super) fn read(&mut self, input: Input<'_>) -> Result<(), Error> {
        match input {
            Input::Exports(sources) => self.read_exports(sources)?,
            Input::Partials(whole) => self.read_partials(whole)?,
        }
        self.console.finish_progress();
        Ok(())
    }

    fn read_exports(&mut self, sources: Vec<Source>) -> Result<(), Error> {
        let input = self.options.input;
        let schema = &self.policies.schema;
        let threads = threads(self.options.threads);
        let window = window(input.chunk_bytes, threads, &self.options.reports);
        let chunker = Chunker::new(sources, input.format, window, schema);
        let names = self.export_names();
        let pipeline = Pipeline {
            policies: self.policies,
            exports: &names,
            limit: input.max_record_bytes,
            waivers: self.waivers,
            privacy: self.privacy,
            renderers: self.renderers,
            gathers_ids: self.expected.is_some(),
            keeps_records: false,
            tonight: self.tonight,
        };
        pipeline.run(chunker, threads, |piece| self.write(piece))
    }

    fn read_partials(&mut self, whole: &Whole) -> Result<(), Error> {
        let dictionary = Dictionary::new(self.policies);
        let names = self.export_names();
        let merge = Merge {
            partials: &whole.partials,
            exports: &names,
            reader: &ItemReader::new(self.policies, self.waivers, &dictionary),
            privacy: self.privacy,
            renderers: self.renderers,
            gathers_ids: self.expected.is_some(),
            tonight: self.tonight,
        };
        merge.run(threads(self.options.threads), |piece| self.write(piece))
    }

    /// Writes a piece of a chunk.
    fn write(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        match piece {
            Piece::Findings { rendered, .. } => Ok(self.reports.findings(rendered)?),
            Piece::Rejected(export, rejected) => self.write_rejected(export, &rejected),
            Piece::Result(result) => self.write_result(*result),
            Piece::Beside(beside) => self.add_beside(beside),
            Piece::Part(part) => self.add_part(*part),
        }
    }

    /// Writes what a chunk comes to, beside its findings.
    fn write_result(&mut self, result: ChunkResult) -> Result<(), Error> {
        let ChunkResult {
            part,
            beside,
            rejected,
            end: _,
        } = result;
        self.write_rejected(part.export, &rejected)?;
        self.add_beside(beside)?;
        let bytes = self.bytes_read(part.export);
        self.totals.add(part)?;
        let records = count(self.totals.summary().records, "record", "records");
        self.console.set_progress(bytes, records);
        Ok(())
    }

    fn add_beside(&mut self, beside: Beside) -> Result<(), Error> {
        let Beside { night, ids } = beside;
        self.seen.add(&ids).map_err(population::Error::from)?;
        Ok(self.running.add(night)?)
    }

    /// Adds what a partial holds beside its findings.
    fn add_part(&mut self, part: Reopened) -> Result<(), Error> {
        part.rejected(|rejected| {
            let before = self.totals.records_of(rejected.export);
            let rejection = Rejection {
                record: before.saturating_add(rejected.record),
                offset: rejected.offset,
                cause: rejected.cause,
            };
            self.write_rejected(rejected.export, &[rejection])
        })?;
        if !part.facts.sum.fits(self.policies) {
            let other = io::Error::other("it counts other rules or fields");
            return Err(part.unreadable(other).into());
        }
        let unreadable = |source| part.unreadable(source);
        let keys = part.add_unknown_keys(self.totals.unknown_keys());
        keys.map_err(unreadable)?;
        let stored = part.stored();
        self.totals.add_sum(part.facts.sum, stored)?;
        let records = count(self.totals.summary().records, "record", "records");
        self.console.set_progress(0, records);
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
                cause: rejection.cause.as_str().into(),
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
    pub(super) fn finish(self) -> Result<Made, Error> {
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
