//! What was accepted or changed in a run, on the page.

use serde::Serialize;

use super::terms::{Accepted, Terms};
use crate::report::format::buffered::Report;
use crate::report::model::header::{Override, Policy};
use crate::report::model::row::WaivedBy;
use crate::text::count;

/// Holds what was accepted or changed, so that a reader need not look for it.
#[derive(Serialize)]
pub struct Exceptions<'a> {
    waivers: Vec<WaiverRow<'a>>,
    overrides: Vec<ChangedRule<'a>>,
    /// Parameters that the command line gave.
    set: Vec<Param<'a>>,
    /// Says that there is nothing of these, if there is not.
    none: Option<&'static str>,
}

/// Represents a waiver, with the findings that it accepts.
#[derive(Serialize)]
struct WaiverRow<'a> {
    #[serde(flatten)]
    waiver: &'a WaivedBy<'static>,
    accepts: String,
    rules: Vec<String>,
}

/// Represents a rule that differs from the one that is extended.
#[derive(Serialize)]
struct ChangedRule<'a> {
    policy: &'a str,
    #[serde(flatten)]
    change: &'a Override,
}

/// Represents a parameter in force.
#[derive(Serialize)]
struct Param<'a> {
    policy: &'a str,
    name: &'a str,
    value: &'a str,
}

impl<'a> Exceptions<'a> {
    /// Returns those of a run.
    pub fn new(report: &'a Report<'_>, terms: &'a Terms) -> Self {
        let policies = report.header.policies.iter();
        let overrides = policies.clone().flat_map(|policy| {
            let changes = policy.overrides.iter();
            changes.map(|change| ChangedRule {
                policy: &policy.id,
                change,
            })
        });
        let overrides: Vec<_> = overrides.collect();
        let set: Vec<_> = policies.flat_map(set).collect();
        let waivers = terms.waivers.iter();
        let waivers: Vec<_> = waivers.map(|one| WaiverRow::new(report, one)).collect();
        let summary = &report.footer.summary;
        let is_none = waivers.is_empty()
            && overrides.is_empty()
            && set.is_empty()
            && summary.waivers.is_none()
            && summary.waiver_notes.is_empty();
        Self {
            waivers,
            overrides,
            set,
            none: is_none.then_some(
                "No finding was waived, no rule was changed, and no parameter was set for this run.",
            ),
        }
    }
}

/// Returns the parameters of a policy that the command line gave.
fn set(policy: &Policy) -> impl Iterator<Item = Param<'_>> {
    policy.set.iter().map(|name| Param {
        policy: &policy.id,
        name,
        value: policy.params.get(name).map_or("", String::as_str),
    })
}

impl<'a> WaiverRow<'a> {
    fn new(report: &Report<'_>, accepted: &'a Accepted) -> Self {
        let all: u64 = accepted.findings.values().sum();
        let named = report.header.rules().enumerate();
        let named = named.filter(|(index, _)| accepted.findings.contains_key(index));
        Self {
            waiver: &accepted.waiver,
            accepts: count(all, "finding", "findings"),
            rules: named
                .map(|(_, (policy, rule))| format!("{}/{}", policy.id, rule.id))
                .collect(),
        }
    }
}
