//! How text from outside is shown to people.

use std::borrow::Cow;
use std::fmt::Write as _;

use wide::u8x16;

/// Text with every character made visible that could steer a terminal or turn
/// the direction of what follows.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if is_printable_without(text, []) || !text.chars().any(is_unsafe) {
        return text.into();
    }
    let mut cleaned = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => cleaned.push_str("\\n"),
            '\r' => cleaned.push_str("\\r"),
            '\t' => cleaned.push_str("\\t"),
            // Writing to a string does not fail.
            c if is_unsafe(c) => _ = write!(cleaned, "\\u{{{:x}}}", u32::from(c)),
            c => cleaned.push(c),
        }
    }
    cleaned.into()
}

/// Text of several lines, each with its characters made visible as [`escape_controls`]
/// does.
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_unsafe(c)) {
        return text.into();
    }
    let lines: Vec<_> = text.split('\n').map(escape_controls).collect();
    lines.join("\n").into()
}

/// Controls of C0 and C1, line separators, characters that turn, join or hide
/// text, and those that are none in any text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// The beginning of a text of more than so many characters.
pub fn short(text: &str, most: usize) -> Cow<'_, str> {
    // Bytes are never fewer than characters.
    if text.len() <= most {
        return text.into();
    }
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

/// The length of a text as ticket systems count it: a character beyond the first plane,
/// such as an emoji, counts twice.
pub fn utf16_units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A number of things, in words: `1 record`, `2,000 records`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Text without the blanks around it, of which nearly none has any.
#[inline(always)]
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether all bytes are printable ASCII and none is one of these.
pub fn is_printable_without<const N: usize>(text: &str, not: [u8; N]) -> bool {
    let odd = |all: u8x16| {
        let printable = all.max(u8x16::splat(b' ')).min(u8x16::splat(b'~'));
        let controls = !printable.simd_eq(all);
        not.iter()
            .fold(controls, |odd, byte| odd | all.simd_eq(u8x16::splat(*byte)))
    };
    let bytes = text.as_bytes();
    match bytes.last_chunk() {
        // The last sixteen may be looked at twice.
        Some(last) => {
            let (chunks, _) = bytes.as_chunks();
            let all = chunks.iter().map(|chunk| odd(u8x16::new(*chunk)));
            !all.fold(odd(u8x16::new(*last)), |odds, odd| odds | odd)
                .any()
        }
        None => {
            let mut padded = [b' '; 16];
            padded[..bytes.len()].copy_from_slice(bytes);
            !odd(u8x16::new(padded)).any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_from_data_steers_a_terminal() {
        assert_eq!(
            escape_controls("=cmd\u{7}\u{202e}evil"),
            "=cmd\\u{7}\\u{202e}evil"
        );
        assert_eq!(
            escape_controls("a\r\n\tb\u{1b}[31m\u{9b}"),
            "a\\r\\n\\tb\\u{1b}[31m\\u{9b}"
        );
        assert_eq!(escape_controls("株式会社 Café"), "株式会社 Café");
        assert_eq!(escape_lines("a\nb\r\n\u{9b}c\n"), "a\nb\\r\n\\u{9b}c\n");
        assert_eq!(escape_lines("a\nb"), "a\nb");
    }

    proptest! {
        #[test]
        fn a_text_is_printable_if_each_byte_is(text in "([ -~]{0,40}|[\"é\u{7f}\t]){0,3}") {
            let odd = |byte: u8| !(b' '..=b'~').contains(&byte) || byte == b'"';
            prop_assert_eq!(is_printable_without(&text, *b"\""), !text.bytes().any(odd));
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(count(1, "record", "records"), "1 record");
        assert_eq!(count(1000, "record", "records"), "1,000 records");
    }
}
