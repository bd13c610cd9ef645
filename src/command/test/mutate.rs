//! What rules notice when the fields of a record change.

use std::collections::BTreeSet;
use std::slice;

use serde_json::{Map, Value};
use strum::VariantArray;

use super::cases::Case;
use super::example::{RuleExamples, rule_examples};
use super::file::{File, take};
use super::run::{judge, rules};
use crate::command::judge::OutcomeKind;
use crate::policy::{Ask, Policies};
use crate::record::Slot;
use crate::record::field::FIELDS;

/// Names a change to a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub(super) enum FieldChange {
    Absent,
    Null,
    False,
    True,
    Empty,
    #[strum(serialize = "an object")]
    Object,
}

impl FieldChange {
    fn apply(self, record: &mut Map<String, Value>, key: &str) {
        take(record, key);
        let value = match self {
            FieldChange::Absent => return,
            FieldChange::Null => Value::Null,
            FieldChange::False => Value::Bool(false),
            FieldChange::True => Value::Bool(true),
            FieldChange::Empty => Value::String(String::new()),
            FieldChange::Object => Value::Object(Map::new()),
        };
        record.insert(key.to_owned(), value);
    }
}

/// Holds what rules notice of changes to a record that meets all that apply.
pub(super) struct Mutation<'m> {
    /// The case whose record is changed.
    pub(super) case: Option<&'m str>,
    /// Changes that no rule notices, of fields that some rule reads.
    pub(super) unnoticed: Vec<(&'m str, Vec<FieldChange>)>,
    /// Fields that no rule reads.
    pub(super) unread: Vec<&'static str>,
    /// Rules that no change trips.
    pub(super) untripped: Vec<&'m str>,
    /// The smallest records that meet each rule and that fail it.
    pub(super) rule_examples: Vec<RuleExamples<'m>>,
}

/// Represents a case whose record meets all rules that apply to it.
struct Compliant<'m> {
    case: &'m Case,
    record: Map<String, Value>,
    outcomes: Vec<OutcomeKind>,
}

impl<'m> Mutation<'m> {
    pub(super) fn run(file: &'m File, policies: &'m Policies) -> Self {
        let read = fields_read(policies);
        let compared = fields_compared(policies);
        let all = FIELDS.iter().map(|field| field.name);
        let mut mutation = Self {
            case: None,
            unnoticed: Vec::new(),
            unread: all
                .filter(|name| !read.contains(name) && !compared.contains(name))
                .collect(),
            untripped: Vec::new(),
            rule_examples: rule_examples(policies),
        };
        if let Some(compliant) = Compliant::find(file, policies) {
            mutation.change_all(&compliant, policies, &read);
        }
        mutation
    }

    fn change_all(&mut self, compliant: &Compliant<'m>, policies: &'m Policies, read: &[&'m str]) {
        let Compliant {
            case,
            record,
            outcomes,
        } = compliant;
        self.case = Some(case.name.get_ref());
        let mut tripped = vec![false; outcomes.len()];
        for field in read {
            let mut unnoticed = Vec::new();
            for change in FieldChange::VARIANTS {
                let mut changed = record.clone();
                change.apply(&mut changed, field);
                let after = judge(policies, slice::from_ref(&changed)).unwrap_or_default();
                let after = of_records(policies, after);
                for (tripped, outcome) in tripped.iter_mut().zip(&after) {
                    *tripped |= is_finding(*outcome);
                }
                if changed != *record && after == *outcomes {
                    unnoticed.push(*change);
                }
            }
            if !unnoticed.is_empty() {
                self.unnoticed.push((field, unnoticed));
            }
        }
        let untripped = of_records(policies, rules(policies)).into_iter();
        let untripped = untripped.zip(tripped).filter(|(_, tripped)| !tripped);
        self.untripped = untripped.map(|(rule, _)| rule.id.as_str()).collect();
    }
}

impl<'m> Compliant<'m> {
    fn find(file: &'m File, policies: &Policies) -> Option<Self> {
        file.cases.case.iter().find_map(|case| {
            // What is wrong with a case has been reported already.
            let record = file.record(&case.change(), &mut Vec::new());
            let outcomes = judge(policies, slice::from_ref(&record)).ok()?;
            let outcomes = of_records(policies, outcomes);
            let is_compliant = !outcomes.iter().any(|outcome| is_finding(*outcome));
            is_compliant.then_some(Self {
                case,
                record,
                outcomes,
            })
        })
    }
}

fn is_finding(outcome: OutcomeKind) -> bool {
    match outcome {
        OutcomeKind::Fail | OutcomeKind::Error => true,
        OutcomeKind::Pass | OutcomeKind::NotApplicable => false,
    }
}

/// The fields that rules look at in a record.
fn fields_read(policies: &Policies) -> Vec<&str> {
    let slots = policies.tests.iter().flat_map(|test| {
        let other = test.check.other();
        std::iter::once(test.slot).chain(other)
    });
    let slots: BTreeSet<Slot> = slots.collect();
    let names = slots.into_iter();
    names
        .map(|slot| policies.schema.field(slot).name.as_str())
        .collect()
}

/// The fields that rules compare between records.
fn fields_compared(policies: &Policies) -> Vec<&str> {
    let slots = policies.rules().filter_map(|(_, rule)| match &rule.ask {
        Ask::Aggregate(aggregate) => aggregate.slot(),
        Ask::Record { .. } => None,
    });
    slots
        .map(|slot| policies.schema.field(slot).name.as_str())
        .collect()
}

/// Returns what belongs to the rules that ask something of each record.
fn of_records<T>(policies: &Policies, all: Vec<T>) -> Vec<T> {
    let all = rules(policies).into_iter().zip(all);
    all.filter(|(rule, _)| rule.is_of_records())
        .map(|(_, item)| item)
        .collect()
}
