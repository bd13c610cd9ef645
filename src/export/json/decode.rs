//! Reads the wanted fields of one JSON object after another, and proves that
//! they are JSON throughout.
//!
//! `serde_json` is the oracle of what is JSON: a property holds that both say
//! the same of any bytes.

use std::borrow::Cow;

use super::familiar::Familiar;
use super::lexer::{
    Fault, StringToken, boolean, expected, skip_blanks, skip_rest, skip_value, string,
};
use super::object::{Object, Role};
use super::scalar::typed_scalar;
use crate::export::simd::{self, WIDTH};
use crate::record::field::normalize_key_into;
use crate::record::{Fields, Key, Raw, Record, Schema, Slot, UnknownKeys};

/// Says what is done with the value of a key.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// It is read for a field.
    Slot(Slot, Fields),
    /// It is a field that nobody asks for.
    Known(Fields),
    /// It is no field: the index of its key among the unknown ones, unless there are too
    /// many, and what an object may say by it.
    Unknown(Option<u32>, Role),
}

/// Holds a key as an earlier record had it, with all bytes from the end of one
/// value to the beginning of the next: the next record most likely has the same.
#[derive(Debug)]
struct LearnedKey {
    /// The first bytes, filled up with zeros.
    first: [u8; WIDTH],
    /// A bit for each of the first bytes that is filled up.
    beyond: u32,
    /// All bytes.
    text: Box<[u8]>,
    target: Target,
}

impl LearnedKey {
    fn new(text: &[u8], target: Target) -> Self {
        let first = std::array::from_fn(|at| text.get(at).copied().unwrap_or_default());
        let beyond = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self {
            first,
            beyond: u32::MAX.checked_shl(beyond).unwrap_or(0),
            text: text.into(),
            target,
        }
    }

    /// Whether the same bytes follow. Near the end of a text the answer is no,
    /// and the key is then read as an unknown one is.
    #[inline(always)]
    fn follows(&self, bytes: &[u8], at: usize) -> bool {
        let here = bytes.get(at..).and_then(<[u8]>::first_chunk);
        here.is_some_and(|here| simd::same(here, &self.first) | self.beyond == u32::MAX)
            && (self.text.len() <= WIDTH || bytes[at..].starts_with(&self.text))
    }

    /// Returns what it leads to where it follows again.
    #[inline(always)]
    fn step(&self, at: usize) -> Step {
        Step {
            value: at + self.text.len(),
            target: self.target,
        }
    }
}

/// Holds what a key leads to: its value begins at a byte, or after blanks.
#[derive(Debug, Clone, Copy)]
struct Step {
    value: usize,
    target: Target,
}

/// What follows a value, or the beginning of an object.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// A key.
    Key(Step),
    /// The end of the object, before this byte.
    End(usize),
}

/// How deep an object may be in others that wrap it: the keys of each level are learnt
/// apart.
pub const MAX_WRAPPERS: usize = 4;

/// Decodes objects, and learns how their keys are written.
#[derive(Debug)]
pub struct Decoder<'s> {
    schema: &'s Schema,
    familiar: Familiar,
    /// Room for a normalized key.
    normalized: String,
    /// The keys in their order, by how many objects wrap theirs.
    layouts: [Vec<LearnedKey>; MAX_WRAPPERS + 1],
    /// Keys that are no field, counted for the records that were accepted.
    pub unknown: UnknownKeys,
    /// Indexes of the keys that are no field in the object that was decoded last.
    unknown_here: Vec<u32>,
}

/// How many keys ahead in the layout a key is looked for: a record may leave
/// some out.
const MAX_AHEAD: usize = 4;

/// The most keys that are learnt: beyond, every key is looked up.
const MAX_LEARNT: usize = 256;

/// The most keys of a layout that are kept for other bytes.
const MAX_KEPT: usize = 64;

/// The most unknown keys of one object that are counted.
const MAX_UNKNOWN: usize = 1 << 16;

impl<'s> Decoder<'s> {
    /// Makes a decoder that knows no layout yet.
    pub fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            familiar: Familiar::new(schema),
            normalized: String::new(),
            layouts: Default::default(),
            unknown: UnknownKeys::default(),
            unknown_here: Vec::new(),
        }
    }

    /// Returns the fields that it reads.
    pub fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// Counts the unknown keys of the object that was decoded last: it is a record.
    pub fn accept(&mut self) {
        for index in self.unknown_here.drain(..) {
            self.unknown.count(index as usize, 1);
        }
    }

    /// Forgets what was counted, and of what was learnt what is counted: the fields of the
    /// next export most likely stand as in the one before.
    pub fn clear(&mut self) {
        for layout in &mut self.layouts {
            if layout.len() > MAX_KEPT {
                layout.clear();
            }
            layout.retain(|key| !matches!(key.target, Target::Unknown(Some(_), _)));
        }
        self.unknown.clear();
    }

    /// Reads the object that begins at a byte of the text, inside of so many others; the
    /// wanted fields go to the record. Returns the byte after it.
    ///
    /// # Errors
    ///
    /// Where and why the text is not a whole JSON object.
    pub fn decode<'b>(
        &mut self,
        text: &'b str,
        at: usize,
        wrappers: usize,
        record: &mut Record<'b>,
        object: &mut Object,
    ) -> Result<usize, Fault> {
        // The layout is out of the way of the rest while it is followed.
        let mut layout = std::mem::take(&mut self.layouts[wrappers]);
        let end = self.follow(&mut layout, text, at + 1, record, object);
        self.layouts[wrappers] = layout;
        end
    }

    fn follow<'b>(
        &mut self,
        layout: &mut Vec<LearnedKey>,
        text: &'b str,
        first: usize,
        record: &mut Record<'b>,
        object: &mut Object,
    ) -> Result<usize, Fault> {
        let bytes = text.as_bytes();
        let mut at = first;
        let mut met = 0;
        self.unknown_here.clear();
        object.clear();
        loop {
            let Step { value, target } = match layout.get(met) {
                Some(key) if key.follows(bytes, at) => {
                    met += 1;
                    key.step(at)
                }
                _ => match self.key(layout, text, at, at == first, &mut met)? {
                    Found::Key(step) => step,
                    Found::End(end) => return Ok(end),
                },
            };
            at = match target {
                Target::Slot(slot, fields) => {
                    object.fields.add(fields);
                    self.read_value(text, value, slot, record)?
                }
                Target::Known(fields) => {
                    object.fields.add(fields);
                    skip_value(bytes, value, 1)?
                }
                Target::Unknown(index, role) => {
                    if let Some(index) = index
                        && self.unknown_here.len() < MAX_UNKNOWN
                    {
                        self.unknown_here.push(index);
                    }
                    let end = skip_value(bytes, value, 1)?;
                    object.note(role, bytes, skip_blanks(bytes, value)..end);
                    end
                }
            };
        }
    }

    /// Reads the value that begins at a byte, or after blanks, for a field.
    /// Returns the byte after it.
    #[inline(always)]
    fn read_value<'b>(
        &self,
        text: &'b str,
        at: usize,
        slot: Slot,
        record: &mut Record<'b>,
    ) -> Result<usize, Fault> {
        let bytes = text.as_bytes();
        if bytes.get(at) == Some(&b'"') {
            let token = string(bytes, at)?;
            if token.escaped {
                let raw = escaped_text(token, text, at, record);
                record.set(self.schema, slot, raw);
            } else {
                record.set(self.schema, slot, Raw::Text(&text[at + 1..token.end - 1]));
            }
            return Ok(token.end);
        }
        if let Some((flag, end)) = boolean(bytes, at) {
            record.set(self.schema, slot, Raw::Bool(flag));
            return Ok(end);
        }
        let (raw, end) = read_rest(text, at, record)?;
        record.set(self.schema, slot, raw);
        Ok(end)
    }

    /// Reads what is between two values, or before the first, and is not the
    /// next key of the layout: a comma, a key, a colon and blanks. `met` is the
    /// index in the layout of the key that was expected.
    #[inline(never)]
    fn key(
        &mut self,
        layout: &mut Vec<LearnedKey>,
        text: &str,
        at: usize,
        opened: bool,
        met: &mut usize,
    ) -> Result<Found, Fault> {
        let bytes = text.as_bytes();
        let mut start = skip_blanks(bytes, at);
        if bytes.get(start) == Some(&b'}') {
            return Ok(Found::End(start + 1));
        }
        for (index, key) in layout.iter().enumerate().skip(*met + 1).take(MAX_AHEAD) {
            if bytes[at..].starts_with(&key.text) {
                *met = index + 1;
                return Ok(Found::Key(key.step(at)));
            }
        }
        if !opened {
            if bytes.get(start) != Some(&b',') {
                return expected(bytes, start, "`,` or `}`");
            }
            start = skip_blanks(bytes, start + 1);
        }
        if bytes.get(start) != Some(&b'"') {
            return expected(bytes, start, "a key in quotes");
        }
        let token = string(bytes, start)?;
        let colon = skip_blanks(bytes, token.end);
        if bytes.get(colon) != Some(&b':') {
            return expected(bytes, colon, "`:`");
        }
        let value = skip_blanks(bytes, colon + 1);
        let key = token.unescaped(text, start);
        let target = self.target(key.as_deref().unwrap_or(&text[start..token.end]));
        if layout.len() < MAX_LEARNT {
            let met = (*met).min(layout.len());
            layout.insert(met, LearnedKey::new(&bytes[at..value], target));
        }
        *met += 1;
        Ok(Found::Key(Step { value, target }))
    }

    fn target(&mut self, key: &str) -> Target {
        normalize_key_into(key, &mut self.normalized);
        let normalized = self.normalized.as_str();
        let (meaning, role) = match self.familiar.may_mean(normalized) {
            true => (self.schema.normalized_key(normalized), Role::of(normalized)),
            false => (Key::Unknown, Role::Other),
        };
        match meaning {
            Key::Wanted(slot, fields) => Target::Slot(slot, fields),
            Key::Known(fields) => Target::Known(fields),
            Key::Unknown => {
                // What belongs to a wrapper is not unknown.
                let index = match role {
                    Role::Other if self.unknown_here.len() < MAX_UNKNOWN => {
                        self.unknown.index_of(key)
                    }
                    _ => None,
                };
                Target::Unknown(index, role)
            }
        }
    }
}

/// Reads a string that has escapes.
#[cold]
fn escaped_text<'b>(token: StringToken, text: &'b str, at: usize, record: &Record<'b>) -> Raw<'b> {
    match token.unescaped(text, at) {
        Some(Cow::Borrowed(plain)) => Raw::Text(plain),
        Some(Cow::Owned(unescaped)) => Raw::Text(record.keep(&unescaped)),
        None => Raw::BrokenText,
    }
}

/// Reads a value that is neither text nor a boolean, or has blanks before it.
#[inline(never)]
fn read_rest<'b>(text: &'b str, at: usize, record: &Record<'b>) -> Result<(Raw<'b>, usize), Fault> {
    let bytes = text.as_bytes();
    if bytes[at..].starts_with(b"null") {
        return Ok((Raw::Null, at + 4));
    }
    let at = skip_blanks(bytes, at);
    let end = skip_rest(bytes, at, 1)?;
    let raw = match bytes[at] {
        b'"' => escaped_text(string(bytes, at)?, text, at, record),
        b'{' => typed_scalar(text, at..end, record),
        b'[' => Raw::Array(&text[at..end]),
        b't' => Raw::Bool(true),
        b'f' => Raw::Bool(false),
        b'n' => Raw::Null,
        _ => Raw::Number(&text[at..end]),
    };
    Ok((raw, end))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::Flaw;
    use super::*;
    use crate::record::Value;
    use proptest::prelude::*;

    /// What the decoder says of a text that should be one object.
    fn decoded(text: &str) -> Result<(), Flaw> {
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let end = Decoder::new(&schema).decode(text, 0, 0, &mut record, &mut Object::default());
        match end {
            Ok(end) if skip_blanks(text.as_bytes(), end) == text.len() => Ok(()),
            Ok(_) => Err(Flaw::Expected("nothing more")),
            Err(fault) => Err(fault.what),
        }
    }

    fn is_json(text: &str) -> bool {
        // The oracle goes over any depth when it skips.
        text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    fn depth(levels: usize) -> String {
        format!(
            "{{\"x\":{}{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    }

    #[test]
    fn records_nest_128_deep_and_no_deeper() {
        assert_eq!(decoded(&depth(128)), Ok(()));
        assert_eq!(decoded(&depth(129)), Err(Flaw::TooDeep));
        assert_eq!(
            decoded(&format!("{{\"x\":{}", "[".repeat(100_000))),
            Err(Flaw::TooDeep)
        );
    }

    #[test]
    fn keys_are_known_by_what_they_say_not_by_how_they_are_written() {
        let text = r#"{"\u0069d":"a","n\u0061me":"b","id ":"a"}"#;
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let end = Decoder::new(&schema).decode(text, 0, 0, &mut record, &mut Object::default());
        assert_eq!(end, Ok(text.len()));
        assert_eq!((record.id(), record.name()), (Some("a"), Some("b")));
    }

    #[test]
    fn half_a_surrogate_pair_spoils_its_field_and_no_other() {
        let text = r#"{"id":"a","name":"\ud800","other":"\ud800"}"#;
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let end = Decoder::new(&schema).decode(text, 0, 0, &mut record, &mut Object::default());
        assert_eq!(end, Ok(text.len()));
        assert_eq!(record.id(), Some("a"));
        assert!(matches!(record.cell(Slot::NAME).value, Value::Bad(_)));
    }

    #[test]
    fn what_is_not_json_is_not_read() {
        for text in [
            r#"{"id":"a",}"#,
            r#"{"id" "a"}"#,
            r#"{id:"a"}"#,
            r#"{"id":01}"#,
            r#"{"id":+1}"#,
            r#"{"id":.5}"#,
            r#"{"id":1.}"#,
            r#"{"id":1e}"#,
            r#"{"id":NaN}"#,
            r#"{"id":tru}"#,
            r#"{"id":"\x"}"#,
            r#"{"id":"\u12g4"}"#,
            "{\"id\":\"\t\"}",
            r#"{"id":[1,]}"#,
            r#"{"id":{"a":1,}}"#,
            r#"{"id":[1}}"#,
            r#"{"id":'a'}"#,
            r#"{"id":/**/1}"#,
            "{\"id\":\u{feff}1}",
        ] {
            assert!(matches!(decoded(text), Err(Flaw::Expected(_))), "{text}");
            assert!(!is_json(text), "{text}");
        }
    }

    #[test]
    fn a_record_that_is_cut_anywhere_is_incomplete() {
        let whole = r#"{"id":"a\u00e9\n","x":[1.5e+3,{"y":null},true,[]],"name":false}"#;
        assert_eq!(decoded(whole), Ok(()));
        for cut in 1..whole.len() {
            assert_eq!(
                decoded(&whole[..cut]),
                Err(Flaw::Incomplete),
                "{}",
                &whole[..cut]
            );
        }
    }

    /// Text that is nearly JSON.
    fn nearly_json() -> impl Strategy<Value = String> {
        let pieces = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"id\"",
            "\"name\":",
            "\"\\ud800\"",
            "\"a\\",
            "\"",
            " ",
            "\n",
            "null",
            "true",
            "fals",
            "-",
            "0",
            "1.5",
            "e9",
            "\\u0041",
            "é",
            "\u{1}",
            "{\"id\":\"a\",",
        ];
        let piece = prop::sample::select(pieces.to_vec());
        prop::collection::vec(piece, 0..24).prop_map(|pieces| format!("{{{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn the_decoder_and_the_oracle_say_the_same(text in nearly_json()) {
            prop_assert_eq!(decoded(&text).is_ok(), is_json(&text), "{}", text);
        }

        #[test]
        fn keys_are_compared_whole(key in "[ab]{0,50}", rest in "[ab]{0,3}", at in 0usize..50) {
            let mut text = format!("{key}{rest}").into_bytes();
            text.resize(key.len() + WIDTH, b' ');
            let learned = LearnedKey::new(key.as_bytes(), Target::Known(Fields::default()));
            prop_assert!(learned.follows(&text, 0));
            if at < key.len() {
                text[at] ^= 1;
                prop_assert!(!learned.follows(&text, 0));
            }
        }
    }
}
