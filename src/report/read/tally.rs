//! How many findings a report has, held against how many it says.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::finding::{Counts, Status};
use crate::policy::Severity;
use crate::report::model::footer::{Export, Footer, Summary};
use crate::text::{count, grouped};

/// Holds what a finding is counted by, in the words of the report: what they mean is
/// looked at once it is known who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Kind {
    pub policy: String,
    pub rule: String,
    pub severity: String,
    pub status: String,
}

/// Counts findings by kind, of which there are few however many findings there are.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<Kind, u64>);

impl Tally {
    /// Counts so many findings of a kind.
    pub fn count(&mut self, kind: Kind, findings: u64) {
        *self.0.entry(kind).or_default() += findings;
    }

    /// Adds those of another list.
    pub fn add(&mut self, other: Self) {
        for (kind, findings) in other.0 {
            self.count(kind, findings);
        }
    }

    fn number(&self, status: Status, of: impl Fn(&Kind) -> bool) -> u64 {
        let kinds = self.0.iter();
        let kinds = kinds.filter(|(kind, _)| kind.status == status.name() && of(kind));
        kinds.map(|(_, number)| number).sum()
    }

    /// Says where a report has other findings than its summary counts, if it has.
    pub fn contradiction(&self, summary: &Summary) -> Option<String> {
        let unlisted = self.0.keys().find(|kind| {
            let mut rules = summary.by_rule.iter();
            !rules.any(|rule| rule.policy == kind.policy && rule.rule == kind.rule)
        });
        if let Some(Kind { policy, rule, .. }) = unlisted {
            return Some(format!(
                "a finding is of rule `{policy}/{rule}`, which it does not list"
            ));
        }
        // What a report counts that is bounded is of more findings than it lists.
        let is_bounded = summary.listed.is_some();
        let by_rule = summary.by_rule.iter().find_map(|rule| {
            let what = format!("rule `{}/{}`", rule.policy, rule.rule);
            let of = |kind: &Kind| kind.policy == rule.policy && kind.rule == rule.rule;
            self.difference(&what, &rule.counts, is_bounded, of)
        });
        let by_severity = || {
            Severity::ALL.into_iter().rev().find_map(|severity| {
                // What is not counted is counted as none.
                let counts = summary.by_severity.get(&severity).copied();
                let of = |kind: &Kind| kind.severity == severity.name();
                let what = format!("severity `{severity}`");
                self.difference(&what, &counts.unwrap_or_default(), is_bounded, of)
            })
        };
        by_rule
            .or_else(by_severity)
            .or_else(|| self.difference("it", &summary.counts, is_bounded, |_| true))
            .or_else(|| self.unlike_listed(summary))
            .or_else(|| unlike_sums(summary))
    }

    /// Says how many findings a bounded report has, if it says another number.
    fn unlike_listed(&self, summary: &Summary) -> Option<String> {
        let found: u64 = self.0.values().sum();
        let said = summary.listed.filter(|said| *said != found)?;
        let listed = count(found, "finding", "findings");
        Some(format!("it lists {listed} instead of {}", grouped(said)))
    }

    fn difference(
        &self,
        what: &str,
        counts: &Counts,
        is_bounded: bool,
        of: impl Fn(&Kind) -> bool,
    ) -> Option<String> {
        let said = [
            (Status::Fail, counts.fail),
            (Status::Error, counts.error),
            (Status::Waived, counts.waived),
        ];
        said.into_iter().find_map(|(status, said)| {
            let found = self.number(status, &of);
            let listed = count(found, "finding", "findings");
            let is_unlike = found > said || (found < said && !is_bounded);
            is_unlike.then(|| {
                let most = if is_bounded { "at most " } else { "" };
                let said = grouped(said);
                format!("{what} has {listed} of status `{status}` instead of {most}{said}")
            })
        })
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counting)
    }
}

/// More than any run counts; sums of such numbers still fit.
const MAX_COUNT: u64 = 1 << 53;

/// Says where the outcomes of rules, or of severities, do not add up to those of the
/// whole summary, if they do not, and which number is none that a run comes to.
fn unlike_sums(summary: &Summary) -> Option<String> {
    let Summary {
        records,
        in_scope,
        rejected,
        ..
    } = *summary;
    let rules = || summary.by_rule.iter().map(|rule| rule.counts);
    let severities = || summary.by_severity.values().copied();
    for (name, number) in [
        ("pass", (|counts| counts.pass) as fn(&Counts) -> u64),
        ("not_applicable", |counts| counts.not_applicable),
    ] {
        let said = number(&summary.counts);
        let sums: [(&str, u128); 2] = [
            (
                "rules",
                rules().map(|counts| u128::from(number(&counts))).sum(),
            ),
            (
                "severities",
                severities().map(|counts| u128::from(number(&counts))).sum(),
            ),
        ];
        let unlike = sums.into_iter().find(|(_, sum)| *sum != u128::from(said));
        if let Some((of, sum)) = unlike {
            return Some(format!("`{name}` is {said}, and {sum} in all its {of}"));
        }
        if said > MAX_COUNT {
            return Some(format!("`{name}` is {said}: no run comes to so many"));
        }
    }
    if records > MAX_COUNT {
        return Some(format!("`records` is {records}: no run comes to so many"));
    }
    let parts = [("in_scope", in_scope), ("rejected", rejected)];
    let larger = parts.into_iter().find(|(_, part)| *part > records);
    larger.map(|(name, part)| format!("`{name}` is {part} of {records} records"))
}

/// Says where the records of exports do not add up to those of the summary, if they do
/// not.
pub fn unlike_exports(footer: &Footer) -> Option<String> {
    let summary = &footer.summary;
    let sum = |of: fn(&Export) -> u64| -> u128 {
        let exports = footer.exports.iter();
        exports.map(|export| u128::from(of(export))).sum()
    };
    let sums = [
        ("records", summary.records, sum(|export| export.records)),
        ("rejected", summary.rejected, sum(|export| export.rejected)),
    ];
    let unlike = sums.into_iter();
    let mut unlike = unlike.filter(|(_, said, sum)| u128::from(*said) != *sum);
    unlike
        .next()
        .map(|(name, said, sum)| format!("`{name}` is {said}, and {sum} in all its exports"))
}

/// Counts the findings of a list, and keeps none.
struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Tally;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of findings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut findings: A) -> Result<Tally, A::Error> {
        let mut tally = Tally::default();
        while let Some(kind) = findings.next_element::<Kind>()? {
            tally.count(kind, 1);
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn tally() -> Tally {
        let mut tally = Tally::default();
        for row in fixture::rows() {
            tally.count(kind(&row), 1);
        }
        tally
    }

    fn kind(row: &crate::report::FindingRow<'_>) -> Kind {
        Kind {
            policy: row.policy.to_string(),
            rule: row.rule.to_string(),
            severity: row.severity.name().to_owned(),
            status: row.status.name().to_owned(),
        }
    }

    #[test]
    fn the_findings_of_a_report_are_those_that_it_counts() {
        assert_eq!(tally().contradiction(&fixture::incomplete().summary), None);
    }

    #[test]
    fn a_report_with_a_finding_more_or_less_contradicts_itself() {
        let summary = fixture::incomplete().summary;
        let mut more = tally();
        more.count(kind(&fixture::row()), 1);
        assert_eq!(
            more.contradiction(&summary).expect("one more"),
            "rule `pol/mfa` has 2 findings of status `fail` instead of 1"
        );
        let mut less = tally();
        let low = Kind {
            rule: "name".to_owned(),
            severity: "low".to_owned(),
            ..kind(&fixture::row())
        };
        less.0.insert(low.clone(), 1);
        assert_eq!(
            less.contradiction(&summary).expect("one less"),
            "rule `pol/name` has 1 finding of status `fail` instead of 2"
        );
        let info = Kind {
            severity: "info".to_owned(),
            ..low.clone()
        };
        less.count(info, 1);
        assert_eq!(
            less.contradiction(&summary).expect("another severity"),
            "severity `low` has 1 finding of status `fail` instead of 2"
        );
        let mut other = tally();
        let unknown = Kind {
            rule: "other".to_owned(),
            ..low
        };
        other.count(unknown, 1);
        assert_eq!(
            other.contradiction(&summary).expect("another rule"),
            "a finding is of rule `pol/other`, which it does not list"
        );
    }

    #[test]
    fn a_summary_whose_total_is_not_that_of_its_rules_is_a_contradiction() {
        let mut summary = fixture::incomplete().summary;
        summary.counts.waived = 3;
        assert_eq!(
            tally().contradiction(&summary).expect("two more"),
            "it has 1 finding of status `waived` instead of 3"
        );
    }
}
