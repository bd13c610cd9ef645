//! Text of policies and exports inside the markup of others: Markdown, cells of
//! spreadsheets and URIs.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::text::escape_controls;

/// Returns text of a policy as Markdown that reads as it was written: no markup but
/// links to the addresses in it, on one line. Ticket systems look for mentions in text
/// once it is rendered, and no escape keeps them from it: what comes from an export is
/// put in code spans.
pub fn escape(text: &str) -> String {
    let text = text.replace('\n', " ");
    let text = escape_controls(&text);
    let mut escaped = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(c) = rest.chars().next() {
        let length = match address(rest) {
            // Within a word it is no address.
            Some(length) if !escaped.ends_with(char::is_alphanumeric) => {
                let _ = write!(escaped, "<{}>", &rest[..length]);
                length
            }
            _ => {
                if matches!(
                    c,
                    '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' | '!'
                ) {
                    escaped.push('\\');
                }
                escaped.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    escaped
}

/// Returns the length of the web address that a text begins with. What ends a sentence
/// or a bracket around it is no part of it.
fn address(text: &str) -> Option<usize> {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    // The characters of RFC 3986, 2, but for the ones of Markdown.
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@$&'()+,;=%".contains(c);
    let end = host.find(|c| !is_part(c)).unwrap_or(host.len());
    let host = host[..end].trim_end_matches(['.', ',', ';', ':', '?', '\'', ')', ']']);
    let scheme = text.find("//")? + 2;
    (host.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some(scheme + host.len())
}

/// Returns text of an export in a code span of Markdown: its fence is longer than
/// any in the text.
pub fn code(text: &str) -> String {
    let text = escape_controls(text);
    if text.trim().is_empty() {
        return "` `".to_owned();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default() + 1);
    // One blank on both sides is not part of the text.
    let pad = match text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        true => " ",
        false => "",
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns a code span in a table of Markdown, where even there a bar would end the
/// cell.
pub fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Returns the text of a cell that no spreadsheet runs and no terminal obeys. A
/// format whose cells have no type needs it: there what begins as a formula is one.
pub fn defuse_formula(cell: &str) -> Cow<'_, str> {
    let escaped = escape_controls(cell);
    match cell.starts_with(FORMULA) {
        true => format!("'{escaped}").into(),
        false => escaped,
    }
}

/// The characters with which a formula begins, or a cell that is one once a
/// spreadsheet drops its blanks.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What is escaped in a path: all but the unreserved characters of RFC 3986, 2.3,
/// and the slashes. Without the escape, what is before a colon would be a scheme.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Returns a path as a reference to a file.
pub fn uri(path: &str) -> String {
    let scheme = if path.starts_with('/') { "file://" } else { "" };
    format!("{scheme}{}", utf8_percent_encode(path, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_comes_from_data() {
        for (text, span) in [
            ("a", "`a`"),
            ("@all <b>", "`@all <b>`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            (" a", "`  a `"),
            ("", "` `"),
            ("a\nb", "`a\\nb`"),
        ] {
            assert_eq!(code(text), span);
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        assert_eq!(escape("a*b\n[c]"), "a\\*b \\[c\\]");
    }

    #[test]
    fn an_address_in_a_text_is_a_link_to_it() {
        for (text, written) in [
            (
                "Guide: https://x.example/a_b.",
                "Guide: <https://x.example/a_b>.",
            ),
            (
                "(http://x.example/?a=1&b=%20#c)",
                "(<http://x.example/?a=1&b=%20#c>)",
            ),
            ("https://x.example/é_", "<https://x.example/>é\\_"),
            ("ahttps://x.example/_", "ahttps://x.example/\\_"),
            ("https://", "https://"),
            ("https://_", "https://\\_"),
            ("https://x.example|b", "<https://x.example>\\|b"),
            ("javascript://x.example/_", "javascript://x.example/\\_"),
        ] {
            assert_eq!(escape(text), written);
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_defused() {
        for (cell, defused) in [
            ("=1+1", "'=1+1"),
            ("+44", "'+44"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("a=1", "a=1"),
            ("'a", "'a"),
            ("", ""),
        ] {
            assert_eq!(defuse_formula(cell), defused);
        }
    }

    #[test]
    fn a_path_is_a_reference_whatever_its_letters() {
        for (path, reference) in [
            ("exports/a-1.json", "exports/a-1.json"),
            ("a b%.json", "a%20b%25.json"),
            ("c:x#?", "c%3Ax%23%3F"),
            ("/données", "file:///donn%C3%A9es"),
        ] {
            assert_eq!(uri(path), reference);
        }
    }
}
