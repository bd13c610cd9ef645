//! Records that are made up: for each rule one that meets it and one that does not.

use std::slice;

use serde_json::{Map, Value};

use super::run::judge;
use crate::command::judge::{OutcomeKind, with_a_field};
use crate::policy::{Example, Policies, Sample};

/// Holds the smallest records that meet a rule and that fail it.
pub(super) struct RuleExamples<'m> {
    pub(super) rule: &'m str,
    /// One that meets it, if one was found.
    pub(super) meets: Option<String>,
    /// One that does not, if one was found.
    pub(super) fails: Option<String>,
}

/// Makes up records for every rule that asks something of each record. A record is kept
/// only if the rule answers as it should.
pub(super) fn rule_examples(policies: &Policies) -> Vec<RuleExamples<'_>> {
    let rules = policies.rules().enumerate();
    let rules = rules.filter(|(_, (_, rule))| rule.is_of_records());
    let examples = rules.map(|(index, (policy, rule))| {
        let [meets, fails] = policies.examples(policy, rule);
        let judged = |example: Option<Example>, wanted: OutcomeKind| {
            let record = record(policies, &example?);
            let outcomes = judge(policies, slice::from_ref(&record)).ok()?;
            let is_wanted = outcomes.get(index) == Some(&wanted);
            is_wanted.then(|| Value::Object(record).to_string())
        };
        RuleExamples {
            rule: &rule.id,
            meets: judged(meets, OutcomeKind::Pass),
            fails: judged(fails, OutcomeKind::Fail),
        }
    });
    examples.collect()
}

/// Returns a record as JSON.
fn record(policies: &Policies, example: &Example) -> Map<String, Value> {
    let mut record = Map::new();
    for (slot, sample) in example {
        let value = match sample {
            Sample::Absent => continue,
            Sample::Flag(flag) => Value::Bool(*flag),
            Sample::Text(text) => Value::String(text.clone()),
            Sample::Number(number) => {
                serde_json::from_str(number).unwrap_or_else(|_| Value::String(number.clone()))
            }
            Sample::Object => Value::Object(Map::new()),
        };
        record.insert(policies.schema.field(*slot).name.clone(), value);
    }
    with_a_field(policies, record)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::json;

    use super::*;
    use crate::policy::{Ask, FileWarnings, bundled};

    #[test]
    fn every_bundled_rule_is_met_by_a_record_and_failed_by_another() {
        for name in bundled() {
            let policies = Policies::builder().named(Path::new(name)).load();
            let policies = policies.expect("a sound policy");
            for examples in rule_examples(&policies) {
                let mut rules = policies.rules().map(|(_, rule)| rule);
                let rule = rules
                    .find(|rule| rule.id == examples.rule)
                    .expect("its rule");
                assert!(examples.meets.is_some(), "nothing meets {name}/{}", rule.id);
                let is_only_judged = !rule.because.is_empty() || is_only_read(rule);
                assert!(
                    examples.fails.is_some() || is_only_judged,
                    "nothing fails {name}/{}",
                    rule.id
                );
            }
        }
    }

    /// Rules that pass by absence, or that find only what cannot be read.
    fn is_only_read(rule: &crate::policy::Rule) -> bool {
        match &rule.ask {
            Ask::Record { on_absent, .. } => *on_absent != crate::policy::OnAbsent::Fail,
            Ask::Aggregate(_) => true,
        }
    }

    const CHECKS: [&str; 36] = [
        "force2fa = true",
        "force2fa = false",
        "force2fa = { present = true }",
        "force2fa = { present = false }",
        "forceSso = true",
        "name = { min-length = 3 }",
        "name = { max-length = 4 }",
        "name = { max-length = 2 }",
        "name = \"Able\"",
        "name = { not-equals = \"Able\" }",
        "name = { in = [\"Able\", \"Baker\"] }",
        "name = { not-in = [\"Able\"] }",
        "name = { matches = '^[A-C]' }",
        "name = { matches = '[0-9]$' }",
        "name = { not-matches = '(?i)able' }",
        "name = { not-matches = '^\\s*$' }",
        "name = { present = false }",
        "ownerId = { present = true, differs-from = \"securityContactId\" }",
        "ownerId = { equals-field = \"securityContactId\" }",
        "billingNetworkType = \"public\"",
        "createdAt = { older-than = \"30d\" }",
        "createdAt = { newer-than = \"10d\" }",
        "createdAt = { before = 2020-01-01T00:00:00Z }",
        "createdAt = { after = 2024-01-01T00:00:00Z }",
        "createdAt = { passed = false }",
        "createdAt = { within-next = \"2w\" }",
        "updatedAt = { after-field = \"createdAt\" }",
        "updatedAt = { before-field = { field = \"createdAt\", by = \"24h\" } }",
        "ipWhitelist = { any-address = false }",
        "ipWhitelist = { min-prefix = { v4 = 16, v6 = 48 } }",
        "ipWhitelist = { within = [\"10.0.0.0/8\"] }",
        "ipWhitelist = { excludes = [\"10.0.0.0/8\"] }",
        "ipWhitelist = { public = true }",
        "ipWhitelist = { covers = [\"192.0.2.0/24\"] }",
        "ipWhitelist = { max-addresses = { v4 = 16, v6 = 1 } }",
        "n = { at-least = 3, at-most = 8 }",
    ];

    /// A requirement that joins some of the checks.
    fn requirement() -> impl Strategy<Value = String> {
        let checks = subsequence(CHECKS.to_vec(), 1..4);
        (checks, 0..5usize).prop_map(|(checks, join)| {
            let parts: Vec<_> = checks
                .iter()
                .map(|check| format!("{{ {check} }}"))
                .collect();
            let parts = parts.join(", ");
            match join {
                0 => format!("{{ any = [{parts}] }}"),
                1 => format!("{{ not.any = [{parts}] }}"),
                2 => format!("{{ not.all = [{parts}] }}"),
                3 if checks.len() > 1 => format!("{{ some = {{ at-least = 2, of = [{parts}] }} }}"),
                _ => format!("{{ all = [{parts}] }}"),
            }
        })
    }

    fn record() -> impl Strategy<Value = Map<String, Value>> {
        let flag = || select(vec![json!(true), json!(false), json!(null)]);
        let text = || {
            select(vec![
                json!("Able"),
                json!("B9"),
                json!("Baker"),
                json!("zz"),
                json!({}),
            ])
        };
        let time = || {
            let days = [
                "2015-05-05",
                "2024-06-01",
                "2025-12-28",
                "2026-01-05",
                "2030-01-01",
            ];
            select(days.map(Value::from).to_vec())
        };
        let list = select(vec![
            json!("10.1.2.0/24"),
            json!("0.0.0.0/0"),
            json!("192.0.2.0/24"),
            json!("8.8.8.8,10.0.0.1"),
            json!("x"),
        ]);
        let number = select(vec![json!(1), json!(5), json!(9)]);
        let fields = (
            flag(),
            flag(),
            text(),
            text(),
            text(),
            time(),
            time(),
            list,
            number,
        );
        (fields, subsequence((0..9).collect::<Vec<usize>>(), 0..9)).prop_map(|(fields, kept)| {
            let (a, b, c, d, e, f, g, h, i) = fields;
            let names = [
                "force2fa",
                "forceSso",
                "name",
                "ownerId",
                "securityContactId",
                "createdAt",
                "updatedAt",
                "ipWhitelist",
                "n",
            ];
            let all = names.into_iter().zip([a, b, c, d, e, f, g, h, i]);
            let all = all.enumerate().filter(|(index, _)| kept.contains(index));
            let all = all.map(|(_, (name, value))| (name.to_owned(), value));
            all.chain([("id".to_owned(), json!("a"))]).collect()
        })
    }

    fn has(warnings: &[FileWarnings], wanted: &str) -> bool {
        let mut all = warnings.iter().flat_map(|file| &file.diagnostics);
        all.any(
            |one| matches!(one.level, crate::diagnostic::Level::Warning { code } if code == wanted),
        )
    }

    proptest! {
        #[test]
        fn a_rule_of_which_nothing_is_said_is_met_and_violated(
            when in proptest::option::of(requirement()),
            require in requirement(),
            record in record(),
        ) {
            let when = when.map(|when| format!("when = {when}\n")).unwrap_or_default();
            let toml = format!(
                "[policy]\nid = \"p\"\n[fields]\nn = \"number\"\n[[rule]]\nid = \"r\"\n\
                 severity = \"low\"\n{when}require = {require}\n"
            );
            let as_of = "2026-01-01T00:00:00Z".parse().expect("a time");
            let builder = Policies::builder().text("p.toml", toml.clone()).as_of(as_of);
            let (policies, warnings) = builder.load_with_warnings();
            let policies = policies.expect("a sound policy");
            let said = |code| has(&warnings, code);
            let never = ["never-applies", "never-passes", "never-fails", "never-holds", "always-holds",
                "matches-everything", "matches-nothing"].into_iter().any(said);
            let examples = &rule_examples(&policies)[0];
            // There are too many lists of networks to try, where all entries count together.
            let together = ["any-address", "max-addresses", "covers"];
            let are_all_tried = !together.iter().any(|check| toml.contains(check));
            if !never && are_all_tried {
                prop_assert!(examples.meets.is_some(), "nothing meets {toml}");
                prop_assert!(examples.fails.is_some(), "nothing fails {toml}");
            }
            let outcome = judge(&policies, slice::from_ref(&record)).expect("a record")[0];
            match outcome {
                OutcomeKind::Pass => prop_assert!(!said("never-passes"), "{toml} {record:?}"),
                OutcomeKind::Fail => prop_assert!(!said("never-applies"), "{toml} {record:?}"),
                // It may not be certain that the rule applies.
                OutcomeKind::Error | OutcomeKind::NotApplicable => {}
            }
        }
    }
}
