//! What is no mistake in a policy, and most likely not meant.

use super::check::{Check, Literal};
use super::{Aggregate, Ask, OnAbsent, Policies, Policy, Reference, Requirement, Rule, Test};
use crate::record::Slot;

/// A sort of warning. Its name is stable: people silence by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// No record can meet the rule.
    NeverPasses,
    /// Every record to which the rule applies meets it.
    NeverFails,
    /// The rule applies to no record.
    NeverApplies,
    /// Another rule asks the same of the same.
    Shadowed,
    /// The pattern is found in every text.
    MatchesEverything,
    /// What is absent passes, and nobody says why.
    AbsentPasses,
    /// Nobody says how to mend it.
    NoRemediation,
    /// The reference does not tell what it refers to, or how far the evidence
    /// goes.
    MalformedReference,
}

impl Warning {
    /// Every sort.
    pub const ALL: [Warning; 8] = [
        Warning::NeverPasses,
        Warning::NeverFails,
        Warning::NeverApplies,
        Warning::Shadowed,
        Warning::MatchesEverything,
        Warning::AbsentPasses,
        Warning::NoRemediation,
        Warning::MalformedReference,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Warning::NeverPasses => "never-passes",
            Warning::NeverFails => "never-fails",
            Warning::NeverApplies => "never-applies",
            Warning::Shadowed => "shadowed",
            Warning::MatchesEverything => "matches-everything",
            Warning::AbsentPasses => "absent-passes",
            Warning::NoRemediation => "no-remediation",
            Warning::MalformedReference => "malformed-reference",
        }
    }
}

/// What may not be meant in a policy: the place of the rule, the warning, and
/// what to say.
pub(super) fn warnings(policies: &Policies, policy: &Policy) -> Vec<(usize, Warning, String)> {
    let mut warnings = Vec::new();
    for (place, rule) in policy.rules.iter().enumerate() {
        let mut warn = |warning, message: String| warnings.push((place, warning, message));
        let id = &rule.id;
        let lint = Lint { policies, policy };
        match &rule.ask {
            Ask::Record { require, on_absent } => {
                if let Some(why) = lint.contradiction(&[Some(require)]) {
                    let message = format!("no record can meet `{id}`: {why}");
                    warn(Warning::NeverPasses, message);
                }
                if lint.is_met_by_its_guard(rule, require) {
                    let message =
                        format!("`{id}` cannot fail: its `when` and the scope ask the same");
                    warn(Warning::NeverFails, message);
                }
                for pattern in lint.loose_patterns(rule, require) {
                    let message = format!("the pattern /{pattern}/ is found in every text");
                    warn(Warning::MatchesEverything, message);
                }
                if *on_absent == OnAbsent::Pass && rule.because.is_empty() {
                    let message = format!("`{id}` passes what is absent, and has no `because`");
                    warn(Warning::AbsentPasses, message);
                }
            }
            Ask::Aggregate(aggregate) => {
                if cannot_fail(aggregate) {
                    let message = format!("`{id}` cannot fail: nothing is enough for it");
                    warn(Warning::NeverFails, message);
                }
            }
        }
        let guards = [policy.scope.as_ref(), rule.when.as_ref()];
        if let Some(why) = lint.contradiction(&guards) {
            warn(
                Warning::NeverApplies,
                format!("`{id}` applies to no record: {why}"),
            );
        }
        let before = policy.rules[..place].iter();
        if let Some(other) = before.clone().find(|other| asks_alike(other, rule)) {
            let message = format!("`{id}` asks what `{}` asks already", other.id);
            warn(Warning::Shadowed, message);
        }
        if rule.remediation.is_empty() {
            warn(
                Warning::NoRemediation,
                format!("`{id}` does not say how to mend it"),
            );
        }
        for reference in rule
            .references
            .iter()
            .filter(|text| Reference::of(text).is_none())
        {
            let message = format!(
                "`{reference}` is no reference as \"PCI DSS 4.0.1: 8.4.2 (partial)\": a source, a place, and direct, partial or supporting"
            );
            warn(Warning::MalformedReference, message);
        }
    }
    warnings
}

/// Whether two rules ask the same. A check that is shared on purpose may stand
/// for several controls.
fn asks_alike(one: &Rule, other: &Rule) -> bool {
    let for_others = one.check.is_some() && one.references != other.references;
    let alike = match (&one.ask, &other.ask) {
        (Ask::Record { require: one, .. }, Ask::Record { require: other, .. }) => one == other,
        (Ask::Aggregate(one), Ask::Aggregate(other)) => one == other,
        (Ask::Record { .. }, Ask::Aggregate(_)) | (Ask::Aggregate(_), Ask::Record { .. }) => false,
    };
    !for_others && alike && one.when == other.when
}

/// Whether a rule over the whole export is met by any.
fn cannot_fail(aggregate: &Aggregate) -> bool {
    match aggregate {
        Aggregate::PassRate { least, .. } => least.is_nothing(),
        Aggregate::Records { least } => *least == 0,
        Aggregate::Unique { .. } | Aggregate::Shared { .. } | Aggregate::Newest { .. } => false,
    }
}

struct Lint<'l> {
    policies: &'l Policies,
    policy: &'l Policy,
}

impl<'l> Lint<'l> {
    /// The tests that must all hold for the requirements to hold.
    fn needed(&self, requirements: &[Option<&'l Requirement>]) -> Vec<&'l Test> {
        let mut tests = Vec::new();
        let mut open: Vec<&Requirement> = requirements.iter().copied().flatten().collect();
        while let Some(requirement) = open.pop() {
            match requirement {
                Requirement::Field { tests: ids, .. } => {
                    tests.extend(ids.iter().map(|id| self.policies.test(*id)));
                }
                Requirement::All(parts) => open.extend(parts),
                Requirement::Any(_) | Requirement::Not(_) => {}
            }
        }
        tests
    }

    /// Why the requirements cannot hold together, if that is seen at once.
    fn contradiction(&self, requirements: &[Option<&'l Requirement>]) -> Option<String> {
        let tests = self.needed(requirements);
        for (place, one) in tests.iter().enumerate() {
            for other in &tests[place + 1..] {
                let clash = |one: &Test, other: &Test| clash(&one.check, &other.check);
                if one.slot == other.slot && (clash(one, other) || clash(other, one)) {
                    let field = self.field(one.slot);
                    return Some(format!(
                        "{field} cannot be {} and {}",
                        one.expected, other.expected
                    ));
                }
            }
        }
        None
    }

    /// Whether all that the rule asks holds already where it applies.
    fn is_met_by_its_guard(&self, rule: &'l Rule, require: &'l Requirement) -> bool {
        let known = self.needed(&[self.policy.scope.as_ref(), rule.when.as_ref()]);
        let is_known = |test: &Test| known.iter().any(|known| std::ptr::eq(*known, test));
        match require {
            Requirement::Any(_) | Requirement::Not(_) => rule.when.as_ref() == Some(require),
            require => self.needed(&[Some(require)]).into_iter().all(is_known) && plain(require),
        }
    }

    fn loose_patterns(
        &self,
        rule: &'l Rule,
        require: &'l Requirement,
    ) -> impl Iterator<Item = String> + use<'l> {
        let parts = rule.when.iter().chain([require]);
        let ids = parts.flat_map(|part| part.tests(true));
        let policies = self.policies;
        ids.filter_map(move |(id, _)| match &policies.test(id).check {
            Check::Matches(pattern) | Check::NotMatches(pattern) => {
                pattern.matches_everything().then(|| pattern.to_string())
            }
            _ => None,
        })
    }

    fn field(&self, slot: Slot) -> &'l str {
        &self.policies.schema.field(slot).name
    }
}

/// Whether a requirement is nothing but tests that must all hold.
fn plain(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Field { .. } => true,
        Requirement::All(parts) => parts.iter().all(plain),
        Requirement::Any(_) | Requirement::Not(_) => false,
    }
}

/// Whether two checks on one field cannot both hold.
fn clash(one: &Check, other: &Check) -> bool {
    let among = |list: &[Literal], value: &Literal| list.contains(value);
    match (one, other) {
        (Check::Present(false), other) => !matches!(other, Check::Present(false)),
        (Check::Equals(one), Check::Equals(other)) => one != other,
        (Check::Equals(one), Check::NotEquals(other)) => one == other,
        (Check::Equals(value), Check::In(list)) => !among(list, value),
        (Check::Equals(value), Check::NotIn(list)) => among(list, value),
        (Check::In(list), Check::In(other)) => !list.iter().any(|value| among(other, value)),
        (Check::In(list), Check::NotIn(other)) => list.iter().all(|value| among(other, value)),
        (Check::MinLength(least), Check::MaxLength(most)) => least > most,
        (Check::After(after), Check::Before(before)) => after >= before,
        (Check::NewerThan(newer), Check::OlderThan(older)) => newer.time >= older.time,
        (Check::After(after), Check::OlderThan(older)) => *after >= older.time,
        (Check::NewerThan(newer), Check::Before(before)) => newer.time >= *before,
        (Check::AnyAddress(one), Check::AnyAddress(other)) => one != other,
        (Check::EqualsField(one), Check::DiffersFrom(other)) => one == other,
        (Check::BeforeField(one), Check::AfterField(other)) => one == other,
        _ => false,
    }
}
