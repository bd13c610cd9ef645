//! OSCAL assessment results 1.1.3: what assessors' tools take.
//!
//! A rule that was judged is a finding on an objective, and each of our
//! findings an observation on a customer. All that is known by a UUID is named
//! by what it is and not by chance, so that the same customer, rule and finding
//! have the same one every night.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};

use serde_json::{Value, json};
use uuid::Uuid;

use super::buffered::{Document, Report};
use crate::finding::Counts;
use crate::policy::{Reference, Severity};
use crate::report::json_writer;
use crate::report::markup::uri;
use crate::report::model::footer::{RuleCounts, Verdict};
use crate::report::model::header::{Policy, Rule};
use crate::report::model::row::FindingRow;
use crate::report::phrase::{self, REMEDIATION};
use crate::text::{count, escape_controls};

/// Readers of OSCAL hold all of a file in memory.
const MAX_FINDINGS: usize = 10_000;

/// The largest number of records that could not be read that are shown.
const MAX_REJECTED: usize = 20;

/// The namespace of our properties.
const NAMESPACE: &str = "urn:audit:oscal";

/// Writes one file.
pub struct Oscal;

impl Document for Oscal {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        json_writer::write_file(&whole(report), out)
    }
}

/// Returns the UUID of what is called so.
fn uuid(kind: &str, name: &str) -> String {
    let ours = Uuid::new_v5(&Uuid::NAMESPACE_URL, NAMESPACE.as_bytes());
    let named = Uuid::new_v5(&ours, format!("{kind}/{name}").as_bytes());
    named.to_string()
}

fn whole(report: &Report<'_>) -> Value {
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
    let mut result = result(report, &title);
    // Another content is another document: OSCAL wants a UUID of its own for it.
    let run = format!("{}/{policies}/{}/{result}", header.as_of, exports.join("/"));
    result["uuid"] = uuid("result", &run).into();
    json!({ "assessment-results": {
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
    }})
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

/// Returns the result, whose UUID is still to be written.
fn result(report: &Report<'_>, title: &str) -> Value {
    let summary = &report.footer.summary;
    let observed = Observed::new(report);
    let findings: Vec<_> = judged(report)
        .map(|((policy, rule), counted)| {
            let severity = report.most_severe(policy, rule);
            finding(policy, rule, severity, counted, &observed)
        })
        .collect();
    let mut result = json!({
        "uuid": "",
        "title": match summary.verdict() {
            verdict @ (Verdict::NothingJudged | Verdict::Incomplete) => {
                format!("{}: {title}", verdict.word())
            }
            Verdict::Pass | Verdict::Findings => title.to_owned(),
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
        "reviewed-controls": { "control-selections": reviewed(report) },
    });
    // Lists and texts that would be blank are left out: readers refuse them.
    for (key, list) in [("findings", findings), ("observations", observed.all)] {
        if !list.is_empty() {
            result[key] = list.into();
        }
    }
    if !observed.subjects.is_empty() {
        let items: Vec<_> = observed.subjects.into_values().collect();
        result["local-definitions"] = json!({ "inventory-items": items });
    }
    let remarks = remarks(report);
    if !remarks.is_empty() {
        result["remarks"] = remarks.join("\n\n").into();
    }
    result
}

/// Returns the rules that judged a record, with their outcomes.
fn judged<'r>(
    report: &'r Report<'_>,
) -> impl Iterator<Item = ((&'r Policy, &'r Rule), &'r RuleCounts)> {
    let rules = report.header.rules().zip(&report.footer.summary.by_rule);
    rules.filter(|(_, counted)| counted.counts.judged() > 0)
}

/// Returns the controls that rules are evidence for which judged a record, a selection a
/// framework: no other was reviewed.
fn reviewed(report: &Report<'_>) -> Vec<Value> {
    let mut controls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for ((_, rule), _) in judged(report) {
        for reference in rule
            .references
            .iter()
            .filter_map(|text| Reference::read(text))
        {
            let id = control_id(&reference);
            controls.entry(reference.framework).or_default().insert(id);
        }
    }
    if controls.is_empty() {
        let why = "No rule that judged a record is evidence for a control.";
        return vec![json!({ "description": why })];
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
fn control_id(reference: &Reference) -> String {
    let Reference {
        framework,
        requirement,
        ..
    } = reference;
    if !framework.starts_with("NIST SP 800-53") {
        return token(framework, requirement);
    }
    // What follows a blank is a part of the control.
    let control = requirement.split(' ').next().unwrap_or_default();
    let control = control.replace('(', ".").replace(')', "");
    plain(&control.to_ascii_lowercase())
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
            "{} left out: this report has the most severe; {}.",
            count(report.left_out, "finding is", "findings are"),
            phrase::WHERE_ALL_ARE,
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
    let anomalies = summary.anomalies.iter();
    remarks.extend(anomalies.map(|anomaly| format!("{}.", escape_controls(anomaly))));
    remarks
}

/// Our findings as observations, and whom they are about.
struct Observed<'r> {
    all: Vec<Value>,
    /// Customers and others by what they are.
    subjects: BTreeMap<String, Value>,
    /// The UUIDs of the observations by policy and rule.
    of_rule: HashMap<(&'r str, &'r str), Vec<String>>,
}

impl<'r> Observed<'r> {
    fn new(report: &'r Report<'_>) -> Self {
        let mut observed = Self {
            all: Vec::new(),
            subjects: BTreeMap::new(),
            of_rule: HashMap::new(),
        };
        let mut met: HashMap<&str, u64> = HashMap::new();
        for row in &report.findings {
            // Records without an id, or with the same one, share a fingerprint.
            let times = met.entry(&row.fingerprint).or_default();
            let name = match *times {
                0 => row.fingerprint.to_string(),
                times => format!("{}/{times}", row.fingerprint),
            };
            *times += 1;
            let uuid = uuid("observation", &name);
            let subject = observed.subject(row);
            observed.all.push(observation(row, &uuid, &subject, report));
            let rule = (row.policy.as_ref(), row.rule.as_ref());
            observed.of_rule.entry(rule).or_default().push(uuid);
        }
        observed
    }

    /// The UUID of whom a finding is about.
    fn subject(&mut self, row: &FindingRow<'_>) -> String {
        let export = row.export.as_deref().unwrap_or("all exports");
        let (key, said) = match (&row.customer_id, row.record) {
            (Some(id), _) => (format!("customer/{id}"), format!("Customer {id}")),
            (None, Some(record)) => (
                format!("record/{export}/{record}"),
                format!("Record {record} of {export}, a customer without an id"),
            ),
            (None, None) => (format!("export/{export}"), format!("Export: {export}")),
        };
        let uuid = uuid("subject", &key);
        self.subjects.entry(key).or_insert_with(|| {
            let mut item = json!({ "uuid": uuid, "description": one_line(&said) });
            let known = [
                ("customer-id", &row.customer_id),
                ("customer-name", &row.customer_name),
            ];
            let known = known.into_iter();
            let known: Vec<_> = known
                .filter_map(|(name, value)| prop(name, value.as_deref()?))
                .collect();
            if !known.is_empty() {
                item["props"] = known.into();
            }
            item
        });
        uuid
    }
}

fn observation(row: &FindingRow<'_>, uuid: &str, subject: &str, report: &Report<'_>) -> Value {
    let mut all = props([
        ("policy", row.policy.as_ref()),
        ("rule", row.rule.as_ref()),
        ("severity", row.severity.name()),
        ("status", row.status.as_ref()),
        ("reason", row.reason.as_ref()),
        ("fingerprint", row.fingerprint.as_ref()),
    ]);
    let export = row.export.as_deref();
    all.extend(
        row.customer_id
            .as_deref()
            .and_then(|id| prop("customer-id", id)),
    );
    all.extend(export.and_then(|export| prop("export", export)));
    all.extend(
        row.record
            .and_then(|record| prop("record", &record.to_string())),
    );
    let mut observation = json!({
        "uuid": uuid,
        "title": one_line(&format!("{}/{}", row.policy, row.rule)),
        "description": one_line(&phrase::finding(row)),
        "props": all,
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": [{ "subject-uuid": subject, "type": "inventory-item" }],
        "collected": report.header.as_of,
    });
    if let Some(export) = export {
        let place = match row.record {
            Some(record) => format!("Record {record} of the export"),
            None => "All records of the export".to_owned(),
        };
        observation["relevant-evidence"] = json!([{ "href": uri(export), "description": place }]);
    }
    observation
}

fn finding(
    policy: &Policy,
    rule: &Rule,
    severity: Severity,
    counted: &RuleCounts,
    observed: &Observed<'_>,
) -> Value {
    let outcomes = counted.counts;
    let title = first_of([&rule.title, &rule.id]);
    let mut all = props([
        ("policy", policy.id.as_str()),
        ("rule", rule.id.as_str()),
        ("severity", severity.name()),
        ("criterion-sha256", rule.sha256.as_str()),
    ]);
    let criterion = rule.criterion.sentences();
    let criterion = criterion
        .iter()
        .map(|(name, words)| format!("{name}: {words}"));
    all.extend(criterion.filter_map(|one| prop("criterion", &one)));
    all.extend(counts(&outcomes));
    let references = rule.references.iter();
    all.extend(references.filter_map(|reference| prop("reference", reference)));
    let mut finding = json!({
        "uuid": uuid("finding", &format!("{}/{}", policy.id, rule.id)),
        "title": title,
        "description": first_of([&rule.rationale, &title]),
        "props": all,
        "target": {
            "type": "objective-id",
            "target-id": token(&policy.id, &rule.id),
            "title": title,
            "status": status(&outcomes),
        },
    });
    let uuids = observed.of_rule.get(&(&*policy.id, &*rule.id));
    let uuids = uuids.map_or(&[][..], Vec::as_slice);
    let listed = outcomes.findings() + outcomes.waived;
    let mut remarks = Vec::new();
    if !uuids.is_empty() {
        let related = uuids.iter().map(|uuid| json!({ "observation-uuid": uuid }));
        finding["related-observations"] = related.collect();
    }
    if listed > uuids.len() as u64 {
        let left_out = count(
            listed - uuids.len() as u64,
            "observation is",
            "observations are",
        );
        remarks.push(format!("{left_out} left out."));
    }
    if listed > 0 && !rule.remediation.trim().is_empty() {
        remarks.push(format!("{REMEDIATION}: {}", one_line(&rule.remediation)));
    }
    if !remarks.is_empty() {
        finding["remarks"] = remarks.join("\n\n").into();
    }
    finding
}

/// Whether a rule is met. There are two states, and what is not known to be met
/// is in the second, as is what is waived: that somebody answers for it does not
/// make it so.
fn status(counts: &Counts) -> Value {
    let (state, reason, remarks) = match counts {
        Counts { fail: 1.., .. } => ("not-satisfied", "fail", None),
        Counts { error: 1.., .. } => (
            "not-satisfied",
            "other",
            Some("It could not be decided for all."),
        ),
        Counts { waived: 1.., .. } => (
            "not-satisfied",
            "other",
            Some("All that does not meet it is waived."),
        ),
        _ => ("satisfied", "pass", None),
    };
    let mut status = json!({ "state": state, "reason": reason });
    if let Some(remarks) = remarks {
        status["remarks"] = remarks.into();
    }
    status
}

fn counts(counts: &Counts) -> Vec<Value> {
    props([
        ("pass", counts.pass),
        ("fail", counts.fail),
        ("error", counts.error),
        ("not-applicable", counts.not_applicable),
        ("waived", counts.waived),
    ])
}

fn props<const N: usize>(all: [(&str, impl ToString); N]) -> Vec<Value> {
    let all = all.into_iter();
    all.filter_map(|(name, value)| prop(name, &value.to_string()))
        .collect()
}

/// A property of ours; none, if its value is blank, which OSCAL does not take.
fn prop(name: &str, value: &str) -> Option<Value> {
    let value = escape_controls(value.trim());
    (!value.is_empty()).then(|| json!({ "name": name, "ns": NAMESPACE, "value": value }))
}

/// Returns text on one line; a dash, where OSCAL wants some and there is none.
fn one_line(text: &str) -> String {
    match phrase::one_line(text).trim() {
        "" => "-".to_owned(),
        text => text.to_owned(),
    }
}

/// Returns the first of these texts that is not blank.
fn first_of(texts: [&str; 2]) -> String {
    one_line(&phrase::first_of(texts))
}

/// The name of a rule as an OSCAL token: letters, digits, `.`, `-` and `_`, a
/// letter or `_` first.
fn token(policy: &str, rule: &str) -> String {
    plain(&format!("{policy}_{rule}"))
}

fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain = |c| if is_plain(c) { c } else { '_' };
    let token: String = name.chars().map(plain).collect();
    if token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        token
    } else {
        format!("_{token}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::model::footer::Footer;

    #[test]
    fn a_name_is_the_same_every_night() {
        let name = uuid("finding", "pci/r1");
        assert_eq!(name, uuid("finding", "pci/r1"));
        assert_ne!(name, uuid("observation", "pci/r1"));
        assert_eq!(name.as_bytes()[14], b'5', "{name}");
    }

    #[test]
    fn a_report_of_other_content_has_another_name_and_one_of_the_same_has_not() {
        let (header, footer) = (fixture::header(), fixture::clean());
        let of = |fingerprint: &'static str| {
            let report = Report {
                header: &header,
                footer: &footer,
                findings: vec![FindingRow {
                    fingerprint: fingerprint.into(),
                    ..fixture::row()
                }],
                left_out: 0,
                rejected: Vec::new(),
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
    fn a_token_is_one_whatever_the_ids() {
        assert_eq!(token("pci", "pci-8.4-mfa"), "pci_pci-8.4-mfa");
        assert_eq!(token("27001", "a b/é"), "_27001_a_b__");
    }

    #[test]
    fn a_control_is_known_by_the_id_of_its_catalogue() {
        let of = |text: &str| control_id(&Reference::read(text).expect("a reference"));
        assert_eq!(of("NIST SP 800-53 r5: IA-2(1) (partial)"), "ia-2.1");
        assert_eq!(of("NIST SP 800-53 r5: IR-7(2) b (partial)"), "ir-7.2");
        assert_eq!(of("PCI DSS 4.0.1: 8.4.2 (direct)"), "PCI_DSS_4.0.1_8.4.2");
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
                findings: Vec::new(),
                left_out: 0,
                rejected: Vec::new(),
            };
            let result = result(&report, "t");
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
        assert!(!of(fixture::unjudged()).contains("include"));
    }

    #[test]
    fn what_is_not_known_to_be_met_is_not_satisfied() {
        let of = |pass, fail, error, waived| {
            let status = status(&Counts {
                pass,
                fail,
                error,
                waived,
                not_applicable: 0,
            });
            format!("{} {}", status["state"], status["reason"]).replace('"', "")
        };
        assert_eq!(of(3, 0, 0, 0), "satisfied pass");
        assert_eq!(of(3, 1, 1, 1), "not-satisfied fail");
        assert_eq!(of(3, 0, 1, 1), "not-satisfied other");
        assert_eq!(of(3, 0, 0, 1), "not-satisfied other");
    }

    #[test]
    fn properties_are_one_line_and_never_blank() {
        assert_eq!(prop("a", " \n"), None);
        let made = prop("a", " b\nc\u{1b} ").expect("a property");
        assert_eq!(made["value"], "b\\nc\\u{1b}");
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
            findings: vec![of(None, 1), of(None, 2), of(Some("c"), 3)],
            left_out: 1,
            rejected: Vec::new(),
        };
        let result = result(&report, "t");
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
