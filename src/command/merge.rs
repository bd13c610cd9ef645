//! The reports of a run that was made in parts.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::audit::{Audit, Opened, made};
use super::configured::{named_in, resolved};
use super::error::Error;
use super::exit::Exit;
use super::shard::{ShardError, identity};
use super::share::threads;
use crate::cli::{AuditArgs, MergeArgs};
use crate::options::AuditOptions;
use crate::partial::{self, Assembly, Facts, Partial, Whole};
use crate::report::{Planned, SplitBy};
use crate::terminal::Streams;

/// Makes the reports of a run from the partials of all its parts: all are read and checked
/// before a report is opened.
///
/// # Errors
///
/// The partials are not those of one whole run, or something cannot be written: files are as
/// they were before.
pub(super) fn merge(args: MergeArgs, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let MergeArgs {
        mut partials,
        partials_from,
        run,
    } = args;
    if run.judging.records.as_of.is_none() {
        return Err(ShardError::NoInstant { command: "merge" }.into());
    }
    if let Some(list) = partials_from {
        partials.extend(named_in(&list, "partials")?);
    }
    let exports = AuditArgs {
        run,
        ..AuditArgs::default()
    };
    let options = resolved(exports)?.options;
    made(&options, streams, |_| {
        let whole = assembled(&partials, threads(options.threads))?;
        Ok(Opened::Partials(Box::new(whole)))
    })
}

/// Returns the partials of a run, once it is sure that they are all.
fn assembled(paths: &[PathBuf], threads: usize) -> Result<Whole, partial::Error> {
    let mut assembly = Assembly::default();
    for paths in paths.chunks(OPEN_AT_ONCE) {
        for opened in open_all(paths, threads) {
            let (partial, facts) = opened?;
            assembly.add(partial, facts)?;
        }
    }
    assembly.finish()
}

/// Makes sure that partials are of this run, and hold what it needs.
///
/// # Errors
///
/// They are of another, or do not.
pub(super) fn is_of(audit: &Audit<'_>, whole: &Whole) -> Result<(), Error> {
    let splits = audit.planned.iter().filter_map(Planned::split_by);
    let splits: BTreeSet<_> = splits.filter_map(SplitBy::key).collect();
    let here = identity(audit, splits.into_iter());
    if let Some(what) = here.difference(&whole.identity) {
        let first = whole.partials.first();
        let path = first.map_or_else(String::new, |first| first.path.display().to_string());
        return Err(partial::Error::OtherRun { path, what }.into());
    }
    Ok(needs_records(audit.options, whole)?)
}

/// How many partials are checked at once: what they add up to is in memory of so many.
const OPEN_AT_ONCE: usize = 128;

/// Makes sure that records are kept if the run needs them.
fn needs_records(options: &AuditOptions, whole: &Whole) -> Result<(), ShardError> {
    let files = options.reports.files.iter().map(|file| file.format);
    let mut formats = files.chain(options.reports.stdout);
    let needs = [
        (
            options.nights.earlier.is_some(),
            "--since or --history",
            "--nights",
        ),
        (options.expect.is_some(), "--expect", "--records"),
        (
            formats.any(|format| format.is_of_records()),
            "--matrix",
            "--records",
        ),
    ];
    let mut needs = needs.into_iter().filter(|(is_asked, ..)| *is_asked);
    match needs.next() {
        Some((_, option, instead)) if !whole.keeps_records => {
            Err(ShardError::NoRecords { option, instead })
        }
        Some(_) | None => Ok(()),
    }
}

/// Opens and checks partials on so many threads; returns each in its place.
fn open_all(paths: &[PathBuf], threads: usize) -> Vec<Result<(Partial, Facts), partial::Error>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut opened = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            match paths.get(index) {
                Some(path) => opened.push((index, Partial::open(path))),
                None => return opened,
            }
        }
    };
    let mut opened = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..threads.min(paths.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mut opened = work();
        for thread in threads {
            opened.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        opened
    });
    opened.sort_by_key(|(index, _)| *index);
    opened.into_iter().map(|(_, one)| one).collect()
}
