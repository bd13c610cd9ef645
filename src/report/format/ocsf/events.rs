//! The events, and what writes them.

use std::io::{self, Write};

use serde::Serialize;

use super::activity::{Activity, Named};
use super::asked::{Asked, Compliance, FAIL, WARNING};
use super::closed;
use crate::finding::{Evidence, Status};
use crate::policy::Severity;
use crate::report::json_writer::{RuleObjects, open, write_json, write_open};
use crate::report::model::ended::Ended;
use crate::report::model::footer::{Export, Footer};
use crate::report::model::header::{Header, Policy, Rule};
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::phrase;
use crate::report::render::{self, Found, Rendered};

/// The version of the schema: the one in which `status_details` has taken the
/// place of `status_detail`.
const VERSION: &str = "1.5.0";

const NEW: Named = (1, "New");
const SUPPRESSED: Named = (3, "Suppressed");

pub(super) fn named(severity: Severity) -> Named {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// The keys of an event that are the same for all findings of a rule.
#[derive(Serialize)]
pub(super) struct Fixed<'e> {
    activity_id: u8,
    activity_name: &'static str,
    category_uid: u8,
    category_name: &'static str,
    class_uid: u16,
    class_name: &'static str,
    type_uid: u32,
    type_name: &'static str,
    time: i64,
    metadata: Metadata<'e>,
    severity_id: u8,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation<'e>>,
}

#[derive(Serialize)]
struct Metadata<'e> {
    version: &'static str,
    product: Product<'e>,
}

#[derive(Serialize)]
struct Product<'e> {
    name: &'e str,
    vendor_name: &'e str,
    version: &'e str,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Remediation<'e> {
    desc: &'e str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'e [String],
}

impl<'e> Fixed<'e> {
    pub(super) fn new(
        header: &'e Header,
        activity: Activity,
        severity: Severity,
        remediation: Option<Remediation<'e>>,
    ) -> Self {
        let (severity_id, severity) = named(severity);
        let (activity_id, activity_name) = activity.named();
        let (type_uid, type_name) = activity.type_named();
        Self {
            activity_id,
            activity_name,
            category_uid: 2,
            category_name: "Findings",
            class_uid: 2003,
            class_name: "Compliance Finding",
            type_uid,
            type_name,
            time: header.instant().timestamp_millis(),
            metadata: Metadata {
                version: VERSION,
                product: Product {
                    name: &header.tool.name,
                    vendor_name: &header.tool.name,
                    version: &header.tool.version,
                },
            },
            severity_id,
            severity,
            remediation,
        }
    }
}

/// The other keys of an event, but for what the schema has no name for, which is
/// written as the last.
#[derive(Serialize)]
pub(super) struct Event<'e> {
    pub(super) status_id: u8,
    pub(super) status: &'static str,
    pub(super) message: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<&'e str>,
    pub(super) finding_info: Info<'e>,
    pub(super) compliance: Compliance<'e>,
    pub(super) resources: &'e [Resource<'e>],
}

#[derive(Serialize)]
pub(super) struct Info<'e> {
    pub(super) uid: &'e str,
    pub(super) title: &'e str,
    pub(super) desc: &'e str,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_seen_time: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct Resource<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'e str>,
    pub(super) r#type: &'static str,
}

impl<'e> Resource<'e> {
    /// What a finding is about: the schema wants an id or a name of it.
    fn new(row: &'e FindingRow<'_>) -> Self {
        let (uid, name) = (row.customer_id.as_deref(), row.customer_name.as_deref());
        if uid.is_some() || row.record.is_some() {
            let name = name.or(uid.is_none().then_some(row.whom()));
            let r#type = "Customer account";
            return Self { uid, name, r#type };
        }
        Self::export(row.export.as_deref().unwrap_or(row.whom()))
    }

    pub(super) fn export(name: &'e str) -> Self {
        Self {
            uid: None,
            name: Some(name),
            r#type: "Customer export",
        }
    }
}

/// What the schema has no name for, of a finding.
#[derive(Serialize)]
struct Unmapped<'e> {
    policy: &'e str,
    rule: &'e str,
    reason: &'e str,
    evidence: &'e [Evidence<'e>],
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<&'e str>,
    // The number of the record is written after these.
}

/// Writes an event that goes on: fixed keys, as an object that goes on, then the
/// others.
pub(super) fn write_event(fixed: &[u8], event: &Event<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(fixed);
    let brace = out.len();
    write_open(event, out)?;
    out[brace] = b',';
    out.extend_from_slice(b",\"unmapped\":");
    Ok(())
}

/// Renders findings as events.
pub struct Renderer {
    rules: Vec<RulePart>,
}

/// What is the same for all findings of a rule.
struct RulePart {
    created: RuleObjects,
    updated: RuleObjects,
    asked: Asked,
}

impl RulePart {
    fn new(header: &Header, policy: &Policy, rule: &Rule) -> io::Result<Self> {
        let remediation = Some(Remediation {
            desc: &rule.remediation,
            references: &rule.references,
        });
        let remediation = remediation.filter(|remediation| !remediation.desc.is_empty());
        let fixed = |activity| {
            RuleObjects::new(rule, |severity| {
                open(&Fixed::new(header, activity, severity, remediation))
            })
        };
        Ok(Self {
            created: fixed(Activity::Create)?,
            updated: fixed(Activity::Update)?,
            asked: Asked::new(policy, rule)?,
        })
    }
}

impl Renderer {
    pub fn new(header: &Header) -> io::Result<Self> {
        let rules = header
            .rules()
            .map(|(policy, rule)| RulePart::new(header, policy, rule));
        let rules = rules.collect::<io::Result<_>>()?;
        Ok(Self { rules })
    }
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let (row, rule) = (&found.row, &self.rules[found.rule_index]);
        let observed = row.observed();
        let waived_by = row.waiver.as_ref();
        let waived_by = waived_by.map(|waiver| format!("Waived by {}", phrase::waiver(waiver)));
        let status = if row.is_waived() { SUPPRESSED } else { NEW };
        let met = if row.status == Status::Error {
            WARNING
        } else {
            FAIL
        };
        let details = [row.reason.name()];
        let event = Event {
            status_id: status.0,
            status: status.1,
            message: &format!("{}: {}: {observed}", rule.asked.title, row.whom()),
            comment: waived_by.as_deref(),
            finding_info: Info {
                uid: &Rendered::key(row),
                title: &rule.asked.title,
                desc: &observed,
                first_seen_time: (row.life.as_ref()).map(|life| life.first_seen.timestamp_millis()),
            },
            compliance: rule.asked.of_finding(row.severity, met, &details),
            resources: &[Resource::new(row)],
        };
        let start = rendered.bytes.len();
        let fixed = match Activity::of(row) {
            Activity::Create => &rule.created,
            Activity::Update | Activity::Close => &rule.updated,
        };
        write_event(fixed.of(row.severity), &event, &mut rendered.bytes)?;
        rendered.number_key(start, row);
        let unmapped = Unmapped {
            policy: &row.policy,
            rule: &row.rule,
            reason: row.reason.name(),
            evidence: &row.evidence,
            export: row.export.as_deref(),
        };
        write_open(&unmapped, &mut rendered.bytes)?;
        if let Some(number) = row.record {
            rendered.bytes.extend_from_slice(b",\"record\":");
            rendered.record_number(number);
        }
        rendered.bytes.extend_from_slice(b"}}\n");
        Ok(())
    }
}

/// What the schema has no name for, of an audit that is not complete.
#[derive(Serialize)]
struct Unaudited<'e> {
    policies: Vec<&'e str>,
    exports: &'e [Export],
    records: u64,
    rejected: u64,
}

/// Writes the events; the last says so if the audit is not complete, since there is
/// no other place for it.
pub struct Reporter {
    header: Header,
}

impl Reporter {
    pub fn new(header: &Header) -> Self {
        Self {
            header: header.clone(),
        }
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&rendered.bytes)
    }

    fn ended(&mut self, ended: &Ended<'_>, out: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Closed(closed) => closed::write(closed, &self.header, out),
            // Nothing is known of it, or it is a finding still: nothing happens to it.
            Ended::Carried(_) | Ended::Moved(..) => Ok(()),
        }
    }

    /// Events are findings: rejected records make the audit incomplete, and
    /// are counted there.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let summary = &footer.summary;
        if summary.complete {
            return Ok(());
        }
        let why: Vec<_> = summary.reasons().collect();
        let (title, reasons) = (phrase::NOT_COMPLETE, phrase::reasons(summary));
        let message = format!("{title}: {reasons}");
        let policies = header.policies.iter().map(|policy| policy.id.as_str());
        let exports = footer.exports.iter();
        let event = Event {
            status_id: NEW.0,
            status: NEW.1,
            message: &message,
            comment: None,
            finding_info: Info {
                uid: &header.incomplete_fingerprint(),
                title,
                desc: &reasons,
                first_seen_time: None,
            },
            compliance: Compliance::of_no_rule(WARNING, &why),
            resources: &exports
                .map(|export| Resource::export(&export.path))
                .collect::<Vec<_>>(),
        };
        let mut line = Vec::new();
        let fixed = open(&Fixed::new(header, Activity::Create, Severity::High, None))?;
        write_event(&fixed, &event, &mut line)?;
        let unmapped = Unaudited {
            policies: policies.collect(),
            exports: &footer.exports,
            records: summary.records,
            rejected: summary.rejected,
        };
        write_json(&unmapped, &mut line)?;
        line.extend_from_slice(b"}\n");
        out.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::render::{Renderer as _, Reporter as _};

    #[test]
    fn every_event_has_the_number_of_its_record() {
        let header = fixture::header();
        let renderer = Renderer::new(&header).expect("memory");
        let mut rendered = Rendered::default();
        for row in fixture::rows() {
            let found = fixture::found(row);
            renderer.finding(&found, &mut rendered).expect("memory");
        }
        let events = String::from_utf8(rendered.numbered(1000).bytes).expect("text");
        for (event, row) in events.lines().zip(fixture::rows()) {
            let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
            let record = row.record.map(|number| number + 1000);
            assert_eq!(event["unmapped"]["record"].as_u64(), record);
            assert_eq!(event["class_uid"], 2003);
        }
    }

    #[test]
    fn every_finding_is_about_something_that_has_a_name() {
        let of = |row: &FindingRow<'_>| {
            let resource = Resource::new(row);
            (
                resource.uid.map(str::to_owned),
                resource.name.map(str::to_owned),
                resource.r#type,
            )
        };
        let named = |name: &str| Some(name.to_owned());
        let mut row = FindingRow {
            customer_id: None,
            customer_name: None,
            export: Some("e.json".into()),
            record: Some(1),
            ..fixture::row()
        };
        assert_eq!(of(&row), (None, named("[no id]"), "Customer account"));
        row.customer_id = Some("c1".into());
        assert_eq!(of(&row), (named("c1"), None, "Customer account"));
        (row.customer_id, row.record) = (None, None);
        assert_eq!(of(&row), (None, named("e.json"), "Customer export"));
        row.export = None;
        assert_eq!(of(&row), (None, named("[the export]"), "Customer export"));
    }

    #[test]
    fn an_audit_is_only_silent_if_it_is_complete() {
        let of = |footer: Footer| {
            let mut out = Vec::new();
            let finished = Box::new(Reporter::new(&fixture::header())).finish(
                &fixture::header(),
                &footer,
                &mut out,
            );
            finished.expect("memory");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(of(fixture::clean()), "");
        let event = of(fixture::incomplete());
        assert!(event.contains("2 records could not be read"), "{event}");
        assert_eq!(event.lines().count(), 1);
    }
}
