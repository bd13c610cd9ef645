//! Other reports from a json or ndjson report: the same bytes as the run itself
//! would have written.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use crate::cli::Convert;
use crate::report::{
    self, FindingRow, Found, Header, Listener, OnStdout, Rejected, RenderedChunk, Renderers,
    Reports, Screen, SplitBy,
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
    /// A finding could not be rendered.
    #[error("a finding could not be rendered")]
    Render(#[source] io::Error),
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
    head: Header,
    /// The indices of rules by policy and rule.
    rules: HashMap<(String, String), usize>,
    renderers: Renderers,
    reports: Reports<'c>,
}

impl Listener for Converter<'_> {
    type Error = Error;

    fn header(&mut self, head: Header) -> Result<(), Error> {
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
        let mut reports = Reports::open(
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
            renderers: reports.renderers(),
            reports,
        });
        Ok(())
    }

    fn finding(&mut self, row: FindingRow<'static>) -> Result<(), Error> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let names = (
            row.policy.clone().into_owned(),
            row.rule.clone().into_owned(),
        );
        let Some(rule_index) = open.rules.get(&names).copied() else {
            return Err(Error::NoRule(format!("{}/{}", names.0, names.1)));
        };
        let found = Found {
            row,
            rule_index,
            finding: None,
        };
        let mut chunk = RenderedChunk::default();
        let rendered = open.renderers.found(&found, &mut chunk);
        rendered.map_err(Error::Render)?;
        Ok(open.reports.findings(chunk.numbered(0))?)
    }

    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => Ok(open.reports.rejected(&rejected)?),
            None => Ok(()),
        }
    }
}
