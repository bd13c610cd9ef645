//! What rules over the whole export gather: a [`Partial`] of each batch, added up
//! in the order of the batches to a [`Aggregates`], which at the end says what the
//! rules come to.
//!
//! Sums are small, whatever the export's size. Values that are held against
//! each other are kept as digests, sorted in runs that go to temporary files
//! once there are many; the texts that findings tell wait in another file.

mod census;
mod entry;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

pub use census::{Aggregates, Error};
use entry::{Doubt, Entry, Key, Text};

use crate::finding::{Outcome, Reason};
use crate::policy::{Aggregate, Answers, Ask, Cause, Policies, Policy, Rule, Truth};
use crate::record::{Absent, Cell, Record, Slot, Value};

/// A rule over the whole export, with its place among all rules of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AggregateRule<'p> {
    pub(crate) place: usize,
    pub(crate) policy: &'p Policy,
    pub(crate) rule: &'p Rule,
    pub(crate) aggregate: &'p Aggregate,
}

/// The rules over the whole export, in the order of reports.
pub(crate) fn rules(policies: &Policies) -> Vec<AggregateRule<'_>> {
    let all = policies.rules().enumerate();
    all.filter_map(|(place, (policy, rule))| match &rule.ask {
        Ask::Aggregate(aggregate) => Some(AggregateRule {
            place,
            policy,
            rule,
            aggregate,
        }),
        Ask::Record { .. } => None,
    })
    .collect()
}

/// What one rule gathers of records that it does not hold against each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Accumulator {
    /// Records to which the rule applies for certain.
    certain: u64,
    /// Records that might decide otherwise, could they be read.
    doubtful: u64,
    /// Why the first of them cannot.
    doubt: Option<Cause>,
    /// Why the first record without a value has none.
    absent: Option<Absent>,
    /// The latest time.
    newest: Option<DateTime<Utc>>,
    /// Times that lie too far ahead to be true.
    ahead: u64,
}

impl Accumulator {
    fn doubt(&mut self, cause: Cause) {
        self.doubtful += 1;
        self.doubt.get_or_insert(cause);
    }

    fn add(&mut self, more: &Self) {
        self.certain += more.certain;
        self.doubtful += more.doubtful;
        self.doubt = self.doubt.or(more.doubt);
        self.absent = self.absent.or(more.absent);
        self.newest = self.newest.max(more.newest);
        self.ahead += more.ahead;
    }
}

/// What the rules over the whole export gather of some records.
#[derive(Debug, Default)]
pub struct Partial {
    /// By the rule's place among those over the whole export.
    sums: Vec<Accumulator>,
    /// The numbers of their records are those in the batch.
    entries: Vec<Entry>,
    /// What findings will tell of the entries' records.
    texts: Vec<u8>,
}

impl Partial {
    /// Gathers what one rule, the `number`th over the whole export, asks of a
    /// record of which `record` is the place in its batch; `when` is whether
    /// the rule applies. Gives the outcome, if there is one already.
    pub fn gather(
        &mut self,
        (number, aggregate): (usize, &Aggregate),
        when: Truth,
        answers: &Answers<'_>,
        record: u64,
    ) -> Option<Outcome> {
        if self.sums.len() <= number {
            self.sums.resize_with(number + 1, Accumulator::default);
        }
        let sum = &mut self.sums[number];
        if when == Truth::True {
            sum.certain += 1;
        }
        match (aggregate, when) {
            (Aggregate::PassRate { .. }, _) => None,
            (Aggregate::Unique { .. } | Aggregate::Shared { .. }, Truth::False) => {
                Some(Outcome::NotApplicable)
            }
            (_, Truth::False) => None,
            (Aggregate::Records { .. }, Truth::True) => None,
            (Aggregate::Records { .. }, Truth::Undecided(cause)) => {
                sum.doubt(cause);
                None
            }
            (
                Aggregate::Newest {
                    slot,
                    within,
                    until,
                },
                _,
            ) => {
                match (answers.record().cell(*slot).value, when) {
                    (Value::Time(time), _) if time > *until => sum.ahead += 1,
                    (Value::Time(time), Truth::Undecided(cause)) if time >= within.time => {
                        sum.doubt(cause);
                    }
                    (Value::Time(time), Truth::True) => sum.newest = sum.newest.max(Some(time)),
                    (Value::Bad(why), _) => sum.doubt(Cause::Bad(why)),
                    (Value::Absent(why), Truth::True) => {
                        sum.absent.get_or_insert(why);
                    }
                    _ => {}
                }
                None
            }
            (Aggregate::Unique { slot, .. }, _) => {
                self.compare(number, *slot, false, true, when, answers, record)
            }
            (
                Aggregate::Shared {
                    slot, ignore_case, ..
                },
                _,
            ) => self.compare(number, *slot, *ignore_case, false, when, answers, record),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what an entry is made of")]
    fn compare(
        &mut self,
        number: usize,
        slot: Slot,
        ignore_case: bool,
        content: bool,
        when: Truth,
        answers: &Answers<'_>,
        place: u64,
    ) -> Option<Outcome> {
        let record = answers.record();
        let cell = record.cell(slot);
        match cell.value {
            Value::Text => {}
            // What is not there is on nobody else.
            Value::Absent(_) => return Some(Outcome::NotApplicable),
            Value::Bad(why) => return Some(Outcome::Error(Reason::Bad(why))),
            // Fields of other kinds are not held against each other.
            Value::Flag(_) | Value::Time(_) | Value::Networks(_) => return None,
        }
        let key = match ignore_case {
            true => Key::of(folded(cell.seen).as_bytes()),
            false => Key::of(cell.seen.as_bytes()),
        };
        let customer = match (record.id(), slot) {
            (Some(_), Slot::ID) if !ignore_case => Some(key),
            (Some(id), _) => Some(Key::of(id.as_bytes())),
            (None, _) => None,
        };
        let text = Text {
            id: record.id(),
            name: record.name(),
            value: cell.seen,
        };
        self.entries.push(Entry {
            // There are fewer rules than bytes in a policy.
            rule: u32::try_from(number).unwrap_or(u32::MAX),
            value: key,
            customer: customer.unwrap_or(Key::NONE),
            doubt: match when {
                Truth::Undecided(cause) => Doubt::of(cause),
                Truth::True | Truth::False => Doubt::NONE,
            },
            export: 0,
            record: place,
            content: if content { self::content(record) } else { 0 },
            text: self.texts.len() as u64,
        });
        text.write(&mut self.texts);
        None
    }
}

/// Text in lower case, with one blank for any number of them.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// A digest of all that a record says in fields that are read: what was
/// written otherwise and says the same is the same.
fn content(record: &Record<'_>) -> u64 {
    let mut hash = Sha256::new();
    for Cell { value, seen, .. } in record.cells() {
        let (kind, seen): (u8, &[u8]) = match value {
            Value::Flag(flag) => (if *flag { 1 } else { 0 }, &[]),
            Value::Time(time) => {
                hash.update(time.timestamp_micros().to_le_bytes());
                (2, &[])
            }
            Value::Absent(Absent::Missing) => (3, &[]),
            Value::Absent(Absent::Null) => (4, &[]),
            Value::Absent(Absent::Empty) => (5, &[]),
            Value::Bad(_) => (6, seen.as_bytes()),
            Value::Text | Value::Networks(_) => (7, seen.as_bytes()),
        };
        hash.update([kind]);
        hash.update((seen.len() as u64).to_le_bytes());
        hash.update(seen);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}
