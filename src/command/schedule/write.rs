//! The command: the configuration is read, and what runs it is printed.

use chrono::Utc;

use super::error::ScheduleError;
use super::job::Job;
use super::template;
use crate::cli::ScheduleArgs;
use crate::command::Error;
use crate::command::configured::is_enough;
use crate::command::exit::Exit;
use crate::config::Config;
use crate::terminal::{Streams, write_at_once};

/// Prints what runs a configuration every night.
///
/// # Errors
///
/// The configuration cannot be used, or has a path that no schedule can hold.
pub(in crate::command) fn schedule(
    args: &ScheduleArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, Error> {
    let as_of = args.as_of.unwrap_or_else(Utc::now);
    let config = Config::read(&args.config, as_of)?;
    let path = args.config.display().to_string();
    let policies = config.policies.as_ref();
    let exports = config.exports.as_ref();
    is_enough(
        Some(&path),
        policies.map_or(&[], |policies| &policies.value),
        exports.map_or(&[], |exports| &exports.value),
    )?;
    let job = Job::new(args, &config, as_of)?;
    let text = template::filled(args.scheduler, &job).map_err(ScheduleError::from)?;
    if config.reports.is_empty() && config.history.is_none() {
        let note = "audit: note: the configuration has no [[report]] and no history: nobody will \
                    see what a night finds";
        writeln!(streams.stderr, "{note}")?;
    }
    write_at_once(streams.stdout, |out| Ok(out.write_all(text.as_bytes())?)).map(|()| Exit::Clean)
}
