//! A policy as a page of plain English that the owner of a control can sign.

use std::io::{self, Write};

#[cfg(feature = "html")]
use minijinja::{context, value::Serde};
use serde::Serialize;

use crate::policy::{self, ControlEvidence, Policies};
#[cfg(feature = "html")]
use crate::report::site;
use crate::report::{Header, Policy, Rule};
use crate::report::{code, escape_markdown};
use crate::toml_reader::Word as _;

/// What whoever signs the page fills in.
const SIGNED: [&str; 4] = ["Name", "Role", "Date", "Signature"];

/// Returns what a rule asks, each sentence with what it is about; `asked` is the same rule as
/// the policy has it.
fn asks(rule: &Rule, asked: &policy::Rule) -> Vec<(&'static str, String)> {
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
    if let Some(expected) = &asked.expected {
        asks.push(("In a finding", format!("expected: {expected}")));
    }
    if !asked.waivable {
        asks.push(("Waivers", "none can accept it".to_owned()));
    }
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
    if !rule.tags.is_empty() {
        asks.push(("Tags", rule.tags.join(", ")));
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

/// Returns how far a policy bounds waivers, a line a bound.
pub(super) fn waiver_limits(policy: &policy::Policy) -> Vec<String> {
    let limits = &policy.waiver_limits;
    let days = limits.most_days.iter().map(|file| {
        let named = file.by_severity.iter();
        let named = named.map(|(severity, days)| format!("{severity} {days} days"));
        let other = file.other.map(|days| format!("other {days} days"));
        format!(
            "at most: {}",
            named.chain(other).collect::<Vec<_>>().join(", ")
        )
    });
    let parts = limits.must_say.iter();
    let parts = parts.map(|part| format!("must say {}", part.word()));
    days.chain(parts).collect()
}

/// Returns what of a policy is not a rule, each list with its heading; `asked` is the same
/// policy as it was read.
fn notes(policy: &Policy, asked: &policy::Policy) -> Vec<(&'static str, Vec<String>)> {
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
        ("Limits", policy.limits.clone()),
        ("Parameters in force", params.collect()),
        ("Fields that no record need have", optional.collect()),
        ("Overrides", overrides.collect()),
        ("Waivers", waiver_limits(asked)),
        ("Replaces", policy.replaces.clone()),
    ];
    notes
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .collect()
}

/// Writes the page as Markdown.
pub(super) fn markdown(
    header: &Header,
    policies: &Policies,
    out: &mut dyn Write,
) -> io::Result<()> {
    let controls = &policies.controls;
    for (policy, asked) in header.policies.iter().zip(&policies.all) {
        writeln!(out, "# {}\n", escape_markdown(&policy.title))?;
        let version = escape_markdown(&policy.version);
        writeln!(
            out,
            "Policy {} {version}, {}, SHA-256 {}.",
            code(&policy.id),
            code(&policy.path),
            code(&policy.sha256)
        )?;
        for (heading, lines) in notes(policy, asked) {
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
        for (rule, asked) in policy.rules.iter().zip(&asked.rules) {
            let title = escape_markdown(&rule.title);
            writeln!(out, "\n### {}: {title}\n", code(&rule.id))?;
            for (name, words) in asks(rule, asked) {
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
    fn new((rule, asked): (&'r Rule, &policy::Rule)) -> Self {
        Self {
            id: &rule.id,
            title: &rule.title,
            sha256: &rule.sha256,
            asks: asks(rule, asked),
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
    fn new((policy, asked): (&'p Policy, &policy::Policy)) -> Self {
        let rules = policy.rules.iter().zip(&asked.rules);
        Self {
            policy,
            notes: notes(policy, asked),
            texts: rules.map(RuleText::new).collect(),
        }
    }
}

/// Writes the page for a browser.
#[cfg(feature = "html")]
pub(super) fn html(header: &Header, policies: &Policies, out: &mut dyn Write) -> io::Result<()> {
    let style = format!("{}\n{}", site::STYLE, include_str!("page.css"));
    let controls = &policies.controls;
    let policies = header.policies.iter().zip(&policies.all);
    let policies: Vec<_> = policies.map(PolicyText::new).collect();
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
