//! Charts over time: points of lines, and bars, in a box of fixed units that any screen
//! stretches. What is written beside them is HTML, so that it is as large as other text.

use serde::Serialize;

use crate::history::overview::Row;
use crate::policy::Severity;
use crate::text::{count, grouped};

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
    /// The nights whose exports were not read whole, from top to bottom.
    unread: Vec<Bar>,
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
        // Where not all was read there seem to be fewer: no line goes there.
        lines(
            "Findings by severity",
            nights,
            |row| row.is_whole,
            severities,
        ),
        diverging("New against fixed", nights, bars),
        lines("Overdue, waived and unknown", nights, |_| true, late),
        lines("Age of the oldest finding, in days", nights, |_| true, age),
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

/// Returns how far a night is from the one beside it, at least.
fn room(places: &[f64]) -> f64 {
    let between = places.windows(2).map(|pair| pair[1] - pair[0]);
    between.fold(WIDTH / 10.0, f64::min)
}

/// Returns a bar from top to bottom for each night whose exports were not read whole.
fn unread(nights: &[Row], places: &[f64]) -> Vec<Bar> {
    let width = room(places).max(1.5);
    let unread = nights.iter().zip(places).filter(|(row, _)| !row.is_whole);
    let bar = |place: &f64| Bar {
        sort: "unread",
        x: short(place - width / 2.0),
        y: "0".to_owned(),
        width: short(width),
        height: short(HEIGHT),
    };
    unread.map(|(_, place)| bar(place)).collect()
}

/// Returns the entry of these nights in a legend.
fn unread_line(unread: &[Bar]) -> Option<Line> {
    (!unread.is_empty()).then(|| Line {
        sort: "unread",
        name: "not read whole",
        path: String::new(),
        dots: String::new(),
        last: count(unread.len() as u64, "night", "nights"),
    })
}

/// Returns lines through the nights that are fit for them.
fn lines(
    title: &'static str,
    nights: &[Row],
    is_fit: fn(&Row) -> bool,
    all: &[Values],
) -> Option<Chart> {
    let is_seen = |(_, _, value): &&Values| nights.iter().any(|row| value(row) > 0);
    let all: Vec<_> = all.iter().filter(is_seen).collect();
    let values = all
        .iter()
        .flat_map(|(_, _, value)| nights.iter().map(value));
    let most = values.max().filter(|most| *most > 0)?;
    let places = places(nights);
    let height = |value: u64| HEIGHT - HEIGHT * value as f64 / most as f64;
    let lines = all.iter().map(|(sort, name, value)| {
        let (mut path, mut dots, mut is_broken) = (String::new(), String::new(), true);
        for (row, x) in nights.iter().zip(&places) {
            if is_fit(row) {
                let point = format!("{} {}", short(*x), short(height(value(row))));
                path += if is_broken { "M" } else { "L" };
                path += &point;
                dots += &format!("M{point}h0");
            }
            is_broken = !is_fit(row);
        }
        if nights.len() > MAX_DOTS {
            dots.clear();
        }
        Line {
            sort,
            name,
            dots,
            path,
            last: grouped(nights.last().map_or(0, value)),
        }
    });
    let unread = unread(nights, &places);
    let lines: Vec<_> = lines.chain(unread_line(&unread)).collect();
    Some(Chart {
        title,
        words: words(nights, &all),
        top: grouped(most),
        bottom: "0".to_owned(),
        zero: None,
        unread,
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
    let width = (room(&places) * 0.7).max(1.5);
    let unread = unread(nights, &places);
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
        lines: [of(&up), of(&down)]
            .into_iter()
            .chain(unread_line(&unread))
            .collect(),
        unread,
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
