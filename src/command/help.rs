//! `audit help`: the page of a topic, or the help of a command.

use std::io::Write;

use strum::VariantArray;

use super::error::Error;
use crate::cli::{self, Topic};
use crate::diagnostic::suggest;

/// Writes the page of a topic, or the help of the command that the words name.
pub(super) fn write(words: &[String], out: &mut dyn Write) -> Result<(), Error> {
    if let [word] = words
        && let Some(topic) = Topic::named(word)
    {
        return Ok(out.write_all(topic.page().as_bytes())?);
    }
    match cli::help_of(words) {
        Ok(help) => Ok(out.write_all(help.as_bytes())?),
        Err(unknown) => {
            let topics = Topic::VARIANTS.iter().map(|topic| topic.name().to_owned());
            let topics = topics.filter(|_| unknown.of.is_empty());
            let known: Vec<_> = unknown.known.into_iter().chain(topics).collect();
            let known = known.iter().map(String::as_str);
            Err(Error::NoHelp {
                help: suggest(&unknown.word, known),
                of: unknown.of,
                word: unknown.word,
            })
        }
    }
}
