//! The document: what was audited, and what it came to.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::assessed::{Assessed, counts};
use super::observed::Observed;
use super::part::{one_line, prop, props, uuid};
use super::reviewed::reviewed;
use super::risks::Risks;
use super::rules::{self, activities};
use crate::digest::{self, Hasher};
use crate::report::format::buffered::{Document, Report};
use crate::report::json_writer::{self, Items};
use crate::report::markup::uri;
use crate::report::model::footer::Verdict;
use crate::report::model::header::Policy;
use crate::report::phrase;
use crate::report::since;
use crate::text::{count, escape_controls};

/// Readers of OSCAL hold all of a file in memory.
const MAX_FINDINGS: usize = 10_000;

/// The largest number of records that could not be read that are shown.
const MAX_REJECTED: usize = 20;

/// Writes one file.
pub struct Oscal;

impl Document for Oscal {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let observed = Observed::new(report)?;
        let risks = Risks::new(report, &observed);
        let assessed = Assessed::new(report, &observed, &risks);
        let document = document(report, &observed, &assessed, &risks)?;
        let findings: Items<'_> = &|| Box::new(assessed.findings().map(Ok));
        let risks: Items<'_> = &|| Box::new(risks.risks().map(Ok));
        let observations: Items<'_> = &|| Box::new(observed.observations());
        let items: Items<'_> = &|| Box::new(observed.items());
        let lists = [
            (FINDINGS, findings),
            (RISKS, risks),
            (OBSERVATIONS, observations),
            (ITEMS, items),
        ];
        json_writer::write_file(&document, &lists, out)
    }
}

/// The places of the long lists in the document, in which they are where they are not blank.
const FINDINGS: &str = "/assessment-results/results/0/findings";
const RISKS: &str = "/assessment-results/results/0/risks";
const OBSERVATIONS: &str = "/assessment-results/results/0/observations";
const ITEMS: &str = "/assessment-results/results/0/local-definitions/inventory-items";

/// Returns the document without its long lists.
fn document(
    report: &Report<'_>,
    observed: &Observed<'_>,
    assessed: &Assessed<'_>,
    risks: &Risks<'_>,
) -> io::Result<Value> {
    let (header, footer) = (report.header, report.footer);
    let policies = header.policies.iter();
    let policies: Vec<_> = policies
        .map(|policy| format!("{} {}", policy.id, policy.sha256))
        .collect();
    let exports = footer.exports.iter();
    let exports: Vec<_> = exports
        .map(|export| format!("{} {}", export.path, export.records))
        .collect();
    let policies = policies.join("/");
    let plan = uuid("plan", &policies);
    let ids: Vec<_> = header.policies.iter().map(|policy| &*policy.id).collect();
    let title = one_line(&format!("Audit by {}", ids.join(", ")));
    let mut result = result(report, &title, observed, assessed, risks);
    let activities = activities(report);
    // Another content is another document: OSCAL wants a UUID of its own for it.
    let mut content = Hasher::default();
    content.update(result.to_string().as_bytes());
    let made = activities.iter().cloned();
    let made = made.chain(assessed.findings()).chain(risks.risks());
    made.for_each(|one| content.update(one.to_string().as_bytes()));
    report.findings.lines(|line| content.update(line))?;
    let content = digest::hex(&content.finish());
    let run = format!(
        "{}/{policies}/{}/{content}",
        header.as_of,
        exports.join("/")
    );
    result["uuid"] = uuid("result", &run).into();
    let mut results = json!({
        "uuid": uuid("assessment-results", &run),
        "metadata": {
            "title": title,
            "last-modified": header.as_of,
            "version": header.as_of,
            "oscal-version": "1.1.3",
            "props": props([
                ("tool", header.tool.name.clone()),
                ("tool-version", header.tool.version.clone()),
            ]),
        },
        "import-ap": {
            "href": format!("#{plan}"),
            "remarks": "The policies are the assessment plan.",
        },
        "results": [result],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "The policies of the audit",
            "rlinks": header.policies.iter().map(link).collect::<Vec<_>>(),
        }]},
    });
    if !activities.is_empty() {
        results["local-definitions"] = json!({ "activities": activities });
    }
    Ok(json!({ "assessment-results": results }))
}

fn link(policy: &Policy) -> Value {
    // A policy that the program brings along is no file.
    let href = match policy.path.strip_prefix("bundled:") {
        Some(name) => format!("bundled:{}", uri(name)),
        None => uri(&policy.path),
    };
    json!({
        "href": href,
        "hashes": [{ "algorithm": "SHA-256", "value": policy.sha256 }],
    })
}

/// Returns the result without its long lists, whose UUID is still to be written.
fn result(
    report: &Report<'_>,
    title: &str,
    observed: &Observed<'_>,
    assessed: &Assessed<'_>,
    risks: &Risks<'_>,
) -> Value {
    let summary = &report.footer.summary;
    let mut result = json!({
        "uuid": "",
        "title": match summary.verdict() {
            verdict @ (Verdict::NothingJudged | Verdict::Incomplete | Verdict::NotJudged) => {
                format!("{}: {title}", verdict.word())
            }
            Verdict::NothingOpen | Verdict::Pass | Verdict::Findings => title.to_owned(),
        },
        "description": format!(
            "{} of {}, {} of them in scope, judged by {}.",
            if summary.complete { "An audit" } else { "An audit, not complete," },
            count(summary.records, "record", "records"),
            summary.in_scope,
            count(summary.by_rule.len() as u64, "rule", "rules"),
        ),
        "start": report.header.as_of,
        "props": result_props(report),
        "local-definitions": { "assessment-assets": rules::assets(&report.header.tool) },
        "reviewed-controls": reviewed(report),
    });
    let log = rules::log(report);
    if !log.is_empty() {
        result["assessment-log"] = json!({ "entries": log });
    }
    // Lists and texts that would be blank are left out: readers refuse them.
    if !assessed.is_empty() {
        result["findings"] = json!([]);
    }
    if !risks.is_empty() {
        result["risks"] = json!([]);
    }
    if !observed.is_empty() {
        result["observations"] = json!([]);
        result["local-definitions"]["inventory-items"] = json!([]);
    }
    let remarks = remarks(report);
    if !remarks.is_empty() {
        result["remarks"] = remarks.join("\n\n").into();
    }
    result
}

fn result_props(report: &Report<'_>) -> Vec<Value> {
    let summary = &report.footer.summary;
    let mut all = props([("complete", summary.complete.to_string())]);
    all.extend(props([
        ("records", summary.records),
        ("in-scope", summary.in_scope),
        ("rejected", summary.rejected),
        ("left-out", report.left_out),
    ]));
    all.extend(counts(&summary.counts));
    all.extend(since::heading(report.header).and_then(|heading| prop("compared", &heading)));
    let lines = since::lines(report.header, summary).into_iter();
    all.extend(
        lines.filter_map(|line| prop(&format!("since-{}", line.name), &line.number.to_string())),
    );
    let exports = report.footer.exports.iter();
    all.extend(exports.filter_map(|export| prop("export", &export.path)));
    all
}

/// What keeps the result from being all there is to say.
fn remarks(report: &Report<'_>) -> Vec<String> {
    let summary = &report.footer.summary;
    let mut remarks = Vec::new();
    if !summary.complete {
        remarks.push(format!(
            "{}: {}.",
            phrase::NOT_COMPLETE,
            escape_controls(&phrase::reasons(summary))
        ));
    }
    if !report.rejected.is_empty() {
        let shown = report.rejected.iter().take(MAX_REJECTED);
        let mut shown: Vec<_> = shown.map(ToString::to_string).collect();
        let others = summary.rejected.saturating_sub(shown.len() as u64);
        if others > 0 {
            shown.push(format!("and {}", count(others, "other", "others")));
        }
        remarks.push(format!("Could not be read: {}.", shown.join("; ")));
    }
    if report.left_out > 0 {
        remarks.push(format!(
            "{} left out: this report has the {} {}; {}.",
            count(report.left_out, "finding is", "findings are"),
            report.findings.len(),
            since::which_are_kept(report.header),
            phrase::WHERE_ALL_ARE,
        ));
    }
    remarks.extend(since::bound(report.header).map(|bound| format!("{bound}.")));
    if let Some(heading) = since::heading(report.header) {
        let lines = since::lines(report.header, summary).into_iter();
        let lines = lines.map(|line| format!("{} {line}", line.name));
        remarks.push(format!(
            "{heading}: {}.",
            lines.collect::<Vec<_>>().join("; ")
        ));
    }
    for policy in &report.header.policies {
        let bounds = policy.bounds();
        let sentences = bounds.iter().flat_map(|bound| &bound.sentences);
        let sentences: Vec<_> = sentences.map(|one| escape_controls(one)).collect();
        if !sentences.is_empty() {
            let id = escape_controls(&policy.id);
            let said = sentences.join(" ");
            remarks.push(format!("{} by {id}: {said}", phrase::BOUNDS));
        }
    }
    if let Some(counts) = &summary.waivers {
        let notes = summary
            .waiver_notes
            .iter()
            .map(|note| escape_controls(note));
        let notes: String = notes.map(|note| format!("; {note}")).collect();
        remarks.push(format!(
            "{}: {}{notes}.",
            phrase::WAIVERS,
            phrase::waivers(counts)
        ));
    }
    let anomalies = summary.anomalies.iter();
    remarks.extend(anomalies.map(|anomaly| format!("{}.", escape_controls(anomaly))));
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Counts;
    use crate::report::fixture;
    use crate::report::format::kept::Findings;
    use crate::report::model::footer::Footer;
    use crate::report::model::row::FindingRow;

    /// The document, as it is read.
    fn whole(report: &Report<'_>) -> Value {
        let mut out = Vec::new();
        Oscal.write(report, &mut out).expect("memory");
        serde_json::from_slice(&out).expect("JSON")
    }

    fn result(report: &Report<'_>) -> Value {
        whole(report)["assessment-results"]["results"][0].take()
    }

    #[test]
    fn a_report_of_other_content_has_another_name_and_one_of_the_same_has_not() {
        let (header, footer) = (fixture::header(), fixture::clean());
        let of = |fingerprint: &'static str| {
            let report = Report {
                header: &header,
                footer: &footer,
                findings: Findings::of([FindingRow {
                    fingerprint: fingerprint.repeat(16).into(),
                    ..fixture::row()
                }]),
                left_out: 0,
                rejected: Vec::new(),
                closed: Vec::new(),
                carried: Findings::of([]),
            };
            let results = &whole(&report)["assessment-results"];
            [&results["uuid"], &results["results"][0]["uuid"]].map(ToString::to_string)
        };
        assert_eq!(of("f1"), of("f1"));
        let ([document, result], [other, other_result]) = (of("f1"), of("f2"));
        assert_ne!(document, other);
        assert_ne!(result, other_result);
        assert_ne!(document, result);
    }

    #[test]
    fn only_controls_of_rules_that_judged_a_record_are_reviewed() {
        let mut header = fixture::header();
        let references =
            [["A 1: 1 (direct)"], ["A 1: 2 (direct)"]].map(|all| all.map(String::from).to_vec());
        for (rule, references) in header.policies[0].rules.iter_mut().zip(references) {
            rule.references = references;
        }
        header.policies[0].not_tested[0].references = vec!["A 1: 3 (direct)".to_owned()];
        let of = |footer: Footer| {
            let report = Report {
                header: &header,
                footer: &footer,
                findings: Findings::of([]),
                left_out: 0,
                rejected: Vec::new(),
                closed: Vec::new(),
                carried: Findings::of([]),
            };
            let result = result(&report);
            let remarks = result["remarks"].to_string();
            assert!(remarks.contains("left out of this run: left"), "{remarks}");
            result["reviewed-controls"]["control-selections"].to_string()
        };
        let mut footer = fixture::clean();
        assert_eq!(
            of(footer.clone()),
            r#"[{"description":"A 1","include-controls":[{"control-id":"A_1_1"},{"control-id":"A_1_2"}]}]"#
        );
        footer.summary.by_rule[1].counts = Counts::default();
        assert!(!of(footer).contains("A_1_2"));
        assert!(of(fixture::unjudged()).contains(r#"[{"control-id":"none"}]"#));
    }

    #[test]
    fn each_observation_has_a_name_of_its_own_and_all_that_is_named_is_there() {
        let (header, footer) = (fixture::header(), fixture::clean());
        let of = |customer_id: Option<&'static str>, record| FindingRow {
            customer_id: customer_id.map(Into::into),
            customer_name: Some(" ".into()),
            export: Some("e".into()),
            record: Some(record),
            ..fixture::row()
        };
        let report = Report {
            header: &header,
            footer: &footer,
            findings: Findings::of([of(None, 1), of(None, 2), of(Some("c"), 3)]),
            left_out: 1,
            rejected: Vec::new(),
            closed: Vec::new(),
            carried: Findings::of([]),
        };
        let result = result(&report);
        let observations = result["observations"].as_array().expect("a list");
        let mut uuids: Vec<_> = observations.iter().map(|one| &one["uuid"]).collect();
        uuids.dedup();
        assert_eq!(uuids.len(), 3);
        let items = &result["local-definitions"]["inventory-items"];
        let items = items.as_array().expect("a list");
        assert_eq!(items.len(), 3);
        for one in observations {
            let subject = &one["subjects"][0]["subject-uuid"];
            assert!(items.iter().any(|item| item["uuid"] == *subject));
        }
        let remarks = result["remarks"].as_str().expect("text");
        assert!(remarks.starts_with("1 finding is left out"), "{remarks}");
    }
}
