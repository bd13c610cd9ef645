//! What a requirement may come to while some of its answers are open.

use crate::policy::requirement::{Requirement, TestId};
use crate::policy::rule::WhenAbsent;
use crate::policy::truth::{Cause, Truth};

/// Holds a set of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answers(u8);

const ANSWERS: [Answers; 4] = [Answers::FALSE, Answers::BAD, Answers::ABSENT, Answers::TRUE];

impl Answers {
    pub(super) const NONE: Self = Self(0);
    pub(super) const TRUE: Self = Self(1);
    pub(super) const FALSE: Self = Self(2);
    /// Undecided by absence alone.
    pub(super) const ABSENT: Self = Self(4);
    /// Undecided by bad data.
    pub(super) const BAD: Self = Self(8);

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn each(self) -> impl Iterator<Item = Self> {
        ANSWERS.into_iter().filter(move |one| self.has(*one))
    }

    fn not(self) -> Self {
        let turned = self.each().map(|one| match one {
            Self::TRUE => Self::FALSE,
            Self::FALSE => Self::TRUE,
            undecided => undecided,
        });
        turned.fold(Self::NONE, Self::or)
    }

    /// Joins two sets by what all of two answers come to: false before bad before absent
    /// before true.
    pub(super) fn and(self, other: Self) -> Self {
        let pairs = self
            .each()
            .flat_map(|one| other.each().map(move |two| (one, two)));
        let joined = pairs.map(|(one, two)| {
            let mut order = ANSWERS.into_iter();
            order.find(|it| *it == one || *it == two).unwrap_or(one)
        });
        joined.fold(Self::NONE, Self::or)
    }

    /// Returns what a `when` comes to.
    pub(super) fn settle(self, when_absent: WhenAbsent) -> Self {
        let settled = self.each().map(|one| match (one, when_absent) {
            (Self::ABSENT, WhenAbsent::Apply) => Self::TRUE,
            (Self::ABSENT, WhenAbsent::Skip) => Self::FALSE,
            (one, _) => one,
        });
        settled.fold(Self::NONE, Self::or)
    }
}

impl From<Truth> for Answers {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::TRUE,
            Truth::False => Self::FALSE,
            Truth::Undecided(Cause::Absent(_)) => Self::ABSENT,
            Truth::Undecided(Cause::Bad(_)) => Self::BAD,
        }
    }
}

/// Returns a set that holds every answer to which a requirement may come; only that one,
/// if each test has one answer.
pub(super) fn possible(requirement: &Requirement, test: &impl Fn(TestId) -> Answers) -> Answers {
    match requirement {
        Requirement::Field { tests, .. } => all(tests.iter().map(|id| test(*id))),
        Requirement::All(parts) => all(parts.iter().map(|part| possible(part, test))),
        Requirement::Any(parts) => all(parts.iter().map(|part| possible(part, test).not())).not(),
        Requirement::Some { least, of } => {
            let parts: Vec<_> = of.iter().map(|part| possible(part, test)).collect();
            several(*least, &parts)
        }
        Requirement::Not(part) => possible(part, test).not(),
    }
}

fn all(parts: impl Iterator<Item = Answers>) -> Answers {
    parts.fold(Answers::TRUE, Answers::and)
}

fn several(least: usize, parts: &[Answers]) -> Answers {
    let count = |is: &dyn Fn(&Answers) -> bool| parts.iter().filter(|part| is(part)).count();
    let may_hold = count(&|part| part.has(Answers::TRUE));
    let holds = count(&|part| *part == Answers::TRUE);
    let may_not_fail = count(&|part| *part != Answers::FALSE);
    let cannot_fail = count(&|part| !part.has(Answers::FALSE));
    let mut answers = Answers::NONE;
    if may_hold >= least {
        answers = answers.or(Answers::TRUE);
    }
    if cannot_fail < least {
        answers = answers.or(Answers::FALSE);
    }
    if holds < least && may_not_fail >= least {
        if count(&|part| part.has(Answers::BAD)) > 0 {
            answers = answers.or(Answers::BAD);
        }
        if count(&|part| part.has(Answers::ABSENT)) > 0 && count(&|part| *part == Answers::BAD) == 0
        {
            answers = answers.or(Answers::ABSENT);
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Absent, Bad, Slot};
    use proptest::prelude::*;
    use proptest::sample::select;

    fn truths() -> impl Strategy<Value = Vec<Truth>> {
        let all = vec![
            Truth::True,
            Truth::False,
            Truth::Undecided(Cause::Absent(Absent::Missing)),
            Truth::Undecided(Cause::Bad(Bad::Conflict)),
        ];
        proptest::collection::vec(select(all), 4)
    }

    fn requirement() -> impl Strategy<Value = Requirement> {
        let leaf = proptest::collection::vec(0..4usize, 1..3).prop_map(|ids| Requirement::Field {
            slot: Slot::ID,
            tests: ids.into_iter().map(TestId).collect(),
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            let parts = || proptest::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                parts().prop_map(Requirement::All),
                parts().prop_map(Requirement::Any),
                inner
                    .clone()
                    .prop_map(|part| Requirement::Not(Box::new(part))),
                (1..4usize, parts()).prop_map(|(least, of)| Requirement::Some {
                    least: least.min(of.len()),
                    of,
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_set_of_one_answer_each_has_the_one_that_holds(requirement in requirement(), truths in truths()) {
            let holds = requirement.holds(&|id| truths[id.index()]);
            let found = possible(&requirement, &|id| truths[id.index()].into());
            prop_assert_eq!(found, Answers::from(holds));
        }

        #[test]
        fn open_answers_leave_every_outcome_open(requirement in requirement(), truths in truths(), open in 0..4usize) {
            let holds = requirement.holds(&|id| truths[id.index()]);
            let all = Answers::TRUE.or(Answers::FALSE).or(Answers::ABSENT).or(Answers::BAD);
            let found = possible(&requirement, &|id| match id.index() == open {
                true => all,
                false => truths[id.index()].into(),
            });
            prop_assert!(found.has(holds.into()));
        }
    }
}
