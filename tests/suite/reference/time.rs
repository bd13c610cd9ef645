//! How a point in time is written.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use regex::{Captures, Regex};

/// What a time field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Instant(DateTime<Utc>),
    /// What some exporter writes where there is no time.
    Zero,
    /// The number 0.
    Nought,
}

/// Days that exporters write where there is none.
const ZEROS: [(i64, i64, i64); 6] = [
    (0, 0, 0),
    (1, 1, 1),
    (1753, 1, 1),
    (1899, 12, 30),
    (1900, 1, 0),
    (1970, 1, 1),
];

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?<year>[0-9]{4})(?:-(?<month>[0-9]{2})-|/(?<month_too>[0-9]{2})/)(?<day>[0-9]{2})",
        r"(?:[Tt ](?<hour>[0-9]{2}):(?<minute>[0-9]{2})",
        r"(?::(?<second>[0-9]{2})(?:\.(?<fraction>[0-9]+))?)?",
        r"(?:Z|z| UTC| ?(?<sign>[+-])(?<east>[0-9]{2})(?::?(?<past>[0-9]{2}))?)?",
        r")?$",
    ))
    .unwrap()
});

static MAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?<weekday>[A-Z][a-z]{2}), )?(?<day>[0-9]{1,2}) (?<name>[A-Z][a-z]{2}) ",
        r"(?<year>[0-9]{4}) (?<hour>[0-9]{2}):(?<minute>[0-9]{2})(?::(?<second>[0-9]{2}))? ",
        r"(?:GMT|(?<sign>[+-])(?<east>[0-9]{2})(?<past>[0-9]{2}))$",
    ))
    .unwrap()
});

static DECIMAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?<sign>-)?(?<whole>[0-9]+)(?:\.(?<part>[0-9]+))?(?:[eE](?<power>[+-]?[0-9]+))?$")
        .unwrap()
});

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What a text says.
pub fn from_text(text: &str) -> Option<Written> {
    let text = text.trim();
    iso(text)
        .or_else(|| mail(text))
        .or_else(|| from_number(text))
}

/// The instant that a policy names.
pub fn of_policy(text: &str) -> Option<DateTime<Utc>> {
    let parts = WRITTEN.captures(text.trim())?;
    instant(&parts, date(&parts)?)
}

fn iso(text: &str) -> Option<Written> {
    let parts = WRITTEN.captures(text)?;
    let (year, month, day) = (number(&parts, "year"), month(&parts), number(&parts, "day"));
    if ZEROS.contains(&(year, month, day)) {
        // The time of day must be one, whatever the day is.
        instant(&parts, NaiveDate::from_ymd_opt(2000, 1, 1)?)?;
        return Some(Written::Zero);
    }
    let instant = instant(&parts, date(&parts)?)?;
    Some(unless_epoch(instant))
}

fn mail(text: &str) -> Option<Written> {
    let parts = MAIL.captures(text)?;
    let name = parts.name("name")?.as_str();
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let (year, day) = (number(&parts, "year"), number(&parts, "day"));
    let month = u32::try_from(month).ok()?;
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day.try_into().ok()?)?;
    let weekday = date.format("%a").to_string();
    if parts
        .name("weekday")
        .is_some_and(|said| said.as_str() != weekday)
    {
        return None;
    }
    let instant = instant(&parts, date)?;
    match ZEROS.contains(&(year, i64::from(month), day)) {
        true => Some(Written::Zero),
        false => Some(unless_epoch(instant)),
    }
}

fn unless_epoch(instant: DateTime<Utc>) -> Written {
    match instant == DateTime::UNIX_EPOCH {
        true => Written::Zero,
        false => Written::Instant(instant),
    }
}

fn date(parts: &Captures) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        number(parts, "year").try_into().ok()?,
        month(parts).try_into().ok()?,
        number(parts, "day").try_into().ok()?,
    )
}

fn month(parts: &Captures) -> i64 {
    number(parts, "month") + number(parts, "month_too")
}

fn instant(parts: &Captures, date: NaiveDate) -> Option<DateTime<Utc>> {
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc();
    midnight
        .checked_add_signed(since_midnight(parts)?)?
        .checked_sub_signed(east_of_utc(parts)?)
}

/// The instant that a number of seconds since 1970 names or, as its digits before
/// the point are more, of milliseconds, microseconds or nanoseconds.
pub fn from_number(decimal: &str) -> Option<Written> {
    let parts = DECIMAL.captures(decimal)?;
    let text = |name| parts.name(name).map_or("", |part| part.as_str());
    let digits = format!("{}{}", text("whole"), text("part"));
    if digits.chars().all(|digit| digit == '0') {
        return Some(Written::Nought);
    }
    let power: i64 = text("power").trim_start_matches('+').parse().unwrap_or(0);
    let point = i64::try_from(text("whole").len()).ok()? + power;
    if text("sign") == "-" || !(1..=40).contains(&point) {
        return None;
    }
    let point = usize::try_from(point).ok()?;
    let padded = format!("{digits:0<60}");
    let (whole, part) = padded.split_at(point);
    let whole = whole.trim_start_matches('0');
    let unit = match whole.len() {
        10 | 11 => 9,
        12..=14 => 6,
        15..=17 => 3,
        18.. => 0,
        _ => return None,
    };
    let nanoseconds: i128 = format!("{whole}{}", &part[..unit]).parse().ok()?;
    let seconds = i64::try_from(nanoseconds / 1_000_000_000).ok()?;
    let rest = u32::try_from(nanoseconds % 1_000_000_000).ok()?;
    DateTime::from_timestamp(seconds, rest).map(Written::Instant)
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
