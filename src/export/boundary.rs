//! Where in an export another reading can most likely begin: before a record.

use std::convert::Infallible;

use memchr::{memchr_iter, memrchr};

use super::format::{Format, MAX_RECORD_BYTES, PREVIEW_BYTES};
use super::json::{self, Container, Next, Position};
use super::pages::Remark;
use super::reader::{Reader, State};
use super::sink::{Sink, Stop, Unread, Unreadable};
use crate::record::{Record, Schema};

/// Says where the next chunk of an export is likely to begin.
#[derive(Debug, Clone)]
pub(super) enum Boundary {
    /// Nothing of the export has been seen.
    First,
    /// In this state, before an object that begins with these keys, if any.
    Known { state: State, keys: Vec<Vec<u8>> },
    /// Anywhere.
    None,
}

impl Boundary {
    /// Reads the beginning of an export to see how it goes on.
    pub(super) fn find(schema: &Schema, format: Format, bytes: &[u8]) -> Self {
        let mut reader = Reader::new(schema, MAX_RECORD_BYTES);
        let mut look = |bytes: &[u8]| {
            let read = reader.read(State::Start(format), bytes, false, &mut Nothing);
            // Nothing is known of an export whose reading was stopped.
            read.map_or(State::Lost, |(state, _)| state)
        };
        // The first records tell, unless they are large.
        let state = match look(&bytes[..bytes.len().min(PREVIEW_BYTES)]) {
            known if Self::is_known(&known) => known,
            _ => look(bytes),
        };
        match state {
            State::Json(json::State { at, document, .. }) => {
                let container = match at {
                    Position::Between(container, _) => container,
                    Position::Broken(..) => return Boundary::None,
                };
                let is_known = match container {
                    Container::Lines => document.place.is_some(),
                    Container::Records => true,
                    Container::Map | Container::Members | Container::Elements => false,
                };
                if !is_known {
                    return Boundary::None;
                }
                let state = json::State {
                    at: Position::Between(container, Next::Value),
                    document,
                    wait: 0,
                };
                Boundary::Known {
                    state: State::Json(state),
                    keys: json::first_keys(bytes),
                }
            }
            State::Csv(_) => Boundary::Known {
                state,
                keys: Vec::new(),
            },
            State::Start(_) | State::Lost => Boundary::None,
        }
    }

    /// Returns whether it is known what follows in a state.
    fn is_known(state: &State) -> bool {
        match state {
            State::Csv(_) => true,
            State::Json(json::State { at, document, .. }) => match at {
                Position::Between(Container::Lines, _) => document.place.is_some(),
                Position::Between(Container::Records, _) => true,
                Position::Between(..) | Position::Broken(..) => false,
            },
            State::Start(_) | State::Lost => false,
        }
    }

    /// Returns the last byte at which the next chunk may begin, if there is one.
    pub(super) fn last_cut(&self, bytes: &[u8]) -> Option<usize> {
        let Boundary::Known { state, keys } = self else {
            return None;
        };
        match state {
            State::Csv(_) => memrchr(b'\n', bytes).map(|feed| feed + 1),
            State::Json(json::State { at, .. }) => at.container().last_cut(bytes, keys),
            State::Start(_) | State::Lost => None,
        }
    }

    /// Returns the state in which an export is between two records, if that is known.
    pub(super) fn state(&self) -> Option<&State> {
        match self {
            Boundary::Known { state, .. } => Some(state),
            Boundary::First | Boundary::None => None,
        }
    }

    /// Returns the first byte, from `from` on and before `end`, at which a part of the export
    /// may begin. What follows must read as records, as far as it is here: `is_last` says
    /// that the export ends with these bytes.
    pub(super) fn first_cut(
        &self,
        schema: &Schema,
        bytes: &[u8],
        (from, end): (usize, usize),
        is_last: bool,
    ) -> Option<usize> {
        let Boundary::Known { state, keys } = self else {
            return None;
        };
        match state {
            State::Csv(_) => {
                let feeds = memchr_iter(b'\n', &bytes[..end]).map(|feed| feed + 1);
                let mut cuts = feeds.filter(|cut| (from..end).contains(cut));
                cuts.find(|cut| reads_on(schema, state, &bytes[*cut..], is_last))
            }
            State::Json(json::State { at, .. }) => {
                let container = at.container();
                // The record after a cut may begin behind the end.
                let searched = &bytes[..bytes.len().min(end + LOOK_BYTES)];
                let mut cuts = container
                    .cuts(searched, keys)
                    .take_while(|cut| *cut < end)
                    .filter(|cut| (from..end).contains(cut));
                match container {
                    // No value has an object on a line of its own.
                    Container::Lines => cuts.next(),
                    Container::Records
                    | Container::Map
                    | Container::Members
                    | Container::Elements => {
                        cuts.find(|cut| reads_on(schema, state, &bytes[*cut..], is_last))
                    }
                }
            }
            State::Start(_) | State::Lost => None,
        }
    }
}

/// How many bytes after a cut are read to see whether they are records.
pub(super) const LOOK_BYTES: usize = 64 << 10;

/// Returns whether bytes, as far as they are looked at, are records from the first byte on.
fn reads_on(schema: &Schema, state: &State, bytes: &[u8], is_last: bool) -> bool {
    let looked_at = &bytes[..bytes.len().min(LOOK_BYTES)];
    let is_last = is_last && looked_at.len() == bytes.len();
    let mut records = Records(0);
    let mut reader = Reader::new(schema, MAX_RECORD_BYTES);
    let read = reader.read(state.clone(), looked_at, is_last, &mut records);
    read.is_ok() && records.0 > 0
}

/// Counts records, and stops at what is none.
struct Records(u64);

impl Sink for Records {
    type Error = Infallible;

    fn record(&mut self, _: &Record<'_>) -> Result<(), Stop<Infallible>> {
        self.0 += 1;
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
        Err(Stop::Enough)
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
        Err(Stop::Enough)
    }
}

/// Keeps nothing of what is read.
struct Nothing;

impl Sink for Nothing {
    type Error = Infallible;

    fn record(&mut self, _: &Record<'_>) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
        Ok(())
    }
}
