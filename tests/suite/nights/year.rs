//! The first nights of a year of two thousand customers, as the generator writes them.

use serde_json::Value;
use toml::Table;

use super::generate::customer::Mix;
use super::generate::shape::{Shape, Spelling, Writer};
use super::generate::year::{self, Event};
use super::model::Mode;
use super::program::{Chain, keeps_a_history};
use super::world::{
    Aggregate, Ask, Customer, Export, Flag, Line, Night, Options, Policy, Require, Rule, Severity,
    day,
};

const CUSTOMERS: u64 = 2000;
const NIGHTS: u32 = 60;

const MIX: Mix = Mix {
    seed: 1,
    hostile: false,
    plain: true,
    damaged: false,
};

fn flag(record: &Value, key: &str) -> Flag {
    match record.get(key) {
        None => Flag::Missing,
        Some(Value::Null) => Flag::Null,
        Some(Value::Bool(true)) => Flag::True,
        Some(Value::Bool(false)) => Flag::False,
        Some(other) => panic!("{key} is {other}"),
    }
}

fn line(text: &str) -> Line {
    let Ok(record) = serde_json::from_str::<Value>(text) else {
        return Line::Broken;
    };
    let words = |key: &str| record[key].as_str().map(str::to_owned);
    Line::Record(Customer {
        id: words("id"),
        mfa: flag(&record, "force_2fa"),
        sso: flag(&record, "force_sso"),
        pci: flag(&record, "has_pci"),
        panel: flag(&record, "has_account_panel"),
        plan: words("pricing_plan"),
        contact: None,
        created: None,
    })
}

/// The two files of a night, or the one that arrives.
fn exports(night: u32) -> Vec<Export> {
    let writer = Writer::new(Shape::Ndjson, Spelling::Snake);
    let mut files = vec![Vec::new(), Vec::new()];
    year::customers(MIX, CUSTOMERS, night, |index, customer| {
        writer.record(&mut files[(index % 2) as usize], index, customer);
    });
    if year::happens(night, Event::FileLost) {
        files.pop();
    }
    let texts = files.into_iter().map(|lines| {
        let lines = year::deliver(night, lines);
        String::from_utf8_lossy(&lines).into_owned()
    });
    let exports = texts.map(|text| Export {
        lines: text.lines().map(line).collect(),
        cut: false,
        written: Some(text),
    });
    exports.collect()
}

/// Reads the policy of a night, which speaks the small language of the model.
fn policy(text: &str) -> Policy {
    let table: Table = text.parse().unwrap();
    let head = table["policy"].as_table().unwrap();
    let list = |name: &str| table[name].as_array().unwrap().iter();
    let word = |rule: &toml::Value, key: &str| rule[key].as_str().unwrap().to_owned();
    let severity = |rule: &toml::Value| {
        let mut all = Severity::ALL.into_iter();
        all.find(|severity| severity.word() == word(rule, "severity"))
            .unwrap()
    };
    let rules = list("rule").map(|rule| {
        let (field, wanted) = rule["require"].as_table().unwrap().iter().next().unwrap();
        let require = match (field.as_str(), wanted.as_str()) {
            ("force2fa", None) => Require::Mfa,
            ("forceSso", None) => Require::Sso,
            ("pricingPlan", Some(plan)) => Require::Plan(plan.to_owned()),
            other => panic!("the model does not know {other:?}"),
        };
        let mut one = Rule::new(&word(rule, "id"), severity(rule), require);
        one.only_pci = rule.get("when").is_some();
        one
    });
    let mut policy = Policy::new(head["id"].as_str().unwrap(), rules.collect());
    policy.scoped = head.get("scope").is_some();
    let aggregates = list("aggregate").map(|rule| {
        let rate = &rule["pass-rate"];
        let percent = word(rate, "at-least");
        let percent = percent.trim_end_matches('%').parse().unwrap();
        Aggregate {
            id: word(rule, "id"),
            severity: severity(rule),
            ask: Ask::PassRate(word(rate, "rule"), percent),
        }
    });
    policy.aggregates = aggregates.collect();
    // Nothing is lost on the way to the model.
    let again: Table = policy.text().parse().unwrap();
    assert_eq!(again, table);
    policy
}

#[test]
fn sixty_nights_of_two_thousand_customers_are_what_the_model_says() {
    if !keeps_a_history() {
        return;
    }
    let mut chain = Chain::new(Mode::History);
    let mut met = std::collections::BTreeSet::new();
    for number in 0..NIGHTS {
        let night = Night {
            as_of: day(u64::from(number)),
            policies: vec![policy(year::policy(number))],
            exports: exports(number),
            skip: Vec::new(),
            waivers: None,
            options: Options {
                fail_on_new: Some(Severity::Critical),
                deadlines: vec![(Severity::Critical, 7), (Severity::Low, 30)],
                ..Options::default()
            },
        };
        let done = chain.night(&night);
        let done = done.unwrap_or_else(|wrong| {
            let shown: String = wrong.chars().take(4000).collect();
            panic!("night {number}: {shown}")
        });
        let since = done.report["summary"]["since"].as_object().unwrap();
        let counted = since.iter().filter(|(_, count)| **count != 0);
        met.extend(counted.map(|(name, _)| name.clone()));
    }
    // Within these nights, all that can become of a finding does.
    assert_eq!(met.len(), 10, "{met:?}");
}
