//! What is new since the night before, in the words that formats have in common.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use strum::VariantArray as _;

use super::model::footer::Summary;
use super::model::header::Header;
use super::model::life::{Because, Doubt, End, Life, Listed, Since, SinceCounts, SinceOfRule};
use super::model::row::FindingRow;
use crate::policy::Severity;
use crate::record::time;
use crate::text::{count, escape_controls, grouped};

/// The largest number of rules that are named.
const MAX_RULES: usize = 3;

/// Holds what a report says of findings of one kind.
pub struct Line {
    /// The kind.
    pub name: &'static str,
    /// How many there are.
    pub number: u64,
    /// More of them; may be blank.
    pub words: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.number))?;
        match self.words.as_str() {
            "" => Ok(()),
            words => write!(f, ": {words}"),
        }
    }
}

/// Returns what the findings are compared with, if they are compared at all.
pub fn heading(header: &Header) -> Option<String> {
    let Some(previous) = header.previous.as_ref()? else {
        return Some("First night: there is nothing to compare with".to_owned());
    };
    let then = previous.as_of.parse().unwrap_or_default();
    let before = age(then, header.instant());
    let policies = match previous.changed_policies.as_slice() {
        [] => "same policies".to_owned(),
        changed => {
            let changed = changed.iter().map(|id| escape_controls(id));
            let changed: Vec<_> = changed.collect();
            format!("policies changed: {}", changed.join(", "))
        }
    };
    Some(format!(
        "Since {} ({before} before; {policies})",
        previous.as_of
    ))
}

/// Says that a report lists some of the findings alone, if it does.
pub fn bound(header: &Header) -> Option<String> {
    let listed = Listed::in_words(&header.listed);
    let is_bounded = !header.listed.is_empty();
    is_bounded
        .then(|| format!("Only findings that are {listed} are listed: what is counted is of all"))
}

/// Returns how long it is from one instant to a later one.
fn age(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let span: TimeDelta = to - from;
    let number = |number: i64| u64::try_from(number).unwrap_or_default();
    match (span.num_days(), span.num_hours()) {
        (1.., _) => count(number(span.num_days()), "day", "days"),
        (_, 1..) => count(number(span.num_hours()), "hour", "hours"),
        _ => count(number(span.num_minutes()), "minute", "minutes"),
    }
}

/// Returns what a report says of the findings of each kind, if they are compared with a
/// night before.
pub fn lines(header: &Header, summary: &Summary) -> Vec<Line> {
    let Some(counts) = &summary.since else {
        return Vec::new();
    };
    let rules = &summary.since_by_rule;
    let line = |name, number, words| Line {
        name,
        number,
        words,
    };
    let mut lines = vec![
        line("new", counts.new, why_new(rules)),
        line(
            "changed",
            counts.changed,
            by_severity(rules, |row| row.changed),
        ),
        line("open", counts.open, ages(header, counts, rules)),
        line("fixed", counts.fixed, other_ends(counts)),
    ];
    if counts.unknown > 0 {
        lines.push(line("unknown", counts.unknown, doubts(rules)));
    }
    lines
}

/// Counts findings by severity, the most severe first.
fn by_severity(rules: &[SinceOfRule], number: fn(&SinceOfRule) -> u64) -> String {
    let all = Severity::ALL.into_iter().rev();
    let counts = all.filter_map(|severity| {
        let of = rules.iter().filter(|row| row.severity == severity);
        let number: u64 = of.map(number).sum();
        (number > 0).then(|| format!("{} {severity}", grouped(number)))
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// Says how severe new findings are, and why they are new.
fn why_new(rules: &[SinceOfRule]) -> String {
    let why = Because::VARIANTS.iter().filter_map(|because| {
        let of = |row: &&SinceOfRule| row.because.get(because).copied().unwrap_or_default();
        let number: u64 = rules.iter().map(|row| of(&row)).sum();
        let why = match because {
            // They are open.
            Because::FirstRun => return None,
            Because::WaiverEnded => "whose waiver ended".to_owned(),
            Because::RuleNew => {
                let named = names(rules.iter().filter(|row| of(row) > 0));
                format!("by a new rule ({named})")
            }
            Because::RuleChanged => {
                let named = names(rules.iter().filter(|row| of(row) > 0));
                format!("by a changed rule ({named})")
            }
            Because::CustomerNew => "of new customers".to_owned(),
            Because::CustomerChanged => "of customers that changed".to_owned(),
        };
        (number > 0).then(|| format!("{} {why}", grouped(number)))
    });
    let why: Vec<_> = why.collect();
    let severities = by_severity(rules, |row| row.new);
    match why.is_empty() {
        true => severities,
        false => format!("{severities}: {}", why.join(", ")),
    }
}

/// Names the first rules.
fn names<'r>(rows: impl Iterator<Item = &'r SinceOfRule>) -> String {
    let names =
        rows.map(|row| escape_controls(&format!("{}/{}", row.policy, row.rule)).into_owned());
    let mut names: Vec<_> = names.collect();
    // A rule can have findings of two severities.
    names.dedup();
    if let Some(more @ 1..) = names.len().checked_sub(MAX_RULES) {
        names.truncate(MAX_RULES);
        names.push(format!("{} more", grouped(more as u64)));
    }
    names.join(", ")
}

/// Says how old the oldest finding is, and how many are overdue.
fn ages(header: &Header, counts: &SinceCounts, rules: &[SinceOfRule]) -> String {
    let mut words = Vec::new();
    let oldest = rules.iter().filter_map(|row| row.oldest).min();
    if let Some(oldest) = oldest.filter(|oldest| *oldest < header.instant()) {
        words.push(format!("oldest {}", age(oldest, header.instant())));
    }
    if counts.overdue > 0 {
        let overdue = format!("{} overdue", grouped(counts.overdue));
        // Those of a slice are not counted by severity.
        words.push(match by_severity(rules, |row| row.overdue).as_str() {
            "" => overdue,
            severities => format!("{overdue} ({severities})"),
        });
    }
    words.join("; ")
}

/// Counts findings that are not there any more, for another reason than that they are
/// fixed.
fn other_ends(counts: &SinceCounts) -> String {
    let ends = counts.ends().into_iter().filter_map(|(end, number)| {
        let name = match end {
            End::Fixed => return None,
            End::RuleChanged => "rule changed",
            End::Left => "left",
            End::Gone => "gone",
            End::RuleRemoved => "rule removed",
        };
        (number > 0).then(|| format!("{name} {}", grouped(number)))
    });
    ends.collect::<Vec<_>>().join(", ")
}

/// Says how so many findings of the night before had an end.
pub fn ended(end: End, number: u64) -> String {
    let number = grouped(number);
    match end {
        End::Fixed => format!("{number} fixed"),
        End::RuleChanged => format!("{number} closed by a changed rule"),
        End::Left => format!("{number} that the rule does not apply to any more"),
        End::Gone => format!("{number} gone with the customer"),
        End::RuleRemoved => format!("{number} of a removed rule"),
    }
}

/// Says why nothing is known of findings.
fn doubts(rules: &[SinceOfRule]) -> String {
    let mut all = BTreeMap::<Doubt, u64>::new();
    for (why, number) in rules.iter().flat_map(|row| &row.unknown) {
        *all.entry(*why).or_default() += number;
    }
    let doubts = all.into_iter().map(|(why, number)| {
        let why = match why {
            Doubt::RuleNotAsked => "whose rule was not asked",
            Doubt::CustomerNotRead => "whose customer was not read",
            Doubt::NotListed => "of which a report does not say what became",
            Doubt::NotDecided => "that could not be decided",
            Doubt::NoProof => "of which a pass is no proof",
        };
        format!("{} {why}", grouped(number))
    });
    doubts.collect::<Vec<_>>().join(", ")
}

/// Says in a word or two how a finding relates to the nights before.
pub fn state(life: &Life) -> String {
    let mut state = life.since.to_string();
    for (holds, word) in [(life.overdue, "overdue"), (life.reopened, "reopened")] {
        if holds {
            state = format!("{state}, {word}");
        }
    }
    state
}

/// Says the same, and why it is new or since when it is there.
pub fn history(life: &Life) -> String {
    let state = state(life);
    match (life.since, life.because) {
        (Since::New, Some(because)) => format!("{state}: {because}"),
        (Since::New | Since::Changed | Since::Open, _) => {
            format!("{state}, first seen {}", time::show(life.first_seen))
        }
    }
}

/// Says how a finding is listed, and how it relates to the nights before, if the run is
/// compared with one.
pub fn status(row: &FindingRow<'_>) -> String {
    match &row.life {
        Some(life) => format!("{} ({})", row.status, history(life)),
        None => row.status.to_string(),
    }
}

/// Returns the same as the heading and the lines, as names and values.
pub fn properties(
    header: &Header,
    summary: &Summary,
) -> impl Iterator<Item = (&'static str, String)> {
    let heading = heading(header).map(|heading| ("compared", heading));
    let bound = bound(header).map(|bound| ("listed", bound));
    let lines = lines(header, summary).into_iter();
    heading
        .into_iter()
        .chain(bound)
        .chain(lines.map(|line| (line.name, line.to_string())))
}

/// Says which findings a report has that has no room for all, after their number.
pub fn which_are_kept(header: &Header) -> &'static str {
    match header.previous {
        Some(_) => "that are new, changed or overdue, and after them the most severe",
        None => "most severe",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn words(name: &str) -> (u64, String) {
        let (header, footer) = fixture::compared();
        let lines = lines(&header, &footer.summary);
        let line = lines.into_iter().find(|line| line.name == name);
        line.map(|line| (line.number, line.words))
            .unwrap_or_default()
    }

    #[test]
    fn what_is_new_is_said_with_how_severe_it_is_and_why() {
        let said = "1 high, 1 low: 1 by a changed rule (pol/name), 1 of customers that changed";
        assert_eq!(words("new"), (2, said.to_owned()));
        assert_eq!(words("changed"), (1, "1 high".to_owned()));
        let said = "oldest 41 days; 2 overdue (1 high, 1 low)";
        assert_eq!(words("open"), (2, said.to_owned()));
        assert_eq!(words("fixed"), (3, "left 1, gone 2".to_owned()));
        let said = "1 whose customer was not read";
        assert_eq!(words("unknown"), (1, said.to_owned()));
    }

    #[test]
    fn the_night_before_is_named_with_what_is_another_since() {
        let (mut header, _) = fixture::compared();
        let of = |header: &Header| heading(header).expect("a heading");
        let said = "Since 2026-11-25T02:00:00Z (1 day before; same policies)";
        assert_eq!(of(&header), said);
        if let Some(Some(previous)) = &mut header.previous {
            previous.changed_policies = vec!["pol".to_owned(), "other".to_owned()];
            previous.as_of = "2026-11-25T23:00:00Z".to_owned();
        }
        let said = "Since 2026-11-25T23:00:00Z (3 hours before; policies changed: pol, other)";
        assert_eq!(of(&header), said);
        header.previous = Some(None);
        assert_eq!(of(&header), "First night: there is nothing to compare with");
        header.previous = None;
        assert_eq!(heading(&header), None);
    }

    #[test]
    fn a_headline_says_how_many_are_still_open() {
        let counts = SinceCounts {
            open: 1204,
            ..SinceCounts::default()
        };
        assert_eq!(counts.in_words(0), "0 new, 1,204 still open");
        let (_, footer) = fixture::compared();
        let said = footer.summary.since.map(|counts| counts.in_words(0));
        let all = "2 new, 1 changed, 2 still open, 2 overdue, 1 unknown";
        assert_eq!(said.as_deref(), Some(all));
    }

    #[test]
    fn only_the_first_rules_are_named() {
        let (_, footer) = fixture::compared();
        let row = &footer.summary.since_by_rule[0];
        let rows: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|rule| SinceOfRule {
                rule: rule.to_owned(),
                ..row.clone()
            })
            .into();
        assert_eq!(names(rows.iter()), "pol/a, pol/b, pol/c, 2 more");
    }
}
