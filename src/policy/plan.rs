//! What the outcome of each rule depends on: which tests say the same for all records with
//! the same in a field, and which rules ask the same fields.

use chrono::{DateTime, Utc};

use super::check::Check;
use super::lists::ListTests;
use super::pattern::Pattern;
use super::policies::Policy;
use super::requirement::{Requirement, TestId};
use super::rule::{Ask, Rule, Test};
use super::sieve::Sieve;
use crate::record::Slot;

/// How many facets a group has at most: rules that ask more are judged by themselves.
pub const MAX_FACETS: usize = 8;

/// Says what the outcome of each rule depends on. It is derived from the rules, and says
/// nothing that they do not.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The facets of a record.
    pub(super) facets: Vec<Facet>,
    /// For each test, which facet it looks at, and its place among the tests that do.
    pub(super) places: Vec<(usize, usize)>,
    /// For each policy, its rules about records in groups.
    pub groups: Vec<Vec<Group>>,
}

/// Represents the rules of a policy that look at the same facets of a record: what all of
/// them come to depends on these alone.
#[derive(Debug, Clone)]
pub struct Group {
    /// The facets, each once.
    pub facets: Vec<usize>,
    /// The rules, by their places in the policy.
    pub rules: Vec<usize>,
}

/// Represents what tests look at in a record: a field, or how two fields compare.
#[derive(Debug, Clone)]
pub(super) struct Facet {
    pub(super) looks_at: LooksAt,
    /// The tests that look at it.
    pub(super) tests: Vec<TestId>,
}

/// Says what a facet is.
#[derive(Debug, Clone)]
pub(super) enum LooksAt {
    /// One field.
    Field {
        /// Which.
        slot: Slot,
        /// The instants before, at and after which the tests differ, in their order.
        instants: Vec<DateTime<Utc>>,
        /// Of each of the tests that looks for a pattern, what a text needs for it.
        patterns: Option<Vec<Option<Sieve>>>,
        /// How its tests of an allow-list are asked together.
        lists: Option<ListTests>,
    },
    /// How two fields compare, by one test.
    Two,
}

impl Plan {
    pub(super) fn new(all: &[Policy], tests: &[Test]) -> Self {
        let mut plan = Self::default();
        for (index, test) in tests.iter().enumerate() {
            let is_of_slot = |facet: &Facet| match facet.looks_at {
                LooksAt::Field { slot, .. } => slot == test.slot,
                LooksAt::Two => false,
            };
            let known = match test.check.other() {
                None => plan.facets.iter().position(is_of_slot),
                Some(_) => None,
            };
            let facet = known.unwrap_or_else(|| {
                plan.facets.push(Facet::new(test));
                plan.facets.len() - 1
            });
            let of_facet = &mut plan.facets[facet].tests;
            plan.places.push((facet, of_facet.len()));
            of_facet.push(TestId(index));
        }
        for facet in &mut plan.facets {
            facet.prepare(tests);
        }
        plan.groups = all.iter().map(|policy| plan.groups_of(policy)).collect();
        plan
    }

    fn groups_of(&self, policy: &Policy) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (place, rule) in policy.rules.iter().enumerate() {
            let Some(facets) = self.facets_of(rule) else {
                continue;
            };
            match groups.iter_mut().find(|group| group.facets == facets) {
                Some(group) => group.rules.push(place),
                None => groups.push(Group {
                    facets,
                    rules: vec![place],
                }),
            }
        }
        groups
    }

    /// Returns the facets that the outcome of a rule about records depends on.
    fn facets_of(&self, rule: &Rule) -> Option<Vec<usize>> {
        let Ask::Record { require, .. } = &rule.ask else {
            return None;
        };
        let asked = rule.scope.iter().chain(&rule.when).chain([require]);
        let tests = asked.flat_map(|requirement: &Requirement| requirement.tests(true));
        let facets = tests.map(|(id, _)| self.places[id.index()].0);
        let mut facets: Vec<_> = facets.collect();
        facets.sort_unstable();
        facets.dedup();
        Some(facets)
    }
}

impl Facet {
    fn new(test: &Test) -> Self {
        let looks_at = match test.check.other() {
            Some(_) => LooksAt::Two,
            None => LooksAt::Field {
                slot: test.slot,
                instants: Vec::new(),
                patterns: None,
                lists: None,
            },
        };
        Self {
            looks_at,
            tests: Vec::new(),
        }
    }

    fn prepare(&mut self, tests: &[Test]) {
        let LooksAt::Field {
            instants,
            patterns,
            lists,
            ..
        } = &mut self.looks_at
        else {
            return;
        };
        let checks = self.tests.iter().map(|id| &tests[id.index()].check);
        instants.extend(checks.clone().flat_map(Check::instants));
        instants.sort_unstable();
        instants.dedup();
        *lists = ListTests::new(checks.clone());
        let of_tests = checks.map(Check::pattern);
        // To go over a text beforehand costs about as much as to look for two patterns.
        *patterns = (of_tests.clone().flatten().count() > 2).then(|| {
            let sieve = |pattern: &Pattern| Sieve::new(pattern.as_str());
            of_tests.map(|pattern| pattern.map(sieve)).collect()
        });
    }
}
