//! Why a part of a run cannot be made, or not be merged.

use std::io;

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
