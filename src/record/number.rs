//! Numbers as they are written: compared digit by digit, so that none is rounded.

use std::cmp::Ordering;

/// Represents a decimal number, as exactly as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Number<'t> {
    negative: bool,
    /// The digits from the first to the last that is not 0, a point among them or not;
    /// none, if the number is 0.
    digits: &'t str,
    /// The power of ten of the first digit.
    magnitude: i64,
}

impl<'t> Number<'t> {
    /// Reads a number as JSON writes it: digits, perhaps with a sign, a fraction and an
    /// exponent. The caller knows that it is one.
    pub fn read_json(text: &'t str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        Self::read_mantissa(mantissa, exponent)
    }

    /// Reads decimal digits as text holds them, perhaps with a sign and a fraction.
    pub fn read_text(text: &'t str) -> Option<Self> {
        Self::read_mantissa(text, 0)
    }

    fn read_mantissa(text: &'t str, exponent: i64) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let are_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let is_zero = |c: char| matches!(c, '0' | '.');
        let kept = unsigned.trim_start_matches(is_zero);
        let first = unsigned.len() - kept.len();
        let digits = match unsigned.contains('.') {
            true => kept.trim_end_matches(is_zero),
            false => kept.trim_end_matches('0'),
        };
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits,
                magnitude: 0,
            });
        }
        let power = match first < whole.len() {
            true => (whole.len() - first - 1) as i64,
            false => -((first - whole.len()) as i64),
        };
        Some(Self {
            negative,
            digits,
            magnitude: power.saturating_add(exponent),
        })
    }

    fn significant(self) -> impl Iterator<Item = u8> + use<'t> {
        self.digits.bytes().filter(u8::is_ascii_digit)
    }

    fn cmp_size(self, other: Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                let magnitude = self.magnitude.cmp(&other.magnitude);
                magnitude.then_with(|| self.significant().cmp(other.significant()))
            }
        }
    }
}

/// Reads the power of ten of a number; one beyond counting is the most or the least
/// that can be counted.
fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(['+', '-']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let beyond = match text.starts_with('-') {
        true => i64::MIN,
        false => i64::MAX,
    };
    is_number.then(|| text.parse().unwrap_or(beyond))
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_size(*other),
            (true, true) => other.cmp_size(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> Number<'_> {
        Number::read_json(text).expect("a number")
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for same in [
            ["1", "1.0"],
            ["100", "1e2"],
            ["0.001", "1E-3"],
            ["-0", "0.00"],
            ["12.50", "125e-1"],
            ["10", "10.00"],
            ["0e999", "0"],
        ] {
            assert_eq!(json(same[0]), json(same[1]), "{same:?}");
        }
    }

    #[test]
    fn no_digit_is_rounded_away() {
        assert!(json("9007199254740993") > json("9007199254740992"));
        assert!(json("0.10000000000000000001") > json("0.1"));
        assert!(json("1e400") > json("9e399"));
        assert!(json("-1e400") < json("-9e399"));
    }

    #[test]
    fn text_that_is_no_decimal_number_is_none() {
        for odd in [
            "", "-", "+1", "1.", ".5", "1e3", "0x10", "1,000", "١", "1 000",
        ] {
            assert!(Number::read_text(odd).is_none(), "{odd}");
        }
        assert_eq!(Number::read_text("007"), Some(json("7")));
    }

    proptest! {
        #[test]
        fn numbers_are_ordered_as_integers_are(one: i32, two: i32, tens in 0u32..3) {
            let scaled = |number: i32| i64::from(number) * 10i64.pow(tens);
            let (a, b) = (scaled(one).to_string(), scaled(two).to_string());
            prop_assert_eq!(json(&a).cmp(&json(&b)), one.cmp(&two));
            let fraction = |number: i32| format!("{number}e-{tens}");
            let (a, b) = (fraction(one), fraction(two));
            prop_assert_eq!(json(&a).cmp(&json(&b)), one.cmp(&two));
        }
    }
}
