//! Why a configuration cannot be used.

use std::io;

use crate::diagnostic::{self, Diagnostic};

/// Says why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("configuration `{path}` could not be read")]
    Read {
        /// The path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// Somebody else could say what is audited.
    #[error(
        "configuration `{path}` may be changed by others than its owner (its mode is {mode:04o}): \
         `chmod go-w` takes that away"
    )]
    OthersWrite {
        /// The path of the file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// The text is not a configuration.
    #[error("configuration `{path}` is not valid")]
    Invalid {
        /// The path of the file.
        path: String,
        /// The text of the file.
        text: String,
        /// All that is wrong, in the order of the text.
        diagnostics: Vec<Diagnostic>,
    },
    /// Neither it nor the command line says what a run needs.
    #[error("configuration `{path}` has no `{key}`, and the command line names none: {help}")]
    Lacks {
        /// The path of the file.
        path: String,
        /// The key.
        key: &'static str,
        /// What would be right.
        help: &'static str,
    },
}

impl Error {
    /// Renders what is wrong with the text, if it is that, with places.
    pub fn render(&self, colour: bool) -> Option<String> {
        match self {
            Error::Invalid {
                path,
                text,
                diagnostics,
            } => Some(diagnostic::render(path, text, diagnostics, colour)),
            Error::Read { .. } | Error::OthersWrite { .. } | Error::Lacks { .. } => None,
        }
    }
}
