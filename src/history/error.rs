//! Why a history cannot be kept.

use std::io;

/// Says why a history cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such folder.
    #[error(
        "there is no folder `{path}`: name a history, or make the folder before its first night, as with `mkdir -p {path}`"
    )]
    NoFolder {
        /// The folder.
        path: String,
    },
    /// The folder cannot be read.
    #[error("history `{path}` could not be read")]
    Unreadable {
        /// The folder.
        path: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The folder holds something else.
    #[error(
        "`{path}` is no history: it holds `{file}`, and no manifest of a night; name a folder that is empty or a history"
    )]
    NoHistory {
        /// The folder.
        path: String,
        /// The first file in it.
        file: String,
    },
    /// Nothing says how nights are to be written.
    #[error(
        "the extension of `{path}` names no format: give --format, or end the name in .txt, .csv, .json or .html"
    )]
    NoFormat {
        /// The file.
        path: String,
    },
    /// The folder holds no night.
    #[error("history `{path}` has no night")]
    NoNight {
        /// The folder.
        path: String,
    },
    /// Another run keeps a night.
    #[error("history `{path}` is in use by another run{holder}: one night is kept at a time")]
    Locked {
        /// The folder.
        path: String,
        /// Who has it, in words, if that is known.
        holder: String,
    },
    /// There is a later night.
    #[error(
        "history `{path}` has a night of {newest}, which is after --as-of {as_of}: nights are kept in their order"
    )]
    Later {
        /// The folder.
        path: String,
        /// The clock of the newest night.
        newest: String,
        /// The clock of this run.
        as_of: String,
    },
    /// The night is there already, and is another.
    #[error(
        "history `{path}` has another report of the night {night}: a night that is made again must be the same; remove its files, or give another --as-of"
    )]
    Different {
        /// The folder.
        path: String,
        /// The night.
        night: String,
    },
    /// What is kept beside a night cannot be written.
    #[error("the index of the night could not be written")]
    Index(#[source] io::Error),
    /// An old night cannot be removed.
    #[error("an old night, `{path}`, could not be removed")]
    Remove {
        /// The file.
        path: String,
        /// Why it cannot be removed.
        source: io::Error,
    },
}
