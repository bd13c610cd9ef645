//! Rules over all records, and exports in which they find something.

use std::fmt::{self, Display, Formatter};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::policy::{self, Language, Policy, tags};
use super::record::record;
use crate::reference::{Record, Severity, without};

#[derive(Clone, Debug)]
pub struct Aggregate {
    severity: Severity,
    tags: Vec<&'static str>,
    when: Option<&'static str>,
    asks: String,
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        let severity = self.severity.word();
        writeln!(f, "title = \"Made up\"\nseverity = \"{severity}\"")?;
        policy::list(f, "tags", &self.tags)?;
        if let Some(when) = self.when {
            writeln!(f, "when.{when}")?;
        }
        writeln!(f, "{}", self.asks)
    }
}

/// A policy with rules over all records beside its others.
pub fn policies_over_all() -> impl Strategy<Value = Vec<Policy>> {
    let scopes = vec!["hasPci = true", "deletedAt = { passed = false }"];
    let scope = option::weighted(0.3, select(scopes)).prop_map(|scope| {
        let (field, check) = scope?.split_once(" = ")?;
        Some(vec![(field.to_owned(), check.to_owned())])
    });
    let policy = policy::policy(Language::Whole);
    (policy, scope, vec(aggregate(), 1..=4)).prop_map(|(policy, scope, aggregates)| {
        vec![Policy {
            scope,
            aggregates,
            ..policy
        }]
    })
}

fn aggregate() -> impl Strategy<Value = Aggregate> {
    let whens = vec![
        "hasPci = true",
        "not.hasPci = true",
        "deletedAt.passed = false",
    ];
    let when = option::weighted(0.4, select(whens));
    let severity = select(Severity::ALL.to_vec());
    (severity, tags(), when, asks()).prop_map(|(severity, tags, when, (takes_when, asks))| {
        Aggregate {
            severity,
            tags,
            when: when.filter(|_| takes_when),
            asks,
        }
    })
}

/// What is asked, and whether a `when` may say of whom.
fn asks() -> impl Strategy<Value = (bool, String)> {
    let field = || select(vec!["id", "name", "name", "ownerId"]);
    let case = || select(vec!["", ", ignore-case = true", ", ignore-case = false"]);
    let copies = select(vec![
        "",
        ", copies = \"any\"",
        ", copies = \"differ\"",
        ", copies = \"agree\"",
    ]);
    let unique = (field(), case(), copies).prop_map(|(field, case, copies)| {
        let asks = format!("unique = {{ field = \"{field}\"{case}{copies} }}");
        (
            !copies.ends_with("er\"") && !copies.ends_with("ree\""),
            asks,
        )
    });
    let shared = (field(), case(), 1..4).prop_map(|(field, case, most)| {
        let asks = format!("shared = {{ field = \"{field}\", more-than = {most}{case} }}");
        (true, asks)
    });
    let records = (0..6).prop_map(|least| (true, format!("records = {{ at-least = {least} }}")));
    let rate = select(vec!["1%", "50%", "60%", "100%"]).prop_map(|share| {
        (
            false,
            format!("pass-rate = {{ rule = \"r1\", at-least = \"{share}\" }}"),
        )
    });
    let newest = select(vec!["12h", "90d", "365d"]).prop_map(|within| {
        (
            false,
            format!("newest = {{ field = \"updatedAt\", within = \"{within}\" }}"),
        )
    });
    prop_oneof![
        4 => unique,
        3 => shared,
        1 => field().prop_map(|field| (true, format!("unique = \"{field}\""))),
        1 => records,
        1 => rate,
        1 => newest,
    ]
}

/// Records that share ids, names and owners, and copies of some, with a change
/// or without one.
pub fn population() -> impl Strategy<Value = Vec<Record>> {
    let copies = vec((any::<Index>(), 0..3_usize), 0..=3);
    (vec(person(), 1..=6), copies).prop_map(|(mut records, copies)| {
        for (of, change) in copies {
            let mut copy = of.get(&records).clone();
            match change {
                0 => copy.push(("seen".to_owned(), json!(records.len()))),
                1 => {
                    copy = without(&copy, "pricingPlanId");
                    let plan = format!("plan {}", records.len());
                    copy.push(("pricingPlanId".to_owned(), plan.into()));
                }
                _ => {}
            }
            records.push(copy);
        }
        records
    })
}

fn person() -> impl Strategy<Value = Record> {
    let ids = vec!["c1", "c2", "c3", "C1", " c1"];
    let names = vec![
        "Acme", " acme", "ACME\t", "Ünï", "ÜNÏ", "a b", "a  b", "other",
    ];
    let text = |texts: Vec<&'static str>| select(texts).prop_map(Value::from);
    let id = prop_oneof![9 => text(ids), 1 => Just(Value::Null)];
    let name = prop_oneof![12 => text(names), 1 => Just(Value::Null), 1 => Just(json!([1]))];
    let owner = prop_oneof![6 => text(vec!["u1", "U1", "u2"]), 1 => Just(Value::Null)];
    let pci = prop_oneof![
        4 => any::<bool>().prop_map(Value::from),
        1 => select(vec![json!(null), json!("?")]),
    ];
    (record(), id, name, owner, pci).prop_map(|(record, id, name, owner, pci)| {
        let own = [
            ("id", id),
            ("name", name),
            ("owner_id", owner),
            ("has_pci", pci),
        ];
        own.into_iter().fold(record, |record, (key, value)| {
            let mut record = without(&record, key);
            record.push((key.to_owned(), value));
            record
        })
    })
}
