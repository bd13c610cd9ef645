//! What a run makes of its waivers, as plain data that adds up.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::text::short;

/// Counts what findings made of waivers: those of which nothing is counted are not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// By the index of the waiver.
    by_waiver: BTreeMap<u32, Use>,
    /// How many outcomes that could not be decided are waived, by the index of the rule.
    undecided: BTreeMap<usize, u64>,
}

/// Counts what findings made of a waiver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Use {
    /// How many findings are waived by it.
    pub(super) used: u64,
    /// How many findings it would be for, and does not hold for.
    pub(super) mismatched: u64,
    /// The first of these: the customer, as it may be shown, and why.
    pub(super) first: Option<(String, Misfit)>,
}

/// Says why a waiver does not hold for a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Misfit {
    /// A field has another value now.
    Value {
        /// The name of the field.
        field: String,
        /// What is in it, as far as it may be shown.
        observed: String,
    },
    /// The finding is about a field of which the waiver says nothing.
    Unnamed {
        /// The name of the field.
        field: String,
        /// What is in it, as far as it may be shown.
        observed: String,
    },
    /// The evidence has another digest now.
    Evidence {
        /// What was observed, as far as it may be shown.
        observed: String,
    },
    /// A value is redacted, and there is no key: the evidence has no digest.
    NoDigest,
    /// The outcome is no miss any more: it cannot be decided.
    Undecided,
    /// The outcome could not be decided, and is a miss now.
    Decided,
}

/// The most characters of a value that is shown.
const MAX_SHOWN: usize = 120;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { field, observed } => {
                write!(f, "{field} is now {}", short(observed, MAX_SHOWN))
            }
            Self::Unnamed { field, observed } => write!(
                f,
                "the finding is also about {field}, which is {}",
                short(observed, MAX_SHOWN)
            ),
            Self::Evidence { observed } => {
                write!(f, "the evidence is now {}", short(observed, MAX_SHOWN))
            }
            Self::NoDigest => f.write_str(
                "the evidence has no digest in this run, since a value is redacted: \
                 --pseudonymise makes one",
            ),
            Self::Undecided => f.write_str(
                "the outcome cannot be decided any more; a waiver with outcome = \"error\" covers \
                 that",
            ),
            Self::Decided => f.write_str("the rule is decided now, and not met"),
        }
    }
}

impl Uses {
    /// Counts a finding that is waived, whose outcome was undecided or not.
    pub fn count_used(&mut self, waiver: u32, rule_index: usize, was_undecided: bool) {
        self.by_waiver.entry(waiver).or_default().used += 1;
        if was_undecided {
            *self.undecided.entry(rule_index).or_default() += 1;
        }
    }

    /// Counts a finding about a customer for which a waiver does not hold.
    pub fn count_mismatched(&mut self, waiver: u32, customer: String, why: Misfit) {
        let entry = self.by_waiver.entry(waiver).or_default();
        entry.mismatched += 1;
        entry.first.get_or_insert((customer, why));
    }

    /// Returns how many outcomes of a rule are waived that could not be decided.
    pub fn undecided(&self, rule_index: usize) -> u64 {
        self.undecided.get(&rule_index).copied().unwrap_or_default()
    }

    /// Returns what was counted of a waiver, if anything was.
    pub(super) fn of(&self, waiver: u32) -> Option<&Use> {
        self.by_waiver.get(&waiver)
    }
}

impl AddAssign<&Uses> for Uses {
    /// Adds what later findings made of waivers.
    fn add_assign(&mut self, more: &Uses) {
        let Uses {
            by_waiver,
            undecided,
        } = more;
        for (waiver, more) in by_waiver {
            let Use {
                used,
                mismatched,
                first,
            } = more;
            let entry = self.by_waiver.entry(*waiver).or_default();
            entry.used += used;
            entry.mismatched += mismatched;
            if entry.first.is_none() {
                entry.first.clone_from(first);
            }
        }
        for (rule, number) in undecided {
            *self.undecided.entry(*rule).or_default() += number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_in_order_to_what_the_whole_counts() {
        let value = |observed: &str| Misfit::Value {
            field: "f".to_owned(),
            observed: observed.to_owned(),
        };
        let (mut whole, mut first, mut second) =
            (Uses::default(), Uses::default(), Uses::default());
        for uses in [&mut whole, &mut first] {
            uses.count_used(0, 3, true);
            uses.count_mismatched(1, "a".to_owned(), value("x"));
        }
        for uses in [&mut whole, &mut second] {
            uses.count_used(0, 3, false);
            uses.count_mismatched(1, "b".to_owned(), value("y"));
            uses.count_mismatched(2, "b".to_owned(), Misfit::Decided);
        }
        first += &second;
        assert_eq!(first, whole);
        assert_eq!(whole.undecided(3), 1);
        let one = whole.of(1).expect("counted");
        assert_eq!(
            (one.mismatched, &one.first),
            (2, &Some(("a".to_owned(), value("x"))))
        );
    }
}
