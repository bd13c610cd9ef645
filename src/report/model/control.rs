//! What an audit says of the controls of frameworks: a row a control.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::footer::Summary;
use super::header::Header;
use crate::finding::Counts;
use crate::policy::{ControlEvidence, Controls, Reference, RuleEvidence, Severity, Strength};
use crate::text::grouped;
use crate::totals::Gap;

/// Says what an audit came to for a control; the first that holds.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ControlStatus {
    /// A rule that is direct or partial evidence is not met, accepted or not.
    NotMet,
    /// An outcome could not be decided, a rule that is supporting evidence is not met, or the
    /// exports were not read whole.
    Undecided,
    /// Every outcome is a pass, and a rule that is direct evidence judged a record.
    Met,
    /// Every outcome is a pass, of rules that are partial or supporting evidence.
    Consistent,
    /// Nothing was judged, the rules were left out, or there is none.
    NotTested,
}

impl ControlStatus {
    /// Returns the word for it in files for programs.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the words for it in reports for people: none of them says that an
    /// organisation meets a framework.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotMet => "not met",
            Self::Undecided => "undecided",
            Self::Met => "met on this account set",
            Self::Consistent => "evidence consistent",
            Self::NotTested => "not tested",
        }
    }
}

/// Says how far a rule is evidence for a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlRule {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How far it is evidence.
    pub strength: Strength,
    /// It was left out of the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
}

/// Says what an audit came to for a control of a framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Whose control it is, with the version.
    pub framework: String,
    /// Its number or name.
    pub requirement: String,
    /// What the audit came to.
    pub status: ControlStatus,
    /// The rules that are evidence for it.
    pub rules: Vec<ControlRule>,
    /// Records that one of the rules judged, each counted once.
    pub records: u64,
    /// Outcomes of the rules: one for each rule and record, and one for each customer or
    /// export where a rule looks at several records.
    #[serde(flatten)]
    pub counts: Counts,
    /// How severe the most severe finding is, waived ones among them; none, if there is none.
    pub most_severe: Option<Severity>,
    /// Who must show that it is met, or what would, where a policy says that no rule of it
    /// does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidenced_by: Vec<String>,
}

impl Control {
    /// Returns what an audit came to for all its controls; `evidence` are those of its
    /// policies, each with the number of the records that its rules judged.
    pub fn all<'e>(
        evidence: impl IntoIterator<Item = (&'e ControlEvidence, u64)>,
        summary: &Summary,
    ) -> Vec<Self> {
        let evidence = evidence.into_iter();
        let all = evidence.map(|(control, records)| Self::new(control, records, summary));
        all.collect()
    }

    fn new(evidence: &ControlEvidence, records: u64, summary: &Summary) -> Self {
        let rule = |rule: &RuleEvidence| ControlRule {
            policy: rule.policy.clone(),
            rule: rule.rule.clone(),
            strength: rule.strength,
            left_out: rule.index.is_none(),
        };
        let asked = evidence.rules.iter().filter_map(|rule| {
            let counted = summary.by_rule.get(rule.index?)?;
            Some((rule.strength, counted))
        });
        let counts = asked.clone().map(|(_, rule)| rule.counts).sum();
        Self {
            framework: evidence.framework.clone(),
            requirement: evidence.requirement.clone(),
            status: {
                let asked = asked
                    .clone()
                    .map(|(strength, rule)| (strength, rule.counts));
                status(
                    asked,
                    Gap::are_of_whole_exports(&summary.incomplete_because),
                )
            },
            rules: evidence.rules.iter().map(rule).collect(),
            records,
            counts,
            most_severe: asked.filter_map(|(_, rule)| rule.most_severe).max(),
            evidenced_by: evidence.evidenced_by.clone(),
        }
    }

    /// Says what is evidence for it: the rules, each with how far, and who must show that it
    /// is met where a policy says that no rule of it does.
    pub fn evidence_in_words(&self) -> String {
        let others = self.evidenced_by.iter();
        let others = others.map(|whose| format!("to be evidenced by {whose}"));
        self.evidence().chain(others).collect::<Vec<_>>().join("; ")
    }

    /// Returns the rules that are evidence for it, each with how far, in words.
    pub fn evidence(&self) -> impl Iterator<Item = String> {
        self.rules.iter().map(|rule| {
            let left_out = if rule.left_out { ", left out" } else { "" };
            let strength = rule.strength.name();
            format!("{}/{} ({strength}{left_out})", rule.policy, rule.rule)
        })
    }
}

/// Holds what an audit came to for the controls of one framework.
#[derive(Debug, Clone, Copy)]
pub struct Framework<'c> {
    /// Its name, with the version.
    pub name: &'c str,
    /// Its controls, in the order of their numbers.
    pub controls: &'c [Control],
}

impl<'c> Framework<'c> {
    /// Returns the controls by framework.
    pub fn all(controls: &'c [Control]) -> impl Iterator<Item = Self> {
        let by_framework = controls.chunk_by(|a, b| a.framework == b.framework);
        by_framework.filter_map(|controls| {
            let name = &controls.first()?.framework;
            Some(Self { name, controls })
        })
    }

    /// Says how many of its controls have each status.
    pub fn in_words(&self) -> String {
        let of = |status: &ControlStatus| {
            let controls = self.controls.iter();
            controls.filter(|control| control.status == *status).count() as u64
        };
        let counted = ControlStatus::VARIANTS.iter();
        let counted = counted.map(|status| (of(status), status.words()));
        let counted = counted.filter(|(number, _)| *number > 0);
        let words: Vec<_> = counted
            .map(|(number, words)| format!("{} {words}", grouped(number)))
            .collect();
        words.join(", ")
    }
}

/// Returns what rules come to that are evidence for a control, of exports that were read
/// whole or not.
fn status(
    rules: impl Iterator<Item = (Strength, Counts)> + Clone,
    were_read_whole: bool,
) -> ControlStatus {
    let is_missed = |counts: Counts| counts.fail + counts.waived > 0;
    let mut unmet = rules.clone().filter(|(_, counts)| is_missed(*counts));
    let shows = |strength: Strength| match strength {
        Strength::Direct | Strength::Partial => true,
        Strength::Supporting => false,
    };
    let is_any = |is: fn((Strength, Counts)) -> bool| rules.clone().any(is);
    if unmet.any(|(strength, _)| shows(strength)) {
        ControlStatus::NotMet
    } else if !were_read_whole || is_any(|(_, counts)| counts.findings() > 0 || counts.waived > 0) {
        ControlStatus::Undecided
    } else if is_any(|(strength, counts)| strength == Strength::Direct && counts.judged() > 0) {
        ControlStatus::Met
    } else if is_any(|(_, counts)| counts.judged() > 0) {
        ControlStatus::Consistent
    } else {
        ControlStatus::NotTested
    }
}

/// Returns the controls that the policies of a report name.
fn evidence(header: &Header) -> Vec<ControlEvidence> {
    let mut controls = Controls::default();
    let mut index = 0;
    for policy in &header.policies {
        let asked = policy.rules.iter().map(|rule| (rule, true));
        let left_out = policy.not_tested.iter().map(|rule| (rule, false));
        for (rule, is_asked) in asked.chain(left_out) {
            let references = rule.references.iter();
            for reference in references.filter_map(|text| Reference::read(text)) {
                let rule = RuleEvidence {
                    policy: policy.id.clone(),
                    rule: rule.id.clone(),
                    strength: reference.strength,
                    index: is_asked.then_some(index),
                };
                controls.rule(&reference, rule);
            }
            index += usize::from(is_asked);
        }
        for control in &policy.untested_controls {
            let (framework, requirement) = (&control.framework, &control.requirement);
            controls.untested(framework, requirement, &control.evidenced_by);
        }
    }
    controls.sorted()
}

/// Returns what a made-up audit came to for its controls, in which the rules of each judged
/// four records.
#[cfg(test)]
pub fn of_fixture(header: &Header, summary: &Summary) -> Vec<Control> {
    let evidence = evidence(header);
    let judged = |control: &ControlEvidence| match control.rules.is_empty() {
        true => 0,
        false => 4,
    };
    let evidence = evidence.iter().map(|control| (control, judged(control)));
    Control::all(evidence, summary)
}

/// Says where a report says of a control what does not follow from its policies and its
/// summary, if it does.
pub fn contradiction(header: &Header, summary: &Summary, said: &[Control]) -> Option<String> {
    if summary.slice.is_some() {
        let is_said = !said.is_empty();
        return is_said.then(|| "`controls` of a slice are not empty".to_owned());
    }
    let evidence = evidence(header);
    if evidence.len() != said.len() {
        let (said, named) = (said.len(), evidence.len());
        return Some(format!(
            "`controls` has {said} of the {named} that its policies name"
        ));
    }
    let all = said.iter().zip(&evidence);
    let mut unlike = all.filter(|(said, evidence)| {
        let most = summary.records - summary.rejected.min(summary.records);
        said.records > most || **said != Control::new(evidence, said.records, summary)
    });
    unlike.next().map(|(said, _)| {
        let (framework, requirement) = (&said.framework, &said.requirement);
        format!("`controls` says of {framework} {requirement} what its rules do not")
    })
}
