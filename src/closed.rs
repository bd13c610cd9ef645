//! Texts of which only some are right, as a program wrote them: digests, instants and
//! words. Whatever else is in their place is refused while it is read.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::{Deserialize, Deserializer, Error};
use strum::VariantArray;

/// How many bytes a digest has of which a report shows the first half.
const HALF: usize = 16;

/// The longest that a word is.
const MAX_WORD: usize = 32;

/// Reads a SHA-256.
///
/// # Errors
///
/// It is something else.
pub fn sha256<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    hex(String::deserialize(text)?, 2 * HALF)
}

/// Reads a SHA-256, or null.
///
/// # Errors
///
/// It is something else.
pub fn maybe_sha256<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(text)?;
    text.map(|text| hex(text, 2 * HALF)).transpose()
}

/// Reads a fingerprint: the first half of a SHA-256.
///
/// # Errors
///
/// It is something else.
pub fn fingerprint<'de, D: Deserializer<'de>, T: From<String>>(text: D) -> Result<T, D::Error> {
    hex(String::deserialize(text)?, HALF).map(T::from)
}

/// Reads a fingerprint, or null.
///
/// # Errors
///
/// It is something else.
pub fn maybe_fingerprint<'de, D: Deserializer<'de>, T: From<String>>(
    text: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(text)?;
    text.map(|text| hex(text, HALF).map(T::from)).transpose()
}

/// Returns the text if it is so many bytes in lower-case hexadecimal digits.
fn hex<E: Error>(text: String, bytes: usize) -> Result<String, E> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match text.len() == 2 * bytes && text.bytes().all(is_digit) {
        true => Ok(text),
        false => Err(E::custom(format!(
            "`{text}` is not a digest of {} hexadecimal digits",
            2 * bytes
        ))),
    }
}

/// Reads an instant of RFC 3339, and returns it as every report writes it.
///
/// # Errors
///
/// It is something else.
pub fn instant<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    let text = String::deserialize(text)?;
    match DateTime::parse_from_rfc3339(&text) {
        Ok(time) => {
            let time = time.with_timezone(&Utc);
            Ok(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        }
        Err(_) => Err(D::Error::custom(format!(
            "`{text}` is not a time as 2026-01-31T00:00:00Z"
        ))),
    }
}

/// Reads a value that is there, null or not.
///
/// # Errors
///
/// It is something else.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Reads a word: lower-case letters, digits and `-`.
///
/// # Errors
///
/// It is something else.
pub fn word<'de, D: Deserializer<'de>, T: From<String>>(text: D) -> Result<T, D::Error> {
    let text = String::deserialize(text)?;
    let is_plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-');
    match (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(is_plain) {
        true => Ok(text.into()),
        false => Err(D::Error::custom(format!(
            "`{text}` is not a word of lower-case letters"
        ))),
    }
}

/// Reads the name of a variant of an enum, or null.
///
/// # Errors
///
/// It is something else.
pub fn maybe_name<'de, D, T>(text: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
    T: VariantArray + Copy + Into<&'static str>,
{
    let text = Option::<String>::deserialize(text)?;
    text.map(|text| named::<T, _>(text)).transpose()
}

/// Reads the name of a variant of an enum.
///
/// # Errors
///
/// It is something else.
pub fn name<'de, D, T>(text: D) -> Result<String, D::Error>
where
    D: Deserializer<'de>,
    T: VariantArray + Copy + Into<&'static str>,
{
    named::<T, _>(String::deserialize(text)?)
}

fn named<T: VariantArray + Copy + Into<&'static str>, E: Error>(text: String) -> Result<String, E> {
    let names = T::VARIANTS.iter().map(|variant| (*variant).into());
    let names: Vec<&str> = names.collect();
    match names.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(E::custom(format!(
            "`{text}` is none of {}",
            names.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn text(text: &str) -> StrDeserializer<'_, Error> {
        text.into_deserializer()
    }

    #[test]
    fn a_digest_is_all_its_digits_and_nothing_else() {
        let whole = "0123456789abcdef".repeat(4);
        assert_eq!(sha256(text(&whole)), Ok(whole.clone()));
        assert_eq!(
            fingerprint::<_, String>(text(&whole[..32])),
            Ok(whole[..32].to_owned())
        );
        for wrong in [
            "",
            &whole[1..],
            &whole.to_uppercase(),
            &whole.replace('0', "\u{9b}"),
        ] {
            assert!(sha256(text(wrong)).is_err(), "{wrong}");
            assert!(fingerprint::<_, String>(text(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_is_one_of_rfc_3339_and_is_shown_in_utc() {
        for (written, shown) in [
            ("2026-01-31T00:00:00Z", Some("2026-01-31T00:00:00Z")),
            (
                "2026-01-31T01:30:00.5+01:30",
                Some("2026-01-31T00:00:00.500Z"),
            ),
            ("2026-01-31", None),
            ("2026-02-30T00:00:00Z", None),
            ("2026-01-31T00:00:00Z\u{9b}31m", None),
            ("", None),
        ] {
            assert_eq!(instant(text(written)).ok().as_deref(), shown, "{written}");
        }
    }

    #[test]
    fn a_word_is_short_and_plain() {
        for (written, right) in [
            ("json", true),
            ("a-1", true),
            ("", false),
            ("A", false),
            ("a b", false),
            ("\u{9b}31m", false),
            (&"a".repeat(33), false),
        ] {
            assert_eq!(word::<_, String>(text(written)).is_ok(), right, "{written}");
        }
    }
}
