//! Why waivers cannot be used.

use std::fmt;
use std::io;

use crate::diagnostic::{self, Diagnostic};

/// Says why a file of waivers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("waivers `{path}` could not be read")]
    Read {
        /// The path of the file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// The text is not one of waivers.
    #[error("waivers `{path}` are not valid")]
    Invalid {
        /// The path of the file.
        path: String,
        /// The text of the file.
        text: String,
        /// All that is wrong, in the order of the text.
        diagnostics: Vec<Diagnostic>,
    },
}

impl Error {
    /// Renders the error for people: each mistake with file, line, column, the line
    /// itself and a caret.
    pub fn render(&self, colour: bool) -> String {
        match self {
            Error::Invalid {
                path,
                text,
                diagnostics,
            } => diagnostic::render(path, text, diagnostics, colour),
            Error::Read { source, .. } => {
                diagnostic::render_message(&format!("{self}: {source}"), colour)
            }
        }
    }

    /// Returns how many mistakes it tells of.
    pub fn count(&self) -> usize {
        match self {
            Error::Invalid { diagnostics, .. } => diagnostics.len(),
            Error::Read { .. } => 1,
        }
    }
}

/// Says why the waivers of a run cannot be used: all that is wrong with all of them.
#[derive(Debug)]
pub struct LoadError {
    /// The errors, in the order of the files; at least one.
    pub errors: Vec<Error>,
}

impl LoadError {
    /// Renders the errors for people.
    pub fn render(&self, colour: bool) -> String {
        let errors = self.errors.iter().map(|error| error.render(colour));
        errors.collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for LoadError {}
