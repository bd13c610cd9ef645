//! A run of the program: the arguments are read, the command is done, and an error
//! is printed.

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

use crate::cli::{self, Cli, Usage};
use crate::command::{Error, Exit, audit, configured, dispatch};
use crate::panics::caught;
use crate::report::Colour;
use crate::terminal::{Streams, chosen_colour};

/// Runs the program with these arguments, of which the first is its name, and with
/// streams that are no terminal; returns the exit code.
///
/// ```
/// let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
/// let args = ["audit", "policy", "list"];
/// assert_eq!(audit::run::main(args, &mut stdout, &mut stderr), 0);
/// assert!(stdout.starts_with(b"baseline"));
/// ```
pub fn main(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    stdout: &mut (dyn Write + Send),
    stderr: &mut (dyn Write + Send),
) -> u8 {
    run(args, Streams::plain(stdout, stderr)).code()
}

/// Runs the program with these arguments, of which the first is its name.
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    mut streams: Streams<'_>,
) -> Exit {
    let given: Vec<OsString> = args.into_iter().map(Into::into).collect();
    let mut cli = match cli::parse(&given) {
        Ok(cli) => cli,
        Err(usage) => return print_usage(&usage, &mut streams),
    };
    let after_name = given.iter().skip(1).map(|one| one.to_string_lossy());
    cli.set_arguments(after_name.map(Cow::into_owned).collect());
    let colour = chosen_colour(cli.colour(), streams.stderr_colour);
    let Cli {
        command,
        audit: args,
    } = cli;
    let done = caught(|| match command {
        Some(command) => dispatch(command, &mut streams),
        None => audit(&configured(args)?.options, &mut streams),
    });
    let done = done.unwrap_or_else(|panic| Err(panic.into()));
    done.unwrap_or_else(|error| print_error(&error, colour, &mut streams))
}

fn print_error(error: &Error, colour: Colour, streams: &mut Streams<'_>) -> Exit {
    // Nobody reads a closed stderr; the exit code says it too.
    let _ = writeln!(streams.stderr, "{}", error.render(colour));
    Exit::Failed
}

/// Help goes to stdout, mistakes to stderr.
fn print_usage(usage: &Usage, streams: &mut Streams<'_>) -> Exit {
    match usage {
        Usage::Help(text) => {
            let stdout = &mut streams.stdout;
            let written = write!(stdout, "{text}").and_then(|()| stdout.flush());
            written.map_or_else(
                |error| print_error(&error.into(), Colour::Off, streams),
                |()| Exit::Clean,
            )
        }
        Usage::Mistake(text) => {
            // Nobody reads a closed stderr; the exit code says it too.
            let _ = write!(streams.stderr, "{text}");
            Exit::Failed
        }
    }
}
