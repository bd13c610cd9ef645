//! The controls that were reviewed, and no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::part::{one_line, token};
use super::rules::judged;
use crate::policy::Reference;
use crate::report::format::buffered::Report;

/// Is the id of no control.
const NO_CONTROL: &str = "none";

/// Says what was reviewed: the controls that rules are evidence for, and these rules.
pub fn reviewed(report: &Report<'_>) -> Value {
    let mut reviewed = json!({ "control-selections": controls(report) });
    let rules = judged(report);
    let rules: Vec<_> = rules
        .map(|(_, (policy, rule), _)| json!({ "objective-id": token(&policy.id, &rule.id) }))
        .collect();
    if !rules.is_empty() {
        reviewed["control-objective-selections"] = json!([{
            "description": "The rules of the policies that judged a record.",
            "include-objectives": rules,
        }]);
    }
    reviewed
}

/// Returns the controls that rules are evidence for which judged a record, a selection a
/// framework: no other was reviewed.
fn controls(report: &Report<'_>) -> Vec<Value> {
    let mut controls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, (_, rule), _) in judged(report) {
        for reference in rule
            .references
            .iter()
            .filter_map(|text| Reference::read(text))
        {
            let id = control_id(&reference.framework, &reference.requirement);
            controls.entry(reference.framework).or_default().insert(id);
        }
    }
    if controls.is_empty() {
        // Readers want a control in each selection, and a selection in each result.
        return vec![json!({
            "description": "No rule that judged a record is evidence for a control.",
            "include-controls": [{ "control-id": NO_CONTROL }],
        })];
    }
    let controls = controls.into_iter();
    let selections = controls.map(|(framework, ids)| {
        let ids = ids.into_iter().map(|id| json!({ "control-id": id }));
        json!({
            "description": one_line(&framework),
            "include-controls": ids.collect::<Vec<_>>(),
        })
    });
    selections.collect()
}

/// Returns the id of a control: that of the catalogue of NIST SP 800-53, as `ia-2.1` for
/// `IA-2(1)`, and one of ours for those that have no OSCAL catalogue.
pub fn control_id(framework: &str, requirement: &str) -> String {
    match of_catalogue(framework, requirement) {
        Some((control, _)) => control,
        None => token(framework, requirement),
    }
}

/// Returns the id of what a control states: `ir-7.2_smt.b` for `IR-7(2) b`.
pub fn statement_id(framework: &str, requirement: &str) -> String {
    match of_catalogue(framework, requirement) {
        Some((control, parts)) => format!("{control}_smt{parts}"),
        None => format!("{}_smt", token(framework, requirement)),
    }
}

/// Returns the id in the catalogue of a control that has one, and of which part of it is
/// spoken: `ir-7.2` and `.b` of `IR-7(2) b`.
fn of_catalogue(framework: &str, requirement: &str) -> Option<(String, String)> {
    if !framework.starts_with("NIST SP 800-53") {
        return None;
    }
    let mut words = requirement.split(' ');
    let control = words.next()?.to_ascii_lowercase();
    let (family, number) = control.split_once('-')?;
    let (number, enhancement) = match number.split_once('(') {
        Some((number, rest)) => (number, Some(rest.strip_suffix(')')?)),
        None => (number, None),
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_letters = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
    let mut parts = words.clone();
    let is_known = is_letters(family)
        && is_number(number)
        && enhancement.is_none_or(is_number)
        && parts.all(|part| is_letters(part) || is_number(part));
    let enhancement = enhancement.map(|number| format!(".{number}"));
    let control = format!("{family}-{number}{}", enhancement.unwrap_or_default());
    is_known.then(|| (control, words.map(|part| format!(".{part}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_known_by_the_id_of_its_catalogue() {
        let of = |text: &str| {
            let Reference {
                framework,
                requirement,
                ..
            } = Reference::read(text).expect("a reference");
            [control_id, statement_id].map(|id| id(&framework, &requirement))
        };
        for (reference, ids) in [
            (
                "NIST SP 800-53 r5: IA-2(1) (partial)",
                ["ia-2.1", "ia-2.1_smt"],
            ),
            (
                "NIST SP 800-53 r5: IR-7(2) b (partial)",
                ["ir-7.2", "ir-7.2_smt.b"],
            ),
            (
                "NIST SP 800-53 r5: all of IA (partial)",
                [
                    "NIST_SP_800-53_r5_all_of_IA_9f2541e0",
                    "NIST_SP_800-53_r5_all_of_IA_9f2541e0_smt",
                ],
            ),
            (
                "PCI DSS 4.0.1: 8.4.2 (direct)",
                ["PCI_DSS_4.0.1_8.4.2", "PCI_DSS_4.0.1_8.4.2_smt"],
            ),
        ] {
            assert_eq!(of(reference), ids);
        }
    }
}
