//! Text for a person at a terminal: the verdict first, then the rules, the
//! first findings, and what to do next.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use super::{Colour, Counts, Found, Head, Policy, Rejected, Rule, Screen, Tail, Words};
use crate::policy::Severity;
use crate::text::{self, count, escape_controls, grouped};

/// How many findings, and how many rejected records, are shown.
const SHOWN: usize = 20;

/// What stands before each line.
const INDENT: u16 = 2;

/// Narrower terminals are taken to be this wide.
const MIN_WIDTH: u16 = 60;

/// How many rules are named in what to do next.
const NEXT: usize = 5;

/// The two halves of the report; the first stops once the second has enough.
pub fn halves(screen: Screen) -> (Renderer, Reporter) {
    let enough = Arc::new(AtomicBool::new(false));
    let renderer = Renderer {
        enough: enough.clone(),
    };
    let reporter = Reporter {
        enough,
        screen,
        findings: Vec::new(),
        rejected: Vec::new(),
    };
    (renderer, reporter)
}

/// Words findings as lines.
pub struct Renderer {
    enough: Arc<AtomicBool>,
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let line = &found.line;
        let seen: Vec<_> = line
            .evidence
            .iter()
            .map(|item| {
                format!(
                    "{}: {}, expected {}",
                    item.field,
                    short(&item.observed),
                    short(&item.expected)
                )
            })
            .collect();
        writeln!(
            words.bytes,
            "{}\t{}\t{}/{}\t{}\t{}",
            line.severity,
            line.status,
            escape_controls(&line.policy),
            escape_controls(&line.rule),
            escape_controls(line.whom()),
            escape_controls(&seen.join("; ")),
        )
    }

    fn wants_more(&self) -> bool {
        !self.enough.load(Ordering::Relaxed)
    }
}

/// The beginning of a long value: a line is for one look.
fn short(value: &str) -> Cow<'_, str> {
    text::short(value, 60)
}

/// Writes the report once everything is known.
pub struct Reporter {
    enough: Arc<AtomicBool>,
    screen: Screen,
    findings: Vec<String>,
    rejected: Vec<String>,
}

impl super::Reporter for Reporter {
    fn start(&mut self, _: &Head, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, worded: &[u8], _: &mut dyn Write) -> io::Result<()> {
        let room = SHOWN - self.findings.len();
        let lines = worded.split_inclusive(|byte| *byte == b'\n').take(room);
        self.findings
            .extend(lines.map(|line| String::from_utf8_lossy(line).trim_end().to_owned()));
        if self.findings.len() == SHOWN {
            self.enough.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.len() < SHOWN {
            self.rejected.push(rejected.to_string());
        }
        Ok(())
    }

    fn finish(self: Box<Self>, head: &Head, tail: &Tail, out: &mut dyn Write) -> io::Result<()> {
        let page = Page {
            head,
            tail,
            paint: Paint(self.screen.colour),
            width: self.screen.width.map(|width| width.max(MIN_WIDTH)),
        };
        page.verdict(out)?;
        page.severities(out)?;
        page.audited(out)?;
        page.rules(out)?;
        page.worst(out)?;
        page.anomalies(out)?;
        page.findings(&self.findings, out)?;
        page.rejected(&self.rejected, out)?;
        page.next(out)
    }
}

/// Colours, where they are seen.
struct Paint(Colour);

impl Paint {
    fn style(&self, text: &str, style: Style) -> String {
        match self.0 {
            Colour::On => format!("{style}{text}{style:#}"),
            Colour::Off => text.to_owned(),
        }
    }

    /// A share as a bar, in eighths of a character on a terminal and in whole
    /// ones elsewhere. What is there is seen.
    fn bar(&self, some: u64, most: u64) -> String {
        let share = |parts: u64| {
            let all = u128::from(some) * u128::from(BAR * parts);
            all.div_ceil(u128::from(most.max(1))) as usize
        };
        let bar = match self.0 {
            Colour::Off => "#".repeat(share(1)),
            Colour::On => {
                let eighths = share(8);
                let mut bar = "█".repeat(eighths / 8);
                let parts = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];
                bar.extend(
                    (eighths % 8)
                        .checked_sub(1)
                        .and_then(|last| parts.get(last)),
                );
                bar
            }
        };
        format!("{bar:width$}", width = BAR as usize)
    }

    fn heading(&self, text: &str) -> String {
        self.style(text, Style::new().bold())
    }

    /// A line that begins with a severity.
    fn severity(&self, line: &str) -> String {
        let named = Severity::ALL
            .into_iter()
            .find(|severity| line.starts_with(severity.name()));
        let Some(severity) = named else {
            return line.to_owned();
        };
        let colour = match severity {
            Severity::Critical => AnsiColor::Magenta,
            Severity::High => AnsiColor::Red,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::Cyan,
            Severity::Info => AnsiColor::White,
        };
        let (word, rest) = line.split_at(severity.name().len());
        format!("{}{rest}", self.style(word, colour.on_default().bold()))
    }
}

struct Page<'a> {
    head: &'a Head,
    tail: &'a Tail,
    paint: Paint,
    /// How wide lines may be, if there is a bound.
    width: Option<u16>,
}

impl Page<'_> {
    fn verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = &self.tail.summary;
        let counts = summary.counts;
        let judged = summary.in_scope > 0;
        let word = summary.verdict();
        let colour = match (summary.complete, judged, counts.findings()) {
            (false, ..) => AnsiColor::Magenta,
            (true, false, _) => AnsiColor::Yellow,
            (true, true, 0) => AnsiColor::Green,
            (true, true, _) => AnsiColor::Red,
        };
        let met = match (summary.complete, judged, counts.findings()) {
            (true, true, 0) => "every rule is met".to_owned(),
            (_, _, 0) => "no finding".to_owned(),
            (_, _, findings) => count(findings, "finding", "findings"),
        };
        writeln!(
            out,
            "{}  {met} in {} ({} in scope, {} rejected)",
            self.paint.style(word, colour.on_default().bold()),
            count(summary.records, "record", "records"),
            grouped(summary.in_scope),
            grouped(summary.rejected),
        )?;
        if let Some(slice) = &summary.slice {
            writeln!(out, "  of {slice} alone")?;
        }
        for gap in &summary.incomplete_because {
            writeln!(out, "  - {}", escape_controls(gap))?;
        }
        Ok(())
    }

    /// A bar for each severity, if there is anything to show.
    fn severities(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = &self.tail.summary.by_severity;
        let most = all.values().map(Counts::findings).max().unwrap_or_default();
        if most == 0 {
            return Ok(());
        }
        writeln!(out)?;
        for (severity, counts) in all {
            let Counts { fail, error, .. } = *counts;
            let words = match (fail, error) {
                (0, 0) => "none".to_owned(),
                (fail, 0) => format!("{} fail", grouped(fail)),
                (0, error) => format!("{} undecided", grouped(error)),
                (fail, error) => format!("{} fail, {} undecided", grouped(fail), grouped(error)),
            };
            let line = format!(
                "{severity:8}  {}  {words}",
                self.paint.bar(fail + error, most)
            );
            writeln!(out, "  {}", self.paint.severity(&line))?;
        }
        Ok(())
    }

    /// The customers with the gravest findings.
    fn worst(&self, out: &mut dyn Write) -> io::Result<()> {
        let worst = &self.tail.summary.top_customers;
        if worst.is_empty() {
            return Ok(());
        }
        let mut table = self.new_table();
        for customer in worst {
            let findings = customer.findings.iter().filter(|(_, count)| **count > 0);
            let findings =
                findings.map(|(severity, count)| format!("{} {severity}", grouped(*count)));
            let id = customer.customer_id.as_deref().unwrap_or("[no id]");
            let name = customer.customer_name.as_deref().unwrap_or_default();
            table.add_row([
                escape_controls(&short(id)).into_owned(),
                escape_controls(&short(name)).into_owned(),
                findings.collect::<Vec<_>>().join(", "),
            ]);
        }
        writeln!(
            out,
            "\n{}",
            self.paint.heading("Customers with the gravest findings")
        )?;
        self.table(&table, out)
    }

    /// What somebody should look at, although it breaks no rule.
    fn anomalies(&self, out: &mut dyn Write) -> io::Result<()> {
        let anomalies = &self.tail.summary.anomalies;
        if anomalies.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.heading("Warnings"))?;
        for anomaly in anomalies {
            writeln!(out, "  - {anomaly}")?;
        }
        Ok(())
    }

    fn audited(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.paint.heading("Audited"))?;
        for policy in &self.head.policies {
            let rules = count(policy.rules.len() as u64, "rule", "rules");
            let (id, title, version) = (
                escape_controls(&policy.id),
                escape_controls(&policy.title),
                escape_controls(&policy.version),
            );
            let version = if version.is_empty() {
                version
            } else {
                format!(" {version}").into()
            };
            writeln!(out, "  policy {id}{version}: {title} ({rules})")?;
            for name in &policy.set {
                let value = policy.params.get(name).map_or("", String::as_str);
                writeln!(out, "    {name} = {}, set", escape_controls(value))?;
            }
            for change in &policy.overrides {
                let (rule, why) = (
                    escape_controls(&change.rule),
                    escape_controls(&change.because),
                );
                writeln!(out, "    {rule}: {}, because {why}", change.change)?;
            }
        }
        for export in &self.tail.exports {
            let path = escape_controls(&export.path);
            let records = count(export.records, "record", "records");
            let rejected = grouped(export.rejected);
            write!(
                out,
                "  export {path}: {}, {records}, {rejected} rejected",
                export.format
            )?;
            match &export.problem {
                Some(problem) => writeln!(out, "; {}", escape_controls(problem))?,
                None => writeln!(out)?,
            }
        }
        writeln!(out, "  as of {}", self.head.as_of)
    }

    /// The rules with their counts, the gravest first.
    fn rules(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = self.new_table();
        table.set_header(["severity", "rule", "fail", "error", "pass", "n/a", "title"]);
        for (policy, rule, counts) in self.by_severity() {
            let Counts {
                pass,
                fail,
                error,
                not_applicable,
                ..
            } = *counts;
            let numbers = [fail, error, pass, not_applicable].map(grouped);
            let mut row = vec![rule.severity.to_string(), name(policy, rule)];
            row.extend(numbers);
            row.push(escape_controls(&rule.title).into_owned());
            table.add_row(row);
        }
        for number in 2..6 {
            if let Some(column) = table.column_mut(number) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(out, "\n{}", self.paint.heading("Rules"))?;
        self.table(&table, out)
    }

    fn by_severity(&self) -> Vec<(&Policy, &Rule, &Counts)> {
        let mut rules: Vec<_> = self
            .head
            .rules()
            .zip(&self.tail.summary.by_rule)
            .map(|((policy, rule), counted)| (policy, rule, &counted.counts))
            .collect();
        rules.sort_by_key(|(_, rule, counts)| {
            (
                std::cmp::Reverse(rule.severity),
                std::cmp::Reverse(counts.findings()),
            )
        });
        rules
    }

    fn table(&self, table: &Table, out: &mut dyn Write) -> io::Result<()> {
        for line in table.lines() {
            // The first column has a blank before it.
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
            writeln!(out, "  {}", self.paint.severity(line))?;
        }
        Ok(())
    }

    /// A table whose cells are as wide as the terminal has room for.
    fn new_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if let Some(width) = self.width {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(width - INDENT);
        }
        table
    }

    fn findings(&self, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        let all = self.tail.summary.counts.findings();
        if all == 0 {
            return Ok(());
        }
        let mut table = self.new_table();
        for line in lines {
            table.add_row(line.split('\t'));
        }
        let heading = match lines.len() as u64 {
            shown if shown == all => "Findings".to_owned(),
            shown => format!("First {shown} of {} findings", grouped(all)),
        };
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        self.table(&table, out)
    }

    fn rejected(&self, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let all = self.tail.summary.rejected;
        let heading = match lines.len() as u64 {
            shown if shown == all => "Records that could not be read".to_owned(),
            shown => format!(
                "First {shown} of {} records that could not be read",
                grouped(all)
            ),
        };
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
        Ok(())
    }

    /// How the gravest rules that are not met can be mended.
    fn next(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rules = self.by_severity();
        rules.retain(|(_, rule, counts)| counts.findings() > 0 && !rule.remediation.is_empty());
        if rules.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.heading("What to do next"))?;
        for (policy, rule, counts) in rules.iter().take(NEXT) {
            let (name, findings) = (name(policy, rule), grouped(counts.findings()));
            let mut table = self.new_table();
            table.add_row([format!(
                "{name} ({findings}): {}",
                escape_controls(&rule.remediation)
            )]);
            self.table(&table, out)?;
        }
        if let Some(more @ 1..) = rules.len().checked_sub(NEXT) {
            writeln!(
                out,
                "  … and {more} more rules: their remediation stands in the csv and json reports"
            )?;
        }
        Ok(())
    }
}

/// How wide the longest bar is, in characters.
const BAR: u64 = 30;

fn name(policy: &Policy, rule: &Rule) -> String {
    format!(
        "{}/{}",
        escape_controls(&policy.id),
        escape_controls(&rule.id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_no_bar_is_too_long() {
        let (on, off) = (Paint(Colour::On), Paint(Colour::Off));
        assert_eq!(off.bar(1, 1_000_000).trim_end(), "#");
        assert_eq!(off.bar(5, 5), "#".repeat(30));
        assert_eq!(off.bar(0, 5), " ".repeat(30));
        assert_eq!(on.bar(1, 1_000_000).trim_end(), "▏");
        assert_eq!(on.bar(1, 16).trim_end(), "█▉");
        assert_eq!(on.bar(u64::MAX, u64::MAX), "█".repeat(30));
    }
}
