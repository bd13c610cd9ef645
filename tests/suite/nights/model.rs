//! What a night says of the findings of the night before: the contract's text, once more
//! and as plainly as it can be written.
//!
//! Where the text can be read in two ways, the model allows what each of them gives; the
//! one that it would choose is first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;

use super::judge::{About, Asked, Judged, Verdict, digests, judge};
use super::world::{Instant, Line, Night, Severity};

/// Policy, rule and customer: what a fingerprint is made of. A finding about all records
/// has no customer.
pub type Key = (String, String, Option<String>);

/// What may be said.
pub type Allowed<T> = Vec<T>;

/// What is kept of a rule over all records, as the report says it: digest and words.
pub type Evidence = (String, String);

/// What the model takes from the report, as it is no part of the states.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub is_complete: bool,
    pub records: u64,
    pub in_scope: u64,
    /// The evidence of findings of rules over all records.
    pub evidence: BTreeMap<Key, Vec<Evidence>>,
}

/// How the earlier report is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Since,
    History,
}

/// A finding that lives: open, waived or carried.
#[derive(Clone, Debug)]
pub struct Life {
    pub severity: Severity,
    /// The worst of its records, and what each of them says.
    pub verdict: Verdict,
    pub seen: Vec<(Verdict, String)>,
    pub evidence: Vec<Evidence>,
    /// The digest of the rule that found it, and of the rule that this one refers to.
    digest: String,
    refers_to: Option<String>,
    /// The waiver that it had when it was last waived.
    waiver: Option<String>,
    pub first_seen: Instant,
    /// From when on its deadline may count.
    clock: BTreeSet<Instant>,
    pub reopened: bool,
}

/// What is known after a night.
#[derive(Clone, Debug)]
pub struct Last {
    pub as_of: Instant,
    pub lives: BTreeMap<Key, Life>,
    /// The rules of its policies: digest, the one it refers to, and whether it was left out.
    rules: BTreeMap<(String, String), (String, Option<String>, bool)>,
    exports: usize,
    records: u64,
    in_scope: u64,
    known: BTreeSet<String>,
    /// The ids that are known too, if an empty night that may be empty was not read whole.
    perhaps_known: BTreeSet<String>,
    /// What ended on some night that is remembered.
    ended: BTreeSet<Key>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Since {
    New(Because),
    Changed,
    Open,
    /// Open, on a first night.
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Because {
    WaiverEnded,
    RuleNew,
    RuleChanged,
    CustomerNew,
    CustomerChanged,
}

impl Since {
    /// The words of `since` and `because`.
    pub fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Since::New(because) => ("new", Some(because.word())),
            Since::Changed => ("changed", None),
            Since::Open => ("open", None),
            Since::First => ("open", Some("first-run")),
        }
    }
}

impl Because {
    fn word(self) -> &'static str {
        match self {
            Because::WaiverEnded => "waiver-ended",
            Because::RuleNew => "rule-new",
            Because::RuleChanged => "rule-changed",
            Because::CustomerNew => "customer-new",
            Because::CustomerChanged => "customer-changed",
        }
    }
}

/// What became of a finding that is no longer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Fixed,
    RuleChanged,
    Left,
    Gone,
    RuleRemoved,
    Unknown,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Fixed => "fixed",
            State::RuleChanged => "rule-changed",
            State::Left => "left",
            State::Gone => "gone",
            State::RuleRemoved => "rule-removed",
            State::Unknown => "unknown",
        }
    }
}

/// A finding of tonight.
#[derive(Clone, Debug)]
pub struct Found {
    pub since: Allowed<Since>,
    pub life: Life,
    /// When it is due, if there is a deadline.
    pub due: Allowed<Option<Instant>>,
    was: Option<(Severity, Verdict)>,
}

/// What became of a finding of last night.
#[derive(Clone, Debug)]
pub struct Ended {
    pub state: Allowed<State>,
    pub life: Life,
    /// When it is due, if it is carried.
    pub due: Allowed<Option<Instant>>,
}

/// All that the model says of a night.
#[derive(Debug)]
pub struct Told {
    pub as_of: Instant,
    pub found: BTreeMap<Key, Found>,
    pub ended: BTreeMap<Key, Ended>,
    /// The findings that are listed and have no name: severity and verdict.
    pub nameless: Vec<(String, String, Severity, Verdict)>,
    /// Whether the exports were read whole.
    pub is_whole: bool,
    pub exit: Allowed<i32>,
    next: Last,
}

/// The findings of tonight, by their names.
struct Tonight<'a> {
    night: &'a Night,
    mode: Mode,
    facts: &'a Facts,
    last: Option<&'a Last>,
    asked: Vec<Asked>,
    ids: BTreeSet<String>,
    has_nameless: bool,
    is_whole: bool,
}

/// Says what a night makes of the night before.
pub fn tell(night: &Night, mode: Mode, last: Option<&Last>, facts: &Facts) -> Told {
    let ids: BTreeSet<String> = night.customers().filter_map(|one| one.id.clone()).collect();
    let has_nameless = night.customers().any(|customer| customer.id.is_none());
    let tonight = Tonight {
        night,
        mode,
        facts,
        last,
        asked: judge(night),
        is_whole: is_whole(night),
        ids,
        has_nameless,
    };
    tonight.tell()
}

/// Whether nothing of the exports was missed. An export without a record is one that was
/// not read whole, unless it may be empty.
fn is_whole(night: &Night) -> bool {
    night.exports.iter().all(|export| {
        let is_empty = export.lines.is_empty() && !night.options.allow_empty;
        let is_broken = export.lines.contains(&Line::Broken);
        let mut records = export.lines.iter().filter_map(|line| match line {
            Line::Record(customer) => Some(customer.id.is_some()),
            Line::Broken => None,
        });
        // Where no record has an id, it is another field that has them.
        let is_anonymous = !export.lines.is_empty() && !records.any(|has_id| has_id);
        !export.cut && !is_empty && !is_broken && !is_anonymous
    })
}

impl Tonight<'_> {
    fn tell(&self) -> Told {
        let mut found = BTreeMap::new();
        let mut nameless = Vec::new();
        for asked in &self.asked {
            let mut named: BTreeMap<Option<String>, Vec<&Judged>> = BTreeMap::new();
            for judged in asked.judged.iter().filter(|one| one.verdict.is_finding()) {
                match (&judged.customer, asked.about) {
                    (None, About::Record | About::Customer) => nameless.push((
                        asked.policy.clone(),
                        asked.rule.clone(),
                        asked.severity,
                        judged.verdict,
                    )),
                    (customer, _) => named.entry(customer.clone()).or_default().push(judged),
                }
            }
            for (customer, judged) in named {
                let key = (asked.policy.clone(), asked.rule.clone(), customer);
                let one = self.found(&key, asked, &judged);
                found.insert(key, one);
            }
        }
        let lives = self.last.map(|last| &last.lives).into_iter().flatten();
        let ended: BTreeMap<Key, Ended> = lives
            .filter(|(key, _)| !found.contains_key(*key))
            .map(|(key, life)| (key.clone(), self.ended(key, life)))
            .collect();
        Told {
            as_of: self.night.as_of,
            exit: self.exit(&found, &ended, &nameless),
            next: self.next(&found),
            found,
            ended,
            nameless,
            is_whole: self.is_whole,
        }
    }

    fn found(&self, key: &Key, asked: &Asked, judged: &[&Judged]) -> Found {
        let worst = judged.iter().map(|one| one.verdict).min().unwrap();
        let with_waiver = judged.iter().find(|one| one.waiver.is_some());
        let mut seen: Vec<(Verdict, String)> = judged
            .iter()
            .map(|one| (one.verdict, one.seen.clone()))
            .collect();
        seen.sort();
        let mut evidence = self.facts.evidence.get(key).cloned().unwrap_or_default();
        evidence.sort();
        let before = self.last.and_then(|last| last.lives.get(key));
        let as_of = self.night.as_of;
        let ended = self.last.is_some_and(|last| last.ended.contains(key));
        let mut life = Life {
            severity: asked.severity,
            verdict: worst,
            seen,
            evidence,
            digest: asked.digest.clone(),
            refers_to: asked.refers_to.clone(),
            waiver: match worst {
                Verdict::Waived => with_waiver.and_then(|one| one.waiver.clone()),
                _ => before.and_then(|before| before.waiver.clone()),
            },
            first_seen: before.map_or(as_of, |before| before.first_seen),
            clock: before.map_or(BTreeSet::from([as_of]), |before| before.clock.clone()),
            reopened: before.map_or(ended, |before| before.reopened),
        };
        let since = match (self.last, before) {
            (None, _) => vec![Since::First],
            (Some(last), None) => self.because(last, key, asked),
            (Some(_), Some(before)) => self.again(before, &mut life),
        };
        Found {
            since,
            due: self.due(&life),
            life,
            was: before.map(|before| (before.severity, before.verdict)),
        }
    }

    /// What was found last night and is found tonight.
    fn again(&self, before: &Life, life: &mut Life) -> Allowed<Since> {
        if let (Some(waiver), true) = (&before.waiver, life.verdict != Verdict::Waived) {
            let waiver = self.night.waiver(waiver);
            let is_there = waiver.is_some_and(|waiver| waiver.is_in_force(self.night.as_of));
            if before.verdict == Verdict::Waived && !is_there {
                life.clock = BTreeSet::from([self.night.as_of]);
                life.waiver = None;
                return vec![Since::New(Because::WaiverEnded)];
            }
            if before.verdict == Verdict::Waived || !is_there {
                // It no longer held, and then it ended: both may start the deadline.
                life.clock.insert(self.night.as_of);
            }
            if !is_there {
                life.waiver = None;
            }
        }
        if (before.severity, before.verdict) != (life.severity, life.verdict) {
            return vec![Since::Changed];
        }
        let digests = |life: &Life| -> Vec<String> {
            life.evidence
                .iter()
                .map(|(digest, _)| digest.clone())
                .collect()
        };
        let is_same_digest = digests(before) == digests(life);
        match (before.seen == life.seen, before.evidence == life.evidence) {
            (true, true) => vec![Since::Open],
            // The words count the other records, the digest does not.
            (true, false) if is_same_digest => vec![Since::Open, Since::Changed],
            // Of several records of one customer, no text says which is compared.
            _ if before.seen.len().max(life.seen.len()) > 1
                || before.evidence.len().max(life.evidence.len()) > 1 =>
            {
                vec![Since::Changed, Since::Open]
            }
            _ => vec![Since::Changed],
        }
    }

    /// Why a finding is new.
    fn because(&self, last: &Last, key: &Key, asked: &Asked) -> Allowed<Since> {
        let rule = (key.0.clone(), key.1.clone());
        let mut allowed = Vec::new();
        match last.rules.get(&rule) {
            None | Some((_, _, true)) => return vec![Since::New(Because::RuleNew)],
            Some((digest, _, _)) if *digest != asked.digest => {
                return vec![Since::New(Because::RuleChanged)];
            }
            Some((_, refers_to, _)) if *refers_to != asked.refers_to => {
                allowed.push(Since::New(Because::RuleChanged));
            }
            Some(_) => {}
        }
        let is_new = match (&key.2, self.mode) {
            (None, _) => [false].into(),
            (Some(id), Mode::History) => {
                let is_known = last.known.contains(id);
                [!is_known, !is_known && !last.perhaps_known.contains(id)].into()
            }
            (Some(id), Mode::Since) => {
                let records = self.night.customers();
                let records = records.filter(|one| one.id.as_ref() == Some(id));
                let created = records.map(|one| one.created.is_some_and(|at| at > last.as_of));
                created.collect::<BTreeSet<bool>>()
            }
        };
        allowed.extend(is_new.into_iter().map(|is_new| {
            Since::New(match is_new {
                true => Because::CustomerNew,
                false => Because::CustomerChanged,
            })
        }));
        allowed
    }

    fn due(&self, life: &Life) -> Allowed<Option<Instant>> {
        let mut deadlines = self.night.options.deadlines.iter();
        let deadline = deadlines.find(|(severity, _)| *severity == life.severity);
        match deadline {
            Some((_, days)) if life.verdict != Verdict::Waived => {
                let starts = life.clock.iter();
                starts
                    .map(|start| Some(*start + Days::new(*days)))
                    .collect()
            }
            _ => vec![None],
        }
    }

    fn ended(&self, key: &Key, life: &Life) -> Ended {
        Ended {
            state: self.state(key, life),
            due: self.due(life),
            life: life.clone(),
        }
    }

    /// The first that holds.
    fn state(&self, (policy, rule, customer): &Key, life: &Life) -> Allowed<State> {
        let mut others = self.night.policies.iter();
        if others.any(|other| other.replaces.contains(policy)) {
            return vec![State::RuleRemoved];
        }
        match self.night.policy(policy) {
            None => return vec![State::Unknown],
            Some(policy) if !policy.has(rule) => return vec![State::RuleRemoved],
            Some(_) => {}
        }
        let mut all = self.asked.iter();
        let asked = all.find(|one| (&one.policy, &one.rule) == (policy, rule));
        let Some(asked) = asked else {
            return vec![State::Unknown];
        };
        let judged: Vec<&Judged> = asked
            .judged
            .iter()
            .filter(|one| one.customer == *customer)
            .collect();
        if judged.is_empty() {
            return match (self.is_proof_of_absence(), self.is_perhaps_not_whole()) {
                (true, false) => vec![State::Gone],
                (true, true) => vec![State::Gone, State::Unknown],
                (false, _) => vec![State::Unknown],
            };
        }
        if asked.digest != life.digest {
            return vec![State::RuleChanged];
        }
        let mut allowed = Vec::new();
        if asked.refers_to != life.refers_to {
            allowed.push(State::RuleChanged);
        }
        let passes = judged
            .iter()
            .filter(|one| one.verdict == Verdict::Pass)
            .count();
        let is_on_trust = asked.is_blind && judged.iter().any(|one| one.by_absence);
        let may_be_fixed = asked.about == About::Record || self.is_whole;
        if passes == judged.len() {
            match may_be_fixed && !is_on_trust {
                true => allowed.push(State::Fixed),
                false => allowed.push(State::Unknown),
            }
            let is_over_all = asked.about != About::Record;
            if asked.refers_to_blind || is_over_all && self.is_perhaps_not_whole() {
                allowed.push(State::Unknown);
            }
        } else {
            allowed.push(State::Left);
            // Some pass, or a rule over all records has nothing to ask of this one.
            if passes > 0 || asked.about != About::Record {
                allowed.push(match may_be_fixed && !asked.is_blind {
                    true => State::Fixed,
                    false => State::Unknown,
                });
            }
        }
        allowed
    }

    /// Whether an export is empty and may be: the text does not say whether it counts as
    /// one that was read whole.
    fn is_perhaps_not_whole(&self) -> bool {
        let mut exports = self.night.exports.iter();
        self.night.options.allow_empty && exports.any(|export| export.lines.is_empty())
    }

    /// Whether who is not there is gone.
    fn is_proof_of_absence(&self) -> bool {
        let Some(last) = self.last else { return false };
        let shrank = |now: u64, before: u64| now * 100 < before * 80;
        self.is_whole
            && self.night.exports.len() >= last.exports
            && !self.has_nameless
            && !shrank(self.facts.records, last.records)
            && !shrank(self.facts.in_scope, last.in_scope)
    }

    fn exit(
        &self,
        found: &BTreeMap<Key, Found>,
        ended: &BTreeMap<Key, Ended>,
        nameless: &[(String, String, Severity, Verdict)],
    ) -> Allowed<i32> {
        if !self.facts.is_complete {
            return vec![3];
        }
        let options = &self.night.options;
        let counts = |verdict| match verdict {
            Verdict::Fail => true,
            Verdict::Error => options.undecided_is_finding,
            _ => false,
        };
        let named = found
            .values()
            .map(|one| (one.life.severity, one.life.verdict));
        let unnamed = nameless
            .iter()
            .map(|(_, _, severity, verdict)| (*severity, *verdict));
        let all: Vec<(Severity, Verdict)> = named.chain(unnamed.clone()).collect();
        let reaches = |least: Severity, (severity, verdict): (Severity, Verdict)| {
            severity >= least && counts(verdict)
        };
        let fail_on = match (options.fail_on, options.fail_on_new) {
            (Some(severity), _) => severity,
            (None, Some(_)) => None,
            (None, None) => Some(Severity::Low),
        };
        let mut yes = fail_on.is_some_and(|least| all.iter().any(|one| reaches(least, *one)));
        let mut perhaps = yes;
        if let Some(least) = options.fail_on_new {
            yes |= unnamed.clone().any(|one| reaches(least, one));
            for (key, one) in found {
                let now = (one.life.severity, one.life.verdict);
                let (surely, maybe) = self.counts_as_new(one, key);
                yes |= surely && reaches(least, now);
                perhaps |= maybe && reaches(least, now);
            }
        }
        if options.fail_on_overdue {
            let carried = ended
                .values()
                .filter(|one| one.state.contains(&State::Unknown));
            let carried = carried.map(|one| (&one.due, one.state.len() == 1));
            let listed = found.values().map(|one| (&one.due, true));
            for (due, is_sure) in carried.chain(listed) {
                let is_over =
                    |due: &Option<Instant>| due.is_some_and(|due| due <= self.night.as_of);
                yes |= is_sure && due.iter().all(is_over);
                perhaps |= due.iter().any(is_over);
            }
        }
        match (yes, perhaps) {
            (true, _) => vec![1],
            (false, true) => vec![1, 0],
            (false, false) => vec![0],
        }
    }

    /// Whether a finding counts for `--fail-on-new`, and whether it may.
    fn counts_as_new(&self, found: &Found, key: &Key) -> (bool, bool) {
        let now = &found.life;
        let is_new = |since: &Since| match since {
            Since::New(_) | Since::First => true,
            Since::Open => false,
            Since::Changed => found.was.is_some_and(|(severity, verdict)| {
                let became_fail = now.verdict == Verdict::Fail && verdict != Verdict::Fail;
                now.severity > severity || became_fail
            }),
        };
        let surely = found.since.iter().all(is_new);
        // A finding about all records has no customer, and so perhaps no id. An undecided
        // one that counts like a fail perhaps became one.
        let became_error = now.verdict == Verdict::Error
            && found
                .was
                .is_some_and(|(_, verdict)| verdict == Verdict::Waived);
        let maybe = found.since.iter().any(is_new) || key.2.is_none() || became_error;
        (surely, maybe)
    }

    /// What is known after tonight, but for what is carried.
    fn next(&self, found: &BTreeMap<Key, Found>) -> Last {
        let asked = |policy: &str, rule: &str| {
            let mut all = self.asked.iter();
            all.find(|one| (one.policy.as_str(), one.rule.as_str()) == (policy, rule))
        };
        let rules = self.night.policies.iter().flat_map(|policy| {
            digests(policy).into_iter().map(|(rule, digest)| {
                let asked = asked(&policy.id, &rule);
                let refers_to = asked.and_then(|asked| asked.refers_to.clone());
                (
                    (policy.id.clone(), rule),
                    (digest, refers_to, asked.is_none()),
                )
            })
        });
        let mut known = self.ids.clone();
        let mut perhaps_known = BTreeSet::new();
        if let Some(last) = self.last {
            let before = [&last.known, &last.perhaps_known];
            if !self.is_whole {
                known.extend(last.known.iter().cloned());
                perhaps_known.extend(last.perhaps_known.iter().cloned());
            } else if self.is_perhaps_not_whole() {
                perhaps_known.extend(before.into_iter().flatten().cloned());
            }
        }
        let lives = found
            .iter()
            .map(|(key, one)| (key.clone(), one.life.clone()));
        Last {
            as_of: self.night.as_of,
            lives: lives.collect(),
            rules: rules.collect(),
            exports: self.night.exports.len(),
            records: self.facts.records,
            in_scope: self.facts.in_scope,
            known,
            perhaps_known,
            ended: self.last.map(|last| last.ended.clone()).unwrap_or_default(),
        }
    }
}

impl Told {
    /// What is known after this night, if this became of the findings of the one before.
    pub fn then(self, state: impl Fn(&Key, &Ended) -> State) -> Last {
        let mut next = self.next;
        for (key, ended) in self.ended {
            match state(&key, &ended) {
                State::Unknown => {
                    next.lives.insert(key, ended.life);
                }
                State::Fixed
                | State::RuleChanged
                | State::Left
                | State::Gone
                | State::RuleRemoved => {
                    next.ended.insert(key);
                }
            }
        }
        next
    }
}
