//! Compares the first keys of objects, to distinguish a record from an object inside
//! of one.

use super::lexer::{skip_blanks, skip_key, skip_value, string};

/// Returns the first keys of the first record of an array, as they are written.
#[cfg(feature = "cli")] // files are cut
pub fn first_keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some(bracket) = memchr::memchr(b'[', bytes) else {
        return Vec::new();
    };
    let open = skip_blanks(bytes, bracket + 1);
    keys(&bytes[open..]).take(2).map(<[u8]>::to_vec).collect()
}

/// Returns how many of these keys an object begins with, from its first byte.
pub fn begins_with(object: &[u8], wanted: &[Vec<u8>]) -> usize {
    let alike = |(key, wanted): &(&[u8], &Vec<u8>)| key == wanted;
    keys(object).zip(wanted).take_while(alike).count()
}

/// Returns the keys of an object, in quotes, as far as it can be read.
fn keys(object: &[u8]) -> impl Iterator<Item = &[u8]> {
    members(object).filter_map(|(key, value)| {
        // A key whose value is cut may be another's.
        skip_value(object, value, 1).ok().map(|_| key)
    })
}

/// Returns the keys of an object, in quotes, with the bytes at which their values begin,
/// as far as it can be read: the last value may be cut.
pub fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    let mut at = Some(1);
    std::iter::from_fn(move || {
        let start = skip_blanks(object, at?);
        let value = skip_key(object, start).ok()?;
        let end = string(object, start).ok()?.end;
        at = skip_value(object, value, 1)
            .ok()
            .map(|end| skip_blanks(object, end) + 1);
        Some((&object[start..end], value))
    })
}
