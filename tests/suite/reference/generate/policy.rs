//! Policies: all that a rule may say, and all that a policy may say of its rules.

use std::fmt::{self, Display, Formatter};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::aggregate::Aggregate;
use super::check::requirement;
use super::{COMMON, DECLARED};
use crate::reference::Severity;
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
pub type Entry = (String, String);

#[derive(Clone, Debug)]
pub struct Policy {
    pub id: String,
    pub on_absent: Option<&'static str>,
    pub when_absent: Option<&'static str>,
    pub scope: Option<Vec<Entry>>,
    pub optional: Vec<&'static str>,
    pub has_words: bool,
    pub rules: Vec<Rule>,
    pub aggregates: Vec<Aggregate>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub severity: Severity,
    pub on_absent: Option<&'static str>,
    pub when_absent: Option<&'static str>,
    pub when: Option<Vec<Entry>>,
    pub require: Vec<Entry>,
    pub raise: Option<(Severity, Vec<Entry>)>,
    pub tags: Vec<&'static str>,
    pub expected: Option<&'static str>,
    pub references: Vec<&'static str>,
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        writeln!(f, "[policy]\nid = \"{}\"\ntitle = \"Made up\"", self.id)?;
        writeln!(f, "version = \"1.0.0\"")?;
        if self.has_words {
            writeln!(f, "limits = [\"Does not show who made it up\"]")?;
        }
        word(f, "on-absent", self.on_absent)?;
        word(f, "when-absent", self.when_absent)?;
        for field in &self.optional {
            writeln!(f, "optional.{field} = \"it may be missing\"")?;
        }
        dotted(f, "scope", self.scope.iter().flatten())?;
        writeln!(f, "\n[fields]")?;
        for (name, kind) in DECLARED {
            let personal = if name == "tier" {
                ", personal = true"
            } else {
                ""
            };
            match personal {
                "" => writeln!(f, "{name} = \"{}\"", kind_word(kind))?,
                _ => writeln!(f, "{name} = {{ kind = \"{}\"{personal} }}", kind_word(kind))?,
            }
        }
        for (at, rule) in self.rules.iter().enumerate() {
            writeln!(f, "\n[[rule]]\nid = \"r{}\"\n{rule}", at + 1)?;
        }
        for (at, rule) in self.aggregates.iter().enumerate() {
            writeln!(f, "\n[[aggregate]]\nid = \"a{}\"\n{rule}", at + 1)?;
        }
        if self.has_words {
            writeln!(f, "\n[[control]]\nframework = \"PCI DSS 4.0.1\"")?;
            writeln!(f, "requirement = \"8.2.2\"\nevidenced-by = \"the owner\"")?;
        }
        Ok(())
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        writeln!(
            f,
            "title = \"Made up\"\nseverity = \"{}\"",
            self.severity.word()
        )?;
        word(f, "on-absent", self.on_absent)?;
        word(f, "when-absent", self.when_absent)?;
        word(f, "expected", self.expected)?;
        list(f, "tags", &self.tags)?;
        list(f, "references", &self.references)?;
        if let Some((to, when)) = &self.raise {
            let when = when
                .iter()
                .map(|(key, value)| format!("when.{key} = {value}"));
            let when: Vec<String> = when.collect();
            writeln!(
                f,
                "raise = {{ to = \"{}\", {} }}",
                to.word(),
                when.join(", ")
            )?;
        }
        dotted(f, "when", self.when.iter().flatten())?;
        dotted(f, "require", &self.require)
    }
}

pub fn word(f: &mut Formatter, key: &str, word: Option<&str>) -> fmt::Result {
    word.map_or(Ok(()), |word| writeln!(f, "{key} = {}", quoted(word)))
}

pub fn list(f: &mut Formatter, key: &str, words: &[&str]) -> fmt::Result {
    if words.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    writeln!(f, "{key} = [{}]", words.join(", "))
}

pub fn dotted<'a>(
    f: &mut Formatter,
    name: &str,
    requirement: impl IntoIterator<Item = &'a Entry>,
) -> fmt::Result {
    for (key, value) in requirement {
        writeln!(f, "{name}.{key} = {value}")?;
    }
    Ok(())
}

pub fn inline(entries: &[Entry]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Text => "text",
        Kind::Number => "number",
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
    let names: Vec<_> = COMMON.iter().map(|(name, _)| *name).collect();
    let optional = match language {
        Language::Whole => 0..=3,
        Language::Demanding => 0..=0,
    };
    let optional = vec(select(names), optional).prop_map(distinct);
    let words = (outcome(language), when_absent(), optional, any::<bool>());
    (words, scope, vec(rule(language), 1..=4)).prop_map(
        |((on_absent, when_absent, optional, has_words), scope, rules)| Policy {
            id: "p1".to_owned(),
            on_absent,
            when_absent,
            scope,
            optional,
            has_words,
            rules,
            aggregates: Vec::new(),
        },
    )
}

pub fn rule(language: Language) -> impl Strategy<Value = Rule> {
    let when = option::weighted(0.3, requirement(2, language));
    let require = requirement(3, language);
    let asked = (outcome(language), when_absent(), when, require);
    (severities(language), asked, words()).prop_map(
        |((severity, raise), (on_absent, when_absent, when, require), words)| Rule {
            severity,
            on_absent,
            when_absent: when_absent.filter(|_| when.is_some()),
            when,
            require,
            raise,
            tags: words.0,
            expected: words.1,
            references: words.2,
        },
    )
}

/// Rules that ask one thing each, of whoever.
pub fn plain(requires: Vec<Vec<Entry>>, on_absent: Option<&'static str>) -> Policy {
    let rules = requires.into_iter().map(|require| Rule {
        severity: Severity::Low,
        on_absent: None,
        when_absent: None,
        when: None,
        require,
        raise: None,
        tags: Vec::new(),
        expected: None,
        references: Vec::new(),
    });
    Policy {
        id: "p1".to_owned(),
        on_absent,
        when_absent: None,
        scope: None,
        optional: Vec::new(),
        has_words: false,
        rules: rules.collect(),
        aggregates: Vec::new(),
    }
}

/// A severity, and a higher one to which it may be raised.
fn severities(
    language: Language,
) -> impl Strategy<Value = (Severity, Option<(Severity, Vec<Entry>)>)> {
    let two = (
        select(Severity::ALL.to_vec()),
        select(Severity::ALL.to_vec()),
    );
    let raise = option::weighted(0.3, requirement(1, language));
    (two, raise).prop_map(|((one, other), raise)| {
        let to = raise.filter(|_| one != other);
        (one.min(other), to.map(|when| (one.max(other), when)))
    })
}

pub fn tags() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(vec!["ig1", "sign-in", "networks"]), 0..=2).prop_map(distinct)
}

type Words = (Vec<&'static str>, Option<&'static str>, Vec<&'static str>);

fn words() -> impl Strategy<Value = Words> {
    let references = vec![
        "PCI DSS 4.0.1: 8.4.2 (partial)",
        "SOC 2 TSC 2017: CC6.1 (supporting)",
        "CIS Controls 8.1: 6.3 (direct)",
    ];
    let expected = option::weighted(0.2, Just(EXPECTED));
    let references = vec(select(references), 0..=2).prop_map(distinct);
    (tags(), expected, references)
}

/// What some rules say of what they expect.
pub const EXPECTED: &str = "all is \"as it was made up\"";

pub fn outcome(language: Language) -> impl Strategy<Value = Option<&'static str>> {
    let outcomes = match language {
        Language::Whole => vec!["fail", "error", "pass", "not-applicable"],
        Language::Demanding => vec!["fail", "error", "not-applicable"],
    };
    option::weighted(0.3, select(outcomes))
}

fn when_absent() -> impl Strategy<Value = Option<&'static str>> {
    option::weighted(0.3, select(vec!["error", "apply", "skip"]))
}

fn distinct(words: Vec<&'static str>) -> Vec<&'static str> {
    let mut kept = Vec::new();
    for word in words {
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    kept
}
