//! Policies: every operator, on every kind of field, to any depth but three.

use std::fmt::{self, Debug, Display, Formatter};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{COMMON, DECLARED, TEXTS, field, instant, rfc3339};
use crate::reference::field::Kind;

/// What a policy may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// All that the contract has.
    Whole,
    /// Nothing that an absent field could satisfy.
    Demanding,
}

/// A key and its value, as TOML has them.
type Entry = (String, String);

#[derive(Clone, Debug)]
pub struct Policy {
    pub id: String,
    pub on_absent: Option<&'static str>,
    pub scope: Option<Vec<Entry>>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub severity: &'static str,
    pub on_absent: Option<&'static str>,
    pub when: Option<Vec<Entry>>,
    pub require: Vec<Entry>,
}

impl Policy {
    /// How grave a rule is; `r1` is the first.
    pub fn severity(&self, rule: &str) -> &'static str {
        let at: usize = rule[1..].parse().unwrap();
        self.rules[at - 1].severity
    }
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        writeln!(f, "[policy]\nid = \"{}\"\ntitle = \"Made up\"", self.id)?;
        writeln!(f, "version = \"1.0.0\"")?;
        on_absent(f, self.on_absent)?;
        dotted(f, "scope", self.scope.iter().flatten())?;
        writeln!(f, "\n[fields]")?;
        for (name, kind) in DECLARED {
            writeln!(f, "{name} = \"{}\"", word(kind))?;
        }
        for (at, rule) in self.rules.iter().enumerate() {
            writeln!(f, "\n[[rule]]\nid = \"r{}\"\n{rule}", at + 1)?;
        }
        Ok(())
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        writeln!(f, "title = \"Made up\"\nseverity = \"{}\"", self.severity)?;
        on_absent(f, self.on_absent)?;
        dotted(f, "when", self.when.iter().flatten())?;
        dotted(f, "require", &self.require)
    }
}

fn on_absent(f: &mut Formatter, outcome: Option<&str>) -> fmt::Result {
    match outcome {
        Some(outcome) => writeln!(f, "on-absent = \"{outcome}\""),
        None => Ok(()),
    }
}

fn dotted<'a>(
    f: &mut Formatter,
    name: &str,
    requirement: impl IntoIterator<Item = &'a Entry>,
) -> fmt::Result {
    for (key, value) in requirement {
        writeln!(f, "{name}.{key} = {value}")?;
    }
    Ok(())
}

fn inline(entries: &[Entry]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Text => "text",
        Kind::Time => "time",
        Kind::Networks => "networks",
    }
}

/// One policy or two.
pub fn policies(language: Language) -> impl Strategy<Value = Vec<Policy>> {
    vec(policy(language), 1..=2).prop_map(|policies| {
        let numbered = policies.into_iter().enumerate();
        numbered
            .map(|(at, policy)| Policy {
                id: format!("p{}", at + 1),
                ..policy
            })
            .collect()
    })
}

pub fn policy(language: Language) -> impl Strategy<Value = Policy> {
    let scope = option::weighted(0.3, requirement(1, language));
    (outcome(language), scope, vec(rule(language), 1..=4)).prop_map(|(on_absent, scope, rules)| {
        Policy {
            id: "p1".to_owned(),
            on_absent,
            scope,
            rules,
        }
    })
}

pub fn rule(language: Language) -> impl Strategy<Value = Rule> {
    let severity = select(vec!["info", "low", "medium", "high", "critical"]);
    let when = option::weighted(0.3, requirement(2, language));
    let require = requirement(3, language);
    (severity, outcome(language), when, require).prop_map(|(severity, on_absent, when, require)| {
        Rule {
            severity,
            on_absent,
            when,
            require,
        }
    })
}

fn outcome(language: Language) -> impl Strategy<Value = Option<&'static str>> {
    let outcomes = match language {
        Language::Whole => vec!["fail", "error", "pass", "not-applicable"],
        Language::Demanding => vec!["fail", "error", "not-applicable"],
    };
    option::weighted(0.3, select(outcomes))
}

fn requirement(depth: usize, language: Language) -> BoxedStrategy<Vec<Entry>> {
    let check = field().prop_flat_map(move |(name, kind)| {
        check(name, kind, language).prop_map(move |check| (name.to_owned(), check))
    });
    if depth == 0 {
        return few(check).prop_map(distinct).boxed();
    }
    let inner = || requirement(depth - 1, language);
    let list = || {
        vec(inner(), 1..=3).prop_map(|parts| {
            let parts: Vec<String> = parts.iter().map(|part| inline(part)).collect();
            format!("[{}]", parts.join(", "))
        })
    };
    let entry = prop_oneof![
        7 => check,
        1 => list().prop_map(|list| ("all".to_owned(), list)),
        1 => list().prop_map(|list| ("any".to_owned(), list)),
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
        Kind::Flag | Kind::Text | Kind::Time => prop_oneof![literal(kind), operators].boxed(),
    }
}

fn operator(name: &'static str, kind: Kind, language: Language) -> BoxedStrategy<Entry> {
    let own = match kind {
        Kind::Flag => equality(kind).boxed(),
        Kind::Text => prop_oneof![equality(kind), text_operator()].boxed(),
        Kind::Time => prop_oneof![equality(kind), time_operator()].boxed(),
        Kind::Networks => networks_operator().boxed(),
    };
    let present = match language {
        Language::Whole => 1,
        Language::Demanding => 0,
    };
    prop_oneof![
        6 => own,
        2 => beside(name, kind),
        present => any::<bool>().prop_map(|wanted| named("present", wanted)),
    ]
    .boxed()
}

fn named(operator: &str, argument: impl ToString) -> Entry {
    (operator.to_owned(), argument.to_string())
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
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
        Kind::Flag | Kind::Text | Kind::Networks => vec!["equals-field", "differs-from"],
    };
    let others = COMMON.into_iter().filter(|(other, _)| *other != name);
    let others: Vec<_> = others.filter(|(_, theirs)| *theirs == kind).collect();
    (select(operators), select(others))
        .prop_map(|(operator, (other, _))| named(operator, quoted(other)))
}

fn text_operator() -> impl Strategy<Value = Entry> {
    let patterns = vec!["^c[0-9]+$", "p", "(?i)GMBH$", "^.{3,}$", r"\s", "ï", "^$"];
    let matching = (select(vec!["matches", "not-matches"]), select(patterns))
        .prop_map(|(operator, pattern)| named(operator, quoted(pattern)));
    let length = (select(vec!["min-length", "max-length"]), 0..14)
        .prop_map(|(operator, length)| named(operator, length));
    prop_oneof![matching, length]
}

fn time_operator() -> impl Strategy<Value = Entry> {
    let fixed = (select(vec!["before", "after"]), literal(Kind::Time))
        .prop_map(|(operator, time)| named(operator, time));
    let durations = vec!["90d", "26w", "12h", "365d", "1d"];
    let relative = (select(vec!["older-than", "newer-than"]), select(durations))
        .prop_map(|(operator, duration)| named(operator, quoted(duration)));
    prop_oneof![fixed, relative]
}

fn networks_operator() -> impl Strategy<Value = Entry> {
    let sizes = vec![
        1_i64,
        2,
        255,
        256,
        257,
        65_536,
        65_537,
        4_294_967_295,
        4_294_967_296,
        i64::MAX,
    ];
    let prefixes = vec![
        "{ v4 = 16, v6 = 48 }",
        "{ v4 = 0, v6 = 0 }",
        "{ v4 = 32 }",
        "{ v6 = 128 }",
        "{ v4 = 24 }",
    ];
    let cidrs = vec![
        "10.0.0.0/8",
        "192.0.2.0/24",
        "192.0.0.0/16",
        "8.8.8.0/24",
        "0.0.0.0/1",
        "2001:db8::/32",
        "::/0",
        "0.0.0.0/0",
    ];
    let lists = (
        select(vec!["within", "excludes"]),
        vec(select(cidrs), 1..=3),
    );
    prop_oneof![
        any::<bool>().prop_map(|wanted| named("any-address", wanted)),
        select(prefixes).prop_map(|prefixes| named("min-prefix", prefixes)),
        select(sizes).prop_map(|size| named("max-addresses", size)),
        lists.prop_map(|(operator, cidrs)| {
            let cidrs: Vec<String> = cidrs.into_iter().map(quoted).collect();
            named(operator, format!("[{}]", cidrs.join(", ")))
        }),
        Just(named("public", true)),
    ]
}
