//! Answers with three values, in Kleene's logic.

use crate::record::{Absent, Bad};

/// Says why a question could not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The field has no value.
    Absent(Absent),
    /// The field has a value that cannot be judged.
    Bad(Bad),
}

/// Holds the answer to a question, in Kleene's logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Could not be decided. Never a pass: an audit that cannot see must not
    /// say that all is well.
    Undecided(Cause),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::True } else { Truth::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            undecided @ Truth::Undecided(_) => undecided,
        }
    }
}
