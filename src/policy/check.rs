//! The operators of the policy language: which kinds each suits, what it takes
//! and when it holds.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::pattern::Pattern;
use crate::record::network::{self, Entry, Network, Union};
use crate::record::time::{self, Span};
use crate::record::{Absent, Bad, Cell, Kind, Record, Schema, Slot, Value};

/// Why a question could not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nothing stands there.
    Absent(Absent),
    /// What stands there cannot be judged.
    Bad(Bad),
}

/// The answer to a question, in Kleene's logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Could not be decided. Never a pass: an audit that cannot see must not
    /// say that all is well.
    Undecided(Cause),
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::True } else { Truth::False }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            undecided @ Truth::Undecided(_) => undecided,
        }
    }
}

/// A value in a policy.
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
    fn is(&self, cell: &Cell<'_>) -> bool {
        match (self, &cell.value) {
            (Literal::Flag(wanted), Value::Flag(flag)) => wanted == flag,
            (Literal::Text(wanted), Value::Text) => *wanted == cell.seen,
            (Literal::Time(wanted), Value::Time(time)) => wanted == time,
            _ => false,
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

/// A span of a policy, and the instant that it leads back to in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ago {
    /// As the policy says it.
    pub span: Span,
    /// DigestHandle from `--as-of`.
    pub time: DateTime<Utc>,
}

/// One operator with its argument, on one field.
#[derive(Debug, Clone)]
pub enum Check {
    /// A value stands there, or nothing does.
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
    /// It lies before this instant.
    Before(DateTime<Utc>),
    /// It lies after this instant.
    After(DateTime<Utc>),
    /// It lies longer ago.
    OlderThan(Ago),
    /// It lies less long ago, or ahead.
    NewerThan(Ago),
    /// It lies before the other field's instant.
    BeforeField(Slot),
    /// It lies after the other field's instant.
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
    /// Every entry lies in one of these networks.
    Within(Vec<IpNet>),
    /// No entry overlaps one of these networks.
    Excludes(Vec<IpNet>),
    /// No entry is private, loopback, link-local, shared, documentation,
    /// multicast or reserved space.
    Public,
}

/// What an operator takes, and the check that it makes of it.
#[derive(Debug, Clone, Copy)]
pub enum Argument {
    /// `true` or `false`.
    Truth(fn(bool) -> Check),
    /// `true`: the opposite would forbid what nobody wants forbidden.
    OnlyTrue(fn() -> Check),
    /// A value of the field's kind.
    Value(fn(Literal) -> Check),
    /// A list of values of the field's kind.
    Values(fn(Vec<Literal>) -> Check),
    /// The name of another field of the same kind.
    Field(fn(Slot) -> Check),
    /// A regular expression.
    Pattern(fn(Pattern) -> Check),
    /// A whole number, 0 or more.
    Count(fn(u64) -> Check),
    /// An instant.
    Time(fn(DateTime<Utc>) -> Check),
    /// A span back from `--as-of`.
    Ago(fn(Ago) -> Check),
    /// `{ v4 = …, v6 = … }`, one or both.
    Prefixes,
    /// A list of CIDRs.
    Networks(fn(Vec<IpNet>) -> Check),
}

/// An operator as a policy author knows it.
#[derive(Debug, Clone, Copy)]
pub struct Operator {
    /// Its name in a policy.
    pub name: &'static str,
    /// The kinds of field that it suits.
    pub kinds: &'static [Kind],
    /// What it takes.
    pub argument: Argument,
}

const fn operator(name: &'static str, kinds: &'static [Kind], argument: Argument) -> Operator {
    Operator {
        name,
        kinds,
        argument,
    }
}

const EVERY: &[Kind] = &Kind::ALL;
const VALUED: &[Kind] = &[Kind::Flag, Kind::Text, Kind::Time];
const TEXT: &[Kind] = &[Kind::Text];
const TIME: &[Kind] = &[Kind::Time];
const NETWORKS: &[Kind] = &[Kind::Networks];

/// Every operator of the language.
pub const OPERATORS: &[Operator] = &[
    operator("present", EVERY, Argument::Truth(Check::Present)),
    operator("equals", VALUED, Argument::Value(Check::Equals)),
    operator("not-equals", VALUED, Argument::Value(Check::NotEquals)),
    operator("in", VALUED, Argument::Values(Check::In)),
    operator("not-in", VALUED, Argument::Values(Check::NotIn)),
    operator("equals-field", EVERY, Argument::Field(Check::EqualsField)),
    operator("differs-from", EVERY, Argument::Field(Check::DiffersFrom)),
    operator("matches", TEXT, Argument::Pattern(Check::Matches)),
    operator("not-matches", TEXT, Argument::Pattern(Check::NotMatches)),
    operator("min-length", TEXT, Argument::Count(Check::MinLength)),
    operator("max-length", TEXT, Argument::Count(Check::MaxLength)),
    operator("before", TIME, Argument::Time(Check::Before)),
    operator("after", TIME, Argument::Time(Check::After)),
    operator("older-than", TIME, Argument::Ago(Check::OlderThan)),
    operator("newer-than", TIME, Argument::Ago(Check::NewerThan)),
    operator("before-field", TIME, Argument::Field(Check::BeforeField)),
    operator("after-field", TIME, Argument::Field(Check::AfterField)),
    operator("any-address", NETWORKS, Argument::Truth(Check::AnyAddress)),
    operator("min-prefix", NETWORKS, Argument::Prefixes),
    operator(
        "max-addresses",
        NETWORKS,
        Argument::Count(Check::MaxAddresses),
    ),
    operator("within", NETWORKS, Argument::Networks(Check::Within)),
    operator("excludes", NETWORKS, Argument::Networks(Check::Excludes)),
    operator("public", NETWORKS, Argument::OnlyTrue(|| Check::Public)),
];

impl Check {
    /// The other field that it asks for, if it compares two.
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

    /// Whether it holds for what stands in a field of the record. On an absent
    /// field only `present` decides; on a bad one nothing does.
    #[inline]
    pub fn holds(&self, slot: Slot, record: &Record<'_>) -> Truth {
        let cell = record.cell(slot);
        match cell.value {
            _ if let Some(other) = self.other() => self.compares(cell, record.cell(other), record),
            Value::Absent(why) => match self {
                Check::Present(wanted) => Truth::from(!wanted),
                _ => Truth::Undecided(Cause::Absent(why)),
            },
            Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
            Value::Flag(_) => self.of_value(cell),
            Value::Text => self.of_text(cell),
            Value::Time(time) => self.of_time(cell, time),
            Value::Networks(list) => self.of_networks(record.entries(list)),
        }
    }

    /// Whether it holds for a value, if it is an operator for any kind.
    #[inline(always)]
    fn of_value(&self, cell: &Cell<'_>) -> Truth {
        Truth::from(match self {
            Check::Present(wanted) => *wanted,
            Check::Equals(wanted) => wanted.is(cell),
            Check::NotEquals(wanted) => !wanted.is(cell),
            Check::In(list) => list.iter().any(|wanted| wanted.is(cell)),
            Check::NotIn(list) => !list.iter().any(|wanted| wanted.is(cell)),
            // A policy's checks suit their fields' kinds; were one not to, it
            // decides nothing.
            _ => return Truth::Undecided(Cause::Bad(Bad::WrongType)),
        })
    }

    #[inline(never)]
    fn of_text(&self, cell: &Cell<'_>) -> Truth {
        let text = cell.seen;
        Truth::from(match self {
            Check::Matches(pattern) => pattern.is_match(text),
            Check::NotMatches(pattern) => !pattern.is_match(text),
            Check::MinLength(least) => length(text, *least) >= *least,
            Check::MaxLength(most) => length(text, *most) <= *most,
            _ => return self.of_value(cell),
        })
    }

    #[inline(never)]
    fn of_time(&self, cell: &Cell<'_>, time: DateTime<Utc>) -> Truth {
        Truth::from(match self {
            Check::Before(limit) => time < *limit,
            Check::After(limit) => time > *limit,
            Check::OlderThan(ago) => time < ago.time,
            Check::NewerThan(ago) => time > ago.time,
            _ => return self.of_value(cell),
        })
    }

    #[inline(never)]
    fn of_networks(&self, entries: &[Entry]) -> Truth {
        match self {
            Check::Present(wanted) => match entries.iter().all(|entry| entry.network.is_some()) {
                true => Truth::from(*wanted),
                false => UNREADABLE,
            },
            Check::AnyAddress(wanted) => any_address(entries, *wanted),
            Check::MaxAddresses(most) => max_addresses(entries, *most),
            _ => every(entries, |network| self.admits(network)),
        }
    }

    /// Whether it holds for two fields, of which neither decides alone.
    #[inline(never)]
    fn compares(&self, cell: &Cell<'_>, other: &Cell<'_>, record: &Record<'_>) -> Truth {
        match (whole_cause(cell), whole_cause(other)) {
            (Some(Cause::Absent(_)), Some(bad @ Cause::Bad(_))) => return Truth::Undecided(bad),
            (Some(cause), _) | (None, Some(cause)) => return Truth::Undecided(cause),
            (None, None) => {}
        }
        match (self, cell.value, other.value) {
            (Check::EqualsField(_), ..) => Truth::from(are_same(cell, other, record)),
            (Check::DiffersFrom(_), ..) => Truth::from(!are_same(cell, other, record)),
            (Check::BeforeField(_), Value::Time(a), Value::Time(b)) => Truth::from(a < b),
            (Check::AfterField(_), Value::Time(a), Value::Time(b)) => Truth::from(a > b),
            _ => Truth::Undecided(Cause::Bad(Bad::WrongType)),
        }
    }

    /// Whether an entry of a list is as an operator on each entry asks; true
    /// for operators that do not look at entries one by one.
    fn admits(&self, network: &Network) -> bool {
        match self {
            Check::MinPrefix { v4, v6 } => {
                let least = match network.cover {
                    IpNet::V4(_) => v4,
                    IpNet::V6(_) => v6,
                };
                least.is_none_or(|least| network.cover.prefix_len() >= least)
            }
            Check::Within(nets) => nets.iter().any(|net| network.lies_in(net)),
            Check::Excludes(nets) => !nets.iter().any(|net| network.overlaps(net)),
            Check::Public => !network.is_special(),
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
            | Check::Before(_)
            | Check::After(_)
            | Check::OlderThan(_)
            | Check::NewerThan(_)
            | Check::BeforeField(_)
            | Check::AfterField(_)
            | Check::AnyAddress(_)
            | Check::MaxAddresses(_) => true,
        }
    }

    /// The entries of a list by which the check is not met, given its truth:
    /// those that offend or, if it is undecided, those that cannot be read.
    /// None if the list as a whole is to blame.
    pub fn offenders<'e>(&self, entries: &'e [Entry], truth: Truth) -> Vec<&'e Entry> {
        let offends = |entry: &&Entry| match (&entry.network, truth) {
            (Some(network), _) => !self.admits(network),
            (None, Truth::Undecided(_)) => true,
            (None, Truth::True | Truth::False) => false,
        };
        entries.iter().filter(offends).collect()
    }

    /// What is expected, in words.
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

/// Why a cell cannot be compared with another. Two values are compared whole:
/// one entry that cannot be read spoils a list.
fn whole_cause(cell: &Cell<'_>) -> Option<Cause> {
    match cell.value {
        Value::Bad(why) => Some(Cause::Bad(why)),
        Value::Absent(why) => Some(Cause::Absent(why)),
        value if value.is_whole() => None,
        _ => Some(Cause::Bad(Bad::Unparsable)),
    }
}

/// What a list says with an entry that cannot be read.
const UNREADABLE: Truth = Truth::Undecided(Cause::Bad(Bad::Unparsable));

/// How many characters a text has, or some number on the same side of `limit`.
fn length(text: &str, limit: u64) -> u64 {
    let bytes = text.len() as u64;
    // There are never more characters than bytes.
    match bytes < limit || text.is_ascii() {
        true => bytes,
        false => text.chars().count() as u64,
    }
}

fn are_same(cell: &Cell<'_>, other: &Cell<'_>, record: &Record<'_>) -> bool {
    match (cell.value, other.value) {
        (Value::Networks(list), Value::Networks(others)) => {
            let union = |list| Union::of(readable(record.entries(list)));
            union(list) == union(others)
        }
        (Value::Text, Value::Text) => cell.seen == other.seen,
        (value, other) => value == other,
    }
}

fn readable(entries: &[Entry]) -> impl Iterator<Item = &Network> + Clone {
    entries.iter().filter_map(|entry| entry.network.as_ref())
}

/// One entry that violates decides; one that cannot be read leaves the rest
/// undecided.
fn every(entries: &[Entry], admits: impl Fn(&Network) -> bool) -> Truth {
    let mut unreadable = false;
    for entry in entries {
        match &entry.network {
            Some(network) if !admits(network) => return Truth::False,
            Some(_) => {}
            None => unreadable = true,
        }
    }
    if unreadable { UNREADABLE } else { Truth::True }
}

/// Whatever the unreadable entries are, they take nothing from the union.
fn any_address(entries: &[Entry], wanted: bool) -> Truth {
    if network::are_any(readable(entries)) {
        return Truth::from(wanted);
    }
    match entries.iter().all(|entry| entry.network.is_some()) {
        true => Truth::from(!wanted),
        false => UNREADABLE,
    }
}

fn max_addresses(entries: &[Entry], most: u64) -> Truth {
    if !network::are_at_most(readable(entries), u128::from(most)) {
        return Truth::False;
    }
    match entries.iter().all(|entry| entry.network.is_some()) {
        true => Truth::True,
        false => UNREADABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Raw;

    fn holds(check: &Check, kind: Kind, text: &str) -> Truth {
        let mut schema = Schema::default();
        schema.declare("asked", kind).expect("new");
        let slot = schema.want("asked").expect("known");
        let texts = bumpalo::Bump::new();
        let mut record = Record::new(&schema, &texts);
        record.set(&schema, slot, Raw::Text(text));
        check.holds(slot, &record)
    }

    #[test]
    fn blank_space_is_not_a_contact() {
        assert_eq!(holds(&Check::Present(true), Kind::Text, "  "), Truth::False);
    }

    #[test]
    fn a_negative_check_does_not_pass_by_absence() {
        let empty = Truth::Undecided(Cause::Absent(Absent::Empty));
        let root = Literal::Text("root".to_owned());
        assert_eq!(
            holds(&Check::NotEquals(root.clone()), Kind::Text, ""),
            empty
        );
        assert_eq!(holds(&Check::NotIn(vec![root]), Kind::Text, ""), empty);
        assert_eq!(holds(&Check::AnyAddress(false), Kind::Networks, ""), empty);
    }

    #[test]
    fn nothing_decides_on_bad_data() {
        let bad = Truth::Undecided(Cause::Bad(Bad::Unparsable));
        assert_eq!(holds(&Check::Present(true), Kind::Flag, "maybe"), bad);
        assert_eq!(holds(&Check::Present(false), Kind::Flag, "maybe"), bad);
        assert_eq!(
            holds(&Check::Present(true), Kind::Networks, "office,10.0.0.1"),
            bad
        );
    }

    #[test]
    fn one_entry_that_violates_decides_beside_one_that_cannot_be_read() {
        let wide = Check::MinPrefix {
            v4: Some(16),
            v6: None,
        };
        assert_eq!(
            holds(&wide, Kind::Networks, "office,10.0.0.0/8"),
            Truth::False
        );
        assert_eq!(
            holds(&wide, Kind::Networks, "office,10.0.0.0/16"),
            UNREADABLE
        );
        assert_eq!(
            holds(&wide, Kind::Networks, "10.0.0.0/16,2001::/3"),
            Truth::True
        );
        let open = Check::AnyAddress(false);
        assert_eq!(
            holds(&open, Kind::Networks, "0.0.0.0/1,office,128.0.0.0/1"),
            Truth::False
        );
        assert_eq!(holds(&open, Kind::Networks, "0.0.0.0/1,office"), UNREADABLE);
        assert_eq!(
            holds(&Check::MaxAddresses(255), Kind::Networks, "x,10.0.0.0/24"),
            Truth::False
        );
        assert_eq!(
            holds(&Check::MaxAddresses(256), Kind::Networks, "x,10.0.0.0/24"),
            UNREADABLE
        );
    }

    #[test]
    fn bad_data_is_told_before_absence_when_two_fields_are_compared() {
        let mut schema = Schema::default();
        schema.declare("officeRanges", Kind::Networks).expect("new");
        let slot = schema.want("officeRanges").expect("known");
        let texts = bumpalo::Bump::new();
        let mut record = Record::new(&schema, &texts);
        record.set(&schema, slot, Raw::Text("office,10.0.0.1"));
        let same = Check::EqualsField(slot);
        assert_eq!(same.holds(Slot::NAME, &record), UNREADABLE);
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(holds(&Check::MaxLength(4), Kind::Text, "Ærø!"), Truth::True);
        assert_eq!(
            holds(&Check::MinLength(5), Kind::Text, "Ærø!"),
            Truth::False
        );
    }
}
