//! Why no schedule fits a configuration.

use std::io;

/// Says why no schedule fits a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// A path cannot be written in the file of a scheduler.
    #[error("`{path}` cannot be written in a schedule: {why}; give it another name")]
    Path {
        /// The path.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// The history would be lost.
    #[error(
        "the history `{path}` is inside of the checkout, which is emptied before each run: give it \
         a folder on a disk that stays, as history = \"/var/lib/audit/history\""
    )]
    HistoryInCheckout {
        /// The folder.
        path: String,
    },
    /// It is not known where relative paths begin.
    #[error("`{path}` could not be made absolute")]
    NoFolder {
        /// The path.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// A template of the program is wrong.
    #[error("the schedule could not be written")]
    Template(#[from] minijinja::Error),
}
