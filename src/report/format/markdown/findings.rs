//! Tables of findings: a row for each fact, though several rules or policies ask for it.

use std::collections::VecDeque;
use std::io;
use std::iter::Peekable;

use super::super::buffered::Report;
use super::super::kept::Place;
use super::bounded_text::BoundedText;
use crate::record::time;
use crate::report::markup::{cell, code, escape};
use crate::report::model::life::Urgency;
use crate::report::model::row::FindingRow;
use crate::report::phrase::{self, short};
use crate::report::since;

/// Says of which findings a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that are so urgent, and that nobody has accepted.
    Open(Urgency),
    /// Those that somebody has accepted.
    Waived,
    /// Those of the night before that the run could not judge.
    NotJudged,
}

impl Which {
    fn has(self, place: &Place) -> bool {
        match self {
            Self::Open(urgency) => !place.is_waived && place.urgency == urgency,
            Self::Waived => place.is_waived,
            Self::NotJudged => true,
        }
    }
}

impl BoundedText {
    /// Adds a table of findings, within so much room; returns how many of them there is room
    /// for.
    pub(super) fn findings(
        &mut self,
        heading: &str,
        which: Which,
        report: &Report<'_>,
        room: usize,
    ) -> io::Result<usize> {
        let columns = Columns::new(which, report);
        let findings = match which {
            Which::NotJudged => &report.carried,
            Which::Open(_) | Which::Waived => &report.findings,
        };
        let places = findings.places().iter().filter(|place| which.has(place));
        let facts = Facts {
            rows: places.map(|place| findings.read(place)).peekable(),
            ready: VecDeque::new(),
        };
        let rows = facts.map(|fact| fact.map(|fact| (columns.row(&fact), fact.rules.len())));
        let heading = format!("## {heading}");
        self.table(&heading, columns.head(), rows, room)
    }
}

impl BoundedText {
    /// Adds the findings that can wait, each sort in its table: those that the run could not
    /// judge, and those that somebody has accepted. Returns how many of the run's own there
    /// is room for.
    pub(super) fn not_judged_and_waived(&mut self, report: &Report<'_>) -> io::Result<usize> {
        let room = self.room();
        self.findings("Not judged in this run", Which::NotJudged, report, room)?;
        let room = self.room();
        self.findings("Waived findings", Which::Waived, report, room)
    }
}

/// Says which columns a table has, beside those that each has.
#[derive(Debug, Clone, Copy)]
struct Columns {
    customer: bool,
    /// How findings relate to the nights before.
    life: bool,
    /// By what they are accepted.
    waiver: bool,
}

impl Columns {
    fn new(which: Which, report: &Report<'_>) -> Self {
        let slice = report.footer.summary.slice.as_ref();
        let is_of_one = slice.is_some_and(|slice| slice.by == "customer" && slice.value.is_some());
        Self {
            customer: !is_of_one,
            life: report.header.previous.is_some(),
            waiver: which == Which::Waived,
        }
    }

    fn head(self) -> [String; 2] {
        let mut names = vec!["severity", "status", "rule"];
        names.extend(self.customer.then_some("customer"));
        names.push("observed");
        names.extend(self.waiver.then_some("waived by"));
        if self.life {
            names.push("since");
            names.extend((!self.waiver).then_some("due"));
        }
        names.push("fingerprint");
        let rule = vec!["---"; names.len()];
        [names, rule].map(|names| format!("| {} |", names.join(" | ")))
    }

    fn row(self, fact: &Fact) -> String {
        let row = &fact.row;
        let mut cells = vec![row.severity.to_string(), row.status.to_string()];
        cells.push(listed(fact.rules.iter().map(|rule| cell(rule))));
        if self.customer {
            let name = row.customer_name.as_deref().unwrap_or_default();
            let whom = cell(&short(row.whom()));
            cells.push(match name.trim() {
                "" => whom,
                _ => format!("{whom} {}", cell(&short(name))),
            });
        }
        let statements = row.statements().map(|statement| {
            let escaped = |text: &str| escape(&short(text));
            statement.line(cell, |text| cell(&short(text)), escaped)
        });
        cells.push(statements.collect::<Vec<_>>().join("; "));
        if self.waiver {
            cells.push(escape(&said_of_waiver(row).unwrap_or_default()));
        }
        if self.life {
            let life = row.life.as_ref();
            cells.push(life.map(since::history).unwrap_or_default());
            let due = life.and_then(|life| life.due).map(time::show);
            cells.extend((!self.waiver).then_some(due.unwrap_or_default()));
        }
        cells.push(listed(fact.fingerprints.iter().map(|name| code(name))));
        format!("| {} |", cells.join(" | "))
    }
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Represents what is seen of a record, for which one or several rules ask.
struct Fact {
    row: FindingRow<'static>,
    rules: Vec<String>,
    fingerprints: Vec<String>,
}

impl Fact {
    fn new(row: FindingRow<'static>) -> Self {
        Self {
            rules: vec![rule(&row)],
            fingerprints: vec![row.fingerprint.to_string()],
            row,
        }
    }

    fn add(&mut self, row: &FindingRow<'_>) {
        self.rules.push(rule(row));
        self.fingerprints.push(row.fingerprint.to_string());
    }

    /// Returns whether a finding is of the same record.
    fn is_of_record_of(&self, row: &FindingRow<'_>) -> bool {
        let own = &self.row;
        own.record == row.record && own.export == row.export && own.customer_id == row.customer_id
    }

    /// Returns whether a finding of its record says the same, save by which rule.
    fn is_said_by(&self, row: &FindingRow<'_>) -> bool {
        let outcome = |row: &FindingRow<'_>| (row.severity, row.status, row.reason, row.life);
        let own = &self.row;
        row.record.is_some()
            && outcome(own) == outcome(row)
            && own.evidence == row.evidence
            && said_of_waiver(own) == said_of_waiver(row)
    }
}

/// Says by what a finding is accepted.
fn said_of_waiver(row: &FindingRow<'_>) -> Option<String> {
    row.waiver.as_ref().map(phrase::waiver)
}

fn rule(row: &FindingRow<'_>) -> String {
    format!("{}/{}", row.policy, row.rule)
}

/// Joins findings of one record that say the same; they follow one another.
struct Facts<I: Iterator> {
    rows: Peekable<I>,
    ready: VecDeque<Fact>,
}

impl<I: Iterator<Item = io::Result<FindingRow<'static>>>> Facts<I> {
    /// Takes in the findings of the next record.
    fn read(&mut self) -> io::Result<()> {
        let Self { rows, ready } = self;
        let Some(first) = rows.next().transpose()? else {
            return Ok(());
        };
        ready.push_back(Fact::new(first));
        while let Some(row) = rows.next_if(|row| match (row, ready.front()) {
            (Ok(row), Some(first)) => first.is_of_record_of(row),
            _ => false,
        }) {
            let row = row?;
            match ready.iter_mut().find(|fact| fact.is_said_by(&row)) {
                Some(fact) => fact.add(&row),
                None => ready.push_back(Fact::new(row)),
            }
        }
        Ok(())
    }
}

impl<I: Iterator<Item = io::Result<FindingRow<'static>>>> Iterator for Facts<I> {
    type Item = io::Result<Fact>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty()
            && let Err(error) = self.read()
        {
            return Some(Err(error));
        }
        self.ready.pop_front().map(Ok)
    }
}
