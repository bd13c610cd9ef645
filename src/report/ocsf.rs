//! OCSF: an event a finding, of the class Compliance Finding, a line each.
//!
//! The classes and their numbers are those of the Open Cybersecurity Schema
//! Framework, <https://schema.ocsf.io/1.5.0/classes/compliance_finding>.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{open, write_json};
use super::{Export, Found, Head, Line, Rejected, Rule, Tail, Words};
use crate::finding::{Evidence, Status};
use crate::policy::{Reference, Severity};

/// The version of the schema: the one in which `status_details` has taken the
/// place of `status_detail`.
const VERSION: &str = "1.5.0";

/// A number of the schema, and its caption.
type Named = (u8, &'static str);

const NEW: Named = (1, "New");
const SUPPRESSED: Named = (3, "Suppressed");
const WARNING: Named = (2, "Warning");
const FAIL: Named = (3, "Fail");

fn severity(severity: Severity) -> Named {
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
struct Fixed<'e> {
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

#[derive(Serialize)]
struct Remediation<'e> {
    desc: &'e str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'e [String],
}

impl<'e> Fixed<'e> {
    fn of(head: &'e Head, grave: Severity, remedy: Option<Remediation<'e>>) -> Self {
        let (severity_id, severity) = severity(grave);
        Self {
            activity_id: 1,
            activity_name: "Create",
            category_uid: 2,
            category_name: "Findings",
            class_uid: 2003,
            class_name: "Compliance Finding",
            type_uid: 200_301,
            type_name: "Compliance Finding: Create",
            time: head.instant().timestamp_millis(),
            metadata: Metadata {
                version: VERSION,
                product: Product {
                    name: &head.tool.name,
                    vendor_name: &head.tool.name,
                    version: &head.tool.version,
                },
            },
            severity_id,
            severity,
            remediation: remedy,
        }
    }
}

/// The other keys of an event; what the schema has no name for is the last.
#[derive(Serialize)]
struct Event<'e, U> {
    status_id: u8,
    status: &'static str,
    message: &'e str,
    finding_info: Info<'e>,
    compliance: Compliance<'e>,
    resources: &'e [Resource<'e>],
    unmapped: U,
}

#[derive(Serialize)]
struct Info<'e> {
    uid: &'e str,
    title: &'e str,
    desc: &'e str,
}

#[derive(Serialize)]
struct Compliance<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<&'e str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    desc: &'e str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    standards: &'e [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    requirements: &'e [String],
    status_id: u8,
    status: &'static str,
    status_details: &'e [&'e str],
}

#[derive(Serialize)]
struct Resource<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'e str>,
    r#type: &'static str,
}

impl<'e> Resource<'e> {
    /// What a finding is about: the schema wants an id or a name of it.
    fn of(line: &'e Line<'_>) -> Self {
        let (uid, name) = (line.customer_id.as_deref(), line.customer_name.as_deref());
        if uid.is_some() || line.record.is_some() {
            let name = name.or(uid.is_none().then_some(line.whom()));
            let r#type = "Customer account";
            return Self { uid, name, r#type };
        }
        Self::export(line.export.as_deref().unwrap_or(line.whom()))
    }

    fn export(name: &'e str) -> Self {
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
    /// The last that stands in an event, so that its place is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
}

/// An event on its line: fixed keys, as an object that goes on, then the others.
fn write(fixed: &[u8], event: &impl Serialize, out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(fixed);
    let brace = out.len();
    write_json(event, out)?;
    out[brace] = b',';
    out.push(b'\n');
    Ok(())
}

/// Words findings as events.
pub struct Renderer {
    rules: Vec<Worded>,
}

/// What is the same for all findings of a rule.
struct Worded {
    fixed: Vec<u8>,
    title: String,
    rationale: String,
    standards: Vec<String>,
    requirements: Vec<String>,
}

impl Worded {
    fn of(head: &Head, rule: &Rule) -> Self {
        let remediation = Some(Remediation {
            desc: &rule.remediation,
            references: &rule.references,
        });
        let remediation = remediation.filter(|remediation| !remediation.desc.is_empty());
        let (mut standards, mut requirements) = (Vec::new(), Vec::new());
        for text in &rule.references {
            let Some(Reference { source, place, .. }) = Reference::of(text) else {
                requirements.push(text.clone());
                continue;
            };
            requirements.push(place.to_owned());
            if !standards.iter().any(|standard| standard == source) {
                standards.push(source.to_owned());
            }
        }
        Self {
            // Writing to memory does not fail.
            fixed: open(&Fixed::of(head, rule.severity, remediation)).unwrap_or_default(),
            title: rule.title.clone(),
            rationale: rule.rationale.clone(),
            standards,
            requirements,
        }
    }
}

impl Renderer {
    pub fn new(head: &Head) -> Self {
        let rules = head.rules().map(|(_, rule)| Worded::of(head, rule));
        Self {
            rules: rules.collect(),
        }
    }
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let (line, rule) = (&found.line, &self.rules[found.rule]);
        let seen = line.seen();
        let status = if line.is_waived() { SUPPRESSED } else { NEW };
        let met = if line.status == Status::Error {
            WARNING
        } else {
            FAIL
        };
        let event = Event {
            status_id: status.0,
            status: status.1,
            message: &format!("{}: {}: {seen}", rule.title, line.whom()),
            finding_info: Info {
                uid: &line.fingerprint,
                title: &rule.title,
                desc: &seen,
            },
            compliance: Compliance {
                control: Some(&line.rule),
                desc: &rule.rationale,
                standards: &rule.standards,
                requirements: &rule.requirements,
                status_id: met.0,
                status: met.1,
                status_details: &[line.reason.name()],
            },
            resources: &[Resource::of(line)],
            unmapped: Unmapped {
                policy: &line.policy,
                rule: &line.rule,
                reason: line.reason.name(),
                evidence: &line.evidence,
                export: line.export.as_deref(),
                record: line.record,
            },
        };
        write(&rule.fixed, &event, &mut words.bytes)?;
        if let Some(number) = found.number {
            words.mark(words.bytes.len() - "0}}\n".len(), number);
        }
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

/// Joins the events; the last tells if the audit is not complete, since there
/// is no other place for it.
pub struct Reporter;

impl super::Reporter for Reporter {
    fn start(&mut self, _: &Head, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        out.write_all(worded)
    }

    /// Events are findings: rejected records make the audit incomplete, and
    /// are counted there.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, head: &Head, tail: &Tail, out: &mut dyn Write) -> io::Result<()> {
        let summary = &tail.summary;
        if summary.complete {
            return Ok(());
        }
        let why: Vec<_> = summary
            .incomplete_because
            .iter()
            .map(String::as_str)
            .collect();
        let message = format!("The audit is not complete: {}", why.join("; "));
        let policies = head.policies.iter().map(|policy| policy.id.as_str());
        let exports = tail.exports.iter();
        let event = Event {
            status_id: NEW.0,
            status: NEW.1,
            message: &message,
            finding_info: Info {
                uid: &head.incomplete_fingerprint(),
                title: "The audit is not complete",
                desc: &why.join("; "),
            },
            compliance: Compliance {
                control: None,
                desc: "",
                standards: &[],
                requirements: &[],
                status_id: WARNING.0,
                status: WARNING.1,
                status_details: &why,
            },
            resources: &exports
                .map(|export| Resource::export(&export.path))
                .collect::<Vec<_>>(),
            unmapped: Unaudited {
                policies: policies.collect(),
                exports: &tail.exports,
                records: summary.records,
                rejected: summary.rejected,
            },
        };
        let mut line = Vec::new();
        let fixed = open(&Fixed::of(head, Severity::High, None))?;
        write(&fixed, &event, &mut line)?;
        out.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policies;
    use crate::report::{Renderer as _, Reporter as _};

    fn head() -> Head {
        Head::of(&Policies::default(), chrono::DateTime::UNIX_EPOCH)
    }

    fn line() -> Line<'static> {
        serde_json::from_str(
            r#"{"policy":"p","rule":"r","severity":"high","status":"fail","reason":"violated","customer_id":null,"customer_name":null,"evidence":[],"fingerprint":"f","export":"e.json","record":0}"#,
        )
        .expect("a line")
    }

    #[test]
    fn the_record_stands_where_it_is_marked() {
        let rule = Worded {
            fixed: b"{\"class_uid\":2003".to_vec(),
            title: "t".to_owned(),
            rationale: String::new(),
            standards: Vec::new(),
            requirements: Vec::new(),
        };
        let renderer = Renderer { rules: vec![rule] };
        let found = Found {
            line: line(),
            number: Some(7),
            rule: 0,
            finding: None,
        };
        let mut words = Words::default();
        for _ in 0..2 {
            renderer.finding(&found, &mut words).expect("memory");
        }
        let events = String::from_utf8(words.numbered(1000)).expect("text");
        for event in events.lines() {
            let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
            assert_eq!(event["unmapped"]["record"], 1007);
            assert_eq!(event["class_uid"], 2003);
        }
    }

    #[test]
    fn every_finding_is_about_something_that_has_a_name() {
        let of = |line: &Line<'_>| {
            let resource = Resource::of(line);
            (
                resource.uid.map(str::to_owned),
                resource.name.map(str::to_owned),
                resource.r#type,
            )
        };
        let named = |name: &str| Some(name.to_owned());
        let mut line = line();
        assert_eq!(of(&line), (None, named("[no id]"), "Customer account"));
        line.customer_id = Some("c1".into());
        assert_eq!(of(&line), (named("c1"), None, "Customer account"));
        (line.customer_id, line.record) = (None, None);
        assert_eq!(of(&line), (None, named("e.json"), "Customer export"));
        line.export = None;
        assert_eq!(of(&line), (None, named("[the export]"), "Customer export"));
    }

    #[test]
    fn an_audit_is_only_silent_if_it_is_complete() {
        let policies = Policies::default();
        let told = |gaps: &[crate::totals::Gap]| {
            let mut out = Vec::new();
            let tail = crate::report::Tail::for_tests(&policies, Vec::new(), gaps);
            let finished = Box::new(Reporter).finish(&head(), &tail, &mut out);
            finished.expect("memory");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(told(&[]), "");
        let event = told(&[crate::totals::Gap::Rejected(2)]);
        assert!(event.contains("2 records could not be read"), "{event}");
        assert_eq!(event.lines().count(), 1);
    }
}
