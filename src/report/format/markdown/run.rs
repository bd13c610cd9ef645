//! The page of a whole run.

use std::io;

use super::super::buffered::Report;
use super::bounded_text::BoundedText;
use super::findings::Which;
use super::parts;
use crate::report::markup::escape;
use crate::report::model::control::Framework;
use crate::report::model::life::Urgency;
use crate::report::{phrase, since};
use crate::text::count;

/// Writes the page, and returns how many findings there is room for; so many units are kept
/// for what comes after it.
pub(super) fn write(page: &mut BoundedText, report: &Report<'_>, last: usize) -> io::Result<usize> {
    // What must be there comes first.
    let audited = parts::audited(report);
    let evidence = BoundedText::length(&audited);
    let has_room = evidence <= page.room() / 4;
    page.keep(last + if has_room { evidence } else { 0 });
    page.lines(&verdict(report));
    page.lines(&parts::what_is_new(report));
    page.lines(&parts::severities(report));
    // What bounds the evidence is read before what was found.
    let room = page.room();
    let bounds = parts::bounds(report);
    page.section(phrase::BOUNDS, &bounds, "limits and gaps", room / 5);
    controls(page, report)?;
    if let Some((heading, notes)) = parts::waivers(report) {
        page.lines(&[String::new(), format!("## {heading}")]);
        let room = page.room();
        page.items(&notes, "waivers", room / 5);
    }
    // What somebody has to look at first comes first, with room for what to do.
    let mut shown = 0;
    for (urgency, heading) in [
        (Urgency::New, "New and changed findings"),
        (Urgency::Overdue, "Overdue findings"),
    ] {
        let room = page.room();
        shown += page.findings(heading, Which::Open(urgency), report, room / 2)?;
    }
    // Tasks are what to do, findings are where: a third of the rest for them.
    let room = page.room();
    let tasks = parts::tasks(report);
    page.section(phrase::TASKS, &tasks, "tasks", room * 2 / 3);
    let room = page.room();
    let closed = parts::closed(report);
    page.section("Closed findings", &closed, "closed findings", room / 3);
    let heading = match report.header.previous {
        Some(_) => "Open findings",
        None => "Findings",
    };
    let room = page.room();
    shown += page.findings(heading, Which::Open(Urgency::Known), report, room)?;
    shown += page.not_judged_and_waived(report)?;
    page.keep(last);
    if has_room {
        page.lines(&audited);
    }
    Ok(shown)
}

/// Writes a table of the controls of each framework, as far as there is room.
fn controls(page: &mut BoundedText, report: &Report<'_>) -> io::Result<()> {
    let controls = &report.footer.controls;
    if controls.is_empty() {
        return Ok(());
    }
    let how_to_read = phrase::capitalised(phrase::OF_CONTROLS.to_owned());
    let heading = format!("## {}", phrase::CONTROLS);
    page.lines(&[
        String::new(),
        heading,
        String::new(),
        format!("{how_to_read}."),
    ]);
    let mut room = page.room() / 3;
    for framework in Framework::all(controls) {
        let before = page.room();
        let (heading, head, rows) = parts::controls(&framework);
        let rows = rows.map(|row| Ok((row, 1)));
        let shown = page.table(&heading, head, rows, room)?;
        let more = framework.controls.len() - shown;
        if more > 0 {
            let more = count(more as u64, "more control", "more controls");
            let name = escape(framework.name);
            let line = format!("{more} of {name}: {}.", phrase::WHERE_CONTROLS_ARE);
            page.lines(&[String::new(), line]);
        }
        room = room.saturating_sub(before - page.room());
    }
    Ok(())
}

fn verdict(report: &Report<'_>) -> Vec<String> {
    let summary = &report.footer.summary;
    let word = summary.verdict().word();
    let mut lines = vec![
        format!("# Audit: {word}"),
        String::new(),
        format!(
            "{}, as of {}.",
            phrase::capitalised(phrase::outcome(summary)),
            report.header.as_of,
        ),
    ];
    if let Some(bound) = since::bound(report.header) {
        lines.extend([String::new(), format!("{bound}.")]);
    }
    if !summary.incomplete_because.is_empty() {
        lines.push(String::new());
        lines.push("The audit is not complete:".to_owned());
        lines.push(String::new());
        lines.extend(parts::reasons(report));
    }
    lines
}
