//! All reports of a run: each is written, and all are whole, the slices of split
//! ones too, before the first takes its place.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bounded::bounded;
use super::destination::Destination;
use super::format::factory::new_report;
use super::model::ended::Ended;
use super::model::footer::{Footer, Slice};
use super::model::header::Header;
use super::model::life::Listed;
use super::model::life::Moves;
use super::model::row::Rejected;
use super::output::{Asides, Error, Output, Written, settle};
use super::paths::Paths;
use super::placing::{self, Settled};
use super::render::{RenderedChunk, Renderer, Renderers, Reporter};
use super::settings::{Format, Screen, Settings, SplitBy};
use super::slice_names;
use super::split::{self, SliceSource, Slices, Split};
use crate::digest::FileDigest;
use crate::finding::LateMark;

/// Describes the report on stdout.
pub struct OnStdout<'r> {
    /// How it is written.
    pub format: Format,
    /// What its writer needs to know.
    pub settings: Settings,
    /// Where it is read.
    pub screen: Screen,
    /// Where it goes.
    pub stdout: &'r mut (dyn Write + Send),
    /// Whether nothing is written to it before the report is whole.
    pub is_held: bool,
}

/// Holds a report that is to be a file, or many.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Where it goes, and how it is written.
    pub destination: Destination,
    /// What its writer needs to know.
    pub settings: Settings,
    /// What says in which slice a finding is, if the finding alone does not.
    pub slices: Option<SliceSource>,
}

impl Planned {
    /// Returns what the report is split by, if it is split: its path stands for many.
    pub fn split_by(&self) -> Option<&SplitBy> {
        let split_by = self.destination.layout.split_by.as_ref();
        split_by.filter(|_| self.destination.is_template())
    }

    /// Returns how findings can leave the slices by which some of these are split.
    pub fn moves(all: &[Self]) -> Moves {
        let splits = all.iter().filter_map(Self::split_by);
        splits.fold(Moves::default(), |moves, by| moves.or(by.moves()))
    }
}

/// Says where a report was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its path, in which `{}` stands for the name of a slice.
    pub path: PathBuf,
    /// How many files it is, if it is split.
    pub slices: Option<usize>,
}

/// Holds the reports that are being written.
pub struct Reports<'r> {
    all: Vec<Report<'r>>,
    paths: Paths,
    /// What is written once all reports are whole.
    beside: Beside<'r>,
}

/// Names the files that are written beside reports, once these are whole.
#[derive(Debug, Clone, Default)]
pub struct BesidePaths {
    /// Says what was read and written, in each of these files.
    pub manifests: Vec<PathBuf>,
    /// Holds what the next night needs of the findings.
    pub index: Option<PathBuf>,
}

/// Holds the files beside reports.
struct Beside<'r> {
    manifests: Vec<Output<'r>>,
    index: Option<(PathBuf, Output<'r>)>,
}

/// Holds reports that are whole, and not in their places yet.
#[must_use = "they take their places when that is asked for"]
pub struct Settlement<'r> {
    all: Vec<Settled>,
    written: Vec<Written>,
    placed: Vec<Placed>,
    beside: Beside<'r>,
    /// The places of which what is there stays.
    left: Vec<PathBuf>,
    /// They are removed with this.
    _asides: Asides,
}

/// Represents a report, or all slices of one, being written.
struct Report<'r> {
    renderer: Arc<dyn Renderer>,
    bound: Bound,
    to: To<'r>,
}

/// Says which findings a report lists, and how many.
#[derive(Debug, Clone, Default)]
struct Bound {
    /// All, if none is here.
    listed: Vec<Listed>,
    number: u64,
}

impl Bound {
    /// Returns how many findings are listed, if not all are.
    fn number(&self) -> Option<u64> {
        (!self.listed.is_empty()).then_some(self.number)
    }
}

enum To<'r> {
    One {
        reporter: Box<dyn Reporter>,
        output: Output<'r>,
        /// None, if it goes to stdout.
        destination: Option<Destination>,
    },
    Slices(Split),
}

impl<'r> Reports<'r> {
    /// Opens all reports, none of which is a file of `sources`.
    ///
    /// # Errors
    ///
    /// The first that cannot be written or must not.
    pub fn open(
        on_stdout: Option<OnStdout<'r>>,
        files: &[Planned],
        header: &Header,
        sources: &[&Path],
        beside: &BesidePaths,
    ) -> Result<Self, Error> {
        let is_split = |one: &&Planned| one.split_by().is_some();
        let (templates, files): (Vec<_>, Vec<_>) = files.iter().partition(is_split);
        let mut paths = Paths::new(sources);
        for file in &files {
            let Destination { format, path, .. } = &file.destination;
            let report = format!("the {} report `{}`", format.name(), path.display());
            paths.take(path, report)?;
        }
        for path in &beside.manifests {
            paths.take(path, format!("the manifest `{}`", path.display()))?;
        }
        if let Some(path) = &beside.index {
            paths.take(path, format!("the index `{}`", path.display()))?;
        }
        slice_names::check_names(&templates, header, &paths)?;
        let mut all = Vec::new();
        if let Some(OnStdout {
            format,
            settings,
            screen,
            stdout,
            is_held,
        }) = on_stdout
        {
            let output = match is_held {
                true => Output::held_stdout(stdout),
                false => Output::stdout(stdout),
            };
            all.push(Report::one(
                format, header, &settings, screen, output, None,
            )?);
        }
        for Planned {
            destination,
            settings,
            ..
        } in files
        {
            let mut output = Output::open(&destination.path)?.packed(destination.packing)?;
            if destination.format.only_counts() {
                output.let_all_read()?;
            }
            if !beside.manifests.is_empty() {
                output.watch();
            }
            let (format, destination) = (destination.format, Some(destination.clone()));
            all.push(Report::one(
                format,
                header,
                settings,
                Screen::NONE,
                output,
                destination,
            )?);
        }
        let manifests = beside.manifests.iter().map(|path| Output::open(path));
        let manifests = manifests.collect::<Result<_, _>>()?;
        let index = match &beside.index {
            Some(path) => {
                let mut output = Output::open(path)?;
                output.watch();
                Some((path.clone(), output))
            }
            None => None,
        };
        for planned in templates {
            if let Some(by) = planned.split_by() {
                all.push(Report {
                    renderer: Arc::new(split::Renderer::new(by.clone(), planned.slices.clone())),
                    // What is counted of a slice is of all its findings.
                    bound: Bound::default(),
                    to: To::Slices(Split::open(by.clone(), planned)?),
                });
            }
        }
        Ok(Self {
            all,
            paths,
            beside: Beside { manifests, index },
        })
    }

    /// Returns what renders findings for these reports.
    pub fn renderers(&self) -> Renderers {
        self.all.iter().map(|one| one.renderer.clone()).collect()
    }

    /// Writes what comes before the findings.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn start(&mut self, header: &Header) -> Result<(), Error> {
        self.each(|reporter, bound, output| reporter.start(&header.bounded(&bound.listed), output))
    }

    /// Writes findings, as the renderers of these reports rendered them.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn findings(&mut self, chunk: &mut RenderedChunk) -> Result<(), Error> {
        for (report, rendered) in self.all.iter_mut().zip(chunk.iter_mut()) {
            match &mut report.to {
                To::One {
                    reporter, output, ..
                } => {
                    report.bound.number += rendered.listed;
                    let written = reporter.findings(rendered, output);
                    written.map_err(|source| output.failed(source))?;
                }
                To::Slices(split) => split.findings(std::mem::take(&mut rendered.rows))?,
            }
        }
        Ok(())
    }

    /// Adds what was known only once all records had been read.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn late_mark(&mut self, mark: &LateMark) -> Result<(), Error> {
        self.each(|reporter, _, _| reporter.late_mark(mark))
    }

    /// Adds a record that could not be read.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn rejected(&mut self, rejected: &Rejected<'_>) -> Result<(), Error> {
        self.each(|reporter, _, _| reporter.rejected(rejected))
    }

    /// Adds a finding of the night before that is no finding of this one.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn ended(&mut self, ended: &Ended<'_>) -> Result<(), Error> {
        for report in &mut self.all {
            match &mut report.to {
                To::One {
                    reporter, output, ..
                } => {
                    let taken = reporter.ended(ended, output);
                    taken.map_err(|source| output.failed(source))?;
                }
                To::Slices(split) => split.ended(ended)?,
            }
        }
        Ok(())
    }

    /// Adds that the ticket of a slice is still open, though nothing was left of it the
    /// night before.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub fn pending(&mut self, slice: &Slice) -> Result<(), Error> {
        for report in &mut self.all {
            match &mut report.to {
                To::One { .. } => {}
                To::Slices(split) => split.pending(slice)?,
            }
        }
        Ok(())
    }

    fn each(
        &mut self,
        mut act: impl FnMut(&mut dyn Reporter, &Bound, &mut Output<'r>) -> io::Result<()>,
    ) -> Result<(), Error> {
        for report in &mut self.all {
            match &mut report.to {
                To::One {
                    reporter, output, ..
                } => act(reporter.as_mut(), &report.bound, output)
                    .map_err(|source| output.failed(source))?,
                // Slices are known once all findings are.
                To::Slices(_) => {}
            }
        }
        Ok(())
    }

    /// Writes what comes after the findings, so that all reports are whole.
    ///
    /// # Errors
    ///
    /// A report cannot be written: files are as they were before.
    pub fn finish(self, header: &Header, footer: &Footer) -> Result<Settlement<'r>, Error> {
        let Self {
            all,
            mut paths,
            beside,
        } = self;
        let (mut settled, mut written) = (Vec::new(), Vec::new());
        let mut asides = Asides::default();
        let mut placed = Vec::new();
        for Report { bound, to, .. } in all {
            match to {
                To::One {
                    reporter,
                    output,
                    destination,
                } => {
                    placed.extend(destination.as_ref().map(|to| Placed {
                        path: to.path.clone(),
                        slices: None,
                    }));
                    let header = header.bounded(&bound.listed);
                    let footer = footer.bounded(bound.number());
                    let (one, file) = settle(reporter, output, destination, &header, &footer)?;
                    settled.push(one);
                    written.extend(file);
                }
                To::Slices(split) => {
                    let path = split.path().to_owned();
                    let slices = split.finish(header, footer, &mut paths, &mut asides)?;
                    let Slices {
                        settled: each,
                        written: files,
                    } = slices;
                    placed.push(Placed {
                        path,
                        slices: Some(each.len()),
                    });
                    settled.extend(each);
                    written.extend(files);
                }
            }
        }
        Ok(Settlement {
            all: settled,
            written,
            placed,
            beside,
            left: Vec::new(),
            _asides: asides,
        })
    }
}

impl Settlement<'_> {
    /// Returns the digests of the reports that are files, if there is to be a manifest.
    pub fn written(&self) -> &[Written] {
        &self.written
    }

    /// Writes the index, if there is to be one; returns its digest.
    ///
    /// # Errors
    ///
    /// It cannot be written: files are as they were before.
    pub fn index(
        &mut self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<FileDigest>, Error> {
        let Some((path, mut output)) = self.beside.index.take() else {
            return Ok(None);
        };
        let written = write(&mut output);
        written.map_err(|source| output.failed(source))?;
        let digest = output.digest(&path);
        self.all.push(output.settle()?);
        Ok(digest)
    }

    /// Writes every manifest.
    ///
    /// # Errors
    ///
    /// One cannot be written: files are as they were before.
    pub fn manifests(
        &mut self,
        write: impl Fn(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Error> {
        for mut output in std::mem::take(&mut self.beside.manifests) {
            let written = write(&mut output);
            written.map_err(|source| output.failed(source))?;
            self.all.push(output.settle()?);
        }
        Ok(())
    }

    /// Leaves what is in these places as it is.
    pub fn leave(&mut self, places: impl IntoIterator<Item = PathBuf>) {
        self.left.extend(places);
    }

    /// Lets all take their places, the manifests last. Returns the reports that are files.
    ///
    /// # Errors
    ///
    /// One cannot take its place: files are as they were before.
    pub fn place(mut self) -> Result<Vec<Placed>, Error> {
        self.all.retain(|one| {
            let place = one.waiting.as_ref().map(|(_, place)| place);
            place.is_none_or(|place| !self.left.contains(place))
        });
        placing::place(self.all)?;
        Ok(self.placed)
    }
}

impl<'r> Report<'r> {
    fn one(
        format: Format,
        header: &Header,
        settings: &Settings,
        screen: Screen,
        output: Output<'r>,
        destination: Option<Destination>,
    ) -> Result<Self, Error> {
        let (renderer, reporter) =
            new_report(format, header, settings, screen).map_err(|source| Error::Render {
                format: format.name(),
                source,
            })?;
        let listed = match format.is_of_all() {
            true => Vec::new(),
            false => settings.listed.clone(),
        };
        Ok(Self {
            renderer: bounded(renderer, &listed),
            bound: Bound { listed, number: 0 },
            to: To::One {
                reporter,
                output,
                destination,
            },
        })
    }
}
