//! What rules come to for records that are alike: it is found out once, and then looked up.
//!
//! Rules that look at the same facets of a record come to the same for all records in which
//! these are in the same states. Nothing is decided here: what is not known yet is asked of
//! whoever judges.

use crate::finding::{Outcome, Summary};
use crate::key_table::KeyTable;
use crate::policy::{Group, MAX_FACETS, Policies, State, States, UNKNOWN};

/// How many combinations of states of a group are remembered.
const MAX_ENTRIES: usize = 1 << 12;

/// How many states a word of a key holds.
const PER_WORD: usize = (u64::BITS / State::BITS) as usize;

/// How many sets of controls are remembered.
const MAX_SETS: usize = 1 << 12;

/// Remembers what the rules of each group come to, and how often that was looked up.
#[derive(Debug)]
pub(super) struct Tables {
    /// For each policy its groups.
    groups: Vec<Vec<Table>>,
    /// Which entries have been looked up since they were counted last.
    used: Vec<(usize, usize, usize)>,
    controls: Controls,
}

/// Remembers what the rules of a group come to.
#[derive(Debug)]
struct Table {
    /// How many words the states of the group take.
    words: usize,
    /// The entries of a group with one facet, by its state, each number and 1; 0, where
    /// there is none yet.
    by_state: Vec<u32>,
    /// The entries of a group with several, by their states.
    by_states: KeyTable,
    entries: Vec<Entry>,
}

/// Holds what the rules of a group come to for records in the same states.
#[derive(Debug)]
pub(super) struct Entry {
    /// For each rule of the group its index among all rules, and what it comes to.
    pub(super) outcomes: Box<[(usize, Outcome)]>,
    /// Those of them that are listed.
    pub(super) listed: Box<[(usize, Outcome)]>,
    /// Whether the records are in the scope of each rule cannot be decided.
    pub(super) scope_undecided: bool,
    /// The controls whose rules judge the records, among those that are counted by records:
    /// a word of 64 and which of them.
    controls: Box<[(usize, u64)]>,
    /// How often it was looked up since it was counted last.
    uses: u64,
}

/// Counts the records that the rules of controls judged, each once for each control.
#[derive(Debug)]
struct Controls {
    /// Those of the record that is judged, a bit for each.
    set: Vec<u64>,
    known: KeyTable,
    /// How many records had each known set.
    records: Vec<u64>,
}

impl Tables {
    pub(super) fn new(policies: &Policies) -> Self {
        let groups = policies.plan().groups.iter();
        let tables = groups.map(|groups| groups.iter().map(Table::new).collect());
        Self {
            groups: tables.collect(),
            used: Vec::new(),
            controls: Controls::new(policies),
        }
    }

    /// Returns the number of the entry of a group, by its policy and its place there, for a
    /// record in these states; nothing, if there is no room to remember it.
    #[inline(always)]
    pub(super) fn number(
        &mut self,
        (policy, place): (usize, usize),
        group: &Group,
        states: &States,
    ) -> Option<usize> {
        self.groups[policy][place].number(group, states)
    }

    /// Returns whether what the rules of a group come to is known, by the number of the
    /// entry.
    #[inline(always)]
    pub(super) fn is_known(&self, (policy, place): (usize, usize), number: usize) -> bool {
        number < self.groups[policy][place].entries.len()
    }

    /// Remembers what the rules of a group come to: its next entry.
    pub(super) fn remember(&mut self, (policy, place): (usize, usize), entry: Entry) {
        self.groups[policy][place].entries.push(entry);
    }

    /// Returns what the rules of a group come to, for one more record.
    #[inline(always)]
    pub(super) fn look_up(&mut self, (policy, place): (usize, usize), number: usize) -> &Entry {
        let entry = &mut self.groups[policy][place].entries[number];
        if entry.uses == 0 {
            self.used.push((policy, place, number));
        }
        entry.uses += 1;
        self.controls.add(&entry.controls);
        entry
    }

    /// Notes that a rule judges the record that is judged.
    pub(super) fn add_controls(&mut self, controls: &[u32]) {
        for control in controls {
            let control = *control as usize;
            self.controls.set[control / 64] |= 1 << (control % 64);
        }
    }

    /// Ends a record.
    pub(super) fn end_record(&mut self, summary: &mut Summary) {
        self.controls.end_record(summary);
    }

    /// Counts what was looked up since this was called last.
    pub(super) fn count(&mut self, summary: &mut Summary) {
        for (policy, place, number) in self.used.drain(..) {
            let entry = &mut self.groups[policy][place].entries[number];
            let records = std::mem::take(&mut entry.uses);
            for (rule_index, outcome) in &entry.outcomes {
                summary.count_unlisted(*rule_index, *outcome, records);
            }
        }
        self.controls.count(summary);
    }
}

impl Table {
    fn new(group: &Group) -> Self {
        let words = group.facets.len().div_ceil(PER_WORD);
        Self {
            words,
            by_state: Vec::new(),
            by_states: KeyTable::new(words, MAX_ENTRIES),
            entries: Vec::new(),
        }
    }

    /// Returns the number of the entry for these states: that of the next, if there is none
    /// yet. Nothing, if it cannot be remembered.
    #[inline]
    fn number(&mut self, group: &Group, states: &States) -> Option<usize> {
        if let [facet] = group.facets[..] {
            let state = states.of(facet);
            let number = self.by_state.get(usize::from(state));
            return match number {
                Some(number) if *number != 0 => Some(*number as usize - 1),
                Some(_) | None => self.next_by_state(state),
            };
        }
        if group.facets.len() > MAX_FACETS {
            return None;
        }
        let mut key = [0u64; MAX_FACETS / PER_WORD];
        let mut is_known = true;
        for (place, facet) in group.facets.iter().enumerate() {
            let state = states.of(*facet);
            is_known &= state != UNKNOWN;
            key[place / PER_WORD] |= u64::from(state) << (place % PER_WORD * State::BITS as usize);
        }
        if !is_known {
            return None;
        }
        self.by_states.number(&key[..self.words])
    }

    #[cold]
    fn next_by_state(&mut self, state: State) -> Option<usize> {
        if state == UNKNOWN {
            return None;
        }
        let place = usize::from(state);
        if place >= self.by_state.len() {
            self.by_state.resize(place + 1, 0);
        }
        let next = self.entries.len();
        self.by_state[place] = u32::try_from(next + 1).ok()?;
        Some(next)
    }
}

impl Entry {
    /// Returns what rules, by their indexes, come to; `controls` has those of a rule that
    /// are counted by records.
    pub(super) fn new<'c>(
        outcomes: impl Iterator<Item = (usize, Outcome)>,
        scope_undecided: bool,
        controls: impl Fn(usize) -> &'c [u32],
    ) -> Self {
        let outcomes: Box<[_]> = outcomes.collect();
        let is_listed = |(_, outcome): &&(usize, Outcome)| outcome.is_listed();
        let mut set: Vec<(usize, u64)> = Vec::new();
        for (rule_index, outcome) in &outcomes {
            if *outcome == Outcome::NotApplicable {
                continue;
            }
            for control in controls(*rule_index) {
                let (word, bit) = (*control as usize / 64, 1 << (*control % 64));
                match set.iter_mut().find(|(known, _)| *known == word) {
                    Some((_, bits)) => *bits |= bit,
                    None => set.push((word, bit)),
                }
            }
        }
        Self {
            listed: outcomes.iter().filter(is_listed).copied().collect(),
            controls: set.into(),
            outcomes,
            scope_undecided,
            uses: 0,
        }
    }
}

impl Controls {
    fn new(policies: &Policies) -> Self {
        // Without controls that are counted by records there is nothing to count.
        let rules = 0..policies.rules().count();
        let is_any = rules
            .into_iter()
            .any(|rule| !policies.shared_controls(rule).is_empty());
        let controls = if is_any { policies.controls.len() } else { 0 };
        let words = controls.div_ceil(64);
        Self {
            set: vec![0; words],
            known: KeyTable::new(words, MAX_SETS),
            records: Vec::new(),
        }
    }

    #[inline(always)]
    fn add(&mut self, controls: &[(usize, u64)]) {
        for (word, bits) in controls {
            self.set[*word] |= bits;
        }
    }

    fn end_record(&mut self, summary: &mut Summary) {
        if self.set.is_empty() {
            return;
        }
        match self.known.number(&self.set) {
            Some(number) => {
                if number == self.records.len() {
                    self.records.push(0);
                }
                self.records[number] += 1;
            }
            None => count_controls(&self.set, 1, summary),
        }
        self.set.fill(0);
    }

    fn count(&mut self, summary: &mut Summary) {
        for (number, records) in self.records.iter_mut().enumerate() {
            let records = std::mem::take(records);
            if records > 0 {
                count_controls(self.known.key(number), records, summary);
            }
        }
    }
}

fn count_controls(set: &[u64], records: u64, summary: &mut Summary) {
    for (place, word) in set.iter().enumerate() {
        let mut word = *word;
        while word != 0 {
            summary.count_judged(64 * place + word.trailing_zeros() as usize, records);
            word &= word - 1;
        }
    }
}
