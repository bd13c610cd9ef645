//! The controls of frameworks, with the rules that are evidence for each.

use std::cmp::Ordering;

use super::policies::Policy;
use super::reference::{Reference, Strength};
use super::rule::Rule;

/// Holds a control of a framework, with the rules that are evidence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlEvidence {
    /// Whose control it is, with the version: `PCI DSS 4.0.1`.
    pub framework: String,
    /// Its number or name: `8.4.2`.
    pub requirement: String,
    /// The rules, in the order of the run.
    pub rules: Vec<RuleEvidence>,
    /// Who must show that it is met where no rule of a policy tests it, or what would.
    pub evidenced_by: Vec<String>,
}

/// Says how far a rule is evidence for a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleEvidence {
    /// The policy's id.
    pub policy: String,
    /// The rule's id.
    pub rule: String,
    /// How far it is evidence.
    pub strength: Strength,
    /// Its index among the rules of the run; none, if it was left out.
    pub index: Option<usize>,
}

/// Collects controls: those of one framework together, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Controls(Vec<ControlEvidence>);

impl Controls {
    /// Adds a rule that is evidence for a control.
    pub fn rule(&mut self, reference: &Reference, rule: RuleEvidence) {
        let control = self.control(&reference.framework, &reference.requirement);
        control.rules.push(rule);
    }

    /// Adds who must show that a control is met.
    pub fn untested(&mut self, framework: &str, requirement: &str, evidenced_by: &str) {
        let all = &mut self.control(framework, requirement).evidenced_by;
        if !all.iter().any(|known| known == evidenced_by) {
            all.push(evidenced_by.to_owned());
        }
    }

    fn control(&mut self, framework: &str, requirement: &str) -> &mut ControlEvidence {
        let mut all = self.0.iter();
        let same =
            |one: &ControlEvidence| one.framework == framework && one.requirement == requirement;
        let index = all.position(same).unwrap_or_else(|| {
            self.0.push(ControlEvidence {
                framework: framework.to_owned(),
                requirement: requirement.to_owned(),
                rules: Vec::new(),
                evidenced_by: Vec::new(),
            });
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// Returns the controls: frameworks in the order in which they were named, and the
    /// controls of each in the order of their numbers.
    pub fn sorted(self) -> Vec<ControlEvidence> {
        let Self(mut all) = self;
        let mut frameworks: Vec<String> = Vec::new();
        for control in &all {
            if !frameworks.contains(&control.framework) {
                frameworks.push(control.framework.clone());
            }
        }
        let place = |control: &ControlEvidence| {
            let mut known = frameworks.iter();
            known.position(|known| *known == control.framework)
        };
        all.sort_by(|a, b| {
            let by_framework = place(a).cmp(&place(b));
            by_framework.then_with(|| by_number(&a.requirement, &b.requirement))
        });
        all
    }
}

/// Returns the controls that the rules of these policies are evidence for, and those that
/// they name as not tested.
pub(super) fn of_policies(policies: &[Policy]) -> Vec<ControlEvidence> {
    let mut controls = Controls::default();
    let mut index = 0;
    for policy in policies {
        let mut add = |rule: &Rule, index| {
            for reference in &rule.references {
                let rule = RuleEvidence {
                    policy: policy.id.clone(),
                    rule: rule.id.clone(),
                    strength: reference.strength,
                    index,
                };
                controls.rule(reference, rule);
            }
        };
        for rule in &policy.rules {
            add(rule, Some(index));
            index += 1;
        }
        for rule in &policy.left_out {
            add(rule, None);
        }
        for control in &policy.controls {
            let (framework, requirement) = (&control.framework, &control.requirement);
            controls.untested(framework, requirement, &control.evidenced_by);
        }
    }
    controls.sorted()
}

/// Compares the numbers of controls as people do: 8.9 comes before 8.10.
fn by_number(a: &str, b: &str) -> Ordering {
    parts(a).cmp(parts(b))
}

/// Represents a part of the number of a control.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NumberPart<'n> {
    /// How many digits there are but for zeros before them, and these.
    Number(usize, &'n str),
    Other(char),
}

fn parts(mut text: &str) -> impl Iterator<Item = NumberPart<'_>> {
    std::iter::from_fn(move || {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &text[..text.len() - rest.len()];
        if !digits.is_empty() {
            text = rest;
            let digits = digits.trim_start_matches('0');
            return Some(NumberPart::Number(digits.len(), digits));
        }
        let mut chars = text.chars();
        let next = chars.next();
        text = chars.as_str();
        next.map(NumberPart::Other)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_come_in_the_order_of_their_numbers() {
        let sorted = [
            "1.2", "1.2.7", "8.2.1", "8.2.10", "8.9", "8.10", "12", "12.5.2", "A1.1.2", "A.5.9",
            "A.5.17", "AC-2", "AC-2(1)", "AC-2(12)", "AC-17", "IA-2(1)",
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.sort_by(|a, b| by_number(a, b));
        assert_eq!(shuffled, sorted);
    }

    proptest! {
        #[test]
        fn the_order_of_numbers_is_one(
            a in "[0-9A.(-]{0,5}", b in "[0-9A.(-]{0,5}", c in "[0-9A.(-]{0,5}",
        ) {
            prop_assert_eq!(by_number(&a, &b), by_number(&b, &a).reverse());
            if by_number(&a, &b).is_le() && by_number(&b, &c).is_le() {
                prop_assert!(by_number(&a, &c).is_le());
            }
        }
    }
}
