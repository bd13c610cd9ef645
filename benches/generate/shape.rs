//! The shapes in which an export comes: the same customers, other bytes.

use clap::ValueEnum;

use super::customer::{Cell, Customer, Escapes, KEYS};

/// The shape of an export.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// One JSON array on one line
    Array,
    /// One JSON array, indented by two spaces
    Pretty,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated, with a header
    Csv,
    /// JSON objects one after another, nothing between them
    Concatenated,
}

/// How keys are spelt.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Spelling {
    /// owner_id
    Snake,
    /// ownerId
    Camel,
    /// Each record (in CSV, each column) by turns
    Mixed,
}

/// Writes customers in one shape, ready for the next one.
pub struct Writer {
    shape: Shape,
    spelling: Spelling,
    /// What stands before each value, in both spellings.
    before: Vec<[String; 2]>,
    /// What stands around the records.
    frame: Frame,
}

struct Frame {
    start: &'static str,
    between: &'static str,
    after_record: &'static str,
    end: &'static str,
}

impl Writer {
    /// A writer of this shape and spelling.
    pub fn new(shape: Shape, spelling: Spelling) -> Self {
        let (open, separator, colon) = match shape {
            Shape::Array | Shape::Ndjson | Shape::Concatenated => ("{", ",", ":"),
            Shape::Pretty => ("  {\n    ", ",\n    ", ": "),
            Shape::Csv => ("", ",", ""),
        };
        let before = KEYS.iter().enumerate().map(|(field, keys)| {
            let separator = if field == 0 { open } else { separator };
            keys.map(|key| match shape {
                Shape::Csv => separator.to_owned(),
                Shape::Array | Shape::Pretty | Shape::Ndjson | Shape::Concatenated => {
                    format!("{separator}\"{key}\"{colon}")
                }
            })
        });
        Self {
            shape,
            spelling,
            before: before.collect(),
            frame: frame(shape),
        }
    }

    /// What stands before the first record.
    pub fn start(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.frame.start.as_bytes());
        if self.shape == Shape::Csv {
            let header: Vec<&str> = KEYS
                .iter()
                .enumerate()
                .map(|(column, keys)| keys[self.turn(column as u64)])
                .collect();
            out.extend_from_slice(header.join(",").as_bytes());
            out.push(b'\n');
        }
    }

    /// One customer, number `index`.
    pub fn record(&self, out: &mut Vec<u8>, index: u64, customer: &Customer) {
        if index > 0 {
            out.extend_from_slice(self.frame.between.as_bytes());
        }
        let turn = self.turn(index);
        for (before, cell) in self.before.iter().zip(customer.cells()) {
            if self.shape == Shape::Csv {
                out.extend_from_slice(before[turn].as_bytes());
                csv_cell(out, customer, *cell);
            } else if !matches!(cell, Cell::Missing) {
                out.extend_from_slice(before[turn].as_bytes());
                self.json_value(out, customer, *cell);
            }
        }
        out.extend_from_slice(self.frame.after_record.as_bytes());
    }

    /// What stands after the last record.
    pub fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.frame.end.as_bytes());
    }

    fn turn(&self, index: u64) -> usize {
        match self.spelling {
            Spelling::Snake => 0,
            Spelling::Camel => 1,
            Spelling::Mixed => (index % 2) as usize,
        }
    }

    fn json_value(&self, out: &mut Vec<u8>, customer: &Customer, cell: Cell) {
        match cell {
            Cell::Missing => {}
            Cell::Null => out.extend_from_slice(b"null"),
            Cell::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Cell::Digit(flag) => out.push(if flag { b'1' } else { b'0' }),
            Cell::Text(start, end) => {
                // Printers that indent leave all that they can as it is.
                let escapes = match self.shape {
                    Shape::Pretty => Escapes::Few,
                    Shape::Array | Shape::Ndjson | Shape::Csv | Shape::Concatenated => {
                        customer.escapes()
                    }
                };
                json_text(out, customer.text(start, end), escapes);
            }
        }
    }
}

fn frame(shape: Shape) -> Frame {
    let (start, between, after_record, end) = match shape {
        Shape::Array => ("[", ",", "}", "]\n"),
        Shape::Pretty => ("[\n", ",\n", "\n  }", "\n]\n"),
        Shape::Ndjson => ("", "", "}\n", ""),
        Shape::Csv => ("", "", "\n", ""),
        Shape::Concatenated => ("", "", "}", ""),
    };
    Frame {
        start,
        between,
        after_record,
        end,
    }
}

fn json_text(out: &mut Vec<u8>, text: &str, escapes: Escapes) {
    out.push(b'"');
    let as_it_is = |byte: u8| match byte {
        b'"' | b'\\' | 0..0x20 => false,
        b'/' => escapes != Escapes::Slashes,
        0x80.. => escapes != Escapes::Ascii,
        _ => true,
    };
    if text.bytes().all(as_it_is) {
        out.extend_from_slice(text.as_bytes());
    } else {
        for character in text.chars() {
            json_character(out, character, escapes);
        }
    }
    out.push(b'"');
}

fn json_character(out: &mut Vec<u8>, character: char, escapes: Escapes) {
    let mut units = [0; 2];
    let mut bytes = [0; 4];
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\t' => out.extend_from_slice(b"\\t"),
        '/' if escapes == Escapes::Slashes => out.extend_from_slice(b"\\/"),
        _ if character.is_ascii() || escapes != Escapes::Ascii => {
            out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
        }
        _ => {
            for unit in character.encode_utf16(&mut units) {
                out.extend_from_slice(b"\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(b"0123456789abcdef"[usize::from((*unit >> shift) & 15)]);
                }
            }
        }
    }
}

fn csv_cell(out: &mut Vec<u8>, customer: &Customer, cell: Cell) {
    match cell {
        Cell::Missing | Cell::Null => {}
        Cell::Flag(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Cell::Digit(flag) => out.push(if flag { b'1' } else { b'0' }),
        Cell::Text(start, end) => csv_text(out, customer.text(start, end)),
    }
}

fn csv_text(out: &mut Vec<u8>, text: &str) {
    if !text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n')) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
