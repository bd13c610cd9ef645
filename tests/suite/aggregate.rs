//! Rules over the whole export against a slow and plain reading of what they
//! ask, on exports cut anywhere and read by any number of threads.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};

use crate::support::Workspace;

const POLICY: &str = r#"
[policy]
id = "aggregate"

[[rule]]
id = "mfa"
severity = "high"
require.force2fa = true

[[aggregate]]
id = "unique"
severity = "high"
unique = "id"

[[aggregate]]
id = "differ"
severity = "high"
unique = { field = "id", copies = "differ" }

[[aggregate]]
id = "agree"
severity = "high"
unique = { field = "id", copies = "agree" }

[[aggregate]]
id = "shared"
severity = "low"
when.deletedAt = { present = false }
shared = { field = "securityContactId", more-than = 2 }

[[aggregate]]
id = "rate"
severity = "low"
pass-rate = { rule = "mfa", at-least = "60%" }

[[aggregate]]
id = "many"
severity = "low"
when.hasPci = true
records = { at-least = 5 }

[[aggregate]]
id = "fresh"
severity = "low"
newest = { field = "updatedAt", within = "10d" }
"#;

/// A record, as far as the policy asks.
#[derive(Clone, Debug)]
struct Customer {
    id: Option<u8>,
    /// Some contact, none, or something that is no text.
    contact: Result<Option<u8>, ()>,
    /// Live, deleted, or nobody can tell.
    deleted: Option<bool>,
    mfa: Option<bool>,
    pci: Option<bool>,
    /// Days of January 2026; none can be read where there is none.
    updated: Option<u8>,
}

fn customer() -> impl Strategy<Value = Customer> {
    let contact = prop_oneof![
        6 => (0..4u8).prop_map(|contact| Ok(Some(contact))),
        1 => Just(Ok(None)),
        1 => Just(Err(())),
    ];
    let rarely_none = prop::option::weighted(0.9, any::<bool>());
    let deleted = prop_oneof![8 => Just(Some(false)), 2 => Just(Some(true)), 1 => Just(None)];
    let updated = prop::option::weighted(0.95, 1..25u8);
    let id = prop::option::weighted(0.9, 0..12u8);
    (
        id,
        contact,
        deleted,
        rarely_none.clone(),
        rarely_none,
        updated,
    )
        .prop_map(|(id, contact, deleted, mfa, pci, updated)| Customer {
            id,
            contact,
            deleted,
            mfa,
            pci,
            updated,
        })
}

impl Customer {
    fn json(&self) -> Value {
        let mut record = json!({ "pad": "x".repeat(40) });
        if let Some(id) = self.id {
            record["id"] = format!("i{id}").into();
        }
        record["security_contact_id"] = match self.contact {
            Ok(Some(contact)) => format!("c{contact}").into(),
            Ok(None) => Value::Null,
            Err(()) => json!([1]),
        };
        match self.deleted {
            Some(false) => {}
            Some(true) => record["deleted_at"] = "2025-01-01T00:00:00Z".into(),
            None => record["deleted_at"] = "once".into(),
        }
        let flag = |flag: Option<bool>| flag.map_or("maybe".into(), Value::Bool);
        record["force_2fa"] = flag(self.mfa);
        record["has_pci"] = flag(self.pci);
        record["updated_at"] = match self.updated {
            Some(day) => format!("2026-01-{day:02}T00:00:00Z").into(),
            None => "lately".into(),
        };
        record
    }

    /// Who it is: a record without an id is somebody of its own.
    fn who(&self, number: usize) -> (Option<u8>, usize) {
        (self.id, if self.id.is_some() { 0 } else { number })
    }
}

type Finding = (String, String, Option<String>);

/// The findings of the rules over the whole export: rule, status and customer.
fn expected(customers: &[Customer]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |rule: &str, fails: bool, id: Option<u8>| {
        let status = if fails { "fail" } else { "error" };
        let id = id.map(|id| format!("i{id}"));
        findings.push((rule.to_owned(), status.to_owned(), id));
    };
    let mut by_id: BTreeMap<u8, Vec<Value>> = BTreeMap::new();
    for customer in customers {
        if let Some(id) = customer.id {
            by_id.entry(id).or_default().push(customer.json());
        }
    }
    for (id, copies) in by_id.into_iter().filter(|(_, copies)| copies.len() > 1) {
        find("unique", true, Some(id));
        let agree = copies.iter().all(|copy| *copy == copies[0]);
        find(if agree { "agree" } else { "differ" }, true, Some(id));
    }
    for contact in 0..4 {
        let with = customers.iter().enumerate().filter(|(_, customer)| {
            customer.contact == Ok(Some(contact)) && customer.deleted != Some(true)
        });
        let with: Vec<_> = with.collect();
        let certain = with
            .iter()
            .filter(|(_, customer)| customer.deleted.is_some());
        let certain: BTreeSet<_> = certain.map(|(number, one)| one.who(*number)).collect();
        let all: BTreeSet<_> = with.iter().map(|(number, one)| one.who(*number)).collect();
        for who in all.iter().filter(|_| all.len() > 2) {
            let fails = certain.len() > 2 && certain.contains(who);
            find("shared", fails, who.0);
        }
    }
    for customer in customers {
        if customer.contact == Err(()) && customer.deleted != Some(true) {
            find("shared", false, customer.id);
        }
    }
    let count = |of: &dyn Fn(&Customer) -> bool| customers.iter().filter(|one| of(one)).count();
    let (pass, unread) = (
        count(&|one| one.mfa == Some(true)),
        count(&|one| one.mfa.is_none()),
    );
    let reached = |some: usize| some * 100 >= customers.len() * 60;
    if !reached(pass) && !customers.is_empty() {
        find("rate", !reached(pass + unread), None);
    }
    let (certain, unread) = (
        count(&|one| one.pci == Some(true)),
        count(&|one| one.pci.is_none()),
    );
    if certain < 5 {
        find("many", certain + unread < 5, None);
    }
    // What lies more than a day ahead of the audit is no change.
    let is_fresh = |one: &Customer| one.updated.is_some_and(|day| (10..=21).contains(&day));
    if count(&is_fresh) == 0 && !customers.is_empty() {
        find("fresh", count(&|one| one.updated.is_none()) == 0, None);
    }
    findings.sort();
    findings
}

/// The findings that the program reports, and all that it prints.
fn reported(lines: &str, window: usize, threads: usize) -> (Vec<Finding>, String) {
    let workspace = Workspace::with_policy(POLICY);
    workspace.write("e.ndjson", lines);
    let (window, threads) = (window.to_string(), threads.to_string());
    let options = [
        ["-f", "ndjson"],
        ["--as-of", "2026-01-20T00:00:00Z"],
        ["--window-bytes", &window],
        ["-j", &threads],
    ];
    let run = workspace.audit(&["e.ndjson"], options.as_flattened());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lines = run.lines().into_iter();
    let mut findings: Vec<_> = lines
        .filter(|line| line["rule"].is_string() && line["rule"] != "mfa")
        .map(|line| {
            let (rule, status) = (text(&line["rule"]), text(&line["status"]));
            let customer = text(&line["customer_id"]);
            (rule.expect("text"), status.expect("text"), customer)
        })
        .collect();
    findings.sort();
    let folder = workspace.arg("");
    (findings, run.text().replace(&folder, ""))
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn rules_over_the_whole_export_find_what_they_ask_for(
        customers in prop::collection::vec(customer(), 0..40),
        window in 200..4000usize,
    ) {
        let lines: String = customers.iter().map(|one| format!("{}\n", one.json())).collect();
        let (findings, said) = reported(&lines, window, 1);
        prop_assert_eq!(findings, expected(&customers));
        let (_, again) = reported(&lines, 1 << 20, 3);
        prop_assert_eq!(said, again);
    }
}
