//! Parts of a page that are lines of Markdown.

use std::fmt::Write as _;

use super::super::buffered::Report;
use crate::finding::Counts;
use crate::policy::Severity;
use crate::record::time;
use crate::report::markup::{code, escape};
use crate::report::model::bounds::Bound;
use crate::report::model::ended::Closed;
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule};
use crate::report::phrase::{self, REMEDIATION, short};
use crate::report::since;
use crate::text::{count, grouped};

/// Returns what is new since the night before, if the run is compared with one.
pub(super) fn what_is_new(report: &Report<'_>) -> Vec<String> {
    let Some(heading) = since::heading(report.header) else {
        return Vec::new();
    };
    let mut lines = vec![
        String::new(),
        format!("{}:", escape(&heading)),
        String::new(),
    ];
    for since::Line {
        name,
        number,
        words,
    } in since::lines(report.header, &report.footer.summary)
    {
        let words = match words.as_str() {
            "" => String::new(),
            words => format!(": {}", escape(words)),
        };
        lines.push(format!("- **{} {name}**{words}", grouped(number)));
    }
    lines
}

/// Returns the findings of the night before that are not there any more.
pub(super) fn closed(report: &Report<'_>) -> Vec<String> {
    let counts = report.footer.summary.since.unwrap_or_default();
    let mut lines: Vec<_> = report.closed.iter().map(closed_one).collect();
    let more = counts.closed().saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("- … and {} more", grouped(more)));
    }
    lines
}

fn closed_one(closed: &Closed) -> String {
    let rule = code(&format!("{}/{}", closed.policy, closed.rule));
    let name = match &closed.customer_name {
        Some(name) if !name.trim().is_empty() => format!(" {}", code(&short(name))),
        _ => String::new(),
    };
    let whom = code(&short(closed.whom()));
    format!(
        "- {}: {rule} of {whom}{name}, {}, first seen {}",
        closed.state,
        closed.severity,
        time::show(closed.first_seen)
    )
}

/// Returns the table of outcomes by severity.
pub(super) fn severities(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "| severity | fail | error | pass | not applicable |".to_owned(),
        "| --- | ---: | ---: | ---: | ---: |".to_owned(),
    ];
    for (severity, counts) in &report.footer.summary.by_severity {
        let Counts {
            pass,
            fail,
            error,
            not_applicable,
            ..
        } = counts;
        let [pass, fail, error, not] = [pass, fail, error, not_applicable].map(|n| grouped(*n));
        lines.push(format!(
            "| {severity} | {fail} | {error} | {pass} | {not} |"
        ));
    }
    lines
}

/// Returns what must not be read into the evidence of the policies.
pub(super) fn bounds(report: &Report<'_>) -> Vec<String> {
    let policies = &report.header.policies;
    let lines = policies.iter().flat_map(|policy| {
        let of = match policies.len() {
            1 => String::new(),
            _ => format!("{}: ", code(&policy.id)),
        };
        let lines: Vec<_> = policy.bounds().iter().flat_map(Bound::folded).collect();
        let lines = lines.into_iter();
        lines.map(move |line| format!("- {of}{}", escape(&line)))
    });
    lines.collect()
}

/// A rule with its counts, and how severe its most severe finding is.
type RuleFound<'r> = (((&'r Policy, &'r Rule), &'r RuleCounts), Severity);

/// Returns the rules that are not met, the most severe first, with what to do.
pub(super) fn rules(report: &Report<'_>) -> Vec<String> {
    let rules = report.header.rules().zip(&report.footer.summary.by_rule);
    let mut rules: Vec<_> = rules
        .zip(report.most_severe())
        .filter(|((_, counted), _)| counted.counts.findings() > 0)
        .collect();
    rules.sort_by_key(|((_, counted), severity)| {
        std::cmp::Reverse((*severity, counted.counts.findings()))
    });
    let item = |(((policy, rule), counted), severity): &RuleFound<'_>| {
        let name = code(&format!("{}/{}", policy.id, rule.id));
        let mut item = format!(
            "- **{severity}** {name} ({}): {}",
            grouped(counted.counts.findings()),
            escape(&rule.title),
        );
        if !rule.remediation.is_empty() {
            // An indented line goes on with the item above.
            let _ = write!(item, "\n  {REMEDIATION}: {}", escape(&rule.remediation));
        }
        item
    };
    rules.iter().map(item).collect()
}

/// Returns what was audited, and by what.
pub(super) fn audited(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), "## Audited".to_owned(), String::new()];
    for policy in &report.header.policies {
        let (id, title, digest) = (code(&policy.id), escape(&policy.title), &policy.sha256);
        let version = match policy.version.as_str() {
            "" => String::new(),
            version => format!(" {}", escape(version)),
        };
        lines.push(format!(
            "- policy {id}{version}: {title}, {}, sha256 `{digest}`",
            policy.rules_in_words()
        ));
    }
    for export in &report.footer.exports {
        let (path, format) = (code(&export.path), &export.format);
        let records = count(export.records, "record", "records");
        let problem = match &export.problem {
            Some(problem) => format!("; {}", escape(problem)),
            None => String::new(),
        };
        lines.push(format!("- export {path}: {format}, {records}{problem}"));
    }
    for file in &report.header.waivers {
        let (path, digest) = (code(&file.path), &file.sha256);
        lines.push(format!("- waivers {path}, sha256 `{digest}`"));
    }
    let tool = &report.header.tool;
    lines.push(format!("- by {} {}", tool.name, tool.version));
    lines
}

/// Returns the run's waivers, and what somebody should do about some of them.
pub(super) fn waivers(report: &Report<'_>) -> Option<(String, Vec<String>)> {
    let summary = &report.footer.summary;
    let counts = summary.waivers.as_ref()?;
    let notes = summary.waiver_notes.iter();
    Some((
        format!("{}: {}", phrase::WAIVERS, phrase::waivers(counts)),
        notes.map(|note| format!("- {}", escape(note))).collect(),
    ))
}

/// Says why the audit is not complete, a line a reason.
pub(super) fn reasons(report: &Report<'_>) -> Vec<String> {
    let reasons = report.footer.summary.reasons();
    reasons.map(|why| format!("- {}", escape(why))).collect()
}
