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

/// Returns the keys of an object, in quotes, as far as it can be read: a key whose value
/// is cut may be another's.
fn keys(object: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = members(object).take_while(|member| member.end.is_some());
    whole.map(|member| member.key)
}

/// Holds a key of an object, and where its value is.
#[derive(Debug, Clone, Copy)]
pub struct Member<'o> {
    /// The key, in quotes, as it is written.
    pub key: &'o [u8],
    /// The byte of the object at which the value begins.
    pub value: usize,
    /// The byte after the value, unless it is cut or cannot be read.
    pub end: Option<usize>,
}

impl<'o> Member<'o> {
    /// Returns the key without its quotes, as it is written.
    pub fn name(&self) -> &'o str {
        let name = &self.key[1..self.key.len() - 1];
        std::str::from_utf8(name).unwrap_or_default()
    }
}

/// Returns the members of an object, as far as it can be read: the value of the last one
/// may be cut.
pub fn members(object: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut at = Some(1);
    std::iter::from_fn(move || {
        let start = skip_blanks(object, at?);
        let value = skip_key(object, start).ok()?;
        let key = &object[start..string(object, start).ok()?.end];
        let end = skip_value(object, value, 1).ok();
        at = end.map(|end| skip_blanks(object, end) + 1);
        Some(Member { key, value, end })
    })
}
