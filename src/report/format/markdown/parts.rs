//! Parts of a page that are lines of Markdown.

use std::fmt::Write as _;

use super::super::buffered::Report;
use crate::finding::Counts;
use crate::record::time;
use crate::report::markup::{code, escape};
use crate::report::model::bounds::Bound;
use crate::report::model::control::Framework;
use crate::report::model::ended::Closed;
use crate::report::model::task::{self, Task, Unmet};
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
        let bounds = match report.footer.controls.is_empty() {
            true => policy.bounds(),
            false => policy.bounds_beside_controls(),
        };
        let lines: Vec<_> = bounds.iter().flat_map(Bound::folded).collect();
        let lines = lines.into_iter();
        lines.map(move |line| format!("- {of}{}", escape(&line)))
    });
    lines.collect()
}

/// Returns what to do, the most severe first: what several rules ask is done once.
pub(super) fn tasks(report: &Report<'_>) -> Vec<String> {
    let rules = report.header.rules().zip(&report.footer.summary.by_rule);
    let rules = rules.zip(report.most_severe());
    let tasks = task::tasks(rules.map(|((rule, counted), severity)| (rule, counted, severity)));
    tasks.iter().map(task).collect()
}

fn task(task: &Task<'_>) -> String {
    let name = |unmet: &Unmet<'_>| code(&format!("{}/{}", unmet.policy.id, unmet.rule.id));
    let rules = task.rules.iter();
    let rules = rules.map(|unmet| format!("{} ({})", name(unmet), grouped(unmet.findings)));
    let mut item = format!(
        "- **{}** {}: {}",
        task.severity,
        escape(task.title()),
        rules.collect::<Vec<_>>().join(", "),
    );
    for way in &task.ways {
        let rules: Vec<_> = way.rules.iter().map(name).collect();
        let of = match task.ways.len() {
            1 => String::new(),
            _ => format!(" for {}", rules.join(", ")),
        };
        // An indented line goes on with the item above.
        let _ = write!(item, "\n  {REMEDIATION}{of}: {}", escape(way.remediation));
    }
    item
}

/// Returns the heading of a framework, the head of a table of its controls, and its rows.
pub(super) fn controls<'c>(
    framework: &Framework<'c>,
) -> (String, [String; 2], impl Iterator<Item = String> + use<'c>) {
    let heading = format!("### {}: {}", escape(framework.name), framework.in_words());
    let head = [
        "| control | status | most severe | records | evidence |",
        "| --- | --- | --- | ---: | --- |",
    ];
    let rows = framework.controls.iter().map(|control| {
        let severity = control.most_severe.map_or("", |severity| severity.name());
        format!(
            "| {} | {} | {severity} | {} | {} |",
            escape(&control.requirement),
            control.status.words(),
            grouped(control.records),
            escape(&control.evidence_in_words()),
        )
    });
    (heading, head.map(str::to_owned), rows)
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
    if let Some(expected) = &report.footer.summary.expected {
        let words = phrase::expected(expected);
        lines.push(format!("- expected {}", escape(&words)));
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
