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

/// Says which word names no command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The word.
    pub word: String,
    /// The command before it; empty, if that is the program.
    pub of: String,
    /// The commands that are there.
    pub known: Vec<String>,
}

/// Returns the help of a command: that of the program, without words.
///
/// # Errors
///
/// There is no such command.
pub fn help_of(words: &[String]) -> Result<String, Unknown> {
    let root = command();
    let mut found = &root;
    for (at, word) in words.iter().enumerate() {
        let Some(next) = found.find_subcommand(word) else {
            let known = found.get_subcommands();
            return Err(Unknown {
                word: word.clone(),
                of: words[..at].join(" "),
                known: known.map(|known| known.get_name().to_owned()).collect(),
            });
        };
        found = next;
    }
    // What a command says itself is short or long as its options are.
    let words = words.iter().map(String::as_str);
    let args = [root.get_name()].into_iter().chain(words).chain(["--help"]);
    let help = Cli::try_parse_from(args).err();
    Ok(help
        .map(|help| help.render().to_string())
        .unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }
}
