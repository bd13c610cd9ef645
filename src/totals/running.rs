//! The sum of a run: parts are added in the order of the records.

use std::borrow::Cow;

use super::completeness::Completeness;
use super::gap::gaps;
use super::part::{Part, add_problem};
use super::verdict::Verdict;
use crate::aggregate::{self, Aggregates, Late};
use crate::export::{Pages, Unread};
use crate::finding::{Finding, Privacy, Summary};
use crate::policy::Policies;
use crate::record::Slot;
use crate::waiver::{Account, Waivers};

/// Adds up one export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportTotals {
    /// Records that were met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// The shape of the export, as far as it is known.
    pub shape: Cow<'static, str>,
    /// Records that have an id.
    pub with_id: u64,
    /// Why it was not read whole, or cannot be an export of customers.
    pub problems: Vec<Unread>,
    /// What wrappers say of the pages that it is made of.
    pub pages: Pages,
    /// Something is in some field of some record.
    has_fields: bool,
}

/// Adds up a run while its exports are read.
pub struct RunningTotals<'p> {
    policies: &'p Policies,
    summary: Summary,
    exports: Vec<ExportTotals>,
    aggregates: Aggregates<'p>,
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
            summary: Summary::new(policies),
            exports: vec![ExportTotals::default(); exports],
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

    /// Returns the counts so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Adds what the next records of the run add up to.
    ///
    /// # Errors
    ///
    /// What rules over all records gathered cannot be kept in temporary files.
    pub fn add(&mut self, part: Part) -> Result<(), aggregate::Error> {
        let Part {
            export: index,
            summary,
            aggregates,
            shape,
            problems,
            pages,
        } = part;
        if self.exports.len() <= index {
            self.exports.resize_with(index + 1, ExportTotals::default);
        }
        let export = &mut self.exports[index];
        self.aggregates.add(aggregates, index, export.records)?;
        export.records += summary.records;
        export.rejected += summary.rejected;
        export.has_fields |= summary.has_fields();
        export.shape = shape;
        let ids = summary.coverage[Slot::ID.index()];
        export.with_id += ids.value;
        for problem in problems {
            add_problem(&mut export.problems, problem);
        }
        export.pages.add(pages);
        self.summary += &summary;
        Ok(())
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
            mut summary,
            mut exports,
            aggregates,
            waivers,
        } = self;
        aggregates.finish(names.reported, privacy, &mut summary, take)?;
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

impl ExportTotals {
    /// Returns why it was not read whole, in words; nothing, if it was.
    pub fn problem(&self) -> Option<String> {
        let problems: Vec<_> = self.problems.iter().map(ToString::to_string).collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    /// An export of which no record has any field is hardly one of customers.
    fn doubt(&mut self) {
        if self.records > self.rejected && !self.has_fields && self.problems.is_empty() {
            self.problems.push(Unread::NoFields);
        }
    }
}
