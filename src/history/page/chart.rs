//! Charts over time: points of lines, and bars, in a box of fixed units that any screen
//! stretches. What is written beside them is HTML, so that it is as large as other text.

use serde::Serialize;

use crate::history::overview::Row;
use crate::policy::Severity;
use crate::text::grouped;

/// The width of a chart, in its units.
const WIDTH: f64 = 1000.0;

/// The height of a chart, in its units.
const HEIGHT: f64 = 100.0;

/// The share of the width that a single night leaves free at each side.
const MARGIN: f64 = 10.0;

/// The largest number of nights of which each is a dot.
const MAX_DOTS: usize = 45;

/// Represents a chart.
#[derive(Serialize)]
pub struct Chart {
    title: &'static str,
    /// What it says, for whoever does not see it.
    words: String,
    /// The value at its top.
    top: String,
    /// The value at its bottom.
    bottom: String,
    /// How high zero is, if that is within it.
    zero: Option<String>,
    lines: Vec<Line>,
    bars: Vec<Bar>,
}

/// Represents a line, and its entry in the legend.
#[derive(Serialize)]
struct Line {
    /// Its class.
    sort: &'static str,
    name: &'static str,
    /// Its points; none, for what is drawn as bars.
    path: String,
    /// Its points, each alone, if there are few.
    dots: String,
    /// Its value in the newest night.
    last: String,
}

/// Represents a bar.
#[derive(Serialize)]
struct Bar {
    sort: &'static str,
    x: String,
    y: String,
    width: String,
    height: String,
}

type Values = (&'static str, &'static str, fn(&Row) -> u64);

/// Returns the charts of these nights; a chart of nothing is left out.
pub fn charts(nights: &[Row]) -> Vec<Chart> {
    let severities: &[Values] = &[
        ("critical", "critical", |row| row.of(Severity::Critical)),
        ("high", "high", |row| row.of(Severity::High)),
        ("medium", "medium", |row| row.of(Severity::Medium)),
        ("low", "low", |row| row.of(Severity::Low)),
        ("info", "info", |row| row.of(Severity::Info)),
    ];
    let bars: [Values; 2] = [
        ("new", "new", |row| row.since.new),
        ("fixed", "fixed", |row| row.since.fixed),
    ];
    let late: &[Values] = &[
        ("overdue", "overdue", |row| row.since.overdue),
        ("waived", "waived", |row| row.waived),
        ("unknown", "unknown", |row| row.since.unknown),
    ];
    let age: &[Values] = &[("oldest", "days", |row| row.oldest_days)];
    let charts = [
        lines("Findings by severity", nights, severities),
        diverging("New against fixed", nights, bars),
        lines("Overdue, waived and unknown", nights, late),
        lines("Age of the oldest finding, in days", nights, age),
    ];
    charts.into_iter().flatten().collect()
}

/// Returns where each night is: by its time.
fn places(nights: &[Row]) -> Vec<f64> {
    let seconds = |row: &Row| row.as_of.timestamp() as f64;
    let first = nights.first().map_or(0.0, seconds);
    let last = nights.last().map_or(0.0, seconds);
    let room = WIDTH - 2.0 * MARGIN;
    let place = |row: &Row| match last > first {
        true => MARGIN + room * (seconds(row) - first) / (last - first),
        false => WIDTH / 2.0,
    };
    nights.iter().map(place).collect()
}

fn lines(title: &'static str, nights: &[Row], all: &[Values]) -> Option<Chart> {
    let is_seen = |(_, _, value): &&Values| nights.iter().any(|row| value(row) > 0);
    let all: Vec<_> = all.iter().filter(is_seen).collect();
    let values = all
        .iter()
        .flat_map(|(_, _, value)| nights.iter().map(value));
    let most = values.max().filter(|most| *most > 0)?;
    let places = places(nights);
    let height = |value: u64| HEIGHT - HEIGHT * value as f64 / most as f64;
    let lines = all.iter().map(|(sort, name, value)| {
        let points = nights.iter().zip(&places);
        let points = points.map(|(row, x)| format!("{} {}", short(*x), short(height(value(row)))));
        let path: Vec<_> = points.collect();
        let dots = path.iter().map(|point| format!("M{point}h0"));
        Line {
            sort,
            name,
            dots: match nights.len() <= MAX_DOTS {
                true => dots.collect(),
                false => String::new(),
            },
            path: format!("M{}", path.join("L")),
            last: grouped(nights.last().map_or(0, value)),
        }
    });
    let lines: Vec<_> = lines.collect();
    Some(Chart {
        title,
        words: words(nights, &all),
        top: grouped(most),
        bottom: "0".to_owned(),
        zero: None,
        lines,
        bars: Vec::new(),
    })
}

/// Returns bars of which the first go up, and the others down.
fn diverging(title: &'static str, nights: &[Row], [up, down]: [Values; 2]) -> Option<Chart> {
    let most = |(_, _, value): &Values| nights.iter().map(value).max().unwrap_or_default();
    let (high, deep) = (most(&up), most(&down));
    let whole = (high + deep) as f64;
    if high + deep == 0 {
        return None;
    }
    let zero = HEIGHT * high as f64 / whole;
    let places = places(nights);
    let between = places.windows(2).map(|pair| pair[1] - pair[0]);
    let room = between.fold(WIDTH / 10.0, f64::min);
    let width = (room * 0.7).max(1.5);
    let mut bars = Vec::new();
    for (row, place) in nights.iter().zip(&places) {
        for ((sort, _, value), goes_up) in [(&up, true), (&down, false)] {
            let size = HEIGHT * value(row) as f64 / whole;
            if size > 0.0 {
                bars.push(Bar {
                    sort,
                    x: short(place - width / 2.0),
                    y: short(if goes_up { zero - size } else { zero }),
                    width: short(width),
                    height: short(size),
                });
            }
        }
    }
    let of = |(sort, name, value): &Values| Line {
        sort,
        name,
        path: String::new(),
        dots: String::new(),
        last: grouped(nights.last().map_or(0, value)),
    };
    Some(Chart {
        title,
        words: words(nights, &[&up, &down]),
        top: grouped(high),
        bottom: grouped(deep),
        zero: Some(short(zero)),
        lines: vec![of(&up), of(&down)],
        bars,
    })
}

/// Says what a chart shows: the first, the last and the most.
fn words(nights: &[Row], all: &[&Values]) -> String {
    let all = all.iter().map(|(_, name, value)| {
        let of = |row: Option<&Row>| grouped(row.map_or(0, value));
        let most = nights.iter().map(value).max().unwrap_or_default();
        let (first, last, most) = (of(nights.first()), of(nights.last()), grouped(most));
        format!("{name}: first {first}, last {last}, at most {most}")
    });
    all.collect::<Vec<_>>().join("; ")
}

/// Returns a number with one decimal at most: enough for any screen.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}
