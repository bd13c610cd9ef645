//! The page: the template, and what it is given.

use std::io::{self, Write};

use minijinja::value::Serde;
use minijinja::{Error, Value, context};
use serde::Serialize;

use super::controls::{frameworks, statuses};
use super::exceptions::Exceptions;
use super::nights::WhatIsNew;
use super::notes::PolicyNotes;
use super::overview::{fields, keys, severities, top_customers};
use super::rows::{rows, unread};
use super::rules::{by_policy, rules, steps};
use super::site::{self, STYLE};
use super::terms::Terms;
use crate::report::format::buffered::{Document, Report};
use crate::report::model::footer::{Summary, Verdict};
use crate::report::model::row::FindingRow;
use crate::report::phrase;
use crate::report::since;
use crate::text::escape_controls;

/// The page, then what it is made of: a file a section.
const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("page.html")),
    ("macros.html", include_str!("parts/macros.html")),
    ("verdict.html", include_str!("parts/verdict.html")),
    ("numbers.html", include_str!("parts/numbers.html")),
    ("since.html", include_str!("parts/since.html")),
    ("glance.html", include_str!("parts/glance.html")),
    ("tasks.html", include_str!("parts/tasks.html")),
    ("controls.html", include_str!("parts/controls.html")),
    ("exceptions.html", include_str!("parts/exceptions.html")),
    ("findings.html", include_str!("parts/findings.html")),
    ("rules.html", include_str!("parts/rules.html")),
    ("audited.html", include_str!("parts/audited.html")),
    ("unread.html", include_str!("parts/unread.html")),
    ("signed.html", include_str!("parts/signed.html")),
];

const SCRIPT: &str = concat!(
    include_str!("script/common.js"),
    include_str!("script/controls.js"),
    include_str!("script/findings.js"),
    include_str!("script/page.js"),
);

/// The largest number of findings of a page: more than a person reads, as many as a
/// browser bears.
const MAX_FINDINGS: usize = 10_000;

/// The largest number of tasks that are not folded.
const MAX_TASKS: usize = 5;

/// Writes one page.
pub struct Html;

impl Document for Html {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn lists_carried(&self) -> bool {
        true
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut header = report.header.clone();
        let policies = header.policies.iter_mut();
        for rule in policies.flat_map(|policy| &mut policy.rules) {
            for prose in [&mut rule.rationale, &mut rule.remediation] {
                // In data a line feed is shown; here it is a blank.
                *prose = prose.replace('\n', " ");
            }
        }
        let report = Report {
            header: &header,
            footer: report.footer,
            findings: report.findings.clone(),
            left_out: report.left_out,
            rejected: report.rejected.clone(),
            closed: report.closed.clone(),
            carried: report.carried.clone(),
        };
        write_page(&report, &mut *out).map_err(io::Error::other)?;
        out.write_all(b"\n")
    }
}

/// The largest number of findings that could not be judged of which the page says which
/// they are.
const MAX_CARRIED: usize = 1000;

/// Returns the findings of the night before that the run could not judge, as they were last
/// seen.
fn carried(report: &Report<'_>) -> io::Result<Vec<FindingRow<'static>>> {
    let places = report.carried.places().iter().take(MAX_CARRIED);
    places.map(|place| report.carried.read(place)).collect()
}

/// Returns which slice the page is about, if it is not about all findings: a customer by the
/// name too that the findings say.
fn of_slice(report: &Report<'_>) -> io::Result<Option<String>> {
    let Some(slice) = &report.footer.summary.slice else {
        return Ok(None);
    };
    let first = match slice.by.as_str() {
        "customer" => report.findings.places().first(),
        _ => None,
    };
    let first = first.map(|place| report.findings.read(place)).transpose()?;
    let name = first.and_then(|row| row.customer_name);
    Ok(Some(match name {
        Some(name) => format!("{} ({slice})", escape_controls(&name)),
        None => slice.to_string(),
    }))
}

/// Writes the page of a report, as it is made.
fn write_page(report: &Report<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let mut environment = site::environment();
    for (name, template) in TEMPLATES {
        environment.add_template(name, template)?;
    }
    let (header, footer) = (report.header, report.footer);
    let summary = &footer.summary;

    let rules = rules(report);
    let by_policy = by_policy(report, &rules);
    let policies = report.header.policies.iter();
    let has_controls = !footer.controls.is_empty();
    let policies = policies.map(|policy| PolicyNotes::new(policy, has_controls));
    let policies: Vec<_> = policies.collect();
    let terms = Terms::of(report).map_err(unread)?;
    let mut tasks = steps(report, &rules, &terms);
    let more_tasks = tasks.split_off(tasks.len().min(MAX_TASKS));

    let context = context! {
        tool => Value::from(Serde(&header.tool)),
        as_of => &header.as_of,
        slice => of_slice(report).map_err(unread)?,
        policies => Value::from(Serde(&header.policies)),
        findings_shown => report.findings.len(),
        findings_total => summary.listed(),
        bound => since::bound(header),
        left_out => report.left_out,
        where_all_are => phrase::capitalised(phrase::WHERE_ALL_ARE.to_owned()),
        rejected => Value::from(Serde(&report.rejected)),
        rejected_total => summary.rejected,
        exports => Value::from(Serde(&footer.exports)),
        exports_digested => footer.exports.iter().any(|export| export.sha256.is_some()),
        expected => summary.expected.as_ref().map(phrase::expected),
        since => Value::from(Serde(WhatIsNew::new(report))),
        closed => Value::from(Serde(&report.closed)),
        closed_total => summary.since.map_or(0, |counts| counts.closed()),
        carried => Value::from(Serde(carried(report).map_err(unread)?)),
        carried_total => summary.since.map_or(0, |counts| counts.unknown),
        which_are_kept => since::which_are_kept(header),
        order => match &header.previous {
            Some(_) => "what is new, changed or overdue first, then the most severe",
            None => "the most severe first",
        },
        summary => Value::from(Serde(summary)),
        css => Value::from_safe_string(STYLE.to_owned()),
        js => Value::from_safe_string(SCRIPT.to_owned()),
        csp => site::content_policy(STYLE, Some(SCRIPT)),
        verdict => Value::from(Serde(Banner::new(summary))),
        severities => Value::from(Serde(severities(report))),
        top_customers => Value::from(Serde(top_customers(report))),
        tasks => Value::from(Serde(tasks)),
        more_tasks => Value::from(Serde(more_tasks)),
        tasks_heading => phrase::TASKS,
        controls_heading => phrase::CONTROLS,
        of_controls => phrase::capitalised(phrase::OF_CONTROLS.to_owned()),
        controls_total => footer.controls.len(),
        frameworks => Value::from(Serde(frameworks(report))),
        statuses => Value::from(Serde(statuses(&footer.controls))),
        exceptions => Value::from(Serde(Exceptions::new(report, &terms))),
        waiver_files => Value::from(Serde(&header.waivers)),
        by_policy => Value::from(Serde(by_policy)),
        notes => Value::from(Serde(policies)),
        bounds_heading => phrase::BOUNDS,
        waivers => summary.waivers.as_ref().map(phrase::waivers),
        waivers_heading => phrase::WAIVERS,
        fields => Value::from(Serde(fields(report))),
        keys => Value::from(Serde(keys(report))),
        rows => rows(report),
        rules => Value::from(Serde(&rules)),
    };
    let template = environment.get_template("page.html")?;
    template.render_captured_to(context, out).map(|_| ())
}

/// Says at the top of the page what the audit came to.
#[derive(Serialize)]
struct Banner {
    /// Its class.
    kind: &'static str,
    word: &'static str,
    line: String,
    /// What must not be read into the verdict.
    caution: Option<&'static str>,
}

impl Banner {
    fn new(summary: &Summary) -> Self {
        let verdict = summary.verdict();
        let (kind, caution) = match verdict {
            Verdict::Incomplete => (
                "incomplete",
                Some(
                    "Not everything could be read or judged, so there may be more findings than this page shows. Because:",
                ),
            ),
            Verdict::NothingJudged => (
                "nothing",
                Some(
                    "No rule of a policy applied to any record, so it is not shown that its rules are met.",
                ),
            ),
            Verdict::NotJudged => (
                "incomplete",
                Some("What was found before could not be judged, so it may still be there."),
            ),
            Verdict::Pass | Verdict::NothingOpen => ("pass", None),
            Verdict::Findings => ("findings", None),
        };
        Self {
            kind,
            word: verdict.word(),
            line: phrase::capitalised(phrase::outcome(summary)),
            caution,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_and_the_script_cannot_end_early() {
        assert!(!STYLE.contains("</"));
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        // And they are the same bytes in any encoding, so that their digests hold.
        assert!(STYLE.is_ascii() && SCRIPT.is_ascii());
    }
}
