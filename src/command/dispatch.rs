//! Which function does what the command line asks for.

use std::io::Write;

use super::error::Error;
use super::exit::Exit;
use super::{check, completions, convert, explain, man, schema, show, test, verify};
use crate::cli::{Command, PolicyCommand};
use crate::terminal::{Streams, write_at_once};

/// Does what a subcommand asks.
///
/// # Errors
///
/// It could not be done.
pub fn dispatch(command: Command, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    match command {
        Command::Convert(args) => convert::convert(&args.into(), streams),
        Command::Verify { manifest } => verify::verify(&manifest, streams.stdout),
        Command::Policy { command } => {
            write_at_once(streams.stdout, |out| dispatch_policy(command, out))
        }
        Command::Fields => write_at_once(streams.stdout, |out| clean(show::fields(out))),
        Command::Explain(args) => {
            write_at_once(streams.stdout, |out| explain::explain(&args.into(), out))
        }
        Command::Schema { document } => {
            write_at_once(streams.stdout, |out| clean(schema::write(document, out)))
        }
        Command::Completions { shell } => {
            write_at_once(streams.stdout, |out| clean(completions::write(shell, out)))
        }
        Command::Man => write_at_once(streams.stdout, |out| clean(man::write(out))),
    }
}

fn dispatch_policy(command: PolicyCommand, out: &mut dyn Write) -> Result<Exit, Error> {
    match command {
        PolicyCommand::Test { policies, mutate } => test::test(&policies, mutate, out),
        PolicyCommand::Check { policies, format } => check::check(&policies, format, out),
        PolicyCommand::List => clean(show::list(out)),
        PolicyCommand::Show { policy, set } => clean(show::policy(&policy, &set, out)),
        PolicyCommand::New => clean(show::new(out)),
    }
}

fn clean(done: Result<(), Error>) -> Result<Exit, Error> {
    done.map(|()| Exit::Clean)
}
