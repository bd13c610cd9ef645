//! Rules over all records together.

use serde_json::{Value as Json, json};

use super::{as_of, record};
use crate::reference::{Asked, Customer, Status, judge};

/// Who is found by one rule over all records, with a word for the status.
fn found(rule: &str, export: Json) -> Vec<String> {
    let text = format!(
        "[policy]\nid = 'p'\n[[rule]]\nid = 'mfa'\nseverity = 'low'\nrequire.force2fa = true\n\
         [[aggregate]]\nid = 'a'\nseverity = 'low'\n{rule}"
    );
    let records = export.as_array().unwrap().iter();
    let records = records.map(|json| record(json.clone())).collect();
    let verdict = judge(&[text], &[records], &Asked::at(as_of()));
    let each = verdict.over_all.into_iter().map(|one| {
        let who = match one.customer {
            Customer::Named(id) => id,
            Customer::Nameless => "-".to_owned(),
            Customer::Unreadable => "?".to_owned(),
        };
        let is_certain = one.status == Status::Fail;
        format!("{who}{}", if is_certain { "" } else { "?" })
    });
    each.collect()
}

#[test]
fn a_value_that_two_records_have_is_not_unique() {
    let export = json!([
        { "id": "a", "name": "x" },
        { "id": "b", "name": "x" },
        { "id": "c", "name": "X" },
        { "id": "d", "name": null },
        { "id": "e" },
        { "id": "f", "name": true },
    ]);
    assert_eq!(found("unique = 'name'", export.clone()), ["f?", "a", "b"]);
    let folded = "unique = { field = 'name', ignore-case = true }";
    assert_eq!(found(folded, export), ["f?", "a", "b", "c"]);
}

#[test]
fn copies_differ_or_agree_by_the_documented_fields() {
    let export = json!([
        { "id": "a", "hasPci": true, "seen": 1 },
        { "id": "a", "hasPci": true, "seen": 2 },
        { "id": "b", "hasPci": true },
        { "id": "b", "hasPci": false },
        { "id": "b", "hasPci": true },
        { "id": "c", "hasPci": true },
    ]);
    let copies = |word: &str| {
        let rule = format!("unique = {{ field = 'id', copies = '{word}' }}");
        found(&rule, export.clone())
    };
    assert_eq!(copies("any"), ["a", "a", "b", "b", "b"]);
    assert_eq!(copies("agree"), ["a", "a"]);
    assert_eq!(copies("differ"), ["b", "b", "b"]);
}

#[test]
fn a_value_is_shared_by_customers_and_not_by_records() {
    let rule = "shared = { field = 'ownerId', more-than = 1 }";
    let one = |id: &str, owner: &str| json!({ "id": id, "ownerId": owner });
    let twice = json!([one("a", "u"), one("a", "u"), one("b", "v")]);
    assert!(found(rule, twice).is_empty());
    let both = json!([one("a", "u"), one("b", "u"), one("c", "v")]);
    assert_eq!(found(rule, both), ["a", "b"]);
    let nameless = json!([one("a", "u"), { "ownerId": "u" }]);
    assert_eq!(found(rule, nameless), ["a", "-"]);
    let cased = "shared = { field = 'ownerId', more-than = 1, ignore-case = true }";
    let blanks = json!([
        one("a", " U"),
        one("b", "u\t"),
        one("c", "u u"),
        one("d", "u  u")
    ]);
    assert_eq!(found(cased, blanks), ["a", "b"]);
}

#[test]
fn a_record_that_may_count_leaves_open_who_shares_a_value() {
    let rule = "when.hasPci = true\nshared = { field = 'ownerId', more-than = 2 }";
    let one = |id: &str, pci: Json| json!({ "id": id, "ownerId": "u", "hasPci": pci });
    let export = |last: Json| json!([one("a", json!(true)), one("b", json!(true)), one("c", last)]);
    assert_eq!(found(rule, export(json!(true))), ["a", "b", "c"]);
    assert_eq!(found(rule, export(json!("?"))), ["a?", "b?", "c?"]);
    assert!(found(rule, export(json!(false))).is_empty());
}

#[test]
fn records_are_counted_where_the_rule_applies() {
    let rule = "when.hasPci = true\nrecords = { at-least = 2 }";
    let export = |second: Json| json!([{ "hasPci": true }, { "hasPci": second }]);
    assert!(found(rule, export(json!(true))).is_empty());
    assert_eq!(found(rule, export(json!("?"))), ["-?"]);
    assert_eq!(found(rule, export(json!(false))), ["-"]);
    assert_eq!(found("records = { at-least = 1 }", json!([])), ["-"]);
}

#[test]
fn a_share_of_those_who_were_judged_must_pass() {
    let rule = "pass-rate = { rule = 'mfa', at-least = '50%' }";
    let export = |flags: &[Json]| {
        let records = flags.iter().map(|flag| json!({ "force2fa": flag }));
        Json::from(records.collect::<Vec<_>>())
    };
    let (yes, no, bad) = (json!(true), json!(false), json!("?"));
    assert!(found(rule, export(&[yes.clone(), no.clone()])).is_empty());
    assert_eq!(
        found(rule, export(&[yes.clone(), no.clone(), bad.clone()])),
        ["-?"]
    );
    assert_eq!(found(rule, export(&[no.clone(), no, bad])), ["-"]);
    assert!(found(rule, export(&[])).is_empty());
}

#[test]
fn the_newest_time_lies_within_reach() {
    let rule = "newest = { field = 'updatedAt', within = '10d' }";
    let of = |time: &str| {
        found(
            rule,
            json!([{ "updatedAt": "2020-01-01" }, { "updatedAt": time }]),
        )
    };
    assert!(of("2026-11-13T00:00:00Z").is_empty());
    assert!(of("2026-11-24T00:00:00Z").is_empty());
    assert_eq!(of("2026-11-12T23:59:59Z"), ["-"]);
    assert_eq!(of("2026-11-24T00:00:01Z"), ["-"]);
    assert_eq!(of("lately"), ["-?"]);
    assert!(found(rule, json!([])).is_empty());
}
