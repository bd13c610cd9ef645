//! Checks: an operator with its argument, and what is expected by it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::pattern::Pattern;
use crate::record::time::{self, Span};
use crate::record::{Cell, Schema, Slot, Value};

/// Holds a value that a policy compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// A flag.
    Flag(bool),
    /// Text, compared to the letter.
    Text(String),
    /// An instant.
    Time(DateTime<Utc>),
}

impl Literal {
    /// Returns whether it is the value of a cell.
    pub(super) fn is(&self, cell: &Cell<'_>) -> bool {
        match self {
            Literal::Flag(wanted) => cell.value == Value::Flag(*wanted),
            Literal::Text(wanted) => cell.value == Value::Text && *wanted == cell.seen,
            Literal::Time(wanted) => cell.value == Value::Time(*wanted),
        }
    }

    fn show(&self) -> String {
        match self {
            Literal::Flag(flag) => flag.to_string(),
            Literal::Text(text) => text.clone(),
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
    In(Vec<Literal>),
    /// It is none of these values.
    NotIn(Vec<Literal>),
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
    /// It is before this instant.
    Before(DateTime<Utc>),
    /// It is after this instant.
    After(DateTime<Utc>),
    /// It is longer ago.
    OlderThan(Ago),
    /// It is less long ago, or ahead.
    NewerThan(Ago),
    /// It is before the other field's instant.
    BeforeField(Slot),
    /// It is after the other field's instant.
    AfterField(Slot),
    /// The union of the networks is all of IPv4 or all of IPv6, or is not.
    AnyAddress(bool),
    /// No entry's prefix is shorter.
    MinPrefix {
        /// For IPv4, at most 32.
        v4: Option<u8>,
        /// For IPv6, at most 128.
        v6: Option<u8>,
    },
    /// The union of the networks holds this many addresses or fewer.
    MaxAddresses(u64),
    /// Every entry is within one of these networks.
    Within(Vec<IpNet>),
    /// No entry overlaps one of these networks.
    Excludes(Vec<IpNet>),
    /// No entry is private, loopback, link-local, shared, documentation,
    /// multicast or reserved space.
    Public,
}

impl Check {
    /// Returns the other field that it asks for, if it compares two.
    pub fn other(&self) -> Option<Slot> {
        match self {
            Check::EqualsField(slot)
            | Check::DiffersFrom(slot)
            | Check::BeforeField(slot)
            | Check::AfterField(slot) => Some(*slot),
            Check::Present(_)
            | Check::Equals(_)
            | Check::NotEquals(_)
            | Check::In(_)
            | Check::NotIn(_)
            | Check::Matches(_)
            | Check::NotMatches(_)
            | Check::MinLength(_)
            | Check::MaxLength(_)
            | Check::Before(_)
            | Check::After(_)
            | Check::OlderThan(_)
            | Check::NewerThan(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses(_)
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Public => None,
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
            | Check::Before(_)
            | Check::After(_)
            | Check::OlderThan(_)
            | Check::NewerThan(_)
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses(_)
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Public => None,
        }
    }

    /// Returns whether it asks for a value or for none, if it asks that: no other
    /// check decides on an absent field.
    pub fn presence(&self) -> Option<bool> {
        match self {
            Check::Present(wanted) => Some(*wanted),
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
            | Check::Before(_)
            | Check::After(_)
            | Check::OlderThan(_)
            | Check::NewerThan(_)
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses(_)
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Public => None,
        }
    }

    /// Returns the instant that a time must be before, if it asks that.
    pub fn upper_limit(&self) -> Option<DateTime<Utc>> {
        match self {
            Check::Before(limit) => Some(*limit),
            Check::OlderThan(ago) => Some(ago.time),
            Check::Present(_)
            | Check::Equals(_)
            | Check::NotEquals(_)
            | Check::In(_)
            | Check::NotIn(_)
            | Check::EqualsField(_)
            | Check::DiffersFrom(_)
            | Check::Matches(_)
            | Check::NotMatches(_)
            | Check::MinLength(_)
            | Check::MaxLength(_)
            | Check::After(_)
            | Check::NewerThan(_)
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MinPrefix { .. }
            | Check::MaxAddresses(_)
            | Check::Within(_)
            | Check::Excludes(_)
            | Check::Public => None,
        }
    }

    /// Describes what is expected.
    pub fn expected(&self, schema: &Schema) -> String {
        let name = |slot: &Slot| schema.field(*slot).name.as_str();
        match self {
            Check::Present(true) => "present".to_owned(),
            Check::Present(false) => "absent".to_owned(),
            Check::Equals(wanted) => wanted.show(),
            Check::NotEquals(wanted) => format!("not {}", wanted.show()),
            Check::In(list) => format!("one of {}", join(list.iter().map(Literal::show))),
            Check::NotIn(list) => format!("none of {}", join(list.iter().map(Literal::show))),
            Check::EqualsField(slot) => format!("the same as {}", name(slot)),
            Check::DiffersFrom(slot) => format!("different from {}", name(slot)),
            Check::Matches(pattern) => format!("matches /{pattern}/"),
            Check::NotMatches(pattern) => format!("does not match /{pattern}/"),
            Check::MinLength(least) => format!("at least {least} characters"),
            Check::MaxLength(most) => format!("at most {most} characters"),
            Check::Before(limit) => format!("before {}", time::show(*limit)),
            Check::After(limit) => format!("after {}", time::show(*limit)),
            Check::OlderThan(ago) => format!("older than {}", ago.span),
            Check::NewerThan(ago) => format!("newer than {}", ago.span),
            Check::BeforeField(slot) => format!("before {}", name(slot)),
            Check::AfterField(slot) => format!("after {}", name(slot)),
            Check::AnyAddress(true) => "open to any address".to_owned(),
            Check::AnyAddress(false) => "not open to any address".to_owned(),
            Check::MinPrefix { v4, v6 } => {
                let mut limits = String::new();
                for (limit, family) in [(v4, "IPv4"), (v6, "IPv6")] {
                    if let Some(limit) = limit {
                        let comma = if limits.is_empty() { "" } else { ", " };
                        // Writing to a string does not fail.
                        let _ = write!(limits, "{comma}/{limit} ({family})");
                    }
                }
                format!("no entry wider than {limits}")
            }
            Check::MaxAddresses(most) => format!("at most {most} addresses"),
            Check::Within(nets) => format!("every entry within {}", join(nets)),
            Check::Excludes(nets) => format!("no entry overlapping {}", join(nets)),
            Check::Public => "public addresses only".to_owned(),
        }
    }
}

fn join(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}
