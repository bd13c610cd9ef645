//! Until when: the deadlines of findings by rule, and the waivers that accept some of them.

use std::collections::BTreeMap;
use std::io;

use chrono::{DateTime, Utc};

use crate::report::format::buffered::Report;
use crate::report::model::row::WaivedBy;
use crate::text::count;

/// Holds until when the findings of the page may be, as far as they say so.
#[derive(Default)]
pub struct Terms {
    /// Of each rule that has a finding with a deadline.
    by_rule: BTreeMap<usize, Deadline>,
    /// The waivers that accept findings, in the order of their ids.
    pub waivers: Vec<Accepted>,
}

/// Says by when findings are to be gone.
#[derive(Debug, Clone, Copy)]
struct Deadline {
    /// The earliest.
    due: DateTime<Utc>,
    /// How many of them it has come for.
    overdue: u64,
}

/// Holds a waiver, and what it accepts.
pub struct Accepted {
    pub waiver: WaivedBy<'static>,
    /// How many findings of each rule.
    pub findings: BTreeMap<usize, u64>,
}

impl Terms {
    /// Reads the findings of a page once, where some may have a term: those of a run that is
    /// compared with a night before, and those that are waived.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn of(report: &Report<'_>) -> io::Result<Self> {
        let is_compared = report.header.previous.is_some();
        let mut terms = Self::default();
        let mut waivers: BTreeMap<String, Accepted> = BTreeMap::new();
        let places = report.findings.places().iter();
        for place in places.filter(|place| is_compared || place.is_waived) {
            let row = report.findings.read(place)?;
            if let Some(life) = row.life
                && let Some(due) = life.due
            {
                let deadline = Deadline {
                    due,
                    overdue: u64::from(life.overdue),
                };
                let known = terms.by_rule.entry(place.rule_index);
                known
                    .and_modify(|known| *known = known.and(deadline))
                    .or_insert(deadline);
            }
            if let Some(waiver) = row.waiver {
                let id = waiver.id.to_string();
                let accepted = waivers.entry(id).or_insert_with(|| Accepted {
                    waiver,
                    findings: BTreeMap::new(),
                });
                *accepted.findings.entry(place.rule_index).or_default() += 1;
            }
        }
        terms.waivers = waivers.into_values().collect();
        Ok(terms)
    }

    /// Says by when the findings of these rules are to be gone, and how many of them are
    /// overdue; nothing, if none has a deadline.
    pub fn due(&self, rules: impl Iterator<Item = usize>) -> Option<(String, u64)> {
        let deadlines = rules.filter_map(|rule| self.by_rule.get(&rule)).copied();
        let Deadline { due, overdue } = deadlines.reduce(Deadline::and)?;
        let day = due.date_naive();
        let words = match overdue {
            0 => format!("due {day}"),
            overdue => format!(
                "{} overdue, the first since {day}",
                count(overdue, "finding", "findings")
            ),
        };
        Some((words, overdue))
    }
}

impl Deadline {
    /// Returns that of these findings and others.
    fn and(self, other: Self) -> Self {
        Self {
            due: self.due.min(other.due),
            overdue: self.overdue + other.overdue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_due_when_the_first_of_its_findings_is() {
        let day = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let of = |due: &str, overdue| Deadline {
            due: day(due),
            overdue,
        };
        let by_rule = [
            (0, of("2026-12-14T02:00:00Z", 0)),
            (1, of("2026-12-09T02:00:00Z", 0)),
            (2, of("2026-11-20T02:00:00Z", 3)),
        ];
        let terms = Terms {
            by_rule: by_rule.into(),
            waivers: Vec::new(),
        };
        let due = |rules: &[usize]| terms.due(rules.iter().copied());
        assert_eq!(due(&[0, 1, 7]), Some(("due 2026-12-09".to_owned(), 0)));
        let overdue = "3 findings overdue, the first since 2026-11-20";
        assert_eq!(due(&[0, 2]), Some((overdue.to_owned(), 3)));
        assert_eq!(due(&[7]), None);
    }
}
