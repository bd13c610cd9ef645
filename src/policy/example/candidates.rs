//! Values that checks on a field tell apart.

use chrono::{Days, TimeDelta, Timelike};

use super::sample::Sample;
use super::{automaton, networks};
use crate::policy::check::{Check, Literal, OtherTime};
use crate::record::time::{self, Span};
use crate::record::{FIELDS, Field, Kind};

/// Holds the values that a field may have.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    /// Those that people would write come first.
    pub(super) samples: Vec<Sample>,
    /// For any other value of the field the checks answer as they do for one of these.
    pub(super) complete: bool,
}

/// Returns what a field may hold: a value for each way in which the checks can
/// answer, nothing, and what is no value. So many `fields` are
/// compared with each other, of which these are the checks.
pub(super) fn candidates(field: &Field, checks: &[&Check], fields: usize) -> Candidates {
    let mut candidates = match field.kind {
        Kind::Flag => Candidates {
            samples: [true, false].map(Sample::Flag).into(),
            complete: true,
        },
        Kind::Text => texts(field, checks, fields),
        Kind::Number => numbers(checks),
        Kind::Time => times(checks),
        Kind::Networks => networks::lists(checks),
    };
    // Where nothing need be there, nothing is the plainest.
    let place = match checks.iter().all(|check| check.presence().is_some()) {
        true => 0,
        false => candidates.samples.len(),
    };
    candidates.samples.insert(place, Sample::Absent);
    candidates.samples.push(Sample::Object);
    candidates
}

/// Returns the values that a field is documented to have, if they are listed.
pub(in crate::policy) fn known_values(field: &Field) -> &'static [&'static str] {
    let spec = FIELDS.iter().find(|spec| spec.name == field.name);
    spec.map(|spec| spec.values).unwrap_or_default()
}

fn texts(field: &Field, checks: &[&Check], fields: usize) -> Candidates {
    let known = known_values(field).iter();
    let mut samples: Vec<_> = known
        .map(|value| Sample::Text((*value).to_owned()))
        .collect();
    let mut literal = checks.iter().flat_map(|check| check.literals());
    samples.extend(literal.next().map(|literal| Sample::Text(literal.show())));
    let walked = automaton::texts(checks.iter().copied(), fields);
    samples.extend(walked.samples);
    Candidates {
        samples,
        complete: walked.complete,
    }
}

/// Numbers at, between and beside those that checks compare with.
fn numbers(checks: &[&Check]) -> Candidates {
    let mut marks: Vec<String> = Vec::new();
    for check in checks {
        if let Check::AtLeast(number) | Check::AtMost(number) = check {
            marks.push(number.clone());
        }
        marks.extend(check.literals().iter().map(Literal::show));
    }
    // A float is exact for numbers this short.
    let complete = marks.iter().all(|mark| mark.len() <= 12);
    let mut sizes: Vec<f64> = marks.iter().filter_map(|mark| mark.parse().ok()).collect();
    sizes.sort_by(f64::total_cmp);
    let beside = sizes.iter().flat_map(|size| [size + 1.0, size - 1.0]);
    let between = sizes.windows(2).filter_map(|pair| match pair {
        [one, two] => Some((one + two) / 2.0),
        _ => None,
    });
    let mut samples: Vec<_> = beside.chain(between).map(|size| size.to_string()).collect();
    samples.splice(0..0, marks);
    samples.push("1".to_owned());
    Candidates {
        samples: samples.into_iter().map(Sample::Number).collect(),
        complete,
    }
}

/// Instants at and beside those that checks compare with, and as far from them as two
/// fields are to be apart.
fn times(checks: &[&Check]) -> Candidates {
    let mut marks = Vec::new();
    let mut spans = Vec::new();
    for check in checks {
        marks.extend(check.instants());
        spans.extend(span(check));
    }
    if marks.is_empty() {
        marks.extend(time::read("2024-01-01T00:00:00Z").map(|reading| reading.time));
    }
    let mut shifted = marks.clone();
    for by in &spans {
        shifted.extend(
            marks
                .iter()
                .flat_map(|mark| [by.before(*mark), by.after(*mark)]),
        );
    }
    let days = shifted.iter().flat_map(|mark| {
        let mark = mark.with_nanosecond(0).unwrap_or(*mark);
        let day = Days::new(1);
        [mark.checked_sub_days(day), mark.checked_add_days(day)]
    });
    let nanoseconds = shifted.iter().flat_map(|mark| {
        [0, -1, 1, -2, 2].map(|by| mark.checked_add_signed(TimeDelta::nanoseconds(by)))
    });
    let ends = [
        "2014-01-01T00:00:00Z",
        "2199-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
    ];
    let ends = ends.map(|end| time::read(end).map(|reading| reading.time));
    let all = days.chain(nanoseconds).chain(ends).flatten();
    Candidates {
        samples: all.map(|time| Sample::Text(time::show(time))).collect(),
        complete: true,
    }
}

fn span(check: &Check) -> Option<Span> {
    match check {
        Check::BeforeField(OtherTime { by, .. }) | Check::AfterField(OtherTime { by, .. }) => *by,
        Check::Present(_)
        | Check::Equals(_)
        | Check::NotEquals(_)
        | Check::In(_)
        | Check::NotIn(_)
        | Check::EqualsField(_)
        | Check::DiffersFrom(_)
        | Check::Matches(_)
        | Check::NotMatches(_)
        | Check::MinLength(_)
        | Check::MaxLength(_)
        | Check::AtLeast(_)
        | Check::AtMost(_)
        | Check::Before(_)
        | Check::After(_)
        | Check::OlderThan(_)
        | Check::NewerThan(_)
        | Check::WithinNext(_)
        | Check::Passed { .. }
        | Check::AnyAddress(_)
        | Check::MinPrefix { .. }
        | Check::MaxAddresses { .. }
        | Check::Within(_)
        | Check::Excludes(_)
        | Check::Covers(_)
        | Check::Public => None,
    }
}
