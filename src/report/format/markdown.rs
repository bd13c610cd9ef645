//! Markdown for tickets: whole within the length that a ticket takes, and
//! nothing in it from data that a ticket system would act on.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::buffered::{Document, Report};
use crate::finding::Counts;
use crate::policy::Severity;
use crate::record::time;
use crate::report::markup::{cell, code, escape};
use crate::report::model::bounds::Bound;
use crate::report::model::ended::Closed;
use crate::report::model::footer::RuleCounts;
use crate::report::model::header::{Policy, Rule};
use crate::report::model::life::Urgency;
use crate::report::model::row::FindingRow;
use crate::report::phrase::{self, REMEDIATION, short};
use crate::report::settings::{MaxChars, Settings, WholeReport};
use crate::report::since;
use crate::text::{count, grouped, utf16_units};

/// The largest number of findings that are looked at: none of the lengths takes more.
const MAX_FINDINGS: usize = 5000;

/// Writes one page.
pub struct Markdown {
    max_chars: MaxChars,
    /// The files that hold all findings.
    whole: Vec<WholeReport>,
}

impl Document for Markdown {
    fn max_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.page(report)?.as_bytes())
    }
}

impl Markdown {
    pub fn new(settings: &Settings) -> Self {
        Self {
            max_chars: settings.max_chars,
            whole: settings.whole.clone(),
        }
    }

    fn page(&self, report: &Report<'_>) -> io::Result<String> {
        let mut page = BoundedText::new(self.max_chars.get());
        // What must be there comes first, and room is kept for the last line.
        let last = utf16_units(&self.left_out(u64::MAX)) + 2;
        let audited = audited(report);
        let evidence: usize = audited.iter().map(|line| utf16_units(line) + 1).sum();
        let has_room = evidence <= self.max_chars.get() / 4;
        page.keep(last + if has_room { evidence } else { 0 });
        page.lines(&verdict(report));
        page.lines(&what_is_new(report));
        page.lines(&severities(report));
        // What bounds the evidence is read before what was found.
        let room = page.room();
        page.section(phrase::BOUNDS, &bounds(report), "limits and gaps", room / 5);
        if let Some(counts) = &report.footer.summary.waivers {
            let heading = format!("{}: {}", phrase::WAIVERS, phrase::waivers(counts));
            let notes = report.footer.summary.waiver_notes.iter();
            let notes: Vec<_> = notes.map(|note| format!("- {}", escape(note))).collect();
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
            shown += page.findings(heading, urgency, report, room / 2)?;
        }
        // Rules are what to do, findings are where: a third of the rest for them.
        let room = page.room();
        let rules = rules(report);
        page.section("Rules that are not met", &rules, "rules", room * 2 / 3);
        let room = page.room();
        let closed = closed(report);
        page.section("Closed findings", &closed, "closed findings", room / 3);
        let heading = match report.header.previous {
            Some(_) => "Open findings",
            None => "Findings",
        };
        let room = page.room();
        shown += page.findings(heading, Urgency::Known, report, room)?;
        page.keep(last);
        if has_room {
            page.lines(&audited);
        }
        let left_out = report.left_out + (report.findings.len() - shown) as u64;
        page.keep(0);
        if left_out > 0 {
            page.lines(&[String::new(), self.left_out(left_out)]);
        }
        Ok(page.text)
    }

    /// Says how many findings are left out, and where they are.
    fn left_out(&self, number: u64) -> String {
        let more = count(number, "more finding", "more findings");
        match self.whole.as_slice() {
            [] => format!("{more}: {}.", phrase::WHERE_ALL_ARE),
            files => {
                let files: Vec<_> = files.iter().map(whole).collect();
                format!("{more}: see {}.", files.join(", "))
            }
        }
    }
}

/// Names a report that holds every finding, as a link if it has an address.
fn whole(file: &WholeReport) -> String {
    match &file.link {
        // A bracket would end the address.
        Some(link) => {
            let link = link.replace('(', "%28").replace(')', "%29");
            format!("[{}]({link})", code(&file.path))
        }
        None => code(&file.path),
    }
}

/// Holds text of bounded length, in UTF-16 units, that grows by whole lines.
struct BoundedText {
    text: String,
    used: usize,
    most: usize,
    kept: usize,
}

impl BoundedText {
    fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            used: 0,
            most,
            kept: 0,
        }
    }

    /// So many units are for later.
    fn keep(&mut self, kept: usize) {
        self.kept = kept;
    }

    fn room(&self) -> usize {
        self.most.saturating_sub(self.used + self.kept)
    }

    /// One line, if there is room for it.
    fn line(&mut self, line: &str) -> bool {
        let length = utf16_units(line) + 1;
        let fits = length <= self.room();
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
            self.used += length;
        }
        fits
    }

    fn lines(&mut self, lines: &[String]) {
        for line in lines {
            if !self.line(line) {
                break;
            }
        }
    }

    /// A heading and lines, within so much room. What does not fit is counted.
    fn section(&mut self, heading: &str, items: &[String], what: &str, room: usize) {
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        if !items.is_empty() && self.line("") && self.line(&format!("## {heading}")) {
            let room = self.room();
            self.items(items, what, room);
        }
        self.kept -= rest;
    }

    /// A blank line and lines, within so much room. What does not fit is counted.
    fn items(&mut self, items: &[String], what: &str, room: usize) {
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        if !items.is_empty() && self.line("") {
            // The last line says how many there are more.
            let note = |more: usize| format!("- … and {} more {what}", grouped(more as u64));
            let longest = utf16_units(&note(items.len())) + 1;
            self.kept += longest;
            let mut shown = 0;
            for item in items {
                if !self.line(item) {
                    break;
                }
                shown += 1;
            }
            self.kept -= longest;
            if shown < items.len() {
                self.line(&note(items.len() - shown));
            }
        }
        self.kept -= rest;
    }

    /// A table of findings that are so urgent, within so much room; gives how many of them
    /// there is room for.
    fn findings(
        &mut self,
        heading: &str,
        urgency: Urgency,
        report: &Report<'_>,
        room: usize,
    ) -> io::Result<usize> {
        let is_compared = report.header.previous.is_some();
        let places = report.findings.places().iter();
        let places = places.filter(|place| place.urgency == urgency);
        let rows = places.map(|place| Ok(row(&report.findings.read(place)?)));
        let head: [&str; 2] = match is_compared {
            true => [
                "| severity | status | rule | customer | observed | since | due |",
                "| --- | --- | --- | --- | --- | --- | --- |",
            ],
            false => [
                "| severity | status | rule | customer | observed |",
                "| --- | --- | --- | --- | --- |",
            ],
        };
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        let shown = self.table(heading, &head, rows)?;
        self.kept -= rest;
        Ok(shown)
    }

    /// A table by whole rows, of which none is made that is not tried; gives how many of
    /// them there is room for.
    fn table(
        &mut self,
        heading: &str,
        head: &[&str],
        mut rows: impl Iterator<Item = io::Result<String>>,
    ) -> io::Result<usize> {
        let Some(mut row) = rows.next().transpose()? else {
            return Ok(0);
        };
        let heading = format!("## {heading}");
        let first = ["", heading.as_str(), ""]
            .into_iter()
            .chain(head.iter().copied());
        let first: Vec<_> = first.collect();
        let length: usize = first.iter().map(|line| utf16_units(line) + 1).sum();
        if length + utf16_units(&row) + 1 > self.room() {
            return Ok(0);
        }
        for line in first {
            self.line(line);
        }
        let mut shown = 0;
        while self.line(&row) {
            shown += 1;
            match rows.next().transpose()? {
                Some(next) => row = next,
                None => break,
            }
        }
        Ok(shown)
    }
}

fn verdict(report: &Report<'_>) -> Vec<String> {
    let summary = &report.footer.summary;
    let word = summary.verdict().word();
    let mut lines = vec![
        match &summary.slice {
            Some(slice) => {
                let value = slice.value.as_deref().unwrap_or("[none]");
                format!("# Audit: {word}: {} {}", escape(&slice.by), code(value))
            }
            None => format!("# Audit: {word}"),
        },
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
        let why = summary.reasons();
        lines.extend(why.map(|why| format!("- {}", escape(why))));
    }
    lines
}

/// Returns what is new since the night before, if the run is compared with one.
fn what_is_new(report: &Report<'_>) -> Vec<String> {
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
fn closed(report: &Report<'_>) -> Vec<String> {
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

fn severities(report: &Report<'_>) -> Vec<String> {
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
fn bounds(report: &Report<'_>) -> Vec<String> {
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
fn rules(report: &Report<'_>) -> Vec<String> {
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

fn row(row: &FindingRow<'_>) -> String {
    let evidence: Vec<_> = row
        .statements()
        .map(|statement| {
            let escaped = |text: &str| escape(&short(text));
            statement.line(cell, |text| cell(&short(text)), escaped)
        })
        .collect();
    let name = match &row.customer_name {
        Some(name) if !name.trim().is_empty() => format!(" {}", cell(&short(name))),
        _ => String::new(),
    };
    let life = match &row.life {
        Some(life) => {
            let due = life.due.map(time::show).unwrap_or_default();
            format!(" {} | {due} |", since::history(life))
        }
        None => String::new(),
    };
    format!(
        "| {} | {} | {} | {}{name} | {} |{life}",
        row.severity,
        row.status,
        cell(&format!("{}/{}", row.policy, row.rule)),
        cell(&short(row.whom())),
        evidence.join("; "),
    )
}

fn audited(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), "## Audited".to_owned(), String::new()];
    for policy in &report.header.policies {
        let (id, title) = (code(&policy.id), escape(&policy.title));
        let (version, digest) = (escape(&policy.version), &policy.sha256);
        lines.push(format!(
            "- policy {id} {version}: {title}, {}, sha256 `{digest}`",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_by_whole_lines() {
        let mut text = BoundedText::new(20);
        assert!(text.line("0123456789"));
        assert!(!text.line("0123456789"));
        assert!(text.line("01234567"));
        assert_eq!(text.text.chars().count(), 20);
        let mut text = BoundedText::new(20);
        assert!(text.line(&"\u{1f600}".repeat(5)));
        assert!(!text.line(&"\u{1f600}".repeat(5)));
        assert!(text.line(&"\u{1f600}".repeat(4)));
        assert_eq!(text.text.encode_utf16().count(), 20);
    }
}
