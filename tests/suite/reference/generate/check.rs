//! Requirements: every operator, on every kind of field, to any depth but three.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::policy::{Entry, Language, inline, quoted};
use super::{COMMON, NUMBERS, TEXTS, field, instant, rfc3339};
use crate::reference::field::Kind;

pub fn requirement(depth: usize, language: Language) -> BoxedStrategy<Vec<Entry>> {
    let check = field().prop_flat_map(move |(name, kind)| {
        check(name, kind, language).prop_map(move |check| (name.to_owned(), check))
    });
    if depth == 0 {
        return few(check).prop_map(distinct).boxed();
    }
    let inner = || requirement(depth - 1, language);
    let list = || {
        vec(inner(), 1..=3).prop_map(|parts| {
            let inlined: Vec<String> = parts.iter().map(|part| inline(part)).collect();
            (parts.len(), format!("[{}]", inlined.join(", ")))
        })
    };
    let some = (list(), any::<Index>()).prop_map(|((parts, list), least)| {
        let least = least.index(parts) + 1;
        let some = format!("{{ at-least = {least}, of = {list} }}");
        ("some".to_owned(), some)
    });
    let entry = prop_oneof![
        7 => check,
        1 => list().prop_map(|(_, list)| ("all".to_owned(), list)),
        1 => list().prop_map(|(_, list)| ("any".to_owned(), list)),
        1 => some,
        1 => inner().prop_map(|part| ("not".to_owned(), inline(&part))),
    ];
    few(entry).prop_map(distinct).boxed()
}

/// One, or two, or three: what must all hold seldom does when it is much.
fn few<T: Debug>(one: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Vec<T>> {
    let one = one.boxed();
    prop_oneof![4 => vec(one.clone(), 1), 1 => vec(one, 2..=3)]
}

/// A table has a key once.
fn distinct(entries: Vec<Entry>) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::new();
    for entry in entries {
        if !kept.iter().any(|(key, _)| *key == entry.0) {
            kept.push(entry);
        }
    }
    kept
}

fn check(name: &'static str, kind: Kind, language: Language) -> BoxedStrategy<String> {
    let operators =
        few(operator(name, kind, language)).prop_map(|operators| inline(&distinct(operators)));
    match kind {
        Kind::Networks => operators.boxed(),
        Kind::Flag | Kind::Text | Kind::Number | Kind::Time => {
            prop_oneof![literal(kind), operators].boxed()
        }
    }
}

/// One operator on one field; each kind of field comes as often.
pub fn lone_check() -> impl Strategy<Value = Vec<Entry>> {
    let kinds = vec![
        ("force2fa", Kind::Flag),
        ("tier", Kind::Text),
        ("serviceCount", Kind::Number),
        ("updatedAt", Kind::Time),
        ("deletedAt", Kind::Time),
        ("ipWhitelist", Kind::Networks),
        ("officeRanges", Kind::Networks),
    ];
    let check = |(name, kind)| (Just(name), operator(name, kind, Language::Whole));
    let check = select(kinds).prop_flat_map(check);
    check.prop_map(|(name, operator): (&str, Entry)| vec![(name.to_owned(), inline(&[operator]))])
}

pub fn operator(name: &'static str, kind: Kind, language: Language) -> BoxedStrategy<Entry> {
    let own = match kind {
        Kind::Flag => equality(kind).boxed(),
        Kind::Text => prop_oneof![equality(kind), text_operator()].boxed(),
        Kind::Number => prop_oneof![equality(kind), number_operator()].boxed(),
        Kind::Time => prop_oneof![equality(kind), time_operator()].boxed(),
        Kind::Networks => networks_operator().boxed(),
    };
    let present = match language {
        Language::Whole => 1,
        Language::Demanding => 0,
    };
    let about_presence = match kind {
        Kind::Time => vec!["present", "passed", "passed"],
        Kind::Flag | Kind::Text | Kind::Number | Kind::Networks => vec!["present"],
    };
    let about_presence = (select(about_presence), any::<bool>())
        .prop_map(|(operator, wanted)| named(operator, wanted));
    prop_oneof![
        6 => own,
        2 => beside(name, kind),
        present * if kind == Kind::Time { 2 } else { 1 } => about_presence,
    ]
    .boxed()
}

fn by_family(operator: &str, (v4, v6): (impl ToString, impl ToString)) -> Entry {
    let (v4, v6) = (v4.to_string(), v6.to_string());
    named(operator, format!("{{ v4 = {v4}, v6 = {v6} }}"))
}

fn named(operator: &str, argument: impl ToString) -> Entry {
    (operator.to_owned(), argument.to_string())
}

/// A value of the kind, as a policy writes it.
fn literal(kind: Kind) -> BoxedStrategy<String> {
    match kind {
        Kind::Flag => any::<bool>().prop_map(|flag| flag.to_string()).boxed(),
        Kind::Time => (instant(), any::<bool>())
            .prop_map(|(instant, as_text)| match as_text {
                true => quoted(&rfc3339(instant)),
                false => rfc3339(instant),
            })
            .boxed(),
        Kind::Number => select(NUMBERS.to_vec()).prop_map(|n| n.to_string()).boxed(),
        Kind::Text | Kind::Networks => select(TEXTS.to_vec()).prop_map(quoted).boxed(),
    }
}

fn equality(kind: Kind) -> impl Strategy<Value = Entry> {
    let one = (select(vec!["equals", "not-equals"]), literal(kind))
        .prop_map(|(operator, value)| named(operator, value));
    let several = (select(vec!["in", "not-in"]), vec(literal(kind), 1..=3))
        .prop_map(|(operator, values)| named(operator, format!("[{}]", values.join(", "))));
    prop_oneof![one, several]
}

/// An operator that looks at another field of the same kind.
fn beside(name: &'static str, kind: Kind) -> impl Strategy<Value = Entry> {
    let operators = match kind {
        Kind::Time => vec![
            "equals-field",
            "differs-from",
            "before-field",
            "after-field",
        ],
        Kind::Flag | Kind::Text | Kind::Number | Kind::Networks => {
            vec!["equals-field", "differs-from"]
        }
    };
    let others = COMMON.into_iter().filter(|(other, _)| *other != name);
    let others: Vec<_> = others.filter(|(_, theirs)| *theirs == kind).collect();
    let by = select(vec![None, None, Some("24h"), Some("90d"), Some("26w")]);
    (select(operators), select(others), by).prop_map(|(operator, (other, _), by)| {
        let other = quoted(other);
        match by.filter(|_| operator.ends_with("-field") && operator != "equals-field") {
            Some(by) => named(operator, format!("{{ field = {other}, by = \"{by}\" }}")),
            None => named(operator, other),
        }
    })
}

fn text_operator() -> impl Strategy<Value = Entry> {
    let patterns = vec!["^c[0-9]+$", "p", "(?i)GMBH$", "^.{3,}$", r"\s", "ï", "^$"];
    let matching = (select(vec!["matches", "not-matches"]), select(patterns))
        .prop_map(|(operator, pattern)| named(operator, quoted(pattern)));
    let length = (select(vec!["min-length", "max-length"]), 0..14)
        .prop_map(|(operator, length)| named(operator, length));
    prop_oneof![matching, length]
}

fn number_operator() -> impl Strategy<Value = Entry> {
    let operators = select(vec!["at-least", "at-most"]);
    (operators, select(NUMBERS.to_vec())).prop_map(|(operator, number)| named(operator, number))
}

fn time_operator() -> impl Strategy<Value = Entry> {
    let fixed = (select(vec!["before", "after"]), literal(Kind::Time))
        .prop_map(|(operator, time)| named(operator, time));
    let durations = vec!["90d", "26w", "12h", "365d", "1d"];
    let relative = (
        select(vec!["older-than", "newer-than", "within-next"]),
        select(durations),
    )
        .prop_map(|(operator, duration)| named(operator, quoted(duration)));
    prop_oneof![fixed, relative]
}

pub fn networks_operator() -> impl Strategy<Value = Entry> {
    let sizes = || {
        select(vec![
            0_i64,
            1,
            2,
            255,
            256,
            257,
            65_536,
            65_537,
            4_294_967_295,
            4_294_967_296,
            i64::MAX,
        ])
    };
    let prefixes = (
        select(vec![0, 8, 16, 24, 32]),
        select(vec![0, 1, 32, 48, 128]),
    );
    let cidrs = vec![
        "10.0.0.0/8",
        "192.0.2.0/24",
        "192.0.0.0/16",
        "8.8.8.0/24",
        "0.0.0.0/1",
        "2001:db8::/32",
        "::/0",
        "0.0.0.0/0",
        "192.0.2.0/25",
    ];
    let addresses = vec!["10.0.0.1", "192.0.7.1", "2001:db8::1"];
    let covered = [cidrs.clone(), addresses].concat();
    let lists = prop_oneof![
        2 => (select(vec!["within", "excludes"]), vec(select(cidrs), 1..=3)),
        1 => (Just("covers"), vec(select(covered), 1..=3)),
    ];
    prop_oneof![
        1 => any::<bool>().prop_map(|wanted| named("any-address", wanted)),
        1 => prefixes.prop_map(|limits| by_family("min-prefix", limits)),
        2 => (sizes(), sizes()).prop_map(|limits| by_family("max-addresses", limits)),
        3 => lists.prop_map(|(operator, cidrs)| {
            let cidrs: Vec<String> = cidrs.into_iter().map(quoted).collect();
            named(operator, format!("[{}]", cidrs.join(", ")))
        }),
        1 => Just(named("public", true)),
    ]
}
