//! Other reports from a json or ndjson report: the same bytes as the run itself
//! would have written.

use std::io::Write;
use std::path::Path;

use super::error::Error;
use super::exit::Exit;
use crate::options::{ConvertOptions, ReportOptions};
use crate::pipeline;
use crate::report::{
    self, BesidePaths, Ended, FindingRow, Found, Header, Listed, Listener, OnStdout, Planned,
    Rejected, RenderedChunk, Renderers, Reports, Screen, SplitBy,
};
use crate::terminal::Streams;

/// Makes the reports that are asked for from another.
///
/// # Errors
///
/// It could not be done: files are as they were before.
pub(super) fn convert(options: &ConvertOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    options.reports.are_of_findings()?;
    let mut converter = Converter {
        options,
        screen: streams.screen(options.colour),
        stdout: Some(&mut *streams.stdout),
        open: None,
    };
    let footer = report::read(&options.report, &mut converter)?;
    if let (Some(slice), Some(format)) = (&footer.summary.slice, options.reports.of_all()) {
        let (format, slice) = (format.name(), slice.to_string());
        return Err(report::Error::OfSlice { format, slice }.into());
    }
    if let Some(Open {
        reports, header, ..
    }) = converter.open
    {
        let _ = reports.finish(&header, &footer)?.place()?;
    }
    Ok(Exit::Clean)
}

/// Writes a finding of a report to others.
pub(super) fn write_row(
    rule_index: usize,
    row: FindingRow<'static>,
    renderers: &Renderers,
    reports: &mut Reports<'_>,
) -> Result<(), Error> {
    let found = Found {
        row,
        rule_index,
        finding: None,
    };
    let mut chunk = RenderedChunk::default();
    let rendered = renderers.found(&found, &mut chunk, |_| Ok(()));
    rendered.map_err(pipeline::Error::Render)?;
    chunk.number(0, &mut Vec::new());
    Ok(reports.findings(&mut chunk)?)
}

struct Converter<'c> {
    options: &'c ConvertOptions,
    screen: Screen,
    stdout: Option<&'c mut (dyn Write + Send)>,
    open: Option<Open<'c>>,
}

/// Holds the reports, once it is known what they are about.
struct Open<'c> {
    header: Header,
    renderers: Renderers,
    reports: Reports<'c>,
}

/// Says whether reports can be bounded, and split, as is asked.
fn may_be_bounded(options: &ReportOptions, header: &Header) -> Result<(), report::Error> {
    let listed = &header.listed;
    let why = if options.listed().next().is_some() && header.previous.is_none() {
        return Err(report::Error::NotCompared);
    } else if options
        .listed()
        .any(|one| !listed.is_empty() && !listed.contains(&one))
    {
        "nothing else can be listed of it"
    } else if options.is_split() && !listed.is_empty() {
        "how many there are of a slice is not known"
    } else if options.has_counts() && !listed.is_empty() {
        "metrics count all"
    } else {
        return Ok(());
    };
    let listed = Listed::in_words(listed);
    Err(report::Error::Bounded { listed, why })
}

impl Listener for Converter<'_> {
    type Error = Error;

    fn header(&mut self, header: Header) -> Result<(), Error> {
        let options = &self.options.reports;
        let on_stdout = options.stdout.zip(self.stdout.take());
        let on_stdout = on_stdout.map(|(format, stdout)| OnStdout {
            format,
            settings: options.settings(&options.layout),
            screen: self.screen,
            stdout,
            is_held: false,
        });
        let planned = options.planned(|name| {
            Err(report::Error::NoField {
                name: name.to_owned(),
                why: "a report does not hold it; the run itself can",
            })
        })?;
        may_be_bounded(options, &header)?;
        let mut splits = planned.iter().filter_map(Planned::split_by);
        if header.pseudonym_key.is_some()
            && let Some(by) = splits.find(|by| matches!(by, SplitBy::Table(_)))
        {
            return Err(Error::Report(report::Error::NoField {
                name: by.to_string(),
                why: "the report has pseudonyms, and the file has ids; the run itself can",
            }));
        }
        let sources: Vec<&Path> = match self.options.report.as_os_str() == "-" {
            true => vec![Path::new("/dev/stdin")],
            false => vec![&self.options.report],
        };
        let beside = BesidePaths::default();
        let mut reports = Reports::open(on_stdout, &planned, &header, &sources, &beside)?;
        reports.start(&header)?;
        self.open = Some(Open {
            header,
            renderers: reports.renderers(),
            reports,
        });
        Ok(())
    }

    fn finding(&mut self, rule_index: usize, row: FindingRow<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => write_row(rule_index, row, &open.renderers, &mut open.reports),
            None => Ok(()),
        }
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => Ok(open.reports.ended(&ended)?),
            None => Ok(()),
        }
    }

    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => Ok(open.reports.rejected(&rejected)?),
            None => Ok(()),
        }
    }
}
