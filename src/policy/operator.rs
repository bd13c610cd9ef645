//! The operators of the policy language: which kinds of field each suits, and
//! what it takes.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use strum::EnumCount;

use super::check::{Ago, Check, Literal};
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

impl Argument {
    /// Returns whether it is a span of time.
    pub fn takes_span(&self) -> bool {
        match self {
            Self::Ago(_) => true,
            Self::Truth(_)
            | Self::OnlyTrue(_)
            | Self::Value(_)
            | Self::Values(_)
            | Self::Field(_)
            | Self::Pattern(_)
            | Self::Count(_)
            | Self::Time(_)
            | Self::Prefixes
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

/// Lists every operator of the language: one for each variant of [`Check`], which
/// the length holds it to.
pub const OPERATORS: &[Operator; Check::COUNT] = &[
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
