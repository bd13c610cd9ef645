//! The lines of the report.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::AnsiColor;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::finding::Counts;
use crate::report::format::paint::Paint;
use crate::report::model::bounds::Bound;
use crate::report::model::control::{ControlStatus, Framework};
use crate::report::model::footer::{Footer, Verdict};
use crate::report::model::header::{Header, Policy, Rule};
use crate::report::model::task::{Task, tasks};
use crate::report::phrase;
use crate::report::settings::Screen;
use crate::report::since;
use crate::text::{self, count, escape_controls, grouped};

/// How many blanks are before each line.
const INDENT: u16 = 2;

/// Narrower terminals are taken to be this wide.
const MIN_WIDTH: u16 = 60;

/// The largest number of tasks that are named in what to do next.
const MAX_NEXT: usize = 5;

/// The largest number of controls of which each has a line.
const MAX_CONTROLS: usize = 60;

/// Returns the beginning of a long value: a line is for one look.
pub fn short(value: &str) -> Cow<'_, str> {
    text::short(value, 60)
}

/// Holds what the report is written from.
pub struct Page<'a> {
    header: &'a Header,
    footer: &'a Footer,
    paint: Paint,
    /// How wide lines may be, if there is a bound.
    width: Option<u16>,
}

impl<'a> Page<'a> {
    pub fn new(header: &'a Header, footer: &'a Footer, screen: Screen) -> Self {
        Self {
            header,
            footer,
            paint: Paint(screen.colour),
            width: screen.width.map(|width| width.max(MIN_WIDTH)),
        }
    }

    /// Writes the report with these lines of findings, and of records that could not be
    /// read.
    pub fn write(
        &self,
        findings: &[String],
        carried: &[String],
        rejected: &[String],
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.verdict(out)?;
        self.since(out)?;
        self.severities(out)?;
        self.audited(out)?;
        self.bounds(out)?;
        self.controls(out)?;
        self.rules(out)?;
        self.top_customers(out)?;
        self.anomalies(out)?;
        self.waivers(out)?;
        self.findings(findings, out)?;
        self.carried(carried, out)?;
        self.rejected(rejected, out)?;
        self.next(out)
    }

    fn verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = &self.footer.summary;
        let verdict = summary.verdict();
        let colour = match verdict {
            Verdict::Incomplete | Verdict::NotJudged => AnsiColor::Magenta,
            Verdict::NothingJudged => AnsiColor::Yellow,
            Verdict::Pass | Verdict::NothingOpen => AnsiColor::Green,
            Verdict::Findings => AnsiColor::Red,
        };
        writeln!(
            out,
            "{}  {}",
            self.paint.style(verdict.word(), colour.on_default().bold()),
            phrase::outcome(summary),
        )?;
        if let Some(slice) = &summary.slice {
            writeln!(out, "  only findings of {slice}")?;
        }
        if let Some(bound) = since::bound(self.header) {
            writeln!(out, "  {bound}")?;
        }
        for reason in summary.reasons() {
            writeln!(out, "  - {}", escape_controls(reason))?;
        }
        Ok(())
    }

    /// Writes what is new since the night before, if the run is compared with one.
    fn since(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(heading) = since::heading(self.header) else {
            return Ok(());
        };
        let mut table = self.new_table();
        for since::Line {
            name,
            number,
            words,
        } in since::lines(self.header, &self.footer.summary)
        {
            table.add_row([name.to_owned(), grouped(number), words]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        self.table(&table, out)
    }

    /// Writes a bar for each severity, if there is anything to show.
    fn severities(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = &self.footer.summary.by_severity;
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

    /// Writes the customers with the most severe findings.
    fn top_customers(&self, out: &mut dyn Write) -> io::Result<()> {
        let customers = &self.footer.summary.top_customers;
        if customers.is_empty() {
            return Ok(());
        }
        let mut table = self.new_table();
        for customer in customers {
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
            self.paint
                .heading("Customers with the most severe findings")
        )?;
        self.table(&table, out)
    }

    /// Writes what somebody should look at, although it breaks no rule.
    fn anomalies(&self, out: &mut dyn Write) -> io::Result<()> {
        let anomalies = &self.footer.summary.anomalies;
        if anomalies.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.heading("Warnings"))?;
        for anomaly in anomalies {
            writeln!(out, "  - {}", escape_controls(anomaly))?;
        }
        Ok(())
    }

    /// Writes what the run made of its waivers.
    fn waivers(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(counts) = &self.footer.summary.waivers else {
            return Ok(());
        };
        let heading = format!("{}: {}", phrase::WAIVERS, phrase::waivers(counts));
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        for note in &self.footer.summary.waiver_notes {
            writeln!(out, "  - {}", escape_controls(note))?;
        }
        Ok(())
    }

    fn audited(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{}", self.paint.heading("Audited"))?;
        for policy in &self.header.policies {
            let rules = policy.rules_in_words();
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
                writeln!(
                    out,
                    "    {name} = {}, set for this run",
                    escape_controls(value)
                )?;
            }
            for change in &policy.overrides {
                let (rule, why) = (
                    escape_controls(&change.rule),
                    escape_controls(&change.because),
                );
                writeln!(out, "    {rule}: {}, because {why}", change.change)?;
            }
        }
        for file in &self.header.waivers {
            writeln!(out, "  waivers {}", escape_controls(&file.path))?;
        }
        for export in &self.footer.exports {
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
        if let Some(expected) = &self.footer.summary.expected {
            writeln!(out, "  expected {}", phrase::expected(expected))?;
        }
        writeln!(out, "  as of {}", self.header.as_of)
    }

    /// Writes what must not be read into the evidence.
    fn bounds(&self, out: &mut dyn Write) -> io::Result<()> {
        let policies = &self.header.policies;
        let mut table = self.new_table();
        for policy in policies {
            let bounds = match self.footer.controls.is_empty() {
                true => policy.bounds(),
                false => policy.bounds_beside_controls(),
            };
            for line in bounds.iter().flat_map(Bound::folded) {
                let line = escape_controls(&line).into_owned();
                match policies.len() {
                    1 => table.add_row(["-".to_owned(), line]),
                    _ => table.add_row([escape_controls(&policy.id).into_owned(), line]),
                };
            }
        }
        if table.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", self.paint.heading(phrase::BOUNDS))?;
        self.table(&table, out)
    }

    /// Writes the controls of each framework; of many those that are not met or undecided.
    fn controls(&self, out: &mut dyn Write) -> io::Result<()> {
        let controls = &self.footer.controls;
        if controls.is_empty() {
            return Ok(());
        }
        let heading = format!("{}: {}", phrase::CONTROLS, phrase::OF_CONTROLS);
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        let is_folded = controls.len() > MAX_CONTROLS;
        for framework in Framework::all(controls) {
            let name = escape_controls(framework.name);
            writeln!(out, "  {name}: {}", framework.in_words())?;
            let shown = framework.controls.iter().filter(|control| {
                !is_folded
                    || matches!(
                        control.status,
                        ControlStatus::NotMet | ControlStatus::Undecided
                    )
            });
            let mut table = self.new_table();
            for control in shown.clone() {
                let severity = control.most_severe;
                table.add_row([
                    format!("  {}", escape_controls(&control.requirement)),
                    control.status.words().to_owned(),
                    severity.map_or("", |severity| severity.name()).to_owned(),
                    count(control.records, "record", "records"),
                    escape_controls(&control.evidence_in_words()).into_owned(),
                ]);
            }
            if let Some(column) = table.column_mut(3) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            self.table(&table, out)?;
            let more = framework.controls.len() - shown.count();
            if more > 0 {
                let more = count(more as u64, "other control", "other controls");
                writeln!(out, "    … and {more}: {}", phrase::WHERE_CONTROLS_ARE)?;
            }
        }
        Ok(())
    }

    /// Writes the rules with their counts, the most severe first.
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
            .header
            .rules()
            .zip(&self.footer.summary.by_rule)
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

    /// Returns a table whose cells are as wide as the terminal has room for.
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
        let all = self.footer.summary.listed();
        if all == 0 {
            return Ok(());
        }
        let mut table = self.new_table();
        for line in lines {
            table.add_row(line.split('\t'));
        }
        let first = match &self.header.previous {
            Some(_) => "what is new, changed or overdue first, then the most severe",
            None => "the most severe first",
        };
        let heading = match lines.len() as u64 {
            shown if shown == all => "Findings".to_owned(),
            shown => format!("First {shown} of {} findings", grouped(all)),
        };
        let heading = format!("{heading}, {first}");
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        self.table(&table, out)
    }

    /// Writes findings of the night before that the run could not judge.
    fn carried(&self, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut table = self.new_table();
        for line in lines {
            table.add_row(line.split('\t'));
        }
        let all = self.footer.summary.since.map_or(0, |since| since.unknown);
        let heading = match lines.len() as u64 {
            shown if shown == all => "Not judged in this run, as last seen".to_owned(),
            shown => format!(
                "First {shown} of {} findings that were not judged in this run, as last seen",
                grouped(all)
            ),
        };
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        self.table(&table, out)
    }

    fn rejected(&self, lines: &[String], out: &mut dyn Write) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let all = self.footer.summary.rejected;
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

    /// Writes what to do, the most severe first: what several rules ask is done once.
    fn next(&self, out: &mut dyn Write) -> io::Result<()> {
        let rules = self.header.rules().zip(&self.footer.summary.by_rule);
        let mut tasks = tasks(rules.map(|(rule, counted)| {
            let severity = counted.most_severe.unwrap_or(rule.1.severity);
            (rule, counted, severity)
        }));
        tasks.retain(|task| !task.ways.is_empty());
        if tasks.is_empty() {
            return Ok(());
        }
        let heading = format!("{} next", phrase::TASKS);
        writeln!(out, "\n{}", self.paint.heading(&heading))?;
        for task in tasks.iter().take(MAX_NEXT) {
            let mut table = self.new_table();
            table.add_row([self::task(task)]);
            self.table(&table, out)?;
        }
        if let Some(more @ 1..) = tasks.len().checked_sub(MAX_NEXT) {
            let more = count(more as u64, "more task", "more tasks");
            writeln!(out, "  … and {more}: {}", phrase::WHERE_REMEDIATION_IS)?;
        }
        Ok(())
    }
}

/// Says what to do, and which rules ask for it.
fn task(task: &Task<'_>) -> String {
    let rules = task.rules.iter().map(|unmet| {
        let name = name(unmet.policy, unmet.rule);
        format!("{name} ({})", grouped(unmet.findings))
    });
    let rules: Vec<_> = rules.collect();
    let ways = task.ways.iter().map(|way| {
        let rules = way.rules.iter().map(|unmet| name(unmet.policy, unmet.rule));
        let of = match task.ways.len() {
            1 => String::new(),
            _ => format!("For {}: ", rules.collect::<Vec<_>>().join(", ")),
        };
        format!("{of}{}", escape_controls(way.remediation))
    });
    let ways: Vec<_> = ways.collect();
    format!("{}: {}", rules.join(", "), ways.join(" "))
}

fn name(policy: &Policy, rule: &Rule) -> String {
    format!(
        "{}/{}",
        escape_controls(&policy.id),
        escape_controls(&rule.id)
    )
}
