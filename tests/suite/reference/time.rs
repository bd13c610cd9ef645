//! How a point in time is written.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use regex::{Captures, Regex};
use serde_json::Number;

/// From here on a number counts milliseconds, not seconds.
const MILLISECONDS_FROM: f64 = 1e11;

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})",
        r"(?:[Tt ](?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})",
        r"(?:\.(?<fraction>[0-9]+))?",
        r"(?:Z|z| UTC|(?<sign>[+-])(?<east>[0-9]{2})(?::(?<past>[0-9]{2}))?)?",
        r")?$",
    ))
    .unwrap()
});

/// The instant that a text names.
pub fn from_text(text: &str) -> Option<DateTime<Utc>> {
    let parts = WRITTEN.captures(text.trim())?;
    let date = NaiveDate::from_ymd_opt(
        number(&parts, "year").try_into().ok()?,
        number(&parts, "month").try_into().ok()?,
        number(&parts, "day").try_into().ok()?,
    )?;
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
    midnight
        .checked_add_signed(since_midnight(&parts)?)?
        .checked_sub_signed(east_of_utc(&parts)?)
}

/// The instant that a number of seconds or milliseconds since 1970 names.
pub fn from_number(number: &Number) -> Option<DateTime<Utc>> {
    let count = number.as_f64()?;
    let whole = match number.as_i64() {
        Some(whole) => whole,
        None if count.abs() < 1e18 => count.floor() as i64,
        None => return None,
    };
    let part = if number.is_f64() {
        count - count.floor()
    } else {
        0.0
    };
    if count.abs() >= MILLISECONDS_FROM {
        DateTime::from_timestamp_millis(whole)?.checked_add_signed(nanoseconds(part * 1e6))
    } else {
        DateTime::from_timestamp(whole, 0)?.checked_add_signed(nanoseconds(part * 1e9))
    }
}

/// The length of time that `90d`, `26w` or `12h` names.
pub fn duration(text: &str) -> TimeDelta {
    let (count, unit) = text.split_at(text.len() - 1);
    let count: i64 = count.parse().unwrap();
    match unit {
        "h" => TimeDelta::hours(count),
        "d" => TimeDelta::days(count),
        "w" => TimeDelta::weeks(count),
        other => panic!("no unit is called `{other}`"),
    }
}

fn nanoseconds(count: f64) -> TimeDelta {
    TimeDelta::nanoseconds(count.round() as i64)
}

/// Second 60 is the one after second 59: it is the next minute's first.
fn since_midnight(parts: &Captures) -> Option<TimeDelta> {
    let (hour, minute) = (number(parts, "hour"), number(parts, "minute"));
    let second = number(parts, "second");
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let whole = TimeDelta::seconds(hour * 3600 + minute * 60 + second);
    whole.checked_add(&TimeDelta::nanoseconds(fraction(parts)))
}

fn fraction(parts: &Captures) -> i64 {
    let digits = parts.name("fraction").map_or("", |part| part.as_str());
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    nine.parse().unwrap()
}

fn east_of_utc(parts: &Captures) -> Option<TimeDelta> {
    let (hours, minutes) = (number(parts, "east"), number(parts, "past"));
    if hours > 23 || minutes > 59 {
        return None;
    }
    let east = TimeDelta::minutes(hours * 60 + minutes);
    let west = parts.name("sign").is_some_and(|sign| sign.as_str() == "-");
    Some(if west { -east } else { east })
}

/// A part that is not written counts as zero.
fn number(parts: &Captures, name: &str) -> i64 {
    parts
        .name(name)
        .map_or(0, |digits| digits.as_str().parse().unwrap())
}
