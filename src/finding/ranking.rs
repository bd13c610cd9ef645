//! The customers with the gravest findings.

use std::cmp::Reverse;

use crate::policy::Severity;

/// How many are told.
const MOST: usize = 5;

/// How many findings of each severity a customer has, the gravest first.
pub type BySeverity = [u64; Severity::ALL.len()];

/// A customer with findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// How many of each severity, the gravest first.
    pub findings: BySeverity,
    /// The id, as far as it may be shown.
    pub id: Option<String>,
    /// The name, as far as it may be shown.
    pub name: Option<String>,
}

/// The worst customers, the worst first: of equals those that were met first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worst(Vec<Customer>);

impl Worst {
    /// Counts one more finding of a customer.
    pub fn count(findings: &mut BySeverity, severity: Severity) {
        findings[Severity::ALL.len() - 1 - severity as usize] += 1;
    }

    /// Takes in a customer, if it is among the worst.
    pub fn consider(&mut self, findings: BySeverity, customer: impl FnOnce() -> Customer) {
        let is_full = self.0.len() == MOST;
        let beats = |last: &Customer| findings > last.findings;
        if findings.iter().any(|count| *count > 0) && (!is_full || self.0.last().is_some_and(beats))
        {
            let place = self.0.partition_point(|other| other.findings >= findings);
            self.0.insert(place, customer());
            self.0.truncate(MOST);
        }
    }

    /// Takes in those of records that come after.
    pub fn add(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
        // Stable: who came before stays before.
        self.0.sort_by_key(|customer| Reverse(customer.findings));
        self.0.truncate(MOST);
    }

    /// Each of them, the worst first.
    pub fn iter(&self) -> impl Iterator<Item = &Customer> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(all: &[(&str, BySeverity)]) -> Worst {
        let mut worst = Worst::default();
        for (id, findings) in all {
            worst.consider(*findings, || Customer {
                findings: *findings,
                id: Some((*id).to_owned()),
                name: None,
            });
        }
        worst
    }

    fn ids(worst: &Worst) -> String {
        worst.iter().filter_map(|one| one.id.as_deref()).collect()
    }

    #[test]
    fn the_worst_are_the_same_however_the_records_are_cut() {
        let all = [
            ("a", [0, 1, 0, 0, 0]),
            ("b", [0, 0, 9, 9, 9]),
            ("c", [0, 1, 0, 0, 0]),
            ("d", [0, 0, 0, 0, 0]),
            ("e", [1, 0, 0, 0, 0]),
            ("f", [0, 0, 0, 0, 1]),
            ("g", [0, 0, 0, 2, 0]),
            ("h", [0, 1, 0, 0, 1]),
        ];
        assert_eq!(ids(&worst(&all)), "ehacb");
        for cut in 0..all.len() {
            let mut joined = worst(&all[..cut]);
            joined.add(&worst(&all[cut..]));
            assert_eq!(joined, worst(&all), "{cut}");
        }
    }
}
