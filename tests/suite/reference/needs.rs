//! The fields without which a policy cannot be audited.

use toml::{Table, Value as Toml};

use super::check::other_field;
use super::field::folded;

/// What the contract leaves open of a `require` that a time has not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It asks no more than absence, as `present = false` does.
    IsPresence,
    /// It asks about the time, and the field is needed.
    IsMore,
}

/// The fields that are needed, unless `optional` says that they are not.
pub fn needed(head: &Table, rules: &[Table], aggregates: &[Table], passed: Passed) -> Vec<String> {
    let mut fields = Vec::new();
    in_guard(head.get("scope"), &mut fields);
    for rule in rules.iter().chain(aggregates) {
        in_guard(rule.get("when"), &mut fields);
        if let Some(require) = rule.get("require") {
            in_requirement(require.as_table().unwrap(), passed, &mut fields);
        }
    }
    fields.extend(aggregates.iter().filter_map(subject));
    let optional = head.get("optional").and_then(Toml::as_table);
    let optional: Vec<String> = optional
        .into_iter()
        .flatten()
        .map(|(name, _)| folded(name))
        .collect();
    fields.retain(|field| !optional.contains(&folded(field)));
    fields
}

/// The field whose values a rule over all records looks at.
fn subject(aggregate: &Table) -> Option<String> {
    let mut asked = ["unique", "shared", "newest"].into_iter();
    let asked = asked.find_map(|name| aggregate.get(name))?;
    Some(other_field(asked).to_owned())
}

/// Of a `scope` or a `when`: the fields of which more is asked than presence.
fn in_guard(requirement: Option<&Toml>, fields: &mut Vec<String>) {
    let checks = requirement.map(|one| checks(one.as_table().unwrap(), true));
    for (field, check, _) in checks.into_iter().flatten() {
        if !is_about_presence(check, Passed::IsPresence, |_| true) {
            name(field, check, fields);
        }
    }
}

/// Of a `require`: the fields of which more is asked than to be absent.
fn in_requirement(requirement: &Table, passed: Passed, fields: &mut Vec<String>) {
    for (field, check, holds) in checks(requirement, true) {
        if !is_about_presence(check, passed, |present| present != holds) {
            name(field, check, fields);
        }
    }
}

/// Every check of a requirement, and whether it is to hold or, under a `not`,
/// not to.
fn checks(requirement: &Table, holds: bool) -> Vec<(&str, &Toml, bool)> {
    let mut found = Vec::new();
    for (key, part) in requirement {
        let list = match key.as_str() {
            "all" | "any" => part,
            "some" => &part["of"],
            "not" => {
                found.extend(checks(part.as_table().unwrap(), !holds));
                continue;
            }
            field => {
                found.push((field, part, holds));
                continue;
            }
        };
        for part in list.as_array().unwrap() {
            found.extend(checks(part.as_table().unwrap(), holds));
        }
    }
    found
}

/// Whether a check asks for presence alone, and that it be as it should.
fn is_about_presence(check: &Toml, passed: Passed, should: impl Fn(bool) -> bool) -> bool {
    let asks_that = |operator: &str| match operator {
        "present" => true,
        "passed" => passed == Passed::IsPresence,
        _ => false,
    };
    let operators = check.as_table();
    operators.is_some_and(|operators| {
        operators
            .iter()
            .all(|(operator, argument)| asks_that(operator) && should(argument.as_bool().unwrap()))
    })
}

/// The field of a check, and those that it is compared with.
fn name(field: &str, check: &Toml, fields: &mut Vec<String>) {
    fields.push(field.to_owned());
    let others = [
        "equals-field",
        "differs-from",
        "before-field",
        "after-field",
    ];
    let others = others.iter().filter_map(|operator| check.get(operator));
    fields.extend(others.map(|other| other_field(other).to_owned()));
}
