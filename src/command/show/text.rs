//! A policy for a terminal.

use std::io::{self, Write};

use super::page::waiver_limits;
use crate::command::error::Error;
use crate::policy::{Ask, Policies, Rule, WhenAbsent};
use crate::text::{escape_controls, escape_lines};

/// Writes policies for a terminal.
pub(super) fn write(policies: &Policies, out: &mut dyn Write) -> Result<(), Error> {
    for policy in &policies.all {
        let version = match policy.version.as_str() {
            "" => String::new(),
            version => format!(" {}", escape_controls(version)),
        };
        let (id, title) = (escape_controls(&policy.id), escape_controls(&policy.title));
        writeln!(out, "{id}{version}: {title}")?;
        writeln!(
            out,
            "from {} (sha256 {})",
            escape_controls(&policy.source.path),
            policy.source.sha256
        )?;
        for extended in &policy.extends {
            let (path, sha256) = (escape_controls(&extended.path), &extended.sha256);
            writeln!(out, "from {path} (sha256 {sha256})")?;
        }
        for param in &policy.params {
            let set = if param.set { " (set)" } else { "" };
            writeln!(
                out,
                "{} = {}{set}",
                escape_controls(&param.name),
                escape_controls(&param.value)
            )?;
        }
        for change in &policy.overrides {
            let because = escape_controls(&change.because);
            let (rule, change) = (
                escape_controls(&change.rule),
                escape_controls(&change.change),
            );
            writeln!(out, "override {rule}: {change}, because: {because}")?;
        }
        if let Some(scope) = &policy.scope {
            writeln!(out, "scope    {}", escape_controls(&policies.words(scope)))?;
        }
        for limit in &policy.limits {
            writeln!(out, "limit    {}", escape_controls(limit))?;
        }
        for field in &policy.optional {
            let name = &policies.schema.field(field.slot).name;
            writeln!(out, "optional {name}: {}", escape_controls(&field.why))?;
        }
        for limit in waiver_limits(policy) {
            writeln!(out, "waivers  {}", escape_controls(&limit))?;
        }
        for control in &policy.controls {
            let framework = escape_controls(&control.framework);
            let requirement = escape_controls(&control.requirement);
            let whose = escape_controls(&control.evidenced_by);
            writeln!(
                out,
                "control  {framework} {requirement}: evidenced by {whose}"
            )?;
        }
        for rule in &policy.rules {
            rule_in_full(policies, rule, out)?;
        }
    }
    Ok(())
}

fn rule_in_full(policies: &Policies, rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{} ({}): {}",
        escape_controls(&rule.id),
        rule.severity,
        escape_controls(&rule.title)
    )?;
    if let Some(check) = &rule.check {
        writeln!(out, "  check    {}", escape_controls(check))?;
    }
    if !rule.tags.is_empty() {
        writeln!(out, "  tags     {}", escape_controls(&rule.tags.join(", ")))?;
    }
    if let Some(scope) = &rule.scope {
        writeln!(
            out,
            "  scope    {}",
            escape_controls(&policies.words(scope))
        )?;
    }
    if let Some(when) = &rule.when {
        let absent = match rule.when_absent {
            WhenAbsent::Error => "",
            WhenAbsent::Apply => "; applies too where that is absent",
            WhenAbsent::Skip => "; does not apply where that is absent",
        };
        writeln!(
            out,
            "  when     {}{absent}",
            escape_controls(&policies.words(when))
        )?;
    }
    if let Some(raise) = &rule.raise {
        let when = policies.words(&raise.when);
        let when = escape_controls(&when);
        writeln!(
            out,
            "  {:8} where {when}, or where that is not known",
            raise.to
        )?;
    }
    if !rule.waivable {
        writeln!(out, "  waivers  none")?;
    }
    match &rule.ask {
        Ask::Record { require, on_absent } => {
            writeln!(
                out,
                "  require  {}",
                escape_controls(&policies.words(require))
            )?;
            writeln!(out, "  absent   {}", on_absent.name())?;
            if let Some(expected) = &rule.expected {
                writeln!(out, "  says     {}", escape_controls(expected))?;
            }
        }
        Ask::Aggregate(aggregate) => {
            writeln!(
                out,
                "  aggregate    {}",
                escape_controls(&aggregate.words(&policies.schema))
            )?;
        }
    }
    for (name, text) in [("why", &rule.rationale), ("how", &rule.remediation)] {
        if !text.is_empty() {
            let text = escape_lines(text).replace('\n', "\n           ");
            writeln!(out, "  {name:8} {text}")?;
        }
    }
    if !rule.references.is_empty() {
        let references: Vec<_> = rule.references.iter().map(ToString::to_string).collect();
        let references = references.join("; ");
        writeln!(out, "  for      {}", escape_controls(&references))?;
    }
    Ok(())
}
