//! What is known of the facets of a record: their states, and what each test says of them.

use super::lists::{KnownEntries, ListTests};
use super::plan::{Facet, LooksAt, Plan};
use super::policies::Policies;
use super::requirement::TestId;
use super::sieve::{Sieve, Traits};
use super::truth::{Cause, Truth};
use crate::key_table::KeyTable;
use crate::record::network::{Entry, Sizes};
use crate::record::{Absent, Bad, Record, Value};

/// Names the state of a facet: of records in the same state each test that looks at the
/// facet says the same.
pub type State = u16;

/// Names a state that is not remembered, since there are too many: the tests are asked of
/// each such record anew.
pub const UNKNOWN: State = State::MAX;

/// Of how many states of a facet it is remembered what the tests say: in others they are asked.
const MAX_ROWS: usize = 1 << 10;

/// Remembers the states of the facets of records, and what each test says of them, and holds
/// those of the record that was looked at last.
#[derive(Debug)]
pub struct States {
    facets: Vec<Known>,
    now: Vec<State>,
}

/// Remembers the states of a facet.
#[derive(Debug)]
struct Known {
    /// How many states are known by the value alone; the others follow them.
    simple: usize,
    /// The other states, by what the tests say.
    by_answers: KeyTable,
    /// For each state the number of its row, and 1; 0, where it has none.
    rows: Vec<u32>,
    /// What the tests say, a row for each state that has been met.
    truths: Vec<Truth>,
    /// How many tests there are, and answers in a row.
    tests: usize,
    /// Room for the answers about a value, packed.
    key: Vec<u64>,
    /// The same of a text in which no pattern is found, or of a list with no entry that is
    /// refused.
    usual: Vec<u64>,
    /// What the tests of each entry of a list say.
    entries: Option<KnownEntries>,
}

impl States {
    /// Returns no state, for these policies.
    pub fn new(policies: &Policies) -> Self {
        let plan = policies.plan();
        let known = plan.facets.iter();
        let known = known.map(|facet| Known::new(facet, policies));
        Self {
            facets: known.collect(),
            now: vec![UNKNOWN; plan.facets.len()],
        }
    }

    /// Finds the states of a record.
    pub fn look_at(&mut self, policies: &Policies, record: &Record<'_>) {
        let facets = policies.plan().facets.iter().zip(&mut self.facets);
        for ((facet, known), now) in facets.zip(&mut self.now) {
            *now = known.state(facet, policies, record);
        }
    }

    /// Returns the state of a facet of the record that was looked at last.
    #[inline(always)]
    pub fn of(&self, facet: usize) -> State {
        self.now[facet]
    }

    /// Returns what a test says of the record that was looked at last; nothing, if it has to
    /// be asked.
    #[inline(always)]
    pub(super) fn truth(&self, plan: &Plan, id: TestId) -> Option<Truth> {
        let (facet, place) = plan.places[id.index()];
        let state = self.now[facet];
        if state == UNKNOWN {
            return None;
        }
        let known = &self.facets[facet];
        let row = known.rows[usize::from(state)].checked_sub(1)? as usize;
        known.truths.get(row * known.tests + place).copied()
    }
}

/// How many states a field has that hold no value, or a flag.
const FEW: usize = 8;

/// How many states two fields have between which one test compares.
const TRUTHS: usize = 8;

/// Returns a number for what a test says, below [`TRUTHS`].
fn code(truth: Truth) -> usize {
    match truth {
        Truth::True => 0,
        Truth::False => 1,
        Truth::Undecided(Cause::Absent(why)) => 2 + absent(why),
        Truth::Undecided(Cause::Bad(why)) => 5 + bad(why),
    }
}

/// What tests say, by its number.
const BY_CODE: [Truth; TRUTHS] = [
    Truth::True,
    Truth::False,
    Truth::Undecided(Cause::Absent(Absent::Missing)),
    Truth::Undecided(Cause::Absent(Absent::Null)),
    Truth::Undecided(Cause::Absent(Absent::Empty)),
    Truth::Undecided(Cause::Bad(Bad::WrongType)),
    Truth::Undecided(Cause::Bad(Bad::Unparsable)),
    Truth::Undecided(Cause::Bad(Bad::Conflict)),
];

fn absent(why: Absent) -> usize {
    match why {
        Absent::Missing => 0,
        Absent::Null => 1,
        Absent::Empty => 2,
    }
}

fn bad(why: Bad) -> usize {
    match why {
        Bad::WrongType => 0,
        Bad::Unparsable => 1,
        Bad::Conflict => 2,
    }
}

/// How many bits of a key the answer of a test takes: a power of two, so that answers are
/// quickly found.
const BITS: usize = 4;

/// How many answers a word of a key holds.
const PER_WORD: usize = u64::BITS as usize / BITS;

fn set(key: &mut [u64], place: usize, truth: Truth) {
    let shift = place % PER_WORD * BITS;
    let word = &mut key[place / PER_WORD];
    *word = *word & !(0b1111 << shift) | (code(truth) as u64) << shift;
}

impl Known {
    fn new(facet: &Facet, policies: &Policies) -> Self {
        let (simple, patterns, lists) = match &facet.looks_at {
            LooksAt::Two => (TRUTHS, None, None),
            LooksAt::Field {
                instants,
                patterns,
                lists,
                ..
            } => {
                let simple = FEW + 2 * instants.len() + 1;
                (simple, patterns.as_ref(), lists.as_ref())
            }
        };
        let tests = facet.tests.len();
        let words = tests.div_ceil(PER_WORD);
        let mut usual = vec![0; words];
        for (place, id) in facet.tests.iter().enumerate() {
            if patterns.is_some_and(|sieves| sieves[place].is_some()) {
                set(&mut usual, place, policies.test(*id).check.without_match());
            }
        }
        Self {
            simple,
            by_answers: KeyTable::new(words, MAX_ROWS),
            rows: vec![0; simple],
            truths: Vec::new(),
            tests,
            key: vec![0; words],
            usual,
            entries: lists.map(KnownEntries::new),
        }
    }

    /// Returns the state of a record.
    #[inline]
    fn state(&mut self, facet: &Facet, policies: &Policies, record: &Record<'_>) -> State {
        let state = match &facet.looks_at {
            LooksAt::Two => {
                let truth = policies.test(facet.tests[0]).holds(record);
                if self.rows[code(truth)] == 0 {
                    self.meet(code(truth), [truth].into_iter());
                }
                return name(code(truth));
            }
            LooksAt::Field {
                slot,
                instants,
                patterns,
                lists,
            } => match record.cell(*slot).value {
                Value::Absent(why) => absent(why),
                Value::Bad(why) => 3 + bad(why),
                Value::Flag(flag) => 6 + usize::from(flag),
                Value::Time(time) => {
                    let before = instants.partition_point(|instant| *instant < time);
                    let is_at = instants.get(before) == Some(&time);
                    FEW + 2 * before + usize::from(is_at)
                }
                Value::Text => {
                    let text = record.cell(*slot).seen;
                    return self.of_text(facet, patterns.as_deref(), text, (policies, record));
                }
                Value::Networks(list) => {
                    let lists = lists
                        .as_ref()
                        .filter(|_| record.cell(*slot).value.is_whole());
                    let entries = record.entries(list);
                    return self.of_list(facet, lists, entries, (policies, record));
                }
                Value::Number => return self.of_any(facet, policies, record),
            },
        };
        if self.rows[state] == 0 {
            let tests = facet.tests.iter().map(|id| policies.test(*id));
            self.meet(state, tests.map(|test| test.holds(record)));
        }
        name(state)
    }

    /// Remembers what the tests say in a state, if there is room.
    #[cold]
    fn meet(&mut self, state: usize, truths: impl Iterator<Item = Truth>) {
        let rows = self.truths.len() / self.tests;
        if rows < MAX_ROWS {
            self.truths.extend(truths);
            self.rows[state] = u32::try_from(rows + 1).unwrap_or(0);
        }
    }

    /// Returns the state of a text: most patterns need not be looked for.
    fn of_text(
        &mut self,
        facet: &Facet,
        patterns: Option<&[Option<Sieve>]>,
        text: &str,
        (policies, record): (&Policies, &Record<'_>),
    ) -> State {
        let Some(patterns) = patterns else {
            return self.of_any(facet, policies, record);
        };
        self.key.copy_from_slice(&self.usual);
        let traits = Traits::of(text);
        for (place, (id, pattern)) in facet.tests.iter().zip(patterns).enumerate() {
            if pattern
                .as_ref()
                .is_none_or(|sieve| sieve.may_match(&traits))
            {
                set(&mut self.key, place, policies.test(*id).holds(record));
            }
        }
        self.of_key()
    }

    /// Returns the state of a list of networks, all of which can be read if there is a quick
    /// way.
    fn of_list(
        &mut self,
        facet: &Facet,
        lists: Option<&ListTests>,
        entries: &[Entry],
        (policies, record): (&Policies, &Record<'_>),
    ) -> State {
        let (Some(lists), Some(known)) = (lists, &mut self.entries) else {
            return self.of_any(facet, policies, record);
        };
        let key = &mut self.key;
        key.copy_from_slice(&self.usual);
        let networks = entries.iter().filter_map(|entry| entry.network.as_ref());
        let tests = (policies, facet.tests.as_slice());
        known.refusing(lists, tests, networks.clone(), |place| {
            set(key, place, Truth::False);
        });
        let sizes = Sizes::of(networks);
        for place in lists.whole() {
            let test = policies.test(facet.tests[*place]);
            let truth = test.check.by_sizes(sizes);
            set(key, *place, truth.unwrap_or_else(|| test.holds(record)));
        }
        self.of_key()
    }

    /// Returns the state of any value, by what the tests say.
    fn of_any(&mut self, facet: &Facet, policies: &Policies, record: &Record<'_>) -> State {
        for (place, id) in facet.tests.iter().enumerate() {
            set(&mut self.key, place, policies.test(*id).holds(record));
        }
        self.of_key()
    }

    fn of_key(&mut self) -> State {
        let met = self.by_answers.len();
        let Some(number) = self.by_answers.number(&self.key) else {
            return UNKNOWN;
        };
        let state = self.simple + number;
        if number == met {
            self.rows.push(0);
            let key = std::mem::take(&mut self.key);
            let answers = (0..self.tests).map(|place| {
                let word = key[place / PER_WORD] >> (place % PER_WORD * BITS);
                BY_CODE[word as usize % TRUTHS]
            });
            self.meet(state, answers);
            self.key = key;
        }
        name(state)
    }
}

/// Returns the name of a state; there may be more than have one, in a policy of very many
/// instants.
fn name(state: usize) -> State {
    State::try_from(state).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use chrono::{DateTime, Days};

    use super::*;
    use crate::policy::Answers;
    use crate::record::{Raw, time};

    /// A policy that asks for as many times as days.
    fn of_days(days: usize) -> Policies {
        let rules = (0..days).map(|day| {
            let after = time::show(DateTime::UNIX_EPOCH + Days::new(12_000 + day as u64));
            format!("[[rule]]\nid = 'r{day}'\nseverity = 'low'\nrequire.updatedAt = {{ after = '{after}' }}\n")
        });
        let text = format!("[policy]\nid = 'p'\n{}", rules.collect::<String>());
        Policies::builder()
            .text("p.toml", text)
            .load()
            .expect("a sound policy")
    }

    #[test]
    fn of_more_states_than_are_remembered_the_tests_are_asked() {
        let days = MAX_ROWS + 10;
        let policies = of_days(days);
        let slot = policies.tests[0].slot;
        let mut states = States::new(&policies);
        assert!(states.facets.iter().all(|known| known.truths.is_empty()));
        for day in 0..=days {
            let text = time::show(DateTime::UNIX_EPOCH + Days::new(12_000 + day as u64));
            let texts = Bump::new();
            let mut record = Record::new(&policies.schema, &texts);
            record.set(&policies.schema, slot, Raw::Text(&text));
            states.look_at(&policies, &record);
            let looked_up = Answers::in_states(&policies, &record, &states);
            let asked = Answers::new(&policies, &record);
            for id in [0, day.saturating_sub(1), day.min(days - 1), days - 1].map(TestId) {
                assert_eq!(looked_up.test(id), asked.test(id), "{text}");
            }
        }
        let rows: Vec<_> = states
            .facets
            .iter()
            .map(|known| known.truths.len() / known.tests)
            .collect();
        assert_eq!(rows, [MAX_ROWS]);
    }

    #[test]
    fn what_a_test_says_is_found_again_by_its_number() {
        for (number, truth) in BY_CODE.into_iter().enumerate() {
            assert_eq!(code(truth), number);
        }
    }
}
