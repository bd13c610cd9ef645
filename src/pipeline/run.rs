//! Chunks as tasks on a pool of threads.
//!
//! Each task takes the next chunk, decodes and judges it, and renders what it
//! found. Two things are done in the order of the chunks: to decide where a chunk
//! really began and how many records came before it, and to write. A task that has
//! been written lets the next one begin, so memory is bounded by their number.

use std::io;
use std::sync::Mutex;

use rayon::Scope;

use super::continuation::Continuation;
use super::inputs::{Error, Pipeline};
use super::ordered::{Ordered, lock};
use super::worker::{ChunkResult, Judged, Worker};
use crate::export::{Chunk, Chunker, StopFlag};

/// Says how many chunks a thread has, on the average: one that it works on, and one
/// that waits for its turn to be written.
const CHUNKS_PER_THREAD: usize = 2;

impl Pipeline<'_> {
    /// Runs all chunks through the stages on so many threads; what they come to is
    /// handed to `write` in their order, until it fails.
    ///
    /// # Errors
    ///
    /// The threads cannot be started, a finding cannot be rendered, or `write`
    /// failed: nothing is written after an error.
    pub fn run<E: From<Error> + Send>(
        &self,
        chunker: Chunker<'_>,
        threads: usize,
        write: impl FnMut(ChunkResult) -> Result<(), E> + Send,
    ) -> Result<(), E> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|number| format!("worker-{number}"))
            .build()
            .map_err(Error::from)?;
        let workers = (0..threads).map(|_| Mutex::new(Worker::new(self)));
        let tasks = Tasks {
            stop: chunker.stop_flag(),
            chunker: Mutex::new(chunker),
            workers: workers.collect(),
            ordered: Ordered::new(),
            last: Mutex::new(InOrder {
                continuation: Continuation::new(self.format),
                write,
                error: None,
            }),
        };
        pool.in_place_scope(|scope| {
            for _ in 0..CHUNKS_PER_THREAD * threads {
                scope.spawn(|scope| tasks.next_chunk(scope));
            }
        });
        let InOrder { error, .. } = tasks
            .last
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        error.map_or(Ok(()), Err)
    }
}

/// Holds what the tasks of a run share.
struct Tasks<'p, W, E> {
    chunker: Mutex<Chunker<'p>>,
    /// One for each thread.
    workers: Vec<Mutex<Worker<'p>>>,
    /// A chunk, and what was judged of it if it was known where it begins.
    ordered: Ordered<(Chunk, Option<Result<Judged, io::Error>>)>,
    last: Mutex<InOrder<W, E>>,
    stop: StopFlag,
}

/// Serves one chunk after another, in their order.
struct InOrder<W, E> {
    continuation: Continuation,
    write: W,
    error: Option<E>,
}

impl<'p, W, E> Tasks<'p, W, E>
where
    W: FnMut(ChunkResult) -> Result<(), E> + Send,
    E: From<Error> + Send,
{
    fn next_chunk<'s>(&'s self, scope: &Scope<'s>) {
        let Some(chunk) = lock(&self.chunker).next_chunk() else {
            return;
        };
        let state = chunk.state.clone();
        let judged = state.map(|state| {
            let mut worker = self.worker();
            worker.judge(chunk.export, state, chunk.bytes(), chunk.last)
        });
        self.ordered
            .bring(chunk.index, (chunk, judged), |(chunk, judged)| {
                let chunk = self.hand_on(chunk, judged);
                lock(&self.chunker).recycle(chunk);
                scope.spawn(|scope| self.next_chunk(scope));
            });
    }

    fn worker(&self) -> std::sync::MutexGuard<'_, Worker<'p>> {
        let thread = rayon::current_thread_index().unwrap_or_default();
        lock(&self.workers[thread % self.workers.len()])
    }

    /// Writes a chunk in its turn; returns it, to be used again.
    fn hand_on(&self, chunk: Chunk, judged: Option<Result<Judged, io::Error>>) -> Chunk {
        let InOrder {
            continuation,
            write,
            error,
        } = &mut *lock(&self.last);
        if error.is_none() {
            let result = self.worker().settle(continuation, &chunk, judged);
            let written = match result {
                Ok(result) => write(result),
                Err(source) => Err(Error::Render(source).into()),
            };
            *error = written.err();
        }
        if error.is_some() {
            self.stop.raise();
        }
        chunk
    }
}
