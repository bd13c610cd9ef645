//! DefectDojo: one object of findings, for its Generic Findings Import.
//!
//! An import fails as a whole at the first key that DefectDojo does not know,
//! so a finding has no other keys than its parser lists
//! (`dojo/tools/generic/json_parser.py`). What changes while a finding is the
//! same, as the record's number, is left out: DefectDojo would take the finding
//! of tomorrow for another.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{open, write_json};
use super::markdown::{code, escape};
use super::{Found, Head, Line, Rejected, Rule, Tail, Words};
use crate::policy::Severity;
use crate::text::{escape_controls, short};

/// The most characters of a title, which DefectDojo keeps in 511.
const MAX_TITLE: usize = 250;

/// The most characters of a customer's id, which is in the title too. The
/// column of component names has 500.
const MAX_ID: usize = 250;

fn severity(severity: Severity) -> &'static str {
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
}

/// The keys that are the same for all findings of a rule.
#[derive(Serialize)]
struct Fixed<'e> {
    severity: &'static str,
    date: &'e str,
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
    fn of(grave: Severity, date: &'e str, vulnerability: &'e str) -> Self {
        Self {
            severity: severity(grave),
            date,
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

/// The day of the run.
fn date(head: &Head) -> String {
    head.instant().date_naive().to_string()
}

/// An object with a comma before it: its own keys, then the fixed, which are an
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

/// Words findings as objects.
pub struct Renderer {
    rules: Vec<Worded>,
}

/// What is the same for all findings of a rule.
struct Worded {
    title: String,
    fixed: Vec<u8>,
}

impl Worded {
    fn of(policy: &str, rule: &Rule, date: &str) -> Self {
        let name = format!("{policy}/{}", rule.id);
        let name = short(&name, MAX_ID);
        let references: Vec<_> = rule.references.iter().map(|text| escape(text)).collect();
        let fixed = Fixed {
            mitigation: &escape(&rule.remediation),
            impact: &escape(&rule.rationale),
            references: &references.join("\n"),
            ..Fixed::of(rule.severity, date, &name)
        };
        Self {
            title: short(&escape_controls(&rule.title), MAX_TITLE).into_owned(),
            // Writing to memory does not fail.
            fixed: open(&fixed).unwrap_or_default(),
        }
    }
}

impl Renderer {
    pub fn new(head: &Head) -> Self {
        let date = date(head);
        let rules = head.rules();
        let worded = rules.map(|(policy, rule)| Worded::of(&policy.id, rule, &date));
        Self {
            rules: worded.collect(),
        }
    }
}

/// Why, and what was seen, as Markdown that DefectDojo shows. It names the
/// rule: findings of one title and description may be taken for one.
fn description(line: &Line<'_>) -> String {
    let rule = code(&format!("{}/{}", line.policy, line.rule));
    let (status, reason) = (escape(line.status.name()), escape(line.reason.name()));
    let mut text = format!("{rule}: {status}, {reason}\n");
    for item in &line.evidence {
        let [field, expected, observed] =
            [&item.field, &item.expected, &item.observed].map(|part| code(part));
        text.push_str(&format!("\n- {field}: {observed}, expected {expected}"));
    }
    if let Some(name) = &line.customer_name {
        text.push_str(&format!("\n- customer: {}", code(name)));
    }
    text
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let (line, rule) = (&found.line, &self.rules[found.rule]);
        // A NUL, which the database of DefectDojo refuses, is made visible, as
        // all that steers.
        let whom = escape_controls(line.whom());
        let whom = short(&whom, MAX_ID);
        let entry = Entry {
            title: &format!("{}: {whom}", rule.title),
            description: &description(line),
            unique_id_from_tool: &line.fingerprint,
            component_name: line.customer_id.is_some().then_some(&whom),
            active: !line.is_waived(),
            risk_accepted: line.is_waived(),
            tags: &[&line.policy, line.status.name()],
        };
        write(&entry, &rule.fixed, &mut words.bytes)
    }
}

/// Joins the findings; the last tells if the audit is not complete, since an
/// import would close what it does not find.
#[derive(Default)]
pub struct Reporter {
    listed: bool,
}

impl super::Reporter for Reporter {
    fn start(&mut self, _: &Head, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{\"findings\":[")
    }

    fn findings(&mut self, worded: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if worded.is_empty() {
            return Ok(());
        }
        // The first has no other before its comma.
        let skip = usize::from(!self.listed);
        self.listed = true;
        out.write_all(&worded[skip..])
    }

    /// Objects are findings: rejected records make the audit incomplete, and
    /// are counted there.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(
        mut self: Box<Self>,
        head: &Head,
        tail: &Tail,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if !tail.summary.complete {
            let because = &tail.summary.incomplete_because;
            let policies = head.policies.iter().map(|policy| policy.id.as_str());
            let policies: Vec<_> = policies.collect();
            let mut description = "The audit is not complete: that no finding is listed does not mean that all is well.\n".to_owned();
            for why in because {
                description.push_str(&format!("\n- {}", escape(why)));
            }
            let entry = Entry {
                title: &format!(
                    "Audit incomplete: {}",
                    short(&escape_controls(&because.join("; ")), MAX_TITLE)
                ),
                description: &description,
                unique_id_from_tool: &head.incomplete_fingerprint(),
                component_name: None,
                active: true,
                risk_accepted: false,
                tags: &policies,
            };
            let date = date(head);
            let fixed = open(&Fixed::of(Severity::High, &date, "audit-incomplete"))?;
            let mut object = Vec::new();
            write(&entry, &fixed, &mut object)?;
            self.findings(&object, out)?;
        }
        out.write_all(b"]}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Evidence;
    use crate::policy::Policies;
    use crate::report::{Renderer as _, Reporter as _};
    use crate::totals::Gap;
    use serde_json::Value;

    fn report(lines: Vec<Line<'static>>, gaps: &[Gap]) -> Value {
        let rule = Rule {
            id: "r".to_owned(),
            title: "t".repeat(1000),
            severity: Severity::Info,
            check: None,
            aggregate: None,
            rationale: "a<b>".to_owned(),
            remediation: String::new(),
            references: vec!["one".to_owned(), "two".to_owned()],
        };
        let renderer = Renderer {
            rules: vec![Worded::of("p", &rule, "2026-12-01")],
        };
        let mut words = Words::default();
        for line in lines {
            let (number, rule) = (None, 0);
            let found = Found {
                line,
                number,
                rule,
                finding: None,
            };
            renderer.finding(&found, &mut words).expect("memory");
        }
        let policies = Policies::default();
        let head = Head::of(&policies, chrono::DateTime::UNIX_EPOCH);
        let tail = crate::report::Tail::for_tests(&policies, Vec::new(), gaps);
        let mut out = Vec::new();
        let mut reporter = Box::new(Reporter::default());
        reporter.start(&head, &mut out).expect("memory");
        reporter
            .findings(&words.numbered(0), &mut out)
            .expect("memory");
        reporter.finish(&head, &tail, &mut out).expect("memory");
        serde_json::from_slice(&out).expect("JSON")
    }

    fn line() -> Line<'static> {
        let line = r#"{"policy":"p","rule":"r","severity":"info","status":"fail","reason":"violated","customer_id":null,"customer_name":null,"evidence":[],"fingerprint":"f","export":null,"record":null}"#;
        serde_json::from_str(line).expect("a line")
    }

    #[test]
    fn an_import_is_only_empty_if_the_audit_is_complete() {
        assert_eq!(report(Vec::new(), &[]), serde_json::json!({"findings": []}));
        let one = report(Vec::new(), &[Gap::Rejected(1)]);
        assert_eq!(
            one["findings"][0]["title"],
            "Audit incomplete: 1 record could not be read"
        );
        let two = report(vec![line()], &[Gap::Rejected(1)]);
        assert_eq!(two["findings"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn what_comes_from_an_export_fits_and_does_nothing() {
        let mut long = line();
        long.customer_id = Some("c\0<b>".repeat(1000).into());
        long.evidence.push(Evidence {
            field: "f".into(),
            expected: "e".into(),
            observed: "`<img>` @all".into(),
        });
        let report = report(vec![long], &[]);
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
