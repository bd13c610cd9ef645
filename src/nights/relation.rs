//! How the rules of a run relate to those of the night before.

use std::collections::{BTreeMap, BTreeSet};

use super::base::{Base, EarlierRule};
use crate::report::{Because, Header};

/// Says what became of a rule of the night before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// The run asks it.
    Asked {
        /// Its index among the rules of the run.
        index: usize,
        /// Whether it asks the same as then.
        is_same: bool,
    },
    /// The run does not ask it: it was left out, or its policy is not in the run.
    NotAsked,
    /// Its policy has it no more, or another is instead of its policy.
    Removed,
}

/// Says how a rule of the run relates to the night before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The night before asked the same.
    Same,
    /// The night before asked something else by its name.
    Changed,
    /// The night before did not ask it.
    New,
}

impl Then {
    /// Returns why a finding of the rule is new, if that is because of the rule.
    pub fn because(self) -> Option<Because> {
        match self {
            Self::Same => None,
            Self::Changed => Some(Because::RuleChanged),
            Self::New => Some(Because::RuleNew),
        }
    }
}

/// Returns what became of each rule of the night before, in the order of its list.
pub fn now(base: &Base, header: &Header) -> Vec<Now> {
    let of = |earlier: &EarlierRule| {
        let EarlierRule {
            policy,
            rule,
            sha256,
        } = earlier;
        let mut rules = header.rules().enumerate();
        let asked = rules.find(|(_, (of, asked))| of.id == *policy && asked.id == *rule);
        if let Some((index, (_, asked))) = asked {
            let is_same = sha256.as_ref().is_none_or(|sha256| *sha256 == asked.sha256);
            return Now::Asked { index, is_same };
        }
        let policies = || header.policies.iter();
        match policies().find(|one| one.id == *policy) {
            Some(here) if here.not_tested.iter().any(|one| one.id == *rule) => Now::NotAsked,
            Some(_) => Now::Removed,
            None if policies().any(|one| one.replaces.contains(policy)) => Now::Removed,
            None => Now::NotAsked,
        }
    };
    base.lists.rules.items().iter().map(of).collect()
}

/// Returns the ids of the policies whose rules are others than the night before, and of those
/// that only one of the two runs has.
pub fn changed_policies(earlier: &Header, header: &Header) -> Vec<String> {
    let asked = |header: &Header| -> BTreeMap<String, Vec<(String, String)>> {
        let policies = header.policies.iter().map(|policy| {
            let rules = policy.rules.iter();
            let rules = rules.map(|rule| (rule.id.clone(), rule.sha256.clone()));
            (policy.id.clone(), rules.collect())
        });
        policies.collect()
    };
    let (then, now) = (asked(earlier), asked(header));
    let ids: BTreeSet<_> = then.keys().chain(now.keys()).collect();
    let changed = ids.into_iter().filter(|id| then.get(*id) != now.get(*id));
    changed.cloned().collect()
}

/// Returns how each rule of the run relates to the night before, in the order of its header.
pub fn then(base: &Base, header: &Header) -> Vec<Then> {
    let rules = header.rules();
    let of = |(policy, rule): (&crate::report::Policy, &crate::report::Rule)| {
        let mut earlier = base.header.rules();
        let earlier = earlier.find(|(of, one)| of.id == policy.id && one.id == rule.id);
        match earlier {
            Some((_, earlier)) if earlier.sha256 == rule.sha256 => Then::Same,
            Some(_) => Then::Changed,
            None => Then::New,
        }
    };
    rules.map(of).collect()
}
