//! The subcommand: a partial, the digest of an export, or what a part would read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::error::ShardError;
use super::part::Part;
use super::task::Task;
use crate::cli::ShardArgs;
use crate::command::audit::{key, load, privacy, slot};
use crate::command::error::Error;
use crate::command::exit::Exit;
use crate::command::exports::reported_name;
use crate::command::night::read_age;
use crate::digest;
use crate::options::SliceNames;
use crate::partial::{self, DigestFacts, Facts, Plan, PlannedStretch, write_facts};
use crate::policy::Policies;
use crate::report::{self, SliceSource, SplitBy};
use crate::terminal::Streams;
use crate::text::{count, escape_controls};
use crate::waiver::Waivers;

/// Makes a partial.
///
/// # Errors
///
/// It cannot be made: none was written.
pub(in crate::command) fn shard(args: ShardArgs, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    if let (Some(export), Some(into)) = (&args.digest, &args.into) {
        return digest(export, into);
    }
    if args.judging.records.as_of.is_none() {
        return Err(ShardError::NoInstant { command: "shard" }.into());
    }
    let task = Task::new(args)?;
    let options = &task.options;
    let mut policies = load(&options.policies)?;
    let splits = splits(&task.split_by, &mut policies)?;
    if task.nights {
        read_age(&mut policies);
    }
    let sizes = task.sizes()?;
    let plan = Plan::new(sizes.clone(), task.whole_files);
    let stretches = plan
        .stretches(
            task.share,
            &options.exports,
            &policies.schema,
            options.input.format,
        )
        .map_err(|(export, source)| ShardError::Read {
            path: options.exports[export].display().to_string(),
            source,
        })?;
    let Some(into) = &task.into else {
        return print_plan(&stretches, &sizes, &options.exports, streams);
    };
    let waivers = Waivers::load(&options.waivers, &policies, options.policies.as_of)?;
    let key = key(&options.disclosure)?;
    let names = (0..).zip(&options.exports).map(|(index, path)| {
        let path = path.display().to_string();
        reported_name(options.export_name.as_deref(), index, &path)
    });
    let mut contents = BTreeMap::new();
    for (index, begin, end) in plan.as_long_as_another(task.share) {
        let path = &options.exports[index];
        let blocks = partial::blocks(path, (begin, end), sizes[index]);
        let blocks = blocks.map_err(|source| ShardError::Read {
            path: path.display().to_string(),
            source,
        })?;
        contents.insert(index, blocks);
    }
    let part = Part {
        task: &task,
        policies: &policies,
        waivers: &waivers,
        privacy: privacy(&options.disclosure, key.as_ref()),
        names: names.collect(),
        sizes: &sizes,
        contents,
        splits,
    };
    let (records, findings) = part.write(stretches, into)?;
    if !task.quiet {
        let line = format!(
            "audit: part {}: {}, {}; written to {}",
            task.share,
            count(records, "record", "records"),
            count(findings, "finding", "findings"),
            into.display(),
        );
        // A closed stderr is no reason to lose the partial.
        let _ = writeln!(streams.stderr, "{}", escape_controls(&line));
    }
    Ok(Exit::Clean)
}

/// Writes the digest of an export's file.
fn digest(export: &Path, into: &Path) -> Result<Exit, Error> {
    let path = || export.display().to_string();
    let read = |source| ShardError::Read {
        path: path(),
        source,
    };
    let before = std::fs::metadata(export).map_err(read)?;
    let file = digest::of_file(export).map_err(read)?;
    let after = std::fs::metadata(export).map_err(read)?;
    let modified = after.modified().map_err(read)?;
    if before.len() != file.bytes || before.modified().map_err(read)? != modified {
        let what = "was changed".to_owned();
        return Err(ShardError::Changed { path: path(), what }.into());
    }
    let modified = modified.duration_since(UNIX_EPOCH).ok();
    let seconds = modified.and_then(|modified| i64::try_from(modified.as_secs()).ok());
    let facts = Facts::Digest(DigestFacts {
        file,
        beginning: partial::beginning(export).map_err(read)?,
        modified: seconds,
    });
    report::write_file(into, &[export], |out| write_facts(&facts, out))?;
    Ok(Exit::Clean)
}

/// Prints what a part would read.
fn print_plan(
    stretches: &[PlannedStretch],
    sizes: &[u64],
    exports: &[PathBuf],
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    for planned in stretches {
        let path = exports[planned.export].display().to_string();
        let (begin, end) = (planned.stretch.begin, planned.stretch.end);
        let end = end.unwrap_or(sizes[planned.export]);
        writeln!(streams.stdout, "{begin}\t{end}\t{}", escape_controls(&path))?;
    }
    streams.stdout.flush()?;
    Ok(Exit::Clean)
}

/// Returns what says in which slices findings are, by its name, sorted; from now on the fields
/// are read.
fn splits(
    split_by: &[SplitBy],
    policies: &mut Policies,
) -> Result<Vec<(String, SliceSource)>, Error> {
    let (mut names, mut splits) = (SliceNames::default(), Vec::new());
    for by in split_by {
        let (by, source) = names.slices(by.clone(), |field| slot(field, policies))?;
        splits.extend(by.key().map(str::to_owned).zip(source));
    }
    splits.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(splits)
}
