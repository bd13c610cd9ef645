//! The controls that were reviewed, and no other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::part::{one_line, plain, token};
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
    if !has_catalogue(framework) {
        return token(framework, requirement);
    }
    // What follows a blank is a part of the control.
    let control = requirement.split(' ').next().unwrap_or_default();
    let control = control.replace('(', ".").replace(')', "");
    plain(&control.to_ascii_lowercase())
}

/// Returns the id of what a control states: `ir-7.2_smt.b` for `IR-7(2) b`.
pub fn statement_id(framework: &str, requirement: &str) -> String {
    let control = control_id(framework, requirement);
    let parts = match has_catalogue(framework) {
        true => requirement.split(' ').skip(1).collect(),
        false => Vec::new(),
    };
    let parts = parts.iter().map(|part| format!(".{part}"));
    plain(&format!("{control}_smt{}", parts.collect::<String>()))
}

fn has_catalogue(framework: &str) -> bool {
    framework.starts_with("NIST SP 800-53")
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
                "PCI DSS 4.0.1: 8.4.2 (direct)",
                ["PCI_DSS_4.0.1_8.4.2", "PCI_DSS_4.0.1_8.4.2_smt"],
            ),
        ] {
            assert_eq!(of(reference), ids);
        }
    }
}
