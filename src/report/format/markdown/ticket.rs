//! The page of a slice, which is the body of a ticket: what is to be done first, and of the
//! run what has to be known of it last.

use std::io;

use super::super::buffered::Report;
use super::bounded_text::BoundedText;
use super::findings::Which;
use super::parts;
use crate::report::markup::escape;
use crate::report::model::footer::Slice;
use crate::report::model::life::Urgency;
use crate::report::ticket::title;
use crate::report::{phrase, since};
use crate::text::count;

/// Writes the page, and returns how many findings there is room for; so many units are kept
/// for what comes after it.
pub(super) fn write(
    page: &mut BoundedText,
    report: &Report<'_>,
    slice: &Slice,
    last: usize,
) -> io::Result<usize> {
    let run = run(report);
    page.keep(last + BoundedText::length(&run));
    page.lines(&[format!(
        "# {}",
        escape(&title(&report.footer.summary, slice))
    )]);
    page.lines(&state(report));
    let mut shown = 0;
    if is_compared(report) {
        for (heading, urgency) in [
            ("New and changed findings", Urgency::New),
            ("Overdue findings", Urgency::Overdue),
        ] {
            let room = page.room();
            shown += page.findings(heading, Which::Open(urgency), report, room * 2 / 3)?;
        }
    } else {
        let room = page.room();
        shown += page.findings(
            "Findings",
            Which::Open(Urgency::Known),
            report,
            room * 2 / 3,
        )?;
    }
    let room = page.room();
    page.section(phrase::TASKS, &parts::tasks(report), "tasks", room * 2 / 3);
    if is_compared(report) {
        let room = page.room();
        let which = Which::Open(Urgency::Known);
        shown += page.findings("Other open findings", which, report, room)?;
    }
    shown += page.not_judged_and_waived(report)?;
    let room = page.room();
    let closed = parts::closed(report);
    page.section("Closed findings", &closed, "closed findings", room * 2 / 3);
    let room = page.room();
    let bounds = parts::bounds(report);
    page.section(phrase::BOUNDS, &bounds, "limits and gaps", room);
    page.keep(last);
    page.lines(&run);
    Ok(shown)
}

/// Returns whether there is a night before with which the run is compared.
fn is_compared(report: &Report<'_>) -> bool {
    matches!(report.header.previous, Some(Some(_)))
}

/// Says how the findings relate to the night before, and what the page does not show.
fn state(report: &Report<'_>) -> Vec<String> {
    let summary = &report.footer.summary;
    let mut lines = vec![String::new(), format!("As of {}.", report.header.as_of)];
    if let Some(heading) = since::heading(report.header) {
        let heading = escape(&heading);
        let counts = summary.since.filter(|_| is_compared(report));
        lines.push(String::new());
        lines.push(match counts {
            None => format!("{heading}."),
            Some(counts) => {
                let ends = counts.ends().into_iter().filter(|(_, number)| *number > 0);
                let ends = ends.map(|(end, number)| format!(", {}", since::ended(end, number)));
                let words = counts.in_words(summary.counts.waived);
                format!("{heading}: {words}{}.", ends.collect::<String>())
            }
        });
    }
    let unknown = summary.since.map_or(0, |since| since.unknown);
    if unknown > 0 {
        let findings = count(unknown, "finding", "findings");
        let number = if unknown == 1 { "it is" } else { "they are" };
        lines.extend([
            String::new(),
            format!(
                "{findings} of an earlier night could not be judged in this run: {number} listed \
                 as last seen."
            ),
        ]);
    }
    if let Some(bound) = since::bound(report.header) {
        lines.extend([String::new(), format!("{bound}.")]);
    }
    lines
}

/// Says what was read, and whether that was all.
fn run(report: &Report<'_>) -> Vec<String> {
    let summary = &report.footer.summary;
    let mut lines = parts::audited(report);
    let records = phrase::records(summary);
    match summary.complete {
        true => lines.push(format!("- complete: {records}")),
        false => {
            lines.push(format!("- **not complete**: {records}"));
            lines.extend(parts::reasons(report));
        }
    }
    lines
}
