//! The sum of a run: parts are added in the order of the records.

use std::collections::BTreeMap;

use super::completeness::Completeness;
use super::gap::gaps;
use super::part::Part;
use super::sum::{ExportTotals, Sum};
use super::verdict::Verdict;
use crate::aggregate::{self, Aggregates, Late};
use crate::finding::{Finding, Privacy, Summary};
use crate::policy::Policies;
use crate::record::UnknownKeys;
use crate::waiver::{Account, Waivers};

/// Adds up a run while its exports are read.
pub struct RunningTotals<'p> {
    policies: &'p Policies,
    sum: Sum,
    aggregates: Aggregates<'p>,
    /// How many exports there are at least, met or not.
    exports: usize,
    waivers: Option<&'p Waivers>,
}

/// Holds what a run adds up to, and what that means.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Totals {
    /// Counts of records, outcomes, fields and keys, and the ranking.
    pub summary: Summary,
    /// The exports, in the order of the run.
    pub exports: Vec<ExportTotals>,
    /// What keeps the audit from being complete, and what somebody should look at.
    pub verdict: Verdict,
    /// What the run made of its waivers, if it has some.
    pub waivers: Option<Account>,
}

impl<'p> RunningTotals<'p> {
    /// Returns the totals of no record yet, for so many exports.
    pub fn new(policies: &'p Policies, exports: usize) -> Self {
        Self {
            policies,
            sum: Sum::new(policies),
            exports,
            aggregates: Aggregates::new(policies),
            waivers: None,
        }
    }

    /// Sets the waivers by which findings are waived.
    #[must_use]
    pub fn with_waivers(mut self, waivers: &'p Waivers) -> Self {
        self.aggregates = self.aggregates.with_waivers(waivers);
        self.waivers = Some(waivers);
        self
    }

    /// Asks for what each rule over all records comes to for each record, too.
    #[must_use]
    pub fn with_marks(mut self) -> Self {
        self.aggregates = self.aggregates.with_marks();
        self
    }

    /// Returns how many records of an export there are so far, by its index.
    pub fn records_of(&self, export: usize) -> u64 {
        self.sum.records_of(export)
    }

    /// Returns the keys so far that are no field, to add those that were counted elsewhere.
    pub fn unknown_keys(&mut self) -> &mut UnknownKeys {
        &mut self.sum.summary.unknown_keys
    }

    /// Returns the counts so far.
    pub fn summary(&self) -> &Summary {
        &self.sum.summary
    }

    /// Adds what the next records of the run add up to.
    ///
    /// # Errors
    ///
    /// What rules over all records gathered cannot be kept in temporary files.
    pub fn add(&mut self, part: Part) -> Result<(), aggregate::Error> {
        let export = part.export;
        let (sum, compared) = part.split();
        let before = self.sum.records_of(export);
        self.aggregates.add(compared, export, before)?;
        self.sum.add(sum);
        Ok(())
    }

    /// Adds what the next records of the run add up to, which was summed elsewhere, and their
    /// values that rules compare.
    ///
    /// # Errors
    ///
    /// What rules over all records gathered cannot be kept in temporary files.
    pub fn add_sum(&mut self, sum: Sum, stored: aggregate::Stored) -> Result<(), aggregate::Error> {
        let exports = sum.exports.keys().filter_map(|index| {
            let before = self.sum.records_of(*index);
            Some((u32::try_from(*index).ok()?, before))
        });
        let before: BTreeMap<u32, u64> = exports.collect();
        self.aggregates.add_stored(stored, move |export| {
            before.get(&export).copied().unwrap_or_default()
        })?;
        self.sum.add(sum);
        Ok(())
    }

    /// Returns the sum so far, and the values that rules compare, to be added elsewhere.
    ///
    /// # Errors
    ///
    /// What was gathered is lost.
    pub fn into_sum(self) -> Result<(Sum, aggregate::Sorted), aggregate::Error> {
        Ok((self.sum, self.aggregates.into_sorted()?))
    }

    /// Decides what the run comes to; `found` takes the findings of rules over all
    /// records, and `completeness` says what makes the run complete.
    ///
    /// # Errors
    ///
    /// What was gathered is lost, or a finding cannot be taken.
    pub fn finish<E: From<aggregate::Error>>(
        self,
        names: ExportNames<'_>,
        privacy: Privacy<'_>,
        completeness: Completeness,
        mut found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<Totals, E> {
        self.finish_with_marks(names, privacy, completeness, |late| match late {
            Late::Finding(finding) => found(finding),
            Late::Mark(_) => Ok(()),
        })
    }

    /// Decides what the run comes to, as [`RunningTotals::finish`] does; `take` takes marks,
    /// if they are asked for, beside findings.
    ///
    /// # Errors
    ///
    /// What was gathered is lost, or something cannot be taken.
    pub fn finish_with_marks<E: From<aggregate::Error>>(
        self,
        names: ExportNames<'_>,
        privacy: Privacy<'_>,
        completeness: Completeness,
        take: impl FnMut(Late<'_>) -> Result<(), E>,
    ) -> Result<Totals, E> {
        let Self {
            policies,
            sum:
                Sum {
                    mut summary,
                    exports: mut met,
                    accumulators,
                },
            exports,
            aggregates,
            waivers,
        } = self;
        aggregates.finish(&accumulators, names.reported, privacy, &mut summary, take)?;
        let exports = exports.max(met.last_key_value().map_or(0, |(last, _)| last + 1));
        let exports = (0..exports).map(|index| met.remove(&index).unwrap_or_default());
        let mut exports: Vec<_> = exports.collect();
        if !policies.needed().is_empty() {
            exports.iter_mut().for_each(ExportTotals::doubt);
        }
        let verdict = Verdict {
            gaps: gaps(policies, &summary, &exports, names.paths, completeness),
            anomalies: summary.anomalies(policies),
        };
        Ok(Totals {
            waivers: waivers.map(|waivers| waivers.account(&summary.waivers)),
            summary,
            exports,
            verdict,
        })
    }
}

/// Holds what the exports of a run are called, in their order.
#[derive(Debug, Clone, Copy)]
pub struct ExportNames<'n> {
    /// What findings call them.
    pub reported: &'n [&'n str],
    /// Where they are: exports that are pages of a series are known by that.
    pub paths: &'n [&'n str],
}

impl<'n> ExportNames<'n> {
    /// Returns the names of exports that are called by their paths.
    pub fn of_paths(paths: &'n [&'n str]) -> Self {
        let reported = paths;
        Self { reported, paths }
    }
}
