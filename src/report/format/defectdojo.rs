//! DefectDojo: one object per finding, for its Generic Findings Import.
//!
//! An import fails as a whole at the first key that DefectDojo does not know,
//! so a finding has no other keys than its parser lists
//! (`dojo/tools/generic/json_parser.py`). What changes while a finding is the
//! same, as the record's number, is left out: DefectDojo would take the finding
//! of tomorrow for another.
//!
//! An import closes what is not in the file, so a finding of the night before that the
//! run could not judge is in it as it was last seen, with a tag that says so.

use std::io::{self, Write};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::policy::Severity;
use crate::report::json_writer::{List, RuleObjects, open, write_json};
use crate::report::markup::{code, escape};
use crate::report::model::ended::{CarriedRow, Ended};
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, Rule};
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::phrase;
use crate::report::render::{self, Found, Rendered};
use crate::text::{escape_controls, short};

/// The largest number of characters of a title, which DefectDojo keeps in 511.
const MAX_TITLE: usize = 250;

/// The largest number of characters of a customer's id, which is in the title too. The
/// column of component names has 500.
const MAX_ID: usize = 250;

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "Info",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

/// The keys of one finding.
#[derive(Serialize)]
struct Entry<'e> {
    title: &'e str,
    description: &'e str,
    unique_id_from_tool: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    component_name: Option<&'e str>,
    active: bool,
    risk_accepted: bool,
    tags: &'e [&'e str],
    date: &'e str,
}

/// The keys that are the same for all findings of a rule.
#[derive(Serialize)]
struct Fixed<'e> {
    severity: &'static str,
    vuln_id_from_tool: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mitigation: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    impact: &'e str,
    #[serde(skip_serializing_if = "str::is_empty")]
    references: &'e str,
    verified: bool,
    static_finding: bool,
    dynamic_finding: bool,
}

impl<'e> Fixed<'e> {
    fn new(severity: Severity, vulnerability: &'e str) -> Self {
        Self {
            severity: name(severity),
            vuln_id_from_tool: vulnerability,
            mitigation: "",
            impact: "",
            references: "",
            verified: false,
            // Configuration is looked at, nothing is tried.
            static_finding: true,
            dynamic_finding: false,
        }
    }
}

/// Returns the day of an instant.
fn date(instant: DateTime<Utc>) -> String {
    instant.date_naive().to_string()
}

/// Writes an object with a comma before it: its own keys, then the fixed, which are an
/// object that goes on.
fn write(entry: &Entry<'_>, fixed: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    out.extend_from_slice(b",\n");
    write_json(entry, out)?;
    out.pop();
    let brace = out.len();
    out.extend_from_slice(fixed);
    out[brace] = b',';
    out.push(b'}');
    Ok(())
}

/// Renders findings as objects. Clones share what is the same for all findings of a rule.
#[derive(Clone)]
pub struct Renderer {
    rules: Arc<[RulePart]>,
    /// The day of the run.
    today: String,
}

/// What is the same for all findings of a rule.
struct RulePart {
    policy: String,
    rule: String,
    title: String,
    fixed: RuleObjects,
}

impl RulePart {
    fn new(policy: &str, rule: &Rule) -> io::Result<Self> {
        let name = format!("{policy}/{}", rule.id);
        let name = short(&name, MAX_ID);
        let references: Vec<_> = rule.references.iter().map(|text| escape(text)).collect();
        let fixed = RuleObjects::new(rule, |severity| {
            open(&Fixed {
                mitigation: &escape(&rule.remediation),
                impact: &escape(&rule.rationale),
                references: &references.join("\n"),
                ..Fixed::new(severity, &name)
            })
        });
        Ok(Self {
            policy: policy.to_owned(),
            rule: rule.id.clone(),
            title: short(&escape_controls(&rule.title), MAX_TITLE).into_owned(),
            fixed: fixed?,
        })
    }
}

impl Renderer {
    pub fn new(header: &Header) -> io::Result<Self> {
        let rules = header.rules();
        let rules = rules.map(|(policy, rule)| RulePart::new(&policy.id, rule));
        Ok(Self {
            rules: rules.collect::<io::Result<_>>()?,
            today: date(header.instant()),
        })
    }

    /// Writes a finding of a rule of this title, with a comma before it; `key` is its name.
    fn write(
        &self,
        row: &FindingRow<'_>,
        (title, fixed): (&str, &[u8]),
        key: &str,
        tags: &[&str],
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        // A NUL, which the database of DefectDojo refuses, is made visible, as
        // all that steers.
        let whom = escape_controls(row.whom());
        let whom = short(&whom, MAX_ID);
        let first_seen = row.life.as_ref().map(|life| date(life.first_seen));
        let entry = Entry {
            title: &format!("{title}: {whom}"),
            description: &description(row),
            unique_id_from_tool: key,
            component_name: row.customer_id.is_some().then_some(&whom),
            active: !row.is_waived(),
            risk_accepted: row.is_waived(),
            tags,
            date: first_seen.as_deref().unwrap_or(&self.today),
        };
        write(&entry, fixed, out)
    }

    /// Writes a finding of the night before that the run cannot judge, with a comma before
    /// it. Its rule need be none of this run.
    fn write_carried(&self, carried: &CarriedRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let row = &carried.row;
        let mut rules = self.rules.iter();
        let known = rules.find(|one| one.policy == row.policy && one.rule == row.rule);
        let name = format!("{}/{}", row.policy, row.rule);
        let name = short(&name, MAX_ID);
        let unknown = open(&Fixed::new(row.severity, &name))?;
        let rule = known.map_or((&*name, unknown.as_slice()), |rule| {
            (&*rule.title, rule.fixed.of(row.severity))
        });
        let tags = [&row.policy, row.status.name(), carried.state.as_ref()];
        self.write(row, rule, &row.key(), &tags, out)
    }
}

/// Returns why it is listed, and what was observed, as Markdown that DefectDojo shows. It names the
/// rule: findings of one title and description may be taken for one.
fn description(row: &FindingRow<'_>) -> String {
    let rule = code(&format!("{}/{}", row.policy, row.rule));
    let (status, reason) = (escape(row.status.name()), escape(row.reason.name()));
    let mut text = format!("{rule}: {status}, {reason}\n");
    for statement in row.statements() {
        text.push_str(&format!("\n- {}", statement.line(code, code, code)));
    }
    if let Some(name) = &row.customer_name {
        text.push_str(&format!("\n- customer: {}", code(name)));
    }
    if let Some(waiver) = &row.waiver {
        text.push_str(&format!(
            "\n- waived by {}",
            escape(&phrase::waiver(waiver))
        ));
    }
    text
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let (row, rule) = (&found.row, &self.rules[found.rule_index]);
        let start = rendered.bytes.len();
        let of_rule = (rule.title.as_str(), rule.fixed.of(row.severity));
        let tags = [&row.policy, row.status.name()];
        let key = Rendered::key(row);
        self.write(row, of_rule, &key, &tags, &mut rendered.bytes)?;
        rendered.number_key(start, row);
        Ok(())
    }
}

/// Writes the findings; the last says so if the audit is not complete, since an
/// import would close what it does not find.
pub struct Reporter {
    findings: List,
    /// Writes what is carried on.
    renderer: Renderer,
}

impl Reporter {
    /// Returns the reporter of what this renders.
    pub fn new(renderer: Renderer) -> Self {
        Self {
            findings: List::default(),
            renderer,
        }
    }
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"findings\":[")
    }

    fn findings(&mut self, rendered: &Rendered, out: &mut dyn Write) -> io::Result<()> {
        self.findings.write(&rendered.bytes, out)
    }

    fn ended(&mut self, ended: &Ended<'_>, out: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Carried(carried) => {
                let mut object = Vec::new();
                self.renderer.write_carried(carried, &mut object)?;
                self.findings.write(&object, out)
            }
            // What is not in the file is closed, and what has moved is in it.
            Ended::Closed(_) | Ended::Moved(..) => Ok(()),
        }
    }

    /// Objects are findings: rejected records make the audit incomplete, and
    /// are counted there.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        mut self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if !footer.summary.complete {
            let summary = &footer.summary;
            let title = format!("Audit incomplete: {}", phrase::reasons(summary));
            let title = escape_controls(&title);
            let title = short(&title, MAX_TITLE);
            let policies = header.policies.iter().map(|policy| policy.id.as_str());
            let policies: Vec<_> = policies.collect();
            let mut description = "The audit is not complete: that no finding is listed does not mean that all is well.\n".to_owned();
            for why in summary.reasons() {
                description.push_str(&format!("\n- {}", escape(why)));
            }
            let entry = Entry {
                title: &title,
                description: &description,
                unique_id_from_tool: &header.incomplete_fingerprint(),
                component_name: None,
                active: true,
                risk_accepted: false,
                tags: &policies,
                date: &date(header.instant()),
            };
            let fixed = open(&Fixed::new(Severity::High, "audit-incomplete"))?;
            let mut object = Vec::new();
            write(&entry, &fixed, &mut object)?;
            self.findings.write(&object, out)?;
        }
        out.write_all(b"]}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Evidence;
    use crate::report::fixture;
    use crate::report::render::{Renderer as _, Reporter as _};
    use serde_json::Value;

    fn report(rows: Vec<FindingRow<'static>>, footer: &Footer) -> Value {
        let mut header = fixture::header();
        let rule = &mut header.policies[0].rules[0];
        rule.title = "t".repeat(1000);
        rule.rationale = "a<b>".to_owned();
        rule.remediation = String::new();
        rule.references = vec!["one".to_owned(), "two".to_owned()];
        let renderer = Renderer::new(&header).expect("memory");
        let mut rendered = Rendered::default();
        for row in rows {
            let found = fixture::found(row);
            renderer.finding(&found, &mut rendered).expect("memory");
        }
        let mut out = Vec::new();
        let mut reporter = Box::new(Reporter::new(renderer));
        reporter.start(&header, &mut out).expect("memory");
        reporter.findings(&rendered, &mut out).expect("memory");
        reporter.finish(&header, footer, &mut out).expect("memory");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn an_import_is_only_empty_if_the_audit_is_complete() {
        let empty = report(Vec::new(), &fixture::clean());
        assert_eq!(empty, serde_json::json!({"findings": []}));
        let one = report(Vec::new(), &fixture::incomplete());
        let title = one["findings"][0]["title"].as_str().expect("text");
        assert!(title.starts_with("Audit incomplete: "), "{title}");
        let two = report(vec![fixture::row()], &fixture::incomplete());
        assert_eq!(two["findings"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn what_the_run_cannot_judge_is_not_closed_by_an_import() {
        let (header, footer) = fixture::compared();
        for policy in ["pol", "of-another-run"] {
            let renderer = Renderer::new(&header).expect("memory");
            let mut reporter = Box::new(Reporter::new(renderer));
            let mut out = Vec::new();
            reporter.start(&header, &mut out).expect("memory");
            for mut ended in fixture::ended() {
                if let Ended::Carried(carried) = &mut ended {
                    carried.row.policy = policy.into();
                }
                reporter.ended(&ended, &mut out).expect("memory");
            }
            reporter.finish(&header, &footer, &mut out).expect("memory");
            let report: Value = serde_json::from_slice(&out).expect("JSON");
            let finding = &report["findings"][0];
            assert_eq!(finding["component_name"], "carried-1", "{policy}");
            assert_eq!(finding["unique_id_from_tool"], "f7".repeat(16), "{policy}");
            assert_eq!(finding["active"], true, "{policy}");
            assert_eq!(finding["tags"][2], "unknown", "{policy}");
            // The other says that the audit is not complete.
            assert_eq!(report["findings"].as_array().map(Vec::len), Some(2));
        }
    }

    #[test]
    fn what_comes_from_an_export_fits_and_does_nothing() {
        let mut long = fixture::row();
        long.customer_id = Some("c\0<b>".repeat(1000).into());
        long.evidence = vec![Evidence {
            field: "f".into(),
            expected: "e".into(),
            observed: "`<img>` @all".into(),
        }];
        let report = report(vec![long], &fixture::clean());
        let finding = &report["findings"][0];
        let text = |key: &str| finding[key].as_str().expect("text");
        assert!(text("title").chars().count() <= 511);
        assert!(text("title").contains(": c\\u{0}"));
        assert!(text("component_name").chars().count() <= 500);
        assert!(text("description").contains("- `f`: `` `<img>` @all ``, expected `e`"));
        assert_eq!(text("impact"), "a\\<b\\>");
        assert_eq!(text("references"), "one\ntwo");
        assert!(finding.get("mitigation").is_none());
    }
}
