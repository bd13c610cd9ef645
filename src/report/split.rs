//! A report for each customer, rule, severity or value of a field: one per ticket.

use std::fs::DirBuilder;
use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use super::destination::Destination;
use super::format::factory::new_report;
use super::json_writer::write_json;
use super::model::ended::Ended;
use super::model::footer::{Footer, Slice, SliceCounts};
use super::model::header::Header;
use super::model::life::Listed;
use super::model::row::FindingRow;
use super::output::{Asides, Error, Output, Written, folder_of, settle};
use super::paths::Paths;
use super::placing::Settled;
use super::render::{self, Found, Rendered, RenderedRow};
use super::reports::Planned;
use super::settings::{Layout, Screen, Settings, SplitBy};
use super::slice_names::{rule_name, take};
use super::ticket::{Ticket, TicketCounts};
use crate::external_sort::{Sorter, Spill};
use crate::record::Slot;
use crate::spool::{Spool, SpoolReader};

/// Keeps findings as rows, with their slices.
pub struct Renderer {
    by: SplitBy,
    slot: Option<Slot>,
}

impl Renderer {
    /// Returns a renderer for reports that are split so; `slot` is that of the field,
    /// if they are split by one.
    pub fn new(by: SplitBy, slot: Option<Slot>) -> Self {
        Self { by, slot }
    }
}

/// Returns the slice in which a finding of the night before was.
fn slice_of_ended(by: &SplitBy, ended: &Ended<'_>) -> Option<String> {
    match ended {
        Ended::Closed(closed) => match by {
            SplitBy::Customer => closed.customer_id.clone(),
            SplitBy::Rule => Some(rule_name(&closed.policy, &closed.rule)),
            SplitBy::Severity => Some(closed.severity.name().to_owned()),
            SplitBy::Field(name) => closed.slice.get(name).cloned(),
        },
        Ended::Carried(carried) => slice_of_row(by, &carried.row),
        Ended::Moved(row) => slice_of_row(by, row),
    }
}

fn slice_of_row(by: &SplitBy, row: &FindingRow<'_>) -> Option<String> {
    match by {
        SplitBy::Customer => row.customer_id.as_deref().map(str::to_owned),
        SplitBy::Rule => Some(rule_name(&row.policy, &row.rule)),
        SplitBy::Severity => Some(row.severity.name().to_owned()),
        SplitBy::Field(name) => {
            let mut slices = row.slice.iter();
            let value = slices.find(|(of, _)| of == name);
            value.map(|(_, value)| value.to_string())
        }
    }
}

impl render::Renderer for Renderer {
    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn splits_by(&self) -> Option<(String, Slot)> {
        Some((self.by.field()?.to_owned(), self.slot?))
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.rows.push(RenderedRow {
            rule_index: found.rule_index,
            slice: slice_of_row(&self.by, &found.row),
            row: found.row.clone().into_owned(),
        });
        Ok(())
    }
}

/// Says where a finding waits, and of which slice it is. They are ordered by slice,
/// and in each as the run is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slice: Option<String>,
    /// The first byte of the finding in the file where it waits.
    at: u64,
    /// The index of its rule among those of the header; none, if it is a finding of the night
    /// before that is none of this one, or is none of the slice.
    rule_index: Option<u64>,
}

/// Stands for no index.
const NO_INDEX: u64 = u64::MAX;

impl Spill for Place {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let slice = self.slice.as_deref().unwrap_or_default();
        writer.write_all(&[u8::from(self.slice.is_some())])?;
        writer.write_all(&(slice.len() as u64).to_le_bytes())?;
        writer.write_all(slice.as_bytes())?;
        writer.write_all(&self.at.to_le_bytes())?;
        writer.write_all(&self.rule_index.unwrap_or(NO_INDEX).to_le_bytes())
    }

    fn held_bytes(&self) -> usize {
        self.slice.as_ref().map_or(0, String::len)
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let (mut is_some, mut number) = ([0; 1], [0; 8]);
        reader.read_exact(&mut is_some)?;
        reader.read_exact(&mut number)?;
        let length = usize::try_from(u64::from_le_bytes(number)).map_err(io::Error::other)?;
        let mut slice = vec![0; length];
        reader.read_exact(&mut slice)?;
        reader.read_exact(&mut number)?;
        let at = u64::from_le_bytes(number);
        reader.read_exact(&mut number)?;
        let slice = String::from_utf8(slice).map_err(io::Error::other)?;
        Ok(Self {
            slice: (is_some != [0]).then_some(slice),
            at,
            rule_index: Some(u64::from_le_bytes(number)).filter(|index| *index != NO_INDEX),
        })
    }
}

/// The first byte of a line of a finding that is in the slice in which it was, or is new.
const STAYED: u8 = b's';

/// The first byte of a line of a finding of the night before that is none of this one.
const ENDED: u8 = b'e';

/// The first byte of a line of a finding that is of another slice than the night before.
const MOVED: u8 = b'm';

/// The first byte of a line of a slice whose ticket is still open, though nothing is left.
const PENDING: u8 = b'p';

/// How many findings are sorted in memory.
const SEGMENT_ITEMS: usize = 1 << 16;

/// How many bytes of findings wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 4 << 20;

/// Keeps the findings of a run until it is known which slices there are.
pub struct Split {
    by: SplitBy,
    destination: Destination,
    settings: Settings,
    places: Sorter<Place>,
    /// Findings as JSON, each on its line.
    rows: Spool,
}

/// Holds the reports of all slices, which are whole.
#[derive(Default)]
pub struct Slices {
    pub settled: Vec<Settled>,
    pub written: Vec<Written>,
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
            ..
        } = planned;
        let folder = folder_of(&destination.path);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| Error::Open {
            path: destination.path.display().to_string(),
            source,
        })?;
        Ok(Self {
            by,
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
            let has_moved = one.row.life.is_some_and(|life| life.moved);
            json.push(if has_moved { MOVED } else { STAYED });
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
        let is_moved = matches!(ended, Ended::Moved(_));
        if is_moved && self.by.field().is_none() {
            return Ok(());
        }
        let mut json = vec![if is_moved { MOVED } else { ENDED }];
        let kept = write_json(ended, &mut json).and_then(|()| {
            json.push(b'\n');
            self.places.push(Place {
                slice: slice_of_ended(&self.by, ended),
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
        let kept = kept.and_then(|()| self.rows.push(&[PENDING, b'\n']));
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

/// Reads findings that wait in a file.
struct Rows {
    file: SpoolReader,
    line: Vec<u8>,
}

impl Rows {
    fn new(file: Spool) -> io::Result<Self> {
        Ok(Self {
            file: file.into_reader()?,
            line: Vec::new(),
        })
    }

    fn read(&mut self, at: u64) -> io::Result<FindingRow<'static>> {
        self.file.seek_to(at)?;
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line)?;
        let Some((first, row)) = self.line.split_first() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut row: FindingRow<'static> = serde_json::from_slice(row)?;
        if let Some(life) = &mut row.life {
            life.moved = *first == MOVED;
        }
        Ok(row)
    }

    /// Reads a finding that ended; none, if the slice is but pending.
    fn read_ended(&mut self, at: u64) -> io::Result<Option<Ended<'static>>> {
        self.file.seek_to(at)?;
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line)?;
        Ok(match self.line.split_first() {
            Some((&PENDING, _)) => None,
            Some((&MOVED, row)) => Some(Ended::Moved(Box::new(serde_json::from_slice(row)?))),
            Some((_, ended)) => Some(serde_json::from_slice(ended)?),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        })
    }
}

/// Writes the reports of the slices, one after another.
struct Writer<'w> {
    by: &'w SplitBy,
    destination: &'w Destination,
    settings: &'w Settings,
    header: &'w Header,
    footer: &'w Footer,
    paths: &'w mut Paths,
    asides: &'w mut Asides,
    slices: Slices,
}

/// Represents the report of a slice that is being written.
struct OpenSlice {
    value: Option<String>,
    destination: Destination,
    renderer: Arc<dyn render::Renderer>,
    reporter: Box<dyn render::Reporter>,
    output: Output<'static>,
    counts: SliceCounts,
    ticket: TicketCounts,
    /// The findings that the report is bounded to, and how many of them there are.
    listed: Vec<Listed>,
    number: u64,
}

impl Writer<'_> {
    fn open(&mut self, value: Option<String>) -> Result<OpenSlice, Error> {
        let Destination {
            format, packing, ..
        } = *self.destination;
        let shown = Slice {
            by: self.by.to_string(),
            value,
        };
        let path = take(self.destination, &shown, self.paths)?;
        let mut output = Output::open_aside(&path, self.asides)?.packed(packing)?;
        output.watch();
        let (renderer, mut reporter) = new_report(format, self.header, self.settings, Screen::NONE)
            .map_err(|source| output.failed(source))?;
        let started = reporter.start(self.header, &mut output);
        started.map_err(|source| output.failed(source))?;
        Ok(OpenSlice {
            value: shown.value,
            destination: Destination {
                format,
                packing,
                path,
                layout: Layout::default(),
            },
            renderer,
            reporter,
            output,
            counts: SliceCounts::new(&self.footer.summary),
            ticket: TicketCounts::default(),
            listed: self.settings.listed.clone(),
            number: 0,
        })
    }

    fn settle(&mut self, slice: OpenSlice) -> Result<(), Error> {
        let OpenSlice {
            value,
            destination,
            renderer: _,
            reporter,
            output,
            counts,
            ticket,
            listed,
            number,
        } = slice;
        let slice = Slice {
            by: self.by.to_string(),
            value,
        };
        let ticket = Ticket::new(self.header, self.footer, &slice, ticket);
        let mut footer = self.footer.sliced(slice, counts);
        footer.summary.since = footer.summary.since.map(|_| ticket.counts);
        footer.summary.listed = (!listed.is_empty()).then_some(number);
        let (settled, written) = settle(reporter, output, Some(destination), self.header, &footer)?;
        self.slices.settled.push(settled);
        self.slices.written.extend(written.map(|written| Written {
            ticket: Some(ticket),
            ..written
        }));
        Ok(())
    }
}

impl OpenSlice {
    fn add_ended(&mut self, ended: &Ended<'_>) -> Result<(), Error> {
        self.ticket.ended(ended);
        let added = self.reporter.ended(ended, &mut self.output);
        added.map_err(|source| self.output.failed(source))
    }

    fn add(&mut self, row: FindingRow<'static>, rule_index: usize) -> Result<(), Error> {
        self.counts.count(rule_index, row.severity, row.status);
        self.ticket.finding(&row);
        if !Listed::lists(&self.listed, row.life.as_ref()) {
            return Ok(());
        }
        self.number += 1;
        let mut rendered = Rendered::default();
        let added = match self.renderer.has_room_for(row.severity) {
            true => {
                let found = Found {
                    row,
                    rule_index,
                    finding: None,
                };
                self.renderer.finding(&found, &mut rendered)
            }
            false => {
                rendered.left_out += 1;
                Ok(())
            }
        };
        let added = added.and_then(|()| {
            self.reporter
                .findings(&rendered.numbered(0), &mut self.output)
        });
        added.map_err(|source| self.output.failed(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_were_kept() {
        for slice in [None, Some(String::new()), Some("é".to_owned())] {
            let place = Place {
                slice,
                at: 7,
                rule_index: Some(3),
            };
            let mut bytes = Vec::new();
            place.write(&mut bytes).expect("memory");
            assert_eq!(Place::read(&mut bytes.as_slice()).expect("whole"), place);
        }
    }

    #[test]
    fn findings_come_back_in_any_order() {
        let all: Vec<_> = crate::report::fixture::rows().to_vec();
        let (mut file, mut places) = (Spool::new(100), Vec::new());
        for row in &all {
            places.push(file.bytes());
            let mut line = vec![STAYED];
            write_json(row, &mut line).expect("written");
            line.push(b'\n');
            file.push(&line).expect("written");
        }
        let mut rows = Rows::new(file).expect("rewound");
        for number in [2, 0, 1, 3, 3] {
            assert_eq!(rows.read(places[number]).expect("a row"), all[number]);
        }
    }
}
