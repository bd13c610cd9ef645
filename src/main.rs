//! The program: arguments in, exit code out.

use std::io;
use std::process::ExitCode;

use audit::terminal::{ClosedStdout, Streams};
use audit::{panics, signals};

fn main() -> ExitCode {
    panics::silence();
    signals::watch();
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let mut closed = ClosedStdout::instead_of(&stdout);
    let mut streams = Streams::of_process(&mut stdout, &mut stderr);
    if let Some(closed) = &mut closed {
        streams.stdout = closed;
    }
    let exit = audit::run::run(std::env::args_os(), streams);
    // A signal that is about to end the process says how it ends.
    signals::held(|_| exit.code().into())
}
