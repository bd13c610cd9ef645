//! The waivers of a run: which of them may cover a finding.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::account::{Account, misfits};
use super::uses::Uses;
use super::waiver::{Covers, Waiver};
use crate::digest::FileDigest;

/// Holds a file of waivers that was read.
#[derive(Debug, Clone)]
pub(super) struct WaiverFile {
    pub(super) digest: FileDigest,
    pub(super) text: String,
}

/// Holds the waivers of a run.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    pub(super) files: Vec<WaiverFile>,
    /// In the order of the files.
    pub(super) all: Vec<Waiver>,
    /// What should be known of waivers for policies that are not in this run.
    pub(super) not_asked: Vec<String>,
    as_of: DateTime<Utc>,
    /// The indexes of those in force, by the index of the rule and the customer's id.
    by_rule: Vec<HashMap<String, Vec<u32>>>,
}

impl Waivers {
    pub(super) fn new(
        files: Vec<WaiverFile>,
        all: Vec<Waiver>,
        not_asked: Vec<String>,
        as_of: DateTime<Utc>,
    ) -> Self {
        let mut by_rule: Vec<HashMap<String, Vec<u32>>> = Vec::new();
        for (index, waiver) in (0..).zip(&all) {
            let Some(rule) = waiver.rule_index.filter(|_| waiver.term.is_in_force(as_of)) else {
                continue;
            };
            if by_rule.len() <= rule {
                by_rule.resize_with(rule + 1, HashMap::new);
            }
            for customer in &waiver.customers {
                by_rule[rule]
                    .entry(customer.clone())
                    .or_default()
                    .push(index);
            }
        }
        Self {
            files,
            all,
            not_asked,
            as_of,
            by_rule,
        }
    }

    /// Returns whether no finding can be waived.
    pub fn is_empty(&self) -> bool {
        self.by_rule.is_empty()
    }

    /// Returns all waivers, in the order of the files.
    pub fn all(&self) -> &[Waiver] {
        &self.all
    }

    /// Returns the only clock of the run.
    pub fn as_of(&self) -> DateTime<Utc> {
        self.as_of
    }

    /// Returns those that have begun and not expired.
    pub fn in_force(&self) -> impl Iterator<Item = &Waiver> {
        let all = self.all.iter();
        all.filter(|waiver| waiver.term.is_in_force(self.as_of))
    }

    /// Returns the files that were read, in the order of the command line.
    pub fn files(&self) -> impl Iterator<Item = &FileDigest> {
        self.files.iter().map(|file| &file.digest)
    }

    /// Returns the path and the text of the file of a waiver.
    pub fn file_of(&self, waiver: &Waiver) -> Option<(&str, &str)> {
        let file = self.files.get(waiver.place.0)?;
        Some((&file.digest.path, &file.text))
    }

    /// Returns what should be known of waivers that nothing asks for, a sentence each.
    pub fn not_asked(&self) -> &[String] {
        &self.not_asked
    }

    /// Returns the waiver in force that is for an outcome of a rule on a customer, with its
    /// index; if there is none for this outcome, one for the other.
    #[inline]
    pub fn find(
        &self,
        rule_index: usize,
        customer: &str,
        covers: Covers,
    ) -> Option<(u32, &Waiver)> {
        let candidates = self.by_rule.get(rule_index)?.get(customer)?;
        let waiver = |index: &u32| Some((*index, self.all.get(*index as usize)?));
        let mut found = None;
        for (index, waiver) in candidates.iter().filter_map(waiver) {
            if waiver.covers == covers {
                return Some((index, waiver));
            }
            found = Some((index, waiver));
        }
        found
    }

    /// Says for which findings they do not hold, a sentence a waiver.
    pub fn misfits(&self, uses: &Uses) -> Vec<String> {
        misfits(self, uses)
    }

    /// Returns what the run made of them.
    pub fn account(&self, uses: &Uses) -> Account {
        Account::new(self, uses)
    }
}
