//! Texts for every combination of answers that checks on texts can give: their
//! patterns are run side by side as automata, so that none is overlooked.

use std::collections::{HashMap, HashSet, VecDeque};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input};

use super::candidates::Candidates;
use super::sample::Sample;
use crate::policy::check::{Check, Literal};

/// How many states are looked at.
const MAX_STATES: usize = 20_000;

/// What the table of a pattern may take, in bytes.
const MAX_TABLE: usize = 1 << 20;

/// The longest text that is counted character by character.
const MAX_COUNTED: u64 = 200;

type Table = dense::DFA<Vec<u32>>;

/// A state of all automata; none for one that has found its pattern.
type State = Vec<Option<StateID>>;

/// Returns texts for each combination of answers that the checks can give, and whether
/// these are all combinations: as many as there are fields, so that they can differ.
pub(super) fn texts<'c>(checks: impl Iterator<Item = &'c Check>, fields: usize) -> Candidates {
    let mut complete = true;
    let mut seen = HashSet::new();
    let patterns: Vec<_> = checks.filter_map(pattern).collect();
    let patterns = patterns.into_iter();
    let patterns: Vec<_> = patterns.filter(|text| seen.insert(text.clone())).collect();
    let mut found: Vec<Literal> = Vec::new();
    for _ in 0..fields {
        let others = whole(&found).filter(|_| !found.is_empty());
        let all = patterns.iter().chain(&others).map(|pattern| table(pattern));
        let all: Vec<_> = all.collect();
        complete &= all.iter().all(Option::is_some);
        // No value of a field of text is blank, and none is other than UTF-8.
        let frame = [table(r"\S"), table(r"\A(?s:.)*\z")];
        let frame: Vec<Table> = frame.into_iter().flatten().collect();
        if frame.len() < 2 {
            return Candidates::default();
        }
        let (texts, walked) = Walk::new(all.into_iter().flatten().collect(), frame).texts();
        complete &= walked;
        let known: HashSet<_> = found.iter().map(Literal::show).collect();
        let new = texts.into_iter().filter(|text| !known.contains(text));
        let new: Vec<_> = new.map(Literal::Text).collect();
        found.extend(new);
    }
    let samples = found.iter().map(|literal| Sample::Text(literal.show()));
    Candidates {
        samples: samples.collect(),
        complete,
    }
}

/// Returns a pattern that is found in the texts for which a check on a text holds, or in
/// all others; none if it does not ask for the text.
fn pattern(check: &Check) -> Option<String> {
    match check {
        Check::Matches(pattern) | Check::NotMatches(pattern) => Some(pattern.to_string()),
        Check::Equals(literal) | Check::NotEquals(literal) => whole(std::slice::from_ref(literal)),
        Check::In(list) | Check::NotIn(list) => whole(list),
        Check::MinLength(length) => Some(longer(*length)),
        Check::MaxLength(length) => Some(longer(length.saturating_add(1))),
        Check::Present(_)
        | Check::EqualsField(_)
        | Check::DiffersFrom(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::After(_)
        | Check::OlderThan(_)
        | Check::NewerThan(_)
        | Check::WithinNext(_)
        | Check::Passed { .. }
        | Check::BeforeField(_)
        | Check::AfterField(_)
        | Check::AnyAddress(_)
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Covers(_)
        | Check::Public => None,
    }
}

fn whole(list: &[Literal]) -> Option<String> {
    let texts = list.iter().map(|literal| match literal {
        Literal::Text(text) => Some(regex_syntax::escape(text)),
        Literal::Flag(_) | Literal::Number(_) | Literal::Time(_) => None,
    });
    let texts: Option<Vec<_>> = texts.collect();
    Some(format!(r"\A(?:{})\z", texts?.join("|")))
}

/// A pattern of texts with so many characters or more; one that is too big, if that
/// cannot be counted here.
fn longer(length: u64) -> String {
    match length <= MAX_COUNTED {
        true => format!(r"\A(?s:.){{{length}}}"),
        false => r"(?s:.){4000000}".to_owned(),
    }
}

fn table(pattern: &str) -> Option<Table> {
    let config = dense::Config::new()
        .start_kind(StartKind::Unanchored)
        .accelerate(false)
        .unicode_word_boundary(true)
        .dfa_size_limit(Some(MAX_TABLE))
        .determinize_size_limit(Some(4 * MAX_TABLE));
    dense::Builder::new().configure(config).build(pattern).ok()
}

/// Walks all automata at once, from the beginning of a text.
struct Walk {
    /// Those of the checks, then those that every text must meet.
    tables: Vec<Table>,
    checks: usize,
    /// A byte for each class that some automaton tells from others.
    bytes: Vec<u8>,
    /// Each state with the one before it and the byte between them.
    nodes: Vec<(State, usize, u8)>,
}

impl Walk {
    fn new(mut tables: Vec<Table>, frame: Vec<Table>) -> Self {
        let checks = tables.len();
        tables.extend(frame);
        // People read the texts: letters and digits stand for their classes.
        let readable = (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9');
        let mut bytes: Vec<u8> = readable.chain(b'!'..=b'~').chain(0..=255).collect();
        let mut classes = HashSet::new();
        bytes.retain(|byte| {
            let class = |table: &Table| table.byte_classes().get(*byte);
            classes.insert(tables.iter().map(class).collect::<Vec<_>>())
        });
        Self {
            tables,
            checks,
            bytes,
            nodes: Vec::new(),
        }
    }

    /// Returns the shortest text for each combination of answers, and whether all were
    /// found.
    fn texts(&mut self) -> (Vec<String>, bool) {
        let start = Input::new("").anchored(Anchored::No);
        let states = self.tables.iter().map(|table| {
            let state = table.start_state_forward(&start).ok()?;
            (!table.is_match_state(state)).then_some(state)
        });
        let first: State = states.collect();
        let mut known = HashMap::from([(first.clone(), 0)]);
        self.nodes.push((first, 0, 0));
        let mut open = VecDeque::from([0]);
        let (mut texts, mut answers, mut complete) = (Vec::new(), HashSet::new(), true);
        while let Some(index) = open.pop_front() {
            let answer = self.answer(index);
            if answer[self.checks..].iter().all(|holds| *holds) && answers.insert(answer) {
                texts.extend(self.text(index));
            }
            for at in 0..self.bytes.len() {
                let byte = self.bytes[at];
                let Some(next) = self.step(index, byte, &mut complete) else {
                    continue;
                };
                if known.contains_key(&next) {
                    continue;
                }
                if self.nodes.len() >= MAX_STATES {
                    return (texts, false);
                }
                known.insert(next.clone(), self.nodes.len());
                open.push_back(self.nodes.len());
                self.nodes.push((next, index, byte));
            }
        }
        (texts, complete)
    }

    /// Returns the state after a byte; none if no text goes on like this, or only
    /// Unicode's tables tell where a word ends.
    fn step(&self, index: usize, byte: u8, complete: &mut bool) -> Option<State> {
        let (state, ..) = &self.nodes[index];
        let mut next = Vec::with_capacity(state.len());
        for (place, (table, state)) in self.tables.iter().zip(state).enumerate() {
            let Some(state) = state else {
                next.push(None);
                continue;
            };
            let after = table.next_state(*state, byte);
            if table.is_quit_state(after) {
                *complete = false;
                return None;
            }
            // The last automaton is that of UTF-8.
            if table.is_dead_state(after) && place + 1 == self.tables.len() {
                return None;
            }
            next.push((!table.is_match_state(after)).then_some(after));
        }
        Some(next)
    }

    /// Returns whether each pattern is found in a text that ends here.
    fn answer(&self, index: usize) -> Vec<bool> {
        let (state, ..) = &self.nodes[index];
        let states = self.tables.iter().zip(state);
        let found = states.map(|(table, state)| match state {
            Some(state) => table.is_match_state(table.next_eoi_state(*state)),
            None => true,
        });
        found.collect()
    }

    fn text(&self, mut index: usize) -> Option<String> {
        let mut bytes = Vec::new();
        while index > 0 {
            let (_, before, byte) = self.nodes[index];
            bytes.push(byte);
            index = before;
        }
        bytes.reverse();
        String::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::pattern::Pattern;

    fn found(patterns: &[&str]) -> (HashSet<Vec<bool>>, bool) {
        let patterns = patterns
            .iter()
            .map(|text| Pattern::new(text).expect("a pattern"));
        let patterns: Vec<_> = patterns.collect();
        let checks: Vec<_> = patterns.iter().cloned().map(Check::Matches).collect();
        let candidates = texts(checks.iter(), 1);
        let texts = candidates.samples.iter().filter_map(|sample| match sample {
            Sample::Text(text) => Some(text),
            Sample::Absent | Sample::Flag(_) | Sample::Number(_) | Sample::Object => None,
        });
        let answers = texts.map(|text| {
            let answers = patterns.iter().map(|pattern| pattern.is_match(text));
            answers.collect()
        });
        (answers.collect(), candidates.complete)
    }

    #[test]
    fn texts_are_found_for_all_answers_that_patterns_can_give_together() {
        let (answers, complete) = found(&["^[a-c]+$", "b", r"\d{3}$"]);
        let wanted = [
            vec![true, true, false],
            vec![true, false, false],
            vec![false, true, true],
            vec![false, true, false],
            vec![false, false, true],
            vec![false, false, false],
        ];
        assert!(complete);
        assert_eq!(answers, wanted.into());
    }

    #[test]
    fn a_pattern_that_matches_every_text_or_none_is_known_as_such() {
        for (pattern, answer) in [(r"^\s*", true), ("a^", false), ("^$", false), (r"\S", true)] {
            let (answers, complete) = found(&[pattern]);
            assert!(
                complete && answers == HashSet::from([vec![answer]]),
                "{pattern}"
            );
        }
        // Only Unicode tells where a word ends: nothing is claimed.
        let (_, complete) = found(&[r"\bé\b"]);
        assert!(!complete);
    }
}
