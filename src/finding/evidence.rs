//! What was observed, and what was expected: the checks that were not met.

use std::borrow::Cow;
use std::fmt;

use super::privacy::Privacy;
use super::redaction::{REDACTED, observed, truncate};
use crate::policy::{Aggregate, Answers, Ask, Requirement, Rule, TestId, Truth};
use crate::record::{List, Slot, Value};

/// Represents a check that was not met.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Evidence<'a> {
    /// The field that it looks at.
    pub field: Cow<'a, str>,
    /// What would have met it.
    pub expected: Cow<'a, str>,
    /// What was seen; `[missing]`, `[null]` and `[empty]` stand for absence.
    pub observed: Cow<'a, str>,
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            field,
            expected,
            observed,
        } = self;
        write!(f, "{field}: {observed}, expected {expected}")
    }
}

/// Returns every check of a rule that a record does not meet, in the order of the
/// policy.
pub(super) fn of_record<'a>(
    answers: &'a Answers<'a>,
    rule: &'a Rule,
    privacy: Privacy<'a>,
) -> Vec<Evidence<'a>> {
    let mut unmet = Unmet {
        answers,
        privacy,
        evidence: Vec::new(),
    };
    if let Some(when) = &rule.when
        && matches!(answers.holds(when), Truth::Undecided(_))
    {
        unmet.collect(when, Wanted::True);
    }
    match &rule.ask {
        Ask::Record { require, .. } => unmet.collect(require, Wanted::True),
        Ask::Aggregate(aggregate) => unmet.aggregate(aggregate),
    }
    unmet.evidence
}

/// Says what a requirement should have been.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    True,
    False,
}

/// Gathers the checks by which a requirement is not what it should be.
struct Unmet<'a> {
    answers: &'a Answers<'a>,
    privacy: Privacy<'a>,
    evidence: Vec<Evidence<'a>>,
}

impl<'a> Unmet<'a> {
    fn collect(&mut self, requirement: &Requirement, wanted: Wanted) {
        let met = match wanted {
            Wanted::True => Truth::True,
            Wanted::False => Truth::False,
        };
        if self.answers.holds(requirement) == met {
            return;
        }
        match (requirement, wanted) {
            (Requirement::Field { slot, tests }, _) => self.field(*slot, tests, wanted),
            (Requirement::All(parts) | Requirement::Any(parts), _) => {
                for part in parts {
                    self.collect(part, wanted);
                }
            }
            (Requirement::Not(part), Wanted::True) => self.collect(part, Wanted::False),
            (Requirement::Not(part), Wanted::False) => self.collect(part, Wanted::True),
        }
    }

    fn field(&mut self, slot: Slot, tests: &[TestId], wanted: Wanted) {
        let answers = self.answers;
        let unmet = |id: &TestId| wanted == Wanted::False || answers.test(*id) != Truth::True;
        let unmet: Vec<_> = tests.iter().copied().filter(unmet).collect();
        let policies = answers.policies();
        let words: Cow<'_, str> = match unmet.as_slice() {
            [one] => policies.test(*one).expected.as_str().into(),
            several => {
                let words = several
                    .iter()
                    .map(|id| policies.test(*id).expected.as_str());
                words.collect::<Vec<_>>().join(" and ").into()
            }
        };
        self.evidence.push(Evidence {
            field: policies.schema.field(slot).name.as_str().into(),
            expected: match wanted {
                Wanted::True => words,
                Wanted::False if unmet.len() == 1 => format!("not {words}").into(),
                Wanted::False => format!("not ({words})").into(),
            },
            observed: self.observed(slot, &unmet),
        });
        let checks = unmet.iter().map(|id| &policies.test(*id).check);
        for other in checks.filter_map(|check| check.other()) {
            self.other(slot, other);
        }
    }

    /// A value that cannot be read cannot be held against others.
    fn aggregate(&mut self, aggregate: &'a Aggregate) {
        if let Some(slot) = aggregate.slot() {
            self.evidence.push(Evidence {
                field: aggregate.looks_at(&self.answers.policies().schema).into(),
                expected: aggregate.expected().into(),
                observed: self.observed(slot, &[]),
            });
        }
    }

    /// A check that compares two fields is not met for want of the other.
    fn other(&mut self, slot: Slot, other: Slot) {
        let schema = &self.answers.policies().schema;
        if !self.answers.record().cell(other).value.is_whole() {
            self.evidence.push(Evidence {
                field: schema.field(other).name.as_str().into(),
                expected: format!("a value to compare {} with", schema.field(slot).name).into(),
                observed: self.observed(other, &[]),
            });
        }
    }

    /// The entries of a list that are to blame, or the list.
    fn entries(&self, seen: &'a str, list: List, tests: &[TestId]) -> Cow<'a, str> {
        let entries = self.answers.record().entries(list);
        let mut blamed = Vec::new();
        for id in tests {
            let check = &self.answers.policies().test(*id).check;
            let offenders = check.offenders(entries, self.answers.test(*id));
            if offenders.is_empty() {
                return truncate(seen);
            }
            blamed.extend(offenders.iter().map(|entry| entry.at.clone()));
        }
        blamed.sort_unstable_by_key(|at| at.start);
        blamed.dedup();
        let mut texts = blamed
            .into_iter()
            .filter_map(|at| seen.get(at))
            .map(|text| if text.is_empty() { "[empty]" } else { text });
        match (texts.next(), texts.next()) {
            (None, _) => truncate(seen),
            (Some(one), None) => truncate(one),
            (Some(one), Some(two)) => {
                let all: Vec<_> = [one, two].into_iter().chain(texts).collect();
                truncate(&all.join(", ")).into_owned().into()
            }
        }
    }

    fn observed(&self, slot: Slot, tests: &[TestId]) -> Cow<'a, str> {
        let whole = observed(*self.answers, slot, self.privacy);
        let cell = self.answers.record().cell(slot);
        match cell.value {
            Value::Networks(list) if whole != REDACTED => self.entries(cell.seen, list, tests),
            _ => whole,
        }
    }
}
