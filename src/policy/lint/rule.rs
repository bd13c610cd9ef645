//! What a rule can come to: rules that no record meets, that none violates, or that
//! apply to none.

use super::notice::Notice;
use super::places::RulePlaces;
use super::reason::{needed, why};
use super::value::Values;
use super::warning::Warning;
use crate::policy::example::{Found, Goal, Search};
use crate::policy::policies::Policy;
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::rule::{Ask, Location, OnAbsent, Rule};
use crate::policy::words::Asked;

/// What is behind the warnings about a rule.
pub(super) struct Subject<'l> {
    pub(super) asked: Asked<'l>,
    pub(super) policy: &'l Policy,
    pub(super) rule: &'l Rule,
    pub(super) places: &'l RulePlaces,
}

impl Subject<'_> {
    /// Looks at what the rule can come to. `values` is what is said of its checks already.
    pub(super) fn outcomes(
        &self,
        search: &mut Search<'_>,
        values: &Values,
        notices: &mut Vec<Notice>,
    ) {
        let Ask::Record { require, .. } = &self.rule.ask else {
            return;
        };
        let id = &self.rule.id;
        let guards = self.guards();
        if let Some(because) = self.never(search, Goal::APPLIES, &guards) {
            let message = format!("`{id}` applies to no record{because}");
            self.warn(Warning::NeverApplies, &self.rule.location, message, notices);
            return;
        }
        let asked = [guards.clone(), needed(require, true)].concat();
        if let Some(because) = self.never(search, Goal::ANY_PASS, &asked) {
            if !values.are_never_met(require) {
                let message = format!("no record can meet `{id}`{because}");
                self.warn(Warning::NeverPasses, &self.places.require, message, notices);
            }
            return;
        }
        if self.rule.because.is_empty() && !values.are_always_met(require) {
            self.never_fails(search, require, &guards, notices);
        }
    }

    /// The tests that must answer so where the rule applies for certain.
    fn guards(&self) -> Vec<(TestId, bool)> {
        let (scope, rule) = (self.policy.scope.as_ref(), self.rule);
        let guards = [scope, rule.scope.as_ref(), rule.when.as_ref()];
        let guards = guards.into_iter().flatten();
        guards.flat_map(|guard| needed(guard, true)).collect()
    }

    fn never_fails(
        &self,
        search: &mut Search<'_>,
        require: &Requirement,
        guards: &[(TestId, bool)],
        notices: &mut Vec<Notice>,
    ) {
        let id = &self.rule.id;
        let own = needed(require, false);
        let asked = [own.clone(), guards.to_vec()].concat();
        let Some(because) = self.never(search, Goal::VIOLATED, &asked) else {
            return;
        };
        let (message, help) = match self.never(search, Goal::ABSENT, &[]) {
            Some(_) => (format!("no record fails `{id}`{because}"), None),
            None => (
                format!("nothing but absence fails `{id}`{because}"),
                Some("to ask for a value alone write { present = true }".to_owned()),
            ),
        };
        let notice = Notice::new(Warning::NeverFails, &self.places.require, message);
        let notice = Notice { help, ..notice };
        notices.push(notice.of_rule(id));
    }

    /// Returns why the rule comes to this for no record, if it does for none, in words to
    /// append. These tests must answer so for it.
    fn never(
        &self,
        search: &mut Search<'_>,
        goal: Goal,
        needed: &[(TestId, bool)],
    ) -> Option<String> {
        let why = match search.find(self.policy, self.rule, goal) {
            Found::Record(_) => return None,
            Found::None => why(self.asked, search, needed).unwrap_or_default(),
            // The search does not try every list of networks, or takes too long.
            Found::Unknown => why(self.asked, search, needed)?,
        };
        Some(match why.is_empty() {
            true => ": its checks, taken together, do not allow it".to_owned(),
            false => format!(": {why}"),
        })
    }

    /// Looks at what absence leads to.
    pub(super) fn absence(&self, notices: &mut Vec<Notice>) {
        let Ask::Record { on_absent, .. } = &self.rule.ask else {
            return;
        };
        if *on_absent == OnAbsent::Pass && self.rule.because.is_empty() {
            let id = &self.rule.id;
            let message = format!("`{id}` passes what is absent, and has no `because`");
            let place = self.places.on_absent.as_ref();
            let place = place.unwrap_or(&self.rule.location);
            self.warn(Warning::AbsentPasses, place, message, notices);
        }
    }

    fn warn(&self, warning: Warning, place: &Location, message: String, notices: &mut Vec<Notice>) {
        let notice = Notice::new(warning, place, message);
        notices.push(notice.of_rule(&self.rule.id));
    }
}
