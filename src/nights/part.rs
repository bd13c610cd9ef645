//! What some records of a run tell about the night before: plain data that adds up.

use super::entry::{Entry, Key};
use crate::report::Moves;

/// Says what was seen of an earlier finding: several bits, as a customer can have several
/// records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark(pub u8);

impl Mark {
    /// It is found again.
    pub const FOUND: Mark = Mark(1);
    /// A record of its customer passes.
    pub const PASS: Mark = Mark(2);
    /// A record of its customer passes, and would not if a field that it lacks were bad.
    pub const PASS_BY_ABSENCE: Mark = Mark(4);
    /// A record of its customer is out of scope, or the rule does not apply to it.
    pub const LEFT: Mark = Mark(8);
    /// Whether the rule applies to a record of its customer cannot be decided.
    pub const UNDECIDED: Mark = Mark(16);
    /// A report says that its customer is gone.
    pub const GONE: Mark = Mark(64);
    /// It is found again in another slice of reports.
    pub const OTHER_SLICE: Mark = Mark(32);
    /// It is found again with another severity.
    pub const OTHER_SEVERITY: Mark = Mark(128);

    /// Adds what was seen elsewhere.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Returns whether something was seen that has all these bits.
    pub fn has(self, bits: Self) -> bool {
        self.0 & bits.0 == bits.0
    }

    /// Returns how it has left the slice of reports in which it was.
    pub fn moves(self) -> Moves {
        Moves {
            of_slice: self.has(Self::OTHER_SLICE),
            of_severity: self.has(Self::OTHER_SEVERITY),
        }
    }

    /// Returns whether nothing was seen of the customer.
    pub fn is_unseen(self) -> bool {
        self.0 == 0
    }
}

/// Holds what some records tell about the night before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What was seen of earlier findings, by their places.
    pub marks: Vec<(u64, Mark)>,
    /// What was found, in the order of the run.
    pub found: Vec<Entry>,
    /// The customers, if somebody wants to know them.
    pub customers: Vec<Key>,
    /// Whether some record has no id.
    pub has_nameless: bool,
}

impl Part {
    /// Appends what the next records tell.
    pub fn append(&mut self, next: Self) {
        let Self {
            marks,
            found,
            customers,
            has_nameless,
        } = next;
        self.marks.extend(marks);
        self.found.extend(found);
        self.customers.extend(customers);
        self.has_nameless |= has_nameless;
    }
}
