//! The operators of the policy language: which kinds of field each suits, and
//! what it takes.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use strum::EnumCount;

use super::check::{Ago, Ahead, Check, Literal, OtherTime};
use super::pattern::Pattern;
use crate::record::{Kind, Slot};

/// Says what an operator takes, and how a check is made of it.
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
    /// The name of another field of times, or `{ field = …, by = … }`.
    OtherTime(fn(OtherTime) -> Check),
    /// A regular expression.
    Pattern(fn(Pattern) -> Check),
    /// A whole number, 0 or more.
    Count(fn(u64) -> Check),
    /// A number.
    Number(fn(String) -> Check),
    /// An instant.
    Time(fn(DateTime<Utc>) -> Check),
    /// A span back from `--as-of`.
    Ago(fn(Ago) -> Check),
    /// A span ahead of `--as-of`.
    Ahead(fn(Ahead) -> Check),
    /// `true` or `false`, of the instant of `--as-of`.
    Passed(fn(bool, DateTime<Utc>) -> Check),
    /// `{ v4 = …, v6 = … }`: the bits of prefixes.
    Prefixes(fn(u8, u8) -> Check),
    /// `{ v4 = …, v6 = … }`: numbers of addresses.
    Sizes(fn(u64, u128) -> Check),
    /// A list of addresses and CIDRs.
    Addresses(fn(Vec<IpNet>) -> Check),
    /// A list of CIDRs.
    Networks(fn(Vec<IpNet>) -> Check),
}

impl Argument {
    /// Returns whether it is a span of time.
    pub fn takes_span(&self) -> bool {
        match self {
            Self::Ago(_) | Self::Ahead(_) => true,
            Self::Truth(_)
            | Self::OnlyTrue(_)
            | Self::Value(_)
            | Self::Values(_)
            | Self::Field(_)
            | Self::OtherTime(_)
            | Self::Pattern(_)
            | Self::Count(_)
            | Self::Number(_)
            | Self::Time(_)
            | Self::Passed(_)
            | Self::Prefixes(_)
            | Self::Sizes(_)
            | Self::Addresses(_)
            | Self::Networks(_) => false,
        }
    }
}

/// Describes an operator as a policy author knows it.
#[derive(Debug, Clone, Copy)]
pub struct Operator {
    /// Its name in a policy.
    pub name: &'static str,
    /// The kinds of field that it suits.
    pub kinds: &'static [Kind],
    /// What it takes.
    pub argument: Argument,
    /// How looser arguments compare with stricter ones, where they are numbers or spans
    /// and the check is to hold.
    pub looser: Option<Ordering>,
}

impl Operator {
    const fn looser(self, looser: Ordering) -> Self {
        Self {
            looser: Some(looser),
            ..self
        }
    }
}

const fn operator(name: &'static str, kinds: &'static [Kind], argument: Argument) -> Operator {
    Operator {
        name,
        kinds,
        argument,
        looser: None,
    }
}

const EVERY: &[Kind] = &Kind::ALL;
const VALUED: &[Kind] = &[Kind::Flag, Kind::Text, Kind::Number, Kind::Time];
const TEXT: &[Kind] = &[Kind::Text];
const NUMBER: &[Kind] = &[Kind::Number];
const TIME: &[Kind] = &[Kind::Time];
const NETWORKS: &[Kind] = &[Kind::Networks];

/// Lists every operator of the language: one for each variant of [`Check`], which
/// the length holds it to.
pub const OPERATORS: &[Operator; Check::COUNT] = &[
    operator("present", EVERY, Argument::Truth(Check::Present)),
    operator("equals", VALUED, Argument::Value(Check::Equals)),
    operator("not-equals", VALUED, Argument::Value(Check::NotEquals)),
    operator(
        "in",
        VALUED,
        Argument::Values(|list| Check::In(list.into())),
    ),
    operator(
        "not-in",
        VALUED,
        Argument::Values(|list| Check::NotIn(list.into())),
    ),
    operator("equals-field", EVERY, Argument::Field(Check::EqualsField)),
    operator("differs-from", EVERY, Argument::Field(Check::DiffersFrom)),
    operator("matches", TEXT, Argument::Pattern(Check::Matches)),
    operator("not-matches", TEXT, Argument::Pattern(Check::NotMatches)),
    operator("min-length", TEXT, Argument::Count(Check::MinLength)).looser(Ordering::Less),
    operator("max-length", TEXT, Argument::Count(Check::MaxLength)).looser(Ordering::Greater),
    operator("at-least", NUMBER, Argument::Number(Check::AtLeast)).looser(Ordering::Less),
    operator("at-most", NUMBER, Argument::Number(Check::AtMost)).looser(Ordering::Greater),
    operator("before", TIME, Argument::Time(Check::Before)),
    operator("after", TIME, Argument::Time(Check::After)),
    operator("older-than", TIME, Argument::Ago(Check::OlderThan)).looser(Ordering::Less),
    operator("newer-than", TIME, Argument::Ago(Check::NewerThan)).looser(Ordering::Greater),
    operator("within-next", TIME, Argument::Ahead(Check::WithinNext)).looser(Ordering::Greater),
    operator(
        "passed",
        TIME,
        Argument::Passed(|wanted, now| Check::Passed { wanted, now }),
    ),
    operator(
        "before-field",
        TIME,
        Argument::OtherTime(Check::BeforeField),
    )
    .looser(Ordering::Less),
    operator("after-field", TIME, Argument::OtherTime(Check::AfterField)).looser(Ordering::Less),
    operator("any-address", NETWORKS, Argument::Truth(Check::AnyAddress)),
    operator(
        "min-prefix",
        NETWORKS,
        Argument::Prefixes(|v4, v6| Check::MinPrefix { v4, v6 }),
    )
    .looser(Ordering::Less),
    operator(
        "max-addresses",
        NETWORKS,
        Argument::Sizes(|v4, v6| Check::MaxAddresses { v4, v6 }),
    )
    .looser(Ordering::Greater),
    operator(
        "within",
        NETWORKS,
        Argument::Networks(|nets| Check::Within(nets.into())),
    ),
    operator(
        "excludes",
        NETWORKS,
        Argument::Networks(|nets| Check::Excludes(nets.into())),
    ),
    operator("covers", NETWORKS, Argument::Addresses(Check::Covers)),
    operator("public", NETWORKS, Argument::OnlyTrue(|| Check::Public)),
];

/// Finds the operator of this name.
pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// Returns the operators that suit a kind of field.
pub fn suiting(kind: Kind) -> impl Iterator<Item = &'static Operator> + Clone {
    let suits = move |operator: &&Operator| operator.kinds.contains(&kind);
    OPERATORS.iter().filter(suits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_has_a_name_of_its_own() {
        let names: std::collections::HashSet<_> =
            OPERATORS.iter().map(|operator| operator.name).collect();
        assert_eq!(names.len(), OPERATORS.len());
    }
}
