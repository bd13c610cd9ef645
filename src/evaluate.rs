//! Rules against records: no files, no clock, no printing.

use std::cmp::Ordering;

use crate::aggregate::Partial;
use crate::finding::{Finding, JudgedRecord, Mark, Outcome, Privacy, Reason, Subject, Summary};
use crate::policy::{Answers, Ask, Cause, OnAbsent, Policies, Requirement, Rule, Truth};
use crate::record::{Record, Value};
use crate::waiver::Waivers;

/// Judges records one after another by the same policies.
#[derive(Debug)]
pub struct Judge<'p> {
    policies: &'p Policies,
    /// The waivers of the run, if any is in force.
    waivers: Option<&'p Waivers>,
    /// For each policy, how many rules over all records come before its own.
    aggregates: Vec<usize>,
    /// Room for the answers of the tests.
    truths: Vec<Truth>,
    /// What each rule came to for the last record, by its index, if that is asked.
    marks: Option<Vec<Mark>>,
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

/// Says how a rule regards a record, whether that is listed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its policy does not judge the record.
    OutOfScope,
    /// The rule does not apply.
    NotApplicable,
    /// The rule is met; if it is one over all records, as far as this record goes.
    Pass,
    /// The rule is met, and would not be if the keys that the record lacks held something
    /// bad.
    PassByAbsence,
    /// Whether a rule over all records applies cannot be decided.
    Undecided,
    /// It is a finding.
    Listed,
}

impl<'p> Judge<'p> {
    /// Returns a judge by these policies.
    pub fn new(policies: &'p Policies) -> Self {
        let mut aggregates = 0;
        let before = policies.all.iter().map(|policy| {
            let before = aggregates;
            let rules = policy.rules.iter();
            aggregates += rules.filter(|rule| !rule.is_of_records()).count();
            before
        });
        Self {
            aggregates: before.collect(),
            policies,
            waivers: None,
            truths: Vec::new(),
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
        self.marks = Some(vec![Mark::OutOfScope; self.policies.rules().count()]);
        self
    }

    /// Returns what each rule came to for the record that was judged last, by its index;
    /// nothing, if that is not kept.
    pub fn marks(&self) -> &[Mark] {
        self.marks.as_deref().unwrap_or_default()
    }

    /// Counts what every rule makes of the record, hands out the findings in the
    /// order of the rules, and gathers what rules over all records ask.
    ///
    /// # Errors
    ///
    /// Those of `found`, which ends the judging of this record.
    pub fn judge<E>(
        &mut self,
        record: &Record<'_>,
        context: Context<'_>,
        summary: &mut Summary,
        partial: &mut Partial,
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(first) = self.first_in_scope(record) else {
            self.pass_over(record, context, summary);
            return Ok(());
        };
        let mut truths = std::mem::take(&mut self.truths);
        let answers = Answers::ask(self.policies, record, &mut truths);
        let judged = self.judge_marked(first, &answers, context, (summary, partial), found);
        self.truths = truths;
        judged
    }

    /// Counts a record that is out of every scope: nobody asks about it.
    fn pass_over(&mut self, record: &Record<'_>, context: Context<'_>, summary: &mut Summary) {
        if let Some(marks) = &mut self.marks {
            marks.fill(Mark::OutOfScope);
        }
        summary.count_record(&self.policies.schema, record, context.privacy);
    }

    /// Judges a record as [`Judge::judge_by`] does, and keeps the marks if they are asked.
    #[inline]
    fn judge_marked<E>(
        &mut self,
        first: (usize, Truth),
        answers: &Answers<'_>,
        context: Context<'_>,
        sums: (&mut Summary, &mut Partial),
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut marks) = self.marks.take() else {
            return self.judge_by(first, answers, context, sums, found, |_, _| {});
        };
        marks.fill(Mark::OutOfScope);
        let mark = |rule_index: usize, mark| marks[rule_index] = mark;
        let judged = self.judge_by(first, answers, context, sums, found, mark);
        self.marks = Some(marks);
        judged
    }

    /// Does the same for a record about which the tests have been asked: for those
    /// who need the answers too.
    ///
    /// # Errors
    ///
    /// Those of `found`, which ends the judging of this record.
    pub fn judge_answers<E>(
        &self,
        answers: &Answers<'_>,
        context: Context<'_>,
        summary: &mut Summary,
        partial: &mut Partial,
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.first_in_scope(answers.record()) {
            Some(first) => {
                let sums = (summary, partial);
                self.judge_by(first, answers, context, sums, found, |_, _| {})
            }
            None => {
                let schema = &self.policies.schema;
                summary.count_record(schema, answers.record(), context.privacy);
                Ok(())
            }
        }
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
        partial: &mut Partial,
        found: impl FnMut(&Finding<'_>) -> Result<(), E>,
        after: impl FnOnce(&dyn Fn(usize) -> Standing),
    ) -> Result<(), E> {
        let mut truths = std::mem::take(&mut self.truths);
        let answers = Answers::ask(self.policies, record, &mut truths);
        let judged = match self.first_in_scope(record) {
            Some(first) => self.judge_marked(first, &answers, context, (summary, partial), found),
            None => {
                self.pass_over(record, context, summary);
                Ok(())
            }
        };
        if judged.is_ok() {
            after(&|rule_index| self.standing(rule_index, &answers));
        }
        self.truths = truths;
        judged
    }

    /// Returns how a rule, by its index, regards a record.
    fn standing(&self, rule_index: usize, answers: &Answers<'_>) -> Standing {
        let Some((policy, rule)) = self.policies.rules().nth(rule_index) else {
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
                    Outcome::Pass => {
                        let doubted = record.with_missing_as_bad();
                        let mut truths = Vec::new();
                        let doubted = Answers::ask(self.policies, &doubted, &mut truths);
                        match outcome(rule, require, OnAbsent::Fail, doubted) {
                            Outcome::Pass => Standing::Pass,
                            Outcome::NotApplicable | Outcome::Fail(_) | Outcome::Error(_) => {
                                Standing::PassByAbsence
                            }
                        }
                    }
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

    /// Judges a record of which `first` is the first policy whose scope it is not out of,
    /// and whether it is in that; `mark` takes what each rule comes to.
    #[inline]
    fn judge_by<E>(
        &self,
        first: (usize, Truth),
        answers: &Answers<'_>,
        context: Context<'_>,
        (summary, partial): (&mut Summary, &mut Partial),
        mut found: impl FnMut(&Finding<'_>) -> Result<(), E>,
        mut mark: impl FnMut(usize, Mark),
    ) -> Result<(), E> {
        let (policies, record) = (self.policies, answers.record());
        summary.count_record(&policies.schema, record, context.privacy);
        summary.in_scope += 1;
        let judged = JudgedRecord::new(answers);
        let mut scope_undecided = false;
        let mut next_index = 0;
        for (number, policy) in policies.all.iter().enumerate() {
            let rules = next_index..next_index + policy.rules.len();
            next_index = rules.end;
            // What was asked to find the first is not asked again.
            let scope = match number.cmp(&first.0) {
                Ordering::Less => continue,
                Ordering::Equal => first.1,
                Ordering::Greater => policies.scope(policy, record),
            };
            match scope {
                Truth::True => {}
                Truth::False => continue,
                Truth::Undecided(_) => scope_undecided = true,
            }
            summary.in_scope_by_policy[number] += 1;
            let mut aggregates = self.aggregates[number];
            for (rule_index, rule) in rules.zip(&policy.rules) {
                if let Some(scope) = &rule.scope {
                    scope_undecided |= matches!(answers.holds(scope), Truth::Undecided(_));
                }
                let outcome = match &rule.ask {
                    Ask::Record { require, on_absent } => {
                        outcome(rule, require, *on_absent, *answers)
                    }
                    Ask::Aggregate(aggregate) => {
                        let when = answers.applies(rule);
                        aggregates += 1;
                        let asked = (aggregates - 1, aggregate);
                        match partial.gather(asked, when, answers, context.number) {
                            Some(outcome) => outcome,
                            None if aggregate.compared(record).is_some() => {
                                summary.count_judged(policies.shared_controls(rule_index));
                                mark(rule_index, Mark::Waiting);
                                continue;
                            }
                            None => {
                                mark(rule_index, Mark::Elsewhere);
                                continue;
                            }
                        }
                    }
                };
                if outcome != Outcome::NotApplicable {
                    summary.count_judged(policies.shared_controls(rule_index));
                }
                let Some((status, reason)) = summary.count_unlisted(rule_index, outcome) else {
                    mark(rule_index, outcome.into());
                    continue;
                };
                let mut finding = Finding {
                    subject: Subject::Record(&judged),
                    number: Some(context.number),
                    export: Some(context.export),
                    policy,
                    rule,
                    rule_index,
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
                mark(rule_index, finding.status.into());
                found(&finding)?;
            }
        }
        summary.scope_undecided += u64::from(scope_undecided);
        summary.finish_record(record, context.privacy);
        Ok(())
    }
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
