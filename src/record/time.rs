//! How text and numbers are read as instants.

use crate::text::trim;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// An instant, and whether it was written as RFC 3339 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The instant.
    pub time: DateTime<Utc>,
    /// Read in good will: not RFC 3339.
    pub coerced: bool,
}

/// Numbers from here on count milliseconds: as seconds they would lie past the
/// year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// Reads RFC 3339 with any offset; also, as coerced: a blank for `T`, an
/// offset of hours only, ` UTC`, no zone (UTC), and a date alone (midnight
/// UTC). Blanks around it do not count.
pub fn read(text: &str) -> Option<Reading> {
    let text = trim(text);
    let (date, rest) = date(text.as_bytes())?;
    if rest.is_empty() {
        let time = date.and_hms_opt(0, 0, 0)?.and_utc();
        let coerced = true;
        return Some(Reading { time, coerced });
    }
    let (separator, rest) = rest.split_first()?;
    let blank = match separator {
        b'T' | b't' => false,
        b' ' => true,
        _ => return None,
    };
    let (time, rest) = clock(date, rest)?;
    let (offset, loose) = zone(rest)?;
    let time = match offset.is_zero() {
        true => time,
        false => time.checked_sub_signed(offset)?,
    };
    Some(Reading {
        time: time.and_utc(),
        coerced: blank || loose,
    })
}

/// Reads a number as seconds since 1970, or as milliseconds from 10^11 on.
pub fn read_epoch(number: &str) -> Option<Reading> {
    let time = match number.parse::<i64>() {
        Ok(count) if (count.unsigned_abs() as f64) < MILLISECONDS_FROM => {
            DateTime::from_timestamp(count, 0)?
        }
        Ok(count) => DateTime::from_timestamp_millis(count)?,
        Err(_) => fraction(number.parse().ok()?)?,
    };
    let coerced = true;
    Some(Reading { time, coerced })
}

fn fraction(count: f64) -> Option<DateTime<Utc>> {
    let milliseconds = if count.abs() < MILLISECONDS_FROM {
        count * 1e3
    } else {
        count
    };
    // Past this a float no longer tells one millisecond from the next.
    (milliseconds.abs() < 9e15)
        .then(|| DateTime::from_timestamp_micros((milliseconds * 1e3).round() as i64))?
}

/// The time, as every report writes it.
pub fn show(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// So many digits as a number, and what follows them.
#[inline(always)]
fn digits<const N: usize>(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<N>()?;
    let numbers = digits.map(|digit| digit.wrapping_sub(b'0'));
    let number = numbers
        .iter()
        .fold(0, |sum, one| sum * 10 + u32::from(*one));
    let all = numbers.iter().fold(true, |all, one| all & (*one < 10));
    all.then_some((number, rest))
}

/// Pairs of digits and what stands between them, eight bytes at once: where
/// `like` has the first of two zeros the number is, and elsewhere nothing of use.
#[inline(always)]
fn pairs(text: &[u8; 8], like: &[u8; 8]) -> Option<[u8; 8]> {
    // A digit becomes its number, and a separator zero.
    let found = u64::from_le_bytes(*text) ^ u64::from_le_bytes(*like);
    let most = like.map(|byte| if byte == b'0' { 0x7f - 9 } else { 0x7f });
    let sevens = u64::from_le_bytes([0x7f; 8]);
    let over = (found & sevens).wrapping_add(u64::from_le_bytes(most)) | found;
    let paired = found.wrapping_mul(10).wrapping_add(found >> 8);
    (over & !sevens == 0).then_some(paired.to_le_bytes())
}

fn date(text: &[u8]) -> Option<(NaiveDate, &[u8])> {
    let (date, rest) = text.split_first_chunk()?;
    let [century, _, year, _, _, month, ..] = pairs(date, b"0000-00-")?;
    let (day, rest) = digits::<2>(rest)?;
    let year = i32::from(century) * 100 + i32::from(year);
    let date = NaiveDate::from_ymd_opt(year, month.into(), day)?;
    Some((date, rest))
}

fn clock(date: NaiveDate, text: &[u8]) -> Option<(NaiveDateTime, &[u8])> {
    let (clock, rest) = text.split_first_chunk()?;
    let [hour, _, _, minute, _, _, second, _] = pairs(clock, b"00:00:00")?;
    let (hour, minute, second) = (hour.into(), minute.into(), second.into());
    let (nanos, rest) = match rest.strip_prefix(b".") {
        Some(rest) => nanoseconds(rest)?,
        None => (0, rest),
    };
    // A leap second is the start of the next: it has no place of its own.
    let (second, leap) = if second == 60 { (59, 1) } else { (second, 0) };
    let nanos = if leap == 1 { 0 } else { nanos };
    let time = date.and_hms_nano_opt(hour, minute, second, nanos)?;
    match leap {
        0 => Some((time, rest)),
        _ => Some((time.checked_add_signed(TimeDelta::seconds(leap))?, rest)),
    }
}

/// Any number of digits after the point; what is finer than a nanosecond is
/// cut off.
fn nanoseconds(text: &[u8]) -> Option<(u32, &[u8])> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at(length);
    if fraction.is_empty() {
        return None;
    }
    let nanos = fraction
        .iter()
        .chain([b'0'; 9].iter())
        .take(9)
        .fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Some((nanos, rest))
}

/// The offset east of UTC, and whether it is other than RFC 3339 writes it.
fn zone(text: &[u8]) -> Option<(TimeDelta, bool)> {
    match text {
        b"Z" | b"z" => return Some((TimeDelta::zero(), false)),
        b"" | b" UTC" => return Some((TimeDelta::zero(), true)),
        _ => {}
    }
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits::<2>(rest)?;
    let (minutes, loose) = match rest {
        b"" => (0, true),
        _ => match digits::<2>(rest.strip_prefix(b":")?)? {
            (minutes, b"") => (minutes, false),
            _ => return None,
        },
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let east = TimeDelta::minutes(i64::from(hours * 60 + minutes) * sign);
    Some((east, loose))
}

/// A length of time back from the instant of the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    count: u32,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Unit {
    Hours,
    Days,
    Weeks,
}

impl Span {
    /// Far more than any record's age, and far less than overflows a date.
    const MAX_DAYS: u32 = 1_000_000;

    /// Reads `90d`, `26w` or `12h`.
    pub fn read(text: &str) -> Option<Self> {
        let unit = match text.as_bytes().last()? {
            b'h' => Unit::Hours,
            b'd' => Unit::Days,
            b'w' => Unit::Weeks,
            _ => return None,
        };
        let count = text.get(..text.len() - 1)?;
        if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: u32 = count.parse().ok()?;
        (count <= Self::MAX_DAYS).then_some(Self { count, unit })
    }

    /// How many hours it is.
    pub fn hours(self) -> f64 {
        let hours = match self.unit {
            Unit::Hours => 1,
            Unit::Days => 24,
            Unit::Weeks => 7 * 24,
        };
        f64::from(self.count) * f64::from(hours)
    }

    /// The instant this long before another.
    pub fn before(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let earlier = match self.unit {
            Unit::Hours => time.checked_sub_signed(TimeDelta::hours(self.count.into())),
            Unit::Days => time.checked_sub_days(Days::new(self.count.into())),
            Unit::Weeks => time.checked_sub_days(Days::new(u64::from(self.count) * 7)),
        };
        earlier.unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    /// The instant this long after another.
    pub fn after(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let later = match self.unit {
            Unit::Hours => time.checked_add_signed(TimeDelta::hours(self.count.into())),
            Unit::Days => time.checked_add_days(Days::new(self.count.into())),
            Unit::Weeks => time.checked_add_days(Days::new(u64::from(self.count) * 7)),
        };
        later.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.unit {
            Unit::Hours => 'h',
            Unit::Days => 'd',
            Unit::Weeks => 'w',
        };
        write!(f, "{}{unit}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<(String, bool)> {
        read(text).map(|reading| (show(reading.time), reading.coerced))
    }

    #[test]
    fn rfc_3339_is_read_as_it_stands() {
        for (text, time) in [
            ("2020-04-09T18:14:30Z", "2020-04-09T18:14:30Z"),
            ("2020-04-09t18:14:30z", "2020-04-09T18:14:30Z"),
            ("2020-04-09T18:14:30.999Z", "2020-04-09T18:14:30.999Z"),
            ("2020-04-09T18:14:30+00:00", "2020-04-09T18:14:30Z"),
            ("2020-04-09T18:14:30-05:30", "2020-04-09T23:44:30Z"),
            ("2020-12-31T23:59:60Z", "2021-01-01T00:00:00Z"),
        ] {
            assert_eq!(shown(text), Some((time.to_owned(), false)), "{text}");
        }
    }

    #[test]
    fn looser_spellings_are_read_and_counted() {
        for (text, time) in [
            ("2016-04-14 21:23:21", "2016-04-14T21:23:21Z"),
            ("2020-04-09 18:14:30+00", "2020-04-09T18:14:30Z"),
            ("2020-04-09 18:14:30.5-04", "2020-04-09T22:14:30.500Z"),
            ("2020-04-09 18:14:30 UTC", "2020-04-09T18:14:30Z"),
            ("2020-04-09T18:14:30", "2020-04-09T18:14:30Z"),
            (" 2020-04-09 ", "2020-04-09T00:00:00Z"),
        ] {
            assert_eq!(shown(text), Some((time.to_owned(), true)), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_not_guessed() {
        for text in [
            "04/03/2019 10:20",
            "2020-04-09T18:14:30+0000",
            "2020-04-09T18:14",
            "2020-04-09T18:14:30\u{2212}05:00",
            "0000-00-00 00:00:00",
            "-infinity",
            "2020-02-30",
            "2020-04-09T24:00:00Z",
            "2020-04-09T18:14:30+24:00",
            "2020-04-09T18:14:30.Z",
            "12020-04-09",
            "1586456070",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_count_seconds_or_milliseconds() {
        let of = |number| read_epoch(number).map(|reading| show(reading.time));
        assert_eq!(of("0").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(of("1551694830").as_deref(), Some("2019-03-04T10:20:30Z"));
        assert_eq!(of("1551694830000").as_deref(), Some("2019-03-04T10:20:30Z"));
        assert_eq!(
            of("1551694830.5").as_deref(),
            Some("2019-03-04T10:20:30.500Z")
        );
        assert_eq!(of("1.551694830e9").as_deref(), Some("2019-03-04T10:20:30Z"));
        assert_eq!(of("1e999"), None);
        assert_eq!(of("99999999999999999999"), None);
    }

    #[test]
    fn spans_are_hours_days_and_weeks() {
        let noon = read("2026-01-15T12:00:00Z").expect("a time").time;
        let back = |text| Span::read(text).map(|span| show(span.before(noon)));
        assert_eq!(back("12h").as_deref(), Some("2026-01-15T00:00:00Z"));
        assert_eq!(back("15d").as_deref(), Some("2025-12-31T12:00:00Z"));
        assert_eq!(back("2w").as_deref(), Some("2026-01-01T12:00:00Z"));
        for text in [
            "",
            "d",
            "90",
            "90m",
            "-1d",
            "+1d",
            "1.5d",
            "90 d",
            "99999999999d",
        ] {
            assert_eq!(Span::read(text), None, "{text}");
        }
    }
}
