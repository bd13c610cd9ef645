//! SARIF 2.1.0: what code scanning takes.
//!
//! A record is no line of a file, and yet a place that readers of SARIF insist
//! on. A finding's line is its record's place in the export: of NDJSON that is
//! the line, of other shapes the number to count to. The logical location says
//! whose record it is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::late::{self, Report, beginning, words};
use super::{Export, Line, Policy, Rejected, Rule, json, markdown};
use crate::finding::Status;
use crate::policy::Severity;
use crate::text::{count, escape_controls};

/// GitHub keeps the 5,000 gravest and rejects a run of more than 25,000.
const MAX_FINDINGS: usize = 5000;

/// The most characters of a description that GitHub takes.
const MAX_DESCRIPTION: usize = 1024;

/// The most tags of a rule that GitHub takes.
const MAX_TAGS: usize = 20;

/// A log of one run: the rules of its tool, and the rest of it.
pub(crate) fn log(rules: &[Value], mut run: Value) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    run["tool"] = json!({ "driver": {
        "name": env!("CARGO_PKG_NAME"), "version": version, "semanticVersion": version,
        "rules": rules,
    }});
    run["columnKind"] = "unicodeCodePoints".into();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}

/// A path as a reference to a file: what stands for itself in a URI (RFC 3986,
/// 2.3) and the slashes stay, all else is told by its bytes.
pub(crate) fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            // Writing to a string does not fail.
            byte => _ = write!(uri, "%{byte:02X}"),
        }
    }
    uri
}

/// Writes one log.
pub struct Page;

impl late::Page for Page {
    fn most_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        json::write_file(&whole(report), out)
    }
}

fn whole(report: &Report<'_>) -> Value {
    let head = report.head;
    let rules: Vec<_> = head
        .rules()
        .map(|(policy, rule)| descriptor(policy, rule))
        .collect();
    let places = head.rules().enumerate();
    let places: HashMap<_, _> = places
        .map(|(place, (policy, rule))| ((policy.id.as_str(), rule.id.as_str()), place))
        .collect();
    let exports: Vec<_> = report.tail.exports.iter().map(artifact).collect();
    let results = report.findings.iter().map(|line| {
        let place = places.get(&(line.policy.as_ref(), line.rule.as_ref()));
        result(line, place.copied(), report)
    });
    let ids: Vec<_> = head.policies.iter().map(|policy| &*policy.id).collect();
    let day = head.as_of.split('T').next().unwrap_or_default();
    let run = json!({
        "automationDetails": { "id": format!("audit/{}/{day}", ids.join("+")) },
        "invocations": [{
            "executionSuccessful": report.tail.summary.complete,
            "toolExecutionNotifications": notifications(report),
        }],
        "artifacts": exports,
        "results": results.collect::<Vec<_>>(),
        "properties": properties(report),
    });
    log(&rules, run)
}

/// What a reader of the results alone cannot know.
fn properties(report: &Report<'_>) -> Value {
    let summary = &report.tail.summary;
    let policies = report.head.policies.iter().map(
        |policy| json!({ "id": policy.id, "version": policy.version, "sha256": policy.sha256 }),
    );
    json!({
        "as_of": report.head.as_of,
        "policies": policies.collect::<Vec<_>>(),
        "complete": summary.complete,
        "records": summary.records,
        "in_scope": summary.in_scope,
        "rejected": summary.rejected,
        "counts": summary.counts,
        "left_out": report.left_out,
    })
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
        ("Why it matters", &rule.rationale),
        ("How to mend it", &rule.remediation),
    ] {
        if !text.trim().is_empty() {
            // Writing to a string does not fail.
            _ = write!(help, "**{heading}**: {}\n\n", markdown::escape(text));
        }
    }
    if help.is_empty() {
        help = markdown::escape(&title);
    }
    let mut rule_properties = json!({ "precision": "very-high", "tags": tags(rule) });
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

/// The first of these texts that is not blank, as it can be shown.
fn first_of(texts: [&str; 2]) -> String {
    let text = texts.into_iter().find(|text| !text.trim().is_empty());
    escape_controls(&text.unwrap_or_default().replace('\n', " ")).into_owned()
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

fn result(line: &Line<'_>, place: Option<usize>, report: &Report<'_>) -> Value {
    // What is no failure has no level (SARIF 2.1.0, 3.27.10).
    let (kind, level) = match line.status {
        Status::Error => ("review", "none"),
        Status::Fail | Status::Waived => ("fail", level(line.severity)),
    };
    let mut result = json!({
        "ruleId": rule_id(&line.policy, &line.rule),
        "kind": kind,
        "level": level,
        "message": { "text": plain(&words(line)) },
        "locations": location(line, &report.tail.exports).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": {
            // The one that GitHub looks at, and the one that says what it is.
            "primaryLocationLineHash": line.fingerprint,
            "auditFinding/v1": line.fingerprint,
        },
        "properties": {
            "severity": line.severity,
            "status": line.status,
            "reason": line.reason,
            "record": line.record,
            "customer_id": line.customer_id,
            "customer_name": line.customer_name,
        },
    });
    if let Some(place) = place {
        result["ruleIndex"] = place.into();
    }
    if line.is_waived() {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted" }]);
    }
    result
}

/// Text in which no reader finds a link: `[text](target)` is one even in a
/// plain message (SARIF 2.1.0, 3.11.6).
fn plain(text: &str) -> String {
    text.replace("](", "] (")
}

/// Where a finding is; what is about several exports, at the first of them.
fn location(line: &Line<'_>, exports: &[Export]) -> Option<Value> {
    let of_name = |name: &str| exports.iter().position(|export| export.path == name);
    let place = line.export.as_deref().and_then(of_name);
    let first = exports.first().map(|export| export.path.as_str());
    let mut location = physical(line.export.as_deref().or(first)?, line.record, place);
    let (kind, name) = match &line.customer_id {
        Some(id) => ("customer", format!("customers/{id}")),
        None => match line.record {
            Some(record) => ("record", format!("records/{record}")),
            None => ("export", "export".to_owned()),
        },
    };
    location["logicalLocations"] = json!([{ "fullyQualifiedName": name, "kind": kind }]);
    Some(location)
}

/// The place of a record in an export, or of what is about all of it.
fn physical(export: &str, record: Option<u64>, place: Option<usize>) -> Value {
    let line = record.unwrap_or(1);
    let mut artifact = json!({ "uri": uri(export) });
    if let Some(place) = place {
        artifact["index"] = place.into();
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

/// What kept the run from its end, and what is not told.
fn notifications(report: &Report<'_>) -> Vec<Value> {
    let note = |level: &str, text: &str| json!({ "level": level, "message": { "text": plain(&escape_controls(text)) } });
    let summary = &report.tail.summary;
    let why = summary.incomplete_because.iter();
    let mut notes: Vec<_> = why.map(|why| note("error", why)).collect();
    notes.extend(
        summary
            .anomalies
            .iter()
            .map(|anomaly| note("warning", anomaly)),
    );
    if report.left_out > 0 {
        let text = format!(
            "{} left out: the {MAX_FINDINGS} gravest are told, a csv or json report of the same run holds all",
            count(report.left_out, "finding is", "findings are"),
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

    #[test]
    fn a_path_is_a_reference_whatever_its_letters() {
        for (path, told) in [
            ("exports/a-1.json", "exports/a-1.json"),
            ("a b%.json", "a%20b%25.json"),
            // Else what is before the colon would be a scheme.
            ("c:x#?", "c%3Ax%23%3F"),
            ("/données", "file:///donn%C3%A9es"),
        ] {
            assert_eq!(uri(path), told);
        }
    }

    #[test]
    fn no_link_comes_from_data() {
        assert_eq!(plain("[a](b) [null]"), "[a] (b) [null]");
    }

    fn rule(references: Vec<String>) -> Rule {
        Rule {
            id: "r".into(),
            title: " ".into(),
            severity: Severity::Info,
            check: None,
            aggregate: None,
            rationale: String::new(),
            remediation: "x".repeat(MAX_DESCRIPTION + 1),
            references,
        }
    }

    #[test]
    fn a_rule_has_no_blank_text_and_not_too_many_tags() {
        let many = (0..30).map(|n| format!("control {}", n / 2));
        let tags = [vec![" ".to_owned()], many.collect()].concat();
        let policy = Policy {
            id: "p".into(),
            title: String::new(),
            version: String::new(),
            path: String::new(),
            sha256: String::new(),
            extends: Vec::new(),
            params: Default::default(),
            set: Vec::new(),
            overrides: Vec::new(),
            rules: Vec::new(),
        };
        let told = descriptor(&policy, &rule(tags));
        for text in ["shortDescription", "fullDescription"] {
            assert_eq!(told[text]["text"], "r");
        }
        assert!(told["properties"].get("security-severity").is_none());
        let tags = told["properties"]["tags"].as_array().expect("a list");
        assert_eq!(tags.len(), 16);
        let many: Vec<_> = (0..30).map(|n| n.to_string()).collect();
        assert_eq!(super::tags(&rule(many)).len(), MAX_TAGS);
    }

    fn line(status: crate::finding::Status) -> Line<'static> {
        Line {
            policy: "p".into(),
            rule: "r".into(),
            severity: Severity::High,
            status,
            reason: crate::finding::Reason::Violated,
            customer_id: Some("a/b".into()),
            customer_name: None,
            evidence: Vec::new(),
            fingerprint: "f".into(),
            export: None,
            record: None,
        }
    }

    #[test]
    fn what_is_not_known_is_for_review_and_what_is_waived_is_suppressed() {
        let policies = crate::policy::Policies::default();
        let head = super::super::Head::of(&policies, chrono::DateTime::UNIX_EPOCH);
        let exports = vec![Export {
            path: "one.json".into(),
            ..Export::default()
        }];
        let tail = crate::report::Tail::for_tests(&policies, exports, &[]);
        let report = Report {
            head: &head,
            tail: &tail,
            findings: vec![
                line(crate::finding::Status::Fail),
                line(crate::finding::Status::Error),
                line(crate::finding::Status::Waived),
            ],
            left_out: 2,
            rejected: Vec::new(),
        };
        let told = whole(&report);
        let run = &told["runs"][0];
        let told = |key: &str| [0, 1, 2].map(|place| run["results"][place][key].clone());
        assert_eq!(told("kind"), ["fail", "review", "fail"]);
        assert_eq!(told("level"), ["error", "none", "error"]);
        let suppressed = told("suppressions").map(|suppressed| suppressed.is_array());
        assert_eq!(suppressed, [false, false, true]);
        let location = &run["results"][0]["locations"][0];
        let physical = &location["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "one.json");
        assert_eq!(physical["region"]["startLine"], 1);
        let notes = &run["invocations"][0]["toolExecutionNotifications"];
        let note = notes[0]["message"]["text"].as_str().expect("text");
        assert!(note.starts_with("2 findings are left out"), "{note}");
    }
}
