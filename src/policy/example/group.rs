//! Fields that hang together: what the tests on them answer, for every choice of
//! values that the tests tell apart.

use std::collections::HashSet;

use bumpalo::Bump;

use super::candidates::{Candidates, candidates};
use super::sample::Sample;
use crate::policy::check::Check;
use crate::policy::requirement::TestId;
use crate::policy::truth::{Cause, Truth};
use crate::policy::words::Asked;
use crate::record::{Kind, Record, Slot, Value};

/// How many choices of values are tried.
const MAX_CHOICES: usize = 60_000;

/// Holds a choice of values, and what the tests answer.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Profile {
    /// The answers, in the order of the tests.
    pub(in crate::policy) truths: Vec<Truth>,
    /// The values, in the order of the fields.
    pub(super) samples: Vec<Sample>,
}

/// Holds fields that tests compare with each other, and the choices of their values.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Group {
    pub(super) slots: Vec<Slot>,
    pub(super) tests: Vec<TestId>,
    /// One for each combination of answers.
    pub(in crate::policy) profiles: Vec<Profile>,
    /// There is no other combination of answers.
    pub(in crate::policy) complete: bool,
}

impl Group {
    /// Tries values for the fields of these tests.
    pub(in crate::policy) fn new(asked: Asked<'_>, tests: Vec<TestId>) -> Self {
        let mut slots: Vec<_> = tests.iter().flat_map(|id| slots(asked, *id)).collect();
        slots.sort_unstable();
        slots.dedup();
        let checks: Vec<&Check> = tests.iter().map(|id| &asked.test(*id).check).collect();
        let fields = slots.len();
        let found = slots
            .iter()
            .map(|slot| candidates(asked.schema.field(*slot), &checks, fields));
        let found: Vec<Candidates> = found.collect();
        let are_told_apart = |slot: &Slot| match asked.schema.field(*slot).kind {
            Kind::Flag | Kind::Text => true,
            Kind::Number | Kind::Time => fields <= 2,
            Kind::Networks => fields <= 1,
        };
        let mut group = Self {
            complete: found.iter().all(|found| found.complete) && slots.iter().all(are_told_apart),
            slots,
            tests,
            profiles: Vec::new(),
        };
        group.complete &= group.try_all(asked, &found);
        group
    }

    /// Tries all combinations of values; returns whether these were all, and each value
    /// that was meant as one was read as one.
    fn try_all(&mut self, asked: Asked<'_>, found: &[Candidates]) -> bool {
        let mut known = HashSet::new();
        let (texts, mut complete) = (Bump::new(), true);
        let mut record = Record::new(asked.schema, &texts);
        let mut choice = vec![0; found.len()];
        for _ in 0..MAX_CHOICES {
            record.clear();
            for ((slot, found), at) in self.slots.iter().zip(found).zip(&choice) {
                let sample = &found.samples[*at];
                if let Some(raw) = sample.raw() {
                    record.set(asked.schema, *slot, raw);
                }
                let is_text = matches!(sample, Sample::Text(_))
                    && asked.schema.field(*slot).kind == Kind::Text;
                complete &= !is_text || record.cell(*slot).value == Value::Text;
            }
            let tests = self.tests.iter();
            let truths: Vec<_> = tests.map(|id| asked.test(*id).holds(&record)).collect();
            if known.insert(
                truths
                    .iter()
                    .map(|truth| answer(*truth))
                    .collect::<Vec<_>>(),
            ) {
                let samples = found.iter().zip(&choice);
                let samples = samples.map(|(found, at)| found.samples[*at].clone());
                self.profiles.push(Profile {
                    truths,
                    samples: samples.collect(),
                });
            }
            let mut places = choice.iter_mut().zip(found).rev();
            let next = places.find_map(|(at, found)| {
                *at += 1;
                if *at < found.samples.len() {
                    return Some(());
                }
                *at = 0;
                None
            });
            if next.is_none() {
                return complete;
            }
        }
        false
    }

    /// Returns whether some choice of values makes each test answer so.
    pub(in crate::policy) fn allows(&self, wanted: &[bool]) -> bool {
        self.profiles.iter().any(|profile| {
            let mut both = profile.truths.iter().zip(wanted);
            both.all(|(truth, wanted)| *truth == Truth::from(*wanted))
        })
    }
}

/// Returns the fields that a test is about.
pub(super) fn slots(asked: Asked<'_>, id: TestId) -> impl Iterator<Item = Slot> {
    let test = asked.test(id);
    std::iter::once(test.slot).chain(test.check.other())
}

/// Returns an answer without its details.
fn answer(truth: Truth) -> u8 {
    match truth {
        Truth::True => 0,
        Truth::False => 1,
        Truth::Undecided(Cause::Absent(_)) => 2,
        Truth::Undecided(Cause::Bad(_)) => 3,
    }
}
