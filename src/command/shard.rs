//! A part of a run, made for itself: what its records come to goes to a partial.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::audit::{Audit, files_read, key, load, privacy, slot};
use super::configured::{configured, lines_of};
use super::error::Error;
use super::exit::Exit;
use super::exports::reported_name;
use super::share::window;
use crate::cli::{AuditArgs, RunArgs, ShardArgs};
use crate::digest::{self, Hasher};
use crate::export::{Chunker, Format, Source, Unread};
use crate::finding::Privacy;
use crate::options::{AuditOptions, Disclosure};
use crate::partial::{
    ExportFacts, Facts, Identity, PartFacts, PartialWriter, Plan, PlannedStretch, RejectedItem,
    Segment, Share, digest_of_exports, renderers, write_facts,
};
use crate::pipeline::{ChunkResult, Piece, Pipeline, Rejection};
use crate::policy::Policies;
use crate::report::{self, Header, RenderedChunk, SliceFile, SliceSource, SplitBy};
use crate::terminal::Streams;
use crate::text::{count, escape_controls};
use crate::totals::RunningTotals;
use crate::waiver::Waivers;

/// Says why a part of a run cannot be made, or not be merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// No instant is given.
    #[error(
        "--as-of is missing: all parts of a run and their merge need the same, as in \
             --as-of 2026-11-26T00:00:00Z"
    )]
    NoInstant {
        /// The subcommand.
        command: &'static str,
    },
    /// An export is no file.
    #[error("export `{path}` is no file, of which a part could be read")]
    NoFile {
        /// Its name.
        path: String,
    },
    /// An export is named twice.
    #[error("export `{path}` is named twice: its records would count twice")]
    Twice {
        /// Its name.
        path: String,
    },
    /// The list of sizes cannot be used.
    #[error("the sizes in `{path}` could not be used: {why}")]
    Sizes {
        /// The path of the list.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// An export has changed since its size was taken.
    #[error(
        "export `{path}` {what} while the part was made: make it again once nobody writes \
             to the exports"
    )]
    Changed {
        /// Its name.
        path: String,
        /// How it has changed.
        what: String,
    },
    /// An export could not be read.
    #[error("export `{path}` could not be read")]
    Read {
        /// Its name.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The partial does not say what it would have to.
    #[error("{option} needs partials that keep records: make them with {instead}")]
    NoRecords {
        /// The option of the merge.
        option: &'static str,
        /// The option of the shard.
        instead: &'static str,
    },
}

/// How many bytes of an export tell whether it is another file by now.
const BEGINNING_BYTES: usize = 64 << 10;

/// Makes a partial.
///
/// # Errors
///
/// It cannot be made: none was written.
pub(super) fn shard(args: ShardArgs, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    if let (Some(export), Some(into)) = (&args.digest, &args.into) {
        return digest(export, into);
    }
    if args.judging.as_of.is_none() {
        return Err(ShardError::NoInstant { command: "shard" }.into());
    }
    let task = Task::new(args)?;
    let options = &task.options;
    let mut policies = load(&options.policies)?;
    let splits = splits(&task.split_by, &mut policies)?;
    if task.nights {
        // Every record can have it.
        let _ = policies.schema.want("createdAt");
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
    let part = Part {
        task: &task,
        policies: &policies,
        waivers: &waivers,
        privacy: privacy(&options.disclosure, key.as_ref()),
        names: names.collect(),
        sizes: &sizes,
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
    let facts = Facts::Digest(file, seconds);
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

/// Says what is to be made.
struct Task {
    options: AuditOptions,
    share: Share,
    into: Option<PathBuf>,
    sizes: Option<PathBuf>,
    whole_files: bool,
    records: bool,
    nights: bool,
    split_by: Vec<SplitBy>,
    quiet: bool,
}

impl Task {
    fn new(args: ShardArgs) -> Result<Self, Error> {
        let ShardArgs {
            mut exports,
            exports_from,
            part,
            into,
            plan,
            digest: _,
            sizes,
            whole_files,
            records,
            nights,
            split_by,
            config,
            policies,
            judging,
            threads,
            quiet,
        } = args;
        if let Some(sizes) = sizes.as_ref().filter(|_| exports.is_empty())
            && exports_from.is_none()
        {
            exports = read_sizes(sizes)?
                .into_iter()
                .map(|(name, _)| name)
                .collect();
        }
        let audit = AuditArgs {
            exports,
            exports_from,
            run: RunArgs {
                config,
                policies,
                judging,
                threads: Some(threads),
                ..RunArgs::default()
            },
        };
        let options = configured(audit)?.options;
        Ok(Self {
            options,
            // Without it there would be a digest.
            share: part.unwrap_or(Share {
                first: 1,
                last: 1,
                of: 1,
            }),
            into: into.filter(|_| !plan),
            sizes,
            whole_files,
            records,
            nights,
            split_by,
            quiet,
        })
    }

    /// Returns how many bytes each export has.
    fn sizes(&self) -> Result<Vec<u64>, ShardError> {
        let exports = &self.options.exports;
        let mut named = HashMap::new();
        for path in exports {
            if named.insert(path.as_path(), ()).is_some() {
                return Err(ShardError::Twice {
                    path: path.display().to_string(),
                });
            }
        }
        if let Some(list) = &self.sizes {
            let sizes: HashMap<_, _> = read_sizes(list)?.into_iter().collect();
            let size = |path: &PathBuf| {
                sizes.get(path).copied().ok_or_else(|| ShardError::Sizes {
                    path: list.display().to_string(),
                    why: format!("it does not name export `{}`", path.display()),
                })
            };
            return exports.iter().map(size).collect();
        }
        let size = |path: &PathBuf| {
            let shown = path.display().to_string();
            match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
                Ok(_) => Err(ShardError::NoFile { path: shown }),
                Err(source) if path.as_os_str() != "-" => Err(ShardError::Read {
                    path: shown,
                    source,
                }),
                Err(_) => Err(ShardError::NoFile { path: shown }),
            }
        };
        exports.iter().map(size).collect()
    }
}

/// Reads how many bytes exports have: lines of name, tab, bytes.
fn read_sizes(list: &Path) -> Result<Vec<(PathBuf, u64)>, ShardError> {
    let failed = |why: String| ShardError::Sizes {
        path: list.display().to_string(),
        why,
    };
    let names = lines_of(list).map_err(|error| failed(error.to_string()))?;
    let sizes = names.into_iter().zip(1..).map(|(line, number)| {
        let name_and_bytes = line.to_str().and_then(|line| line.rsplit_once('\t'));
        let size = name_and_bytes.and_then(|(name, bytes)| Some((name, bytes.parse().ok()?)));
        let (name, bytes) = size.ok_or_else(|| {
            failed(format!(
                "line {number} is not a name, a tab and a number of bytes"
            ))
        })?;
        Ok((PathBuf::from(name), bytes))
    });
    sizes.collect()
}

/// Returns what says in which slices findings are, by its name, sorted; from now on the fields
/// are read.
fn splits(
    split_by: &[SplitBy],
    policies: &mut Policies,
) -> Result<Vec<(String, SliceSource)>, Error> {
    let mut splits = Vec::new();
    for by in split_by {
        match by {
            SplitBy::Field(name) => {
                splits.push((name.clone(), SliceSource::Field(slot(name, policies)?)));
            }
            SplitBy::File(path) => {
                let table = SliceFile::read(path)?;
                let name = table.name().to_owned();
                splits.push((name, SliceSource::File(Arc::new(table))));
            }
            // A finding says it itself.
            _ => {}
        }
    }
    splits.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(splits)
}

/// Returns what a merge with these options, which splits by these, is a whole of.
pub(super) fn identity<'s>(audit: &Audit<'_>, splits: impl Iterator<Item = &'s str>) -> Identity {
    identity_of(
        (audit.options, audit.policies),
        (audit.waivers, audit.privacy),
        splits,
    )
}

/// Returns what a part with these options is a part of.
fn identity_of<'s>(
    (options, policies): (&AuditOptions, &Policies),
    (waivers, privacy): (&Waivers, Privacy<'_>),
    splits: impl Iterator<Item = &'s str>,
) -> Identity {
    let mut header = Header::new(policies, options.policies.as_of).with_waivers(waivers.files());
    header.pseudonym_key = privacy.key_digest();
    let mut given = vec![format!(
        "--max-record-bytes {}",
        options.input.max_record_bytes
    )];
    match options.input.format {
        Format::Auto => {}
        format => given.push(format!("--input-format {format}")),
    }
    match &options.disclosure {
        Disclosure::Redacted | Disclosure::Pseudonymised(_) => {}
        Disclosure::Shown => given.push("--show-sensitive".to_owned()),
    }
    let name = options.export_name.iter();
    given.extend(name.map(|name| format!("--export-name {name}")));
    let map = options.policies.map.iter();
    given.extend(map.map(|(field, key)| format!("--map {field}={key}")));
    given.extend(splits.map(|name| format!("--split-by {name}")));
    let fields = policies.schema.wanted().iter();
    Identity::new(
        &header,
        given,
        fields.map(|field| field.name.clone()).collect(),
    )
}

/// Holds what a part is made from.
struct Part<'p> {
    task: &'p Task,
    policies: &'p Policies,
    waivers: &'p Waivers,
    privacy: Privacy<'p>,
    /// What reports call the exports.
    names: Vec<String>,
    sizes: &'p [u64],
    splits: Vec<(String, SliceSource)>,
}

impl Part<'_> {
    /// Reads stretches of exports, and writes the partial; returns how many records and
    /// findings there are.
    fn write(&self, stretches: Vec<PlannedStretch>, into: &Path) -> Result<(u64, u64), Error> {
        let (task, options) = (self.task, &self.task.options);
        let exports = stretches.iter().map(|one| one.export);
        let paths = exports.map(|index| (index, options.exports[index].as_path()));
        let sources = Source::open_some(paths)?;
        let mut begun = HashMap::new();
        for (source, planned) in sources.iter().zip(&stretches) {
            self.is_as_planned(planned.export)?;
            let export = self.export(source, planned.export)?;
            begun.insert(planned.export, (export, planned.clone()));
        }
        let files = sources.iter().filter_map(Source::file);
        let files = files.map(Path::to_owned).collect::<Vec<_>>();
        let files = files.iter().map(PathBuf::as_path).collect();
        let read = files_read(options, self.policies, files);
        let sources = sources.into_iter().zip(stretches);
        let sources = sources.map(|(source, planned)| source.stretch(planned.stretch));
        let sources: Vec<_> = sources.collect();
        let keeps_records = task.records || task.nights;
        let renderers = renderers(self.policies, keeps_records, self.splits.clone());
        let pipeline = Pipeline {
            policies: self.policies,
            exports: &self.names,
            limit: options.input.max_record_bytes,
            waivers: self.waivers,
            privacy: self.privacy,
            renderers: &renderers,
            gathers_ids: false,
            keeps_records,
            tonight: None,
        };
        let threads = options.threads.map_or(1, usize::from);
        let window = window(options.input.chunk_bytes, threads, &options.reports);
        let schema = &self.policies.schema;
        let chunker = Chunker::new(sources, options.input.format, window, schema);
        let (mut failed, mut counted) = (None, (0, 0));
        let written = report::write_file(into, &read, |out| {
            let mut writing = Writing {
                part: self,
                begun,
                segments: Vec::new(),
                records: 0,
                writer: PartialWriter::new(out)?,
                totals: self.totals(),
            };
            let made = pipeline.run(chunker, threads, |piece| writing.write(piece));
            match made.and_then(|()| writing.finish(keeps_records)) {
                Ok(counts) => {
                    counted = counts;
                    Ok(())
                }
                Err(Error::Output(error)) => Err(error),
                Err(error) => {
                    failed = Some(error);
                    Err(io::Error::other("its part could not be made"))
                }
            }
        });
        match failed {
            Some(error) => Err(error),
            None => {
                written?;
                Ok(counted)
            }
        }
    }

    fn totals(&self) -> RunningTotals<'_> {
        RunningTotals::new(self.policies, 0)
    }

    /// Makes sure that an export has the size by which the parts are planned.
    fn is_as_planned(&self, index: usize) -> Result<(), ShardError> {
        let path = &self.task.options.exports[index];
        let shown = || path.display().to_string();
        let metadata = std::fs::metadata(path).map_err(|source| ShardError::Read {
            path: shown(),
            source,
        })?;
        if !metadata.is_file() {
            return Err(ShardError::NoFile { path: shown() });
        }
        match (metadata.len(), self.sizes[index]) {
            (now, planned) if now == planned => Ok(()),
            (now, planned) => Err(ShardError::Changed {
                path: shown(),
                what: format!("has {now} bytes, and had {planned}"),
            }),
        }
    }

    /// Returns what a partial says of an export.
    fn export(&self, source: &Source, index: usize) -> Result<ExportFacts, ShardError> {
        let path = &self.task.options.exports[index];
        let read = |source| ShardError::Read {
            path: path.display().to_string(),
            source,
        };
        let file = File::open(path).map_err(read)?;
        let mut room = vec![0; BEGINNING_BYTES];
        let filled = file.read_at(&mut room, 0).map_err(read)?;
        let mut hasher = Hasher::default();
        hasher.update(&room[..filled]);
        Ok(ExportFacts {
            index,
            path: source.name.clone(),
            name: self.names[index].clone(),
            bytes: self.sizes[index],
            beginning: digest::hex(&hasher.finish()[..16]),
        })
    }
}

/// Represents a part while its records are read.
struct Writing<'w> {
    part: &'w Part<'w>,
    /// The exports of which something is read, by their indexes.
    begun: HashMap<usize, (ExportFacts, PlannedStretch)>,
    segments: Vec<Segment>,
    /// How many records of the segment were read.
    records: u64,
    writer: PartialWriter<'w>,
    totals: RunningTotals<'w>,
}

impl Writing<'_> {
    fn write(&mut self, piece: Piece<'_>) -> Result<(), Error> {
        match piece {
            Piece::Findings {
                export,
                before,
                rendered,
            } => self.write_items(export, before, rendered),
            Piece::Rejected(export, rejected) => self.write_rejected(export, rejected),
            Piece::Result(result) => self.write_result(*result),
            // These come of partials.
            Piece::Beside(_) | Piece::Part(_) => Ok(()),
        }
    }

    fn write_items(
        &mut self,
        export: usize,
        before: u64,
        rendered: &mut RenderedChunk,
    ) -> Result<(), Error> {
        for rendered in rendered.iter_mut() {
            self.writer.items(export, before, &rendered.bytes)?;
        }
        Ok(())
    }

    fn write_rejected(&mut self, export: usize, rejected: Vec<Rejection>) -> Result<(), Error> {
        for Rejection {
            record,
            offset,
            cause,
        } in rejected
        {
            self.writer.rejected(&RejectedItem {
                export,
                record,
                offset,
                cause,
            })?;
        }
        Ok(())
    }

    fn write_result(&mut self, result: ChunkResult) -> Result<(), Error> {
        let ChunkResult {
            mut part,
            beside: _,
            rejected,
            end,
        } = result;
        let export = part.export;
        for problem in &part.problems {
            let path = || self.part.task.options.exports[export].display().to_string();
            match problem {
                Unread::System(why) => {
                    let source = io::Error::other(why.clone());
                    return Err(ShardError::Read {
                        path: path(),
                        source,
                    }
                    .into());
                }
                Unread::Changed => {
                    let what = "was changed".to_owned();
                    return Err(ShardError::Changed { path: path(), what }.into());
                }
                _ => {}
            }
        }
        self.write_rejected(export, rejected)?;
        self.records += part.summary.records;
        let keys = std::mem::take(&mut part.summary.unknown_keys);
        self.writer.unknown_keys(&keys)?;
        self.totals.add(part)?;
        let Some(end) = end else {
            return Ok(());
        };
        let records = std::mem::take(&mut self.records);
        let Some((facts, planned)) = self.begun.remove(&export) else {
            return Ok(());
        };
        let goes_on = planned.stretch.end.is_some();
        self.segments.push(Segment {
            begin: planned.stretch.begin,
            before: planned.before,
            end: if goes_on { end.offset } else { facts.bytes },
            after: goes_on.then(|| end.state.digest()),
            records,
            export: facts,
        });
        self.part.is_as_planned(export)?;
        Ok(())
    }

    /// Writes what all records add up to.
    fn finish(self, keeps_records: bool) -> Result<(u64, u64), Error> {
        let (part, task) = (self.part, self.part.task);
        let (sum, sorted) = self.totals.into_sum()?;
        let counts = sum.summary.counts();
        let counted = (sum.summary.records, counts.listed());
        let exports = task.options.exports.iter().zip(part.sizes);
        let exports: Vec<_> = exports
            .map(|(path, bytes)| (path.display().to_string(), *bytes))
            .collect();
        let exports = exports.iter().map(|(path, bytes)| (path.as_str(), *bytes));
        let splits = part.splits.iter().map(|(name, _)| name.as_str());
        let identity = identity_of(
            (&task.options, part.policies),
            (part.waivers, part.privacy),
            splits,
        );
        let segments = self.segments;
        self.writer.finish(sorted, |sections| {
            Facts::Part(Box::new(PartFacts {
                identity,
                share: task.share,
                exports: digest_of_exports(exports),
                whole_files: task.whole_files,
                keeps_records,
                segments,
                sum,
                items: sections.items,
                rejected: sections.rejected,
                entries: sections.entries,
                texts: sections.texts,
                unknown_keys: sections.unknown_keys,
            }))
        })?;
        Ok(counted)
    }
}
