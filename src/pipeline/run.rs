//! Chunks as tasks on a pool of threads.
//!
//! Each task takes the next chunk, or a few small ones, decodes and judges it, and renders
//! what it found. Two things are done in the order of the chunks: to decide where a chunk
//! really began and how many records came before it, and to write. A task that has
//! been written lets the next one begin, so memory is bounded by their number, and by
//! what each may hold: one that has rendered more waits for its turn, and writes it
//! before it goes on.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::Scope;

use super::continuation::Continuation;
use super::inputs::{Error, Pipeline, pool};
use super::ordered::{Ordered, lock};
use super::worker::{Judged, Piece, Rejected, Rejection, WAITING_REJECTED, Worker};
use crate::export::{Chunk, Chunker, Stop, StopFlag};
use crate::report::RenderedChunk;

/// Says how many chunks a thread has, on the average: one that it works on, and one
/// that waits for its turn to be written.
const CHUNKS_PER_THREAD: usize = 2;

/// How many bytes of rendered findings wait to be written, in all chunks together.
const WAITING_BYTES: usize = 4 << 20;

/// How many bytes of rendered findings a chunk comes to, about: as many as are still in the
/// cache of a core when they are written. Where there are more, chunks become smaller.
const RENDERED_BYTES: usize = 1 << 19;

/// How many bytes a chunk has at least.
const MIN_CHUNK_BYTES: usize = 1 << 16;

/// How many bytes a task takes, if they are of small files: to take each by itself costs more
/// than to judge it.
const TAKEN_BYTES: usize = 1 << 18;

/// How many bytes of rendered findings wait of a chunk at least, with many threads.
const MIN_WAITING_BYTES: usize = 1 << 16;

impl Pipeline<'_> {
    /// Runs all chunks through the stages on so many threads; what they come to is
    /// handed to `write` in their order, piece by piece, until it fails.
    ///
    /// # Errors
    ///
    /// The threads cannot be started, a finding cannot be rendered, or `write`
    /// failed: nothing is written after an error.
    pub fn run<E: From<Error> + Send>(
        &self,
        chunker: Chunker<'_>,
        threads: usize,
        write: impl FnMut(Piece<'_>) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let pool = pool(threads)?;
        let workers = (0..threads).map(|_| Mutex::new(Worker::new(self)));
        let chunks = CHUNKS_PER_THREAD * threads;
        let tasks = Tasks {
            room: (WAITING_BYTES / chunks).max(MIN_WAITING_BYTES),
            done: Mutex::new(Vec::new()),
            spare: Mutex::new(Vec::new()),
            stop: chunker.stop_flag(),
            chunker: Mutex::new(chunker),
            workers: workers.collect(),
            ordered: Ordered::new(),
            aim: AtomicUsize::new(usize::MAX),
            last: Mutex::new(InOrder {
                continuation: Continuation::default(),
                writer: Writer {
                    write,
                    error: None,
                    spare: Vec::new(),
                },
            }),
        };
        pool.in_place_scope(|scope| {
            for _ in 0..chunks {
                scope.spawn(|scope| tasks.next_chunks(scope));
            }
        });
        let InOrder { writer, .. } = tasks
            .last
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.error.map_or(Ok(()), Err)
    }
}

/// Holds what the tasks of a run share.
struct Tasks<'p, W, E> {
    chunker: Mutex<Chunker<'p>>,
    /// One for each thread.
    workers: Vec<Mutex<Worker<'p>>>,
    /// A chunk, what was judged of it if it was known where it begins, and whether it is the
    /// last that its task has taken.
    ordered: Ordered<(Chunk, Option<io::Result<Judged>>, bool)>,
    last: Mutex<InOrder<W, E>>,
    /// How many bytes of rendered findings wait of a chunk.
    room: usize,
    /// Chunks that are written: who writes must not wait for who reads.
    done: Mutex<Vec<Chunk>>,
    /// What findings were rendered to, to be used again.
    spare: Mutex<Vec<RenderedChunk>>,
    stop: StopFlag,
    /// How many bytes the next chunk is to have.
    aim: AtomicUsize,
}

/// Serves one chunk after another, in their order.
struct InOrder<W, E> {
    continuation: Continuation,
    writer: Writer<W, E>,
}

/// Writes one piece after another, until it fails.
struct Writer<W, E> {
    write: W,
    error: Option<E>,
    /// Room for bytes.
    spare: Vec<u8>,
}

impl<'p, W, E> Tasks<'p, W, E>
where
    W: FnMut(Piece<'_>) -> Result<(), E> + Send,
    E: From<Error> + Send,
{
    fn next_chunks<'s>(&'s self, scope: &Scope<'s>) {
        let _promise = self.ordered.promise();
        let mut chunks = self.take_chunks().into_iter().peekable();
        while let Some(chunk) = chunks.next() {
            let judged = self.judge_early(&chunk);
            let is_last = chunks.peek().is_none();
            let item = (chunk, judged, is_last);
            self.ordered
                .bring(item.0.index, item, |(chunk, judged, is_last)| {
                    let chunk = self.hand_on(chunk, judged);
                    lock(&self.done).push(chunk);
                    if is_last {
                        scope.spawn(|scope| self.next_chunks(scope));
                    }
                });
        }
    }

    /// Takes the next chunk, or several if they are small: those of small files.
    fn take_chunks(&self) -> Vec<Chunk> {
        let aim = self.aim.load(Ordering::Relaxed);
        let mut chunker = lock(&self.chunker);
        chunker.aim_at(aim);
        let done = std::mem::take(&mut *lock(&self.done));
        done.into_iter().for_each(|chunk| chunker.recycle(chunk));
        let (mut chunks, mut bytes) = (Vec::new(), 0);
        while bytes < aim.min(TAKEN_BYTES)
            && let Some(chunk) = chunker.next_chunk()
        {
            bytes += chunk.bytes().len().max(1);
            chunks.push(chunk);
        }
        chunks
    }

    /// Judges a chunk before its turn, if it is known where it begins.
    fn judge_early(&self, chunk: &Chunk) -> Option<io::Result<Judged>> {
        let state = chunk.state.clone()?;
        let rendered = lock(&self.spare).pop().unwrap_or_default();
        let bytes = (chunk.bytes(), chunk.ends_export());
        let mut written = 0;
        let write_early = &mut |rendered: &mut RenderedChunk, rejected: &mut _| {
            let before = rendered.memory();
            let result = self.write_early(chunk, rendered, rejected);
            written += before - rendered.memory();
            result
        };
        let mut worker = self.worker();
        let judged = worker.judge(chunk.export, state, bytes, rendered, write_early);
        if let Ok(judged) = &judged {
            self.aim_by(chunk, written + judged.rendered.memory());
        }
        Some(judged)
    }

    fn worker(&self) -> std::sync::MutexGuard<'_, Worker<'p>> {
        let thread = rayon::current_thread_index().unwrap_or_default();
        lock(&self.workers[thread % self.workers.len()])
    }

    /// Lets the next chunks be such that about as much is rendered of each as stays in a
    /// cache, after so many bytes were rendered of this one.
    fn aim_by(&self, chunk: &Chunk, rendered: usize) {
        let aim = chunk.bytes().len() * RENDERED_BYTES / rendered.max(1);
        self.aim.store(aim.max(MIN_CHUNK_BYTES), Ordering::Relaxed);
    }

    /// Writes findings of a chunk that is still being judged, once it is its turn, if they
    /// are too many to wait.
    ///
    /// # Errors
    ///
    /// Enough, if the chunk is to be judged again, or nothing is to be written any more.
    fn write_early(
        &self,
        chunk: &Chunk,
        rendered: &mut RenderedChunk,
        rejected: &mut Vec<Rejected>,
    ) -> Result<(), Stop<io::Error>> {
        if self.may_wait(rendered, rejected) {
            return Ok(());
        }
        if !self.ordered.wait_for_turn(chunk.index) {
            return Err(Stop::Enough);
        }
        let InOrder {
            continuation,
            writer,
        } = &mut *lock(&self.last);
        match continuation.leads_to(chunk) {
            true => {
                writer.rejected(chunk, rejected, (continuation.records, chunk.offset));
                writer.findings(chunk.export, rendered, continuation.records, self.room)
            }
            false => Err(Stop::Enough),
        }
    }

    fn may_wait(&self, rendered: &RenderedChunk, rejected: &[Rejected]) -> bool {
        rendered.memory() < self.room && rejected.len() < WAITING_REJECTED
    }

    /// Writes a chunk in its turn; returns it, to be used again.
    fn hand_on(&self, chunk: Chunk, judged: Option<Result<Judged, io::Error>>) -> Chunk {
        let InOrder {
            continuation,
            writer,
        } = &mut *lock(&self.last);
        if writer.error.is_none() {
            let before = continuation.records;
            let offset = chunk.offset - continuation.carry.len() as u64;
            let write_early = &mut |rendered: &mut RenderedChunk, rejected: &mut Vec<Rejected>| {
                if self.may_wait(rendered, rejected) {
                    return Ok(());
                }
                writer.rejected(&chunk, rejected, (before, offset));
                writer.findings(chunk.export, rendered, before, self.room)
            };
            let settled = self
                .worker()
                .settle(continuation, &chunk, judged, write_early);
            match settled {
                Ok((result, mut rendered)) => {
                    _ = writer.findings(chunk.export, &mut rendered, before, self.room);
                    lock(&self.spare).push(rendered);
                    writer.piece(Piece::Result(Box::new(result)));
                }
                Err(source) => writer.error = Some(Error::Render(source).into()),
            }
        }
        if writer.error.is_some() {
            self.stop.raise();
        }
        chunk
    }
}

impl<W, E> Writer<W, E>
where
    W: FnMut(Piece<'_>) -> Result<(), E>,
{
    /// Writes findings of a chunk that so many records come before, and clears them, but
    /// for so many bytes of their room.
    ///
    /// # Errors
    ///
    /// Enough, if nothing is to be written any more.
    fn findings(
        &mut self,
        export: usize,
        rendered: &mut RenderedChunk,
        before: u64,
        room: usize,
    ) -> Result<(), Stop<io::Error>> {
        rendered.number(before, &mut self.spare);
        self.piece(Piece::Findings {
            export,
            before,
            rendered,
        });
        rendered.clear(room);
        self.spare.shrink_to(room);
        match self.error {
            Some(_) => Err(Stop::Enough),
            None => Ok(()),
        }
    }

    /// Writes records of a chunk that cannot be read, and clears them: so many records of
    /// its export, and so many bytes, come before it.
    fn rejected(&mut self, chunk: &Chunk, rejected: &mut Vec<Rejected>, before: (u64, u64)) {
        if !rejected.is_empty() {
            let all = Rejection::all(std::mem::take(rejected), before.0, before.1);
            self.piece(Piece::Rejected(chunk.export, all));
        }
    }

    fn piece(&mut self, piece: Piece<'_>) {
        if self.error.is_none() {
            self.error = (self.write)(piece).err();
        }
    }
}
