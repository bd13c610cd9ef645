//! Other reports from a json or ndjson report: the same bytes as the run itself
//! would have written.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use crate::cli::Convert;
use crate::report::{
    self, Found, Head, Line, Listener, OnStdout, Rejected, Renderer, Reports, Screen, SplitBy,
    Words,
};

/// Why a report could not be made from another.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What it should be made from cannot be used.
    #[error(transparent)]
    Read(#[from] report::ReadError),
    /// It cannot be written.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// A finding is of no rule of the report.
    #[error("a finding is of rule `{0}`, which the report does not tell of")]
    NoRule(String),
}

/// Makes the reports that are asked for from another.
///
/// # Errors
///
/// It could not be done: files are as they were before.
pub fn convert(
    options: &Convert,
    screen: Screen,
    stdout: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut converter = Converter {
        options,
        screen,
        stdout: Some(stdout),
        open: None,
    };
    let tail = report::read(&options.report, &mut converter)?;
    if let Some(Open { reports, head, .. }) = converter.open {
        reports.finish(&head, &tail, |_, _| Ok(()))?;
    }
    Ok(())
}

struct Converter<'c> {
    options: &'c Convert,
    screen: Screen,
    stdout: Option<&'c mut (dyn Write + Send)>,
    open: Option<Open<'c>>,
}

/// The reports, once it is known what they are about.
struct Open<'c> {
    head: Head,
    /// The places of rules by policy and rule.
    rules: HashMap<(String, String), usize>,
    renderers: Vec<Box<dyn Renderer>>,
    reports: Reports<'c>,
}

impl Listener for Converter<'_> {
    type Error = Error;

    fn head(&mut self, head: Head) -> Result<(), Error> {
        let options = &self.options.reports;
        let wanted = options.format.is_some() || options.outputs.is_empty();
        let on_stdout = self
            .stdout
            .take()
            .filter(|_| wanted)
            .map(|stdout| OnStdout {
                format: options.format.unwrap_or(report::Format::Text),
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
        let (renderers, mut reports) = Reports::open(
            on_stdout,
            &options.outputs,
            &head,
            &settings,
            &sources,
            None,
        )?;
        reports.start(&head)?;
        let rules = head.rules().enumerate();
        let rules =
            rules.map(|(place, (policy, rule))| ((policy.id.clone(), rule.id.clone()), place));
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
            return Err(Error::NoRule(format!("{}/{}", names.0, names.1)));
        };
        let number = line.record.replace(0).or_else(|| {
            line.record = None;
            None
        });
        let found = Found {
            line,
            number,
            rule,
            finding: None,
        };
        let mut words: Vec<_> = open.renderers.iter().map(|_| Words::default()).collect();
        let worded = report::word_found(&found, &open.renderers, &mut words);
        debug_assert!(worded.is_ok(), "memory takes all that is written");
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
