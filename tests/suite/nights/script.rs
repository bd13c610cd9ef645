//! Nights as a line of text each, for tables of cases.
//!
//! A night is words between blanks. `a=f` is customer `a`, whose `force2fa` is false (`t`
//! true, `m` missing, `n` null, `e` empty, `?` bad), more fields after commas; `_=f` is a
//! record without an id, `!` one that is rejected. What else there is, the code says.
//! Unless a word changes it, the only policy is `p` with the rule `mfa`, high, and the
//! night is the day of its place in the list.

use std::collections::BTreeSet;

use serde_json::Value;

use super::judge::Verdict;
use super::model::{Key, Told};
use super::program::key;
use super::world::{
    Aggregate, Ask, Customer, Export, Flag, Holds, Instant, Line, Night, Options, Policy, Require,
    Rule, Severity, Waiver, day,
};

/// A night, and what is done about it.
pub struct Step {
    pub night: Night,
    /// All that is remembered is lost before it.
    pub is_lost: bool,
    /// It is run a second time.
    pub is_again: bool,
}

fn severity(word: &str) -> Severity {
    let mut all = Severity::ALL.into_iter();
    all.find(|severity| severity.word() == word).unwrap()
}

fn flag(word: &str) -> Flag {
    match word {
        "t" => Flag::True,
        "f" => Flag::False,
        "m" => Flag::Missing,
        "n" => Flag::Null,
        "e" => Flag::Empty,
        "?" => Flag::Bad,
        other => panic!("no flag is `{other}`"),
    }
}

fn customer(id: &str, fields: &str) -> Customer {
    let mut one = Customer::sound((id != "_").then_some(id));
    for (place, field) in fields.split(',').enumerate() {
        let (name, value) = field.split_once('=').unwrap_or(("mfa", field));
        match name {
            "mfa" if place == 0 => one.mfa = flag(value),
            "sso" => one.sso = flag(value),
            "pci" => one.pci = flag(value),
            "panel" => one.panel = flag(value),
            "plan" => one.plan = Some(value.to_owned()),
            "contact" => one.contact = Some(value.to_owned()),
            "born" => one.created = Some(day(value.parse().unwrap())),
            other => panic!("no field is `{other}`"),
        }
    }
    one
}

fn rule<'a>(policies: &'a mut [Policy], id: &str) -> &'a mut Rule {
    let mut rules = policies[0].rules.iter_mut();
    rules.find(|rule| rule.id == id).unwrap()
}

fn require(name: &str) -> Require {
    match name {
        "mfa" => Require::Mfa,
        "sso" => Require::Sso,
        plan => Require::Plan(plan.to_owned()),
    }
}

/// Reads a night.
pub fn step(text: &str, place: usize) -> Step {
    let mfa = || vec![Rule::new("mfa", Severity::High, Require::Mfa)];
    let mut night = Night {
        as_of: day(place as u64),
        policies: vec![Policy::new("p", mfa())],
        exports: vec![Export::default()],
        skip: Vec::new(),
        waivers: None,
        options: Options::default(),
    };
    let (mut is_lost, mut is_again, mut without_p) = (false, false, false);
    for word in text.split_whitespace() {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        let number = || value.parse::<usize>().unwrap();
        let mut aggregate = |id: &str, ask| {
            let aggregates = &mut night.policies[0].aggregates;
            aggregates.push(Aggregate {
                id: id.to_owned(),
                severity: Severity::Medium,
                ask,
            });
        };
        match name {
            "lost" => is_lost = true,
            "again" => is_again = true,
            "day" => night.as_of = day(value.parse().unwrap()),
            "nothing" => {}
            "/" => night.exports.push(Export::default()),
            "cut" => night.exports.last_mut().unwrap().cut = true,
            "!" => night.exports.last_mut().unwrap().lines.push(Line::Broken),
            "rule" => {
                let (id, severe) = value.split_once('=').unwrap();
                let rules = &mut night.policies[0].rules;
                rules.retain(|rule| rule.id != id);
                rules.push(Rule::new(id, severity(severe), require(id)));
            }
            "no-rule" => night.policies[0].rules.retain(|rule| rule.id != value),
            "ask" => {
                let (id, asked) = value.split_once('=').unwrap();
                rule(&mut night.policies, id).require = require(asked);
            }
            "only-pci" => rule(&mut night.policies, value).only_pci = true,
            "absence-passes" => rule(&mut night.policies, value).absence_passes = true,
            "scope" => night.policies[0].scoped = true,
            "unique" => aggregate("unique", Ask::Unique),
            "shared" => aggregate("shared", Ask::Shared(number())),
            "rate" => aggregate("rate", Ask::PassRate("mfa".to_owned(), number())),
            "records" => aggregate("records", Ask::Records(number())),
            "q" => {
                let mut policy = Policy::new("q", mfa());
                if value == "replaces-p" {
                    policy.replaces.push("p".to_owned());
                }
                night.policies.push(policy);
            }
            "without-p" => without_p = true,
            "skip" => night.skip.push(value.to_owned()),
            "no-waivers" => night.waivers = Some(Vec::new()),
            "waive" => {
                // CUSTOMER=VALUE@DAY: until the day, by waiver `W-CUSTOMER`
                let (id, rest) = value.split_once('=').unwrap();
                let (holds, expires) = rest.split_once('@').unwrap();
                night.waivers.get_or_insert_default().push(Waiver {
                    id: format!("W-{id}"),
                    policy: "p".to_owned(),
                    rule: "mfa".to_owned(),
                    customer: id.to_owned(),
                    holds: match holds {
                        "any" => Holds::AnyValue,
                        flag => Holds::Flag(flag == "t"),
                    },
                    approved: 0,
                    expires: expires.parse().unwrap(),
                });
            }
            "fail-on" => {
                night.options.fail_on = Some((value != "never").then(|| severity(value)));
            }
            "fail-on-new" => night.options.fail_on_new = Some(severity(value)),
            "fail-on-overdue" => night.options.fail_on_overdue = true,
            "undecided-is-finding" => night.options.undecided_is_finding = true,
            "allow-empty" => night.options.allow_empty = true,
            "deadline" => {
                let (severe, days) = value.split_once('=').unwrap();
                let deadline = (severity(severe), days.parse().unwrap());
                night.options.deadlines.push(deadline);
            }
            _ => {
                let (id, fields) = word.split_once('=').unwrap();
                let lines = &mut night.exports.last_mut().unwrap().lines;
                lines.push(Line::Record(customer(id, fields)));
            }
        }
    }
    if without_p {
        night.policies.remove(0);
    }
    Step {
        night,
        is_lost,
        is_again,
    }
}

/// The words for a finding: as short as they can be.
fn short((policy, rule, customer): &Key) -> String {
    let customer = customer.as_deref().unwrap_or("*");
    match (policy.as_str(), rule.as_str()) {
        ("p", "mfa") => customer.to_owned(),
        ("p", rule) => format!("{rule}/{customer}"),
        (policy, rule) => format!("{policy}/{rule}/{customer}"),
    }
}

fn state((since, because): (&str, Option<&str>), key: &str) -> String {
    match because {
        Some("first-run") => format!("first-run:{key}"),
        Some(because) => format!("{since}:{key}={because}"),
        None => format!("{since}:{key}"),
    }
}

fn days(instant: Instant) -> i64 {
    (instant - day(0)).num_days()
}

fn days_of(value: &Value) -> String {
    let instant = value.as_str().map(|text| text.parse::<Instant>().unwrap());
    instant.map_or("none".to_owned(), |instant| days(instant).to_string())
}

/// What was said of a night: the states, and what else there is to know.
#[derive(Default)]
pub struct Said {
    pub states: BTreeSet<String>,
    pub more: BTreeSet<String>,
}

impl Said {
    /// What the model says, where it has a choice what it would choose.
    pub fn by_model(told: &Told) -> Self {
        let mut said = Self::default();
        for (key, found) in &told.found {
            let (key, life) = (short(key), &found.life);
            said.states.insert(state(found.since[0].words(), &key));
            said.life(&key, life.first_seen, found.due[0], told.as_of);
            said.more
                .insert(format!("status:{key}={}", life.verdict.word()));
            if life.reopened {
                said.more.insert(format!("reopened:{key}"));
            }
        }
        for (key, ended) in &told.ended {
            let key = short(key);
            said.states
                .insert(format!("{}:{key}", ended.state[0].word()));
            said.life(&key, ended.life.first_seen, ended.due[0], told.as_of);
        }
        said.more.insert(format!("exit={}", told.exit[0]));
        said
    }

    fn life(&mut self, key: &str, first_seen: Instant, due: Option<Instant>, as_of: Instant) {
        self.more
            .insert(format!("first-seen:{key}={}", days(first_seen)));
        let due_words = due.map_or("none".to_owned(), |due| days(due).to_string());
        self.more.insert(format!("due:{key}={due_words}"));
        if due.is_some_and(|due| due <= as_of) {
            self.more.insert(format!("overdue:{key}"));
        }
    }

    /// What a report says.
    pub fn by_report(report: &Value, code: i32) -> Self {
        let mut said = Self::default();
        let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
        for entry in ["findings", "closed", "carried"].map(list).concat() {
            let Some(name) = key(&entry).map(|key| short(&key)) else {
                continue;
            };
            let word = |name: &str| entry[name].as_str();
            said.states.insert(match (word("state"), word("since")) {
                (Some(ended), _) => format!("{ended}:{name}"),
                (None, since) => state((since.unwrap_or("-"), word("because")), &name),
            });
            let more = &mut said.more;
            more.insert(format!(
                "first-seen:{name}={}",
                days_of(&entry["first_seen"])
            ));
            more.insert(format!("due:{name}={}", days_of(&entry["due"])));
            let as_of = report["as_of"].as_str().unwrap();
            if word("due").is_some_and(|due| due <= as_of) {
                more.insert(format!("overdue:{name}"));
            }
            if let Some(status) = word("status") {
                more.insert(format!("status:{name}={status}"));
            }
            if entry["reopened"] == true {
                more.insert(format!("reopened:{name}"));
            }
        }
        said.more.insert(format!("exit={code}"));
        said
    }

    /// What is otherwise than the words say: of the states all are named, of the rest some.
    pub fn differs(&self, wanted: &str) -> Option<String> {
        const MORE: [&str; 6] = [
            "exit",
            "first-seen:",
            "due:",
            "overdue:",
            "status:",
            "reopened:",
        ];
        let words = wanted.split_whitespace().map(str::to_owned);
        let (more, states): (BTreeSet<String>, BTreeSet<String>) =
            words.partition(|word| MORE.iter().any(|start| word.starts_with(start)));
        let lacks: Vec<_> = more.difference(&self.more).collect();
        (states != self.states || !lacks.is_empty()).then(|| {
            format!(
                "{:?}, not {states:?}; of {:?} it lacks {lacks:?}",
                self.states, self.more
            )
        })
    }
}

/// Facts of a night without a program: as many as tiny nights have.
pub fn facts(night: &Night, asked: &[super::judge::Asked], is_whole: bool) -> super::model::Facts {
    let is_in = |one: &&Customer| {
        let mut policies = night.policies.iter();
        policies.any(|policy| !policy.scoped || one.panel != Flag::False)
    };
    let verdicts = asked.iter().flat_map(|asked| &asked.judged);
    let mut verdicts = verdicts.map(|judged| judged.verdict);
    let undecided = verdicts.any(|verdict| verdict == Verdict::Error);
    super::model::Facts {
        is_complete: is_whole && (!undecided || night.options.undecided_is_finding),
        records: night.lines().count() as u64,
        in_scope: night.customers().filter(is_in).count() as u64,
        evidence: std::collections::BTreeMap::new(),
    }
}
