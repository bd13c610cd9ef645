//! What an event says of controls: those that its rule is evidence for, and the rule as a
//! check of them.

use std::io;

use serde::Serialize;
use serde_json::value::RawValue;

use super::activity::Named;
use super::events::named;
use crate::policy::{Reference, Severity};
use crate::report::json_writer::write_json;
use crate::report::model::header::{Policy, Rule};

pub(super) const WARNING: Named = (2, "Warning");
pub(super) const FAIL: Named = (3, "Fail");

#[derive(Serialize)]
pub(super) struct Compliance<'e> {
    #[serde(flatten)]
    pub(super) asked: Option<&'e Controls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checks: Option<[&'e RawValue; 1]>,
    pub(super) status_id: u8,
    pub(super) status: &'static str,
    pub(super) status_details: &'e [&'e str],
}

impl<'e> Compliance<'e> {
    /// Returns what is said where no rule is known.
    pub(super) fn of_no_rule((status_id, status): Named, status_details: &'e [&'e str]) -> Self {
        Self {
            asked: None,
            checks: None,
            status_id,
            status,
            status_details,
        }
    }
}

/// What was tested: a rule.
#[derive(Serialize)]
struct Check<'e> {
    /// The policy's id and the rule's.
    uid: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'e str,
    /// What it asks, in words.
    #[serde(skip_serializing_if = "str::is_empty")]
    desc: &'e str,
    severity_id: u8,
    severity: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    standards: &'e [String],
    status_id: u8,
    status: &'static str,
}

/// The controls for which a rule is evidence, as JSON: they are the same for all findings.
#[derive(Serialize)]
pub(super) struct Controls {
    /// The one for which it is the best evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<Box<RawValue>>,
    /// Why they matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    desc: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standards: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirements: Option<Box<RawValue>>,
}

fn raw(value: &impl Serialize) -> io::Result<Box<RawValue>> {
    let mut json = Vec::new();
    write_json(value, &mut json)?;
    let json = String::from_utf8(json).map_err(io::Error::other)?;
    RawValue::from_string(json).map_err(io::Error::from)
}

/// What a rule asks, and the controls for which it is evidence.
pub(super) struct Asked {
    /// The policy's id and the rule's.
    uid: String,
    pub(super) title: String,
    /// What it asks, in words.
    criterion: String,
    /// Whose controls it is evidence for.
    standards: Vec<String>,
    controls: Controls,
    /// The rule as a check, for the outcomes that findings have.
    checks: Vec<(Severity, Named, Box<RawValue>)>,
}

impl Asked {
    pub(super) fn new(policy: &Policy, rule: &Rule) -> io::Result<Self> {
        let references = rule.references.iter();
        let references: Vec<_> = references
            .filter_map(|text| Reference::read(text))
            .collect();
        let mut standards: Vec<String> = Vec::new();
        for reference in &references {
            if !standards.contains(&reference.framework) {
                standards.push(reference.framework.clone());
            }
        }
        // The first of those that are equal.
        let best = references.iter().min_by_key(|reference| reference.strength);
        let named =
            |reference: &Reference| format!("{}: {}", reference.framework, reference.requirement);
        let requirements: Vec<_> = references.iter().map(named).collect();
        let criterion = rule.criterion.sentences();
        let criterion = criterion.iter();
        let criterion: Vec<_> = criterion
            .map(|(name, words)| format!("{name}: {words}"))
            .collect();
        let list = |texts: &[String]| (!texts.is_empty()).then(|| raw(&texts)).transpose();
        let desc = Some(&rule.rationale).filter(|text| !text.is_empty());
        let controls = Controls {
            control: best.map(named).map(|name| raw(&name)).transpose()?,
            desc: desc.map(raw).transpose()?,
            standards: list(&standards)?,
            requirements: list(&requirements)?,
        };
        let mut asked = Self {
            uid: format!("{}/{}", policy.id, rule.id),
            title: rule.title.clone(),
            criterion: criterion.join("; "),
            standards,
            controls,
            checks: Vec::new(),
        };
        for severity in rule.severities() {
            for met in [FAIL, WARNING] {
                let check = asked.check(severity, met)?;
                asked.checks.push((severity, met, check));
            }
        }
        Ok(asked)
    }

    /// Returns the rule as a check, of an outcome of this severity and status.
    pub(super) fn check(
        &self,
        severity: Severity,
        (status_id, status): Named,
    ) -> io::Result<Box<RawValue>> {
        let (severity_id, severity) = named(severity);
        raw(&Check {
            uid: &self.uid,
            name: &self.title,
            desc: &self.criterion,
            severity_id,
            severity,
            standards: &self.standards,
            status_id,
            status,
        })
    }

    /// Returns what an event says of the controls, with the check as it came out.
    pub(super) fn compliance<'e>(
        &'e self,
        check: Option<&'e RawValue>,
        (status_id, status): Named,
        status_details: &'e [&'e str],
    ) -> Compliance<'e> {
        Compliance {
            asked: Some(&self.controls),
            checks: check.map(|check| [check]),
            status_id,
            status,
            status_details,
        }
    }

    /// Returns what the event of a finding says of the controls.
    pub(super) fn of_finding<'e>(
        &'e self,
        severity: Severity,
        met: Named,
        status_details: &'e [&'e str],
    ) -> Compliance<'e> {
        let mut checks = self.checks.iter();
        let check = checks.find(|(known, status, _)| (*known, *status) == (severity, met));
        let check = check.map(|(_, _, check)| &**check);
        self.compliance(check, met, status_details)
    }
}
