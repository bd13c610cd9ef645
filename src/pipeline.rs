//! Batches through the stages, on many threads, and in order where it counts.
//!
//! Each worker takes the next batch, reads and judges it, and words what it
//! found. Two things are done in turns, in the order of the batches: to settle
//! where a batch really began and how many records came before it, and to
//! write. As a worker holds one batch, memory is bounded by their number.

use std::convert::Infallible;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::aggregate::Partial;
use crate::evaluate::Judge;
use crate::export::{
    Chunk, Chunker, Format, Reader, Sink, State, Stop, StopFlag, Unread, Unreadable,
};
use crate::finding::{self, BySeverity, Customer, Finding, Privacy, Subject, Summary, Worst};
use crate::policy::{Policies, Policy, Rule};
use crate::record::Record;
use crate::report::{self, Renderer, Words};

/// What the pipeline needs to know.
pub struct Pipeline<'a> {
    /// What records are judged by.
    pub policies: &'a Policies,
    /// The names of the exports.
    pub exports: &'a [String],
    /// The shape of the exports.
    pub format: Format,
    /// The largest record that is read, in bytes.
    pub limit: usize,
    /// How far values are shown.
    pub privacy: Privacy<'a>,
    /// What words findings, for each report.
    pub renderers: &'a [Box<dyn Renderer>],
}

/// What a batch comes to: to be written in its turn.
pub struct Worded {
    /// Its export's place on the command line.
    pub export: usize,
    /// What it adds up to.
    pub summary: Summary,
    /// Records of its export before it.
    pub before: u64,
    /// What rules over the whole export gather of it.
    pub partial: Partial,
    /// Its findings, for each report.
    pub findings: Vec<Vec<u8>>,
    /// Its records that cannot be read.
    pub rejected: Vec<Rejection>,
    /// The shape of the export, as far as it is told.
    pub shape: &'static str,
    /// Why the export is not read to its end.
    pub unread: Option<Unread>,
}

/// A record that cannot be read.
pub struct Rejection {
    /// Its place in the export, from 1.
    pub record: u64,
    /// Its first byte in the export.
    pub offset: u64,
    /// Why.
    pub why: Unreadable,
}

impl Pipeline<'_> {
    /// Runs all batches through `threads` workers; what they come to is handed
    /// to `write` in their order, until it says that it can take no more.
    ///
    /// # Errors
    ///
    /// The threads could not be started.
    pub fn run(
        &self,
        chunker: Chunker<'_>,
        threads: usize,
        write: impl FnMut(Worded) -> bool + Send,
    ) -> Result<(), rayon::ThreadPoolBuildError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("worker-{number}"))
            .build()?;
        let shared = Shared {
            stop: chunker.stop_flag(),
            chunker: Mutex::new(chunker),
            baton: InTurn::new(Baton::new(self.format)),
            write: InTurn::new(write),
        };
        pool.in_place_scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|_| self.work(&shared));
            }
        });
        Ok(())
    }

    fn work(&self, shared: &Shared<'_, impl FnMut(Worded) -> bool + Send>) {
        let _release = Release(shared);
        let mut worker = Worker::new(self);
        while let Some(batch) = shared.next_chunk() {
            let early = batch
                .state
                .clone()
                .map(|place| worker.judge(batch.export, place, batch.bytes(), batch.last));
            let settled = shared
                .baton
                .take(batch.index, |baton| worker.settle(baton, &batch, early));
            let Some(settled) = settled else {
                return;
            };
            let worded = settled.worded(&batch);
            let wanted = shared.write.take(batch.index, |write| write(worded));
            if wanted != Some(true) {
                shared.stop.raise();
            }
            lock(&shared.chunker).recycle(batch);
        }
    }
}

/// What the workers share.
struct Shared<'s, W> {
    chunker: Mutex<Chunker<'s>>,
    baton: InTurn<Baton>,
    write: InTurn<W>,
    stop: StopFlag,
}

impl<W> Shared<'_, W> {
    fn next_chunk(&self) -> Option<Chunk> {
        lock(&self.chunker).next_chunk()
    }
}

/// Lets the others go if this worker panics: they would wait for its turn.
struct Release<'r, 's, W>(&'r Shared<'s, W>);

impl<W> Drop for Release<'_, '_, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.baton.abandon();
            self.0.write.abandon();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere ends the run; what it left is not looked at.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that is used by one batch after another, in their order.
struct InTurn<T> {
    state: Mutex<Turns<T>>,
    moved: Condvar,
}

struct Turns<T> {
    next: u64,
    abandoned: bool,
    thing: T,
}

impl<T> InTurn<T> {
    fn new(thing: T) -> Self {
        let state = Turns {
            next: 0,
            abandoned: false,
            thing,
        };
        Self {
            state: Mutex::new(state),
            moved: Condvar::new(),
        }
    }

    /// Waits until all batches before this one have had their turn. Nothing, if
    /// one of them never will.
    fn take<R>(&self, index: u64, act: impl FnOnce(&mut T) -> R) -> Option<R> {
        let waits = |turns: &mut Turns<T>| turns.next != index && !turns.abandoned;
        let mut turns = self
            .moved
            .wait_while(lock(&self.state), waits)
            .unwrap_or_else(PoisonError::into_inner);
        if turns.abandoned {
            return None;
        }
        let result = act(&mut turns.thing);
        turns.next += 1;
        drop(turns);
        self.moved.notify_all();
        Some(result)
    }

    fn abandon(&self) {
        lock(&self.state).abandoned = true;
        self.moved.notify_all();
    }
}

/// What a batch hands on to the next: where it really ended.
struct Baton {
    format: Format,
    place: State,
    /// Bytes that were read and belong to what follows them.
    carry: Vec<u8>,
    /// Records of this export so far.
    records: u64,
}

impl Baton {
    fn new(format: Format) -> Self {
        Self {
            format,
            place: State::Start(format),
            carry: Vec::new(),
            records: 0,
        }
    }
}

/// What was read, judged and worded, free of the bytes that it was read from.
struct Judged {
    place: State,
    done: usize,
    words: Vec<Words>,
    /// Records that cannot be read: their place among those of the batch, from
    /// 1, and their first byte.
    rejected: Vec<(u64, usize, Unreadable)>,
    summary: Summary,
    partial: Partial,
    unread: Option<Unread>,
}

/// A batch whose place in the export is certain.
struct Settled {
    judged: Judged,
    /// Records of the export before it.
    before: u64,
    /// Where its first byte stands in the export.
    offset: u64,
}

/// One thread's tools.
struct Worker<'p> {
    pipeline: &'p Pipeline<'p>,
    reader: Reader<'p>,
    judge: Judge<'p>,
    rules: Vec<(&'p Policy, &'p Rule)>,
}

impl<'p> Worker<'p> {
    fn new(pipeline: &'p Pipeline<'p>) -> Self {
        Self {
            pipeline,
            reader: Reader::new(&pipeline.policies.schema, pipeline.limit),
            judge: Judge::new(pipeline.policies),
            rules: pipeline.policies.rules().collect(),
        }
    }

    fn judge(&mut self, export: usize, place: State, bytes: &[u8], last: bool) -> Judged {
        let renderers = self.pipeline.renderers;
        let mut collector = Collector {
            pipeline: self.pipeline,
            rules: &self.rules,
            export: &self.pipeline.exports[export],
            judge: &mut self.judge,
            summary: Summary::new(self.pipeline.policies),
            partial: Partial::default(),
            words: renderers.iter().map(|_| Words::default()).collect(),
            rejected: Vec::new(),
            unread: None,
        };
        let (place, done) = match self.reader.read(place, bytes, last, &mut collector) {
            Ok(read) => read,
            Err(Stop::Enough) => (State::Lost, bytes.len()),
            Err(Stop::Failed(never)) => match never {},
        };
        let Collector {
            mut summary,
            partial,
            words,
            rejected,
            unread,
            ..
        } = collector;
        summary.unknown_keys.clone_from(self.reader.unknown_keys());
        Judged {
            place,
            done,
            words,
            rejected,
            summary,
            partial,
            unread,
        }
    }

    /// In its turn, what was judged early stands if the batch before ended just
    /// where this one was thought to begin. Else it is judged again.
    fn settle(&mut self, baton: &mut Baton, batch: &Chunk, early: Option<Judged>) -> Settled {
        let fits = baton.carry.is_empty() && batch.state.as_ref() == Some(&baton.place);
        let offset = batch.offset - baton.carry.len() as u64;
        let judged = match early.filter(|_| fits) {
            Some(judged) => {
                baton.carry.extend_from_slice(&batch.bytes()[judged.done..]);
                judged
            }
            None => {
                baton.carry.extend_from_slice(batch.bytes());
                let place = baton.place.clone();
                let judged = self.judge(batch.export, place, &baton.carry, batch.last);
                baton.carry.drain(..judged.done);
                judged
            }
        };
        let before = baton.records;
        baton.records += judged.summary.records;
        baton.place = judged.place.clone();
        if batch.last {
            *baton = Baton::new(baton.format);
        }
        Settled {
            judged,
            before,
            offset,
        }
    }
}

impl Settled {
    /// What the batch comes to, with the numbers of its records.
    fn worded(self, batch: &Chunk) -> Worded {
        let unread = batch.unread.clone().or(self.judged.unread);
        let mut summary = self.judged.summary;
        summary.unread_exports = u64::from(unread.is_some());
        let words = self.judged.words.iter();
        let rejected = self.judged.rejected.into_iter();
        Worded {
            export: batch.export,
            summary,
            before: self.before,
            partial: self.judged.partial,
            findings: words.map(|words| words.numbered(self.before)).collect(),
            rejected: rejected
                .map(|(record, at, why)| Rejection {
                    record: self.before + record,
                    offset: self.offset + at as u64,
                    why,
                })
                .collect(),
            shape: self.judged.place.shape(),
            unread,
        }
    }
}

/// Judges records as they are read, and words what is found.
struct Collector<'c, 'p> {
    pipeline: &'p Pipeline<'p>,
    rules: &'c [(&'p Policy, &'p Rule)],
    export: &'p str,
    judge: &'c mut Judge<'p>,
    summary: Summary,
    partial: Partial,
    words: Vec<Words>,
    rejected: Vec<(u64, usize, Unreadable)>,
    unread: Option<Unread>,
}

impl Sink for Collector<'_, '_> {
    type Error = Infallible;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
        let number = self.summary.records + 1;
        let words = &mut self.words;
        let (summary, partial) = (&mut self.summary, &mut self.partial);
        let mut findings = BySeverity::default();
        self.judge
            .judge(record, summary, partial, |place, outcome, answers| {
                let Some(reason) = outcome.reason() else {
                    return;
                };
                let (policy, rule) = self.rules[place];
                Worst::count(&mut findings, rule.severity);
                let finding = Finding {
                    subject: Subject::Record(answers),
                    number: Some(number),
                    export: Some(self.export),
                    policy,
                    rule,
                    place,
                    outcome,
                    reason,
                    privacy: self.pipeline.privacy,
                };
                let worded = report::word(&finding, self.pipeline.renderers, words);
                debug_assert!(worded.is_ok(), "memory takes all that is written");
            });
        let privacy = self.pipeline.privacy;
        let who = |field, value: Option<&str>| {
            value.map(|value| finding::who(privacy, field, value).into_owned())
        };
        self.summary.worst.consider(findings, || Customer {
            findings,
            id: who("id", record.id()),
            name: who("name", record.name()),
        });
        Ok(())
    }

    fn rejected(&mut self, at: usize, why: Unreadable) -> Result<(), Stop<Infallible>> {
        self.summary.records += 1;
        self.summary.rejected += 1;
        self.rejected.push((self.summary.records, at, why));
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        self.summary.protocol_lines += 1;
        Ok(())
    }

    fn unread(&mut self, why: Unread) -> Result<(), Stop<Infallible>> {
        self.unread.get_or_insert(why);
        Ok(())
    }
}
