//! What judging means: each rule asked of each record, in the order of reports.

use std::cmp::Ordering;

use super::tables::{Entry, Tables};
use crate::aggregate::Gathered;
use crate::finding::{
    Finding, JudgedRecord, Mark, Outcome, Privacy, Reason, Standing, Subject, Summary,
};
use crate::policy::{
    Aggregate, Answers, Ask, Cause, Group, OnAbsent, Policies, Policy, Requirement, Rule, States,
    Truth,
};
use crate::record::{Record, Value};
use crate::waiver::Waivers;

/// From how many tests on it is quicker to look up what rules came to than to ask them.
const MIN_TESTS: usize = 16;

/// Judges records one after another by the same policies.
#[derive(Debug)]
pub struct Judge<'p> {
    policies: &'p Policies,
    /// The waivers of the run, if any is in force.
    waivers: Option<&'p Waivers>,
    /// Every rule with its policy, by its index.
    rules: Vec<(&'p Policy, &'p Rule)>,
    /// For each policy the index of its first rule, and its rules over all records.
    own: Vec<(usize, Vec<OverAll<'p>>)>,
    /// What is known of the facets of records; none, if nothing is to be remembered.
    states: Option<States>,
    /// What rules came to for records that were alike.
    tables: Tables,
    /// The outcomes of a record that are listed, by the indexes of their rules.
    listed: Vec<(usize, Outcome)>,
    /// What each rule came to for the last record, by its index, if that is asked.
    marks: Option<Vec<Mark>>,
}

/// Represents a rule over all records: its index among all rules, and among those over all
/// records.
#[derive(Debug, Clone, Copy)]
struct OverAll<'p> {
    rule_index: usize,
    number: usize,
    aggregate: &'p Aggregate,
}

/// Says where a record is, and how far its values may be shown.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The export's name.
    pub export: &'a str,
    /// The record's number, from 1, among those that are counted with it.
    pub number: u64,
    /// How far values may be shown.
    pub privacy: Privacy<'a>,
}

impl<'p> Judge<'p> {
    /// Returns a judge by these policies, who remembers what rules came to if that is
    /// quicker.
    pub fn new(policies: &'p Policies) -> Self {
        match policies.tests.len() >= MIN_TESTS {
            true => Self::who_remembers(policies),
            false => Self::who_forgets(policies),
        }
    }

    /// Returns a judge by these policies, who remembers what rules came to for records that
    /// were alike.
    pub fn who_remembers(policies: &'p Policies) -> Self {
        Self {
            states: Some(States::new(policies)),
            ..Self::who_forgets(policies)
        }
    }

    /// Returns a judge by these policies, who asks every rule of every record.
    pub fn who_forgets(policies: &'p Policies) -> Self {
        let (mut next_index, mut number) = (0, 0);
        let own = policies.all.iter().map(|policy| {
            let first = next_index;
            let rules = policy.rules.iter().zip(first..);
            next_index += policy.rules.len();
            let over_all = rules.filter_map(|(rule, rule_index)| match &rule.ask {
                Ask::Record { .. } => None,
                Ask::Aggregate(aggregate) => {
                    number += 1;
                    Some(OverAll {
                        rule_index,
                        number: number - 1,
                        aggregate,
                    })
                }
            });
            (first, over_all.collect())
        });
        Self {
            policies,
            waivers: None,
            own: own.collect(),
            rules: policies.rules().collect(),
            states: None,
            tables: Tables::new(policies),
            listed: Vec::new(),
            marks: None,
        }
    }

    /// Sets the waivers by which findings are waived.
    #[must_use]
    pub fn with_waivers(mut self, waivers: &'p Waivers) -> Self {
        self.waivers = (!waivers.is_empty()).then_some(waivers);
        self
    }

    /// Keeps what each rule comes to for a record, passes among them.
    #[must_use]
    pub fn with_marks(mut self) -> Self {
        self.marks = Some(vec![Mark::OutOfScope; self.rules.len()]);
        self
    }

    /// Returns what each rule came to for the record that was judged last, by its index;
    /// nothing, if that is not kept.
    pub fn marks(&self) -> &[Mark] {
        self.marks.as_deref().unwrap_or_default()
    }

    /// Counts what every rule makes of the record, hands out the findings in the
    /// order of the rules, and gathers what rules over all records ask. Some of it is
    /// counted only by [`Judge::finish`].
    ///
    /// # Errors
    ///
    /// Those of `found`, which ends the judging of this record.
    pub fn judge<E>(
        &mut self,
        record: &Record<'_>,
        context: Context<'_>,
        summary: &mut Summary,
        gathered: &mut Gathered,
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(marks) = &mut self.marks {
            marks.fill(Mark::OutOfScope);
        }
        summary.count_record(&self.policies.schema, record, context.privacy);
        let Some(first) = self.first_in_scope(record) else {
            return Ok(());
        };
        // Both are taken out while the rest is borrowed, and given back.
        let (mut states, mut listed) = (self.states.take(), std::mem::take(&mut self.listed));
        if let Some(states) = &mut states {
            states.look_at(self.policies, record);
        }
        let answers = match &states {
            Some(states) => Answers::in_states(self.policies, record, states),
            None => Answers::new(self.policies, record),
        };
        listed.clear();
        let asked = (&answers, context.number);
        self.ask(
            first,
            asked,
            states.as_ref(),
            (summary, gathered),
            &mut listed,
        );
        listed.sort_unstable_by_key(|(rule_index, _)| *rule_index);
        let judged = self.list(&listed, &answers, context, summary, found);
        (self.states, self.listed) = (states, listed);
        judged
    }

    /// Counts what was not counted yet of the records that were judged.
    pub fn finish(&mut self, summary: &mut Summary) {
        self.tables.count(summary);
    }

    /// Judges a record as [`Judge::judge`] does, and then lets `after` ask how rules, by
    /// their indexes, regard it.
    ///
    /// # Errors
    ///
    /// Those of `found`, which ends the judging of this record.
    pub fn judge_and_ask<E>(
        &mut self,
        record: &Record<'_>,
        context: Context<'_>,
        summary: &mut Summary,
        gathered: &mut Gathered,
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
        after: impl FnOnce(&dyn Fn(usize) -> Standing),
    ) -> Result<(), E> {
        self.judge(record, context, summary, gathered, found)?;
        let answers = Answers::new(self.policies, record);
        let doubted = record.with_missing_as_bad();
        let doubted = Answers::new(self.policies, &doubted);
        after(&|rule_index| self.standing(rule_index, &answers, &doubted));
        Ok(())
    }

    /// Returns how a rule, by its index, regards a record.
    fn standing(
        &self,
        rule_index: usize,
        answers: &Answers<'_>,
        doubted: &Answers<'_>,
    ) -> Standing {
        let Some((policy, rule)) = self.rules.get(rule_index) else {
            return Standing::OutOfScope;
        };
        let record = answers.record();
        if self.policies.scope(policy, record) == Truth::False {
            return Standing::OutOfScope;
        }
        match &rule.ask {
            Ask::Record { require, on_absent } => {
                match outcome(rule, require, *on_absent, *answers) {
                    Outcome::NotApplicable => Standing::NotApplicable,
                    Outcome::Fail(_) | Outcome::Error(_) => Standing::Listed,
                    Outcome::Pass => match outcome(rule, require, OnAbsent::Fail, *doubted) {
                        Outcome::Pass => Standing::Pass,
                        Outcome::NotApplicable | Outcome::Fail(_) | Outcome::Error(_) => {
                            Standing::PassByAbsence
                        }
                    },
                }
            }
            Ask::Aggregate(aggregate) => {
                match (answers.applies(rule), aggregate.compared(record)) {
                    (Truth::False, _) | (_, Some(Value::Absent(_))) => Standing::NotApplicable,
                    (_, Some(Value::Bad(_))) => Standing::Listed,
                    (Truth::Undecided(_), _) => Standing::Undecided,
                    (Truth::True, _) => Standing::Pass,
                }
            }
        }
    }

    /// The index of the first policy that judges the record, and whether the record is in
    /// its scope.
    fn first_in_scope(&self, record: &Record<'_>) -> Option<(usize, Truth)> {
        let policies = self.policies.all.iter().enumerate();
        let mut scopes =
            policies.map(|(index, policy)| (index, self.policies.scope(policy, record)));
        scopes.find(|(_, scope)| *scope != Truth::False)
    }

    /// Asks all rules about a record of which `first` is the first policy whose scope it is
    /// not out of, and whether it is in that: what is listed goes to `listed`, all else is
    /// counted.
    fn ask(
        &mut self,
        first: (usize, Truth),
        (answers, number): (&Answers<'_>, u64),
        states: Option<&States>,
        (summary, gathered): (&mut Summary, &mut Gathered),
        listed: &mut Vec<(usize, Outcome)>,
    ) {
        let policies = self.policies;
        summary.in_scope += 1;
        let mut scope_undecided = false;
        for (place, policy) in policies.all.iter().enumerate() {
            // What was asked to find the first is not asked again.
            let scope = match place.cmp(&first.0) {
                Ordering::Less => continue,
                Ordering::Equal => first.1,
                Ordering::Greater => policies.scope(policy, answers.record()),
            };
            match scope {
                Truth::True => {}
                Truth::False => continue,
                Truth::Undecided(_) => scope_undecided = true,
            }
            summary.in_scope_by_policy[place] += 1;
            match states {
                None => {
                    let rules = 0..policy.rules.len();
                    scope_undecided |= self.ask_each(place, rules, answers, summary, listed);
                }
                Some(states) => {
                    for (number, group) in policies.plan().groups[place].iter().enumerate() {
                        let asked = ((place, number), group);
                        scope_undecided |= self.ask_group(asked, answers, states, summary, listed);
                    }
                }
            }
            scope_undecided |=
                self.ask_over_all(place, answers, number, (summary, gathered), listed);
        }
        self.tables.end_record(summary);
        summary.scope_undecided += u64::from(scope_undecided);
    }

    /// Asks the rules of a group, or looks up what they came to; returns whether it cannot be
    /// decided if the record is in the scope of one.
    #[inline]
    fn ask_group(
        &mut self,
        (which, group): ((usize, usize), &Group),
        answers: &Answers<'_>,
        states: &States,
        summary: &mut Summary,
        listed: &mut Vec<(usize, Outcome)>,
    ) -> bool {
        let Some(number) = self.tables.number(which, group, states) else {
            let rules = group.rules.iter().copied();
            return self.ask_each(which.0, rules, answers, summary, listed);
        };
        if !self.tables.is_known(which, number) {
            self.learn(which, group, answers);
        }
        let entry = self.tables.look_up(which, number);
        listed.extend_from_slice(&entry.listed);
        if let Some(marks) = &mut self.marks {
            for (rule_index, outcome) in &entry.outcomes {
                marks[*rule_index] = (*outcome).into();
            }
        }
        entry.scope_undecided
    }

    /// Asks each of these rules of a policy; returns whether it cannot be decided if the
    /// record is in the scope of one.
    #[inline]
    fn ask_each(
        &mut self,
        policy: usize,
        places: impl Iterator<Item = usize>,
        answers: &Answers<'_>,
        summary: &mut Summary,
        listed: &mut Vec<(usize, Outcome)>,
    ) -> bool {
        let (policies, first) = (self.policies, self.own[policy].0);
        let mut scope_undecided = false;
        for place in places {
            let (rule_index, rule) = (first + place, &policies.all[policy].rules[place]);
            scope_undecided |= in_doubt(rule, answers);
            let Some(outcome) = outcome_of(rule, answers) else {
                continue;
            };
            summary.count_unlisted(rule_index, outcome, 1);
            if outcome.is_listed() {
                listed.push((rule_index, outcome));
            }
            if outcome != Outcome::NotApplicable {
                self.tables
                    .add_controls(policies.shared_controls(rule_index));
            }
            if let Some(marks) = &mut self.marks {
                marks[rule_index] = outcome.into();
            }
        }
        scope_undecided
    }

    /// Asks each rule of a group of a record in states that are new, and remembers it.
    #[cold]
    fn learn(&mut self, which: (usize, usize), group: &Group, answers: &Answers<'_>) {
        let (policies, first) = (self.policies, self.own[which.0].0);
        let rules = &policies.all[which.0].rules;
        let rules = group
            .rules
            .iter()
            .map(|place| (first + place, &rules[*place]));
        let outcomes = rules.clone().filter_map(|(rule_index, rule)| {
            let outcome = outcome_of(rule, answers)?;
            Some((rule_index, outcome))
        });
        let is_doubtful = rules.clone().any(|(_, rule)| in_doubt(rule, answers));
        let entry = Entry::new(outcomes, is_doubtful, |rule| policies.shared_controls(rule));
        self.tables.remember(which, entry);
    }

    /// Gathers what the rules of a policy over all records ask; returns whether it cannot be
    /// decided if the record is in the scope of one.
    fn ask_over_all(
        &mut self,
        policy: usize,
        answers: &Answers<'_>,
        number: u64,
        (summary, gathered): (&mut Summary, &mut Gathered),
        listed: &mut Vec<(usize, Outcome)>,
    ) -> bool {
        let mut scope_undecided = false;
        for over_all in &self.own[policy].1 {
            let OverAll {
                rule_index,
                aggregate,
                ..
            } = *over_all;
            let (_, rule) = self.rules[rule_index];
            scope_undecided |= in_doubt(rule, answers);
            let when = answers.applies(rule);
            let asked = (over_all.number, aggregate);
            let (outcome, mark) = match gathered.gather(asked, when, answers, number) {
                Some(outcome) => (Some(outcome), outcome.into()),
                None if aggregate.compared(answers.record()).is_some() => (None, Mark::Waiting),
                None => (None, Mark::Elsewhere),
            };
            if !matches!(mark, Mark::NotApplicable | Mark::Elsewhere) {
                self.tables
                    .add_controls(self.policies.shared_controls(rule_index));
            }
            if let Some(outcome) = outcome {
                summary.count_unlisted(rule_index, outcome, 1);
                listed.extend(outcome.is_listed().then_some((rule_index, outcome)));
            }
            if let Some(marks) = &mut self.marks {
                marks[rule_index] = mark;
            }
        }
        scope_undecided
    }

    /// Hands out the findings of a record in the order of the rules, and counts them.
    fn list<E>(
        &mut self,
        listed: &[(usize, Outcome)],
        answers: &Answers<'_>,
        context: Context<'_>,
        summary: &mut Summary,
        mut found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let judged = JudgedRecord::new(answers);
        for (rule_index, outcome) in listed {
            let Some((status, reason)) = outcome.listed() else {
                continue;
            };
            let (policy, rule) = self.rules[*rule_index];
            let mut finding = Finding {
                subject: Subject::Record(&judged),
                number: Some(context.number),
                export: Some(context.export),
                policy,
                rule,
                rule_index: *rule_index,
                severity: answers.severity(rule),
                status,
                reason,
                waiver: None,
                privacy: context.privacy,
            };
            if let Some(waivers) = self.waivers {
                finding.waive(waivers, &mut summary.waivers);
            }
            summary.count(&finding);
            if let Some(marks) = &mut self.marks {
                marks[*rule_index] = finding.status.into();
            }
            found(&finding)?;
        }
        summary.finish_record(answers.record(), context.privacy);
        Ok(())
    }
}

/// Returns what a rule about records comes to.
#[inline(always)]
fn outcome_of(rule: &Rule, answers: &Answers<'_>) -> Option<Outcome> {
    match &rule.ask {
        Ask::Record { require, on_absent } => Some(outcome(rule, require, *on_absent, *answers)),
        Ask::Aggregate(_) => None,
    }
}

/// Returns whether it cannot be decided if a record is in the scope of a rule.
fn in_doubt(rule: &Rule, answers: &Answers<'_>) -> bool {
    let scope = rule.scope.as_ref();
    scope.is_some_and(|scope| matches!(answers.holds(scope), Truth::Undecided(_)))
}

#[inline(always)]
fn outcome(
    rule: &Rule,
    require: &Requirement,
    on_absent: OnAbsent,
    answers: Answers<'_>,
) -> Outcome {
    let when = answers.applies(rule);
    if when == Truth::False {
        return Outcome::NotApplicable;
    }
    match answers.holds(require) {
        Truth::True => Outcome::Pass,
        require => unmet(on_absent, when, require),
    }
}

/// What a rule comes to that applies, or may, and is not met for certain.
#[inline(never)]
fn unmet(on_absent: OnAbsent, when: Truth, require: Truth) -> Outcome {
    match (when, require) {
        (Truth::Undecided(cause), _) => Outcome::Error(cause.into()),
        (_, Truth::False | Truth::True) => Outcome::Fail(Reason::Violated),
        (_, Truth::Undecided(cause @ Cause::Bad(_))) => Outcome::Error(cause.into()),
        (_, Truth::Undecided(cause @ Cause::Absent(_))) => absent(on_absent, cause.into()),
    }
}

fn absent(on_absent: OnAbsent, reason: Reason) -> Outcome {
    match on_absent {
        OnAbsent::Fail => Outcome::Fail(reason),
        OnAbsent::Error => Outcome::Error(reason),
        OnAbsent::Pass => Outcome::Pass,
        OnAbsent::NotApplicable => Outcome::NotApplicable,
    }
}
