//! The options of a run that decide what it judges and how it ends.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::as_of;
use super::policy::Policy;
use crate::reference::{Asked, Severity};

/// What is wished of a run, whatever the policies.
#[derive(Clone, Debug)]
pub struct Wishes {
    only: Vec<Index>,
    skip: Vec<Index>,
    undecided_is_finding: bool,
    allow_empty: bool,
    fail_on: Option<Severity>,
}

pub fn wishes() -> impl Strategy<Value = Wishes> {
    let selectors = || prop_oneof![3 => Just(Vec::new()), 1 => vec(any::<Index>(), 1..=2)];
    let mut severities: Vec<_> = Severity::ALL.into_iter().map(Some).collect();
    severities.push(None);
    let rarely = || prop::bool::weighted(0.25);
    let fail_on = select(severities);
    (selectors(), selectors(), rarely(), rarely(), fail_on).prop_map(
        |(only, skip, undecided_is_finding, allow_empty, fail_on)| Wishes {
            only,
            skip,
            undecided_is_finding,
            allow_empty,
            fail_on,
        },
    )
}

impl Wishes {
    /// What a run of these policies is asked: selectors that select something,
    /// and leave a rule for each record.
    pub fn of(&self, policies: &[Policy]) -> Asked {
        let selectors = selectors(policies);
        let chosen = |wished: &[Index]| -> Vec<String> {
            let chosen = wished.iter().map(|index| index.get(&selectors).clone());
            chosen.collect()
        };
        let mut asked = Asked {
            as_of: as_of(),
            only: chosen(&self.only),
            skip: chosen(&self.skip),
            undecided_is_finding: self.undecided_is_finding,
            allow_empty: self.allow_empty,
            fail_on: self.fail_on,
        };
        if !leaves_a_rule(policies, &asked) {
            asked.skip.clear();
        }
        asked
    }
}

impl Asked {
    /// The options, as a run takes them.
    pub fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        let mut add = |option: &str, value: &str| {
            options.extend([option.to_owned(), value.to_owned()]);
        };
        self.only.iter().for_each(|one| add("--only", one));
        self.skip.iter().for_each(|one| add("--skip", one));
        if self.undecided_is_finding {
            add("--undecided", "finding");
        }
        add("--fail-on", self.fail_on.map_or("never", Severity::word));
        if self.allow_empty {
            options.push("--allow-empty".to_owned());
        }
        options
    }
}

/// Every selector that selects a rule, most of them several.
fn selectors(policies: &[Policy]) -> Vec<String> {
    policies.iter().flat_map(names).flatten().collect()
}

/// For each rule of a policy, the selectors that select it.
fn names(policy: &Policy) -> Vec<Vec<String>> {
    let rules = policy.rules.iter().enumerate();
    let names = rules.map(|(at, rule)| {
        let id = format!("r{}", at + 1);
        let mut names = vec![format!("{}/{id}", policy.id), id];
        names.extend(rule.tags.iter().map(|tag| format!("tag:{tag}")));
        names
    });
    names.collect()
}

fn leaves_a_rule(policies: &[Policy], asked: &Asked) -> bool {
    policies.iter().flat_map(names).any(|names| {
        let is_named = |selectors: &[String]| names.iter().any(|name| selectors.contains(name));
        (asked.only.is_empty() || is_named(&asked.only)) && !is_named(&asked.skip)
    })
}
