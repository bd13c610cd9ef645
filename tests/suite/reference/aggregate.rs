//! Rules over all records together, each record looked at as often as needed.

use chrono::TimeDelta;
use toml::{Table, Value as Toml};

use super::check::other_field;
use super::field::FIELDS;
use super::logic::{Cause, Truth};
use super::policy::{Policy, string};
use super::reading::{Reading, Record, Value};
use super::time;
use super::{Customer, Status};

/// What is found, and of whom.
type Findings = Vec<(Status, Customer)>;

/// A record that may count.
#[derive(Clone, Copy)]
struct Counted<'a> {
    record: &'a Record,
    /// Whether it counts for certain.
    certain: bool,
}

/// A record with a value to compare.
struct Valued<'a> {
    counted: Counted<'a>,
    value: String,
    customer: Customer,
    /// Its place among the others.
    at: usize,
}

pub fn findings(policy: &Policy, rule: &Table, in_scope: &[&Record]) -> Findings {
    let counted: Vec<Counted> = in_scope
        .iter()
        .filter_map(|record| {
            let certain = match policy.applies(&policy.subject(record), rule) {
                Truth::True => true,
                Truth::Undecided(_) => false,
                Truth::False => return None,
            };
            Some(Counted { record, certain })
        })
        .collect();
    if let Some(unique) = rule.get("unique") {
        return values(policy, unique, &counted, is_copied);
    }
    if let Some(shared) = rule.get("shared") {
        return values(policy, shared, &counted, is_shared);
    }
    let status = if let Some(records) = rule.get("records") {
        let certain = counted.iter().filter(|one| one.certain).count();
        reached(certain, counted.len(), |count| {
            count as i64 >= records["at-least"].as_integer().unwrap()
        })
    } else if let Some(rate) = rule.get("pass-rate") {
        pass_rate(policy, rate.as_table().unwrap(), in_scope)
    } else {
        newest(policy, rule["newest"].as_table().unwrap(), &counted)
    };
    match status {
        Status::Fail | Status::Error => vec![(status, Customer::Nameless)],
        Status::Pass | Status::NotApplicable => Vec::new(),
    }
}

/// Whether enough is certain, or may be enough.
fn reached(certain: usize, possible: usize, is_enough: impl Fn(usize) -> bool) -> Status {
    match (is_enough(certain), is_enough(possible)) {
        (true, _) => Status::Pass,
        (false, true) => Status::Error,
        (false, false) => Status::Fail,
    }
}

fn pass_rate(policy: &Policy, rate: &Table, records: &[&Record]) -> Status {
    let rule = string(rate, "rule");
    let outcomes = records.iter().map(|record| policy.outcome(&rule, record));
    let outcomes: Vec<Status> = outcomes
        .filter(|status| *status != Status::NotApplicable)
        .collect();
    let count = |status| outcomes.iter().filter(|one| **one == status).count();
    if outcomes.is_empty() {
        return Status::NotApplicable;
    }
    let (pass, undecided) = (count(Status::Pass), count(Status::Error));
    let share = string(rate, "at-least");
    let share: usize = share.strip_suffix('%').unwrap().parse().unwrap();
    reached(pass, pass + undecided, |count| {
        count * 100 >= outcomes.len() * share
    })
}

/// What lies more than a day ahead of the audit is no change.
fn newest(policy: &Policy, newest: &Table, counted: &[Counted]) -> Status {
    let field = string(newest, "field");
    let read = |one: &Counted| policy.subject(one.record).read(&field);
    let is_fresh = |reading: &Reading| match reading {
        Ok(Value::Time(time)) => {
            let as_of = policy.subject(counted[0].record).as_of;
            let within = time::duration(newest["within"].as_str().unwrap());
            (as_of - within..=as_of + TimeDelta::days(1)).contains(time)
        }
        _ => false,
    };
    let readings: Vec<Reading> = counted.iter().map(read).collect();
    if readings.is_empty() {
        Status::NotApplicable
    } else if readings.iter().any(is_fresh) {
        Status::Pass
    } else if readings.iter().any(|one| matches!(one, Err(Cause::Bad(_)))) {
        Status::Error
    } else {
        Status::Fail
    }
}

/// Findings of a rule about the values of a field. One that cannot be read is
/// undecided; the others are asked, each among those of the same value.
fn values(
    policy: &Policy,
    asked: &Toml,
    counted: &[Counted],
    decide: impl Fn(&Policy, &Valued, &[&Valued], &Toml) -> Option<Status>,
) -> Findings {
    let mut findings = Vec::new();
    let mut valued: Vec<Valued> = Vec::new();
    for (at, counted) in counted.iter().enumerate() {
        let customer = policy.customer(counted.record);
        match policy.subject(counted.record).read(other_field(asked)) {
            Ok(Value::Text(text)) => valued.push(Valued {
                counted: *counted,
                value: compared(&text, asked),
                customer,
                at,
            }),
            Ok(other) => panic!("{other:?} is no text"),
            Err(Cause::Absent(_)) => {}
            Err(Cause::Bad(_)) => findings.push((Status::Error, customer)),
        }
    }
    for one in &valued {
        let same = valued.iter().filter(|other| other.value == one.value);
        let same: Vec<&Valued> = same.collect();
        // A customer has one finding of a value, the worst of its records.
        let mine = same.iter().filter(|other| is_same(one, other));
        let mine = mine.filter_map(|one| decide(policy, one, &same, asked));
        let worst = mine.min_by_key(|status| *status != Status::Fail);
        findings.extend(worst.map(|status| (status, one.customer.clone())));
    }
    findings
}

/// With `ignore-case`, case and outer blanks do not count.
fn compared(text: &str, asked: &Toml) -> String {
    match asked.get("ignore-case").and_then(Toml::as_bool) {
        Some(true) => text.trim().to_lowercase(),
        Some(false) | None => text.to_owned(),
    }
}

/// Whether the value of a record is that of another too, whose contents differ
/// or agree, if the rule asks for one of these.
fn is_copied(policy: &Policy, one: &Valued, same: &[&Valued], asked: &Toml) -> Option<Status> {
    let copies = asked
        .get("copies")
        .map_or("any", |word| word.as_str().unwrap());
    let agrees = |other: &&&Valued| contents(policy, other) == contents(policy, one);
    let is_meant = |group: &[&Valued]| {
        let agree = group.iter().all(|other| agrees(&other));
        group.len() > 1
            && match copies {
                "any" => true,
                "differ" => !agree,
                "agree" => agree,
                other => panic!("no copies are called `{other}`"),
            }
    };
    let certain: Vec<&Valued> = same
        .iter()
        .filter(|one| one.counted.certain)
        .copied()
        .collect();
    let certainly = one.counted.certain && is_meant(&certain);
    match copies {
        // That all agree is certain where those that may count do too.
        "agree" => {
            let agreeing: Vec<&Valued> = same.iter().filter(agrees).copied().collect();
            let possible = agreeing.len() > 1 && certain.iter().all(|other| agrees(&other));
            match (certainly && is_meant(same), possible) {
                (true, _) => Some(Status::Fail),
                (false, true) => Some(Status::Error),
                (false, false) => None,
            }
        }
        _ if certainly => Some(Status::Fail),
        _ => is_meant(same).then_some(Status::Error),
    }
}

/// What a record says in the documented fields.
fn contents(policy: &Policy, one: &Valued) -> Vec<Reading> {
    let subject = policy.subject(one.counted.record);
    FIELDS.iter().map(|(name, _)| subject.read(name)).collect()
}

/// Whether the value of a record is that of more customers than may have it.
fn is_shared(_: &Policy, one: &Valued, same: &[&Valued], asked: &Toml) -> Option<Status> {
    let most = asked["more-than"].as_integer().unwrap();
    let is_much = |group: &[&Valued]| customers(group) as i64 > most;
    let certain = same.iter().filter(|one| one.counted.certain);
    let certain: Vec<&Valued> = certain.copied().collect();
    if one.counted.certain && is_much(&certain) {
        return Some(Status::Fail);
    }
    is_much(same).then_some(Status::Error)
}

/// A record without an id is of a customer of its own.
fn is_same(one: &Valued, other: &Valued) -> bool {
    match &one.customer {
        Customer::Named(_) => one.customer == other.customer,
        Customer::Nameless | Customer::Unreadable => one.at == other.at,
    }
}

fn customers(group: &[&Valued]) -> usize {
    let is_first =
        |(at, one): &(usize, &&Valued)| !group[..*at].iter().any(|other| is_same(one, other));
    group.iter().enumerate().filter(is_first).count()
}
