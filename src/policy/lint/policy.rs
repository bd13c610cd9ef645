//! Everything in a policy that is most likely not meant.

use chrono::{DateTime, Utc};

use super::notice::Notice;
use super::places::{Places, RulePlaces};
use super::references;
use super::rule::Subject;
use super::value::Values;
use super::warning::Warning;
use crate::policy::aggregate::{Aggregate, Summation};
use crate::policy::check::Check;
use crate::policy::example::Search;
use crate::policy::policies::Policy;
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::rule::{Ask, Rule};
use crate::policy::words::Asked;
use crate::record::Slot;

/// Looks for what may not be meant in a policy, whose files say what at these places.
pub(in crate::policy) fn notices(
    asked: Asked<'_>,
    policy: &Policy,
    places: &Places,
    as_of: DateTime<Utc>,
) -> Vec<Notice> {
    let mut notices = places.notices.clone();
    let mut search = Search::new(asked);
    if let Some(scope) = &policy.scope {
        let mut values = Values::default();
        for occurrence in &places.scope {
            let holds = holds(scope, occurrence.test);
            let run = (asked, as_of);
            values.look(run, &mut search, (occurrence, holds), &mut notices);
        }
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        let Some(places) = places.rules.get(&rule.id) else {
            continue;
        };
        let subject = Subject {
            asked,
            policy,
            rule,
            places,
        };
        checks(&subject, as_of, &mut search, &mut notices);
        subject.absence(&mut notices);
        if let Ask::Aggregate(aggregate) = &rule.ask
            && cannot_fail(aggregate)
        {
            let message = format!("no export fails `{}`: nothing is enough for it", rule.id);
            notices.push(Notice::new(Warning::NeverFails, &places.require, message));
        }
        let before = &policy.rules[..index];
        notices.extend(shadowed(before, rule, places));
        notices.extend(similar_id(before, rule));
        references::of_rule(policy, rule, places, &mut notices);
        if rule.remediation.is_empty() {
            let message = format!("`{}` has no remediation", rule.id);
            let notice = Notice::new(Warning::NoRemediation, &rule.location, message);
            notices.push(notice.of_rule(&rule.id));
        }
    }
    notices.extend(unneeded(asked, policy, places));
    if asks_for_presence(asked, policy) {
        notices.retain(|notice| notice.warning != Warning::AbsentSkips);
    }
    notices
}

/// Returns whether some rule finds fields that are absent.
fn asks_for_presence(asked: Asked<'_>, policy: &Policy) -> bool {
    policy.rules.iter().any(|rule| match &rule.ask {
        Ask::Record { require, .. } => require.tests(true).into_iter().any(|(id, holds)| {
            let presence = asked.test(id).check.presence();
            presence.is_some_and(|wanted| wanted == holds)
        }),
        Ask::Aggregate(_) => false,
    })
}

/// Looks at the checks of a rule, one by one and together. A reason that is given for a
/// rule is also one for checks that hold for every value.
fn checks(
    subject: &Subject<'_>,
    as_of: DateTime<Utc>,
    search: &mut Search<'_>,
    notices: &mut Vec<Notice>,
) {
    let Subject {
        asked,
        rule,
        places,
        ..
    } = *subject;
    let mut values = Values::default();
    let mut found = Vec::new();
    let parts = rule.when.iter().chain(match &rule.ask {
        Ask::Record { require, .. } => Some(require),
        Ask::Aggregate(_) => None,
    });
    let parts = parts.chain(rule.raise.iter().map(|raise| &raise.when));
    for (id, holds) in parts.flat_map(|part| part.tests(true)) {
        // The scope of a policy that is extended has no place in the rule.
        let Some(place) = places.of(id) else { continue };
        values.look((asked, as_of), search, (place, holds), &mut found);
        found.extend(double_negation(&asked.test(id).check, holds).map(|what| {
            let message =
                format!("the check is under a `not`, and asks that something is not: {what}");
            Notice::new(Warning::DoubleNegation, &place.argument, message)
                .help("leave out the `not`, and write the opposite check")
        }));
    }
    let explained = !rule.because.is_empty();
    found.retain(|notice| !explained || !is_explained(notice.warning));
    notices.extend(found);
    subject.outcomes(search, &values, notices);
}

/// Returns whether the `because` of a rule explains a warning of this sort.
fn is_explained(warning: Warning) -> bool {
    match warning {
        Warning::AlwaysHolds
        | Warning::MatchesEverything
        | Warning::FarTime
        | Warning::NeverFails
        | Warning::AbsentPasses => true,
        Warning::NeverPasses
        | Warning::NeverApplies
        | Warning::Shadowed
        | Warning::NeverHolds
        | Warning::MatchesNothing
        | Warning::Unanchored
        | Warning::UnknownValue
        | Warning::HostBits
        | Warning::OperatorAsText
        | Warning::DoubleNegation
        | Warning::AbsentSkips
        | Warning::UnknownFramework
        | Warning::UnknownControl
        | Warning::SupportingOnly
        | Warning::SimilarIds
        | Warning::BlankInId
        | Warning::UnusedParam
        | Warning::UnusedField
        | Warning::UnusedCheck
        | Warning::UnneededOptional
        | Warning::NoRemediation => false,
    }
}

/// Returns whether a test is to hold in a requirement, or not to.
fn holds(requirement: &Requirement, test: TestId) -> bool {
    let tests = requirement.tests(true);
    tests.iter().any(|(id, holds)| *id == test && *holds)
}

/// Returns what a check that is not to hold says something is not.
fn double_negation(check: &Check, holds: bool) -> Option<&'static str> {
    if holds {
        return None;
    }
    match check {
        Check::NotMatches(_) => Some("not-matches"),
        Check::NotEquals(_) => Some("not-equals"),
        Check::NotIn(_) => Some("not-in"),
        Check::DiffersFrom(_) => Some("differs-from"),
        Check::Present(false) => Some("present = false"),
        Check::AnyAddress(false) => Some("any-address = false"),
        Check::Present(true)
        | Check::AnyAddress(true)
        | Check::Equals(_)
        | Check::In(_)
        | Check::EqualsField(_)
        | Check::Matches(_)
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
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Covers(_)
        | Check::Public => None,
    }
}

/// Returns whether a rule over the whole export is met by any.
fn cannot_fail(aggregate: &Aggregate) -> bool {
    match aggregate {
        Aggregate::Summed(Summation::PassRate { least, .. }) => least.is_zero(),
        Aggregate::Summed(Summation::Records { least }) => *least == 0,
        Aggregate::Summed(Summation::Newest { .. }) | Aggregate::Compared(_) => false,
    }
}

fn shadowed(before: &[Rule], rule: &Rule, places: &RulePlaces) -> Option<Notice> {
    let other = before.iter().find(|other| asks_alike(other, rule))?;
    let message = format!("`{}` asks what `{}` asks already", rule.id, other.id);
    Some(Notice::new(Warning::Shadowed, &places.require, message))
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

fn similar_id(before: &[Rule], rule: &Rule) -> Option<Notice> {
    let is_similar = |other: &&Rule| other.id.to_lowercase() == rule.id.to_lowercase();
    let other = before.iter().find(is_similar)?;
    let message = format!("`{}` and `{}` differ in case alone", rule.id, other.id);
    let notice = Notice::new(Warning::SimilarIds, &rule.location, message);
    Some(notice.help("people take one for the other: give each a name of its own"))
}

/// Returns a warning for each field that is optional, and that no rule asks for.
fn unneeded(asked: Asked<'_>, policy: &Policy, places: &Places) -> Vec<Notice> {
    let is_asked = |slot: Slot| {
        let rules = policy.rules.iter().flat_map(|rule| {
            let (require, of_all) = match &rule.ask {
                Ask::Record { require, .. } => (Some(require), None),
                Ask::Aggregate(aggregate) => (None, aggregate.slot()),
            };
            let tests = rule
                .when
                .iter()
                .chain(require)
                .flat_map(|part| part.tests(true));
            tests
                .flat_map(|(id, _)| slots(asked, id))
                .chain(of_all)
                .collect::<Vec<_>>()
        });
        let scope = policy.scope.iter().flat_map(|scope| scope.tests(true));
        let scope = scope.flat_map(|(id, _)| slots(asked, id));
        rules.chain(scope).any(|other| other == slot)
    };
    let unneeded = places.optional.iter().filter(|(slot, _)| !is_asked(*slot));
    let notice = |(slot, place): &(Slot, _)| {
        let message = format!("no rule asks for {}", asked.field(*slot));
        Notice::new(Warning::UnneededOptional, place, message)
    };
    unneeded.map(notice).collect()
}

fn slots(asked: Asked<'_>, id: TestId) -> Vec<Slot> {
    let test = asked.test(id);
    std::iter::once(test.slot)
        .chain(test.check.other())
        .collect()
}
