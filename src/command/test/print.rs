//! What is said of the cases of a policy.

use std::io::{self, Write};

use super::example::RuleExamples;
use super::file::File;
use super::mutate::Mutation;
use super::run::{Difference, Test};
use crate::command::judge::OutcomeKind;
use crate::text::{count, escape_controls};

impl Test<'_> {
    /// Writes what is other than expected; returns whether there is nothing of that
    /// sort.
    pub(super) fn print(&self, file: &File, out: &mut dyn Write) -> io::Result<bool> {
        let cases = file.cases.case.len() + file.cases.export.len();
        let cases = count(cases as u64, "case", "cases");
        let rules = count(self.rules.len() as u64, "rule", "rules");
        let pass = self.never(&[OutcomeKind::Pass]);
        // Some rules only find what cannot be judged.
        let fail = self.never(&[OutcomeKind::Fail, OutcomeKind::Error]);
        let is_sound = self.differences.is_empty() && pass.is_empty() && fail.is_empty();
        let verdict = if is_sound { "ok" } else { "FAILED" };
        let path = escape_controls(&file.path);
        writeln!(out, "{path}: {cases}, {rules}: {verdict}")?;
        for difference in &self.differences {
            let Difference {
                case,
                rule,
                expected,
                found,
            } = difference;
            let (case, rule) = (escape_controls(case), escape_controls(rule));
            writeln!(
                out,
                "  case \"{case}\": {rule}: expected {expected}, found {found}"
            )?;
        }
        for (what, rules) in [("pass", pass), ("fail", fail)] {
            if !rules.is_empty() {
                let rules = rules.join(", ");
                let rules = escape_controls(&rules);
                writeln!(out, "  no case makes these {what}: {rules}")?;
            }
        }
        Ok(is_sound)
    }
}

impl Mutation<'_> {
    /// Writes which changes no rule notices, and records that rules tell apart.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        self.print_changes(out)?;
        self.print_examples(out)
    }

    fn print_examples(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.rule_examples.is_empty() {
            writeln!(out, "  the smallest records that rules tell apart")?;
        }
        for RuleExamples { rule, meets, fails } in &self.rule_examples {
            let shown = |record: &Option<String>| match record {
                Some(record) => escape_controls(record).into_owned(),
                None => "none found".to_owned(),
            };
            writeln!(out, "    {}", escape_controls(rule))?;
            writeln!(out, "      pass: {}", shown(meets))?;
            writeln!(out, "      fail: {}", shown(fails))?;
        }
        Ok(())
    }

    fn print_changes(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(case) = self.case else {
            return writeln!(
                out,
                "  no case has a record that meets every rule: nothing to change"
            );
        };
        let case = escape_controls(case);
        writeln!(out, "  changes to the record of \"{case}\"")?;
        for (field, changes) in &self.unnoticed {
            let changes: Vec<&str> = changes.iter().map(|change| (*change).into()).collect();
            let field = escape_controls(field);
            writeln!(out, "    no rule notices {field}: {}", changes.join(", "))?;
        }
        if !self.untripped.is_empty() {
            writeln!(
                out,
                "    no change makes these fail: {}",
                escape_controls(&self.untripped.join(", "))
            )?;
        }
        if !self.unread.is_empty() {
            writeln!(out, "    no rule reads {}", self.unread.join(", "))?;
        }
        Ok(())
    }
}
