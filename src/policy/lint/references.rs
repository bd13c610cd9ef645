//! References to controls that do not exist, and severities that they do not bear.

use std::collections::HashMap;

use super::frameworks::{FRAMEWORKS, lacks};
use super::notice::Notice;
use super::places::RulePlaces;
use super::warning::Warning;
use crate::diagnostic::nearest;
use crate::policy::policies::Policy;
use crate::policy::reference::Strength;
use crate::policy::rule::{Rule, Severity};

/// Looks at the references of a rule.
pub(super) fn of_rule(
    policy: &Policy,
    rule: &Rule,
    places: &RulePlaces,
    notices: &mut Vec<Notice>,
) {
    for (reference, place) in rule.references.iter().zip(&places.references) {
        let framework = &reference.framework;
        if lacks(framework, &reference.requirement) {
            let message = format!("{framework} has no control {}", reference.requirement);
            notices.push(Notice::new(Warning::UnknownControl, place, message));
        } else if let Some(near) = misspelt(policy, framework) {
            let message = format!("no framework that is known is called `{framework}`");
            let notice = Notice::new(Warning::UnknownFramework, place, message);
            notices.push(notice.help(format!("did you mean `{near}`?")));
        }
    }
    let references = &rule.references;
    let supporting = |strength: Strength| strength == Strength::Supporting;
    if rule.severity >= Severity::High
        && !references.is_empty()
        && references.iter().all(|one| supporting(one.strength))
    {
        let message = format!(
            "`{}` is {}, and all of its references are supporting evidence",
            rule.id, rule.severity
        );
        let notice = Notice::new(Warning::SupportingOnly, &places.severity, message);
        notices.push(notice.help("nobody can pin it to a requirement: medium is usual"));
    }
}

/// Returns the framework that is most likely meant, if a name differs in letters from one
/// that is known, or that other rules name.
fn misspelt<'p>(policy: &'p Policy, name: &str) -> Option<&'p str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let references = policy.rules.iter().flat_map(|rule| &rule.references);
    for reference in references {
        *counts.entry(&reference.framework).or_default() += 1;
    }
    let own = counts.get(name).copied().unwrap_or_default();
    let more = counts.into_iter().filter(|(_, count)| *count > own);
    let mut known: Vec<&str> = more.map(|(other, _)| other).collect();
    known.sort_unstable();
    let known = FRAMEWORKS.iter().map(|known| known.name).chain(known);
    // Another number is another version.
    nearest(name, known).filter(|near| letters(near) != letters(name))
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphabetic());
    letters.flat_map(char::to_lowercase).collect()
}
