//! The main job: exports are judged by policies, and reports are written.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::Error;
use super::exit::Exit;
use super::exports::ExportRun;
use super::merge::is_of;
use super::night::{Night, States};
use super::notes::would_audit;
use super::run::Run;
use crate::export::Source;
use crate::finding::{Key, Privacy};
use crate::nights::RunningNight;
use crate::options::{AuditOptions, Disclosure, PolicyOptions, Verbosity};
use crate::partial::Whole;
use crate::policy::{Policies, Policy};
use crate::population::{Expected, Seen};
use crate::record::Slot;
use crate::report::{self, Header, OnStdout, Planned, Reports, SplitBy};
use crate::terminal::{Console, Streams};
use crate::text::escape_controls;
use crate::totals::RunningTotals;
use crate::waiver::Waivers;

/// Audits exports: everything is opened before the first record is read, and every
/// report is whole before the first takes its place.
///
/// # Errors
///
/// Something cannot be opened or written: files are as they were before.
pub fn audit(options: &AuditOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    made(options, streams, |night| {
        let sources = Source::open_all(&options.exports)?;
        Ok(Opened::Exports(night.exports(sources)?))
    })
}

/// Makes a run of what `open` opens, once it is known what it is compared with.
///
/// # Errors
///
/// Something cannot be opened or written: files are as they were before.
pub(super) fn made(
    options: &AuditOptions,
    streams: &mut Streams<'_>,
    open: impl FnOnce(&Night<'_>) -> Result<Opened, Error>,
) -> Result<Exit, Error> {
    let mut policies = load(&options.policies)?;
    let planned = options
        .reports
        .planned(|field| slot(field, &mut policies))?;
    let started = Utc::now();
    let (night, mut passed_over) = Night::open(options, &mut policies)?;
    let waivers = Waivers::load(&options.waivers, &policies, options.policies.as_of)?;
    let opened = open(&night)?;
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
    if let Opened::Partials(whole) = &opened {
        is_of(&audit, whole)?;
    }
    // What several records of one customer come to together is known once all are read.
    let mut decided = None;
    loop {
        let input = opened.input()?;
        let notes = std::mem::take(&mut passed_over);
        match audit.run(input, expected.as_mut(), decided.as_ref(), &notes, streams)? {
            Made::Whole(exit) => return Ok(exit),
            Made::Undecided(states) => decided = Some(states),
        }
    }
}

/// Holds what was opened to be read, more than once if it has to be.
pub(super) enum Opened {
    /// Exports.
    Exports(Vec<Source>),
    /// The partials of all parts.
    Partials(Box<Whole>),
}

impl Opened {
    /// Returns what is read, from its first byte.
    fn input(&self) -> Result<Input<'_>, Error> {
        Ok(match self {
            Self::Exports(sources) => {
                let again: Result<_, _> = sources.iter().map(Source::again).collect();
                Input::Exports(again?)
            }
            Self::Partials(whole) => Input::Partials(whole),
        })
    }
}

/// Holds what an audit is made from.
pub(super) struct Audit<'a> {
    pub(super) options: &'a AuditOptions,
    pub(super) policies: &'a Policies,
    pub(super) planned: Vec<Planned>,
    pub(super) waivers: &'a Waivers,
    pub(super) privacy: Privacy<'a>,
    pub(super) night: &'a Night<'a>,
    /// When the program began.
    pub(super) started: DateTime<Utc>,
}

/// Says what is read.
pub(super) enum Input<'a> {
    /// Exports, whose records are judged.
    Exports(Vec<Source>),
    /// What was judged elsewhere.
    Partials(&'a Whole),
}

impl Input<'_> {
    /// Returns how many bytes there are to read, if that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Self::Exports(sources) => sources.iter().map(Source::size).sum(),
            Self::Partials(_) => None,
        }
    }

    fn files(&self) -> Vec<&Path> {
        match self {
            Self::Exports(sources) => sources.iter().filter_map(Source::file).collect(),
            Self::Partials(whole) => {
                let partials = whole.partials.iter();
                partials.map(|partial| partial.path.as_path()).collect()
            }
        }
    }
}

/// Says what a run came to.
pub(super) enum Made {
    /// Its reports are in their places.
    Whole(Exit),
    /// Nothing is: it has to be made again with these states of findings.
    Undecided(States),
}

impl Audit<'_> {
    /// Reads the exports, and writes the reports.
    fn run(
        &self,
        mut input: Input<'_>,
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
        let name = options.export_name.as_deref();
        let exports = match &mut input {
            Input::Exports(sources) => ExportRun::all(sources, name, with_digests),
            Input::Partials(whole) => {
                let needs_digests = with_digests || self.night.options().max_export_age.is_some();
                ExportRun::of_whole(whole, needs_digests)?
            }
        };
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
        let mut read = files_read(options, policies, input.files());
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
                let line = would_audit(options, policies, &input);
                writeln!(streams.stdout, "{}", escape_controls(&line))?;
                streams.stdout.flush()?;
            }
            return Ok(Made::Whole(Exit::Clean));
        }
        let renderers = reports.renderers();
        reports.start(&header)?;
        let size = input.size();
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
        run.read(input)?;
        run.finish()
    }
}

pub(super) fn load(options: &PolicyOptions) -> Result<Policies, Error> {
    let policies = options.load();
    policies.map_err(|error| Error::Policies(error.errors))
}

/// Returns the slot of a field that a report is split by; from now on it is read.
pub(super) fn slot(name: &str, policies: &mut Policies) -> Result<Slot, report::Error> {
    let slot = policies.schema.want(name);
    slot.ok_or_else(|| report::Error::NoField {
        name: name.to_owned(),
        why: "no field is called so (see `audit fields`)",
    })
}

pub(super) fn key(disclosure: &Disclosure) -> Result<Option<Key>, Error> {
    match disclosure {
        Disclosure::Pseudonymised(file) => Ok(Some(Key::read(file)?)),
        Disclosure::Redacted | Disclosure::Shown => Ok(None),
    }
}

pub(super) fn privacy<'k>(disclosure: &Disclosure, key: Option<&'k Key>) -> Privacy<'k> {
    match (key, disclosure) {
        (Some(key), _) => Privacy::Pseudonymised(key),
        (None, Disclosure::Shown) => Privacy::Shown,
        (None, Disclosure::Redacted | Disclosure::Pseudonymised(_)) => Privacy::Redacted,
    }
}

/// The files that no report may replace.
pub(super) fn files_read<'f>(
    options: &'f AuditOptions,
    policies: &'f Policies,
    mut files: Vec<&'f Path>,
) -> Vec<&'f Path> {
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
