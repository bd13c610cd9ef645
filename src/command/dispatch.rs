//! Which function does what the command line asks for.

use std::io::Write;

use super::error::Error;
use super::exit::Exit;
use super::{
    check, completions, config, convert, diff, explain, help, history, man, merge, schedule,
    schema, shard, show, test, verify, waive, waivers,
};
use crate::cli::{Command, ConfigCommand, PolicyCommand, WaiversCommand};
use crate::terminal::{Streams, write_at_once};

/// Does what a subcommand asks.
///
/// # Errors
///
/// It could not be done.
pub fn dispatch(command: Command, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    match command {
        Command::Convert(args) => convert::convert(&args.into(), streams),
        Command::Diff(args) => diff::diff(&args.into(), streams),
        Command::History(args) => history::history(&args.into(), streams),
        Command::Schedule(args) => schedule::schedule(&args, streams),
        Command::Shard(args) => shard::shard(*args, streams),
        Command::Merge(args) => merge::merge(*args, streams),
        Command::Verify(args) => verify::verify(&args.into(), streams.stdout),
        Command::Waive(args) => {
            write_at_once(streams.stdout, |out| waive::waive(&args.into(), out))
        }
        Command::Waivers {
            command: WaiversCommand::Check(args),
        } => write_at_once(streams.stdout, |out| waivers::check(&args.into(), out)),
        Command::Policy { command } => {
            write_at_once(streams.stdout, |out| dispatch_policy(command, out))
        }
        Command::Fields => print(streams, show::fields),
        Command::Explain(args) => {
            write_at_once(streams.stdout, |out| explain::explain(&args.into(), out))
        }
        Command::Config {
            command: ConfigCommand::Show(args),
        } => print(streams, |out| config::show(*args, out)),
        Command::Schema { document } => print(streams, |out| schema::write(document, out)),
        Command::Completions { shell } => print(streams, |out| completions::write(shell, out)),
        Command::Man => print(streams, man::write),
        Command::Help { words } => print(streams, |out| help::write(&words, out)),
    }
}

fn dispatch_policy(command: PolicyCommand, out: &mut dyn Write) -> Result<Exit, Error> {
    match command {
        PolicyCommand::Test { policies, mutate } => test::test(&policies, mutate, out),
        PolicyCommand::Check {
            policies,
            format,
            set,
        } => check::check(&policies, format, &set, out),
        PolicyCommand::List => clean(show::list(out)),
        PolicyCommand::Show {
            policy,
            set,
            format,
        } => clean(show::policy(&policy, &set, format, out)),
        PolicyCommand::New { file } => clean(show::new(file.as_deref(), out)),
    }
}

/// Writes to stdout, all at once; once that is done, all is as it should be.
fn print(
    streams: &mut Streams<'_>,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<Exit, Error> {
    write_at_once(streams.stdout, |out| clean(write(out)))
}

fn clean(done: Result<(), Error>) -> Result<Exit, Error> {
    done.map(|()| Exit::Clean)
}
