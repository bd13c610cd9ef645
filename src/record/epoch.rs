//! Numbers that count from the epoch: which unit they count in is known by how many
//! they are.

use chrono::{DateTime, Utc};

/// Says what a number is as an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// 0, which most exporters that write it mean as nothing.
    Zero,
    /// An instant.
    Time(DateTime<Utc>),
}

/// The units, the finest first: from which count on a number is taken for one, and how
/// many of its decimals make a nanosecond. As seconds 10^11 would lie past the year 5138,
/// and anything less than 10^9 is before 2001: a day of a spreadsheet, or digits of a date.
const UNITS: [(u128, i64); 4] = [
    (10u128.pow(17), 0),
    (10u128.pow(14), 3),
    (10u128.pow(11), 6),
    (10u128.pow(9), 9),
];

/// How many digits of a number count: what follows is finer than a nanosecond, or lies
/// past every date.
const MAX_DIGITS: usize = 30;

/// Reads a number, as JSON writes it, as so many seconds, milliseconds, microseconds or
/// nanoseconds since 1970; what is finer than a nanosecond is cut off.
pub(super) fn read(number: &str) -> Option<Epoch> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (mantissa, ""),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    let mut digits = unsigned.bytes().chain(fraction.bytes());
    if unsigned.is_empty() || !digits.all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = unsigned.bytes().chain(fraction.bytes());
    let significant = significant.skip_while(|digit| *digit == b'0');
    let (mut count, mut read) = (0u128, 0);
    for digit in significant.clone().take(MAX_DIGITS) {
        count = count * 10 + u128::from(digit - b'0');
        read += 1;
    }
    if count == 0 {
        return Some(Epoch::Zero);
    }
    let cut = i64::try_from(significant.count() - read).ok()?;
    let scale = i64::from(exponent) - i64::try_from(fraction.len()).ok()? + cut;
    let (_, decimals) = UNITS
        .into_iter()
        .find(|(from, _)| shift(count, scale).is_none_or(|whole| whole >= *from))?;
    let is_negative = whole.len() > unsigned.len();
    let nanoseconds = shift(count, scale + decimals).filter(|_| !is_negative)?;
    let seconds = i64::try_from(nanoseconds / 10u128.pow(9)).ok()?;
    let rest = u32::try_from(nanoseconds % 10u128.pow(9)).ok()?;
    DateTime::from_timestamp(seconds, rest).map(Epoch::Time)
}

/// Moves the point of a number to the right; nothing, if that is more than can be held.
fn shift(count: u128, places: i64) -> Option<u128> {
    let power = u32::try_from(places.unsigned_abs()).unwrap_or(u32::MAX);
    let power = 10u128.checked_pow(power);
    match (places < 0, power) {
        (true, Some(power)) => Some(count / power),
        (true, None) => Some(0),
        (false, power) => count.checked_mul(power?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::time::show;

    fn shown(number: &str) -> Option<String> {
        match read(number)? {
            Epoch::Zero => Some("zero".to_owned()),
            Epoch::Time(time) => Some(show(time)),
        }
    }

    #[test]
    fn numbers_count_in_the_unit_that_makes_them_a_likely_time() {
        for (number, time) in [
            ("1000000000", "2001-09-09T01:46:40Z"),
            ("1551694830", "2019-03-04T10:20:30Z"),
            ("99999999999", "5138-11-16T09:46:39Z"),
            ("100000000000", "1973-03-03T09:46:40Z"),
            ("1551694830000", "2019-03-04T10:20:30Z"),
            ("99999999999999", "5138-11-16T09:46:39.999Z"),
            ("100000000000000", "1973-03-03T09:46:40Z"),
            ("1551694830000000", "2019-03-04T10:20:30Z"),
            ("99999999999999999", "5138-11-16T09:46:39.999999Z"),
            ("100000000000000000", "1973-03-03T09:46:40Z"),
            ("1551694830000000000", "2019-03-04T10:20:30Z"),
            ("1551694830.5", "2019-03-04T10:20:30.500Z"),
            ("1551694830.123456789", "2019-03-04T10:20:30.123456789Z"),
            ("1551694830.1234567899", "2019-03-04T10:20:30.123456789Z"),
            ("1551694830123.25", "2019-03-04T10:20:30.123250Z"),
            ("1551694830123456.789", "2019-03-04T10:20:30.123456789Z"),
            ("1.551694830e9", "2019-03-04T10:20:30Z"),
            ("1551694830E3", "2019-03-04T10:20:30Z"),
            (
                "1551694830.000000000000000000000000000001",
                "2019-03-04T10:20:30Z",
            ),
            ("0", "zero"),
            ("-0.00", "zero"),
            ("0e999", "zero"),
        ] {
            assert_eq!(shown(number).as_deref(), Some(time), "{number}");
        }
    }

    #[test]
    fn numbers_of_which_the_unit_is_not_known_are_no_times() {
        for number in [
            "",
            "-",
            "1",
            "45301",
            "45301.333333333336",
            "20240110",
            "999999999",
            "999999999.999",
            "-1551694830",
            "1e999",
            "1e-999",
            "+1551694830",
            "1551694830.",
            ".5e10",
            "1551694830x",
            "1_551_694_830",
            "1e99999999999",
            "1e",
            "99999999999999999999999999999999999999999",
        ] {
            assert_eq!(shown(number), None, "{number}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_the_same_in_every_unit(seconds in 1_000_000_000i64..7_000_000_000, part in 0u32..1_000_000_000) {
            let time = DateTime::from_timestamp(seconds, part).expect("a time");
            let nanoseconds = format!("{seconds}{part:09}");
            for point in [9, 6, 3] {
                let (whole, fraction) = nanoseconds.split_at(nanoseconds.len() - point);
                let number = format!("{whole}.{fraction}");
                prop_assert_eq!(read(&number), Some(Epoch::Time(time)), "{}", number);
            }
            prop_assert_eq!(read(&nanoseconds), Some(Epoch::Time(time)));
        }
    }
}
