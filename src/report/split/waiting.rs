//! Findings that wait until it is known which slices there are.

use std::io::{self, BufRead, Read, Write};

use strum::VariantArray;

use crate::external_sort::Spill;
use crate::report::model::ended::Ended;
use crate::report::model::life::Moves;
use crate::report::model::row::FindingRow;
use crate::spool::{Spool, SpoolReader};
use crate::variants::{place, variant};

/// Says where a finding waits, and of which slice it is. They are ordered by slice,
/// and in each as the run is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) slice: Option<String>,
    /// The first byte of the finding in the file where it waits.
    pub(super) at: u64,
    /// The index of its rule among those of the header; none, if it is a finding of the night
    /// before that is none of this one, or is none of the slice.
    pub(super) rule_index: Option<u64>,
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

/// Says of what a line is, and what no report says of it: the first byte of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub(super) enum Kind {
    /// A finding, which was open in this slice the night before.
    WasOpen,
    /// A finding, which was not.
    WasNotOpen,
    /// A finding of the night before, open then, that is none of this one.
    OpenEnded,
    /// A finding of the night before, accepted then, that is none of this one.
    AcceptedEnded,
    /// A finding that was of this slice the night before, and is of another.
    Moved,
    /// A slice whose ticket is still open, though nothing is left.
    Pending,
}

impl Kind {
    /// Returns the byte for it.
    pub(super) fn byte(self) -> u8 {
        place(&self)
    }

    /// Splits a line into its kind and what is said.
    fn split(line: &[u8]) -> io::Result<(Self, &[u8])> {
        let (first, rest) = line.split_first().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((variant(*first)?, rest))
    }
}

/// Reads findings that wait in a file.
pub(super) struct Rows {
    file: SpoolReader,
    line: Vec<u8>,
}

impl Rows {
    pub(super) fn new(file: Spool) -> io::Result<Self> {
        Ok(Self {
            file: file.into_reader()?,
            line: Vec::new(),
        })
    }

    pub(super) fn read(&mut self, at: u64) -> io::Result<FindingRow<'static>> {
        self.read_line(at)?;
        let (kind, row) = Kind::split(&self.line)?;
        let mut row: FindingRow<'static> = serde_json::from_slice(row)?;
        if let Some(life) = &mut row.life {
            life.was_open = kind == Kind::WasOpen;
            life.moves = Moves::default();
        }
        Ok(row)
    }

    /// Reads a finding that ended; none, if the slice is but pending.
    pub(super) fn read_ended(&mut self, at: u64) -> io::Result<Option<Ended<'static>>> {
        self.read_line(at)?;
        let (kind, ended) = Kind::split(&self.line)?;
        Ok(match kind {
            Kind::Pending => None,
            Kind::Moved => {
                let row = Box::new(serde_json::from_slice(ended)?);
                Some(Ended::Moved(row, Moves::default()))
            }
            Kind::WasOpen | Kind::WasNotOpen | Kind::OpenEnded | Kind::AcceptedEnded => {
                let mut ended = serde_json::from_slice(ended)?;
                if let Ended::Closed(closed) = &mut ended {
                    closed.was_open = kind == Kind::OpenEnded;
                }
                Some(ended)
            }
        })
    }

    fn read_line(&mut self, at: u64) -> io::Result<()> {
        self.file.seek_to(at)?;
        self.line.clear();
        self.file.read_until(b'\n', &mut self.line).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json_writer::write_json;

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
            let mut line = vec![Kind::WasNotOpen.byte()];
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
