//! Reading the command line, and what is said instead of a run.

use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use super::args::Cli;
use crate::text::escape_lines;

/// Represents a text that takes the place of a run: help or the version, or what is wrong
/// with the arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Usage {
    /// The user asked for it.
    Help(String),
    /// The arguments make no sense.
    Mistake(String),
}

/// Reads the arguments of the program, of which the first is its name.
///
/// # Errors
///
/// They ask for help, or make no sense.
pub fn parse(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Cli, Usage> {
    Cli::try_parse_from(args).map_err(|error| {
        let text = error.render().to_string();
        match error.use_stderr() {
            // It quotes what was typed.
            true => Usage::Mistake(escape_lines(&text).into_owned()),
            false => Usage::Help(text),
        }
    })
}

/// Returns the command line as data, for completions and the manual page.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
