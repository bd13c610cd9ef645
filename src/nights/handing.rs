//! Hands out the findings of the night before that are none of this one: its report is read
//! again for them.

use std::cell::RefCell;

use serde::Deserialize;

use super::base::{Base, EarlierRule, Indexed, SEGMENT_ITEMS};
use super::ends::Ends;
use super::entry::{Entry, Key};
use super::error::Error;
use super::fate::{Became, Fate};
use super::sorted_file::SortedFile;
use super::sum::Sum;
use super::tonight::{State, Tonight};
use crate::external_sort::Sorter;
use crate::finding::Status;
use crate::report::{
    self, Carried, CarriedRow, Closed, Ended, FindingRow, Header, Listener, Rejected,
};

impl Tonight<'_> {
    /// Returns how an earlier finding that is carried on relates to the nights before.
    pub(super) fn of_earlier(&self, entry: &Entry) -> report::Life {
        report::Life {
            was_open: entry.status != Status::Waived,
            ..self.life(State::of(entry), entry.status, entry.severity)
        }
    }
}

impl Ends {
    /// Hands out the earlier findings that are not there any more, in the order of the night
    /// before.
    ///
    /// # Errors
    ///
    /// The report of the night before cannot be read as it was before, or one cannot be
    /// taken.
    pub fn hand_out<E: From<Error>>(
        &self,
        tonight: &Tonight<'_>,
        sum: &Sum,
        take: impl FnMut(&Ended<'_>) -> Result<(), E>,
    ) -> Result<Kept, E> {
        let mut rules = tonight.lists.rules.clone();
        let mut carried = Sorter::new(SEGMENT_ITEMS);
        if let Some(base) = tonight.base.filter(|_| self.fates.items() > 0) {
            let mut handing = Handing {
                ends: self,
                base,
                tonight,
                take,
                order: 0,
                next: None,
                left: self.fates.items(),
                next_order: sum.findings,
                rules: &mut rules,
                carried: &mut carried,
            };
            handing.read().map_err(Failed::into_error)?;
            if handing.left > 0 {
                return Err(changed(base).into());
            }
        }
        let carried = carried.sorted().and_then(SortedFile::write);
        Ok(Kept {
            rules,
            carried: carried.map_err(Error::Keep)?,
        })
    }
}

/// Holds the earlier findings that are carried on, as the next night will know them.
#[derive(Debug)]
pub struct Kept {
    /// The rules of the run, and those of what is carried on.
    pub(super) rules: Indexed<EarlierRule>,
    /// What is carried on, sorted.
    pub(super) carried: SortedFile<Entry>,
}

fn changed(base: &Base) -> Error {
    Error::Changed {
        path: base.path.display().to_string(),
    }
}

/// Hands out rows of the night before, while its report is read again.
struct Handing<'h, F> {
    ends: &'h Ends,
    base: &'h Base,
    tonight: &'h Tonight<'h>,
    take: F,
    /// How many findings were read so far.
    order: u64,
    /// What is to be said of the finding that is read next, and whether it is the first of
    /// its name.
    next: Option<(Fate, bool)>,
    /// How many names were not met yet.
    left: u64,
    /// Where the next finding that is carried on is among those of the run.
    next_order: u64,
    rules: &'h mut Indexed<EarlierRule>,
    carried: &'h mut Sorter<Entry>,
}

/// Represents a line that is a finding, or one that was carried on.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Carried(Box<CarriedRow<'static>>),
    Finding(Box<FindingRow<'static>>),
}

/// Says why no more is handed out.
enum Failed<E> {
    Night(Error),
    Taken(E),
}

impl<E> From<report::ReadError> for Failed<E> {
    fn from(error: report::ReadError) -> Self {
        Self::Night(Error::Report(error))
    }
}

impl<E: From<Error>> Failed<E> {
    fn into_error(self) -> E {
        match self {
            Self::Night(error) => error.into(),
            Self::Taken(error) => error,
        }
    }
}

impl<E, F: FnMut(&Ended<'_>) -> Result<(), E>> Handing<'_, F> {
    /// Reads the report once more: by lines, if it has them, of which only those that are
    /// wanted are read whole.
    fn read(&mut self) -> Result<(), Failed<E>> {
        let path = &self.base.path;
        let this = RefCell::new(&mut *self);
        let picked = report::pick(
            path,
            |fingerprint| this.borrow_mut().wants(fingerprint),
            |line| {
                let ended = serde_json::from_slice::<Line>(line);
                let line = ended.map_err(|error| Failed::Night(Error::Line(error)))?;
                let row = match line {
                    Line::Carried(carried) => carried.row,
                    Line::Finding(row) => *row,
                };
                this.borrow_mut().row(row)
            },
        )?;
        if picked {
            return Ok(());
        }
        // What was handed out must not be so again.
        if self.left < self.ends.fates.items() {
            return Err(Failed::Night(changed(self.base)));
        }
        self.order = 0;
        self.next = None;
        report::read(path, self)?;
        Ok(())
    }

    /// Returns whether something is to be said of the next finding, which has this name.
    fn wants(&mut self, fingerprint: &str) -> Result<bool, Failed<E>> {
        let order = self.order;
        self.order += 1;
        let mut fates = Vec::new();
        let found = self
            .ends
            .fates
            .find(Key::of_fingerprint(fingerprint), &mut fates);
        found.map_err(|error| Failed::Night(Error::Keep(error)))?;
        self.next = fates
            .pop()
            .map(|(_, fate)| (fate, fate.entry.order == order));
        Ok(self.next.is_some())
    }

    fn row(&mut self, row: FindingRow<'static>) -> Result<(), Failed<E>> {
        let Some((Fate { entry, became }, is_first)) = self.next.take() else {
            return Ok(());
        };
        if row.customer_id.is_none() && row.record.is_some() {
            return Ok(());
        }
        self.left = self.left.saturating_sub(u64::from(is_first));
        let life = self.tonight.of_earlier(&entry);
        let ended = match became {
            Became::Ended(_) | Became::Moved(_) if !is_first => return Ok(()),
            Became::Moved(moves) => Ended::Moved(Box::new(row), moves),
            Became::Ended(state) => Ended::Closed(Closed {
                policy: row.policy.into_owned(),
                rule: row.rule.into_owned(),
                severity: entry.severity,
                customer_id: row.customer_id.map(|id| id.into_owned()),
                customer_name: row.customer_name.map(|name| name.into_owned()),
                fingerprint: row.fingerprint.into_owned(),
                slice: row
                    .slice
                    .into_iter()
                    .map(|(name, value)| (name.into_owned(), value.into_owned()))
                    .collect(),
                state,
                first_seen: life.first_seen,
                was_open: life.was_open,
            }),
            Became::Carried => {
                let rule = self.base.lists.rules.get(entry.rule);
                if let Some(rule) = rule.filter(|_| is_first) {
                    let kept = Entry {
                        order: self.next_order,
                        rule: self.rules.index(rule),
                        overdue: life.overdue,
                        ..entry
                    };
                    let kept = self.carried.push(kept).map_err(Error::Keep);
                    kept.map_err(Failed::Night)?;
                }
                self.next_order += 1;
                Ended::Carried(Box::new(CarriedRow {
                    row: FindingRow {
                        life: Some(life),
                        ..row
                    },
                    rule_sha256: rule.and_then(|rule| rule.sha256.clone()),
                    state: Carried::Unknown,
                }))
            }
        };
        (self.take)(&ended).map_err(Failed::Taken)
    }
}

impl<E, F: FnMut(&Ended<'_>) -> Result<(), E>> Listener for Handing<'_, F> {
    type Error = Failed<E>;

    fn header(&mut self, header: Header) -> Result<(), Failed<E>> {
        match header == self.base.header {
            true => Ok(()),
            false => Err(Failed::Night(changed(self.base))),
        }
    }

    fn finding(&mut self, _: usize, row: FindingRow<'static>) -> Result<(), Failed<E>> {
        self.wants(&row.fingerprint)?;
        self.row(row)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Failed<E>> {
        match ended {
            Ended::Closed(_) | Ended::Moved(..) => Ok(()),
            Ended::Carried(carried) => {
                self.wants(&carried.row.fingerprint)?;
                self.row(carried.row)
            }
        }
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Failed<E>> {
        Ok(())
    }
}
