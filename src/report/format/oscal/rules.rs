//! The rules as the activities of the assessment, the program that carried them out, and
//! what it did.

use serde_json::{Value, json};

use super::assessed::counts;
use super::part::{first_of, one_line, prop, props, uuid, uuid_in};
use super::reviewed::control_id;
use crate::policy::Reference;
use crate::report::format::buffered::Report;
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule, Tool};
use crate::text::count;

/// Returns the rules that judged a record, each with its index and its outcomes.
pub fn judged<'r>(
    report: &'r Report<'_>,
) -> impl Iterator<Item = (usize, (&'r Policy, &'r Rule), &'r RuleCounts)> {
    let rules = report.header.rules().zip(&report.footer.summary.by_rule);
    let rules = rules.enumerate();
    let rules = rules.map(|(index, (rule, counted))| (index, rule, counted));
    rules.filter(|(_, _, counted)| counted.counts.judged() > 0)
}

/// Returns the rules as activities: what each asks, and what it came to.
pub fn activities(report: &Report<'_>) -> Vec<Value> {
    let rules = report.header.rules().zip(&report.footer.summary.by_rule);
    let activities = rules.map(|((policy, rule), counted)| {
        let name = format!("{}/{}", policy.id, rule.id);
        activity(uuid_in(report, "activity", &name), policy, rule, counted)
    });
    activities.collect()
}

fn activity(uuid: String, policy: &Policy, rule: &Rule, counted: &RuleCounts) -> Value {
    let title = first_of([&rule.title, &rule.id]);
    let mut all = props([
        ("policy", policy.id.as_str()),
        ("rule", rule.id.as_str()),
        ("severity", rule.severity.name()),
        ("criterion-sha256", rule.sha256.as_str()),
    ]);
    let criterion = rule.criterion.sentences();
    let criterion = criterion
        .iter()
        .map(|(name, words)| format!("{name}: {words}"));
    all.extend(criterion.filter_map(|one| prop("criterion", &one)));
    all.extend(counts(&counted.counts));
    let references = rule.references.iter();
    all.extend(references.filter_map(|reference| prop("reference", reference)));
    let mut activity = json!({
        "uuid": uuid,
        "title": title,
        "description": first_of([&rule.rationale, &title]),
        "props": all,
    });
    let controls = rule
        .references
        .iter()
        .filter_map(|text| Reference::read(text))
        .map(|reference| control_id(&reference.framework, &reference.requirement));
    let mut controls: Vec<_> = controls.collect();
    controls.sort_unstable();
    controls.dedup();
    if !controls.is_empty() {
        let controls = controls.into_iter().map(|id| json!({ "control-id": id }));
        activity["related-controls"] = json!({
            "control-selections": [{ "include-controls": controls.collect::<Vec<_>>() }],
        });
    }
    activity
}

/// Returns the UUID of the program, which makes the observations.
pub fn tool_uuid(tool: &Tool) -> String {
    uuid("tool", &format!("{}/{}", tool.name, tool.version))
}

/// Returns what the assessment was carried out with.
pub fn assets(tool: &Tool) -> Value {
    let component = tool_uuid(tool);
    json!({
        "components": [{
            "uuid": component,
            "type": "software",
            "title": tool.name,
            "description": "The program that read the exports and judged their records.",
            "props": props([("version", &tool.version)]),
            "status": { "state": "operational" },
        }],
        "assessment-platforms": [{
            "uuid": uuid("platform", &component),
            "title": tool.name,
            "uses-components": [{ "component-uuid": component }],
        }],
    })
}

/// Returns what was done: each export that was read, and each policy that judged it. All is
/// at the instant of the audit, as the same audit makes the same document; when it ran is in
/// the manifest.
pub fn log(report: &Report<'_>) -> Vec<Value> {
    let as_of = report.header.as_of.as_str();
    let entry = |kind: &str, name: &str, title: String, description: String| {
        json!({
            "uuid": uuid(kind, &format!("{as_of}/{name}")),
            "title": one_line(&title),
            "description": one_line(&description),
            "start": as_of,
        })
    };
    let exports = report
        .footer
        .exports
        .iter()
        .enumerate()
        .map(|(index, export)| {
            let problem = export.problem.iter().map(|problem| format!("; {problem}"));
            let read = format!(
                "Format {}: {}, {} of them could not be read{}.",
                export.format,
                count(export.records, "record", "records"),
                export.rejected,
                problem.collect::<String>(),
            );
            // An export may be given twice.
            let name = format!("{index}/{}", export.path);
            let mut entry = entry("read", &name, format!("Read {}", export.path), read);
            if let Some(sha256) = &export.sha256 {
                entry["props"] = props([("sha256", sha256)]).into();
            }
            entry
        });
    let reach = report.footer.summary.by_policy.iter();
    let policies = reach.map(|reach| {
        let judged = format!(
            "{} in its scope{}.",
            count(reach.in_scope, "record is", "records are"),
            if reach.judged {
                ""
            } else {
                ", and no rule judged one"
            },
        );
        entry(
            "judged",
            &reach.policy,
            format!("Judged by {}", reach.policy),
            judged,
        )
    });
    exports.chain(policies).collect()
}
