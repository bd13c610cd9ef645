//! The nights of a history, for people and for programs.

use std::io::{self, Write};

use super::error::Error;
use super::exit::Exit;
use crate::history::{self, Folder, Overview};
use crate::options::{HistoryFormat, HistoryOptions};
use crate::report;
use crate::terminal::{Streams, write_at_once};

/// Shows the nights of a history.
///
/// # Errors
///
/// It is none, or has no night; or what is asked for cannot be written.
pub(super) fn history(options: &HistoryOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let format = match (options.format, &options.output) {
        (Some(format), _) => format,
        (None, None) => HistoryFormat::default(),
        (None, Some(path)) => {
            let path = path.display().to_string();
            return Err(history::Error::NoFormat { path }.into());
        }
    };
    let folder = Folder::read(&options.folder)?;
    let overview = Overview::new(&folder);
    if overview.nights.is_empty() && overview.alarms.is_empty() {
        let path = options.folder.display().to_string();
        return Err(history::Error::NoNight { path }.into());
    }
    let write = |out: &mut dyn Write| write(&overview, format, out);
    match &options.output {
        Some(path) => report::write_file(path, &[], |out| write(out))?,
        None => write_at_once(streams.stdout, write)?,
    }
    Ok(Exit::Clean)
}

fn write(overview: &Overview, format: HistoryFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        HistoryFormat::Text => history::write_text(overview, out),
        HistoryFormat::Csv => history::write_csv(overview, out),
        HistoryFormat::Json => history::write_json(overview, out),
        #[cfg(feature = "html")]
        HistoryFormat::Html => history::write_page(overview, out),
    }
}
