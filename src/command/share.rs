//! How the work of a run is shared among its threads.

use crate::options::ReportOptions;

/// The least size that a chunk is made smaller to.
const MIN_CHUNK_BYTES: usize = 64 << 10;

/// Returns how many bytes a chunk has. What waits to be written is bounded for all threads
/// and reports together; a chunk that says more than its share is not judged ahead as a
/// whole. So there are smaller ones, the more must share.
pub(super) fn window(chunk_bytes: usize, threads: usize, reports: &ReportOptions) -> usize {
    let reports = reports.files.len() + usize::from(reports.stdout.is_some());
    let share = chunk_bytes / (threads * reports).max(1);
    share.max(MIN_CHUNK_BYTES.min(chunk_bytes))
}

/// Returns how many threads work, if so many are asked for.
pub(super) fn threads(threads: Option<u16>) -> usize {
    match threads {
        Some(threads) => threads.into(),
        None => std::thread::available_parallelism().map_or(1, Into::into),
    }
}
