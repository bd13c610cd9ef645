//! The table of nights: its columns, once, for every format; and those of its formats that
//! are little more than that.

use std::io::{self, Write};

use super::overview::{Overview, Row};
use crate::policy::Severity;
use crate::record::time;
use crate::text::{count, escape_controls};

/// Represents a column.
pub struct Column {
    /// Its name in data.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Whether its values are numbers.
    pub is_number: bool,
    /// Whether people see it though nothing is in it.
    is_always_shown: bool,
    /// Returns its value for a night.
    pub value: fn(&Row) -> String,
}

const fn number(name: &'static str, title: &'static str, value: fn(&Row) -> String) -> Column {
    Column {
        name,
        title,
        is_number: true,
        is_always_shown: false,
        value,
    }
}

const fn text(name: &'static str, title: &'static str, value: fn(&Row) -> String) -> Column {
    Column {
        name,
        title,
        is_number: false,
        is_always_shown: false,
        value,
    }
}

const fn shown(column: Column) -> Column {
    Column {
        is_always_shown: true,
        ..column
    }
}

/// All columns, in their order.
pub const COLUMNS: &[Column] = &[
    shown(text("night", "night", |row| row.night.clone())),
    shown(text("complete", "complete", |row| match row.complete {
        true => "yes".to_owned(),
        false => "no".to_owned(),
    })),
    text("incomplete_because", "because", codes),
    shown(number("exit_code", "exit", |row| row.exit_code.to_string())),
    shown(number("records", "records", |row| row.records.to_string())),
    number("in_scope", "in scope", |row| row.in_scope.to_string()),
    number("rejected", "rejected", |row| row.rejected.to_string()),
    number("critical", "critical", |row| {
        row.of(Severity::Critical).to_string()
    }),
    number("high", "high", |row| row.of(Severity::High).to_string()),
    number("medium", "medium", |row| {
        row.of(Severity::Medium).to_string()
    }),
    number("low", "low", |row| row.of(Severity::Low).to_string()),
    number("info", "info", |row| row.of(Severity::Info).to_string()),
    number("waived", "waived", |row| row.waived.to_string()),
    shown(number("new", "new", |row| row.since.new.to_string())),
    number("changed", "changed", |row| row.since.changed.to_string()),
    shown(number("open", "open", |row| row.since.open.to_string())),
    shown(number("fixed", "fixed", |row| row.since.fixed.to_string())),
    number("gone", "gone", |row| row.since.gone.to_string()),
    number("left", "left", |row| row.since.left.to_string()),
    number("rule_changed", "rule changed", |row| {
        row.since.rule_changed.to_string()
    }),
    number("rule_removed", "rule removed", |row| {
        row.since.rule_removed.to_string()
    }),
    number("unknown", "unknown", |row| row.since.unknown.to_string()),
    number("overdue", "overdue", |row| row.since.overdue.to_string()),
    text("policies_changed", "policies changed", |row| {
        row.policies_changed.join("; ")
    }),
    text("oldest", "oldest finding", |row| {
        row.oldest.clone().unwrap_or_default()
    }),
    text("started", "started", |row| row.started.clone()),
    number("seconds", "seconds", |row| row.seconds.to_string()),
];

fn codes(row: &Row) -> String {
    let codes = row.incomplete_because.iter();
    let codes: Vec<&str> = codes.map(|code| (*code).into()).collect();
    codes.join("; ")
}

impl Column {
    /// Returns the columns that people see: those in which there is something.
    pub fn seen(nights: &[Row]) -> Vec<&'static Column> {
        let columns = COLUMNS.iter().filter(|column| {
            let mut values = nights.iter().map(column.value);
            column.is_always_shown || values.any(|value| !value.is_empty() && value != "0")
        });
        columns.collect()
    }
}

/// Writes the table for a person at a terminal.
///
/// # Errors
///
/// Those of the output.
pub fn write_text(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    let nights = &overview.nights;
    let columns = Column::seen(nights);
    let mut rows = vec![Vec::new(); nights.len() + 1];
    for column in &columns {
        let values = nights.iter().map(column.value);
        let titled = std::iter::once(column.title.to_owned()).chain(values);
        let cells: Vec<_> = titled
            .map(|text| escape_controls(&text).into_owned())
            .collect();
        let width = cells.iter().map(|cell| cell.chars().count()).max();
        let width = width.unwrap_or_default();
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.push(match column.is_number {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            });
        }
    }
    for row in rows {
        writeln!(out, "{}", row.join("  ").trim_end())?;
    }
    writeln!(out)?;
    let many = count(nights.len() as u64, "night", "nights");
    match (nights.first(), nights.last()) {
        (Some(first), Some(last)) if nights.len() > 1 => {
            let (first, last) = (time::show(first.as_of), time::show(last.as_of));
            writeln!(out, "{many}, from {first} to {last}")?;
        }
        _ => writeln!(out, "{many}")?,
    }
    for alarm in &overview.alarms {
        let (night, text) = (escape_controls(&alarm.night), escape_controls(&alarm.text));
        writeln!(out, "warning: {night}: {text}")?;
    }
    Ok(())
}

/// Writes the table as comma-separated values.
///
/// # Errors
///
/// Those of the output.
pub fn write_csv(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    csv.write_record(COLUMNS.iter().map(|column| column.name))?;
    for night in &overview.nights {
        csv.write_record(COLUMNS.iter().map(|column| (column.value)(night)))?;
    }
    csv.flush()
}

/// Writes the table, and what somebody should look at, as one JSON object.
///
/// # Errors
///
/// Those of the output.
pub fn write_json(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, overview)?;
    out.write_all(b"\n")
}
