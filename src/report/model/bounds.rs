//! What bounds the evidence of a policy: a reader must not take it for more than it is.

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::header::{OptionalField, Policy, UntestedControl};
use crate::text::count;

/// Names what bounds the evidence of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Topic {
    /// What its rules do not show.
    Limit,
    /// The fields that no record need have.
    OptionalField,
    /// The rules that were left out of the run.
    LeftOut,
    /// The controls that its rules do not test.
    UntestedControl,
}

/// Holds what bounds the evidence of a policy in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// What it is about.
    pub topic: Topic,
    /// A sentence each.
    pub sentences: Vec<String>,
}

/// The largest number of sentences about one topic that are not folded.
const MAX_UNFOLDED: usize = 4;

/// How many sentences come before a fold.
const BEFORE_FOLD: usize = 3;

impl Topic {
    /// Returns its name, for programs.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns so many of them, in words.
    pub fn count(self, number: usize) -> String {
        let (one, many) = match self {
            Self::Limit => ("limit of what it shows", "limits of what it shows"),
            Self::OptionalField => (
                "field that may be missing from every record",
                "fields that may be missing from every record",
            ),
            Self::LeftOut => (
                "rule left out of this run, not tested",
                "rules left out of this run, not tested",
            ),
            Self::UntestedControl => ("control that no rule tests", "controls that no rule tests"),
        };
        count(number as u64, one, many)
    }

    fn sentences(self, policy: &Policy) -> Vec<String> {
        match self {
            Self::Limit => policy.limits.iter().map(|limit| sentence(limit)).collect(),
            Self::OptionalField => {
                let fields = policy.optional.iter();
                let fields = fields.map(|OptionalField { field, why }| {
                    sentence(&format!("{field} may be missing from every record: {why}"))
                });
                fields.collect()
            }
            Self::LeftOut => {
                let rules = policy.not_tested.iter();
                let rules = rules.map(|rule| {
                    let (id, title) = (&rule.id, &rule.title);
                    sentence(&format!("Not tested, left out of this run: {id}, {title}"))
                });
                rules.collect()
            }
            Self::UntestedControl => {
                let controls = policy.untested_controls.iter();
                let controls = controls.map(|control| {
                    let UntestedControl {
                        framework,
                        requirement,
                        evidenced_by,
                    } = control;
                    sentence(&format!(
                        "Not tested: {framework} {requirement}, to be evidenced by {evidenced_by}"
                    ))
                });
                controls.collect()
            }
        }
    }
}

/// Returns the text as a sentence that ends.
fn sentence(text: &str) -> String {
    match text.trim_end() {
        ended if ended.ends_with(['.', '!', '?']) => ended.to_owned(),
        open => format!("{open}."),
    }
}

impl Bound {
    /// Returns whether there are so many sentences that a page for people folds them.
    pub fn is_long(&self) -> bool {
        match self.topic {
            // What the policy does not show is never hidden.
            Topic::Limit => false,
            Topic::OptionalField | Topic::LeftOut | Topic::UntestedControl => {
                self.sentences.len() > MAX_UNFOLDED
            }
        }
    }

    /// Returns the sentences; of many the first, and how many there are in all.
    pub fn folded(&self) -> Vec<String> {
        if !self.is_long() {
            return self.sentences.clone();
        }
        let all = self.topic.count(self.sentences.len());
        let rest = self.sentences.len() - BEFORE_FOLD;
        let mut lines = self.sentences[..BEFORE_FOLD].to_vec();
        lines.push(format!(
            "… and {rest} more of {all}: html and json reports name each."
        ));
        lines
    }
}

impl Policy {
    /// Returns what bounds the evidence of the policy, a topic each: what it does not
    /// show, which fields may be absent, and what was not tested.
    pub fn bounds(&self) -> Vec<Bound> {
        let topics = Topic::VARIANTS.iter().map(|topic| Bound {
            topic: *topic,
            sentences: topic.sentences(self),
        });
        topics.filter(|bound| !bound.sentences.is_empty()).collect()
    }

    /// Returns the same without the controls that no rule tests, for a report that has a row
    /// for each.
    pub fn bounds_beside_controls(&self) -> Vec<Bound> {
        let mut bounds = self.bounds();
        bounds.retain(|bound| bound.topic != Topic::UntestedControl);
        bounds
    }

    /// Returns how many of its rules were asked, in words.
    pub fn rules_in_words(&self) -> String {
        let asked = self.rules.len();
        let all = count((asked + self.not_tested.len()) as u64, "rule", "rules");
        match self.not_tested.is_empty() {
            true => all,
            false => format!("{asked} of {all}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Severity;
    use crate::report::fixture;

    #[test]
    fn every_bound_of_a_policy_is_a_sentence() {
        let policy = fixture::header().policies.remove(0);
        let bounds = policy.bounds();
        let sentences: Vec<_> = bounds.iter().flat_map(Bound::folded).collect();
        assert_eq!(
            sentences,
            [
                "Does not show what nobody records.",
                "billingRef may be missing from every record: few have one.",
                "Not tested, left out of this run: left, The rule left.",
                "Not tested: PCI DSS 4.0.1 8.2.2, to be evidenced by the access team.",
            ]
        );
        assert_eq!(policy.rules_in_words(), "2 of 3 rules");
    }

    #[test]
    fn many_rules_that_were_left_out_are_folded_and_limits_are_not() {
        let mut policy = fixture::header().policies.remove(0);
        let rule = |number: usize| fixture::rule(&format!("r{number}"), Severity::Low);
        policy.not_tested = (0..18).map(rule).collect();
        policy.limits = (0..18).map(|number| format!("Limit {number}!")).collect();
        let bounds = policy.bounds();
        let limits = bounds[0].folded();
        assert_eq!(limits.len(), 18);
        assert_eq!(limits[17], "Limit 17!");
        let lines = bounds[2].folded();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[3],
            "… and 15 more of 18 rules left out of this run, not tested: html and json reports name each."
        );
    }
}
