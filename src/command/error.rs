//! Why a command could not be done.

use std::io;

use super::schedule::ScheduleError;
use super::shard::ShardError;
use super::waive::WaiveError;
use crate::aggregate;
use crate::config;
use crate::export;
use crate::finding;
use crate::history;
use crate::manifest;
use crate::nights;
use crate::panics::{self, Panic};
use crate::partial;
use crate::pipeline;
use crate::policy;
use crate::population;
use crate::report::{self, Colour};
use crate::text::{count, escape_controls};
use crate::waiver;

/// Says why a command could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Policies, or the cases beside them, cannot be used.
    #[error("{} cannot be used", count(.0.len() as u64, "policy", "policies"))]
    Policies(Vec<policy::Error>),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// The list of exports, or of partials, cannot be used.
    #[error("the list of {of} `{path}` could not be used")]
    NamedIn {
        /// What it lists.
        of: &'static str,
        /// The list.
        path: String,
        /// Why it cannot be used.
        source: io::Error,
    },
    /// Waivers cannot be used.
    #[error(transparent)]
    Waivers(#[from] waiver::LoadError),
    /// No waiver can be written.
    #[error(transparent)]
    Waive(#[from] WaiveError),
    /// No schedule fits the configuration.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The key of pseudonyms cannot be used.
    #[error(transparent)]
    Key(#[from] finding::KeyError),
    /// An export cannot be opened.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// A report cannot be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// The report to convert cannot be read.
    #[error(transparent)]
    ReadReport(#[from] report::ReadError),
    /// A manifest cannot be read.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// The run cannot be compared with the night before.
    #[error(transparent)]
    Nights(#[from] nights::Error),
    /// The history cannot be kept.
    #[error(transparent)]
    History(#[from] history::Error),
    /// The expected customers are not known.
    #[error(transparent)]
    Population(#[from] population::Error),
    /// Partials are not those of one whole run.
    #[error(transparent)]
    Partial(#[from] partial::Error),
    /// A part of a run cannot be made, or not be merged.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// What rules over all records gather cannot be kept.
    #[error(transparent)]
    Aggregate(#[from] aggregate::Error),
    /// The pipeline could not run to its end.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
    /// A policy to start from would take the place of another file, or cannot be written.
    #[error("`{path}` could not be written")]
    NotNew {
        /// Its path.
        path: String,
        /// Why it cannot be written.
        source: io::Error,
    },
    /// Nothing is written that would name who runs the audit.
    #[error("--operator is written into the manifest: give --manifest FILE or --history DIR too")]
    NoManifest,
    /// The name is not one of a policy.
    #[error(
        "`{path}` is not the name of a policy: name it as mine.toml, in letters, digits, `-`, `_` and `.`"
    )]
    NoPolicyFile {
        /// The name.
        path: String,
    },
    /// No page and no command has the name.
    #[error("no {} is called `{word}`: {help}", match of.as_str() {
        "" => "topic and no command".to_owned(),
        of => format!("command of `{of}`"),
    })]
    NoHelp {
        /// The name.
        word: String,
        /// The command that was asked for one of its own; empty, if that is the program.
        of: String,
        /// What would be right.
        help: String,
    },
    /// The program has a fault.
    #[error(
        "the program has a fault, please report it: {panic}{}",
        .place.as_deref().map(|place| format!(" ({place})")).unwrap_or_default()
    )]
    Fault {
        /// What it said.
        panic: Panic,
        /// Where in the source, if that is known.
        place: Option<String>,
    },
    /// Stdout cannot be written.
    #[error("stdout could not be written")]
    Output(#[from] io::Error),
}

impl From<policy::Error> for Error {
    fn from(error: policy::Error) -> Self {
        Error::Policies(vec![error])
    }
}

impl From<Panic> for Error {
    fn from(panic: Panic) -> Self {
        Error::Fault {
            panic,
            place: panics::last_place(),
        }
    }
}

impl Error {
    /// Returns the error for a person, with its causes; an error in a policy is shown
    /// with its line.
    pub fn render(&self, colour: Colour) -> String {
        if let Error::Policies(errors) = self {
            let errors = errors.iter();
            let rendered: Vec<_> = errors
                .map(|error| error.render(colour == Colour::On))
                .collect();
            return rendered.join("\n\n");
        }
        if let Error::Config(error) = self
            && let Some(rendered) = error.render(colour == Colour::On)
        {
            return rendered;
        }
        if let Error::Waivers(error) = self {
            return error.render(colour == Colour::On);
        }
        let mut text = format!("error: {self}");
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            text.push_str(&format!(": {source}"));
            cause = source.source();
        }
        escape_controls(&text).into_owned()
    }
}
