//! Warnings: what is no mistake in a policy, and most likely not meant.

use super::aggregate::{Aggregate, Summation};
use super::check::{Check, Literal};
use super::pattern::Pattern;
use super::policies::Policy;
use super::requirement::{Requirement, TestId};
use super::rule::{Ask, OnAbsent, Rule, Test};
use super::words::Asked;

/// Names a sort of warning. The name is stable: people silence by it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr, strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
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
    /// Nobody says how to fix what does not meet the rule.
    NoRemediation,
}

impl Warning {
    /// Returns its code.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// Looks for what may not be meant in a policy: each warning with its rule and
/// what to say.
pub(super) fn warnings<'l>(
    asked: Asked<'l>,
    policy: &'l Policy,
) -> Vec<(&'l Rule, Warning, String)> {
    let lint = Lint { asked, policy };
    let mut warnings = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        let mut warn = |warning, message: String| warnings.push((rule, warning, message));
        match &rule.ask {
            Ask::Record { require, on_absent } => {
                lint.question(rule, require, *on_absent, &mut warn);
            }
            Ask::Aggregate(aggregate) => {
                if cannot_fail(aggregate) {
                    let message = format!("`{}` cannot fail: nothing is enough for it", rule.id);
                    warn(Warning::NeverFails, message);
                }
            }
        }
        lint.applicability(rule, &mut warn);
        let mut before = policy.rules[..index].iter();
        if let Some(other) = before.find(|other| asks_alike(other, rule)) {
            let message = format!("`{}` asks what `{}` asks already", rule.id, other.id);
            warn(Warning::Shadowed, message);
        }
        words(rule, &mut warn);
    }
    warnings
}

/// Looks at what a rule says to people.
fn words(rule: &Rule, warn: &mut impl FnMut(Warning, String)) {
    if rule.remediation.is_empty() {
        warn(
            Warning::NoRemediation,
            format!("`{}` has no remediation", rule.id),
        );
    }
}

/// Returns whether two rules ask the same. A check that is shared on purpose may stand
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

/// Returns whether a rule over the whole export is met by any.
fn cannot_fail(aggregate: &Aggregate) -> bool {
    match aggregate {
        Aggregate::Summed(Summation::PassRate { least, .. }) => least.is_zero(),
        Aggregate::Summed(Summation::Records { least }) => *least == 0,
        Aggregate::Summed(Summation::Newest { .. }) | Aggregate::Compared(_) => false,
    }
}

struct Lint<'l> {
    asked: Asked<'l>,
    policy: &'l Policy,
}

impl<'l> Lint<'l> {
    /// Looks at what a rule asks of each record.
    fn question(
        &self,
        rule: &'l Rule,
        require: &'l Requirement,
        on_absent: OnAbsent,
        warn: &mut impl FnMut(Warning, String),
    ) {
        let id = &rule.id;
        if let Some(why) = self.contradiction(&[Some(require)]) {
            let message = format!("no record can meet `{id}`: {why}");
            warn(Warning::NeverPasses, message);
        }
        if self.is_met_by_its_guard(rule, require) {
            let message = format!("`{id}` cannot fail: its `when` and the scope ask the same");
            warn(Warning::NeverFails, message);
        }
        for pattern in self.loose_patterns(rule, require) {
            let message = format!("the pattern /{pattern}/ is found in every text");
            warn(Warning::MatchesEverything, message);
        }
        if on_absent == OnAbsent::Pass && rule.because.is_empty() {
            let message = format!("`{id}` passes what is absent, and has no `because`");
            warn(Warning::AbsentPasses, message);
        }
    }

    /// Looks at the records to which a rule applies.
    fn applicability(&self, rule: &'l Rule, warn: &mut impl FnMut(Warning, String)) {
        let guards = [self.policy.scope.as_ref(), rule.when.as_ref()];
        if let Some(why) = self.contradiction(&guards) {
            let message = format!("`{}` applies to no record: {why}", rule.id);
            warn(Warning::NeverApplies, message);
        }
    }

    fn test(&self, id: TestId) -> &'l Test {
        &self.asked.tests[id.index()]
    }

    /// Returns the tests that must all hold for the requirements to hold.
    fn needed(&self, requirements: &[Option<&'l Requirement>]) -> Vec<&'l Test> {
        let mut tests = Vec::new();
        let mut open: Vec<&Requirement> = requirements.iter().copied().flatten().collect();
        while let Some(requirement) = open.pop() {
            match requirement {
                Requirement::Field { tests: ids, .. } => {
                    tests.extend(ids.iter().map(|id| self.test(*id)));
                }
                Requirement::All(parts) => open.extend(parts),
                Requirement::Any(_) | Requirement::Some { .. } | Requirement::Not(_) => {}
            }
        }
        tests
    }

    /// Says why the requirements cannot hold together, if that is seen at once.
    fn contradiction(&self, requirements: &[Option<&'l Requirement>]) -> Option<String> {
        let tests = self.needed(requirements);
        for (index, one) in tests.iter().enumerate() {
            for other in &tests[index + 1..] {
                let clash = |one: &Test, other: &Test| clash(&one.check, &other.check);
                if one.slot == other.slot && (clash(one, other) || clash(other, one)) {
                    let field = self.asked.field(one.slot);
                    return Some(format!(
                        "{field} cannot be {} and {}",
                        one.phrase(true).what,
                        other.phrase(true).what
                    ));
                }
            }
        }
        None
    }

    /// Returns whether all that the rule asks holds already where it applies.
    fn is_met_by_its_guard(&self, rule: &'l Rule, require: &'l Requirement) -> bool {
        let known = self.needed(&[self.policy.scope.as_ref(), rule.when.as_ref()]);
        let is_known = |test: &Test| known.iter().any(|known| std::ptr::eq(*known, test));
        match require {
            Requirement::Any(_) | Requirement::Some { .. } | Requirement::Not(_) => {
                rule.when.as_ref() == Some(require)
            }
            Requirement::Field { .. } | Requirement::All(_) => {
                plain(require) && self.needed(&[Some(require)]).into_iter().all(is_known)
            }
        }
    }

    fn loose_patterns(
        &self,
        rule: &'l Rule,
        require: &'l Requirement,
    ) -> impl Iterator<Item = String> + use<'l> {
        let parts = rule.when.iter().chain([require]);
        let ids = parts.flat_map(|part| part.tests(true));
        let tests = self.asked.tests;
        let patterns = ids.filter_map(|(id, _)| tests[id.index()].check.pattern());
        patterns
            .filter(|pattern| pattern.matches_everything())
            .map(Pattern::to_string)
    }
}

/// Returns whether a requirement is nothing but tests that must all hold.
fn plain(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Field { .. } => true,
        Requirement::All(parts) => parts.iter().all(plain),
        Requirement::Any(_) | Requirement::Some { .. } | Requirement::Not(_) => false,
    }
}

/// Returns whether two checks on one field cannot both hold. It is asked both
/// ways round, so each pair is in one arm only, and the arm of a new operator may
/// name all that it clashes with.
fn clash(one: &Check, other: &Check) -> bool {
    match one {
        Check::Present(wanted) => !wanted && other.presence() != Some(false),
        Check::Equals(value) => clashes_with_value(value, other),
        Check::In(list) => {
            let common = |others: &[Literal]| list.iter().filter(|&it| others.contains(it)).count();
            matches!(other, Check::In(others) if common(others) == 0)
                || matches!(other, Check::NotIn(others) if common(others) == list.len())
        }
        Check::EqualsField(slot) => matches!(other, Check::DiffersFrom(same) if same == slot),
        Check::MinLength(least) => matches!(other, Check::MaxLength(most) if least > most),
        Check::After(after) => other.upper_limit().is_some_and(|before| *after >= before),
        Check::NewerThan(newer) => other
            .upper_limit()
            .is_some_and(|before| newer.time >= before),
        Check::BeforeField(field) => {
            matches!(other, Check::AfterField(same) if same.slot == field.slot)
        }
        Check::Passed { wanted, .. } => {
            matches!(other, Check::Passed { wanted: not, .. } if wanted != not)
        }
        Check::AnyAddress(wanted) => matches!(other, Check::AnyAddress(not) if wanted != not),
        Check::NotEquals(_)
        | Check::NotIn(_)
        | Check::DiffersFrom(_)
        | Check::Matches(_)
        | Check::NotMatches(_)
        | Check::MaxLength(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::OlderThan(_)
        | Check::WithinNext(_)
        | Check::AfterField(_)
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Covers(_)
        | Check::Public => false,
    }
}

fn clashes_with_value(value: &Literal, other: &Check) -> bool {
    match other {
        Check::Equals(other) => value != other,
        Check::NotEquals(other) => value == other,
        Check::In(list) => !list.contains(value),
        Check::NotIn(list) => list.contains(value),
        Check::Present(_)
        | Check::EqualsField(_)
        | Check::DiffersFrom(_)
        | Check::Matches(_)
        | Check::NotMatches(_)
        | Check::MinLength(_)
        | Check::MaxLength(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::After(_)
        | Check::OlderThan(_)
        | Check::NewerThan(_)
        | Check::WithinNext(_)
        | Check::Passed { .. }
        | Check::BeforeField(_)
        | Check::AfterField(_)
        | Check::AnyAddress(_)
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Covers(_)
        | Check::Public => false,
    }
}
