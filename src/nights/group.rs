//! The findings of one name in one night, of which several records can be the cause.

use super::entry::Entry;
use crate::finding::Status;

/// Gathers what the findings of one name say together: that of the worst outcome.
#[derive(Debug)]
pub struct Group {
    entry: Entry,
    /// What the findings of the worst outcome say, each once.
    said: Vec<u64>,
}

/// Returns how bad an outcome is.
fn rank(status: Status) -> u8 {
    match status {
        Status::Fail => 2,
        Status::Error => 1,
        Status::Waived => 0,
    }
}

impl Group {
    /// Returns the group of one finding.
    pub fn new(entry: Entry) -> Self {
        Self {
            said: vec![entry.said],
            entry,
        }
    }

    /// Returns whether a finding has the name of this one.
    pub fn is_of(&self, entry: &Entry) -> bool {
        let name = |entry: &Entry| (entry.customer, entry.fingerprint);
        self.entry.known && entry.known && name(&self.entry) == name(entry)
    }

    /// Adds a finding of the same name.
    pub fn add(&mut self, entry: &Entry) {
        let order = self.entry.order.min(entry.order);
        if rank(entry.status) > rank(self.entry.status) {
            *self = Self::new(*entry);
        } else if rank(entry.status) == rank(self.entry.status) {
            self.entry.severity = self.entry.severity.max(entry.severity);
            if let Err(place) = self.said.binary_search(&entry.said) {
                self.said.insert(place, entry.said);
            }
        }
        self.entry.order = order;
    }

    /// Returns what they say together.
    pub fn finish(self) -> Entry {
        let said = self.said.iter();
        Entry {
            said: said.fold(0, |sum, one| sum.wrapping_add(*one)),
            ..self.entry
        }
    }
}

impl Entry {
    /// Returns whether both say the same of the customer. Where one night hides values that
    /// another shows, what was observed cannot be compared, and that alone is no change.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let is_comparable = self.by_digest == other.by_digest;
        let outcome = |entry: &Self| (entry.status, entry.severity);
        outcome(self) == outcome(other) && (!is_comparable || self.said == other.said)
    }

    /// Returns whether it is more severe than the other, or fails where the other did not.
    pub(super) fn is_worse_than(&self, other: &Self) -> bool {
        let fails_now = self.status == Status::Fail && other.status != Status::Fail;
        self.severity > other.severity || fails_now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nights::entry::tests::entry;

    #[test]
    fn the_worst_outcome_speaks_for_all_of_a_name_in_any_order() {
        let fail = |said| Entry { said, ..entry() };
        let other = Entry {
            status: Status::Error,
            said: 7,
            ..entry()
        };
        let together = |all: &[Entry]| {
            let mut group = Group::new(all[0]);
            all[1..].iter().for_each(|one| group.add(one));
            group.finish()
        };
        let one = together(&[fail(1)]);
        assert!(one.says_the_same(&together(&[fail(1), other])));
        assert!(one.says_the_same(&together(&[other, fail(1), fail(1)])));
        let two = together(&[fail(1), fail(2)]);
        assert!(two.says_the_same(&together(&[fail(2), other, fail(1), fail(2)])));
        assert!(!two.says_the_same(&one));
        assert!(one.is_worse_than(&other));
        assert!(!one.is_worse_than(&two));
    }
}
