//! The page: the template, and what it is given.

use std::io::{self, Write};

use minijinja::value::Serde;
use minijinja::{Error, Value, context};
use serde::Serialize;

use super::chart::charts;
use crate::history::overview::{Overview, Row};
use crate::history::table::Column;
use crate::report::{Tool, site};
use crate::text::{count, grouped};

const TEMPLATE: &str = include_str!("page.html");

/// What the page has beside the style of every page.
const STYLE: &str = include_str!("page.css");

/// Represents a cell of the table.
#[derive(Serialize)]
struct Cell {
    text: String,
    is_number: bool,
    /// Whether there is nothing in it.
    is_zero: bool,
}

/// Says at the top of the page what the newest night came to.
#[derive(Serialize)]
struct Banner {
    /// Its class.
    kind: &'static str,
    word: String,
    line: String,
}

impl Banner {
    fn new(newest: &Row) -> Self {
        let all = newest.all();
        let kind = match (newest.complete, all) {
            (false, _) => "incomplete",
            (true, 0) => "pass",
            (true, _) => "findings",
        };
        let since = &newest.since;
        let changes = [
            ("new", since.new),
            ("changed", since.changed),
            ("fixed", since.fixed),
            ("gone", since.gone),
            ("overdue", since.overdue),
        ];
        let changes = changes.iter().filter(|(_, number)| *number > 0);
        let changes: Vec<_> = changes
            .map(|(name, number)| format!("{} {name}", grouped(*number)))
            .collect();
        let is_complete = match newest.complete {
            true => "The newest night is complete",
            false => "The newest night is not complete",
        };
        let changes = match changes.is_empty() {
            true => "nothing is new or fixed".to_owned(),
            false => changes.join(", "),
        };
        Self {
            kind,
            word: count(all, "finding", "findings"),
            line: format!("{is_complete}: {changes}."),
        }
    }
}

/// Writes the page.
///
/// # Errors
///
/// Those of the output.
pub fn write_page(overview: &Overview, out: &mut dyn Write) -> io::Result<()> {
    render(overview, &mut *out).map_err(io::Error::other)?;
    out.write_all(b"\n")
}

fn render(overview: &Overview, out: &mut dyn Write) -> Result<(), Error> {
    let mut environment = site::environment();
    environment.add_template("history.html", TEMPLATE)?;
    let nights = &overview.nights;
    let columns = Column::seen(nights);
    let cell = |column: &&Column, row: &Row| {
        let text = (column.value)(row);
        Cell {
            is_number: column.is_number,
            is_zero: text == "0",
            text: match (column.is_number, text.parse()) {
                (true, Ok(number)) => grouped(number),
                _ => text,
            },
        }
    };
    let rows = nights.iter().rev().map(|row| {
        let cells = columns.iter().map(|column| cell(column, row));
        cells.collect::<Vec<_>>()
    });
    let rows: Vec<_> = rows.collect();
    let titles = columns.iter().map(|column| Cell {
        text: column.title.to_owned(),
        is_number: column.is_number,
        is_zero: false,
    });
    let titles: Vec<_> = titles.collect();
    let style = [site::STYLE, STYLE].concat();
    let context = context! {
        tool => Value::from(Serde(Tool::this())),
        csp => site::content_policy(&style, None),
        css => Value::from_safe_string(style),
        banner => nights.last().map(|newest| Value::from(Serde(Banner::new(newest)))),
        nights => count(nights.len() as u64, "night", "nights"),
        first => nights.first().map(|row| row.night.clone()),
        last => nights.last().map(|row| row.night.clone()),
        alarms => Value::from(Serde(&overview.alarms)),
        charts => Value::from(Serde(charts(nights))),
        titles => Value::from(Serde(titles)),
        rows => Value::from(Serde(rows)),
    };
    let template = environment.get_template("history.html")?;
    template.render_captured_to(context, out).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_cannot_end_early() {
        assert!(!STYLE.contains("</") && STYLE.is_ascii());
    }
}
