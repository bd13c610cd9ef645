//! The program: arguments in, exit code out.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use audit::terminal::Streams;
use signal_hook::consts::{SIGINT, SIGTERM};

fn main() -> ExitCode {
    // Reports are written aside and have no name yet: a run can end at once,
    // and leaves nothing behind.
    for signal in [SIGINT, SIGTERM] {
        let armed = Arc::new(AtomicBool::new(true));
        // Without it the signal's own action ends the run, as surely.
        let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, armed);
    }
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let streams = Streams::of_process(&mut stdout, &mut stderr);
    audit::run::run(std::env::args_os(), streams).code().into()
}
