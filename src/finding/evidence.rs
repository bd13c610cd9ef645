//! What was observed, and what was expected: the checks that were not met.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::privacy::Privacy;
use super::redaction::{REDACTED, observed, truncate};
use crate::policy::{
    Aggregate, Alternatives, Answers, Ask, Cause, Check, Form, OnAbsent, Requirement, Rule, TestId,
    Truth, WhenAbsent,
};
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

/// Returns evidence as statements: several fields of one sentence share it.
pub fn statements<'e>(evidence: &'e [Evidence<'e>]) -> impl Iterator<Item = Statement<'e>> {
    let same = |one: &Evidence<'_>, next: &Evidence<'_>| one.expected == next.expected;
    evidence.chunk_by(same).map(Statement)
}

/// Represents what was seen in some fields, and what was expected of them together; at
/// least one field.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'e>(&'e [Evidence<'e>]);

impl<'e> Statement<'e> {
    /// Returns what was expected.
    pub fn expected(&self) -> &'e str {
        self.0.first().map_or("", |one| &one.expected)
    }

    /// Returns each field with what was seen in it.
    pub fn seen(&self) -> impl Iterator<Item = (&'e str, &'e str)> {
        let all = self.0.iter();
        all.map(|one| (one.field.as_ref(), one.observed.as_ref()))
    }

    /// Returns the statement as a line, with its parts as they are shown.
    pub fn line(
        &self,
        field: impl Fn(&str) -> String,
        observed: impl Fn(&str) -> String,
        expected: impl Fn(&str) -> String,
    ) -> String {
        let seen = self.seen();
        let seen = seen.map(|(name, value)| format!("{}: {}", field(name), observed(value)));
        let seen = seen.collect::<Vec<_>>().join("; ");
        format!("{seen}, expected {}", expected(self.expected()))
    }
}

impl fmt::Display for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(str::to_owned, str::to_owned, str::to_owned))
    }
}

/// Returns every check of a rule that a record does not meet, in the order of the
/// policy. What is undecided and allowed to be is left out.
pub(super) fn of_record<'a>(
    answers: &'a Answers<'a>,
    rule: &'a Rule,
    privacy: Privacy<'a>,
) -> Gathered<'a> {
    let mut unmet = Unmet {
        answers,
        privacy,
        allows_absence: rule.when_absent != WhenAbsent::Error,
        alternatives: rule.when_alternatives.iter(),
        gathered: Gathered::default(),
    };
    if let Some(when) = &rule.when
        && matches!(answers.holds(when), Truth::Undecided(_))
    {
        unmet.collect(when, true);
    }
    let of_when = unmet.gathered.evidence.len();
    match &rule.ask {
        Ask::Record { require, on_absent } => {
            unmet.allows_absence = match on_absent {
                OnAbsent::Pass | OnAbsent::NotApplicable => true,
                OnAbsent::Fail | OnAbsent::Error => false,
            };
            unmet.alternatives = rule.require_alternatives.iter();
            unmet.collect(require, true);
        }
        Ask::Aggregate(aggregate) => unmet.aggregate(aggregate),
    }
    if let Some(expected) = &rule.expected {
        for evidence in &mut unmet.gathered.evidence[of_when..] {
            evidence.expected = expected.as_str().into();
        }
    }
    unmet.gathered
}

/// Holds evidence, and the field that each piece of it is about.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    pub(super) evidence: Vec<Evidence<'a>>,
    pub(super) slots: Vec<Slot>,
}

/// Gathers the checks by which a requirement is not what it should be.
struct Unmet<'a> {
    answers: &'a Answers<'a>,
    privacy: Privacy<'a>,
    /// What absence alone leaves undecided is fine.
    allows_absence: bool,
    /// What would do where the requirement has alternatives that are still to come.
    alternatives: std::slice::Iter<'a, Alternatives>,
    gathered: Gathered<'a>,
}

impl<'a> Unmet<'a> {
    fn push(&mut self, slot: Slot, expected: Cow<'a, str>, observed: Cow<'a, str>) {
        let field = &self.answers.policies().schema.field(slot).name;
        self.gathered.slots.push(slot);
        self.gathered.evidence.push(Evidence {
            field: field.as_str().into(),
            expected,
            observed,
        });
    }

    /// Gathers why a requirement does not hold or, if it should not, why it does.
    fn collect(&mut self, requirement: &'a Requirement, wanted: bool) {
        let is_fine = match self.answers.holds(requirement) {
            Truth::True => wanted,
            Truth::False => !wanted,
            Truth::Undecided(Cause::Absent(_)) => self.allows_absence,
            Truth::Undecided(Cause::Bad(_)) => false,
        };
        if is_fine {
            let passed_over = requirement.count_alternatives(wanted);
            self.alternatives.by_ref().take(passed_over).for_each(drop);
            return;
        }
        match requirement.form(wanted) {
            Form::Field(slot, tests) => self.field(slot, tests, wanted),
            Form::Each(parts) => parts.iter().for_each(|part| self.collect(part, wanted)),
            Form::Opposite(part) => self.collect(part, !wanted),
            Form::Alternatives => {
                if let Some(alternatives) = self.alternatives.next() {
                    self.one_of(alternatives);
                }
            }
        }
    }

    /// Gathers the fields of several checks of which enough would do, each with the whole
    /// sentence.
    fn one_of(&mut self, alternatives: &'a Alternatives) {
        for slot in &alternatives.slots {
            let mut pairs = alternatives.compared.iter();
            let is_private = pairs
                .any(|pair| pair.contains(slot) && pair.iter().any(|slot| self.is_redacted(*slot)));
            let observed = self.observed_beside(*slot, &[], is_private);
            self.push(*slot, alternatives.sentence.as_str().into(), observed);
        }
    }

    /// Gathers the checks of a field that are not as wanted: those that are decided, if
    /// some are.
    fn field(&mut self, slot: Slot, tests: &'a [TestId], wanted: bool) {
        let answers = self.answers;
        let policies = answers.policies();
        let unmet: Cow<'a, [TestId]> = match tests {
            [_] => tests.into(),
            several => {
                let is_open = |id: &TestId| matches!(answers.test(*id), Truth::Undecided(_));
                let is_decided = |id: &TestId| answers.test(*id) == Truth::from(!wanted);
                let decided = several.iter().copied().filter(is_decided);
                let decided: Vec<_> = decided.collect();
                match decided.is_empty() {
                    true => several.iter().copied().filter(is_open).collect(),
                    false => decided.into(),
                }
            }
        };
        let is_absent = matches!(answers.record().cell(slot).value, Value::Absent(_));
        let word = |id: &TestId| {
            let test = policies.test(*id);
            match test.check.pattern() {
                // Nobody looks for a pattern in what is not there.
                Some(_) if is_absent => "present",
                Some(_) | None => test.phrase(wanted).what.as_str(),
            }
        };
        let checks = unmet.iter().map(|id| &policies.test(*id).check);
        let others: Vec<_> = checks.filter_map(Check::other).collect();
        let expected: Cow<'a, str> = match (unmet.as_ref(), others.is_empty()) {
            // Of several fields a sentence says what was expected of which.
            (unmet, false) => policies.asked().of_field(slot, unmet, wanted).into(),
            ([one], true) => word(one).into(),
            (several, true) => {
                let mut words: Vec<_> = several.iter().map(word).collect();
                words.dedup();
                words.join(" and ").into()
            }
        };
        let fields = || std::iter::once(slot).chain(others.iter().copied());
        // Of two that are the same, one would show the other.
        let is_private = !others.is_empty() && fields().any(|slot| self.is_redacted(slot));
        for (index, slot) in fields().enumerate() {
            let tests = if index == 0 { unmet.as_ref() } else { &[] };
            let observed = self.observed_beside(slot, tests, is_private);
            self.push(slot, expected.clone(), observed);
        }
    }

    /// A value that cannot be read cannot be held against others.
    fn aggregate(&mut self, aggregate: &'a Aggregate) {
        if let Some(slot) = aggregate.slot() {
            let observed = self.observed(slot, &[]);
            self.push(slot, aggregate.expected().into(), observed);
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
        // An entry that stands twice is one.
        let mut shown = HashSet::new();
        let mut texts = blamed
            .into_iter()
            .filter_map(|at| seen.get(at))
            .filter(|text| shown.insert(*text));
        match (texts.next(), texts.next()) {
            (None, _) => truncate(seen),
            (Some(one), None) => truncate(one),
            (Some(one), Some(two)) => {
                let all: Vec<_> = [one, two].into_iter().chain(texts).collect();
                truncate(&all.join(", ")).into_owned().into()
            }
        }
    }

    fn is_redacted(&self, slot: Slot) -> bool {
        let field = self.answers.policies().schema.field(slot);
        self.privacy.hides_sensitive() && field.sensitive
    }

    /// Returns what is in a field, unless that would show what is in another.
    fn observed_beside(&self, slot: Slot, tests: &[TestId], is_private: bool) -> Cow<'a, str> {
        let is_absent = matches!(self.answers.record().cell(slot).value, Value::Absent(_));
        match is_private && !is_absent {
            true => REDACTED.into(),
            false => self.observed(slot, tests),
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
