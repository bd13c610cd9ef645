//! How text and numbers are read as instants.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::epoch::{self, Epoch};
use super::field::Role;
use crate::text::trim;

/// An instant, and whether it was written as RFC 3339 asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The instant.
    pub time: DateTime<Utc>,
    /// Read in good will: not RFC 3339.
    pub coerced: bool,
}

/// Says what a field of times holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    /// The instant, unless it is what exporters write for none.
    pub time: Option<DateTime<Utc>>,
    /// It is not written as RFC 3339 asks.
    pub coerced: bool,
}

/// The days that exporters write for no time at all: the epochs of Unix, of spreadsheets,
/// of Go and C#, of SQL Server and of MySQL. Some are no days.
const ZEROS: [(i32, u32, u32); 6] = [
    (1970, 1, 1),
    (1, 1, 1),
    (0, 0, 0),
    (1899, 12, 30),
    (1900, 1, 0),
    (1753, 1, 1),
];

/// The year of the last of these days.
const LAST_ZERO: i32 = 1970;

/// The last year that is taken for one in which something happened.
const LAST_YEAR: i32 = 2200;

/// Reads RFC 3339 with any offset; also, as coerced: a blank for `T`, slashes in the date,
/// no seconds, an offset without its colon or minutes or after a blank, ` UTC`, no zone
/// (UTC), and a date alone (midnight UTC). Blanks around it do not count.
pub fn read(text: &str) -> Option<Reading> {
    let written = written(trim(text).as_bytes())?;
    written.is_day.then_some(Reading {
        time: written.time,
        coerced: written.coerced,
    })
}

/// Reads a text of a field: what [`read`] does, numbers that count from 1970, and RFC 2822.
#[inline(never)]
pub(super) fn read_field(text: &str, role: Role) -> Option<Held> {
    let text = trim(text);
    match written(text.as_bytes()) {
        Some(written) => {
            let is_zero = written.is_zero();
            held((!is_zero).then_some(written.time), written.coerced, role)
        }
        None => read_otherwise(text, role),
    }
}

#[cold]
fn read_otherwise(text: &str, role: Role) -> Option<Held> {
    match rfc_2822(text) {
        Some(time) => held(time, true, role),
        None => read_number(text, role),
    }
}

/// Reads a number of a field, which counts from 1970.
pub(super) fn read_number(number: &str, role: Role) -> Option<Held> {
    match (epoch::read(number)?, role) {
        (Epoch::Time(time), _) => held(Some(time), true, role),
        (Epoch::Zero, Role::Deleted) => held(None, true, role),
        (Epoch::Zero, Role::Plain | Role::Name | Role::Created) => None,
    }
}

/// Returns what a field holds, if an instant is one that it may hold.
#[inline(always)]
fn held(time: Option<DateTime<Utc>>, coerced: bool, role: Role) -> Option<Held> {
    let is_far = time.is_some_and(|time| time.naive_utc().year() > LAST_YEAR);
    match is_far && role != Role::Deleted {
        true => None,
        false => Some(Held { time, coerced }),
    }
}

/// Reads what mail and HTTP write; `Some(None)` is an exporter's zero.
fn rfc_2822(text: &str) -> Option<Option<DateTime<Utc>>> {
    // It names a month.
    if !text.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let local = DateTime::parse_from_rfc2822(text).ok()?;
    let day = local.date_naive();
    let mut time = local.to_utc();
    // A leap second is the start of the next, as in RFC 3339.
    if time.timestamp_subsec_nanos() >= 1_000_000_000 {
        time = DateTime::from_timestamp(time.timestamp().checked_add(1)?, 0)?;
    }
    let is_zero = is_zero(day.year(), day.month(), day.day()) || time == DateTime::UNIX_EPOCH;
    Some((!is_zero).then_some(time))
}

fn is_zero(year: i32, month: u32, day: u32) -> bool {
    ZEROS.contains(&(year, month, day))
}

/// Holds an instant as it is written.
struct Written {
    time: DateTime<Utc>,
    coerced: bool,
    /// The day is no later than the last that exporters write for none.
    may_be_zero: bool,
    /// It is one of these.
    is_zero_day: bool,
    /// The day is in the calendar.
    is_day: bool,
}

impl Written {
    #[inline(always)]
    fn is_zero(&self) -> bool {
        self.may_be_zero && (self.is_zero_day || self.time == DateTime::UNIX_EPOCH)
    }
}

#[inline(always)]
fn written(text: &[u8]) -> Option<Written> {
    let (day, rest) = date(text)?;
    let may_be_zero = day.year <= LAST_ZERO;
    let is_zero_day = may_be_zero && is_zero(day.year, day.month, day.day);
    let date = NaiveDate::from_ymd_opt(day.year, day.month, day.day);
    let is_day = date.is_some();
    // What is no day and stands for none may have an hour all the same.
    let date = date.or(is_zero_day.then_some(NaiveDate::default()))?;
    let (time, coerced) = match rest {
        [] => (date.and_hms_opt(0, 0, 0)?, true),
        [separator @ (b'T' | b't' | b' '), rest @ ..] => {
            let (time, rest, short) = clock(date, rest)?;
            let (offset, loose) = zone(rest)?;
            let time = match offset.is_zero() {
                true => time,
                false => time.checked_sub_signed(offset)?,
            };
            (time, *separator == b' ' || short || loose)
        }
        [..] => return None,
    };
    Some(Written {
        time: time.and_utc(),
        coerced: coerced || day.has_slashes,
        may_be_zero,
        is_zero_day,
        is_day,
    })
}

/// The days that are null in every field of times, as they are written.
pub fn zeros() -> impl Iterator<Item = String> {
    let days = ZEROS.iter();
    days.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

/// The time, as every report writes it.
pub fn show(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// An instant, which serializes as [`show`] writes it; those of whole seconds, which a report
/// has by the million, without the detour over a format.
#[derive(Debug, Clone, Copy)]
pub struct Shown(pub DateTime<Utc>);

impl serde::Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let date = self.0.date_naive();
        let (Ok(year), 0) = (u16::try_from(date.year()), self.0.timestamp_subsec_nanos()) else {
            return serializer.serialize_str(&show(self.0));
        };
        if year > 9999 {
            return serializer.serialize_str(&show(self.0));
        }
        let two = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        let mut text = *b"0000-00-00T00:00:00Z";
        let time = self.0.time();
        let parts = [
            (0, u32::from(year) / 100),
            (2, u32::from(year) % 100),
            (5, date.month()),
            (8, date.day()),
            (11, time.hour()),
            (14, time.minute()),
            (17, time.second()),
        ];
        for (at, number) in parts {
            text[at..at + 2].copy_from_slice(&two(number));
        }
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
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

/// Holds a date as it is written, in the calendar or not.
struct Day {
    year: i32,
    month: u32,
    day: u32,
    has_slashes: bool,
}

#[inline(always)]
fn date(text: &[u8]) -> Option<(Day, &[u8])> {
    let (date, rest) = text.split_first_chunk()?;
    let (paired, has_slashes) = match pairs(date, b"0000-00-") {
        Some(paired) => (paired, false),
        None => (pairs(date, b"0000/00/")?, true),
    };
    let [century, _, year, _, _, month, ..] = paired;
    let (day, rest) = digits::<2>(rest)?;
    let day = Day {
        year: i32::from(century) * 100 + i32::from(year),
        month: month.into(),
        day,
        has_slashes,
    };
    Some((day, rest))
}

/// Reads a time of day; whether its seconds are left out is the last that is returned.
#[inline(always)]
fn clock(date: NaiveDate, text: &[u8]) -> Option<(NaiveDateTime, &[u8], bool)> {
    let whole = text.split_first_chunk();
    let whole = whole.and_then(|(clock, rest)| Some((pairs(clock, b"00:00:00")?, rest)));
    let Some(([hour, _, _, minute, _, _, second, _], rest)) = whole else {
        let (time, rest) = clock_without_seconds(date, text)?;
        return Some((time, rest, true));
    };
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
        0 => Some((time, rest, false)),
        _ => {
            let time = time.checked_add_signed(TimeDelta::seconds(leap))?;
            Some((time, rest, false))
        }
    }
}

#[inline(never)]
fn clock_without_seconds(date: NaiveDate, text: &[u8]) -> Option<(NaiveDateTime, &[u8])> {
    let (hour, rest) = digits::<2>(text)?;
    let (minute, rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    // More digits would be a broken second.
    let ends = !rest.starts_with(b":");
    let time = ends.then(|| date.and_hms_opt(hour, minute, 0))??;
    Some((time, rest))
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
#[inline(always)]
fn zone(text: &[u8]) -> Option<(TimeDelta, bool)> {
    match text {
        b"Z" | b"z" => return Some((TimeDelta::zero(), false)),
        b"" | b" UTC" => return Some((TimeDelta::zero(), true)),
        _ => {}
    }
    let (apart, text) = match text.strip_prefix(b" ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits::<2>(rest)?;
    let (minutes, loose) = match rest {
        b"" => (0, true),
        _ => {
            let (rest, loose) = match rest.strip_prefix(b":") {
                Some(rest) => (rest, false),
                None => (rest, true),
            };
            match digits::<2>(rest)? {
                (minutes, b"") => (minutes, loose),
                _ => return None,
            }
        }
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let east = TimeDelta::minutes(i64::from(hours * 60 + minutes) * sign);
    Some((east, loose || apart))
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
    use proptest::prelude::*;

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
            ("2020-04-09T18:14:30+0000", "2020-04-09T18:14:30Z"),
            ("2020-04-09 18:14:30 +0000", "2020-04-09T18:14:30Z"),
            ("2020-04-09T18:14:30-0530", "2020-04-09T23:44:30Z"),
            (
                "2020-04-09 18:14:30.1234567 +02:00",
                "2020-04-09T16:14:30.123456700Z",
            ),
            ("2020-04-09T18:14", "2020-04-09T18:14:00Z"),
            ("2020-04-09T18:14Z", "2020-04-09T18:14:00Z"),
            ("2020-04-09 18:14+02:00", "2020-04-09T16:14:00Z"),
            ("2020/04/09", "2020-04-09T00:00:00Z"),
            ("2020/04/09 18:14:30", "2020-04-09T18:14:30Z"),
        ] {
            assert_eq!(shown(text), Some((time.to_owned(), true)), "{text}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_not_guessed() {
        for text in [
            "04/03/2019 10:20",
            "2020/04-09",
            "2020/4/9",
            "2020-04-09T18",
            "2020-04-09T18:14:",
            "2020-04-09T18:14:3",
            "2020-04-09T18:14.5Z",
            "2020-04-09T18:14:30  +00",
            "2020-04-09T18:14:30+000",
            "2020-04-09T18:14:30+00:0",
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
    fn a_field_of_times_is_read_in_the_spellings_of_exporters() {
        let of = |text| {
            let held = read_field(text, Role::Deleted)?;
            Some((held.time.map_or("zero".to_owned(), show), held.coerced))
        };
        for (text, time, coerced) in [
            ("2024-01-10T08:00:00Z", "2024-01-10T08:00:00Z", false),
            ("2024/01/10 08:00", "2024-01-10T08:00:00Z", true),
            ("1704873600", "2024-01-10T08:00:00Z", true),
            (" 1704873600.5 ", "2024-01-10T08:00:00.500Z", true),
            ("1704873600000000", "2024-01-10T08:00:00Z", true),
            (
                "Wed, 10 Jan 2024 08:00:00 GMT",
                "2024-01-10T08:00:00Z",
                true,
            ),
            ("10 Jan 2024 10:00:00 +0200", "2024-01-10T08:00:00Z", true),
            ("Wed, 10 Jan 2024 08:00 EST", "2024-01-10T13:00:00Z", true),
            (
                "Sat, 31 Dec 2016 23:59:60 GMT",
                "2017-01-01T00:00:00Z",
                true,
            ),
            ("9999-12-31", "9999-12-31T00:00:00Z", true),
        ] {
            assert_eq!(of(text), Some((time.to_owned(), coerced)), "{text}");
        }
        for (text, coerced) in [
            ("0001-01-01T00:00:00Z", false),
            ("0001-01-01 00:00:00+00", true),
            ("0001-01-01", true),
            ("0001-01-01T12:34:56.7-11:00", false),
            ("0000-00-00", true),
            ("0000-00-00 00:00:00", true),
            ("0000-00-00T00:00:00Z", false),
            ("0000/00/00", true),
            ("1970-01-01T00:00:00.000Z", false),
            ("1970-01-01T23:59:59+09:00", false),
            ("1969-12-31T19:00:00-05:00", false),
            ("1899-12-30", true),
            ("1899-12-30T00:00:00.000Z", false),
            ("1900-01-00", true),
            ("1753-01-01 00:00:00.000", true),
            ("Thu, 01 Jan 1970 00:00:00 GMT", true),
            ("Thu, 01 Jan 1970 09:00:00 +0900", true),
            ("Wed, 31 Dec 1969 19:00:00 -0500", true),
            ("0", true),
            ("0.0", true),
        ] {
            assert_eq!(of(text), Some(("zero".to_owned(), coerced)), "{text}");
        }
        for text in [
            "45301",
            "20240110",
            "-1704873600",
            "1/10/2024 8:00",
            "10-JAN-24 08.00.00 AM",
            "Tue, 10 Jan 2024 08:00:00 GMT",
            "Wed, 10 Jan 2024 08:00:00",
            "0000-00-00x",
            "0000-00-01",
            "1899-12-30T25:00:00Z",
            "1970-01-00",
            "yesterday",
            "infinity",
            "Jan",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(read("0000-00-00"), None);
    }

    #[test]
    fn only_a_deletion_may_be_0_or_lie_far_ahead() {
        for text in [
            "0",
            "9999-12-31T23:59:59Z",
            "2201-01-01",
            "7289654400",
            "99999999999",
            "7289654400000",
        ] {
            assert!(read_field(text, Role::Deleted).is_some(), "{text}");
            for role in [Role::Plain, Role::Created] {
                assert_eq!(read_field(text, role), None, "{text}");
            }
        }
        for text in [
            "2200-12-31T23:59:59Z",
            "2201-01-01T01:00:00+02:00",
            "7289654399",
        ] {
            assert!(read_field(text, Role::Created).is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_serializes_as_it_is_shown(
            seconds in -70_000_000_000..300_000_000_000i64,
            nanos in prop::sample::select(vec![0, 500_000_000, 1]),
        ) {
            let Some(time) = DateTime::from_timestamp(seconds, nanos) else {
                return Ok(());
            };
            let written = serde_json::to_value(Shown(time)).expect("memory");
            prop_assert_eq!(written, serde_json::Value::from(show(time)));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC{0,40}|[0-9TZ:+. /-]{0,30}") {
            let read = read(&text).map(|reading| reading.time);
            let held = read_field(&text, Role::Deleted);
            if let Some(time) = read {
                let held = held.expect("a field reads more than a policy");
                prop_assert!(held.time.is_none_or(|held| held == time));
            }
        }
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
