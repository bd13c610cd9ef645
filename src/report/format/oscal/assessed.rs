//! What the audit came to for each control, and for each rule that no control has.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::observed::Observed;
use super::part::{first_of, one_line, prop, props, token, uuid_in};
use super::reviewed::statement_id;
use super::risks::Risks;
use super::rules::judged;
use crate::finding::Counts;
use crate::report::format::buffered::Report;
use crate::report::model::control::{Control, ControlStatus};
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule};
use crate::text::{count, grouped};
use crate::totals::Gap;

/// Makes the findings of a result.
pub struct Assessed<'r> {
    report: &'r Report<'r>,
    observed: &'r Observed<'r>,
    risks: &'r Risks<'r>,
    /// The indexes of the rules by policy and id.
    indexes: HashMap<(&'r str, &'r str), usize>,
}

impl<'r> Assessed<'r> {
    pub fn new(report: &'r Report<'r>, observed: &'r Observed<'r>, risks: &'r Risks<'r>) -> Self {
        let rules = report.header.rules().enumerate();
        let indexes = rules.map(|(index, (policy, rule))| ((&*policy.id, &*rule.id), index));
        Self {
            report,
            observed,
            risks,
            indexes: indexes.collect(),
        }
    }

    /// Returns the controls that were assessed, then the rules that judged a record and are
    /// evidence for none, as in a slice all are.
    pub fn findings(&self) -> impl Iterator<Item = Value> {
        let controls = self.controls().map(|control| self.control(control));
        let rules = self.rules_without_control();
        controls.chain(rules.map(|(index, of, counted)| self.rule(index, of, counted)))
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.controls().next().is_none() && self.rules_without_control().next().is_none()
    }

    /// Returns the controls of which a rule judged a record.
    fn controls(&self) -> impl Iterator<Item = &'r Control> {
        let controls = self.report.footer.controls.iter();
        controls.filter(|control| control.counts.judged() > 0)
    }

    fn rules_without_control(
        &self,
    ) -> impl Iterator<Item = (usize, (&'r Policy, &'r Rule), &'r RuleCounts)> {
        let controls = &self.report.footer.controls;
        let mut has_control = vec![false; self.indexes.len()];
        for index in controls.iter().flat_map(|control| self.indexes(control)) {
            has_control[index] = true;
        }
        let rules = judged(self.report);
        rules.filter(move |(index, ..)| !has_control[*index])
    }

    /// Returns the indexes of the rules that are evidence for a control.
    fn indexes(&self, control: &'r Control) -> impl Iterator<Item = usize> {
        let rules = control.rules.iter();
        rules.filter_map(|rule| self.indexes.get(&(&*rule.policy, &*rule.rule)).copied())
    }

    fn control(&self, control: &'r Control) -> Value {
        let (framework, requirement) = (&control.framework, &control.requirement);
        let title = one_line(&format!("{framework}: {requirement}"));
        let mut all = props([
            ("framework", framework.as_str()),
            ("requirement", requirement.as_str()),
            ("status", control.status.name()),
        ]);
        all.extend(props([("records", control.records)]));
        all.extend(counts(&control.counts));
        let most_severe = control.most_severe;
        all.extend(most_severe.and_then(|severity| prop("most-severe", severity.name())));
        all.extend(control.evidence().filter_map(|rule| prop("rule", &rule)));
        let evidenced_by = control.evidenced_by.iter();
        all.extend(evidenced_by.filter_map(|whose| prop("evidenced-by", whose)));
        let records = count(control.records, "record", "records");
        let Counts {
            pass,
            fail,
            error,
            not_applicable,
            waived,
        } = control.counts;
        let [pass, fail, error, not_applicable, waived] =
            [pass, fail, error, not_applicable, waived].map(grouped);
        let description = format!(
            "{}: {records} judged; of the outcomes of its rules, {pass} are met, {fail} are \
             not met, {error} could not be decided, {waived} are waived and {not_applicable} are not \
             applicable. Evidence: {}.",
            control.status.words(),
            control.evidence_in_words(),
        );
        let finding = json!({
            "uuid": uuid_in(self.report, "control", &format!("{framework}/{requirement}")),
            "title": title,
            "description": one_line(&description),
            "props": all,
            "target": {
                "type": "statement-id",
                "target-id": statement_id(framework, requirement),
                "title": title,
                "status": status_of_control(control),
            },
        });
        self.related(finding, self.indexes(control).collect(), &control.counts)
    }

    fn rule(&self, index: usize, of: (&Policy, &Rule), counted: &RuleCounts) -> Value {
        let ((policy, rule), counts) = (of, counted.counts);
        let title = first_of([&rule.title, &rule.id]);
        let were_read_whole =
            Gap::are_of_whole_exports(&self.report.footer.summary.incomplete_because);
        let finding = json!({
            "uuid": uuid_in(self.report, "finding", &format!("{}/{}", policy.id, rule.id)),
            "title": title,
            "description": first_of([&rule.rationale, &title]),
            "target": {
                "type": "objective-id",
                "target-id": token(&policy.id, &rule.id),
                "title": title,
                "status": status_of_rule(&counts, were_read_whole),
            },
        });
        self.related(finding, vec![index], &counts)
    }

    /// Adds the observations and risks of rules to a finding of these outcomes.
    fn related(&self, mut finding: Value, rules: Vec<usize>, counts: &Counts) -> Value {
        let observations = self.observed.related(rules.iter().copied());
        let mut risks: Vec<_> = rules
            .iter()
            .filter_map(|index| self.risks.of_rule(*index))
            .collect();
        risks.sort_unstable();
        risks.dedup();
        let left_out = counts.listed().saturating_sub(observations.len() as u64);
        if left_out > 0 {
            let left_out = count(left_out, "observation is", "observations are");
            finding["remarks"] = format!("{left_out} left out.").into();
        }
        // Readers refuse lists that are blank.
        if !observations.is_empty() {
            finding["related-observations"] = observations.into();
        }
        if !risks.is_empty() {
            let risks = risks.into_iter().map(|uuid| json!({ "risk-uuid": uuid }));
            finding["related-risks"] = risks.collect();
        }
        finding
    }
}

/// Says whether a control is met. There are two states, and what is not known to be met is
/// in the second: also what is accepted, and what evidence shows only a part of.
fn status_of_control(control: &Control) -> Value {
    let fails = control.counts.fail > 0;
    let (state, reason, remarks) = match control.status {
        ControlStatus::NotMet if fails => ("not-satisfied", "fail", None),
        ControlStatus::NotMet => ("not-satisfied", "other", Some(ALL_WAIVED)),
        ControlStatus::Undecided => ("not-satisfied", "other", Some(undecided(&control.counts))),
        ControlStatus::Met => ("satisfied", "pass", None),
        ControlStatus::Consistent => (
            "not-satisfied",
            "other",
            Some("The evidence is consistent with it, and shows only a part of it."),
        ),
        ControlStatus::NotTested => ("not-satisfied", "other", Some("It was not tested.")),
    };
    status(state, reason, remarks)
}

/// Says why a control is undecided of which the rules have these outcomes.
fn undecided(counts: &Counts) -> &'static str {
    match counts {
        Counts { error: 1.., .. } => "Some outcomes could not be decided.",
        counts if counts.listed() > 0 => "Rules that only support it are not met.",
        _ => "The exports were not read whole.",
    }
}

const ALL_WAIVED: &str = "All that does not meet it is waived.";

/// Says whether a rule is met, as of a control.
fn status_of_rule(counts: &Counts, were_read_whole: bool) -> Value {
    let (state, reason, remarks) = match counts {
        Counts { fail: 1.., .. } => ("not-satisfied", "fail", None),
        Counts { error: 1.., .. } => (
            "not-satisfied",
            "other",
            Some("It could not be decided for all."),
        ),
        Counts { waived: 1.., .. } => ("not-satisfied", "other", Some(ALL_WAIVED)),
        _ if !were_read_whole => (
            "not-satisfied",
            "other",
            Some("The exports were not read whole."),
        ),
        _ => ("satisfied", "pass", None),
    };
    status(state, reason, remarks)
}

fn status(state: &str, reason: &str, remarks: Option<&str>) -> Value {
    let mut status = json!({ "state": state, "reason": reason });
    if let Some(remarks) = remarks {
        status["remarks"] = remarks.into();
    }
    status
}

/// Returns outcomes as properties.
pub fn counts(counts: &Counts) -> Vec<Value> {
    props([
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("error", counts.error),
        ("not-applicable", counts.not_applicable),
        ("waived", counts.waived),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_to_be_met_is_not_satisfied() {
        let of = |pass, fail, error, waived, were_read_whole| {
            let counts = Counts {
                pass,
                fail,
                error,
                waived,
                not_applicable: 0,
            };
            let status = status_of_rule(&counts, were_read_whole);
            format!("{} {}", status["state"], status["reason"]).replace('"', "")
        };
        assert_eq!(of(3, 0, 0, 0, true), "satisfied pass");
        assert_eq!(of(3, 0, 0, 0, false), "not-satisfied other");
        assert_eq!(of(3, 1, 1, 1, true), "not-satisfied fail");
        assert_eq!(of(3, 0, 1, 1, true), "not-satisfied other");
        assert_eq!(of(3, 0, 0, 1, true), "not-satisfied other");
    }
}
