//! Requirements in plain English: what a check expects, what breaks it, and whole
//! requirements as a sentence.

use ipnet::IpNet;

use super::check::{Ago, Check, Literal, OtherTime};
use super::requirement::{Form, Requirement, TestId};
use super::rule::Test;
use crate::record::time;
use crate::record::{Schema, Slot};
use crate::text::{count, grouped};

/// Holds what a check expects of a field, or what breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// What joins the field and what is expected of it to a sentence.
    verb: Verb,
    /// What is expected, as evidence has it beside the field: `true`, `present`.
    pub what: String,
}

/// Joins a field and what is expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Is,
    Has,
    /// The words have a verb of their own.
    Own,
}

impl Phrase {
    fn is(what: impl Into<String>) -> Self {
        Self {
            verb: Verb::Is,
            what: what.into(),
        }
    }

    fn has(what: impl Into<String>) -> Self {
        Self {
            verb: Verb::Has,
            what: what.into(),
        }
    }

    fn own(what: impl Into<String>) -> Self {
        Self {
            verb: Verb::Own,
            what: what.into(),
        }
    }

    /// Says that a field is never as this and another phrase have it.
    pub(super) fn never_with(&self, other: &Self, field: &str) -> String {
        match (self.verb, other.verb) {
            (Verb::Is, Verb::Is) => format!("{field} cannot be {} and {}", self.what, other.what),
            (Verb::Is | Verb::Has | Verb::Own, Verb::Is | Verb::Has | Verb::Own) => {
                format!("no {field} {} and {}", self.predicate(), other.predicate())
            }
        }
    }

    /// Returns it with its verb, as `is true`.
    pub(super) fn predicate(&self) -> String {
        match self.verb {
            Verb::Is => format!("is {}", self.what),
            Verb::Has => format!("has {}", self.what),
            Verb::Own => self.what.clone(),
        }
    }
}

impl Check {
    /// Describes what is expected of a field, or what breaks the check if it is not to
    /// hold. Values of a field whose own are redacted are not named: a finding beside them
    /// would tell which one it is.
    pub(super) fn phrase(&self, slot: Slot, schema: &Schema, holds: bool) -> Phrase {
        let hidden = schema.field(slot).sensitive;
        let name = |slot: &Slot| schema.field(*slot).name.as_str();
        let either = |yes: &str, no: &str| if holds { yes.to_owned() } else { no.to_owned() };
        match self {
            Check::Present(wanted) => presence(*wanted == holds),
            Check::Equals(_) if hidden => is_or_not(HIDDEN.to_owned(), holds),
            Check::NotEquals(_) if hidden => is_or_not(HIDDEN.to_owned(), !holds),
            Check::In(list) if hidden => hidden_list(list.len(), holds),
            Check::NotIn(list) if hidden => hidden_list(list.len(), !holds),
            Check::Equals(value) => equal(value, holds),
            Check::NotEquals(value) => equal(value, !holds),
            Check::In(list) => one_of(list, holds),
            Check::NotIn(list) => one_of(list, !holds),
            Check::EqualsField(slot) => same(name(slot), holds),
            Check::DiffersFrom(slot) => same(name(slot), !holds),
            Check::Matches(pattern) => pattern_is_found(&pattern.to_string(), holds),
            Check::NotMatches(pattern) => pattern_is_found(&pattern.to_string(), !holds),
            Check::MinLength(least) => {
                let word = either("at least", "fewer than");
                Phrase::has(format!("{word} {least} {}", characters(*least)))
            }
            Check::MaxLength(most) => {
                let word = either("at most", "more than");
                Phrase::has(format!("{word} {most} {}", characters(*most)))
            }
            Check::AtLeast(least) => {
                let word = either("at least", "less than");
                Phrase::is(format!("{word} {least}"))
            }
            Check::AtMost(most) => Phrase::is(format!("{} {most}", either("at most", "more than"))),
            Check::Before(limit) => is_or_not(format!("before {}", time::show(*limit)), holds),
            Check::After(limit) => is_or_not(format!("after {}", time::show(*limit)), holds),
            Check::OlderThan(Ago { span, .. }) => is_or_not(format!("older than {span}"), holds),
            Check::NewerThan(Ago { span, .. }) => is_or_not(format!("newer than {span}"), holds),
            Check::WithinNext(ahead) => is_or_not(format!("within the next {}", ahead.span), holds),
            Check::Passed { wanted, .. } => match *wanted == holds {
                true => Phrase::is("a time that has passed"),
                false => Phrase::is("absent or a time that has not passed"),
            },
            Check::BeforeField(other) => apart("before", other, name(&other.slot), holds),
            Check::AfterField(other) => apart("after", other, name(&other.slot), holds),
            Check::AnyAddress(wanted) => {
                is_or_not("open to any address".to_owned(), *wanted == holds)
            }
            Check::MinPrefix { v4, v6 } => {
                let word = either("no", "an");
                Phrase::has(format!(
                    "{word} entry wider than /{v4} (IPv4), /{v6} (IPv6)"
                ))
            }
            Check::MaxAddresses { v4, v6 } => {
                let (word, and) = match holds {
                    true => ("at most", "and"),
                    false => ("more than", "or"),
                };
                let (v4, v6) = (grouped(*v4), addresses(*v6));
                Phrase::has(format!("{word} {v4} IPv4 {and} {v6} IPv6 addresses"))
            }
            Check::Within(nets) => {
                let word = either("every entry within", "an entry outside of");
                Phrase::has(format!("{word} {}", some_of(nets.iter(), "networks")))
            }
            Check::Excludes(nets) => {
                let word = either("no entry overlapping", "an entry overlapping");
                Phrase::has(format!("{word} {}", some_of(nets.iter(), "networks")))
            }
            Check::Covers(nets) => {
                let word = either("covers", "does not cover all of");
                Phrase::own(format!(
                    "{word} {}",
                    some_of(nets.iter().map(address), "networks")
                ))
            }
            Check::Public => Phrase::has(either(
                "public addresses only",
                "an entry with addresses that are not public",
            )),
        }
    }
}

/// Describes that a field has a value, or that it has none.
pub(super) fn presence(wanted: bool) -> Phrase {
    Phrase::is(if wanted { "present" } else { "absent" })
}

fn is_or_not(what: String, holds: bool) -> Phrase {
    match holds {
        true => Phrase::is(what),
        false => Phrase::is(format!("not {what}")),
    }
}

fn equal(value: &Literal, holds: bool) -> Phrase {
    is_or_not(value.show(), holds)
}

/// Replaces a value that the policy names for a field whose values are redacted.
const HIDDEN: &str = "the value that the policy names";

fn hidden_list(length: usize, holds: bool) -> Phrase {
    let values = count(length as u64, "value", "values");
    match holds {
        true => Phrase::is(format!("one of {values} that the policy names")),
        false => Phrase::is(format!("none of {values} that the policy names")),
    }
}

fn one_of(list: &[Literal], holds: bool) -> Phrase {
    let list = some_of(list.iter().map(Literal::show), "values");
    match holds {
        true => Phrase::is(format!("one of {list}")),
        false => Phrase::is(format!("none of {list}")),
    }
}

fn same(other: &str, holds: bool) -> Phrase {
    match holds {
        true => Phrase::is(format!("the same as {other}")),
        false => Phrase::is(format!("different from {other}")),
    }
}

fn pattern_is_found(pattern: &str, holds: bool) -> Phrase {
    match holds {
        true => Phrase::own(format!("matches /{pattern}/")),
        false => Phrase::own(format!("does not match /{pattern}/")),
    }
}

fn apart(word: &str, other: &OtherTime, name: &str, holds: bool) -> Phrase {
    match other.by {
        Some(by) => is_or_not(format!("at least {by} {word} {name}"), holds),
        None => is_or_not(format!("{word} {name}"), holds),
    }
}

fn characters(count: u64) -> &'static str {
    if count == 1 {
        "character"
    } else {
        "characters"
    }
}

/// Returns a number of addresses as a policy writes it: a large one as a power of two.
fn addresses(count: u128) -> String {
    match u32::try_from(count) {
        Ok(count) => grouped(count.into()),
        Err(_) if count == u128::MAX => "2^128".to_owned(),
        Err(_) if count.is_power_of_two() => format!("2^{}", count.trailing_zeros()),
        Err(_) => count.to_string(),
    }
}

/// Returns a network as a policy writes it: one address has no prefix.
fn address(net: &IpNet) -> String {
    match net.prefix_len() == net.max_prefix_len() {
        true => net.addr().to_string(),
        false => net.to_string(),
    }
}

/// The most items of a list that evidence names: a list in a file may be long, and there
/// may be many findings.
const MAX_ITEMS: usize = 20;

/// How many items of a longer list are named.
const FIRST_ITEMS: usize = 3;

/// Names the items of a list or, if it is long, the first and how many there are.
fn some_of<T: ToString>(
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    what: &str,
) -> String {
    let items = items.into_iter();
    let all = items.len();
    let shown = if all > MAX_ITEMS { FIRST_ITEMS } else { all };
    let shown: Vec<_> = items.take(shown).map(|item| item.to_string()).collect();
    match all > MAX_ITEMS {
        true => format!(
            "{} {what} ({} and others)",
            grouped(all as u64),
            shown.join(", ")
        ),
        false => shown.join(", "),
    }
}

/// Describes several checks of which enough would do.
#[derive(Debug, Clone, Default)]
pub struct Alternatives {
    /// What would do, in a sentence.
    pub sentence: String,
    /// The fields that are looked at, each once.
    pub slots: Vec<Slot>,
    /// Those of them that are compared with each other.
    pub compared: Vec<[Slot; 2]>,
}

/// Holds what requirements ask, by the ids that tests have in them.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'l> {
    /// The tests, by id.
    pub tests: &'l [Test],
    /// The fields that they are about.
    pub schema: &'l Schema,
}

impl<'l> Asked<'l> {
    /// Returns the test of this id.
    pub fn test(self, id: TestId) -> &'l Test {
        &self.tests[id.index()]
    }

    /// Returns the name of a field.
    pub fn field(self, slot: Slot) -> &'l str {
        &self.schema.field(slot).name
    }

    /// Describes what is to hold, or not to, in a sentence.
    pub fn sentence(self, requirement: &Requirement, holds: bool) -> String {
        match (requirement, holds) {
            (Requirement::Field { slot, tests }, _) => self.of_field(*slot, tests, holds),
            (Requirement::All(parts), true) | (Requirement::Any(parts), false) => {
                self.join(parts, holds, " and ")
            }
            (Requirement::Any(parts), true) | (Requirement::All(parts), false) => {
                self.join(parts, holds, " or ")
            }
            (Requirement::Some { least, of }, true) => self.several(*least, of, true),
            // So many are not met that too few are left.
            (Requirement::Some { least, of }, false) => {
                self.several((of.len() + 1).saturating_sub(*least), of, false)
            }
            (Requirement::Not(part), _) => self.sentence(part, !holds),
        }
    }

    /// Describes what the tests of a field ask, if they are to hold or not to.
    pub fn of_field(self, slot: Slot, tests: &[TestId], holds: bool) -> String {
        let phrases = tests.iter().map(|id| self.test(*id).phrase(holds));
        let phrases: Vec<_> = phrases.map(Phrase::predicate).collect();
        let join = if holds { " and " } else { " or " };
        format!("{} {}", self.field(slot), phrases.join(join))
    }

    /// Describes each part of a requirement that has alternatives, if it is to hold or not
    /// to, in the order of the policy.
    pub(super) fn alternatives(self, requirement: &Requirement, holds: bool) -> Vec<Alternatives> {
        match requirement.form(holds) {
            Form::Field(..) => Vec::new(),
            Form::Each(parts) => {
                let parts = parts.iter();
                parts
                    .flat_map(|part| self.alternatives(part, holds))
                    .collect()
            }
            Form::Opposite(part) => self.alternatives(part, !holds),
            Form::Alternatives => {
                let (mut slots, mut compared) = (Vec::new(), Vec::new());
                for (id, _) in requirement.tests(holds) {
                    let test = self.test(id);
                    let other = test.check.other();
                    compared.extend(other.map(|other| [test.slot, other]));
                    let both = std::iter::once(test.slot).chain(other);
                    for slot in both {
                        if !slots.contains(&slot) {
                            slots.push(slot);
                        }
                    }
                }
                let sentence = self.sentence(requirement, holds);
                vec![Alternatives {
                    sentence,
                    slots,
                    compared,
                }]
            }
        }
    }

    fn join(self, parts: &[Requirement], holds: bool, word: &str) -> String {
        let parts = parts.iter().map(|part| {
            let sentence = self.sentence(part, holds);
            match part.is_compound() && parts.len() > 1 {
                true => format!("({sentence})"),
                false => sentence,
            }
        });
        parts.collect::<Vec<_>>().join(word)
    }

    fn several(self, least: usize, of: &[Requirement], holds: bool) -> String {
        let parts = of.iter().map(|part| self.sentence(part, holds));
        let parts = parts.collect::<Vec<_>>().join("; ");
        format!("at least {least} of these {}: {parts}", of.len())
    }
}
