//! Other reports from a json or ndjson report: the same bytes as the run itself
//! would have written.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use super::error::Error;
use super::exit::Exit;
use crate::options::ConvertOptions;
use crate::pipeline;
use crate::report::{
    self, Found, Head, Line, Listener, OnStdout, Rejected, Renderer, Reports, Screen, SplitBy,
    Words,
};
use crate::terminal::Streams;

/// Makes the reports that are asked for from another.
///
/// # Errors
///
/// It could not be done: files are as they were before.
pub(super) fn convert(options: &ConvertOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    let mut converter = Converter {
        options,
        screen: streams.screen(options.colour),
        stdout: Some(&mut *streams.stdout),
        open: None,
    };
    let tail = report::read(&options.report, &mut converter)?;
    if let Some(Open { reports, head, .. }) = converter.open {
        reports.finish(&head, &tail, |_, _| Ok(()))?;
    }
    Ok(Exit::Clean)
}

struct Converter<'c> {
    options: &'c ConvertOptions,
    screen: Screen,
    stdout: Option<&'c mut (dyn Write + Send)>,
    open: Option<Open<'c>>,
}

/// Holds the reports, once it is known what they are about.
struct Open<'c> {
    head: Head,
    /// The indexes of rules among all, by policy and rule.
    rules: HashMap<(String, String), usize>,
    renderers: Vec<Box<dyn Renderer>>,
    reports: Reports<'c>,
}

impl Listener for Converter<'_> {
    type Error = Error;

    fn head(&mut self, head: Head) -> Result<(), Error> {
        let options = &self.options.reports;
        let on_stdout = options.stdout.zip(self.stdout.take());
        let on_stdout = on_stdout.map(|(format, stdout)| OnStdout {
            format,
            screen: self.screen,
            stdout,
        });
        if let Some(name) = options.split_by.as_ref().and_then(SplitBy::field) {
            let why = "a report does not hold it; the run itself can";
            let name = name.to_owned();
            return Err(report::Error::NoField { name, why }.into());
        }
        let sources: Vec<&Path> = match self.options.report.as_os_str() == "-" {
            true => Vec::new(),
            false => vec![&self.options.report],
        };
        let settings = options.settings(None);
        let (renderers, mut reports) =
            Reports::open(on_stdout, &options.files, &head, &settings, &sources, None)?;
        reports.start(&head)?;
        let rules = head.rules().enumerate();
        let rules =
            rules.map(|(index, (policy, rule))| ((policy.id.clone(), rule.id.clone()), index));
        self.open = Some(Open {
            rules: rules.collect(),
            head,
            renderers,
            reports,
        });
        Ok(())
    }

    fn line(&mut self, mut line: Line<'static>) -> Result<(), Error> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let names = (
            line.policy.clone().into_owned(),
            line.rule.clone().into_owned(),
        );
        let Some(rule) = open.rules.get(&names).copied() else {
            return Err(Error::UnknownRule(format!("{}/{}", names.0, names.1)));
        };
        let number = line.record;
        line.record = number.map(|_| 0);
        let found = Found {
            line,
            number,
            rule,
            finding: None,
        };
        let mut words: Vec<_> = open.renderers.iter().map(|_| Words::default()).collect();
        report::word_found(&found, &open.renderers, &mut words).map_err(pipeline::Error::Render)?;
        let words: Vec<_> = words.iter().map(|words| words.numbered(0)).collect();
        Ok(open.reports.findings(&words)?)
    }

    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => Ok(open.reports.rejected(&rejected)?),
            None => Ok(()),
        }
    }
}
