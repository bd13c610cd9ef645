//! What the authors of policies need: tests, explanations, what there is.

mod check;
pub mod convert;
mod explain;
mod schema;
mod show;
mod test;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::aggregate::{self, Aggregates, Partial};
use crate::cli::{AuthorCommand, PolicyCommand};
use crate::evaluate::Judge;
use crate::export::{
    self, Format, MAX_RECORD_BYTES, Reader, Sink, State, Stop, Unread, Unreadable,
};
use crate::finding::{Counts, Privacy, Summary};
use crate::policy::{self, Policies};
use crate::record::Record;

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A policy, or its cases, cannot be used.
    #[error("a policy cannot be used")]
    Policies(Vec<policy::Error>),
    /// An export cannot be opened.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// What rules over the whole export gather cannot be kept.
    #[error(transparent)]
    Aggregate(#[from] aggregate::Error),
    /// What is said cannot be written.
    #[error("stdout could not be written")]
    Output(#[from] io::Error),
}

impl From<policy::Error> for Error {
    fn from(error: policy::Error) -> Self {
        Error::Policies(vec![error])
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All is as it should be.
    Good,
    /// Something is not: a case that does not hold, a customer who is not there.
    Bad,
    /// Something could not be read.
    Incomplete,
    /// What was looked at cannot be used.
    Invalid,
}

/// Does what a command asks.
///
/// # Errors
///
/// It could not be done.
pub fn run(command: &AuthorCommand, out: &mut dyn Write) -> Result<Ended, Error> {
    match command {
        AuthorCommand::Policy { command } => match command {
            PolicyCommand::Test { policies, mutate } => return test::test(policies, *mutate, out),
            PolicyCommand::Check { policies, format } => {
                return check::check(policies, *format, out);
            }
            PolicyCommand::List => show::list(out)?,
            PolicyCommand::Show { policy, set } => show::policy(policy, set, out)?,
            PolicyCommand::New => show::new(out)?,
        },
        AuthorCommand::Fields => show::fields(out)?,
        AuthorCommand::Explain(options) => return explain::explain(options, out),
        AuthorCommand::Schema { document } => schema::write(*document, out)?,
        AuthorCommand::Completions { shell } => show::completions(*shell, out)?,
        AuthorCommand::Man => show::man(out)?,
    }
    Ok(Ended::Good)
}

/// One policy, or what is wrong with it.
fn load(
    name: &PathBuf,
    as_of: chrono::DateTime<chrono::Utc>,
    set: &[(String, String)],
) -> Result<Policies, Error> {
    Policies::load(std::slice::from_ref(name), as_of, set).map_err(Error::Policies)
}

/// What every rule makes of an export of few records, a line each, in the order
/// of the rules: `pass`, `fail`, `error` or `not-applicable`; of several
/// outcomes the worst. Not applicable also, if no record is in scope.
fn outcomes(policies: &Policies, ndjson: &[u8]) -> Result<Vec<&'static str>, String> {
    let mut few = Few {
        judge: Judge::new(policies),
        summary: Summary::new(policies),
        partial: Partial::default(),
    };
    let mut reader = Reader::new(&policies.schema, MAX_RECORD_BYTES);
    match reader.read(State::Start(Format::Ndjson), ndjson, true, &mut few) {
        Ok(_) | Err(Stop::Enough) => {}
        Err(Stop::Failed(why)) => return Err(why),
    }
    let Few {
        mut summary,
        partial,
        ..
    } = few;
    let mut aggregates = Aggregates::new(policies);
    let settled = aggregates.add(partial, 0, 0).and_then(|()| {
        let privacy = Privacy::Redacted;
        aggregates.settle(
            &[],
            privacy,
            &mut summary,
            |_| Ok::<_, aggregate::Error>(()),
        )
    });
    settled.map_err(|error| error.to_string())?;
    Ok(summary.by_rule.iter().map(outcome).collect())
}

/// Judges the few records that there are.
struct Few<'p> {
    judge: Judge<'p>,
    summary: Summary,
    partial: Partial,
}

impl Sink for Few<'_> {
    type Error = String;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<String>> {
        let (summary, partial) = (&mut self.summary, &mut self.partial);
        self.judge.judge(record, summary, partial, |_, _, _| {});
        Ok(())
    }

    fn rejected(&mut self, _: usize, why: Unreadable) -> Result<(), Stop<String>> {
        Err(why.to_string().into())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<String>> {
        Err("it is a line of a protocol".to_owned().into())
    }

    fn unread(&mut self, why: Unread) -> Result<(), Stop<String>> {
        Err(why.to_string().into())
    }
}

/// What outcomes are called, as `outcome` calls them.
const OUTCOMES: [&str; 4] = ["pass", "fail", "error", "not-applicable"];

/// The outcome that was counted; of several the worst.
fn outcome(counts: &Counts) -> &'static str {
    let [pass, fail, error, not_applicable] = OUTCOMES;
    match counts {
        Counts { fail: 1.., .. } => fail,
        Counts { error: 1.., .. } => error,
        Counts { pass: 1.., .. } => pass,
        _ => not_applicable,
    }
}
