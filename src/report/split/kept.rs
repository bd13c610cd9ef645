//! The findings of a run, kept until it is known which slices there are.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::renderer::slice_of_ended;
use super::source::SliceSource;
use super::waiting::{Kind, Place, Rows};
use super::writer::{OpenSlice, Slices, Writer};
use crate::external_sort::Sorter;
use crate::report::destination::Destination;
use crate::report::json_writer::write_json;
use crate::report::model::ended::Ended;
use crate::report::model::footer::{Footer, Slice};
use crate::report::model::header::Header;
use crate::report::model::life::Life;
use crate::report::output::{Asides, Error, folder_of};
use crate::report::paths::Paths;
use crate::report::render::RenderedRow;
use crate::report::reports::Planned;
use crate::report::settings::{Settings, SplitBy};
use crate::spool::Spool;

/// How many findings are sorted in memory.
const SEGMENT_ITEMS: usize = 1 << 16;

/// How many bytes of findings wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 4 << 20;

/// Keeps the findings of a run until it is known which slices there are.
pub struct Split {
    by: SplitBy,
    slices: Option<SliceSource>,
    destination: Destination,
    settings: Settings,
    places: Sorter<Place>,
    /// Findings as JSON, each on its line.
    rows: Spool,
}

impl Split {
    /// Returns what will write a report for each slice. Their files are opened once
    /// it is known which they are; their folder is made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn open(by: SplitBy, planned: &Planned) -> Result<Self, Error> {
        let Planned {
            destination,
            settings,
            slices,
        } = planned;
        let folder = folder_of(&destination.path);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| Error::Open {
            path: destination.path.display().to_string(),
            source,
        })?;
        Ok(Self {
            by,
            slices: slices.clone(),
            destination: destination.clone(),
            settings: settings.clone(),
            places: Sorter::new(SEGMENT_ITEMS),
            rows: Spool::new(SPOOL_BYTES),
        })
    }

    /// Returns the path that stands for many.
    pub fn path(&self) -> &Path {
        &self.destination.path
    }

    /// Takes in findings.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    pub fn findings(&mut self, rows: Vec<RenderedRow>) -> Result<(), Error> {
        let mut json = Vec::new();
        let kept = rows.into_iter().try_for_each(|one| {
            json.clear();
            let was_open_here = |life: Life| life.was_open && !self.by.is_left_by(life.moves);
            let kind = match one.row.life.is_some_and(was_open_here) {
                true => Kind::WasOpen,
                false => Kind::WasNotOpen,
            };
            json.push(kind.byte());
            write_json(&one.row, &mut json)?;
            json.push(b'\n');
            self.places.push(Place {
                slice: one.slice,
                at: self.rows.bytes(),
                rule_index: Some(one.rule_index as u64),
            })?;
            self.rows.push(&json)
        });
        kept.map_err(|source| failed(&self.destination, source))
    }

    /// Takes in a finding of the night before that is none of this one, or is none of its
    /// slice any more.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn ended(&mut self, ended: &Ended<'_>) -> Result<(), Error> {
        let kind = match ended {
            Ended::Moved(_, moves) if !self.by.is_left_by(*moves) => return Ok(()),
            Ended::Moved(..) => Kind::Moved,
            Ended::Closed(closed) if !closed.was_open => Kind::AcceptedEnded,
            Ended::Closed(_) | Ended::Carried(_) => Kind::OpenEnded,
        };
        let mut json = vec![kind.byte()];
        let kept = write_json(ended, &mut json).and_then(|()| {
            json.push(b'\n');
            self.places.push(Place {
                slice: slice_of_ended(&self.by, self.slices.as_ref(), ended),
                at: self.rows.bytes(),
                rule_index: None,
            })?;
            self.rows.push(&json)
        });
        kept.map_err(|source| failed(&self.destination, source))
    }

    /// Takes in that the ticket of a slice is still open, though nothing was left of it the
    /// night before.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn pending(&mut self, slice: &Slice) -> Result<(), Error> {
        if slice.by != self.by.to_string() {
            return Ok(());
        }
        let place = Place {
            slice: slice.value.clone(),
            at: self.rows.bytes(),
            rule_index: None,
        };
        let kept = self.places.push(place);
        let kept = kept.and_then(|()| self.rows.push(&[Kind::Pending.byte(), b'\n']));
        kept.map_err(|source| failed(&self.destination, source))
    }

    /// Writes a report for each slice, in folders aside; none takes its place yet.
    ///
    /// # Errors
    ///
    /// One cannot be written, or would take the place of another.
    pub fn finish(
        self,
        header: &Header,
        footer: &Footer,
        paths: &mut Paths,
        asides: &mut Asides,
    ) -> Result<Slices, Error> {
        let failed = |source| failed(&self.destination, source);
        let header = &header.bounded(&self.settings.listed);
        let mut writer = Writer {
            by: &self.by,
            destination: &self.destination,
            settings: &self.settings,
            header,
            footer,
            paths,
            asides,
            slices: Slices::default(),
        };
        let mut rows = Rows::new(self.rows).map_err(failed)?;
        let mut open = None::<OpenSlice>;
        for place in self.places.sorted().map_err(failed)? {
            let place = place.map_err(failed)?;
            let mut slice = match open.take() {
                Some(slice) if slice.value == place.slice => slice,
                before => {
                    if let Some(before) = before {
                        writer.settle(before)?;
                    }
                    writer.open(place.slice)?
                }
            };
            match place.rule_index {
                Some(rule_index) => {
                    let row = rows.read(place.at).map_err(failed)?;
                    slice.add(row, usize::try_from(rule_index).unwrap_or(usize::MAX))?;
                }
                None => match rows.read_ended(place.at).map_err(failed)? {
                    Some(ended) => slice.add_ended(&ended)?,
                    None => slice.ticket.pending(),
                },
            }
            open = Some(slice);
        }
        if let Some(last) = open {
            writer.settle(last)?;
        }
        Ok(writer.slices)
    }
}

fn failed(destination: &Destination, source: io::Error) -> Error {
    Error::Write {
        path: format!("`{}`", destination.path.display()),
        source,
    }
}
