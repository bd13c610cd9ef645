//! Requirements: checks joined by `all`, `any`, `some` and `not`, in Kleene's logic.

use super::truth::{Cause, Truth};
use crate::record::Slot;

/// Identifies a test by its index in the run's list of tests: equal checks of all rules
/// and policies share one, so that each is judged once a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TestId(pub(super) usize);

impl TestId {
    /// Returns its index in a list with one entry a test.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Says what must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// All operators on one field.
    Field {
        /// The field.
        slot: Slot,
        /// Its tests, at least one.
        tests: Vec<TestId>,
    },
    /// All of them.
    All(Vec<Requirement>),
    /// At least one of them.
    Any(Vec<Requirement>),
    /// At least so many of them.
    Some {
        /// How many; at least 1, and at most all.
        least: usize,
        /// The parts.
        of: Vec<Requirement>,
    },
    /// The opposite of it.
    Not(Box<Requirement>),
}

/// Says how a requirement is to be held against a record.
#[derive(Debug, Clone, Copy)]
pub enum Form<'r> {
    /// The tests of a field, all of which are to be as wanted.
    Field(Slot, &'r [TestId]),
    /// All of these.
    Each(&'r [Requirement]),
    /// The opposite of this.
    Opposite(&'r Requirement),
    /// Several checks, of which enough would do.
    Alternatives,
}

impl Requirement {
    /// Returns whether it holds, given whether each test does.
    pub fn holds(&self, truth: &impl Fn(TestId) -> Truth) -> Truth {
        match self {
            Requirement::Field { tests, .. } => match tests.as_slice() {
                [test] => truth(*test),
                tests => all(tests.iter().map(|test| truth(*test))),
            },
            Requirement::All(parts) => all(parts.iter().map(|part| part.holds(truth))),
            // None of them holds only if all of their opposites do.
            Requirement::Any(parts) => !all(parts.iter().map(|part| !part.holds(truth))),
            Requirement::Some { least, of } => {
                at_least(*least, of.iter().map(|part| part.holds(truth)))
            }
            Requirement::Not(part) => !part.holds(truth),
        }
    }

    /// Returns how it is to be held against a record, if it is to hold or not to.
    pub fn form(&self, holds: bool) -> Form<'_> {
        match (self, holds) {
            (Requirement::Field { slot, tests }, true) => Form::Field(*slot, tests),
            (Requirement::Field { slot, tests }, false) if tests.len() == 1 => {
                Form::Field(*slot, tests)
            }
            (Requirement::All(parts), true) | (Requirement::Any(parts), false) => Form::Each(parts),
            (Requirement::Any(parts), true) | (Requirement::All(parts), false)
                if parts.len() == 1 =>
            {
                Form::Each(parts)
            }
            (Requirement::Not(part), _) => Form::Opposite(part),
            (Requirement::Field { .. } | Requirement::All(_), false)
            | (Requirement::Any(_), true)
            | (Requirement::Some { .. }, _) => Form::Alternatives,
        }
    }

    /// Returns how many parts of it are alternatives, if it is to hold or not to.
    pub fn count_alternatives(&self, holds: bool) -> usize {
        match self.form(holds) {
            Form::Field(..) => 0,
            Form::Each(parts) => parts
                .iter()
                .map(|part| part.count_alternatives(holds))
                .sum(),
            Form::Opposite(part) => part.count_alternatives(!holds),
            Form::Alternatives => 1,
        }
    }

    /// Returns whether it joins several parts.
    pub fn is_compound(&self) -> bool {
        match self {
            Requirement::Field { tests, .. } => tests.len() > 1,
            Requirement::All(parts) | Requirement::Any(parts) => parts.len() > 1,
            Requirement::Some { .. } => true,
            Requirement::Not(part) => part.is_compound(),
        }
    }

    /// Returns every test under it, in the order of the policy, and whether it is to
    /// hold or, under a `not`, not to.
    pub fn tests(&self, holds: bool) -> Vec<(TestId, bool)> {
        match self {
            Requirement::Field { tests, .. } => tests.iter().map(|test| (*test, holds)).collect(),
            Requirement::All(parts)
            | Requirement::Any(parts)
            | Requirement::Some { of: parts, .. } => {
                parts.iter().flat_map(|part| part.tests(holds)).collect()
            }
            Requirement::Not(part) => part.tests(!holds),
        }
    }
}

/// Joins answers: true if so many are, false if fewer can be; else undecided, for the
/// cause that is reported first.
fn at_least(least: usize, truths: impl Iterator<Item = Truth>) -> Truth {
    let (mut holding, mut open) = (0, 0);
    let mut doubt = Truth::True;
    for truth in truths {
        match truth {
            Truth::True => holding += 1,
            Truth::False => {}
            Truth::Undecided(_) => {
                open += 1;
                doubt = all([doubt, truth].into_iter());
            }
        }
    }
    match (holding >= least, holding + open >= least) {
        (true, _) => Truth::True,
        (false, true) => doubt,
        (false, false) => Truth::False,
    }
}

/// Joins answers: false if one is false; else undecided if one is, by bad data before absence
/// and otherwise by the first; else true.
fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut whole = Truth::True;
    for truth in truths {
        match (truth, whole) {
            (Truth::False, _) => return Truth::False,
            (Truth::True, _) => {}
            (Truth::Undecided(_), Truth::True) => whole = truth,
            (Truth::Undecided(Cause::Bad(_)), Truth::Undecided(Cause::Absent(_))) => whole = truth,
            (Truth::Undecided(_), Truth::Undecided(_) | Truth::False) => {}
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Absent, Bad};

    const MISSING: Truth = Truth::Undecided(Cause::Absent(Absent::Missing));
    const NULL: Truth = Truth::Undecided(Cause::Absent(Absent::Null));
    const BAD: Truth = Truth::Undecided(Cause::Bad(Bad::Conflict));

    fn leaf(id: usize) -> Requirement {
        Requirement::Field {
            slot: Slot::ID,
            tests: vec![TestId(id)],
        }
    }

    fn judge(requirement: &Requirement, truths: &[Truth]) -> Truth {
        requirement.holds(&|id| truths[id.index()])
    }

    #[test]
    fn a_certain_violation_is_not_hidden_by_an_uncertain_neighbour() {
        let both = Requirement::All(vec![leaf(0), leaf(1)]);
        assert_eq!(judge(&both, &[BAD, Truth::False]), Truth::False);
        assert_eq!(judge(&both, &[BAD, Truth::True]), BAD);
        assert_eq!(judge(&both, &[Truth::True, Truth::True]), Truth::True);
    }

    #[test]
    fn one_that_holds_is_enough_whatever_the_others() {
        let either = Requirement::Any(vec![leaf(0), leaf(1)]);
        assert_eq!(judge(&either, &[BAD, Truth::True]), Truth::True);
        assert_eq!(judge(&either, &[BAD, Truth::False]), BAD);
        assert_eq!(judge(&either, &[Truth::False, Truth::False]), Truth::False);
    }

    #[test]
    fn bad_data_is_told_before_absence_and_otherwise_the_first() {
        for join in [Requirement::All, Requirement::Any] {
            let two = join(vec![leaf(0), leaf(1)]);
            assert_eq!(judge(&two, &[MISSING, BAD]), BAD);
            assert_eq!(judge(&two, &[BAD, MISSING]), BAD);
            assert_eq!(judge(&two, &[NULL, MISSING]), NULL);
        }
    }

    #[test]
    fn so_many_of_several_hold_or_cannot_or_may() {
        let two = Requirement::Some {
            least: 2,
            of: vec![leaf(0), leaf(1), leaf(2)],
        };
        let (yes, no) = (Truth::True, Truth::False);
        assert_eq!(judge(&two, &[yes, BAD, yes]), yes);
        assert_eq!(judge(&two, &[no, BAD, no]), no);
        assert_eq!(judge(&two, &[yes, MISSING, BAD]), BAD);
        assert_eq!(judge(&two, &[yes, NULL, MISSING]), NULL);
        assert_eq!(judge(&two, &[MISSING, MISSING, no]), MISSING);
    }

    #[test]
    fn the_opposite_of_unknown_is_unknown() {
        let not = Requirement::Not(Box::new(leaf(0)));
        assert_eq!(judge(&not, &[MISSING]), MISSING);
        assert_eq!(judge(&not, &[Truth::False]), Truth::True);
    }
}
