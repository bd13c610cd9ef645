//! How many findings of the night before a report says ended, held against how many it
//! counts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::report::model::footer::Summary;
use crate::report::model::life::Carried;
use crate::text::{count, grouped};

/// Counts findings of the night before by what became of them, in the words of the report.
#[derive(Debug, Default)]
pub struct EndedTally(BTreeMap<String, u64>);

#[derive(Deserialize)]
struct State {
    state: String,
}

impl EndedTally {
    /// Counts one.
    pub fn count(&mut self, state: String) {
        *self.0.entry(state).or_default() += 1;
    }

    /// Adds those of another list.
    pub fn add(&mut self, other: Self) {
        for (state, number) in other.0 {
            *self.0.entry(state).or_default() += number;
        }
    }

    /// Says where a report lists others than its summary counts, if it does.
    pub fn contradiction(&self, summary: &Summary) -> Option<String> {
        // A slice lists none of them.
        if summary.slice.is_some() {
            return None;
        }
        let since = summary.since.unwrap_or_default();
        let unlike = since.ends().into_iter().find_map(|(state, said)| {
            let found = self.0.get(state.as_ref()).copied().unwrap_or_default();
            (found != said).then(|| (state.as_ref().to_owned(), found, said))
        });
        // Several that are carried on can be of one name, which is counted once.
        let carried = Carried::Unknown;
        let found = self.0.get(carried.as_ref()).copied().unwrap_or_default();
        let too_few = (found < since.unknown || (found > 0 && since.unknown == 0))
            .then(|| (carried.as_ref().to_owned(), found, since.unknown));
        let (state, found, said) = unlike.or(too_few)?;
        let listed = count(found, "finding", "findings");
        let said = grouped(said);
        Some(format!(
            "it has {listed} of state `{state}` instead of {said}"
        ))
    }
}

impl<'de> Deserialize<'de> for EndedTally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counting)
    }
}

/// Counts the findings of a list, and keeps none.
struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = EndedTally;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of findings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<EndedTally, A::Error> {
        let mut tally = EndedTally::default();
        while let Some(State { state }) = items.next_element()? {
            tally.count(state);
        }
        Ok(tally)
    }
}
