//! Finds the ends of JSON values, and says why there is none.
//!
//! Every byte is looked at once: what nobody asks for is checked, not kept.

use std::borrow::Cow;

use crate::export::format::MAX_DEPTH;
use crate::export::simd;

/// Where a text stops to be a JSON value, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The byte of the text at which it shows.
    pub at: usize,
    /// What is wrong there.
    pub what: Flaw,
}

/// What is wrong with a text that should be a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The text ends inside the value.
    Incomplete,
    /// The text is not JSON: this would be.
    Expected(&'static str),
    /// The value nests deeper than `MAX_DEPTH`.
    TooDeep,
}

/// Returns a fault as the error of any result.
pub fn fault<T>(at: usize, what: Flaw) -> Result<T, Fault> {
    Err(Fault { at, what })
}

/// Returns the fault of a text that has something else at a byte, or ends there.
pub fn expected<T>(bytes: &[u8], at: usize, what: &'static str) -> Result<T, Fault> {
    match bytes.get(at) {
        Some(_) => fault(at, Flaw::Expected(what)),
        None => fault(at, Flaw::Incomplete),
    }
}

/// Returns the byte after any JSON blanks.
#[inline]
pub fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Holds where a JSON string ends, and whether it has escapes.
#[derive(Debug, Clone, Copy)]
pub struct StringToken {
    /// The byte after the closing quote.
    pub end: usize,
    /// It has escapes.
    pub escaped: bool,
}

impl StringToken {
    /// Returns its text without escapes, unless it holds half of a surrogate
    /// pair; its opening quote is at the byte `start`.
    #[inline(always)]
    pub fn unescaped<'b>(&self, text: &'b str, start: usize) -> Option<Cow<'b, str>> {
        if self.escaped {
            let unescaped: Option<String> = serde_json::from_str(&text[start..self.end]).ok();
            return unescaped.map(Cow::Owned);
        }
        Some(Cow::Borrowed(&text[start + 1..self.end - 1]))
    }
}

/// Reads the string whose opening quote is at a byte.
///
/// # Errors
///
/// Where and why it is not a whole JSON string.
#[inline(always)]
pub fn string(bytes: &[u8], start: usize) -> Result<StringToken, Fault> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        at = end_of_plain_text(bytes, at);
        match bytes.get(at) {
            Some(b'"') => {
                let end = at + 1;
                return Ok(StringToken { end, escaped });
            }
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at + 1)?;
            }
            Some(_) => {
                return fault(
                    at,
                    Flaw::Expected("an escape instead of a raw control character"),
                );
            }
            None => return fault(at, Flaw::Incomplete),
        }
    }
}

/// Returns the next byte that ends a run of plain text: a quote, a backslash or
/// a control character.
#[inline(always)]
fn end_of_plain_text(bytes: &[u8], mut at: usize) -> usize {
    // Most texts are shorter than this, and end without a guess how long.
    while let Some(many) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = simd::ends_of_text(many);
        if ends != 0 {
            return at + ends.trailing_zeros() as usize;
        }
        at += many.len();
    }
    while bytes.get(at).is_some_and(|byte| !ends_plain_text(*byte)) {
        at += 1;
    }
    at
}

fn ends_plain_text(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

/// Returns the byte after an escape whose letter is at a byte.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => {
            let digits = at + 1..at + 5;
            for at in digits.clone() {
                if !bytes.get(at).is_some_and(u8::is_ascii_hexdigit) {
                    return expected(bytes, at, "four hexadecimal digits");
                }
            }
            Ok(digits.end)
        }
        _ => expected(bytes, at, "an escape that JSON knows"),
    }
}

/// Returns the boolean that begins at a byte, and the byte after it. Which of
/// the two it is cannot be predicted, and so nothing branches on it.
#[inline(always)]
pub fn boolean(bytes: &[u8], at: usize) -> Option<(bool, usize)> {
    const TRUE: (u64, u64) = (u32::MAX as u64, u64::from_le_bytes(*b"true\0\0\0\0"));
    const FALSE: (u64, u64) = (0xff_ffff_ffff, u64::from_le_bytes(*b"false\0\0\0"));
    let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    // A bit by which the first letters differ.
    let no = word >> 1 & 1;
    let (mask, wanted) = [TRUE, FALSE][no as usize];
    (word & mask == wanted).then_some((no == 0, at + 4 + no as usize))
}

/// Returns the byte after the value that begins at a byte, or after blanks, and
/// is inside of `depth` others.
///
/// # Errors
///
/// Where and why it is not a whole JSON value.
#[inline(always)]
pub fn skip_value(bytes: &[u8], at: usize, depth: u32) -> Result<usize, Fault> {
    if bytes.get(at) == Some(&b'"') {
        return string(bytes, at).map(|token| token.end);
    }
    match boolean(bytes, at) {
        Some((_, end)) => Ok(end),
        None => skip_rest(bytes, skip_blanks(bytes, at), depth),
    }
}

/// Returns the byte after a value that most likely is neither text nor a
/// boolean.
#[inline(never)]
pub fn skip_rest(bytes: &[u8], at: usize, depth: u32) -> Result<usize, Fault> {
    match bytes.get(at) {
        Some(b'{' | b'[') => skip_nested(bytes, at, depth),
        _ => skip_scalar(bytes, at),
    }
}

fn skip_scalar(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at) {
        Some(b'"') => string(bytes, at).map(|token| token.end),
        Some(b't') => literal(bytes, at, b"true"),
        Some(b'f') => literal(bytes, at, b"false"),
        Some(b'n') => literal(bytes, at, b"null"),
        _ => number(bytes, at),
    }
}

#[inline(always)]
fn literal<const N: usize>(bytes: &[u8], at: usize, literal: &[u8; N]) -> Result<usize, Fault> {
    if bytes[at..].first_chunk() == Some(literal) {
        return Ok(at + N);
    }
    let same = bytes[at..].iter().zip(literal).take_while(|(a, b)| a == b);
    expected(bytes, at + same.count(), "a JSON value")
}

/// Returns the byte after a number. One that the text ends with may go on.
fn number(bytes: &[u8], start: usize) -> Result<usize, Fault> {
    let digits = |mut at: usize| {
        let first = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == first {
            return expected(
                bytes,
                at,
                if at == start {
                    "a JSON value"
                } else {
                    "a digit"
                },
            );
        }
        Ok(at)
    };
    let mut at = start + usize::from(bytes.get(start) == Some(&b'-'));
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = digits(at + 1 + usize::from(sign))?;
    }
    Ok(at)
}

/// Returns the byte after an object or an array. There is no recursion: the
/// levels that are open are bits of a number.
fn skip_nested(bytes: &[u8], mut at: usize, outer: u32) -> Result<usize, Fault> {
    let mut objects: u128 = 0;
    let mut depth = outer;
    loop {
        // A value begins at this byte.
        match bytes.get(at) {
            Some(&open @ (b'{' | b'[')) => {
                if depth == MAX_DEPTH {
                    return fault(at, Flaw::TooDeep);
                }
                depth += 1;
                objects = objects << 1 | u128::from(open == b'{');
                at = skip_blanks(bytes, at + 1);
                let close = if open == b'{' { b'}' } else { b']' };
                if bytes.get(at) != Some(&close) {
                    if open == b'{' {
                        at = skip_key(bytes, at)?;
                    }
                    continue;
                }
                at += 1;
                objects >>= 1;
                depth -= 1;
            }
            _ => at = skip_scalar(bytes, at)?,
        }
        // A value ends before this byte.
        loop {
            if depth == outer {
                return Ok(at);
            }
            let in_object = objects & 1 == 1;
            at = skip_blanks(bytes, at);
            match (bytes.get(at), in_object) {
                (Some(b','), _) => {
                    at = skip_blanks(bytes, at + 1);
                    if in_object {
                        at = skip_key(bytes, at)?;
                    }
                    break;
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    at += 1;
                    objects >>= 1;
                    depth -= 1;
                }
                (_, true) => return expected(bytes, at, "`,` or `}`"),
                (_, false) => return expected(bytes, at, "`,` or `]`"),
            }
        }
    }
}

/// Returns the byte at which the value of the key that begins at a byte begins.
///
/// # Errors
///
/// Where and why there is no whole key with a colon.
pub fn skip_key(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    if bytes.get(at) != Some(&b'"') {
        return expected(bytes, at, "a key in quotes");
    }
    let colon = skip_blanks(bytes, string(bytes, at)?.end);
    if bytes.get(colon) != Some(&b':') {
        return expected(bytes, colon, "`:`");
    }
    Ok(skip_blanks(bytes, colon + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_ends_where_a_plain_search_says(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0usize..64) {
            prop_assume!(at <= bytes.len());
            let slow = bytes[at..].iter().position(|byte| ends_plain_text(*byte));
            prop_assert_eq!(end_of_plain_text(&bytes, at), slow.map_or(bytes.len(), |found| at + found));
        }
    }
}
