//! Random lives: customers, rules, policies and waivers that come, change and go over some
//! nights, of which some are damaged. Each night the program is held to the model.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::Config;

use super::model::Mode;
use super::program::{Chain, has, keeps_a_history};
use super::world::{
    Aggregate, Ask, Customer, Export, Flag, Holds, Line, Night, Options, Policy, Require, Rule,
    Severity, Waiver, day,
};

/// Sequences that are tried, unless `PROPTEST_CASES` says another number.
const LIVES: u32 = 64;

/// The customers that there may be.
const IDS: u8 = 8;

const PLANS: [&str; 3] = ["gold", "tin", "ore"];

/// What changes from one night on.
#[derive(Clone, Debug)]
enum Change {
    /// Somebody comes, with this in the flags, new or from elsewhere.
    Come(u8, Flag, bool),
    Go(u8),
    Mfa(u8, Flag),
    Sso(u8, Flag),
    Pci(u8, Flag),
    Panel(u8, Flag),
    Plan(u8, Option<&'static str>),
    Contact(u8, Option<u8>),
    /// A record is there twice, as it is or with another value, in this export.
    Twice(u8, Option<Flag>, usize),
    Once(u8),
    Nameless(Flag),
    NobodyNameless,
    Move(u8, usize),
    Exports(usize),
    AddRule(bool, u8, Severity),
    RemoveRule(bool, u8),
    Severity(bool, u8, Severity),
    Ask(bool, u8, Require),
    OnlyPci(bool, u8),
    Absence(bool, u8),
    Scope(bool),
    Aggregate(Ask),
    NoAggregates,
    Skip(bool, u8),
    SkipNothing,
    /// The first policy is in the run, not in it, or replaced by another.
    First(First),
    Waive(bool, u8, u8, Holds, u64),
    Waivers(bool),
    EndWaiver(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    InRun,
    NotInRun,
    Replaced,
}

/// What is wrong with one night.
#[derive(Clone, Debug)]
enum Damage {
    Nothing,
    Rejects(u8),
    RejectsMore,
    Cut,
    NoRecords,
    NoRecordsIn(usize),
    Half,
    Doubled,
    Unread(u8),
}

/// A night of a life.
#[derive(Clone, Debug)]
struct Turn {
    changes: Vec<Change>,
    damage: Damage,
    days: u64,
    options: Options,
    is_lost: bool,
    is_again: bool,
}

fn flag() -> impl Strategy<Value = Flag> {
    prop_oneof![
        5 => Just(Flag::True),
        5 => Just(Flag::False),
        1 => Just(Flag::Missing),
        1 => Just(Flag::Null),
        1 => Just(Flag::Empty),
        1 => Just(Flag::Bad),
    ]
}

fn severity() -> impl Strategy<Value = Severity> {
    select(Severity::ALL.to_vec())
}

fn require() -> impl Strategy<Value = Require> {
    prop_oneof![
        Just(Require::Mfa),
        Just(Require::Sso),
        Just(Require::Plan("gold".to_owned())),
        Just(Require::Plan("tin".to_owned())),
    ]
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::Unique),
        (1..3usize).prop_map(Ask::Shared),
        (30..100usize).prop_map(|percent| Ask::PassRate(String::new(), percent)),
        (1..9usize).prop_map(Ask::Records),
    ]
}

fn holds() -> impl Strategy<Value = Holds> {
    prop_oneof![
        Just(Holds::AnyValue),
        any::<bool>().prop_map(Holds::Flag),
        select(PLANS.to_vec()).prop_map(|plan| Holds::Plan(plan.to_owned())),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let id = || 0..IDS;
    let customers = prop_oneof![
        4 => (id(), flag(), any::<bool>()).prop_map(|(id, flag, new)| Change::Come(id, flag, new)),
        4 => id().prop_map(Change::Go),
        6 => (id(), flag()).prop_map(|(id, flag)| Change::Mfa(id, flag)),
        2 => (id(), flag()).prop_map(|(id, flag)| Change::Sso(id, flag)),
        2 => (id(), flag()).prop_map(|(id, flag)| Change::Pci(id, flag)),
        3 => (id(), flag()).prop_map(|(id, flag)| Change::Panel(id, flag)),
        2 => (id(), prop::option::of(select(PLANS.to_vec())))
            .prop_map(|(id, plan)| Change::Plan(id, plan)),
        2 => (id(), prop::option::of(0..3u8)).prop_map(|(id, who)| Change::Contact(id, who)),
        2 => (id(), prop::option::of(flag()), 0..2usize)
            .prop_map(|(id, flag, export)| Change::Twice(id, flag, export)),
        2 => id().prop_map(Change::Once),
        1 => flag().prop_map(Change::Nameless),
        2 => Just(Change::NobodyNameless),
        1 => (id(), 0..2usize).prop_map(|(id, export)| Change::Move(id, export)),
        1 => (1..3usize).prop_map(Change::Exports),
    ];
    let rule = || (any::<bool>(), 0..3u8);
    let rules = prop_oneof![
        2 => (rule(), severity()).prop_map(|((first, n), how)| Change::AddRule(first, n, how)),
        1 => rule().prop_map(|(first, n)| Change::RemoveRule(first, n)),
        2 => (rule(), severity()).prop_map(|((first, n), how)| Change::Severity(first, n, how)),
        2 => (rule(), require()).prop_map(|((first, n), what)| Change::Ask(first, n, what)),
        1 => rule().prop_map(|(first, n)| Change::OnlyPci(first, n)),
        1 => rule().prop_map(|(first, n)| Change::Absence(first, n)),
        1 => any::<bool>().prop_map(Change::Scope),
        2 => ask().prop_map(Change::Aggregate),
        1 => Just(Change::NoAggregates),
        1 => rule().prop_map(|(first, n)| Change::Skip(first, n)),
        2 => Just(Change::SkipNothing),
        2 => select(vec![First::InRun, First::InRun, First::NotInRun, First::Replaced])
            .prop_map(Change::First),
    ];
    let waivers = prop_oneof![
        5 => (rule(), id(), holds(), 1..20u64).prop_map(|((first, n), id, holds, days)| {
            Change::Waive(first, n, id, holds, days)
        }),
        1 => any::<bool>().prop_map(Change::Waivers),
        1 => (0..4u8).prop_map(Change::EndWaiver),
    ];
    prop_oneof![6 => customers, 2 => rules, 2 => waivers]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        12 => Just(Damage::Nothing),
        2 => (0..IDS).prop_map(Damage::Rejects),
        1 => Just(Damage::RejectsMore),
        1 => Just(Damage::Cut),
        1 => Just(Damage::NoRecords),
        1 => (0..2usize).prop_map(Damage::NoRecordsIn),
        1 => Just(Damage::Half),
        1 => Just(Damage::Doubled),
        2 => (0..IDS).prop_map(Damage::Unread),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    let rarely = |thousandths: f64| prop::bool::weighted(thousandths);
    (
        prop::option::weighted(0.3, prop::option::of(severity())),
        prop::option::weighted(0.4, severity()),
        rarely(0.2),
        rarely(0.3),
        rarely(0.3),
    )
        .prop_map(
            |(fail_on, fail_on_new, overdue, undecided, allow_empty)| Options {
                // What a deadline alone makes of the severity is for the cases to say.
                fail_on: fail_on.or(overdue.then_some(Some(Severity::Critical))),
                fail_on_new,
                fail_on_overdue: overdue,
                undecided_is_finding: undecided,
                allow_empty,
                deadlines: Vec::new(),
            },
        )
}

fn turn() -> impl Strategy<Value = Turn> {
    (
        prop::collection::vec(change(), 0..6),
        damage(),
        1..9u64,
        options(),
        prop::bool::weighted(0.05),
        prop::bool::weighted(0.15),
    )
        .prop_map(|(changes, damage, days, options, is_lost, is_again)| Turn {
            changes,
            damage,
            days,
            options,
            is_lost,
            is_again,
        })
}

/// A life as it is now.
struct World {
    day: u64,
    /// Each record, and the export that it is in.
    records: Vec<(usize, Customer)>,
    exports: usize,
    /// One that comes and goes, the one that replaces it, and one that is in every run.
    policies: [Policy; 3],
    first: First,
    skip: Vec<(bool, String)>,
    waivers: Option<Vec<Waiver>>,
    waived: usize,
}

fn id_of(number: u8) -> String {
    format!("c{number}")
}

fn rule_id(number: u8) -> String {
    format!("r{number}")
}

impl World {
    fn new() -> Self {
        let rule = |number, require| Rule::new(&rule_id(number), Severity::High, require);
        let mut replacing = Policy::new("r", vec![rule(0, Require::Mfa)]);
        replacing.replaces.push("p".to_owned());
        let records = (0..5).map(|number| {
            let mut customer = Customer::sound(Some(&id_of(number)));
            if number < 2 {
                customer.mfa = Flag::False;
            }
            (usize::from(number % 2), customer)
        });
        Self {
            day: 0,
            records: records.collect(),
            exports: 2,
            policies: [
                Policy::new("p", vec![rule(0, Require::Mfa), rule(1, Require::Sso)]),
                replacing,
                Policy::new("q", vec![rule(0, Require::Mfa)]),
            ],
            first: First::InRun,
            skip: Vec::new(),
            waivers: None,
            waived: 0,
        }
    }

    fn policy(&mut self, is_first: bool) -> &mut Policy {
        let place = match (is_first, self.first) {
            (true, First::Replaced) => 1,
            (true, First::InRun | First::NotInRun) => 0,
            (false, _) => 2,
        };
        &mut self.policies[place]
    }

    fn rule(&mut self, is_first: bool, number: u8) -> Option<&mut Rule> {
        let id = rule_id(number);
        let mut rules = self.policy(is_first).rules.iter_mut();
        rules.find(|rule| rule.id == id)
    }

    /// Changes every record of a customer.
    fn each(&mut self, number: u8, change: impl Fn(&mut Customer)) {
        let id = Some(id_of(number));
        let records = self.records.iter_mut().map(|(_, customer)| customer);
        records.filter(|one| one.id == id).for_each(change);
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Come(number, flag, is_new) => {
                let mut customer = Customer::sound(Some(&id_of(number)));
                customer.mfa = flag;
                customer.created = Some(day(if is_new { self.day } else { 0 }));
                let is_there = self.records.iter().any(|(_, one)| one.id == customer.id);
                if !is_there {
                    self.records.push((usize::from(number % 2), customer));
                }
            }
            Change::Go(number) => {
                let id = Some(id_of(number));
                self.records.retain(|(_, one)| one.id != id);
            }
            Change::Mfa(number, flag) => self.each(number, |one| one.mfa = flag),
            Change::Sso(number, flag) => self.each(number, |one| one.sso = flag),
            Change::Pci(number, flag) => self.each(number, |one| one.pci = flag),
            Change::Panel(number, flag) => self.each(number, |one| one.panel = flag),
            Change::Plan(number, plan) => {
                self.each(number, |one| one.plan = plan.map(str::to_owned));
            }
            Change::Contact(number, who) => {
                self.each(number, |one| one.contact = who.map(|who| format!("s{who}")));
            }
            Change::Twice(number, flag, export) => {
                let id = Some(id_of(number));
                let copy = self.records.iter().find(|(_, one)| one.id == id).cloned();
                if let Some((_, mut copy)) = copy {
                    copy.mfa = flag.unwrap_or(copy.mfa);
                    self.records.push((export, copy));
                }
            }
            Change::Once(number) => {
                let id = Some(id_of(number));
                let mut met = false;
                self.records.retain(|(_, one)| {
                    let is_copy = one.id == id && met;
                    met |= one.id == id;
                    !is_copy
                });
            }
            Change::Nameless(flag) => {
                let mut customer = Customer::sound(None);
                customer.mfa = flag;
                self.records.push((0, customer));
            }
            Change::NobodyNameless => self.records.retain(|(_, one)| one.id.is_some()),
            Change::Move(number, export) => {
                let id = Some(id_of(number));
                let records = self.records.iter_mut();
                for (place, _) in records.filter(|(_, one)| one.id == id) {
                    *place = export;
                }
            }
            Change::Exports(count) => self.exports = count,
            Change::AddRule(is_first, number, severity) => {
                if self.rule(is_first, number).is_none() {
                    let require = match number {
                        0 => Require::Mfa,
                        1 => Require::Sso,
                        _ => Require::Plan("gold".to_owned()),
                    };
                    let rule = Rule::new(&rule_id(number), severity, require);
                    self.policy(is_first).rules.push(rule);
                }
            }
            Change::RemoveRule(is_first, number) => self.remove_rule(is_first, &rule_id(number)),
            Change::Severity(is_first, number, severity) => {
                if let Some(rule) = self.rule(is_first, number) {
                    rule.severity = severity;
                }
            }
            Change::Ask(is_first, number, require) => {
                if let Some(rule) = self.rule(is_first, number) {
                    rule.require = require;
                }
            }
            Change::OnlyPci(is_first, number) => {
                if let Some(rule) = self.rule(is_first, number) {
                    rule.only_pci = !rule.only_pci;
                }
            }
            Change::Absence(is_first, number) => {
                if let Some(rule) = self.rule(is_first, number) {
                    rule.absence_passes = !rule.absence_passes;
                }
            }
            Change::Scope(is_first) => {
                let policy = self.policy(is_first);
                policy.scoped = !policy.scoped;
            }
            Change::Aggregate(ask) => self.aggregate(ask),
            Change::NoAggregates => self.policies[2].aggregates.clear(),
            Change::Skip(is_first, number) => {
                let skipped = (is_first, rule_id(number));
                if !self.skip.contains(&skipped) {
                    self.skip.push(skipped);
                }
            }
            Change::SkipNothing => self.skip.clear(),
            Change::First(first) => self.first = first,
            Change::Waive(is_first, number, customer, holds, days) => {
                self.waive(is_first, number, customer, holds, days);
            }
            Change::Waivers(is_there) => {
                self.waivers = is_there.then(|| self.waivers.take().unwrap_or_default());
            }
            Change::EndWaiver(place) => {
                if let Some(waivers) = &mut self.waivers
                    && !waivers.is_empty()
                {
                    waivers.remove(usize::from(place) % waivers.len());
                }
            }
        }
    }

    /// A policy keeps one rule, and what refers to a rule goes with it.
    fn remove_rule(&mut self, is_first: bool, id: &str) {
        let policy = self.policy(is_first);
        if policy.rules.len() > 1 {
            policy.rules.retain(|rule| rule.id != id);
            policy
                .aggregates
                .retain(|one| !matches!(&one.ask, Ask::PassRate(rule, _) if rule == id));
        }
    }

    fn aggregate(&mut self, ask: Ask) {
        let policy = &mut self.policies[2];
        let (id, ask) = match ask {
            Ask::Unique => ("unique", Ask::Unique),
            Ask::Shared(most) => ("shared", Ask::Shared(most)),
            Ask::PassRate(_, percent) => {
                ("rate", Ask::PassRate(policy.rules[0].id.clone(), percent))
            }
            Ask::Records(least) => ("records", Ask::Records(least)),
        };
        policy.aggregates.retain(|one| one.id != id);
        policy.aggregates.push(Aggregate {
            id: id.to_owned(),
            severity: Severity::Medium,
            ask,
        });
    }

    fn waive(&mut self, is_first: bool, number: u8, customer: u8, holds: Holds, days: u64) {
        let policy = self.policy(is_first).id.clone();
        let (rule, customer) = (rule_id(number), id_of(customer));
        let names = (&policy, &rule, &customer);
        let waivers = self.waivers.get_or_insert_default();
        let is_there = waivers
            .iter()
            .any(|one| (&one.policy, &one.rule, &one.customer) == names);
        if is_there {
            return;
        }
        self.waived += 1;
        waivers.push(Waiver {
            id: format!("W-{}", self.waived),
            policy,
            rule,
            customer,
            holds,
            approved: self.day,
            expires: self.day + days,
        });
    }

    /// The waivers that no rule of this run makes a mistake of.
    fn valid_waivers(&self, policies: &[Policy]) -> Option<Vec<Waiver>> {
        let mut waivers = self.waivers.clone()?;
        waivers.retain(|waiver| {
            let policy = policies.iter().find(|policy| policy.id == waiver.policy);
            let Some(policy) = policy else {
                return waiver.holds == Holds::AnyValue;
            };
            let rule = policy.rules.iter().find(|rule| rule.id == waiver.rule);
            rule.is_some_and(|rule| match (&waiver.holds, &rule.require) {
                (Holds::AnyValue, _) => true,
                (Holds::Flag(_), Require::Mfa | Require::Sso) => true,
                (Holds::Plan(_), Require::Plan(_)) => true,
                (Holds::Flag(_), Require::Plan(_)) => false,
                (Holds::Plan(_), Require::Mfa | Require::Sso) => false,
            })
        });
        Some(waivers)
    }

    fn night(&self, damage: &Damage, mut options: Options) -> Night {
        let [first, replacing, always] = &self.policies;
        let mut policies = match self.first {
            First::InRun => vec![first.clone()],
            First::NotInRun => Vec::new(),
            First::Replaced => vec![replacing.clone()],
        };
        policies.push(always.clone());
        let mut exports = vec![Export::default(); self.exports];
        for (place, customer) in &self.records {
            let line = Line::Record(customer.clone());
            exports[place % self.exports].lines.push(line);
        }
        damaged(&mut exports, damage);
        if has("--deadline") {
            options.deadlines = vec![(Severity::Critical, 2), (Severity::High, 7)];
        }
        Night {
            as_of: day(self.day),
            skip: self.skipped(&policies),
            waivers: self.valid_waivers(&policies).filter(|_| has("--waivers")),
            policies,
            exports,
            options,
        }
    }

    /// The rules left out that there are; not those that another refers to, nor all.
    fn skipped(&self, policies: &[Policy]) -> Vec<String> {
        let mut skipped: Vec<String> = Vec::new();
        for (is_first, rule) in &self.skip {
            let policy = match is_first {
                true => &policies[0],
                false => &policies[policies.len() - 1],
            };
            let refers = |one: &Aggregate| matches!(&one.ask, Ask::PassRate(to, _) if to == rule);
            let name = format!("{}/{rule}", policy.id);
            let is_another = !skipped.contains(&name);
            if policy.has(rule) && !policy.aggregates.iter().any(refers) && is_another {
                skipped.push(name);
            }
        }
        let count = |policy: &Policy| policy.rules.len() + policy.aggregates.len();
        let all: usize = policies.iter().map(count).sum();
        if skipped.len() >= all {
            skipped.pop();
        }
        skipped
    }
}

fn damaged(exports: &mut Vec<Export>, damage: &Damage) {
    let is_of = |line: &Line, number: u8| match line {
        Line::Record(customer) => customer.id == Some(id_of(number)),
        Line::Broken => false,
    };
    match damage {
        Damage::Nothing => {}
        Damage::Rejects(number) => {
            for export in exports {
                let lines = export.lines.iter_mut();
                for line in lines.filter(|line| is_of(line, *number)) {
                    *line = Line::Broken;
                }
            }
        }
        Damage::RejectsMore => exports[0].lines.push(Line::Broken),
        Damage::Cut => {
            let export = &mut exports[0];
            export.lines.pop();
            export.cut = !export.lines.is_empty();
        }
        Damage::NoRecords => {
            for export in exports {
                export.lines.clear();
            }
        }
        Damage::NoRecordsIn(place) => {
            let place = place % exports.len();
            exports[place].lines.clear();
        }
        Damage::Half => {
            for export in exports {
                export.lines.truncate(export.lines.len().div_ceil(2));
            }
        }
        Damage::Doubled => {
            let copies = exports.clone();
            exports.extend(copies);
        }
        // A value that cannot be read, for one night.
        Damage::Unread(number) => {
            for line in exports.iter_mut().flat_map(|export| &mut export.lines) {
                if let (true, Line::Record(customer)) = (is_of(line, *number), line) {
                    customer.mfa = Flag::Bad;
                }
            }
        }
    }
}

/// Lives through all nights.
fn live(turns: Vec<Turn>, mode: Mode) -> Result<(), String> {
    let mut world = World::new();
    let mut chain = Chain::new(mode);
    for (place, turn) in turns.into_iter().enumerate() {
        world.day += turn.days;
        for change in turn.changes {
            world.change(change);
        }
        if turn.is_lost && place > 0 {
            chain.lose();
        }
        let night = world.night(&turn.damage, turn.options);
        chain.night(&night)?;
        if turn.is_again && mode == Mode::History {
            chain.again(&night, false)?;
        }
    }
    Ok(())
}

/// The sequences that are tried.
fn config() -> Config {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = LIVES;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_chain_of_reports_says_what_the_model_says(turns in prop::collection::vec(turn(), 2..9)) {
        if has("--since") {
            live(turns, Mode::Since).map_err(TestCaseError::fail)?;
        }
    }

    #[test]
    fn a_history_says_what_the_model_says(turns in prop::collection::vec(turn(), 2..9)) {
        if keeps_a_history() {
            live(turns, Mode::History).map_err(TestCaseError::fail)?;
        }
    }
}
