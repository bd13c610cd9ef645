//! The search for a record of which a rule makes this or that: small rules are tried in
//! every combination of the answers of their tests, larger ones until it takes too long.

use std::collections::HashMap;
use std::rc::Rc;

use super::group::{Group, slots};
use super::possible::{Answers, possible};
use super::sample::Sample;
use crate::policy::policies::{Policies, Policy};
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::rule::{Ask, OnAbsent, Rule, WhenAbsent};
use crate::policy::words::Asked;
use crate::record::Slot;

/// How many combinations are looked at.
const MAX_STEPS: usize = 20_000;

/// Says what a rule is to make of a record: one of several outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Goal(u8);

impl Goal {
    /// The record is out of the scope of the policy, or the rule does not apply.
    const NOT_ASKED: Self = Self(1);
    /// The rule applies for certain, and is met.
    pub(in crate::policy) const PASS: Self = Self(2);
    /// The rule applies, and is met by absence or where the scope cannot be decided.
    const LOOSE_PASS: Self = Self(4);
    /// The rule is violated.
    pub(in crate::policy) const VIOLATED: Self = Self(8);
    /// The rule is not met for what is absent.
    pub(in crate::policy) const ABSENT: Self = Self(16);
    /// The rule applies, and is neither met nor failed.
    const UNSETTLED: Self = Self(32);
    /// It is not certain that the rule applies.
    const DOUBTFUL: Self = Self(64);
    /// It is not certain that the rule applies, and it is met.
    const DOUBTFUL_PASS: Self = Self(128);
    /// The rule is met, in whatever way.
    pub(in crate::policy) const ANY_PASS: Self = Self(2 | 4 | 128);
    /// The rule applies for certain.
    pub(in crate::policy) const APPLIES: Self = Self(2 | 4 | 8 | 16 | 32);

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

/// Holds what is in the fields of a made-up record, which has no other field.
pub type Example = Vec<(Slot, Sample)>;

/// Holds what a search came to.
#[derive(Debug, Clone)]
pub(in crate::policy) enum Found {
    /// This record is one.
    Record(Example),
    /// No record is.
    None,
    /// It is not decided: the search took too long, or not every value was tried.
    Unknown,
}

/// Searches for records, and keeps what it learned about fields.
pub(in crate::policy) struct Search<'l> {
    asked: Asked<'l>,
    groups: HashMap<Vec<TestId>, Rc<Group>>,
}

impl<'l> Search<'l> {
    pub(in crate::policy) fn new(asked: Asked<'l>) -> Self {
        Self {
            asked,
            groups: HashMap::new(),
        }
    }

    /// Returns what tests on fields that hang together can answer.
    pub(in crate::policy) fn group(&mut self, tests: Vec<TestId>) -> Rc<Group> {
        let asked = self.asked;
        let group = self.groups.entry(tests.clone());
        Rc::clone(group.or_insert_with(|| Rc::new(Group::new(asked, tests))))
    }

    /// Looks for a record of which a rule makes one of these.
    pub(in crate::policy) fn find(&mut self, policy: &Policy, rule: &Rule, goal: Goal) -> Found {
        let Ask::Record { require, on_absent } = &rule.ask else {
            return Found::Unknown;
        };
        let (scope, own_scope) = (policy.scope.as_ref(), rule.scope.as_ref());
        let parts = [scope, own_scope, rule.when.as_ref(), Some(require)];
        let tests = parts
            .into_iter()
            .flatten()
            .flat_map(|part| part.tests(true));
        let groups = self.groups_of(tests.map(|(id, _)| id).collect());
        let mut attempt = Attempt {
            parts,
            when_absent: rule.when_absent,
            on_absent: *on_absent,
            places: groups
                .iter()
                .enumerate()
                .flat_map(|(place, group)| {
                    let tests = group.tests.iter().enumerate();
                    tests.map(move |(index, id)| (*id, (place, index)))
                })
                .collect(),
            chosen: vec![None; groups.len()],
            open: groups.iter().map(|group| open_answers(group)).collect(),
            groups,
            steps: 0,
        };
        if attempt.reaches(0, goal) {
            return Found::Record(attempt.record());
        }
        let complete = attempt.groups.iter().all(|group| group.complete);
        match complete && attempt.steps < MAX_STEPS {
            true => Found::None,
            false => Found::Unknown,
        }
    }

    /// Divides tests by the fields that hang together, in the order of the tests.
    fn groups_of(&mut self, tests: Vec<TestId>) -> Vec<Rc<Group>> {
        let mut parts: Vec<(Vec<Slot>, Vec<TestId>)> = Vec::new();
        for id in tests {
            let mut part: (Vec<Slot>, Vec<TestId>) = (slots(self.asked, id).collect(), Vec::new());
            let mut place = parts.len();
            let mut index = 0;
            while index < parts.len() {
                if parts[index].0.iter().any(|slot| part.0.contains(slot)) {
                    let (slots, tests) = parts.remove(index);
                    part.0.extend(slots);
                    part.1.extend(tests);
                    place = place.min(index);
                } else {
                    index += 1;
                }
            }
            if !part.1.contains(&id) {
                part.1.push(id);
            }
            parts.insert(place.min(parts.len()), part);
        }
        let parts = parts.into_iter();
        parts.map(|(_, tests)| self.group(tests)).collect()
    }
}

/// Returns what each test of a group may answer.
fn open_answers(group: &Group) -> Vec<Answers> {
    let answers = |index: usize| {
        let profiles = group.profiles.iter();
        let answers = profiles.map(|profile| Answers::from(profile.truths[index]));
        answers.fold(Answers::NONE, Answers::or)
    };
    (0..group.tests.len()).map(answers).collect()
}

/// A record that is being put together.
struct Attempt<'q> {
    /// The scopes, the `when` and the `require`.
    parts: [Option<&'q Requirement>; 4],
    when_absent: WhenAbsent,
    on_absent: OnAbsent,
    groups: Vec<Rc<Group>>,
    /// The group and the index in it of each test.
    places: HashMap<TestId, (usize, usize)>,
    /// What the tests of each group may answer.
    open: Vec<Vec<Answers>>,
    /// The profile of each group that is settled.
    chosen: Vec<Option<usize>>,
    steps: usize,
}

impl Attempt<'_> {
    /// Settles one group after the other until the goal is reached for certain.
    fn reaches(&mut self, next: usize, goal: Goal) -> bool {
        self.steps += 1;
        let outcomes = self.outcomes();
        if !outcomes.meets(goal) || self.steps >= MAX_STEPS {
            return false;
        }
        if outcomes.is_within(goal) {
            return true;
        }
        let Some(group) = self.groups.get(next).cloned() else {
            return false;
        };
        for profile in 0..group.profiles.len() {
            self.chosen[next] = Some(profile);
            if self.reaches(next + 1, goal) {
                return true;
            }
        }
        self.chosen[next] = None;
        false
    }

    fn answers(&self, id: TestId) -> Answers {
        let (group, index) = self.places[&id];
        match self.chosen[group] {
            Some(profile) => self.groups[group].profiles[profile].truths[index].into(),
            None => self.open[group][index],
        }
    }

    /// Returns what the rule may make of the record.
    fn outcomes(&self) -> Goal {
        let parts = self.parts.map(|part| match part {
            Some(part) => possible(part, &|id| self.answers(id)),
            None => Answers::TRUE,
        });
        let [scope, own_scope, when, require] = parts;
        let scope = scope.and(own_scope);
        let when = when.settle(self.when_absent);
        let mut outcomes = Goal(0);
        for scope in scope.each() {
            for when in when.each() {
                for require in require.each() {
                    outcomes = outcomes.or(self.outcome(scope, when, require));
                }
            }
        }
        outcomes
    }

    fn outcome(&self, scope: Answers, when: Answers, require: Answers) -> Goal {
        if scope == Answers::FALSE || when == Answers::FALSE {
            return Goal::NOT_ASKED;
        }
        match (when, require) {
            (Answers::TRUE, Answers::TRUE) if scope == Answers::TRUE => Goal::PASS,
            (Answers::TRUE, Answers::TRUE) => Goal::LOOSE_PASS,
            (Answers::TRUE, Answers::FALSE) => Goal::VIOLATED,
            (Answers::TRUE, Answers::ABSENT) => match self.on_absent {
                OnAbsent::Fail => Goal::ABSENT,
                OnAbsent::Pass => Goal::LOOSE_PASS,
                OnAbsent::Error | OnAbsent::NotApplicable => Goal::UNSETTLED,
            },
            (Answers::TRUE, _) => Goal::UNSETTLED,
            (_, Answers::TRUE) => Goal::DOUBTFUL_PASS,
            (_, _) => Goal::DOUBTFUL,
        }
    }

    fn record(&self) -> Example {
        let mut record = Vec::new();
        for (group, chosen) in self.groups.iter().zip(&self.chosen) {
            let Some(chosen) = chosen else { continue };
            let samples = &group.profiles[*chosen].samples;
            record.extend(group.slots.iter().copied().zip(samples.iter().cloned()));
        }
        record.retain(|(_, sample)| *sample != Sample::Absent);
        record
    }
}

impl Policies {
    /// Makes up a record that meets a rule, and one that does not, if there are any and
    /// they are found.
    pub fn examples(&self, policy: &Policy, rule: &Rule) -> [Option<Example>; 2] {
        let mut search = Search::new(self.asked());
        let goals = [[Goal::PASS, Goal::ANY_PASS], [Goal::VIOLATED, Goal::ABSENT]];
        goals.map(|goals| {
            goals
                .into_iter()
                .find_map(|goal| match search.find(policy, rule, goal) {
                    Found::Record(record) => Some(record),
                    Found::None | Found::Unknown => None,
                })
        })
    }
}
