//! What the rules of a night make of its records: slow, plain, one after another.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Aggregate, Ask, Customer, Flag, Holds, Night, Policy, Require, Rule, Severity};

/// What came of a rule on a record; from the worst on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Fail,
    Error,
    Waived,
    Pass,
    NotApplicable,
    OutOfScope,
}

impl Verdict {
    pub fn is_finding(self) -> bool {
        self <= Verdict::Waived
    }

    /// The word of reports for a finding.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Fail => "fail",
            Verdict::Error => "error",
            Verdict::Waived => "waived",
            Verdict::Pass => "pass",
            Verdict::NotApplicable => "not-applicable",
            Verdict::OutOfScope => "out-of-scope",
        }
    }
}

/// A rule on one record.
#[derive(Clone, Debug)]
pub struct Judged {
    pub customer: Option<String>,
    pub verdict: Verdict,
    /// What was seen; of a rule over all records it is not modelled.
    pub seen: String,
    pub waiver: Option<String>,
    /// Whether it passes because a field is absent.
    pub by_absence: bool,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Record,
    /// A customer, seen among all others.
    Customer,
    /// All records at once.
    Whole,
}

/// A rule that was asked, and what came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub policy: String,
    pub rule: String,
    pub severity: Severity,
    /// Is the same for as long as the rule asks the same.
    pub digest: String,
    /// The digest of the rule that it refers to, which may or may not be part of its own.
    pub refers_to: Option<String>,
    pub about: About,
    /// Whether the field that it asks of is missing from every record.
    pub is_blind: bool,
    /// Whether that is so of the rule that it refers to.
    pub refers_to_blind: bool,
    /// One for each record; of a rule about the whole, one.
    pub judged: Vec<Judged>,
}

/// The digests of all rules of a policy, asked or left out.
pub fn digests(policy: &Policy) -> BTreeMap<String, String> {
    let rules = policy.rules.iter();
    let rules = rules.map(|rule| (rule.id.clone(), rule_digest(policy, rule)));
    let aggregates = policy.aggregates.iter();
    let aggregates = aggregates.map(|one| (one.id.clone(), aggregate_digest(policy, one)));
    rules.chain(aggregates).collect()
}

fn rule_digest(policy: &Policy, rule: &Rule) -> String {
    let Rule {
        id: _,
        severity: _,
        require,
        only_pci,
        absence_passes,
    } = rule;
    format!("{:?}", (policy.scoped, require, only_pci, absence_passes))
}

fn aggregate_digest(policy: &Policy, aggregate: &Aggregate) -> String {
    format!("{:?}", (policy.scoped, &aggregate.ask))
}

/// Asks all rules of a night.
pub fn judge(night: &Night) -> Vec<Asked> {
    let all: Vec<&Customer> = night.customers().collect();
    let mut asked = Vec::new();
    for policy in &night.policies {
        for rule in &policy.rules {
            if !night.skips(&policy.id, &rule.id) {
                asked.push(ask(night, policy, rule, &all));
            }
        }
        for aggregate in &policy.aggregates {
            if !night.skips(&policy.id, &aggregate.id) {
                asked.push(ask_of_all(night, policy, aggregate, &all));
            }
        }
    }
    asked
}

fn ask(night: &Night, policy: &Policy, rule: &Rule, all: &[&Customer]) -> Asked {
    Asked {
        policy: policy.id.clone(),
        rule: rule.id.clone(),
        severity: rule.severity,
        digest: rule_digest(policy, rule),
        refers_to: None,
        about: About::Record,
        refers_to_blind: false,
        is_blind: all.iter().all(|customer| match rule.require {
            Require::Mfa => customer.mfa == Flag::Missing,
            Require::Sso => customer.sso == Flag::Missing,
            Require::Plan(_) => customer.plan.is_none(),
        }),
        judged: all
            .iter()
            .map(|customer| decide(night, policy, rule, customer))
            .collect(),
    }
}

/// True, false, absent or bad, and the words for what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Truth {
    True,
    False,
    Absent,
    Bad,
}

fn truth(flag: Flag) -> Truth {
    match flag {
        Flag::True => Truth::True,
        Flag::False => Truth::False,
        Flag::Missing | Flag::Null | Flag::Empty => Truth::Absent,
        Flag::Bad => Truth::Bad,
    }
}

fn required(rule: &Rule, customer: &Customer) -> (Truth, String) {
    match &rule.require {
        Require::Mfa => (truth(customer.mfa), format!("{:?}", customer.mfa)),
        Require::Sso => (truth(customer.sso), format!("{:?}", customer.sso)),
        Require::Plan(plan) => {
            let truth = match &customer.plan {
                Some(has) if has == plan => Truth::True,
                Some(_) => Truth::False,
                None => Truth::Absent,
            };
            (truth, format!("{:?}", customer.plan))
        }
    }
}

fn is_out(policy: &Policy, customer: &Customer) -> bool {
    policy.scoped && customer.panel == Flag::False
}

fn decide(night: &Night, policy: &Policy, rule: &Rule, customer: &Customer) -> Judged {
    let (require, seen) = required(rule, customer);
    let seen = format!("{} {seen}", rule.require.field());
    let when = match rule.only_pci {
        true => truth(customer.pci),
        false => Truth::True,
    };
    let mut by_absence = false;
    let verdict = match (when, require) {
        _ if is_out(policy, customer) => Verdict::OutOfScope,
        (Truth::False, _) => Verdict::NotApplicable,
        (_, Truth::True) => Verdict::Pass,
        (Truth::Absent | Truth::Bad, _) | (Truth::True, Truth::Bad) => Verdict::Error,
        (Truth::True, Truth::False) => Verdict::Fail,
        (Truth::True, Truth::Absent) if rule.absence_passes => {
            by_absence = true;
            Verdict::Pass
        }
        (Truth::True, Truth::Absent) => Verdict::Fail,
    };
    // Evidence has what is not known to be met.
    let seen = match when {
        Truth::Absent | Truth::Bad => format!("{:?} {seen}", customer.pci),
        Truth::True | Truth::False => seen,
    };
    let waiver = waiver(night, policy, rule, customer).filter(|_| verdict == Verdict::Fail);
    Judged {
        customer: customer.id.clone(),
        verdict: match waiver {
            Some(_) => Verdict::Waived,
            None => verdict,
        },
        seen,
        waiver,
        by_absence,
    }
}

/// The waiver in force that holds for what a record says.
fn waiver(night: &Night, policy: &Policy, rule: &Rule, customer: &Customer) -> Option<String> {
    let id = customer.id.as_ref()?;
    let mut all = night.waivers.iter().flatten();
    let found = all.find(|waiver| {
        let names = (&waiver.policy, &waiver.rule, &waiver.customer);
        let holds = match &waiver.holds {
            Holds::AnyValue => true,
            Holds::Flag(flag) => {
                let has = match rule.require {
                    Require::Mfa => Some(customer.mfa),
                    Require::Sso => Some(customer.sso),
                    Require::Plan(_) => None,
                };
                has == Some(if *flag { Flag::True } else { Flag::False })
            }
            Holds::Plan(plan) => {
                matches!(rule.require, Require::Plan(_)) && customer.plan.as_ref() == Some(plan)
            }
        };
        names == (&policy.id, &rule.id, id) && waiver.is_in_force(night.as_of) && holds
    });
    found.map(|waiver| waiver.id.clone())
}

fn ask_of_all(night: &Night, policy: &Policy, aggregate: &Aggregate, all: &[&Customer]) -> Asked {
    let in_scope: Vec<&Customer> = all
        .iter()
        .filter(|customer| !is_out(policy, customer))
        .copied()
        .collect();
    let one = |customer: Option<String>, verdict| Judged {
        customer,
        verdict,
        seen: String::new(),
        waiver: None,
        by_absence: false,
    };
    let each = |decide: &dyn Fn(&Customer) -> Verdict| {
        let all = all.iter().map(|customer| {
            let verdict = match is_out(policy, customer) {
                true => Verdict::OutOfScope,
                false => decide(customer),
            };
            one(customer.id.clone(), verdict)
        });
        all.collect::<Vec<_>>()
    };
    let mut refers_to = None;
    let mut is_blind = false;
    let mut refers_to_blind = false;
    let (about, judged) = match &aggregate.ask {
        Ask::Unique => {
            let unique = |customer: &Customer| {
                let same = in_scope.iter().filter(|other| other.id == customer.id);
                match customer.id {
                    None => Verdict::NotApplicable,
                    Some(_) if same.count() > 1 => Verdict::Fail,
                    Some(_) => Verdict::Pass,
                }
            };
            (About::Customer, each(&unique))
        }
        Ask::Shared(most) => {
            is_blind = all.iter().all(|customer| customer.contact.is_none());
            let shared = |customer: &Customer| {
                let same = in_scope
                    .iter()
                    .filter(|other| other.contact == customer.contact);
                let ids: BTreeSet<&String> =
                    same.clone().filter_map(|other| other.id.as_ref()).collect();
                let nameless = same.filter(|other| other.id.is_none()).count();
                match customer.contact {
                    None => Verdict::NotApplicable,
                    Some(_) if ids.len() + nameless > *most => Verdict::Fail,
                    Some(_) => Verdict::Pass,
                }
            };
            (About::Customer, each(&shared))
        }
        Ask::PassRate(rule, percent) => {
            let rule = policy.rules.iter().find(|one| one.id == *rule).unwrap();
            refers_to = Some(rule_digest(policy, rule));
            let asked = ask(night, policy, rule, all);
            refers_to_blind = asked.is_blind;
            let verdicts: Vec<Verdict> = asked
                .judged
                .iter()
                .map(|judged| judged.verdict)
                .filter(|verdict| *verdict < Verdict::NotApplicable)
                .collect();
            let count = |verdict| verdicts.iter().filter(|one| **one == verdict).count();
            let (pass, undecided) = (count(Verdict::Pass), count(Verdict::Error));
            let reached = |some: usize| some * 100 >= verdicts.len() * percent;
            let verdict = match (reached(pass), reached(pass + undecided)) {
                _ if verdicts.is_empty() => Verdict::NotApplicable,
                (true, _) => Verdict::Pass,
                (false, true) => Verdict::Error,
                (false, false) => Verdict::Fail,
            };
            (About::Whole, vec![one(None, verdict)])
        }
        Ask::Records(least) => {
            let verdict = match in_scope.len() >= *least {
                true => Verdict::Pass,
                false => Verdict::Fail,
            };
            (About::Whole, vec![one(None, verdict)])
        }
    };
    Asked {
        policy: policy.id.clone(),
        rule: aggregate.id.clone(),
        severity: aggregate.severity,
        digest: aggregate_digest(policy, aggregate),
        refers_to,
        about,
        is_blind,
        refers_to_blind,
        judged,
    }
}
