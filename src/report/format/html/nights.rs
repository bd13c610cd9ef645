//! What the page says of the night before.

use serde::Serialize;

use crate::report::format::buffered::Report;
use crate::report::model::life::{Life, Since};
use crate::report::since;

/// Says what is new since the night before.
#[derive(Serialize)]
pub struct WhatIsNew {
    heading: String,
    lines: Vec<Line>,
}

/// Counts the findings of a kind.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    number: u64,
    words: String,
}

impl WhatIsNew {
    /// Returns what is new, if the run is compared with a night before.
    pub fn new(report: &Report<'_>) -> Option<Self> {
        let heading = since::heading(report.header)?;
        let lines = since::lines(report.header, &report.footer.summary).into_iter();
        let lines = lines.map(|line| Line {
            name: line.name,
            number: line.number,
            words: line.words,
        });
        Some(Self {
            heading,
            lines: lines.collect(),
        })
    }
}

/// Says how a finding relates to the nights before.
#[derive(Serialize)]
pub struct State {
    since: Since,
    overdue: bool,
    /// Why it is new, since when it is there, and until when it may be.
    words: Vec<String>,
}

impl State {
    pub fn new(life: &Life) -> Self {
        let mut words = match (life.since, life.because) {
            (Since::New, Some(because)) => vec![because.to_string()],
            (Since::New | Since::Changed | Since::Open, _) => Vec::new(),
        };
        if life.reopened {
            words.push("reopened".to_owned());
        }
        words.push(format!("first seen {}", life.first_seen.date_naive()));
        if let Some(due) = life.due {
            words.push(format!("due {}", due.date_naive()));
        }
        Self {
            since: life.since,
            overdue: life.overdue,
            words,
        }
    }
}
