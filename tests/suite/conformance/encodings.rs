//! Text in other encodings is refused by the encoding's name.

use super::{read, record, workspace};
use crate::support::check;

type Encode = fn(&str) -> Vec<u8>;

const ENCODINGS: [(&str, Encode); 4] = [
    ("UTF-16LE", |text| units(text, u16::to_le_bytes)),
    ("UTF-16BE", |text| units(text, u16::to_be_bytes)),
    ("UTF-32LE", |text| chars(text, u32::to_le_bytes)),
    ("UTF-32BE", |text| chars(text, u32::to_be_bytes)),
];

fn units(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn chars(text: &str, bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|c| bytes(u32::from(c))).collect()
}

#[test]
fn another_encoding_is_refused_by_name() {
    let workspace = workspace();
    let array = format!("[{}]", record("ä"));
    for text in [&array, &record("a"), "id,force_sso\na,false\n", "{}"] {
        for (name, encode) in ENCODINGS {
            for mark in ["", "\u{feff}"] {
                let run = read(&workspace, name, &encode(&format!("{mark}{text}")), &[]);
                check(run.problem().contains(name), text, &run);
                check(run.stderr.contains(name), text, &run);
                check(run.code == 3, text, &run);
            }
        }
    }
}

#[test]
fn a_byte_order_mark_of_utf_8_is_skipped() {
    let workspace = workspace();
    let array = format!("[{}]", record("a"));
    for text in [&array, &record("a"), "id,force_sso,name\na,false,n\n"] {
        let run = read(&workspace, text, format!("\u{feff}{text}").as_bytes(), &[]);
        check(run.found("sso") == ["a"] && run.code == 1, text, &run);
    }
}

#[test]
fn a_second_byte_order_mark_is_reported() {
    let text = format!("\u{feff}\u{feff}{}", record("a"));
    let run = read(&workspace(), "two marks", text.as_bytes(), &[]);
    check(run.code == 3, "it is no blank", &run);
}
