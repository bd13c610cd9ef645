//! SARIF 2.1.0: what code scanning takes.
//!
//! A record is no line of a file, and yet readers of SARIF insist on a line. A
//! finding's line is the number of its record in the export: of NDJSON that is the
//! line, of other shapes the number to count to. The logical location says
//! whose record it is.

use std::fmt::Write as _;
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::buffered::{Document, Report};
use crate::digest::Hasher;
use crate::finding::Status;
use crate::policy::Severity;
use crate::record::time;
use crate::report::json_writer;
use crate::report::markup::{escape, uri};
use crate::report::model::bounds::Bound;
use crate::report::model::ended::Closed;
use crate::report::model::footer::{Export, Verdict};
use crate::report::model::header::{Policy, Rule};
use crate::report::model::life::{Carried, End, Since};
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::phrase::{self, RATIONALE, REMEDIATION, beginning, first_of, short};
use crate::report::sarif_log::log;
use crate::report::since;
use crate::text::{count, escape_controls};

/// GitHub keeps the 5,000 most severe findings and rejects a run of more than 25,000.
const MAX_FINDINGS: usize = 5000;

/// The largest number of characters of a description that GitHub takes.
const MAX_DESCRIPTION: usize = 1024;

/// The largest number of tags of a rule that GitHub takes.
const MAX_TAGS: usize = 20;

/// Writes one log.
pub struct Sarif;

impl Document for Sarif {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn lists_carried(&self) -> bool {
        true
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let results = || -> Box<dyn Iterator<Item = io::Result<Value>>> {
            let places = report.findings.places().iter();
            let results = places.map(|place| {
                let row = report.findings.read(place)?;
                Ok(result(&row, place.rule_index, report))
            });
            let carried = report.carried.places().iter();
            let results = results.chain(carried.map(|place| {
                let row = report.carried.read(place)?;
                Ok(carried_on(&row, report))
            }));
            let closed = report.closed.iter();
            Box::new(results.chain(closed.map(|closed| Ok(absent(closed, report)))))
        };
        json_writer::write_file(&frame(report)?, &[(RESULTS, &results)], out)
    }
}

/// The place of the results in the log.
const RESULTS: &str = "/runs/0/results";

/// Returns the log without its results.
fn frame(report: &Report<'_>) -> io::Result<Value> {
    let header = report.header;
    let rules: Vec<_> = header
        .rules()
        .map(|(policy, rule)| descriptor(policy, rule))
        .collect();
    let exports: Vec<_> = report.footer.exports.iter().map(artifact).collect();
    let ids: Vec<_> = header.policies.iter().map(|policy| &*policy.id).collect();
    let day = header.as_of.split('T').next().unwrap_or_default();
    let mut run = json!({
        "automationDetails": { "id": format!("audit/{}/{day}", ids.join("+")) },
        "invocations": [{
            "executionSuccessful": report.footer.summary.complete,
            "toolExecutionNotifications": notifications(report),
            "toolConfigurationNotifications": bounds(&header.policies),
        }],
        "artifacts": exports,
        "results": [],
        "properties": properties(report),
    });
    // Another content is another run, whatever the day.
    let mut content = Hasher::default();
    content.update(format!("{rules:?}{run}").as_bytes());
    report.findings.lines(|line| content.update(line))?;
    report.carried.lines(|line| content.update(line))?;
    content.update(serde_json::to_string(&report.closed)?.as_bytes());
    let guid = Uuid::new_v5(&Uuid::NAMESPACE_URL, &content.finish());
    run["automationDetails"]["guid"] = guid.to_string().into();
    Ok(log(&rules, run))
}

/// What a reader of the results alone cannot know.
fn properties(report: &Report<'_>) -> Value {
    let summary = &report.footer.summary;
    let policies = report.header.policies.iter().map(
        |policy| json!({ "id": policy.id, "version": policy.version, "sha256": policy.sha256 }),
    );
    let mut properties = json!({
        "as_of": report.header.as_of,
        "policies": policies.collect::<Vec<_>>(),
        "complete": summary.complete,
        "records": summary.records,
        "in_scope": summary.in_scope,
        "rejected": summary.rejected,
        "counts": summary.counts,
        "left_out": report.left_out,
    });
    if let Some(since) = &summary.since {
        properties["previous"] = json!(report.header.previous);
        properties["since"] = json!(since);
        properties["listed"] = json!(report.header.listed);
    }
    properties
}

/// The name of a rule among those of all policies.
fn rule_id(policy: &str, rule: &str) -> String {
    format!("{policy}/{rule}")
}

fn descriptor(policy: &Policy, rule: &Rule) -> Value {
    let id = rule_id(&policy.id, &rule.id);
    // Readers refuse blank text where text must be.
    let title = first_of([&rule.title, &rule.id]);
    let rationale = first_of([&rule.rationale, &title]);
    let remediation = first_of([&rule.remediation, &rationale]);
    let mut help = String::new();
    for (heading, text) in [
        (RATIONALE, &rule.rationale),
        (REMEDIATION, &rule.remediation),
    ] {
        if !text.trim().is_empty() {
            // Writing to a string does not fail.
            _ = write!(help, "**{heading}**: {}\n\n", escape(text));
        }
    }
    if help.is_empty() {
        help = escape(&title);
    }
    let mut rule_properties = json!({
        "precision": "very-high",
        "tags": tags(rule),
        "criterion": rule.criterion,
        "sha256": rule.sha256,
    });
    if let Some(raise) = &rule.raise {
        rule_properties["raise"] = json!(raise);
    }
    if let Some(score) = score(rule.severity) {
        rule_properties["security-severity"] = score.into();
    }
    json!({
        "id": id,
        "name": rule.id,
        "shortDescription": { "text": beginning(&title, MAX_DESCRIPTION) },
        "fullDescription": { "text": beginning(&rationale, MAX_DESCRIPTION) },
        "help": { "text": remediation, "markdown": help.trim_end() },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": rule_properties,
    })
}

/// The controls that a rule is evidence for. Without the tag `security`, GitHub
/// does not look at the score.
fn tags(rule: &Rule) -> Vec<&str> {
    let mut tags = vec!["security"];
    for reference in &rule.references {
        let reference = reference.trim();
        if tags.len() < MAX_TAGS && !reference.is_empty() && !tags.contains(&reference) {
            tags.push(reference);
        }
    }
    tags
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A score from which GitHub makes the same severity: critical above 9.0, high
/// from 7.0, medium from 4.0, low above 0. It has none below that.
fn score(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

fn result(row: &FindingRow<'_>, rule_index: usize, report: &Report<'_>) -> Value {
    // What is no failure has no level (SARIF 2.1.0, 3.27.10).
    let (kind, level) = match row.status {
        Status::Error => ("review", "none"),
        Status::Fail | Status::Waived => ("fail", level(row.severity)),
    };
    let mut result = json!({
        "ruleId": rule_id(&row.policy, &row.rule),
        "ruleIndex": rule_index,
        "kind": kind,
        "level": level,
        "message": { "text": plain(&phrase::finding(row)) },
        "locations": location(row, &report.footer.exports).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": fingerprints(&row.key()),
        "properties": {
            "severity": row.severity,
            "status": row.status,
            "reason": row.reason,
            "record": row.record,
            "customer_id": row.customer_id,
            "customer_name": row.customer_name,
        },
    });
    if let Some(score) = score(row.severity) {
        // It may be more severe than its rule is.
        result["properties"]["security-severity"] = score.into();
    }
    if let Some(life) = &row.life {
        result["baselineState"] = match life.since {
            Since::New => "new",
            Since::Changed => "updated",
            Since::Open => "unchanged",
        }
        .into();
        result["provenance"] = first_detected(life.first_seen);
        let properties = &mut result["properties"];
        properties["since"] = json!(life.since);
        properties["because"] = json!(life.because);
        properties["due"] = json!(life.due);
        properties["overdue"] = life.overdue.into();
    }
    if row.is_waived() {
        let mut suppression = json!({ "kind": "external", "status": "accepted" });
        if let Some(waiver) = &row.waiver {
            suppression["justification"] = plain(&phrase::waiver(waiver)).into();
        }
        result["suppressions"] = json!([suppression]);
    }
    result
}

fn first_detected(first_seen: DateTime<Utc>) -> Value {
    json!({ "firstDetectionTimeUtc": time::show(first_seen) })
}

/// Returns the result of a finding of the night before that the run cannot judge: as it
/// was last seen, since a reader closes what is not listed.
fn carried_on(row: &FindingRow<'_>, report: &Report<'_>) -> Value {
    // The number of its record is that in an export of another night.
    let row = FindingRow {
        record: None,
        export: None,
        ..row.clone()
    };
    let index = rule_index(report, &row.policy, &row.rule);
    let mut result = result(&row, index.unwrap_or_default(), report);
    if index.is_none()
        && let Some(result) = result.as_object_mut()
    {
        result.remove("ruleIndex");
    }
    result["baselineState"] = "unchanged".into();
    result["properties"]["state"] = json!(Carried::Unknown);
    result
}

/// Returns the index of a rule; none, if it is none of this run.
fn rule_index(report: &Report<'_>, policy: &str, rule: &str) -> Option<usize> {
    let mut rules = report.header.rules();
    rules.position(|(of, one)| of.id == policy && one.id == rule)
}

/// Returns the result of a finding of the night before that is not there any more.
fn absent(closed: &Closed, report: &Report<'_>) -> Value {
    // What is no failure has no level.
    let kind = match closed.state {
        End::Fixed => "pass",
        End::RuleChanged | End::Left | End::Gone | End::RuleRemoved => "notApplicable",
    };
    let message = format!(
        "{}: {}",
        escape_controls(&short(closed.whom())),
        closed.state
    );
    let mut result = json!({
        "ruleId": rule_id(&closed.policy, &closed.rule),
        "kind": kind,
        "level": "none",
        "baselineState": "absent",
        "message": { "text": plain(&message) },
        "locations": place(
            None,
            None,
            closed.customer_id.as_deref(),
            &report.footer.exports,
        ).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": fingerprints(&closed.fingerprint),
        "provenance": first_detected(closed.first_seen),
        "properties": {
            "severity": closed.severity,
            "state": closed.state,
            "customer_id": closed.customer_id,
            "customer_name": closed.customer_name,
        },
    });
    // A rule that was removed is none of this run.
    if let Some(index) = rule_index(report, &closed.policy, &closed.rule) {
        result["ruleIndex"] = index.into();
    }
    result
}

fn fingerprints(key: &str) -> Value {
    json!({
        // The one that GitHub looks at, and the one that says what it is.
        "primaryLocationLineHash": key,
        "auditFinding/v1": key,
    })
}

/// Text in which no reader finds a link: `[text](target)` is one even in a
/// plain message (SARIF 2.1.0, 3.11.6).
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}

/// Returns where a finding is; what is about several exports, at the first of them.
fn location(row: &FindingRow<'_>, exports: &[Export]) -> Option<Value> {
    let (export, id) = (row.export.as_deref(), row.customer_id.as_deref());
    place(export, row.record, id, exports)
}

fn place(
    export: Option<&str>,
    record: Option<u64>,
    customer_id: Option<&str>,
    exports: &[Export],
) -> Option<Value> {
    let of_name = |name: &str| exports.iter().position(|export| export.path == name);
    let index = export.and_then(of_name);
    let first = exports.first().map(|export| export.path.as_str());
    let mut location = physical(export.or(first)?, record, index);
    let (kind, name) = match customer_id {
        Some(id) => ("customer", format!("customers/{id}")),
        None => match record {
            Some(record) => ("record", format!("records/{record}")),
            None => ("export", "export".to_owned()),
        },
    };
    location["logicalLocations"] = json!([{ "fullyQualifiedName": name, "kind": kind }]);
    Some(location)
}

/// Returns the location of a record in an export, or of what is about all of it.
fn physical(export: &str, record: Option<u64>, index: Option<usize>) -> Value {
    let line = record.unwrap_or(1);
    let mut artifact = json!({ "uri": uri(export) });
    if let Some(index) = index {
        artifact["index"] = index.into();
    }
    json!({ "physicalLocation": {
        "artifactLocation": artifact,
        "region": { "startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2 },
    }})
}

fn artifact(export: &Export) -> Value {
    json!({
        "location": { "uri": uri(&export.path) },
        "roles": ["analysisTarget"],
        "properties": {
            "records": export.records,
            "rejected": export.rejected,
            "format": export.format,
            "problem": export.problem,
        },
    })
}

/// Returns what must not be read into the results: what was not tested is no rule of
/// this run.
fn bounds(policies: &[Policy]) -> Vec<Value> {
    let bounds = policies.iter().flat_map(|policy| {
        let bounds = policy.bounds().into_iter();
        let bounds = bounds.flat_map(|Bound { topic, sentences }| {
            let sentences = sentences.into_iter();
            sentences.map(move |sentence| (topic.name(), sentence))
        });
        bounds.map(|(topic, sentence)| {
            json!({
                "level": "note",
                "message": { "text": plain(&escape_controls(&sentence)) },
                "properties": { "policy": policy.id, "bound": topic },
            })
        })
    });
    bounds.collect()
}

/// Returns what kept the run from being complete, and what is left out.
fn notifications(report: &Report<'_>) -> Vec<Value> {
    let note = |level: &str, text: &str| json!({ "level": level, "message": { "text": plain(&escape_controls(text)) } });
    let summary = &report.footer.summary;
    let mut notes = Vec::new();
    if summary.verdict() == Verdict::NothingJudged {
        let text = format!(
            "{}: {}",
            Verdict::NothingJudged.word(),
            phrase::outcome(summary)
        );
        let level = if summary.complete { "warning" } else { "error" };
        notes.push(note(level, &text));
    }
    notes.extend(summary.reasons().map(|why| note("error", why)));
    notes.extend(
        summary
            .anomalies
            .iter()
            .map(|anomaly| note("warning", anomaly)),
    );
    let unknown = summary.since.map_or(0, |counts| counts.unknown);
    if let Some(more @ 1..) = unknown.checked_sub(report.carried.len() as u64) {
        let text = format!(
            "{} left out that the run cannot judge, and that are open still; a json report of \
             the same run has all",
            count(more, "finding is", "findings are")
        );
        notes.push(note("warning", &text));
    }
    let closed = summary.since.map_or(0, |counts| counts.closed());
    if let Some(more @ 1..) = closed.checked_sub(report.closed.len() as u64) {
        let text = format!(
            "{} left out that are not there any more; a json report of the same run has all",
            count(more, "finding is", "findings are")
        );
        notes.push(note("note", &text));
    }
    if let Some(bound) = since::bound(report.header) {
        notes.push(note("warning", &bound));
    }
    if report.left_out > 0 {
        let text = format!(
            "{} left out: this report has the {} {}; {}",
            count(report.left_out, "finding is", "findings are"),
            report.findings.len(),
            since::which_are_kept(report.header),
            phrase::WHERE_ALL_ARE,
        );
        notes.push(note("warning", &text));
    }
    notes.extend(report.rejected.iter().map(|rejected| {
        let mut note = note("error", &rejected.to_string());
        let Rejected { export, record, .. } = rejected;
        note["locations"] = json!([physical(export, Some(*record), None)]);
        note
    }));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::format::kept::Findings;

    #[test]
    fn no_link_comes_from_data() {
        assert_eq!(plain("[a](b) [null]"), "[a] (b) [null]");
    }

    fn rule(references: Vec<String>) -> Rule {
        Rule {
            title: " ".into(),
            rationale: String::new(),
            remediation: "x".repeat(MAX_DESCRIPTION + 1),
            references,
            ..fixture::rule("r", Severity::Info)
        }
    }

    #[test]
    fn a_rule_has_no_blank_text_and_not_too_many_tags() {
        let many = (0..30).map(|n| format!("control {}", n / 2));
        let tags = [vec![" ".to_owned()], many.collect()].concat();
        let policy = fixture::header().policies.remove(0);
        let described = descriptor(&policy, &rule(tags));
        for text in ["shortDescription", "fullDescription"] {
            assert_eq!(described[text]["text"], "r");
        }
        assert!(described["properties"].get("security-severity").is_none());
        let tags = described["properties"]["tags"].as_array().expect("a list");
        assert_eq!(tags.len(), 16);
        let many: Vec<_> = (0..30).map(|n| n.to_string()).collect();
        assert_eq!(super::tags(&rule(many)).len(), MAX_TAGS);
    }

    #[test]
    fn what_is_not_known_is_for_review_and_what_is_waived_is_suppressed() {
        let (header, footer) = (fixture::header(), fixture::incomplete());
        let of = |status| FindingRow {
            status,
            severity: Severity::High,
            export: None,
            record: None,
            ..fixture::row()
        };
        let report = Report {
            header: &header,
            footer: &footer,
            findings: Findings::of([Status::Fail, Status::Error, Status::Waived].map(of)),
            left_out: 2,
            rejected: Vec::new(),
            closed: Vec::new(),
            carried: Findings::of([]),
        };
        let mut log = Vec::new();
        Sarif.write(&report, &mut log).expect("memory");
        let log: Value = serde_json::from_slice(&log).expect("JSON");
        let run = &log["runs"][0];
        let of = |key: &str| [0, 1, 2].map(|index| run["results"][index][key].clone());
        assert_eq!(of("kind"), ["fail", "review", "fail"]);
        assert_eq!(of("level"), ["error", "none", "error"]);
        let suppressed = of("suppressions").map(|suppressed| suppressed.is_array());
        assert_eq!(suppressed, [false, false, true]);
        let location = &run["results"][0]["locations"][0];
        let physical = &location["physicalLocation"];
        assert_eq!(
            physical["artifactLocation"]["uri"],
            uri(&footer.exports[0].path)
        );
        assert_eq!(physical["region"]["startLine"], 1);
        let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
        assert!(notes.contains("2 findings are left out"), "{notes}");
    }
}
