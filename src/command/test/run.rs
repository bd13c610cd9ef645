//! Running the cases of policies.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Map, Value};
use toml::Spanned;

use super::file::File;
use super::mutate::Mutation;
use crate::command::error::Error;
use crate::command::exit::Exit;
use crate::command::judge::{OutcomeKind, load, outcomes, with_a_field};
use crate::diagnostic::{Diagnostic, Level};
use crate::policy::error::Error as PolicyError;
use crate::policy::{Policies, Rule};

/// Runs the cases of policies, and writes what is other than expected and which rules
/// no case makes pass or fail.
pub(in crate::command) fn test(
    policies: &[PathBuf],
    mutate: bool,
    out: &mut dyn Write,
) -> Result<Exit, Error> {
    let mut is_sound = true;
    for policy in policies {
        let file = File::beside(policy)?;
        let policies = load(policy, file.as_of, &file.settings())?;
        is_sound &= Test::run(&file, &policies)?.print(&file, out)?;
        if mutate {
            Mutation::run(&file, &policies).print(out)?;
        }
    }
    Ok(match is_sound {
        true => Exit::Clean,
        false => Exit::Findings,
    })
}

pub(super) fn rules(policies: &Policies) -> Vec<&Rule> {
    policies.rules().map(|(_, rule)| rule).collect()
}

/// Holds what the cases of a policy come to.
pub(super) struct Test<'t> {
    pub(super) rules: Vec<&'t Rule>,
    pub(super) differences: Vec<Difference<'t>>,
    /// The outcomes that each rule had where a case expects something of it.
    covered: Vec<BTreeSet<OutcomeKind>>,
}

/// Represents a rule that does not make of a case what is expected.
pub(super) struct Difference<'t> {
    pub(super) case: &'t str,
    pub(super) rule: &'t str,
    pub(super) expected: OutcomeKind,
    pub(super) found: OutcomeKind,
}

impl<'t> Test<'t> {
    fn run(file: &'t File, policies: &'t Policies) -> Result<Self, Error> {
        let rules = rules(policies);
        let mut test = Self {
            differences: Vec::new(),
            covered: vec![BTreeSet::new(); rules.len()],
            rules,
        };
        let mut diagnostics = Vec::new();
        for case in &file.cases.case {
            let record = file.record(&case.change(), &mut diagnostics);
            let asked = (&case.expect, case.others.as_ref());
            let expected = file.expected(asked, &test.rules, Rule::is_of_records, &mut diagnostics);
            let name = &case.name;
            test.judge(policies, name, &[record], &expected, &mut diagnostics);
        }
        for case in &file.cases.export {
            let records = case.records.iter().flat_map(|record| {
                let times = usize::from(record.times);
                vec![file.record(&record.change(), &mut diagnostics); times]
            });
            let records: Vec<_> = records.collect();
            let asked = (&case.expect, case.others.as_ref());
            let is_of_all = |rule: &Rule| !rule.is_of_records();
            let expected = file.expected(asked, &test.rules, is_of_all, &mut diagnostics);
            let name = &case.name;
            test.judge(policies, name, &records, &expected, &mut diagnostics);
        }
        if diagnostics.is_empty() {
            return Ok(test);
        }
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        Err(Error::from(PolicyError::Invalid {
            path: file.path.clone(),
            text: file.text.clone(),
            diagnostics,
        }))
    }

    fn judge(
        &mut self,
        policies: &Policies,
        name: &'t Spanned<String>,
        records: &[Map<String, Value>],
        expected: &[Option<OutcomeKind>],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        match judge(policies, records) {
            Ok(found) => self.compare(name.get_ref(), expected, &found),
            Err(why) => diagnostics.push(Diagnostic {
                level: Level::Error,
                span: name.span(),
                message: format!("the record cannot be read: {why}"),
                help: None,
            }),
        }
    }

    fn compare(&mut self, case: &'t str, expected: &[Option<OutcomeKind>], found: &[OutcomeKind]) {
        for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
            let Some(expected) = *expected else {
                // A case covers only what it expects something of.
                continue;
            };
            self.covered[index].insert(*found);
            if expected != *found {
                self.differences.push(Difference {
                    case,
                    rule: &self.rules[index].id,
                    expected,
                    found: *found,
                });
            }
        }
    }

    /// Returns the rules that no case makes have any of these outcomes.
    pub(super) fn never(&self, outcomes: &[OutcomeKind]) -> Vec<&'t str> {
        let all = self.rules.iter().zip(&self.covered);
        let never = all.filter(|(_, covered)| !outcomes.iter().any(|one| covered.contains(one)));
        never.map(|(rule, _)| rule.id.as_str()).collect()
    }
}

/// Returns what every rule makes of these records.
///
/// # Errors
///
/// A record cannot be read, for this reason.
pub(super) fn judge(
    policies: &Policies,
    records: &[Map<String, Value>],
) -> Result<Vec<OutcomeKind>, String> {
    let mut ndjson = String::new();
    for record in records {
        let record = with_a_field(policies, record.clone());
        ndjson.push_str(&Value::Object(record).to_string());
        ndjson.push('\n');
    }
    outcomes(policies, ndjson.as_bytes())
}
