//! The inputs of a run: policies, exports, limits and renderers.

use std::io;

use crate::finding::Privacy;
use crate::nights::Tonight;
use crate::partial;
use crate::policy::Policies;
use crate::report::Renderers;
use crate::waiver::Waivers;

/// Says why the pipeline could not run to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No thread could be started.
    #[error("the worker threads could not be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A finding could not be rendered.
    #[error("a finding could not be rendered")]
    Render(#[source] io::Error),
    /// A partial could not be opened.
    #[error(transparent)]
    OpenPartial(Box<partial::Error>),
}

/// Starts so many threads.
pub(super) fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.thread_name(|number| format!("worker-{number}"));
    Ok(pool.build()?)
}

/// Holds the inputs of a run: policies, exports, limits and renderers.
pub struct Pipeline<'a> {
    /// What records are judged by.
    pub policies: &'a Policies,
    /// The names of the exports.
    pub exports: &'a [String],
    /// The largest record that is read, in bytes.
    pub limit: usize,
    /// By what findings are waived.
    pub waivers: &'a Waivers,
    /// How far values may be shown.
    pub privacy: Privacy<'a>,
    /// What renders findings for each report.
    pub renderers: &'a Renderers,
    /// Whether the ids of all records are gathered.
    pub gathers_ids: bool,
    /// Whether all that is asked of records is kept of each: how rules regard it, too.
    pub keeps_records: bool,
    /// What findings are held against, in a run that is compared with the night before.
    pub tonight: Option<&'a Tonight<'a>>,
}
