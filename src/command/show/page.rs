//! A policy as a page of plain English that the owner of a control can sign.

use std::io::{self, Write};

#[cfg(feature = "html")]
use minijinja::{context, value::Serde};
use serde::Serialize;

use crate::policy::ControlEvidence;
#[cfg(feature = "html")]
use crate::report::site;
use crate::report::{Header, Policy, Rule};
use crate::report::{code, escape_markdown};

/// What whoever signs the page fills in.
const SIGNED: [&str; 4] = ["Name", "Role", "Date", "Signature"];

/// Returns what a rule asks, each sentence with what it is about.
fn asks(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut asks = vec![("Severity", rule.severity.to_string())];
    if let Some(raise) = &rule.raise {
        asks.push((
            "More severe",
            format!(
                "{} where {}, or where that is not known",
                raise.to, raise.when
            ),
        ));
    }
    asks.extend(rule.criterion.sentences());
    for (name, prose) in [
        ("Why it matters", &rule.rationale),
        ("Remediation", &rule.remediation),
    ] {
        if !prose.is_empty() {
            asks.push((name, prose.replace('\n', " ")));
        }
    }
    if !rule.references.is_empty() {
        asks.push(("Evidence for", rule.references.join("; ")));
    }
    asks
}

/// Represents a control, with what is evidence for it.
#[derive(Serialize)]
struct ControlRow<'c> {
    framework: &'c str,
    requirement: &'c str,
    evidence: String,
}

impl<'c> ControlRow<'c> {
    fn new(control: &'c ControlEvidence) -> Self {
        let rules = control.rules.iter();
        let rules = rules.map(|rule| format!("{} ({})", rule.rule, rule.strength.name()));
        let others = control.evidenced_by.iter();
        let others = others.map(|whose| format!("not tested; to be evidenced by {whose}"));
        Self {
            framework: &control.framework,
            requirement: &control.requirement,
            evidence: rules.chain(others).collect::<Vec<_>>().join("; "),
        }
    }
}

/// Returns what of a policy is not a rule, each list with its heading.
fn notes(policy: &Policy) -> Vec<(&'static str, Vec<String>)> {
    let params = policy.params.iter().map(|(name, value)| {
        let is_set = policy.set.iter().any(|set| set == name);
        let set = if is_set { ", set for this page" } else { "" };
        format!("{name} = {value}{set}")
    });
    let optional = policy.optional.iter();
    let optional = optional.map(|one| format!("{}: {}", one.field, one.why));
    let overrides = policy.overrides.iter();
    let overrides =
        overrides.map(|one| format!("{}: {}, because {}", one.rule, one.change, one.because));
    let notes = [
        ("Does not show", policy.limits.clone()),
        ("Parameters in force", params.collect()),
        ("Fields that no record need have", optional.collect()),
        ("Overrides", overrides.collect()),
    ];
    notes
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .collect()
}

/// Writes the page as Markdown.
pub(super) fn markdown(
    header: &Header,
    controls: &[ControlEvidence],
    out: &mut dyn Write,
) -> io::Result<()> {
    for policy in &header.policies {
        writeln!(out, "# {}\n", escape_markdown(&policy.title))?;
        let version = escape_markdown(&policy.version);
        writeln!(
            out,
            "Policy {} {version}, {}, SHA-256 {}.",
            code(&policy.id),
            code(&policy.path),
            code(&policy.sha256)
        )?;
        for (heading, lines) in notes(policy) {
            writeln!(out, "\n## {heading}\n")?;
            for line in lines {
                writeln!(out, "- {}", escape_markdown(&line))?;
            }
        }
        if !controls.is_empty() {
            writeln!(out, "\n## Controls\n\n| framework | control | evidence |")?;
            writeln!(out, "| --- | --- | --- |")?;
            for control in controls.iter().map(ControlRow::new) {
                let cells = [control.framework, control.requirement, &control.evidence];
                let cells = cells.map(escape_markdown);
                writeln!(out, "| {} |", cells.join(" | "))?;
            }
        }
        writeln!(out, "\n## Rules")?;
        for rule in &policy.rules {
            let title = escape_markdown(&rule.title);
            writeln!(out, "\n### {}: {title}\n", code(&rule.id))?;
            for (name, words) in asks(rule) {
                writeln!(out, "- **{name}**: {}", escape_markdown(&words))?;
            }
            writeln!(out, "- **SHA-256 of what it asks**: {}", code(&rule.sha256))?;
        }
    }
    writeln!(out, "\n## Signed\n\n| {} |", SIGNED.join(" | "))?;
    writeln!(out, "| {} |", SIGNED.map(|_| "---").join(" | "))?;
    writeln!(out, "| {} |", SIGNED.map(|_| " ").join(" | "))
}

/// Represents a rule of the page.
#[cfg(feature = "html")]
#[derive(Serialize)]
struct RuleText<'r> {
    id: &'r str,
    title: &'r str,
    sha256: &'r str,
    asks: Vec<(&'static str, String)>,
}

#[cfg(feature = "html")]
impl<'r> RuleText<'r> {
    fn new(rule: &'r Rule) -> Self {
        Self {
            id: &rule.id,
            title: &rule.title,
            sha256: &rule.sha256,
            asks: asks(rule),
        }
    }
}

/// Represents a policy of the page.
#[cfg(feature = "html")]
#[derive(Serialize)]
struct PolicyText<'p> {
    #[serde(flatten)]
    policy: &'p Policy,
    notes: Vec<(&'static str, Vec<String>)>,
    texts: Vec<RuleText<'p>>,
}

#[cfg(feature = "html")]
impl<'p> PolicyText<'p> {
    fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            notes: notes(policy),
            texts: policy.rules.iter().map(RuleText::new).collect(),
        }
    }
}

/// Writes the page for a browser.
#[cfg(feature = "html")]
pub(super) fn html(
    header: &Header,
    controls: &[ControlEvidence],
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = format!("{}\n{}", site::STYLE, include_str!("page.css"));
    let policies: Vec<_> = header.policies.iter().map(PolicyText::new).collect();
    let controls: Vec<_> = controls.iter().map(ControlRow::new).collect();
    let page = || {
        let mut environment = site::environment();
        environment.add_template("page.html", include_str!("page.html"))?;
        let context = context! {
            tool => minijinja::Value::from(Serde(&header.tool)),
            policies => minijinja::Value::from(Serde(policies)),
            controls => minijinja::Value::from(Serde(controls)),
            signed => SIGNED,
            css => minijinja::Value::from_safe_string(style.clone()),
            csp => site::content_policy(&style, None),
        };
        let template = environment.get_template("page.html")?;
        template.render_captured_to(context, &mut *out).map(|_| ())
    };
    let made: Result<(), minijinja::Error> = page();
    made.map_err(io::Error::other)?;
    out.write_all(b"\n")
}
