//! Checks: an operator with its argument, and what is expected by it.

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::pattern::Pattern;
use super::truth::Truth;
use super::value_set::{NetworkSet, ValueSet};
use crate::record::time::{self, Span};
use crate::record::{Cell, Number, Slot, Value};

/// Holds a value that a policy compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A flag.
    Flag(bool),
    /// Text, compared to the letter.
    Text(String),
    /// A number, as JSON writes it.
    Number(String),
    /// An instant.
    Time(DateTime<Utc>),
}

impl Literal {
    /// Returns whether it is the value of a cell.
    pub(super) fn is(&self, cell: &Cell<'_>) -> bool {
        match self {
            Literal::Flag(wanted) => cell.value == Value::Flag(*wanted),
            Literal::Text(wanted) => cell.value == Value::Text && *wanted == cell.seen,
            Literal::Number(wanted) => {
                let number = cell.number();
                number.is_some() && number == Number::read_json(wanted)
            }
            Literal::Time(wanted) => cell.value == Value::Time(*wanted),
        }
    }

    /// Returns the value as evidence shows it.
    pub(super) fn show(&self) -> String {
        match self {
            Literal::Flag(flag) => flag.to_string(),
            Literal::Text(text) | Literal::Number(text) => text.clone(),
            Literal::Time(time) => time::show(*time),
        }
    }
}

/// Holds a span of time, and the instant that it leads back to in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ago {
    /// The span, as the policy says it.
    pub span: Span,
    /// The instant that lies so long before `--as-of`.
    pub time: DateTime<Utc>,
}

/// Holds a span of time, and the instants between which it lies in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// The span, as the policy says it.
    pub span: Span,
    /// The instant of `--as-of`.
    pub from: DateTime<Utc>,
    /// The instant that lies so long after `--as-of`.
    pub until: DateTime<Utc>,
}

/// Names another field of times, and how far apart the two must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherTime {
    /// The other field.
    pub slot: Slot,
    /// The least time between the two, if any will not do.
    pub by: Option<Span>,
}

/// Asks one operator with its argument. Its field is in the
/// [`Test`](super::rule::Test).
#[derive(Debug, Clone, strum::EnumCount)]
pub enum Check {
    /// It has a value, or has none.
    Present(bool),
    /// It is this value.
    Equals(Literal),
    /// It is another value.
    NotEquals(Literal),
    /// It is one of these values.
    In(ValueSet),
    /// It is none of these values.
    NotIn(ValueSet),
    /// It is what the other field holds.
    EqualsField(Slot),
    /// It is not what the other field holds.
    DiffersFrom(Slot),
    /// The pattern is found in it.
    Matches(Pattern),
    /// The pattern is not found in it.
    NotMatches(Pattern),
    /// It has this many characters or more.
    MinLength(u64),
    /// It has this many characters or fewer.
    MaxLength(u64),
    /// It is this number or more.
    AtLeast(String),
    /// It is this number or less.
    AtMost(String),
    /// It is before this instant.
    Before(DateTime<Utc>),
    /// It is after this instant.
    After(DateTime<Utc>),
    /// It is longer ago.
    OlderThan(Ago),
    /// It is less long ago, or ahead.
    NewerThan(Ago),
    /// It is at `--as-of` or ahead of it, and not further than the span.
    WithinNext(Ahead),
    /// There is an instant that is not after this one, that of `--as-of`, or there is
    /// none.
    Passed {
        /// Whether there is to be one.
        wanted: bool,
        /// The instant of `--as-of`.
        now: DateTime<Utc>,
    },
    /// It is before the other field's instant.
    BeforeField(OtherTime),
    /// It is after the other field's instant.
    AfterField(OtherTime),
    /// The union of the networks is all of IPv4 or all of IPv6, or is not.
    AnyAddress(bool),
    /// No entry's prefix is shorter.
    MinPrefix {
        /// For IPv4, at most 32.
        v4: u8,
        /// For IPv6, at most 128.
        v6: u8,
    },
    /// The union of the networks holds this many addresses or fewer.
    MaxAddresses {
        /// Of IPv4.
        v4: u64,
        /// Of IPv6; all of them count one less, the most that the number can hold.
        v6: u128,
    },
    /// Every entry is within one of these networks.
    Within(NetworkSet),
    /// No entry overlaps one of these networks.
    Excludes(NetworkSet),
    /// The networks together hold every address of each of these.
    Covers(Vec<IpNet>),
    /// No entry overlaps private, loopback, link-local, shared, documentation,
    /// multicast or reserved space.
    Public,
}

impl Check {
    /// Returns the other field that it asks for, if it compares two.
    pub fn other(&self) -> Option<Slot> {
        match self {
            Check::EqualsField(slot) | Check::DiffersFrom(slot) => Some(*slot),
            Check::BeforeField(other) | Check::AfterField(other) => Some(other.slot),
            Check::Present(_)
            | Check::Equals(_)
            | Check::NotEquals(_)
            | Check::In(_)
            | Check::NotIn(_)
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
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses { .. }
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Covers(_)
            | Check::Public => None,
        }
    }

    /// Returns the values that it compares with.
    pub fn literals(&self) -> &[Literal] {
        match self {
            Check::Equals(literal) | Check::NotEquals(literal) => std::slice::from_ref(literal),
            Check::In(list) | Check::NotIn(list) => list,
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
            | Check::Public => &[],
        }
    }

    /// Returns the pattern that it looks for, if it looks for one.
    pub fn pattern(&self) -> Option<&Pattern> {
        match self {
            Check::Matches(pattern) | Check::NotMatches(pattern) => Some(pattern),
            Check::Present(_)
            | Check::Equals(_)
            | Check::NotEquals(_)
            | Check::In(_)
            | Check::NotIn(_)
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
            | Check::Public => None,
        }
    }

    /// Returns the instants before, at and after which it says something else of a time.
    pub(super) fn instants(&self) -> Vec<DateTime<Utc>> {
        match self {
            Check::Before(limit) | Check::After(limit) => vec![*limit],
            Check::OlderThan(ago) | Check::NewerThan(ago) => vec![ago.time],
            Check::WithinNext(ahead) => vec![ahead.from, ahead.until],
            Check::Passed { now, .. } => vec![*now],
            Check::Equals(_) | Check::NotEquals(_) | Check::In(_) | Check::NotIn(_) => {
                let times = self.literals().iter().filter_map(|literal| match literal {
                    Literal::Time(time) => Some(*time),
                    Literal::Flag(_) | Literal::Text(_) | Literal::Number(_) => None,
                });
                times.collect()
            }
            Check::Present(_)
            | Check::EqualsField(_)
            | Check::DiffersFrom(_)
            | Check::Matches(_)
            | Check::NotMatches(_)
            | Check::MinLength(_)
            | Check::MaxLength(_)
            | Check::AtLeast(_)
            | Check::AtMost(_)
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses { .. }
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Covers(_)
            | Check::Public => Vec::new(),
        }
    }

    /// Returns what it says of a text in which its pattern is not found.
    pub(super) fn without_match(&self) -> Truth {
        Truth::from(!matches!(self, Check::Matches(_)))
    }

    /// Returns whether it asks for a value or for none, if it decides on an absent
    /// field: no other check does.
    pub fn presence(&self) -> Option<bool> {
        match self {
            Check::Present(wanted) | Check::Passed { wanted, .. } => Some(*wanted),
            Check::Equals(_)
            | Check::NotEquals(_)
            | Check::In(_)
            | Check::NotIn(_)
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
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses { .. }
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Covers(_)
            | Check::Public => None,
        }
    }
}
