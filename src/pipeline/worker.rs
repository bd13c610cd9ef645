//! One thread's tools: a chunk is decoded, judged and rendered.
//!
//! What is rendered waits until its chunk is written; of more than a few bytes, those
//! who judge let it be written before they go on.

use std::io;

use super::continuation::Continuation;
use super::inputs::Pipeline;
use crate::evaluate::{Context, Judge};
use crate::export::{Chunk, Reader, Remark, Sink, State, Stop, Unread, Unreadable};
use crate::finding::{Finding, Standing, display_id};
use crate::nights;
use crate::partial::Reopened;
use crate::policy::Policies;
use crate::population::SeenId;
use crate::record::{Record, Value};
use crate::report::{FindingRow, KeptRecord, RecordMarks, RenderedChunk};
use crate::totals::{Part, add_problem};
use chrono::{DateTime, Utc};

/// Holds what of a chunk is to be written, in its turn.
pub enum Piece<'c> {
    /// Its next findings, rendered for each report.
    Findings {
        /// The index of their export; of several, that of the first.
        export: usize,
        /// How many records that are read of the export come before those of the chunk.
        before: u64,
        /// The findings.
        rendered: &'c mut RenderedChunk,
    },
    /// Its next records that cannot be read, of the export with this index.
    Rejected(usize, Vec<Rejection>),
    /// All else, after the last of its findings.
    Result(Box<ChunkResult>),
    /// What its records tell beside that, where all they add up to comes later.
    Beside(Beside),
    /// All else that a partial holds, after the last of its findings.
    Part(Box<Reopened>),
}

/// Holds what some records tell beside what they add up to.
#[derive(Default)]
pub struct Beside {
    /// What they tell about the night before.
    pub night: nights::Part,
    /// Their ids, if they are gathered.
    pub ids: Vec<SeenId>,
}

/// Holds what a chunk comes to, beside its findings.
pub struct ChunkResult {
    /// What it adds up to.
    pub part: Part,
    /// What its records tell beside that.
    pub beside: Beside,
    /// Its records that cannot be read, but for those that were written before.
    pub rejected: Vec<Rejection>,
    /// Where the reading of its export ended, if it is the last of it that is read.
    pub end: Option<StretchEnd>,
}

/// Says where the reading of an export, or of a stretch of it, ended.
#[derive(Debug)]
pub struct StretchEnd {
    /// The first byte that was not read, once unpacked.
    pub offset: u64,
    /// The state before it.
    pub state: State,
}

/// Represents a record that cannot be read.
pub struct Rejection {
    /// Its number in the export, from 1.
    pub record: u64,
    /// Its first byte in the export, from 0, once unpacked.
    pub offset: u64,
    /// Why it cannot be read.
    pub cause: String,
}

/// Holds what was decoded, judged and rendered, free of the bytes that it was read from.
pub(super) struct Judged {
    state: State,
    done: usize,
    /// The findings that are not written yet.
    pub(super) rendered: RenderedChunk,
    rejected: Vec<Rejected>,
    part: Part,
    beside: Beside,
}

/// Holds a record of a chunk that cannot be read: its number among those of the chunk,
/// from 1, its first byte and why.
pub(super) type Rejected = (u64, usize, Unreadable);

/// How many records of a chunk that cannot be read wait to be written.
pub(super) const WAITING_REJECTED: usize = 1 << 14;

/// Lets rendered findings of a chunk, and its records that cannot be read, be written, in
/// its turn, if there are too many to wait.
pub(super) type WriteEarly<'w> =
    dyn FnMut(&mut RenderedChunk, &mut Vec<Rejected>) -> Result<(), Stop<io::Error>> + 'w;

/// Decodes, judges and renders chunks.
pub(super) struct Worker<'p> {
    pipeline: &'p Pipeline<'p>,
    reader: Reader<'p>,
    judge: Judge<'p>,
}

impl<'p> Worker<'p> {
    pub(super) fn new(pipeline: &'p Pipeline<'p>) -> Self {
        Self {
            pipeline,
            reader: Reader::new(&pipeline.policies.schema, pipeline.limit),
            judge: {
                let judge = Judge::new(pipeline.policies).with_waivers(pipeline.waivers);
                match pipeline.renderers.want_records() {
                    true => judge.with_marks(),
                    false => judge,
                }
            },
        }
    }

    /// Judges bytes of an export, which begin in this state; findings go to `rendered`,
    /// and from there to `write_early` if they are many.
    ///
    /// # Errors
    ///
    /// A finding cannot be rendered.
    pub(super) fn judge(
        &mut self,
        export: usize,
        state: State,
        (bytes, last): (&[u8], bool),
        rendered: RenderedChunk,
        write_early: &mut WriteEarly<'_>,
    ) -> io::Result<Judged> {
        let mut collector = Collector {
            pipeline: self.pipeline,
            export: &self.pipeline.exports[export],
            judge: &mut self.judge,
            part: Part::new(self.pipeline.policies, export),
            beside: Beside::default(),
            rendered,
            write_early,
            rejected: Vec::new(),
            standings: Vec::new(),
            wants_records: self.pipeline.renderers.want_records(),
        };
        let read = self.reader.read(state, bytes, last, &mut collector);
        let Collector {
            mut part,
            beside,
            rendered,
            rejected,
            ..
        } = collector;
        // What is not counted yet must not be counted with the next chunk.
        self.judge.finish(&mut part.summary);
        let (state, done) = match read {
            Ok(read) => read,
            Err(Stop::Enough) => (State::Lost, bytes.len()),
            Err(Stop::Failed(error)) => return Err(error),
        };
        part.summary
            .unknown_keys
            .clone_from(self.reader.unknown_keys());
        part.shape = state.shape().into();
        Ok(Judged {
            state,
            done,
            rendered,
            rejected,
            part,
            beside,
        })
    }

    /// Returns what a chunk comes to, and its findings that are not written yet. What was judged early holds if the chunk before ended just where
    /// this one was assumed to begin. Else it is judged again.
    ///
    /// # Errors
    ///
    /// A finding cannot be rendered.
    pub(super) fn settle(
        &mut self,
        continuation: &mut Continuation,
        chunk: &Chunk,
        early: Option<io::Result<Judged>>,
        write_early: &mut WriteEarly<'_>,
    ) -> io::Result<(ChunkResult, RenderedChunk)> {
        let fits = continuation.leads_to(chunk);
        let carry = &mut continuation.carry;
        let offset = chunk.offset - carry.len() as u64;
        let judged = match early.filter(|_| fits) {
            Some(judged) => {
                let judged = judged?;
                carry.extend_from_slice(&chunk.bytes()[judged.done..]);
                judged
            }
            None => {
                carry.extend_from_slice(chunk.bytes());
                let state = continuation.state.take().or_else(|| chunk.state.clone());
                let state = state.unwrap_or(State::Lost);
                let bytes = (carry.as_slice(), chunk.ends_export());
                let rendered = RenderedChunk::default();
                let judged = self.judge(chunk.export, state, bytes, rendered, write_early)?;
                carry.drain(..judged.done);
                judged
            }
        };
        let before = continuation.records;
        continuation.records += judged.part.summary.records;
        let left = continuation.carry.len() as u64;
        let end = chunk.last.then(|| StretchEnd {
            offset: chunk.offset + chunk.bytes().len() as u64 - left,
            state: judged.state.clone(),
        });
        match chunk.last {
            true => *continuation = Continuation::default(),
            false => continuation.state = Some(judged.state.clone()),
        }
        Ok(judged.numbered(chunk, before, offset, end))
    }
}

impl Judged {
    /// Returns what the chunk comes to, and its findings that are not written yet: `before`
    /// records of its export come before it, and its first byte is at `offset`.
    fn numbered(
        self,
        chunk: &Chunk,
        before: u64,
        offset: u64,
        end: Option<StretchEnd>,
    ) -> (ChunkResult, RenderedChunk) {
        let mut part = self.part;
        part.problems.extend(chunk.unread.clone());
        let rejected = Rejection::all(self.rejected, before, offset);
        let mut beside = self.beside;
        let ids = beside.ids.iter_mut();
        ids.for_each(|id| id.place(chunk.export, before));
        (
            ChunkResult {
                part,
                beside,
                rejected,
                end,
            },
            self.rendered,
        )
    }
}

impl Rejection {
    /// Returns records of a chunk that cannot be read: `before` records of its export come
    /// before it, and its first byte is at `offset`.
    pub(super) fn all(rejected: Vec<Rejected>, before: u64, offset: u64) -> Vec<Self> {
        let rejected = rejected.into_iter();
        rejected
            .map(|(record, at, why)| Self {
                record: before + record,
                offset: offset + at as u64,
                cause: why.to_string(),
            })
            .collect()
    }
}

/// Returns when the account of a record was made, if that is read.
fn created(policies: &Policies, record: &Record<'_>) -> Option<DateTime<Utc>> {
    match record.cell(policies.schema.created()?).value {
        Value::Time(created) => Some(created),
        _ => None,
    }
}

/// Judges records as they are read, and renders what is found.
struct Collector<'c, 'p, 'w> {
    pipeline: &'p Pipeline<'p>,
    export: &'p str,
    judge: &'c mut Judge<'p>,
    part: Part,
    beside: Beside,
    rendered: RenderedChunk,
    write_early: &'c mut WriteEarly<'w>,
    rejected: Vec<Rejected>,
    /// How each rule regards the record that was judged last, if records are kept.
    standings: Vec<Standing>,
    /// Whether some report is of records.
    wants_records: bool,
}

impl Sink for Collector<'_, '_, '_> {
    type Error = io::Error;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<io::Error>> {
        self.judge(record)?;
        if self.pipeline.gathers_ids {
            let number = self.part.summary.records;
            let id = record.id().map(|id| SeenId::new(id, number));
            self.beside.ids.extend(id);
        }
        if !self.wants_records {
            return Ok(());
        }
        let privacy = self.pipeline.privacy;
        let customer_id = record.id().map(|id| display_id(privacy, "id", id));
        let number = self.part.summary.records;
        let standings = std::mem::take(&mut self.standings);
        let kept = self.pipeline.keeps_records.then(|| KeptRecord {
            id: record.id(),
            created: created(self.pipeline.policies, record),
            standings: &standings,
        });
        let rendered = self.render_record(customer_id.as_deref(), number, true, kept);
        self.standings = standings;
        rendered
    }

    fn rejected(&mut self, at: usize, why: Unreadable) -> Result<(), Stop<io::Error>> {
        self.part.summary.count_rejected();
        let number = self.part.summary.records;
        self.rejected.push((number, at, why));
        if self.rejected.len() >= WAITING_REJECTED {
            (self.write_early)(&mut self.rendered, &mut self.rejected)?;
        }
        match self.wants_records {
            true => self.render_record(None, number, false, None),
            false => Ok(()),
        }
    }

    fn protocol_line(&mut self) -> Result<(), Stop<io::Error>> {
        self.part.summary.protocol_lines += 1;
        Ok(())
    }

    fn remark(&mut self, remark: Remark) -> Result<(), Stop<io::Error>> {
        self.part.pages.take(remark);
        Ok(())
    }

    fn unread(&mut self, why: Unread) -> Result<(), Stop<io::Error>> {
        add_problem(&mut self.part.problems, why);
        Ok(())
    }
}

impl Collector<'_, '_, '_> {
    /// Judges a record, and renders what is found.
    fn judge(&mut self, record: &Record<'_>) -> Result<(), Stop<io::Error>> {
        let Part {
            summary, gathered, ..
        } = &mut self.part;
        let context = Context {
            export: self.export,
            number: summary.records + 1,
            privacy: self.pipeline.privacy,
        };
        let (renderers, rendered) = (self.pipeline.renderers, &mut self.rendered);
        let (write_early, rejected) = (&mut *self.write_early, &mut self.rejected);
        let write_early = &mut |rendered: &mut _| write_early(rendered, rejected);
        let Some(tonight) = self.pipeline.tonight else {
            let found = |finding: &Finding<'_>| {
                renderers.finding(finding, rendered, None, &mut *write_early)
            };
            if self.pipeline.keeps_records {
                let rules = self.pipeline.policies.rules().count();
                let standings = &mut self.standings;
                let ask = |standing: &dyn Fn(usize) -> Standing| {
                    standings.clear();
                    standings.extend((0..rules).map(standing));
                };
                let judge = &mut self.judge;
                return judge.judge_and_ask(record, context, summary, gathered, found, ask);
            }
            return self.judge.judge(record, context, summary, gathered, found);
        };
        let created = created(self.pipeline.policies, record);
        let customer = tonight.customer(record.id(), created)?;
        let night = &mut self.beside.night;
        let found = |finding: &Finding<'_>| {
            let mut say = |row: &mut FindingRow<'_>| {
                tonight.finding(row, finding.rule_index, &customer, night)
            };
            renderers.finding(finding, rendered, Some(&mut say), &mut *write_early)
        };
        if !tonight.has_earlier(&customer) {
            self.judge
                .judge(record, context, summary, gathered, found)?;
            tonight.record(&customer, &mut self.beside.night, &|_| Standing::Listed);
            return Ok(());
        }
        let mut seen = nights::Part::default();
        self.judge
            .judge_and_ask(record, context, summary, gathered, found, |standing| {
                tonight.record(&customer, &mut seen, standing);
            })?;
        self.beside.night.append(seen);
        Ok(())
    }

    /// Renders what rules came to for a record with this number, for reports of records; one
    /// that could not be read has no marks.
    fn render_record(
        &mut self,
        customer_id: Option<&str>,
        number: u64,
        is_read: bool,
        kept: Option<KeptRecord<'_>>,
    ) -> Result<(), Stop<io::Error>> {
        let marks = if is_read { self.judge.marks() } else { &[] };
        let record = RecordMarks {
            customer_id,
            export: self.export,
            number,
            marks,
            kept,
        };
        let (write_early, rejected) = (&mut *self.write_early, &mut self.rejected);
        let renderers = self.pipeline.renderers;
        renderers.record(&record, &mut self.rendered, |rendered| {
            write_early(rendered, rejected)
        })
    }
}
