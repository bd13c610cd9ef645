//! All reports of a run: each is written, and all are whole before the first
//! takes its place.

use std::io::Write;
use std::path::Path;

use super::{
    Colour, Destination, Error, Format, Head, Output, Rejected, Renderer, Reporter, Settings, Tail,
};

/// The report on stdout.
pub struct OnStdout<'r> {
    /// How it is written.
    pub format: Format,
    /// Whether it may be coloured.
    pub colour: Colour,
    /// Where it goes.
    pub stdout: &'r mut (dyn Write + Send),
}

/// The reports that are being written.
pub struct Reports<'r> {
    open: Vec<(Box<dyn Reporter>, Output<'r>)>,
}

impl<'r> Reports<'r> {
    /// Opens all reports, none of which is a file of `sources`; gives beside
    /// them what words findings for each.
    ///
    /// # Errors
    ///
    /// The first that cannot be written or must not.
    pub fn open(
        on_stdout: Option<OnStdout<'r>>,
        destinations: &[Destination],
        head: &Head,
        settings: Settings<'_>,
        sources: &[&Path],
    ) -> Result<(Vec<Box<dyn Renderer>>, Self), Error> {
        let outputs = Output::open_all(destinations, sources)?;
        let (mut renderers, mut open) = (Vec::new(), Vec::new());
        let mut add = |format, colour, output| {
            let (renderer, reporter) = super::report(format, head, settings, colour);
            renderers.push(renderer);
            open.push((reporter, output));
        };
        if let Some(OnStdout {
            format,
            colour,
            stdout,
        }) = on_stdout
        {
            add(format, colour, Output::stdout(stdout));
        }
        for (destination, output) in destinations.iter().zip(outputs) {
            add(destination.format, Colour::Off, output);
        }
        Ok((renderers, Self { open }))
    }

    /// Writes what comes before the findings.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn start(&mut self, head: &Head) -> Result<(), Error> {
        self.each(|reporter, output| reporter.start(head, output))
    }

    /// Writes findings, worded for each report in their order.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn findings(&mut self, worded: &[Vec<u8>]) -> Result<(), Error> {
        let mut worded = worded.iter();
        self.each(|reporter, output| match worded.next() {
            Some(worded) => reporter.findings(worded, output),
            None => Ok(()),
        })
    }

    /// Tells of a record that could not be read.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<(), Error> {
        self.each(|reporter, _| reporter.rejected(rejected))
    }

    fn each(
        &mut self,
        mut act: impl FnMut(&mut dyn Reporter, &mut Output<'r>) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        for (reporter, output) in &mut self.open {
            act(reporter.as_mut(), output).map_err(|source| output.failed(source))?;
        }
        Ok(())
    }

    /// Writes what comes after the findings, and lets all reports take their
    /// places.
    ///
    /// # Errors
    ///
    /// A report cannot be written; files are as they were before.
    pub fn finish(self, head: &Head, tail: &Tail) -> Result<(), Error> {
        let mut whole = Vec::new();
        for (reporter, mut output) in self.open {
            let finished = reporter.finish(head, tail, &mut output);
            let settled = finished.and_then(|()| output.settle());
            settled.map_err(|source| output.failed(source))?;
            whole.push(output);
        }
        whole.into_iter().try_for_each(Output::commit)
    }
}
