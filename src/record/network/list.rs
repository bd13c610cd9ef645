//! Reads allow-lists in the spellings of exporters: texts, arrays of JSON and of Postgres.

use std::ops::Range;

use bumpalo::Bump;
use serde_json::value::RawValue;

use super::read::{Entry, read_entries};
use crate::text::trim;

/// Holds what was read of an allow-list.
#[derive(Debug)]
pub struct Listed<'a> {
    /// The text in which the entries are.
    pub seen: &'a str,
    /// The indexes of its entries among those of the record, if one can be read.
    pub entries: Option<Range<usize>>,
    /// All of its entries can be read.
    pub whole: bool,
    /// It is not written as entries with commas between them.
    pub coerced: bool,
}

impl<'a> Listed<'a> {
    /// Returns what was read, if one of the entries from an index on can be read; else it
    /// is forgotten.
    #[inline(always)]
    fn new(
        seen: &'a str,
        first: usize,
        (whole, coerced): (bool, bool),
        entries: &mut Vec<Entry>,
    ) -> Self {
        let mut own = entries[first..].iter();
        let is_list = own.any(|entry| entry.network.is_some());
        if !is_list {
            entries.truncate(first);
        }
        Self {
            seen,
            entries: is_list.then_some(first..entries.len()),
            whole,
            coerced,
        }
    }
}

/// Reads the text of an allow-list: entries with commas, semicolons or blanks between
/// them, perhaps in the braces of a Postgres array, or an array of JSON.
#[inline(always)]
pub fn read<'a>(list: &'a str, entries: &mut Vec<Entry>, texts: &'a Bump) -> Listed<'a> {
    if list
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
    {
        return read_plain(list, entries);
    }
    let text = trim(list);
    if text.starts_with('[') && text.ends_with(']') {
        return read_array(text, entries, texts);
    }
    if text.starts_with('{') && text.ends_with('}') {
        return read_braces(list, text.len(), entries);
    }
    read_plain(list, entries)
}

#[inline(always)]
fn read_plain<'a>(list: &'a str, entries: &mut Vec<Entry>) -> Listed<'a> {
    let first = entries.len();
    let spelling = read_entries(list, 0, entries);
    Listed::new(list, first, (spelling.whole, spelling.coerced), entries)
}

/// Reads a list of which so many bytes are the braces and what is in them.
fn read_braces<'a>(list: &'a str, length: usize, entries: &mut Vec<Entry>) -> Listed<'a> {
    let first = entries.len();
    let start = list.len() - list.trim_start().len();
    let close = start + length - 1;
    let spelling = read_entries(&list[..close], start + 1, entries);
    Listed::new(list, first, (spelling.whole, true), entries)
}

/// Reads a JSON array of texts, each an entry or several; whatever else is in it is an
/// entry that cannot be read.
#[inline(never)]
pub fn read_array<'a>(json: &'a str, entries: &mut Vec<Entry>, texts: &'a Bump) -> Listed<'a> {
    let first = entries.len();
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) else {
        return Listed::new(json, first, (false, true), entries);
    };
    let (mut seen, mut whole) = (String::with_capacity(json.len()), true);
    for element in elements {
        if !seen.is_empty() {
            seen.push_str(", ");
        }
        let start = seen.len();
        match serde_json::from_str::<String>(element.get()) {
            Ok(text) => {
                seen.push_str(&text);
                whole &= read_entries(&seen, start, entries).whole;
            }
            Err(_) => {
                seen.push_str(element.get());
                let at = start..seen.len();
                entries.push(Entry { at, network: None });
                whole = false;
            }
        }
    }
    let seen = match trim(&seen).is_empty() {
        true => json,
        false => texts.alloc_str(&seen),
    };
    Listed::new(seen, first, (whole, true), entries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The entries of a list as they are written, `?` before those that cannot be read,
    /// and whether it is coerced; nothing, if it has none that can.
    fn listed(list: &str) -> Option<(Vec<String>, bool)> {
        let (mut entries, texts) = (Vec::new(), Bump::new());
        let listed = read(list, &mut entries, &texts);
        let range = listed.entries?;
        let own = &entries[range];
        assert_eq!(
            listed.whole,
            own.iter().all(|entry| entry.network.is_some())
        );
        let shown = own.iter().map(|entry| {
            let text = &listed.seen[entry.at.clone()];
            match entry.network {
                Some(_) => text.to_owned(),
                None => format!("?{text}"),
            }
        });
        Some((shown.collect(), listed.coerced))
    }

    #[test]
    fn every_spelling_of_exporters_is_a_list() {
        let one_two = ["10.0.0.1", "10.0.0.2/32"];
        for (list, coerced) in [
            ("10.0.0.1,10.0.0.2/32", false),
            (" 10.0.0.1 , 10.0.0.2/32 ", false),
            ("10.0.0.1,\n10.0.0.2/32\n", false),
            ("10.0.0.1;10.0.0.2/32", true),
            ("10.0.0.1; 10.0.0.2/32;", true),
            ("10.0.0.1 10.0.0.2/32", true),
            ("10.0.0.1\n10.0.0.2/32", true),
            ("10.0.0.1\r\n\t10.0.0.2/32", true),
            ("10.0.0.1\u{3000}10.0.0.2/32", true),
            ("10.0.0.1,,10.0.0.2/32", true),
            (",10.0.0.1, ,10.0.0.2/32,", true),
            ("{10.0.0.1,10.0.0.2/32}", true),
            (" { 10.0.0.1 , 10.0.0.2/32 } ", true),
            (r#"["10.0.0.1","10.0.0.2/32"]"#, true),
            (r#"["10.0.0.1", "10.0.0.2\/32"]"#, true),
            (r#" [ "10.0.0.1" , "", "\u0031\u0030.0.0.2/32" ] "#, true),
            (r#"["10.0.0.1,10.0.0.2/32"]"#, true),
        ] {
            let (entries, is_coerced) = listed(list).expect(list);
            assert_eq!(
                (&entries[..], is_coerced),
                (&one_two.map(str::to_owned)[..], coerced),
                "{list}"
            );
        }
    }

    #[test]
    fn an_entry_that_cannot_be_read_spoils_no_other() {
        for (list, shown) in [
            ("office 10.0.0.1", vec!["?office", "10.0.0.1"]),
            ("10.0.0.1 - 10.0.0.9", vec!["10.0.0.1", "?-", "10.0.0.9"]),
            (
                "10.0.0.1-10.0.0.9,10.0.0.7",
                vec!["?10.0.0.1-10.0.0.9", "10.0.0.7"],
            ),
            ("{office,10.0.0.1}", vec!["?office", "10.0.0.1"]),
            (
                r#"["10.0.0.1", null, 7, ["10.0.0.2"], {"a": ",", "b": 1}, "\ud800"]"#,
                vec![
                    "10.0.0.1",
                    "?null",
                    "?7",
                    r#"?["10.0.0.2"]"#,
                    r#"?{"a": ",", "b": 1}"#,
                    r#"?"\ud800""#,
                ],
            ),
        ] {
            let (entries, _) = listed(list).expect(list);
            assert_eq!(entries, shown, "{list}");
        }
    }

    #[test]
    fn a_list_without_an_entry_that_can_be_read_is_none() {
        for list in [
            "office",
            "[]",
            "{}",
            "[null]",
            "[\"\"]",
            ",",
            ";;",
            "{,}",
            "[10.0.0.1]",
            "{office}",
            "[",
            "{",
        ] {
            assert_eq!(listed(list), None, "{list}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(list in "\\PC{0,40}|[0-9.,;/{}\\[\\]\" *]{0,40}") {
            listed(&list);
        }

        #[test]
        fn the_spelling_of_a_list_does_not_change_its_entries(
            items in prop::collection::vec(select(vec!["10.0.0.1", "192.0.*.1", "2001:db8::/32", "198.51.100.0/24", "office"]), 1..8),
            separator in select(vec![",", ";", " ", "\n", " , ", "; ", ",,", "\t;\u{a0}", "\r\n"]),
            frame in select(vec![["", ""], ["{", "}"], [" { ", " } "], [",", ";"]]),
        ) {
            let plain = listed(&items.join(",")).map(|(entries, _)| entries);
            let [open, close] = frame;
            let list = format!("{open}{}{close}", items.join(separator));
            prop_assert_eq!(listed(&list).map(|(entries, _)| entries), plain.clone(), "{}", list);
            let json = serde_json::to_string(&items).expect("texts");
            prop_assert_eq!(listed(&json).map(|(entries, _)| entries), plain, "{}", json);
        }
    }
}
