//! Completions of the command line, for a shell.

use std::io::Write;

use super::error::Error;
use crate::cli;

/// Writes the completions for a shell.
pub(super) fn write(shell: clap_complete::Shell, out: &mut dyn Write) -> Result<(), Error> {
    let (mut command, mut script) = (cli::command(), Vec::new());
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(out.write_all(&script)?)
}
