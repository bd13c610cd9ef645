//! What chunks come to, written to a partial in their order.

use std::collections::HashMap;
use std::io;

use super::error::ShardError;
use super::identity::identity_of;
use super::part::Part;
use crate::command::error::Error;
use crate::export::Unread;
use crate::partial::{
    ExportFacts, Facts, PartFacts, PartialWriter, PlannedStretch, RejectedItem, Segment,
    digest_of_exports,
};
use crate::pipeline::{ChunkResult, Piece, Rejection};
use crate::report::RenderedChunk;
use crate::totals::RunningTotals;

/// Represents a part while its records are read.
pub(super) struct Writing<'w> {
    pub(super) part: &'w Part<'w>,
    /// The exports of which something is read, by their indexes.
    pub(super) begun: HashMap<usize, (ExportFacts, PlannedStretch)>,
    pub(super) segments: Vec<Segment>,
    /// How many records of the segment were read.
    pub(super) records: u64,
    pub(super) writer: PartialWriter<'w>,
    pub(super) totals: RunningTotals<'w>,
}

impl Writing<'_> {
    pub(super) fn write(&mut self, piece: Piece<'_>) -> Result<(), Error> {
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
    pub(super) fn finish(self, keeps_records: bool) -> Result<(u64, u64), Error> {
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
                contents: part.contents.clone(),
                sum,
                sections,
            }))
        })?;
        Ok(counted)
    }
}
