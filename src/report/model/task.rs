//! What to do about rules that are not met: one task a check, whatever policies ask it.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::footer::RuleCounts;
use super::header::{Policy, Rule};
use crate::policy::Severity;

/// Represents a rule that is not met, with what was counted of it.
#[derive(Debug, Clone, Copy)]
pub struct Unmet<'r> {
    /// Its index among the rules of the run.
    pub index: usize,
    /// Its policy.
    pub policy: &'r Policy,
    /// The rule.
    pub rule: &'r Rule,
    /// How many of its findings nobody has accepted.
    pub findings: u64,
    /// How severe the most severe of them is.
    pub severity: Severity,
}

/// Holds what is to be done once, though several rules ask for it.
#[derive(Debug)]
pub struct Task<'r> {
    /// How severe the most severe finding is.
    pub severity: Severity,
    /// The rules, in the order of the run.
    pub rules: Vec<Unmet<'r>>,
    /// What to do, and which of the rules say so; those that say nothing are left out.
    pub ways: Vec<Way<'r>>,
}

/// Holds what to do, with the rules that say it.
#[derive(Debug)]
pub struct Way<'r> {
    /// What to do.
    pub remediation: &'r str,
    /// The rules, in the order of the run.
    pub rules: Vec<Unmet<'r>>,
}

impl<'r> Task<'r> {
    /// Returns the task's title, which is that of its most severe rule.
    pub fn title(&self) -> &'r str {
        let most_severe = self.rules.iter().find(|one| one.severity == self.severity);
        most_severe.map_or("", |one| &one.rule.title)
    }

    /// Returns how many findings the rule with most of them has: each of the others finds
    /// the same, or a part.
    pub fn most_findings(&self) -> u64 {
        let findings = self.rules.iter().map(|one| one.findings);
        findings.max().unwrap_or_default()
    }
}

/// Returns the tasks, the most severe first and of those the ones with most findings.
/// `rules` are all of the run, with what was counted, and how severe their findings are.
pub fn tasks<'r>(
    rules: impl Iterator<Item = ((&'r Policy, &'r Rule), &'r RuleCounts, Severity)>,
) -> Vec<Task<'r>> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut tasks: Vec<Task<'r>> = Vec::new();
    for (index, ((policy, rule), counted, severity)) in rules.enumerate() {
        let findings = counted.counts.findings();
        if findings == 0 {
            continue;
        }
        let unmet = Unmet {
            index,
            policy,
            rule,
            findings,
            severity,
        };
        // What no shared check asks, other rules may still cure in the same way.
        let key = match &rule.check {
            Some(check) => ("check", check.as_str()),
            None if rule.remediation.is_empty() => ("rule", rule.sha256.as_str()),
            None => ("remediation", rule.remediation.as_str()),
        };
        let place = *places.entry(key).or_insert_with(|| {
            tasks.push(Task {
                severity,
                rules: Vec::new(),
                ways: Vec::new(),
            });
            tasks.len() - 1
        });
        tasks[place].add(unmet);
    }
    tasks.sort_by_key(|task| Reverse((task.severity, task.most_findings())));
    tasks
}

impl<'r> Task<'r> {
    fn add(&mut self, unmet: Unmet<'r>) {
        self.severity = self.severity.max(unmet.severity);
        self.rules.push(unmet);
        let remediation = unmet.rule.remediation.as_str();
        if remediation.is_empty() {
            return;
        }
        let mut ways = self.ways.iter_mut();
        match ways.find(|way| way.remediation == remediation) {
            Some(way) => way.rules.push(unmet),
            None => self.ways.push(Way {
                remediation,
                rules: vec![unmet],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Counts;
    use crate::report::fixture;

    #[test]
    fn what_several_rules_ask_is_one_task_that_names_them() {
        let mut header = fixture::header();
        let policy = &mut header.policies[0];
        let rule = |id: &str, severity, check: Option<&str>, remediation: &str| Rule {
            check: check.map(str::to_owned),
            remediation: remediation.to_owned(),
            ..fixture::rule(id, severity)
        };
        policy.rules = vec![
            rule("low", Severity::Low, Some("mfa"), "Force it."),
            rule("met", Severity::Critical, Some("mfa"), "Force it."),
            rule("own", Severity::Medium, None, "Force it."),
            rule("high", Severity::High, Some("mfa"), "Attach the paper."),
            rule("same", Severity::High, Some("mfa"), "Force it."),
            rule("silent", Severity::Info, None, ""),
        ];
        let counted = |(number, rule): (u64, &Rule)| RuleCounts {
            policy: "pol".to_owned(),
            rule: rule.id.clone(),
            severity: rule.severity,
            counts: Counts {
                fail: if rule.id == "met" { 0 } else { number + 1 },
                ..Counts::default()
            },
            most_severe: None,
        };
        let counted: Vec<_> = (0..).zip(&header.policies[0].rules).map(counted).collect();
        let rules = header.rules().zip(&counted);
        let rules = rules.map(|(rule, counted)| (rule, counted, rule.1.severity));
        let tasks = tasks(rules);
        let said = |task: &Task<'_>| {
            let ids = |rules: &[Unmet<'_>]| {
                let ids: Vec<_> = rules.iter().map(|one| one.rule.id.as_str()).collect();
                ids.join(" ")
            };
            let ways = task.ways.iter();
            let ways = ways.map(|way| format!("{} ({})", way.remediation, ids(&way.rules)));
            let ways: Vec<_> = ways.collect();
            let (severity, title) = (task.severity, task.title());
            format!(
                "{severity} {title}: {}: {}",
                ids(&task.rules),
                ways.join(" ")
            )
        };
        assert_eq!(
            tasks.iter().map(said).collect::<Vec<_>>(),
            [
                "high The rule high: low high same: Force it. (low same) Attach the paper. (high)",
                "medium The rule own: own: Force it. (own)",
                "info The rule silent: silent: ",
            ]
        );
    }
}
