//! When a check holds: arm by arm, so that a new operator does not compile until
//! it is decided here.

use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::check::Check;
use super::truth::{Cause, Truth};
use crate::record::network::{self, Entry, Network, Union};
use crate::record::time::Span;
use crate::record::{Bad, Cell, Number, Record, Slot, Value};

impl Check {
    /// Returns whether it holds for a field of the record. On an absent field
    /// only `present` and `passed` decide; on a bad one nothing does.
    #[inline]
    pub fn holds(&self, slot: Slot, record: &Record<'_>) -> Truth {
        let cell = record.cell(slot);
        match self {
            Check::Present(wanted) => present(cell, *wanted, record),
            Check::Equals(wanted) => one_value(cell, |cell| wanted.is(cell)),
            Check::NotEquals(wanted) => one_value(cell, |cell| !wanted.is(cell)),
            Check::In(list) => one_value(cell, |cell| list.holds(cell)),
            Check::NotIn(list) => one_value(cell, |cell| !list.holds(cell)),
            Check::EqualsField(other) => compare(cell, record.cell(*other), |cell, other| {
                Truth::from(are_same(cell, other, record))
            }),
            Check::DiffersFrom(other) => compare(cell, record.cell(*other), |cell, other| {
                Truth::from(!are_same(cell, other, record))
            }),
            Check::Matches(pattern) => text(cell, |text| pattern.is_match(text)),
            Check::NotMatches(pattern) => text(cell, |text| !pattern.is_match(text)),
            Check::MinLength(least) => text(cell, |text| length(text, *least) >= *least),
            Check::MaxLength(most) => text(cell, |text| length(text, *most) <= *most),
            Check::AtLeast(least) => number(cell, |number| {
                Number::read_json(least).is_some_and(|least| number >= least)
            }),
            Check::AtMost(most) => number(cell, |number| {
                Number::read_json(most).is_some_and(|most| number <= most)
            }),
            Check::Before(limit) => time(cell, |time| time < *limit),
            Check::After(limit) => time(cell, |time| time > *limit),
            Check::OlderThan(ago) => time(cell, |time| time < ago.time),
            Check::NewerThan(ago) => time(cell, |time| time > ago.time),
            Check::WithinNext(ahead) => {
                time(cell, |time| ahead.from <= time && time <= ahead.until)
            }
            Check::Passed { wanted, now } => passed(cell, *now, *wanted),
            Check::BeforeField(other) => {
                compare_times(cell, record.cell(other.slot), |time, limit| {
                    is_before(time, limit, other.by)
                })
            }
            Check::AfterField(other) => {
                compare_times(cell, record.cell(other.slot), |time, limit| {
                    is_before(limit, time, other.by)
                })
            }
            Check::AnyAddress(wanted) => {
                networks(cell, record, |entries| any_address(entries, *wanted))
            }
            Check::MaxAddresses { v4, v6 } => {
                networks(cell, record, |entries| max_addresses(entries, *v4, *v6))
            }
            Check::Covers(nets) => networks(cell, record, |entries| covers(entries, nets)),
            Check::MinPrefix { .. } | Check::Within(_) | Check::Excludes(_) | Check::Public => {
                networks(cell, record, |entries| {
                    every(entries, |network| self.admits(network))
                })
            }
        }
    }

    /// Returns whether an entry of a list is as an operator on each entry asks;
    /// true for operators that do not look at entries one by one.
    pub(super) fn admits(&self, network: &Network) -> bool {
        match self {
            Check::MinPrefix { v4, v6 } => {
                let least = match network.cover {
                    IpNet::V4(_) => *v4,
                    IpNet::V6(_) => *v6,
                };
                network.cover.prefix_len() >= least
            }
            Check::Within(nets) => nets.holds(network),
            Check::Excludes(nets) => !nets.overlaps(network),
            Check::Public => !network.overlaps_special(),
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
            | Check::MaxAddresses { .. }
            | Check::Covers(_) => true,
        }
    }

    /// Returns the entries of a list by which the check is not met, given its
    /// truth: those that offend or, if it is undecided, those that cannot be
    /// read. None if the list as a whole is to blame.
    pub fn offenders<'e>(&self, entries: &'e [Entry], truth: Truth) -> Vec<&'e Entry> {
        let offends = |entry: &&Entry| match (&entry.network, truth) {
            (Some(network), _) => !self.admits(network),
            (None, Truth::Undecided(_)) => true,
            (None, Truth::True | Truth::False) => false,
        };
        entries.iter().filter(offends).collect()
    }
}

/// The answer for a value of a kind that the operator cannot be used with. The reader
/// of policies lets no such check through; were there one, it decides nothing.
const WRONG_KIND: Truth = Truth::Undecided(Cause::Bad(Bad::WrongType));

fn present(cell: &Cell<'_>, wanted: bool, record: &Record<'_>) -> Truth {
    match cell.value {
        Value::Absent(_) => Truth::from(!wanted),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
        Value::Networks(list) => match readable(record.entries(list)).next() {
            Some(_) => Truth::from(wanted),
            None => UNREADABLE,
        },
        Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) => Truth::from(wanted),
    }
}

fn passed(cell: &Cell<'_>, now: DateTime<Utc>, wanted: bool) -> Truth {
    match cell.value {
        Value::Time(time) => Truth::from((time <= now) == wanted),
        Value::Absent(_) => Truth::from(!wanted),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
        Value::Flag(_) | Value::Text | Value::Number | Value::Networks(_) => WRONG_KIND,
    }
}

/// Asks about a value that is not a list.
#[inline(always)]
fn one_value(cell: &Cell<'_>, holds: impl FnOnce(&Cell<'_>) -> bool) -> Truth {
    match cell.value {
        Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) => Truth::from(holds(cell)),
        Value::Networks(_) => WRONG_KIND,
        Value::Absent(why) => Truth::Undecided(Cause::Absent(why)),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
    }
}

#[inline(always)]
fn text(cell: &Cell<'_>, holds: impl FnOnce(&str) -> bool) -> Truth {
    match cell.value {
        Value::Text => Truth::from(holds(cell.seen)),
        Value::Flag(_) | Value::Number | Value::Time(_) | Value::Networks(_) => WRONG_KIND,
        Value::Absent(why) => Truth::Undecided(Cause::Absent(why)),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
    }
}

fn number(cell: &Cell<'_>, holds: impl FnOnce(Number<'_>) -> bool) -> Truth {
    one_value(cell, |cell| cell.number().is_some_and(holds))
}

#[inline(always)]
fn time(cell: &Cell<'_>, holds: impl FnOnce(DateTime<Utc>) -> bool) -> Truth {
    match cell.value {
        Value::Time(time) => Truth::from(holds(time)),
        Value::Flag(_) | Value::Text | Value::Number | Value::Networks(_) => WRONG_KIND,
        Value::Absent(why) => Truth::Undecided(Cause::Absent(why)),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
    }
}

#[inline(always)]
fn networks(cell: &Cell<'_>, record: &Record<'_>, holds: impl FnOnce(&[Entry]) -> Truth) -> Truth {
    match cell.value {
        Value::Networks(list) => holds(record.entries(list)),
        Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) => WRONG_KIND,
        Value::Absent(why) => Truth::Undecided(Cause::Absent(why)),
        Value::Bad(why) => Truth::Undecided(Cause::Bad(why)),
    }
}

/// Asks about two fields, of which neither decides alone.
fn compare(
    cell: &Cell<'_>,
    other: &Cell<'_>,
    holds: impl FnOnce(&Cell<'_>, &Cell<'_>) -> Truth,
) -> Truth {
    match (whole_cause(cell), whole_cause(other)) {
        (Some(Cause::Absent(_)), Some(bad @ Cause::Bad(_))) => Truth::Undecided(bad),
        (Some(cause), _) | (None, Some(cause)) => Truth::Undecided(cause),
        (None, None) => holds(cell, other),
    }
}

fn compare_times(
    cell: &Cell<'_>,
    other: &Cell<'_>,
    holds: impl FnOnce(DateTime<Utc>, DateTime<Utc>) -> bool,
) -> Truth {
    compare(cell, other, |cell, other| {
        match (instant(cell.value), instant(other.value)) {
            (Some(one), Some(two)) => Truth::from(holds(one, two)),
            (None, _) | (_, None) => WRONG_KIND,
        }
    })
}

fn instant(value: Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Time(time) => Some(time),
        Value::Flag(_)
        | Value::Text
        | Value::Number
        | Value::Networks(_)
        | Value::Absent(_)
        | Value::Bad(_) => None,
    }
}

/// Says why a cell cannot be compared with another. Two values are compared
/// whole: one entry that cannot be read spoils a list.
fn whole_cause(cell: &Cell<'_>) -> Option<Cause> {
    match cell.value {
        Value::Bad(why) => Some(Cause::Bad(why)),
        Value::Absent(why) => Some(Cause::Absent(why)),
        Value::Flag(_) | Value::Text | Value::Number | Value::Time(_) | Value::Networks(_) => {
            let unreadable = Cause::Bad(Bad::Unparsable);
            (!cell.value.is_whole()).then_some(unreadable)
        }
    }
}

/// The answer for a list with an entry that cannot be read.
const UNREADABLE: Truth = Truth::Undecided(Cause::Bad(Bad::Unparsable));

/// Counts the characters of a text, or returns some number on the same side of
/// `limit`.
fn length(text: &str, limit: u64) -> u64 {
    let bytes = text.len() as u64;
    // There are never more characters than bytes.
    match bytes < limit || text.is_ascii() {
        true => bytes,
        false => text.chars().count() as u64,
    }
}

fn are_same(cell: &Cell<'_>, other: &Cell<'_>, record: &Record<'_>) -> bool {
    match cell.value {
        Value::Networks(list) => {
            let union = |list| Union::of(readable(record.entries(list)));
            matches!(other.value, Value::Networks(others) if union(list) == union(others))
        }
        Value::Text => other.value == Value::Text && cell.seen == other.seen,
        Value::Number => cell.number() == other.number(),
        Value::Flag(_) | Value::Time(_) | Value::Absent(_) | Value::Bad(_) => {
            cell.value == other.value
        }
    }
}

fn all_readable(entries: &[Entry]) -> bool {
    entries.iter().all(|entry| entry.network.is_some())
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
    match all_readable(entries) {
        true => Truth::from(!wanted),
        false => UNREADABLE,
    }
}

fn max_addresses(entries: &[Entry], v4: u64, v6: u128) -> Truth {
    if !network::are_at_most(readable(entries), v4, v6) {
        return Truth::False;
    }
    match all_readable(entries) {
        true => Truth::True,
        false => UNREADABLE,
    }
}

/// Whatever the unreadable entries are, they may hold what the others do not.
fn covers(entries: &[Entry], nets: &[IpNet]) -> Truth {
    if nets
        .iter()
        .all(|net| network::cover(readable(entries), net))
    {
        return Truth::True;
    }
    match all_readable(entries) {
        true => Truth::False,
        false => UNREADABLE,
    }
}

/// Returns whether an instant is before another, by at least so much.
fn is_before(time: DateTime<Utc>, limit: DateTime<Utc>, by: Option<Span>) -> bool {
    match by {
        Some(by) => time <= by.before(limit),
        None => time < limit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::mem::discriminant;

    use strum::EnumCount;

    use crate::policy::check::{Ago, Ahead, Literal, OtherTime};
    use crate::policy::operator::{Argument, OPERATORS};
    use crate::policy::pattern::Pattern;
    use crate::record::time::Span;
    use crate::record::{Absent, Kind, Raw, Schema};

    /// Makes a check of an argument that suits a kind of field; `other` is a field of
    /// the kind.
    fn check(argument: Argument, kind: Kind, other: Slot) -> Check {
        let now = DateTime::UNIX_EPOCH;
        let literal = match kind {
            Kind::Flag => Literal::Flag(true),
            Kind::Time => Literal::Time(now),
            Kind::Number => Literal::Number("1".to_owned()),
            Kind::Text | Kind::Networks => Literal::Text("a".to_owned()),
        };
        match argument {
            Argument::Truth(check) => check(true),
            Argument::OnlyTrue(check) => check(),
            Argument::Value(check) => check(literal),
            Argument::Values(check) => check(vec![literal]),
            Argument::Field(check) => check(other),
            Argument::Pattern(check) => check(Pattern::new("a").expect("a pattern")),
            Argument::Count(check) => check(1),
            Argument::Time(check) => check(now),
            Argument::Ago(check) => check(Ago {
                span: Span::read("1d").expect("a span"),
                time: now,
            }),
            Argument::Prefixes(check) => check(8, 8),
            Argument::Sizes(check) => check(8, 8),
            Argument::Number(check) => check("1".to_owned()),
            Argument::OtherTime(check) => check(OtherTime {
                slot: other,
                by: None,
            }),
            Argument::Ahead(check) => check(Ahead {
                span: Span::read("1d").expect("a span"),
                from: now,
                until: now,
            }),
            Argument::Passed(check) => check(true, now),
            Argument::Addresses(check) => check(vec!["10.0.0.0/8".parse().expect("a network")]),
            Argument::Networks(check) => check(vec!["10.0.0.0/8".parse().expect("a network")]),
        }
    }

    #[test]
    fn every_operator_decides_on_a_value_of_each_of_its_kinds() {
        let mut made = HashSet::new();
        for operator in OPERATORS {
            for kind in operator.kinds.iter().copied() {
                let mut schema = Schema::default();
                let [asked, other] = ["asked", "other"].map(|name| {
                    schema.declare(name, kind, false).expect("new");
                    schema.want(name).expect("known")
                });
                let value = match kind {
                    Kind::Flag => "true",
                    Kind::Text => "a",
                    Kind::Number => "1",
                    Kind::Time => "2026-01-31T00:00:00Z",
                    Kind::Networks => "10.0.0.0/8",
                };
                let texts = bumpalo::Bump::new();
                let mut record = Record::new(&schema, &texts);
                for slot in [asked, other] {
                    record.set(&schema, slot, Raw::Text(value));
                }
                let check = check(operator.argument, kind, other);
                made.insert(discriminant(&check));
                let truth = check.holds(asked, &record);
                let is_decided = matches!(truth, Truth::True | Truth::False);
                assert!(is_decided, "`{}` of {kind}: {truth:?}", operator.name);
            }
        }
        assert_eq!(made.len(), Check::COUNT, "a check without an operator");
    }

    fn holds(check: &Check, kind: Kind, text: &str) -> Truth {
        let mut schema = Schema::default();
        schema.declare("asked", kind, false).expect("new");
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
        assert_eq!(
            holds(&Check::NotIn(vec![root].into()), Kind::Text, ""),
            empty
        );
        assert_eq!(holds(&Check::AnyAddress(false), Kind::Networks, ""), empty);
    }

    #[test]
    fn nothing_decides_on_bad_data() {
        let bad = Truth::Undecided(Cause::Bad(Bad::Unparsable));
        assert_eq!(holds(&Check::Present(true), Kind::Flag, "maybe"), bad);
        assert_eq!(holds(&Check::Present(false), Kind::Flag, "maybe"), bad);
        assert_eq!(holds(&Check::Present(true), Kind::Networks, "office"), bad);
        let now = DateTime::UNIX_EPOCH;
        let passed = |wanted| Check::Passed { wanted, now };
        assert_eq!(holds(&passed(true), Kind::Time, "soon"), bad);
        assert_eq!(holds(&passed(false), Kind::Time, "soon"), bad);
    }

    #[test]
    fn a_list_is_present_if_an_entry_can_be_read() {
        let partly = "office,10.0.0.1";
        let present = |wanted| holds(&Check::Present(wanted), Kind::Networks, partly);
        assert_eq!(present(true), Truth::True);
        assert_eq!(present(false), Truth::False);
    }

    #[test]
    fn one_entry_that_violates_decides_beside_one_that_cannot_be_read() {
        let wide = Check::MinPrefix { v4: 16, v6: 3 };
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
            holds(
                &Check::MaxAddresses { v4: 255, v6: 1 },
                Kind::Networks,
                "x,10.0.0.0/24"
            ),
            Truth::False
        );
        assert_eq!(
            holds(
                &Check::MaxAddresses { v4: 256, v6: 1 },
                Kind::Networks,
                "x,10.0.0.0/24"
            ),
            UNREADABLE
        );
    }

    #[test]
    fn bad_data_is_told_before_absence_when_two_fields_are_compared() {
        let mut schema = Schema::default();
        schema
            .declare("officeRanges", Kind::Networks, false)
            .expect("new");
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
