//! What the rules over all records gather of some of them.

use std::ops::AddAssign;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::{Doubt, Entry, Key};
use super::text;
use crate::digest::Hasher;
use crate::finding::{Outcome, Reason};
use crate::policy::aggregate::{Aggregate, Comparison, Summation};
use crate::policy::{Answers, Ask, ComparedValues, Policies, Policy, Rule, Truth};
use crate::record::{Absent, Cell, Record, Schema, Slot, Value};

/// Represents a rule over all records, with its index among all rules of the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct AggregateRule<'p> {
    pub(super) index: usize,
    pub(super) policy: &'p Policy,
    pub(super) rule: &'p Rule,
    pub(super) aggregate: &'p Aggregate,
}

impl AggregateRule<'_> {
    /// Describes what would meet the rule.
    pub(super) fn expected(&self) -> String {
        match &self.rule.expected {
            Some(words) => words.clone(),
            None => self.aggregate.expected(),
        }
    }
}

/// Returns the rules over all records, in the order of reports.
pub(super) fn rules(policies: &Policies) -> Vec<AggregateRule<'_>> {
    let all = policies.rules().enumerate();
    all.filter_map(|(index, (policy, rule))| match &rule.ask {
        Ask::Aggregate(aggregate) => Some(AggregateRule {
            index,
            policy,
            rule,
            aggregate,
        }),
        Ask::Record { .. } => None,
    })
    .collect()
}

/// Adds up what one rule asks of records, save for values that it compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accumulator {
    /// Records to which the rule applies for certain.
    pub(super) certain: u64,
    /// Records that might decide otherwise, could they be read.
    pub(super) doubtful: u64,
    /// Why the first of them cannot.
    pub(super) doubt: Option<Reason>,
    /// Why the first record without a value has none.
    pub(super) absent: Option<Reason>,
    /// The latest time.
    pub(super) newest: Option<DateTime<Utc>>,
    /// Times that lie too far ahead to be true.
    pub(super) ahead: u64,
}

impl Accumulator {
    /// Adds what is asked of a record; `when` is whether the rule applies to it.
    fn add(&mut self, summation: &Summation, when: Truth, record: &Record<'_>) {
        match (summation, when) {
            // It is made of the outcomes of another rule.
            (Summation::PassRate { .. }, _) => {}
            (Summation::Records { .. }, Truth::True | Truth::False) => {}
            (Summation::Records { .. }, Truth::Undecided(cause)) => self.doubt(cause.into()),
            (
                Summation::Newest {
                    slot,
                    within,
                    until,
                },
                _,
            ) => match (record.cell(*slot).value, when) {
                (_, Truth::False) => {}
                (Value::Time(time), _) if time > *until => self.ahead += 1,
                (Value::Time(time), Truth::True) => self.newest = self.newest.max(Some(time)),
                (Value::Time(time), Truth::Undecided(cause)) => {
                    if time >= within.time {
                        self.doubt(cause.into());
                    }
                }
                (Value::Bad(why), _) => self.doubt(why.into()),
                (Value::Absent(why), Truth::True) => {
                    self.absent.get_or_insert(why.into());
                }
                // Did the rule apply, no time would be added.
                (Value::Absent(_), Truth::Undecided(_)) => {}
                // The reader of policies lets only fields of times through.
                (Value::Flag(_) | Value::Text | Value::Number | Value::Networks(_), _) => {}
            },
        }
    }

    fn doubt(&mut self, why: Reason) {
        self.doubtful += 1;
        self.doubt.get_or_insert(why);
    }
}

impl AddAssign<&Accumulator> for Accumulator {
    /// Adds what records gathered that come after.
    fn add_assign(&mut self, more: &Self) {
        let Self {
            certain,
            doubtful,
            doubt,
            absent,
            newest,
            ahead,
        } = more;
        self.certain += certain;
        self.doubtful += doubtful;
        self.doubt = self.doubt.or(*doubt);
        self.absent = self.absent.or(*absent);
        self.newest = self.newest.max(*newest);
        self.ahead += ahead;
    }
}

/// Holds what each rule over all records adds up, save for values that it compares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accumulators(Vec<Accumulator>);

impl Accumulators {
    /// Returns that of the `number`th rule over all records.
    pub(super) fn of(&self, number: usize) -> Accumulator {
        self.0.get(number).cloned().unwrap_or_default()
    }

    fn entry(&mut self, number: usize) -> &mut Accumulator {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, Accumulator::default);
        }
        &mut self.0[number]
    }
}

impl AddAssign<&Accumulators> for Accumulators {
    /// Adds what records gathered that come after.
    fn add_assign(&mut self, more: &Self) {
        let Self(more) = more;
        for (number, more) in more.iter().enumerate() {
            *self.entry(number) += more;
        }
    }
}

/// Holds what the rules over all records gather of some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// What each rule adds up.
    pub accumulators: Accumulators,
    /// The values that rules compare.
    pub compared: Compared,
}

/// Holds values of some records that are compared with others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The values that are compared; record numbers are those in the chunk.
    pub(super) entries: Vec<Entry>,
    /// What findings will show of the entries' records.
    pub(super) texts: Vec<u8>,
}

impl Gathered {
    /// Gathers what one rule, the `number`th over all records, asks of a record,
    /// whose own number in its chunk is `record`; `when` is whether the rule
    /// applies. Returns the outcome, if there is one already.
    pub fn gather(
        &mut self,
        (number, aggregate): (usize, &Aggregate),
        when: Truth,
        answers: &Answers<'_>,
        record: u64,
    ) -> Option<Outcome> {
        let accumulator = self.accumulators.entry(number);
        if when == Truth::True {
            accumulator.certain += 1;
        }
        match aggregate {
            Aggregate::Compared(comparison) => {
                let compared = &mut self.compared;
                compared.compare(number, comparison, when, answers, record)
            }
            Aggregate::Summed(summation) => {
                accumulator.add(summation, when, answers.record());
                None
            }
        }
    }
}

impl Compared {
    /// Takes the value of a record, whose own number in its chunk is `place`, to
    /// compare it with others.
    fn compare(
        &mut self,
        number: usize,
        comparison: &Comparison,
        when: Truth,
        answers: &Answers<'_>,
        place: u64,
    ) -> Option<Outcome> {
        let record = answers.record();
        let doubt = match when {
            Truth::True => Doubt::NONE,
            Truth::Undecided(cause) => Doubt::from(cause),
            Truth::False => return Some(Outcome::NotApplicable),
        };
        let cell = record.cell(comparison.slot());
        match cell.value {
            Value::Text => {}
            // What is not there is on nobody else.
            Value::Absent(_) => return Some(Outcome::NotApplicable),
            Value::Bad(why) => return Some(Outcome::Error(why.into())),
            // Fields of other kinds are not held against each other.
            Value::Flag(_) | Value::Number | Value::Time(_) | Value::Networks(_) => {
                return Some(Outcome::NotApplicable);
            }
        }
        let policies = answers.policies();
        // Each rule that compares has its place.
        let (values, rule) = policies.compared_by(number)?;
        let of_record = self.entries.iter_mut().rev();
        let mut of_record = of_record.take_while(|entry| entry.record == place);
        // There are fewer rules than bytes in a policy.
        let index = u32::try_from(values).unwrap_or(u32::MAX);
        match of_record.find(|entry| entry.values == index) {
            Some(entry) => entry.applies(rule, doubt),
            None => {
                let mut entry = self.entry(index, &policies.compared()[values], answers, place);
                entry.applies(rule, doubt);
                self.entries.push(entry);
            }
        }
        None
    }

    /// Returns an entry for values of a record, to which no rule applies yet.
    fn entry(
        &mut self,
        index: u32,
        values: &ComparedValues,
        answers: &Answers<'_>,
        place: u64,
    ) -> Entry {
        let record = answers.record();
        let seen = record.cell(values.slot).seen;
        let value = match values.ignore_case {
            true => Key::new(folded(seen).as_bytes()),
            false => Key::new(seen.as_bytes()),
        };
        let names = (record.id(), record.name());
        let of_record = self.entries.last().filter(|last| last.record == place);
        let (customer, text) = match of_record {
            Some(entry) => (entry.customer, entry.text),
            None => {
                let text = self.texts.len() as u64;
                text::begin(names.0, names.1, &mut self.texts);
                let customer = match (record.id(), values.slot) {
                    (Some(_), Slot::ID) if !values.ignore_case => value,
                    (Some(id), _) => Key::new(id.as_bytes()),
                    (None, _) => Key::NONE,
                };
                (customer, text)
            }
        };
        let known = self.entries.iter().rev();
        let known = known.take_while(|entry| entry.record == place);
        let mut known = known.map(|entry| entry.content);
        let content = match values.has_content {
            true => {
                let known = known.find(|content| *content != 0);
                known.unwrap_or_else(|| content(&answers.policies().schema, record))
            }
            false => 0,
        };
        let offset = usize::try_from(text).unwrap_or(usize::MAX);
        text::add(offset, names, (index, seen), &mut self.texts);
        Entry {
            values: index,
            value,
            customer,
            export: 0,
            record: place,
            applicability: 0,
            content,
            text,
        }
    }
}

/// Text in lower case, without the blanks around it.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A digest of all that a record says in documented fields, whatever else other policies
/// read of it: what was written otherwise and says the same is the same.
fn content(schema: &Schema, record: &Record<'_>) -> u64 {
    let mut hash = Hasher::default();
    let cells = schema.wanted().iter().zip(record.cells());
    for (_, Cell { value, seen, .. }) in cells.filter(|(field, _)| field.documented) {
        let (kind, seen): (u8, &[u8]) = match value {
            Value::Flag(flag) => (if *flag { 1 } else { 0 }, &[]),
            Value::Time(time) => {
                hash.update(&time.timestamp_micros().to_le_bytes());
                (2, &[])
            }
            Value::Absent(Absent::Missing) => (3, &[]),
            Value::Absent(Absent::Null) => (4, &[]),
            Value::Absent(Absent::Empty) => (5, &[]),
            Value::Bad(_) => (6, seen.as_bytes()),
            Value::Text | Value::Number | Value::Networks(_) => (7, seen.as_bytes()),
        };
        hash.update(&[kind]);
        hash.update(&(seen.len() as u64).to_le_bytes());
        hash.update(seen);
    }
    let digest = hash.finish();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}
