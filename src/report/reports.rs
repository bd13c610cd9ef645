//! All reports of a run: each is written, and all are whole before the first
//! takes its place.

use std::io::{self, Write};
use std::path::Path;

use super::split::{self, Split};
use super::{
    Destination, Error, Format, Head, Output, Rejected, Renderer, Reporter, Screen, Settings, Tail,
    Written,
};

/// The report on stdout.
pub struct OnStdout<'r> {
    /// How it is written.
    pub format: Format,
    /// Where it is seen.
    pub screen: Screen,
    /// Where it goes.
    pub stdout: &'r mut (dyn Write + Send),
}

/// The reports that are being written.
pub struct Reports<'r> {
    open: Vec<(Box<dyn Reporter>, Output<'r>)>,
    /// What each is, if it is a file.
    destinations: Vec<Option<Destination>>,
    /// Those of which there is one for each slice.
    splits: Vec<Split>,
    /// What is written once all reports are in their places.
    manifest: Option<Output<'r>>,
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
        settings: &Settings,
        sources: &[&Path],
        manifest: Option<&Path>,
    ) -> Result<(Vec<Box<dyn Renderer>>, Self), Error> {
        let (templates, destinations): (Vec<_>, Vec<_>) = destinations
            .iter()
            .partition(|one| settings.split_by.is_some() && split::is_template(&one.path));
        let paths = destinations.iter().map(|one| one.path.as_path());
        let paths: Vec<_> = paths.chain(manifest).collect();
        let mut outputs = Output::open_all(&paths, sources)?;
        let manifest = manifest.and_then(|_| outputs.pop());
        let mut renderers = Vec::new();
        let mut reports = Self {
            open: Vec::new(),
            destinations: Vec::new(),
            splits: Vec::new(),
            manifest,
        };
        let mut add = |format, screen, mut output: Output<'r>, destination| {
            let (renderer, reporter) = super::report(format, head, settings, screen);
            if reports.manifest.is_some() {
                output.watch();
            }
            renderers.push(renderer);
            reports.open.push((reporter, output));
            reports.destinations.push(destination);
        };
        if let Some(OnStdout {
            format,
            screen,
            stdout,
        }) = on_stdout
        {
            add(format, screen, Output::stdout(stdout), None);
        }
        for (destination, output) in destinations.iter().zip(outputs) {
            let (format, destination) = (destination.format, (*destination).clone());
            add(format, Screen::NONE, output, Some(destination));
        }
        if let Some((by, slot)) = &settings.split_by {
            if templates.is_empty() {
                return Err(Error::NoTemplate);
            }
            for destination in templates {
                renderers.push(Box::new(split::Renderer::new(by.clone(), *slot)) as _);
                let split = Split::open(by.clone(), destination, settings, sources)?;
                reports.splits.push(split);
            }
        }
        Ok((renderers, reports))
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
        })?;
        let splits = self.splits.iter_mut().zip(worded);
        splits
            .into_iter()
            .try_for_each(|(split, worded)| split.findings(worded))
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
        mut act: impl FnMut(&mut dyn Reporter, &mut Output<'r>) -> io::Result<()>,
    ) -> Result<(), Error> {
        for (reporter, output) in &mut self.open {
            act(reporter.as_mut(), output).map_err(|source| output.failed(source))?;
        }
        Ok(())
    }

    /// Writes what comes after the findings, and lets all reports take their
    /// places; `manifest` then writes of them, if that is wanted.
    ///
    /// # Errors
    ///
    /// A report cannot be written; files are as they were before.
    pub fn finish(
        self,
        head: &Head,
        tail: &Tail,
        manifest: impl FnOnce(Vec<Written>, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        let (mut whole, mut written) = (Vec::new(), Vec::new());
        for ((reporter, mut output), destination) in self.open.into_iter().zip(self.destinations) {
            let finished = reporter.finish(head, tail, &mut output);
            let settled = finished.and_then(|()| output.settle());
            settled.map_err(|source| output.failed(source))?;
            if let (Some(destination), Some((bytes, sha256))) = (destination, output.digest()) {
                written.push(Written {
                    format: destination.format,
                    path: destination.path.display().to_string(),
                    bytes,
                    sha256,
                });
            }
            whole.push(output);
        }
        whole.into_iter().try_for_each(Output::commit)?;
        for split in self.splits {
            written.extend(split.finish(head, tail)?);
        }
        let Some(mut output) = self.manifest else {
            return Ok(());
        };
        let told = manifest(written, &mut output).and_then(|()| output.settle());
        told.map_err(|source| output.failed(source))?;
        output.commit()
    }
}
