//! The most severe findings of a run, as many as a document has room for: few bytes of
//! each are in memory, the others wait in a file.

use std::io::{self, BufRead};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use strum::VariantArray as _;

use crate::policy::Severity;
use crate::report::model::life::Urgency;
use crate::report::model::row::FindingRow;
use crate::report::render::LineHead;
use crate::spool::{Spool, SpoolReader};

/// The largest number of bytes of the findings that a document shows, as JSON. Those who
/// read it, and their programs, hold all of it in memory.
const MAX_BYTES: u64 = 16 << 20;

/// How many bytes of findings wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 1 << 20;

/// Says where a finding waits, and what a document asks of many before it words one.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The index of its rule among those of the header.
    pub rule_index: usize,
    /// How severe it is.
    pub severity: Severity,
    /// How soon it is to be looked at.
    pub urgency: Urgency,
    /// Somebody has accepted it until a day.
    pub is_waived: bool,
    /// Its first byte in the file.
    at: u64,
    bytes: u64,
}

/// How many ranks there are.
const RANKS: usize = Urgency::VARIANTS.len() * Severity::ALL.len();

/// Returns where a finding is among others: those that are to be looked at soon come first,
/// and of these the most severe.
pub fn rank(urgency: Urgency, severity: Severity) -> usize {
    urgency as usize * Severity::ALL.len() + severity as usize
}

/// Says on all threads for which findings there may be room in what one of them keeps.
#[derive(Clone)]
pub struct Room {
    /// The least rank for which there is still room. What there is no room for
    /// in the records that were written so far has none in later ones.
    least: Arc<AtomicUsize>,
    /// How urgent findings of the run can be.
    most_urgent: Urgency,
}

impl Room {
    /// Returns that there is room for all, in a run that is compared with a night before or
    /// is not.
    pub fn new(is_compared: bool) -> Self {
        Self {
            least: Arc::default(),
            most_urgent: match is_compared {
                true => Urgency::New,
                false => Urgency::Known,
            },
        }
    }

    /// Notes that there is none for ranks below this.
    pub fn is_from(&self, least: usize) {
        self.least.store(least, Ordering::Relaxed);
    }

    /// Returns whether there may be room for a finding that is so urgent and severe.
    pub fn has_room(&self, urgency: Urgency, severity: Severity) -> bool {
        rank(urgency, severity) >= self.least.load(Ordering::Relaxed)
    }

    /// Returns whether there may be room for a finding that is so severe, however urgent.
    pub fn has_room_for(&self, severity: Severity) -> bool {
        self.has_room(self.most_urgent, severity)
    }
}

/// Takes in findings in the order of the run, and keeps the beginning of what they are
/// once those of the highest ranks come first: as long as it fits, and nothing after the first that
/// does not. So it is the same findings, however they come.
pub struct Keeper {
    max: usize,
    max_bytes: u64,
    by_rank: [Kept; RANKS],
    /// The least rank for which there may be room.
    least: usize,
    lines: Spool,
}

/// Holds the findings of a rank.
#[derive(Default)]
struct Kept {
    places: Vec<Place>,
    bytes: u64,
}

impl Keeper {
    /// Returns a keeper of at most so many findings.
    pub fn new(max: usize) -> Self {
        Self::bounded(max, MAX_BYTES)
    }

    fn bounded(max: usize, max_bytes: u64) -> Self {
        Self {
            max,
            max_bytes,
            by_rank: Default::default(),
            least: 0,
            lines: Spool::new(SPOOL_BYTES),
        }
    }

    /// Returns the least rank for which there may be room for one more finding.
    pub fn least(&self) -> usize {
        self.least
    }

    /// Keeps a finding, which is a line of JSON, if there is room for it.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn keep(&mut self, head: &LineHead, line: &[u8]) -> io::Result<()> {
        let rank = rank(head.urgency, head.severity);
        if rank < self.least {
            return Ok(());
        }
        let place = Place {
            rule_index: head.rule_index,
            severity: head.severity,
            urgency: head.urgency,
            is_waived: head.is_waived,
            at: self.lines.bytes(),
            bytes: line.len() as u64,
        };
        let (count, bytes) = self.room_taken(rank);
        if count == self.max || bytes + place.bytes > self.max_bytes {
            let lower = &mut self.by_rank[..rank];
            lower.fill_with(Kept::default);
            self.least = rank + 1;
            return Ok(());
        }
        self.lines.push(line)?;
        let kept = &mut self.by_rank[rank];
        kept.places.push(place);
        kept.bytes += place.bytes;
        self.make_room();
        Ok(())
    }

    /// Lets the last of the lowest ranks go, until the others fit.
    fn make_room(&mut self) {
        let (mut count, mut bytes) = self.room_taken(0);
        for (rank, kept) in self.by_rank.iter_mut().enumerate() {
            while (count > self.max || bytes > self.max_bytes)
                && let Some(last) = kept.places.pop()
            {
                kept.bytes -= last.bytes;
                count -= 1;
                bytes -= last.bytes;
                self.least = rank + 1;
            }
        }
        // Once it is full there is only room for what is of a higher rank than the last.
        let is_full = |rank| self.room_taken(rank).0 == self.max;
        let full = (self.least..RANKS).take_while(|rank| is_full(*rank));
        self.least += full.count();
    }

    /// Returns the number and the bytes of the findings of this rank or a higher one.
    fn room_taken(&self, rank: usize) -> (usize, u64) {
        let kept = self.by_rank[rank..].iter();
        kept.fold((0, 0), |(count, bytes), kept| {
            (count + kept.places.len(), bytes + kept.bytes)
        })
    }

    /// Returns what was kept.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn finish(self) -> io::Result<Findings> {
        let kept = self.by_rank.into_iter().rev();
        let places = kept.flat_map(|kept| kept.places);
        Ok(Findings {
            places: places.collect(),
            lines: Arc::new(Mutex::new(self.lines.into_reader()?)),
        })
    }
}

/// Holds the findings that a document shows: those that are to be looked at soon first, of
/// these the most severe, and else in the order of the run. Each is read when it is asked for. Clones share them.
#[derive(Clone)]
pub struct Findings {
    places: Arc<[Place]>,
    lines: Arc<Mutex<SpoolReader>>,
}

impl Findings {
    /// Returns where they wait, in their order.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn read(&self, place: &Place) -> io::Result<FindingRow<'static>> {
        let mut line = Vec::new();
        self.read_line(place, &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }

    /// Reads all as lines of JSON, one after another.
    ///
    /// # Errors
    ///
    /// Those of the temporary file, or of `take`.
    pub fn lines(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut line = Vec::new();
        self.places.iter().try_for_each(|place| {
            line.clear();
            self.read_line(place, &mut line)?;
            take(&line);
            Ok(())
        })
    }

    fn read_line(&self, place: &Place, line: &mut Vec<u8>) -> io::Result<()> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.seek_to(place.at)?;
        lines.read_until(b'\n', line).map(|_| ())
    }
}

#[cfg(test)]
impl Findings {
    /// Reads all, one after another.
    pub fn iter(&self) -> impl Iterator<Item = io::Result<FindingRow<'static>>> {
        self.places.iter().map(|place| self.read(place))
    }

    /// Returns these findings, all of them.
    #[expect(clippy::expect_used, reason = "a test")]
    pub fn of(rows: impl IntoIterator<Item = FindingRow<'static>>) -> Self {
        let mut keeper = Keeper::new(usize::MAX);
        for row in rows {
            let found = crate::report::fixture::found(row);
            let head = LineHead::new(&found);
            let mut line = serde_json::to_vec(&found.row).expect("memory");
            line.push(b'\n');
            keeper.keep(&head, &line).expect("memory");
        }
        keeper.finish().expect("memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How urgent and severe a finding is, and how long its line is.
    type Kind = ((Urgency, Severity), usize);

    /// The lengths of the lines that are kept, by a keeper of so many and so many bytes.
    fn kept(findings: &[Kind], max: usize, max_bytes: u64) -> Vec<Kind> {
        let mut keeper = Keeper::bounded(max, max_bytes);
        for ((urgency, severity), length) in findings {
            let head = LineHead {
                severity: *severity,
                urgency: *urgency,
                rule_index: 0,
                is_waived: false,
            };
            let line = [vec![b'x'; *length], b"\n".to_vec()].concat();
            keeper.keep(&head, &line).expect("memory");
        }
        let findings = keeper.finish().expect("memory");
        let mut lengths = Vec::new();
        findings
            .lines(|line| lengths.push(line.len() - 1))
            .expect("memory");
        let places = findings.places().iter();
        let kinds = places.map(|place| (place.urgency, place.severity));
        kinds.zip(lengths).collect()
    }

    proptest! {
        #[test]
        fn the_most_urgent_and_of_these_the_most_severe_are_kept_as_long_as_they_fit(
            findings in proptest::collection::vec(
                (
                    (
                        proptest::sample::select(Urgency::VARIANTS),
                        proptest::sample::select(&Severity::ALL[..]),
                    ),
                    0..9usize,
                ),
                0..30,
            ),
            max in 1..12usize,
            max_bytes in 1..60u64,
        ) {
            let mut sorted = findings.clone();
            sorted.sort_by_key(|(kind, _)| std::cmp::Reverse(*kind));
            let mut bytes = 0;
            let fits = |(_, length): &&Kind| {
                bytes += *length as u64 + 1;
                bytes <= max_bytes
            };
            let fitting: Vec<_> = sorted.iter().take(max).take_while(fits).copied().collect();
            prop_assert_eq!(kept(&findings, max, max_bytes), fitting);
        }
    }
}
