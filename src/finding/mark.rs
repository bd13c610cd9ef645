//! What a rule comes to for a record, in a letter: passes among them.

use super::outcome::{Outcome, Status};

/// Says what a rule comes to for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum Mark {
    /// The rule is met.
    Pass,
    /// The rule is not met.
    Fail,
    /// The rule cannot be judged.
    Error,
    /// The rule does not apply.
    NotApplicable,
    /// The rule is not met, and somebody has accepted that until a day.
    Waived,
    /// Its policy does not judge the record.
    OutOfScope,
    /// It is counted in another row: with another record of the same customer, or for all
    /// records together.
    Elsewhere,
    /// It is known once all records have been read.
    Waiting,
}

impl Mark {
    /// Returns the letter for it, if it has one.
    pub fn letter(self) -> Option<u8> {
        match self {
            Self::Pass => Some(b'P'),
            Self::Fail => Some(b'F'),
            Self::Error => Some(b'E'),
            Self::NotApplicable => Some(b'N'),
            Self::Waived => Some(b'W'),
            Self::OutOfScope => Some(b'O'),
            Self::Elsewhere | Self::Waiting => None,
        }
    }
}

/// Says what was known only once all records had been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateMark {
    /// The next mark that waited, in the order of the records and then of the rules.
    Waiting(Mark),
    /// What a rule comes to, by its index, that looks at all records together.
    OfAll(usize, Mark),
}

impl From<Status> for Mark {
    fn from(status: Status) -> Self {
        match status {
            Status::Fail => Self::Fail,
            Status::Error => Self::Error,
            Status::Waived => Self::Waived,
        }
    }
}

impl From<Outcome> for Mark {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail(_) => Self::Fail,
            Outcome::Error(_) => Self::Error,
            Outcome::NotApplicable => Self::NotApplicable,
        }
    }
}
