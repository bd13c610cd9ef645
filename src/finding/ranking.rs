//! The customers with the most severe findings.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::privacy::Privacy;
use super::redaction::display_id;
use crate::policy::Severity;
use crate::record::Record;

/// Says how many customers are ranked.
const MAX_CUSTOMERS: usize = 5;

/// Counts the findings of a customer by severity, the most severe first.
pub type BySeverity = [u64; Severity::ALL.len()];

/// Represents a customer with findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// How many findings of each severity there are, the most severe first.
    pub findings: BySeverity,
    /// The id, as far as it may be shown.
    pub id: Option<String>,
    /// The name, as far as it may be shown.
    pub name: Option<String>,
}

/// Ranks customers by the findings of their records, the most severe first; of
/// equals, those whose records come first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopCustomers {
    ranked: Vec<Customer>,
    /// The findings of the record that is being judged.
    #[serde(skip)]
    current: BySeverity,
}

impl TopCustomers {
    /// Counts a finding of the record that is being judged.
    pub(super) fn count(&mut self, severity: Severity) {
        self.current[Severity::ALL.len() - 1 - severity as usize] += 1;
    }

    /// Ranks the customer of the record that was judged.
    pub(super) fn finish_customer(&mut self, record: &Record<'_>, privacy: Privacy<'_>) {
        let findings = std::mem::take(&mut self.current);
        let shown = |field, value: Option<&str>| {
            value.map(|value| display_id(privacy, field, value).into_owned())
        };
        self.consider(findings, || Customer {
            findings,
            id: shown("id", record.id()),
            name: shown("name", record.name()),
        });
    }

    fn consider(&mut self, findings: BySeverity, customer: impl FnOnce() -> Customer) {
        if findings.iter().all(|count| *count == 0) {
            return;
        }
        let is_full = self.ranked.len() == MAX_CUSTOMERS;
        let is_above = |last: &Customer| findings > last.findings;
        if !is_full || self.ranked.last().is_some_and(is_above) {
            let rank = self
                .ranked
                .partition_point(|other| other.findings >= findings);
            self.ranked.insert(rank, customer());
            self.ranked.truncate(MAX_CUSTOMERS);
        }
    }

    /// Adds the customers of records that come after.
    pub fn add(&mut self, more: &Self) {
        // No record is being judged where sums are added.
        let Self { ranked, current: _ } = more;
        self.ranked.extend_from_slice(ranked);
        // Stable: whose record comes before stays before.
        self.ranked
            .sort_by_key(|customer| Reverse(customer.findings));
        self.ranked.truncate(MAX_CUSTOMERS);
    }

    /// Returns the customers, the one with the most severe findings first.
    pub fn iter(&self) -> impl Iterator<Item = &Customer> {
        self.ranked.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(all: &[(&str, BySeverity)]) -> TopCustomers {
        let mut top = TopCustomers::default();
        for (id, findings) in all {
            top.consider(*findings, || Customer {
                findings: *findings,
                id: Some((*id).to_owned()),
                name: None,
            });
        }
        top
    }

    fn ids(top: &TopCustomers) -> String {
        top.iter().filter_map(|one| one.id.as_deref()).collect()
    }

    #[test]
    fn the_ranking_is_the_same_however_the_records_are_cut() {
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
        assert_eq!(ids(&ranked(&all)), "ehacb");
        for cut in 0..all.len() {
            let mut joined = ranked(&all[..cut]);
            joined.add(&ranked(&all[cut..]));
            assert_eq!(joined, ranked(&all), "{cut}");
        }
    }
}
