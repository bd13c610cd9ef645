//! What holds between the report of a night and the one before it, whatever the nights
//! are: no model is needed to see that it is broken.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::program::is_whole;

fn list<'a>(report: &'a Value, name: &str) -> &'a [Value] {
    report[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The fingerprints of a list, save those of records without an id.
fn names(entries: &[Value]) -> Vec<&str> {
    let is_named = |one: &&Value| one["customer_id"].is_string() || one["record"].is_null();
    let names = entries.iter().filter(is_named);
    names
        .filter_map(|one| one["fingerprint"].as_str())
        .collect()
}

/// Adds what is broken.
pub fn hold(base: &Value, tonight: &Value, wrong: &mut Vec<String>) {
    each_is_in_one_list(base, tonight, wrong);
    counts_add_up(tonight, wrong);
    absence_is_never_fixed(tonight, wrong);
    a_whole_night_knows_all(base, tonight, wrong);
    what_is_open_says_the_same(base, tonight, wrong);
    in_last_nights_order(base, tonight, wrong);
}

/// Each fingerprint of last night's findings and carried ones is in one list tonight, and
/// nothing else is closed or carried.
fn each_is_in_one_list(base: &Value, tonight: &Value, wrong: &mut Vec<String>) {
    let unique = |name| {
        names(list(tonight, name))
            .into_iter()
            .collect::<BTreeSet<_>>()
    };
    let lists = [unique("findings"), unique("closed"), unique("carried")];
    let mut before = names(list(base, "findings"));
    before.extend(names(list(base, "carried")));
    let before: BTreeSet<&str> = before.into_iter().collect();
    for name in &before {
        let count = lists.iter().filter(|list| list.contains(name)).count();
        if count != 1 {
            wrong.push(format!("law: {name} is in {count} lists"));
        }
    }
    for name in lists[1]
        .union(&lists[2])
        .filter(|name| !before.contains(*name))
    {
        wrong.push(format!("law: {name} ended and was not there"));
    }
}

/// The counts of `summary.since` are those of the lists.
fn counts_add_up(tonight: &Value, wrong: &mut Vec<String>) {
    let mut counted: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, key) in [
        ("findings", "since"),
        ("closed", "state"),
        ("carried", "state"),
    ] {
        for entry in list(tonight, name) {
            let is_named = entry["customer_id"].is_string() || entry["record"].is_null();
            if let (true, Some(word), Some(fingerprint)) =
                (is_named, entry[key].as_str(), entry["fingerprint"].as_str())
            {
                let word = word.replace('-', "_");
                counted.entry(word).or_default().insert(fingerprint);
            }
        }
    }
    let since = &tonight["summary"]["since"];
    for word in [
        "new",
        "changed",
        "open",
        "fixed",
        "rule_changed",
        "left",
        "gone",
        "rule_removed",
        "unknown",
    ] {
        let count = counted.get(word).map_or(0, BTreeSet::len) as u64;
        let is_nameless = |one: &&Value| one["customer_id"].is_null() && one["record"].is_u64();
        let nameless = list(tonight, "findings").iter().filter(is_nameless);
        let nameless = nameless.filter(|one| one["since"] == word).count() as u64;
        let allowed = count..=count + nameless;
        if !since[word]
            .as_u64()
            .is_some_and(|said| allowed.contains(&said))
        {
            wrong.push(format!("law: {word} counts {}, lists {count}", since[word]));
        }
    }
}

/// What is fixed was judged: its rule has passes tonight.
fn absence_is_never_fixed(tonight: &Value, wrong: &mut Vec<String>) {
    let passes: BTreeMap<(&str, &str), u64> = list(&tonight["summary"], "by_rule")
        .iter()
        .filter_map(|rule| {
            let name = (rule["policy"].as_str()?, rule["rule"].as_str()?);
            Some((name, rule["pass"].as_u64()?))
        })
        .collect();
    let mut fixed: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let closed = list(tonight, "closed").iter();
    for entry in closed.filter(|entry| entry["state"] == "fixed") {
        if let (Some(policy), Some(rule)) = (entry["policy"].as_str(), entry["rule"].as_str()) {
            *fixed.entry((policy, rule)).or_default() += 1;
        }
    }
    // A rule over all records counts what it passes in a way of its own.
    let is_over_all = |(policy, rule): (&str, &str)| {
        let mut policies = list(tonight, "policies").iter();
        let found = policies.find(|one| one["id"] == policy);
        let mut rules = found.map(|one| list(one, "rules")).into_iter().flatten();
        rules.any(|one| one["id"] == rule && one["aggregate"].is_string())
    };
    for (rule, count) in fixed {
        let passes = passes.get(&rule).copied().unwrap_or(0);
        if count > passes && !is_over_all(rule) {
            wrong.push(format!("law: {rule:?} fixed {count}, passes {passes}"));
        }
    }
}

/// After a whole night with the same policies, rules and no fewer records, nothing is
/// unknown.
fn a_whole_night_knows_all(base: &Value, tonight: &Value, wrong: &mut Vec<String>) {
    let rules = |report: &Value| -> BTreeSet<String> {
        let policies = list(report, "policies").iter();
        let rules = policies.flat_map(|policy| {
            let rules = list(policy, "rules").iter();
            rules.map(|rule| format!("{} {} {}", policy["id"], rule["id"], rule["sha256"]))
        });
        rules.collect()
    };
    let asked = |report: &Value| list(&report["summary"], "by_rule").len();
    let carried = list(base, "carried").is_empty();
    let count = |report: &Value, name: &str| report["summary"][name].as_u64().unwrap_or(0);
    let shrank = |name| count(tonight, name) * 100 < count(base, name) * 80;
    let fewer = list(tonight, "exports").len() < list(base, "exports").len();
    let because = list(&tonight["summary"], "incomplete_because").iter();
    let is_blind = because.clone().any(|one| one["code"] == "field-missing");
    let has_nameless = list(&tonight["summary"], "anomalies")
        .iter()
        .any(|one| one.as_str().is_some_and(|text| text.contains("no id")));
    let empty = list(tonight, "exports")
        .iter()
        .any(|one| one["records"] == 0);
    let is_same = rules(base) == rules(tonight) && asked(base) == rules(base).len();
    let is_same = is_same && asked(tonight) == rules(tonight).len();
    let is_whole = is_whole(tonight) && !is_blind && !has_nameless && !empty;
    let is_whole = is_whole && !fewer && !shrank("records") && !shrank("in_scope");
    if is_same && is_whole && carried && !list(tonight, "carried").is_empty() {
        wrong.push("law: something is unknown after a whole night".to_owned());
    }
}

/// What is open says what it said last night, and what changed says something else.
fn what_is_open_says_the_same(base: &Value, tonight: &Value, wrong: &mut Vec<String>) {
    let mut before: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for entry in list(base, "findings").iter().chain(list(base, "carried")) {
        if let Some(name) = entry["fingerprint"].as_str() {
            before.entry(name).or_default().push(entry);
        }
    }
    let mut copies: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in list(tonight, "findings") {
        *copies
            .entry(entry["fingerprint"].as_str().unwrap_or_default())
            .or_default() += 1;
    }
    for entry in list(tonight, "findings") {
        let name = entry["fingerprint"].as_str().unwrap_or_default();
        let Some([earlier]) = before.get(name).map(Vec::as_slice) else {
            continue;
        };
        if copies[name] != 1 || !entry["customer_id"].is_string() {
            continue;
        }
        let keys = ["severity", "status", "reason", "evidence_digest"];
        let is_same = keys.iter().all(|key| entry[key] == earlier[key]);
        match entry["since"].as_str() {
            Some("open") if !is_same => wrong.push(format!("law: {name} is open, and changed")),
            Some("new") if entry["because"] != "waiver-ended" => {
                wrong.push(format!("law: {name} is new, and was there"));
            }
            _ => {}
        }
    }
}

/// Closed and carried entries are in last night's order.
fn in_last_nights_order(base: &Value, tonight: &Value, wrong: &mut Vec<String>) {
    let mut before = names(list(base, "findings"));
    before.extend(names(list(base, "carried")));
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, name) in before.into_iter().enumerate() {
        places.entry(name).or_insert(place);
    }
    for list_name in ["closed", "carried"] {
        // A customer may be there twice; the first place counts.
        let mut names = names(list(tonight, list_name));
        let mut met = BTreeSet::new();
        names.retain(|name| met.insert(*name));
        let order: Vec<_> = names.iter().filter_map(|name| places.get(name)).collect();
        if !order.is_sorted() {
            wrong.push(format!("law: {list_name} is not in last night's order"));
        }
    }
}
