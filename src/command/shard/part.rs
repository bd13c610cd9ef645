//! Stretches of exports through the pipeline, to a partial.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use super::error::ShardError;
use super::task::Task;
use super::writing::Writing;
use crate::command::audit::files_read;
use crate::command::error::Error;
use crate::command::share::window;
use crate::export::{Chunker, Source};
use crate::finding::Privacy;
use crate::partial::{self, Blocks, ExportFacts, PartialWriter, PlannedStretch, renderers};
use crate::pipeline::Pipeline;
use crate::policy::Policies;
use crate::report::{self, SliceSource};
use crate::totals::RunningTotals;
use crate::waiver::Waivers;

/// Holds what a part is made from.
pub(super) struct Part<'p> {
    pub(super) task: &'p Task,
    pub(super) policies: &'p Policies,
    pub(super) waivers: &'p Waivers,
    pub(super) privacy: Privacy<'p>,
    /// What reports call the exports.
    pub(super) names: Vec<String>,
    pub(super) sizes: &'p [u64],
    /// What shows whether exports that are as long have the same content.
    pub(super) contents: BTreeMap<usize, Blocks>,
    pub(super) splits: Vec<(String, SliceSource)>,
}

impl Part<'_> {
    /// Reads stretches of exports, and writes the partial; returns how many records and
    /// findings there are.
    pub(super) fn write(
        &self,
        stretches: Vec<PlannedStretch>,
        into: &Path,
    ) -> Result<(u64, u64), Error> {
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
                totals: RunningTotals::new(self.policies, 0),
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

    /// Makes sure that an export has the size by which the parts are planned.
    pub(super) fn is_as_planned(&self, index: usize) -> Result<(), ShardError> {
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
        let beginning = partial::beginning(path).map_err(|source| ShardError::Read {
            path: path.display().to_string(),
            source,
        })?;
        Ok(ExportFacts {
            index,
            path: source.name.clone(),
            name: self.names[index].clone(),
            bytes: self.sizes[index],
            beginning,
        })
    }
}
