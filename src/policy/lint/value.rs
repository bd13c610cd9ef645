//! Values that checks compare with: those that let everything through or nothing, and
//! those that mean something else than it seems.

use std::collections::HashMap;

use chrono::{DateTime, Days, Utc};

use super::notice::Notice;
use super::places::Occurrence;
use super::warning::Warning;
use crate::policy::check::{Check, Literal};
use crate::policy::example::{Group, Search, known_values};
use crate::policy::pattern::Pattern;
use crate::policy::requirement::{Requirement, TestId};
use crate::policy::rule::Location;
use crate::policy::truth::Truth;
use crate::policy::words::Asked;
use crate::record::{Kind, time};

/// How far from the audit a time is meant, in days.
const FAR: u64 = 50 * 365;

/// Remembers which checks hold for every value, or for none.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<TestId, bool>);

impl Values {
    /// Looks at a test that is to hold, or not to, at its place.
    pub(super) fn look(
        &mut self,
        (asked, as_of): (Asked<'_>, DateTime<Utc>),
        search: &mut Search<'_>,
        (place, holds): (&Occurrence, bool),
        notices: &mut Vec<Notice>,
    ) {
        let test = asked.test(place.test);
        let field = asked.schema.field(test.slot);
        far_times(&test.check, place, as_of, notices);
        if let Check::Matches(pattern) = &test.check
            && holds
        {
            notices.extend(unanchored(pattern, &place.argument));
        }
        let known = known_values(field);
        if !known.is_empty() && unknown_values(&test.check, known, place, notices) {
            return;
        }
        if test.check.presence().is_some() || test.check.other().is_some() {
            return;
        }
        let group = search.group(vec![place.test]);
        let Some(always) = one_answer(&group) else {
            return;
        };
        self.0.insert(place.test, always);
        notices.push(same_for_all(asked, place, always));
    }

    /// Returns whether a requirement is of nothing but checks that every value meets.
    pub(super) fn are_always_met(&self, requirement: &Requirement) -> bool {
        let mut tests = requirement.tests(true).into_iter();
        tests.all(|(id, holds)| self.0.get(&id) == Some(&holds))
    }

    /// Returns whether a check that must hold is met by no value.
    pub(super) fn are_never_met(&self, requirement: &Requirement) -> bool {
        let mut needed = super::reason::needed(requirement, true).into_iter();
        needed.any(|(id, holds)| self.0.get(&id) == Some(&!holds))
    }
}

/// Returns the answer of a test for all values, if it is one.
fn one_answer(group: &Group) -> Option<bool> {
    let answers = group.profiles.iter().map(|profile| profile.truths[0]);
    let has = |truth: Truth| answers.clone().any(|answer| answer == truth);
    match (group.complete, has(Truth::True), has(Truth::False)) {
        (true, true, false) => Some(true),
        (true, false, true) => Some(false),
        (true | false, _, _) => None,
    }
}

fn same_for_all(asked: Asked<'_>, place: &Occurrence, always: bool) -> Notice {
    let test = asked.test(place.test);
    let field = asked.field(test.slot);
    let is_turned = matches!(test.check, Check::NotMatches(_));
    let pattern = test.check.pattern();
    match pattern.map(|pattern| (pattern, always != is_turned)) {
        Some((pattern, true)) => {
            let message = format!("the pattern /{pattern}/ is found in every text");
            let notice = Notice::new(Warning::MatchesEverything, &place.argument, message);
            notice.help("to ask for a value alone write { present = true }")
        }
        Some((pattern, false)) => {
            let message = format!("the pattern /{pattern}/ is found in no text");
            let notice = Notice::new(Warning::MatchesNothing, &place.argument, message);
            notice.help("blank text is absence: to ask for none write { present = false }")
        }
        None => {
            let words = &test.phrase(true).what;
            match always {
                true => {
                    let message = format!("the check holds for every value of {field}: {words}");
                    let notice = Notice::new(Warning::AlwaysHolds, &place.argument, message);
                    notice.help(match asked.schema.field(test.slot).kind {
                        Kind::Networks => {
                            "if it is to find entries that cannot be read, say so in `because`"
                        }
                        Kind::Flag | Kind::Text | Kind::Number | Kind::Time => {
                            "to ask for a value alone write { present = true }"
                        }
                    })
                }
                false => {
                    let message = format!("the check holds for no value of {field}: {words}");
                    Notice::new(Warning::NeverHolds, &place.argument, message)
                }
            }
        }
    }
}

/// Notes values that a field is not known to have; returns whether there is one.
fn unknown_values(
    check: &Check,
    known: &[&str],
    place: &Occurrence,
    notices: &mut Vec<Notice>,
) -> bool {
    let before = notices.len();
    let quoted: Vec<_> = known.iter().map(|value| format!("`{value}`")).collect();
    let help = format!("the known values are {}", quoted.join(" and "));
    let mut note = |location: &Location, what: String| {
        let notice = Notice::new(Warning::UnknownValue, location, what);
        notices.push(notice.help(&help));
    };
    match check {
        Check::Equals(_) | Check::NotEquals(_) | Check::In(_) | Check::NotIn(_) => {
            for (index, literal) in check.literals().iter().enumerate() {
                if let Literal::Text(text) = literal
                    && !known.contains(&text.as_str())
                {
                    let item = place.items.get(index).unwrap_or(&place.argument);
                    note(item, format!("`{text}` is no known value of the field"));
                }
            }
        }
        Check::Matches(pattern) | Check::NotMatches(pattern) => {
            if !known.iter().any(|value| pattern.is_match(value)) {
                let message = format!("/{pattern}/ is found in no known value of the field");
                note(&place.argument, message);
            }
        }
        Check::Present(_)
        | Check::EqualsField(_)
        | Check::DiffersFrom(_)
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
        | Check::Public => {}
    }
    notices.len() > before
}

/// Notes times that are so far away that they are most likely mistyped.
fn far_times(check: &Check, place: &Occurrence, as_of: DateTime<Utc>, notices: &mut Vec<Notice>) {
    let span = Days::new(FAR);
    let earliest = as_of.checked_sub_days(span);
    let latest = as_of.checked_add_days(span);
    let is_far = |at: &DateTime<Utc>| {
        earliest.is_some_and(|earliest| *at < earliest) || latest.is_some_and(|latest| *at > latest)
    };
    let mut note = |location: &Location, at: DateTime<Utc>| {
        let shown = time::show(at);
        let message = format!("{shown} is more than 50 years away");
        notices.push(Notice::new(Warning::FarTime, location, message));
    };
    if let Check::Before(at) | Check::After(at) = check
        && is_far(at)
    {
        note(&place.argument, *at);
    }
    for (index, literal) in check.literals().iter().enumerate() {
        if let Literal::Time(at) = literal
            && is_far(at)
        {
            note(place.items.get(index).unwrap_or(&place.argument), *at);
        }
    }
}

/// Returns a warning about words of which one is enough, wherever it is found.
fn unanchored(pattern: &Pattern, location: &Location) -> Option<Notice> {
    let text = pattern.to_string();
    let parts: Vec<_> = text.split('|').collect();
    let is_plain = |part: &&str| {
        let word = part.trim_start_matches('^').trim_end_matches('$');
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        !word.is_empty() && word.chars().all(is_word)
    };
    let is_whole = |part: &&str| part.starts_with('^') && part.ends_with('$');
    if parts.len() < 2 || !parts.iter().all(is_plain) || parts.iter().all(is_whole) {
        return None;
    }
    let words: Vec<_> = parts
        .iter()
        .map(|part| part.trim_start_matches('^').trim_end_matches('$'))
        .collect();
    let message = format!("/{text}/ is found anywhere in a text, also in longer words");
    let help = format!("write ^(?:{})$, or use `in`", words.join("|"));
    Some(Notice::new(Warning::Unanchored, location, message).help(help))
}
