//! What an event does.

use crate::report::model::life::{Because, Since};
use crate::report::model::row::FindingRow;

/// A number of the schema, and its caption.
pub type Named = (u8, &'static str);

/// Says what an event does to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// It was not there.
    Create,
    /// It was there.
    Update,
    /// It is not there any more.
    Close,
}

impl Activity {
    /// Returns what the event of a finding does.
    pub fn of(row: &FindingRow<'_>) -> Self {
        let life = row.life.as_ref();
        match life.map(|life| (life.since, life.because)) {
            None | Some((Since::New, _) | (Since::Open, Some(Because::FirstRun))) => Self::Create,
            Some((Since::Changed | Since::Open, _)) => Self::Update,
        }
    }

    /// Returns its number and name.
    pub fn named(self) -> Named {
        match self {
            Self::Create => (1, "Create"),
            Self::Update => (2, "Update"),
            Self::Close => (3, "Close"),
        }
    }

    /// Returns the number and the name of events of the class that do so.
    pub fn type_named(self) -> (u32, &'static str) {
        match self {
            Self::Create => (200_301, "Compliance Finding: Create"),
            Self::Update => (200_302, "Compliance Finding: Update"),
            Self::Close => (200_303, "Compliance Finding: Close"),
        }
    }
}
