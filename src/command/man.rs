//! The manual page.

use std::io::Write;

use super::error::Error;
use crate::cli;

/// Writes the manual page, as roff.
pub(super) fn write(out: &mut dyn Write) -> Result<(), Error> {
    Ok(clap_mangen::Man::new(cli::command()).render(out)?)
}
