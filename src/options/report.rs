//! Which reports are written, and how.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::record::Slot;
use crate::report::{
    self, Destination, Format, Layout, Listed, Planned, Settings, SliceFile, SliceSource, SplitBy,
    WholeReport,
};

/// Stands in the address of the whole report for the name of its file.
pub const FILE_OF_LINK: &str = "{file}";

/// Says which reports are written, and how.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// The format of the report on stdout, if there is one.
    pub stdout: Option<Format>,
    /// The files to write.
    pub files: Vec<Destination>,
    /// What is asked of the report on stdout. Each file has a layout of its own.
    pub layout: Layout,
    /// The address of a file that holds every finding, in which [`FILE_OF_LINK`] stands
    /// for its name.
    pub link: Option<String>,
    /// The name of the run among others whose metrics are collected.
    pub job: Option<String>,
}

impl ReportOptions {
    /// Returns the settings of a report of this layout.
    pub fn settings(&self, layout: &Layout) -> Settings {
        let whole = self.files.iter();
        let whole = whole.filter(|file| {
            let is_split = file.layout.split_by.is_some() && file.is_template();
            file.format.is_whole() && file.layout.listed.is_empty() && !is_split
        });
        let whole = whole.map(|file| WholeReport {
            path: file.path.display().to_string(),
            link: self.link.as_ref().map(|link| {
                let name = file.path.file_name().unwrap_or_default();
                link.replace(FILE_OF_LINK, &report::uri(&name.to_string_lossy()))
            }),
        });
        Settings {
            job: self.job.clone(),
            ..Settings::new(layout, whole.collect())
        }
    }

    /// Returns whether some report is split.
    pub fn is_split(&self) -> bool {
        let layouts = self.files.iter().map(|file| &file.layout);
        let mut layouts = layouts.chain([&self.layout]);
        layouts.any(|layout| layout.split_by.is_some())
    }

    /// Returns whether some report only counts findings, and so is always of all.
    pub fn has_counts(&self) -> bool {
        let formats = self.files.iter().map(|file| file.format);
        formats.chain(self.stdout).any(Format::only_counts)
    }

    /// Returns the format of a report that is always of the whole run, if there is one.
    pub fn of_all(&self) -> Option<Format> {
        let formats = self.files.iter().map(|file| file.format);
        formats.chain(self.stdout).find(|format| format.is_of_all())
    }

    /// Makes sure that all reports can be made from another.
    ///
    /// # Errors
    ///
    /// One is of records, which no report holds.
    pub fn are_of_findings(&self) -> Result<(), report::Error> {
        let formats = self.files.iter().map(|file| file.format);
        let mut formats = formats.chain(self.stdout);
        match formats.find(|format| format.is_of_records()) {
            Some(format) => Err(report::Error::OfRecords {
                format: format.name(),
            }),
            None => Ok(()),
        }
    }

    /// Returns the findings that some report is bounded to, if one is.
    pub fn listed(&self) -> impl Iterator<Item = Listed> {
        let layouts = self.files.iter().map(|file| &file.layout);
        let layouts = layouts.chain([&self.layout]);
        layouts.flat_map(|layout| layout.listed.iter().copied())
    }

    /// Returns the reports that are files, with all that their writers need to know;
    /// `slot` gives that of the field of a name.
    ///
    /// # Errors
    ///
    /// There is no such field, or reports should be split and none is.
    pub fn planned(
        &self,
        mut slot: impl FnMut(&str) -> Result<Slot, report::Error>,
    ) -> Result<Vec<Planned>, report::Error> {
        let is_wanted = self.is_split();
        let mut planned = Vec::new();
        let mut names = SliceNames::default();
        for destination in &self.files {
            if destination.format.is_of_all() && destination.is_template() {
                return Err(report::Error::OfAll {
                    path: destination.path.display().to_string(),
                    format: destination.format.name(),
                });
            }
            let mut destination = destination.clone();
            let split_by = destination.layout.split_by.take();
            let slices = split_by.map(|by| names.slices(by, &mut slot)).transpose()?;
            let (split_by, slices) = slices.unzip();
            let slices = slices.flatten();
            destination.layout.split_by = split_by;
            planned.push(Planned {
                settings: self.settings(&destination.layout),
                destination,
                slices,
            });
        }
        match is_wanted && planned.iter().all(|file| file.split_by().is_none()) {
            true => Err(report::Error::NoTemplate),
            false => Ok(planned),
        }
    }
}

/// Holds the names under which findings say in which slices they are: one says it in one way.
#[derive(Debug, Default)]
pub struct SliceNames(BTreeMap<String, String>);

impl SliceNames {
    /// Returns what reports are split by, and what says in which slice a finding is, if nothing
    /// else in it does; `slot` gives that of the field of a name.
    ///
    /// # Errors
    ///
    /// There is no such field or file, or another is called alike.
    pub fn slices(
        &mut self,
        by: SplitBy,
        mut slot: impl FnMut(&str) -> Result<Slot, report::Error>,
    ) -> Result<(SplitBy, Option<SliceSource>), report::Error> {
        Ok(match by {
            SplitBy::Field(name) => {
                self.take(&name, format!("field:{name}"))?;
                let source = SliceSource::Field(slot(&name)?);
                (SplitBy::Field(name), Some(source))
            }
            SplitBy::File(path) => {
                let table = SliceFile::read(&path)?;
                let name = table.name().to_owned();
                self.take(&name, format!("file:{}", path.display()))?;
                let source = SliceSource::File(Arc::new(table));
                (SplitBy::Table(name), Some(source))
            }
            other => (other, None),
        })
    }

    fn take(&mut self, name: &str, by: String) -> Result<(), report::Error> {
        let first = self.0.entry(name.to_owned()).or_insert_with(|| by.clone());
        match *first == by {
            true => Ok(()),
            false => Err(report::Error::SameSlices {
                name: name.to_owned(),
                first: first.clone(),
                second: by,
            }),
        }
    }
}
