//! Markdown for tickets: whole within the length that a ticket takes, and
//! nothing in it from data that a ticket system would act on.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::late::{self, Report, short};
use super::{Counts, Line};
use crate::text::{count, escape_controls, grouped};

/// The most findings that are looked at: none of the lengths takes more.
const MAX_FINDINGS: usize = 5000;

/// How long a report may be, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxChars(usize);

impl MaxChars {
    /// The names of ticket systems, and what they take. A comment on GitHub is
    /// at most 65,536 characters, a description in Jira 32,767 after it is
    /// turned into its own markup, a journal field in ServiceNow 4,000.
    pub const PROFILES: [(&str, usize); 3] =
        [("github", 65_000), ("jira", 30_000), ("servicenow", 3_900)];

    /// Shorter ones could not tell the verdict.
    const LEAST: usize = 1_000;

    /// Reads a number of characters, or the name of a ticket system.
    pub fn read(text: &str) -> Option<Self> {
        let known = Self::PROFILES.iter().find(|(name, _)| *name == text);
        let number = match known {
            Some((_, number)) => *number,
            None => text.parse().ok()?,
        };
        (number >= Self::LEAST).then_some(Self(number))
    }
}

impl Default for MaxChars {
    fn default() -> Self {
        Self(Self::PROFILES[0].1)
    }
}

/// Writes one page.
pub struct Page {
    pub max_chars: MaxChars,
    /// The files that hold all findings.
    pub others: Vec<String>,
}

impl late::Page for Page {
    fn most_findings(&self) -> usize {
        MAX_FINDINGS
    }

    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.page(report).as_bytes())
    }
}

impl Page {
    fn page(&self, report: &Report<'_>) -> String {
        let mut page = Text::new(self.max_chars.0);
        // What must be there comes first, and room is kept for the last line.
        let last = self.left_out(u64::MAX).chars().count() + 2;
        let audited = audited(report);
        let evidence: usize = audited.iter().map(|line| line.chars().count() + 1).sum();
        let has_room = evidence <= self.max_chars.0 / 4;
        page.keep(last + if has_room { evidence } else { 0 });
        page.lines(&verdict(report));
        page.lines(&severities(report));
        // Rules are what to do, findings are where: a third of the rest for them.
        let room = page.room();
        page.section("Rules that are not met", &rules(report), room * 2 / 3);
        let rows: Vec<_> = report.findings.iter().map(row).collect();
        let head = [
            "| severity | status | rule | customer | seen |",
            "| --- | --- | --- | --- | --- |",
        ];
        let mut told = 0;
        if !rows.is_empty() {
            told = page.table("Findings", &head, &rows);
        }
        page.keep(last);
        if has_room {
            page.lines(&audited);
        }
        let left_out = report.left_out + (rows.len() - told) as u64;
        page.keep(0);
        if left_out > 0 {
            page.lines(&[String::new(), self.left_out(left_out)]);
        }
        page.text
    }

    /// Of what is left out, and where it is.
    fn left_out(&self, number: u64) -> String {
        let more = count(number, "more finding", "more findings");
        match self.others.as_slice() {
            [] => format!("{more}: a csv or json report of the same run holds all."),
            files => {
                let files: Vec<_> = files.iter().map(|file| code(file)).collect();
                format!("{more}: see {}.", files.join(", "))
            }
        }
    }
}

/// Text of bounded length, that grows by whole lines.
struct Text {
    text: String,
    used: usize,
    most: usize,
    kept: usize,
}

impl Text {
    fn new(most: usize) -> Self {
        Self {
            text: String::new(),
            used: 0,
            most,
            kept: 0,
        }
    }

    /// So many characters are for later.
    fn keep(&mut self, kept: usize) {
        self.kept = kept;
    }

    fn room(&self) -> usize {
        self.most.saturating_sub(self.used + self.kept)
    }

    /// One line, if there is room for it.
    fn line(&mut self, line: &str) -> bool {
        let length = line.chars().count() + 1;
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
    fn section(&mut self, heading: &str, items: &[String], room: usize) {
        let rest = self.room().saturating_sub(room);
        self.kept += rest;
        if !items.is_empty() && self.line("") && self.line(&format!("## {heading}")) {
            self.line("");
            // The last line says how many there are more.
            let note = |more: usize| format!("- … and {} more rules", grouped(more as u64));
            let longest = note(items.len()).chars().count() + 1;
            self.kept += longest;
            let mut told = 0;
            for item in items {
                if !self.line(item) {
                    break;
                }
                told += 1;
            }
            self.kept -= longest;
            if told < items.len() {
                self.line(&note(items.len() - told));
            }
        }
        self.kept -= rest;
    }

    /// A table by whole rows; gives how many of them there is room for.
    fn table(&mut self, heading: &str, head: &[&str], rows: &[String]) -> usize {
        let heading = format!("## {heading}");
        let first = ["", heading.as_str(), ""]
            .into_iter()
            .chain(head.iter().copied());
        let first: Vec<_> = first.collect();
        let length: usize = first.iter().map(|line| line.chars().count() + 1).sum();
        if length + rows[0].chars().count() + 1 > self.room() {
            return 0;
        }
        for line in first {
            self.line(line);
        }
        rows.iter().take_while(|row| self.line(row)).count()
    }
}

fn verdict(report: &Report<'_>) -> Vec<String> {
    let summary = &report.tail.summary;
    let findings = summary.counts.findings();
    let word = summary.verdict();
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
            "{} in {} ({} in scope, {} rejected), as of {}.",
            count(findings, "finding", "findings"),
            count(summary.records, "record", "records"),
            grouped(summary.in_scope),
            grouped(summary.rejected),
            report.head.as_of,
        ),
    ];
    if !summary.incomplete_because.is_empty() {
        lines.push(String::new());
        lines.push("The audit is not complete:".to_owned());
        lines.push(String::new());
        let why = summary.incomplete_because.iter();
        lines.extend(why.map(|why| format!("- {}", escape(why))));
    }
    lines
}

fn severities(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "| severity | fail | error | pass | not applicable |".to_owned(),
        "| --- | ---: | ---: | ---: | ---: |".to_owned(),
    ];
    for (severity, counts) in &report.tail.summary.by_severity {
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

/// The rules that are not met, the gravest first, with how to mend them.
fn rules(report: &Report<'_>) -> Vec<String> {
    let rules = report.head.rules().zip(&report.tail.summary.by_rule);
    let mut rules: Vec<_> = rules
        .filter(|(_, counted)| counted.counts.findings() > 0)
        .collect();
    rules.sort_by_key(|((_, rule), counted)| {
        std::cmp::Reverse((rule.severity, counted.counts.findings()))
    });
    let item =
        |((policy, rule), counted): &((&super::Policy, &super::Rule), &super::RuleCounts)| {
            let name = code(&format!("{}/{}", policy.id, rule.id));
            let mut item = format!(
                "- **{}** {name} ({}): {}",
                rule.severity,
                grouped(counted.counts.findings()),
                escape(&rule.title),
            );
            if !rule.remediation.is_empty() {
                // An indented line goes on with the item above.
                let _ = write!(item, "\n  How to mend it: {}", escape(&rule.remediation));
            }
            item
        };
    rules.iter().map(item).collect()
}

fn row(line: &Line<'_>) -> String {
    let seen: Vec<_> = line
        .evidence
        .iter()
        .map(|item| {
            let (observed, expected) = (short(&item.observed), short(&item.expected));
            format!(
                "{}: {}, expected {}",
                cell(&item.field),
                cell(&observed),
                escape(&expected)
            )
        })
        .collect();
    let name = match &line.customer_name {
        Some(name) if !name.trim().is_empty() => format!(" {}", cell(&short(name))),
        _ => String::new(),
    };
    format!(
        "| {} | {} | {} | {}{name} | {} |",
        line.severity,
        line.status,
        cell(&format!("{}/{}", line.policy, line.rule)),
        cell(&short(line.whom())),
        seen.join("; "),
    )
}

fn audited(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), "## Audited".to_owned(), String::new()];
    for policy in &report.head.policies {
        let (id, title) = (code(&policy.id), escape(&policy.title));
        let (version, digest) = (escape(&policy.version), &policy.sha256);
        lines.push(format!(
            "- policy {id} {version}: {title}, sha256 `{digest}`"
        ));
    }
    for export in &report.tail.exports {
        let (path, format) = (code(&export.path), &export.format);
        let records = count(export.records, "record", "records");
        let problem = match &export.problem {
            Some(problem) => format!("; {}", escape(problem)),
            None => String::new(),
        };
        lines.push(format!("- export {path}: {format}, {records}{problem}"));
    }
    let tool = &report.head.tool;
    lines.push(format!("- by {} {}", tool.name, tool.version));
    lines
}

/// Text of a policy, that reads as it stands: no markup, on one line. Ticket
/// systems look for mentions in text once it is rendered, and no escape keeps
/// them from it: what comes from an export stands in code spans.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in escape_controls(&text.replace('\n', " ")).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text of an export, in a code span: its fence is longer than any in the text.
pub(super) fn code(text: &str) -> String {
    let text = escape_controls(text);
    if text.trim().is_empty() {
        return "` `".to_owned();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default() + 1);
    // One blank on both sides is not part of the text.
    let pad = match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        true => " ",
        false => "",
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span in a table, where even there a bar would end the cell.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_comes_from_data() {
        for (text, span) in [
            ("a", "`a`"),
            ("@all <b>", "`@all <b>`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            (" a", "`  a `"),
            ("", "` `"),
            ("a\nb", "`a\\nb`"),
        ] {
            assert_eq!(code(text), span);
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(escape("a*b\n[c]"), "a\\*b \\[c\\]");
    }

    #[test]
    fn a_length_is_a_number_or_the_name_of_a_ticket_system() {
        assert_eq!(MaxChars::read("jira"), Some(MaxChars(30_000)));
        assert_eq!(MaxChars::read("5000"), Some(MaxChars(5_000)));
        assert_eq!(MaxChars::read("999"), None);
        assert_eq!(MaxChars::read("word"), None);
    }

    #[test]
    fn what_does_not_fit_is_left_out_by_whole_lines() {
        let mut text = Text::new(20);
        assert!(text.line("0123456789"));
        assert!(!text.line("0123456789"));
        assert!(text.line("01234567"));
        assert_eq!(text.text.chars().count(), 20);
    }
}
