//! One JSON object after another, read for the wanted fields and proven to be
//! JSON throughout.
//!
//! A walk goes over every byte once: what nobody asks for is checked, not
//! kept. `serde_json` is the judge of what is JSON: a property holds that both
//! say the same of any bytes.

use std::borrow::Cow;
use std::ops::Range;

use crate::export::scan::{self, WIDTH};
use crate::record::UnknownKeys;
use crate::record::field::{Key, normalize_key};
use crate::record::{Raw, Record, Schema, Slot};

/// How deep a record may nest; the record itself is the first level.
pub const MAX_DEPTH: u32 = 128;

/// Why a walk stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes of the text.
    pub at: usize,
    /// Why.
    pub what: Flaw,
}

/// What stops a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The text ends inside the value.
    Incomplete,
    /// The text is not JSON: this would be.
    Expected(&'static str),
    /// The value nests deeper than `MAX_DEPTH`.
    TooDeep,
}

fn fault<T>(at: usize, what: Flaw) -> Result<T, Fault> {
    Err(Fault { at, what })
}

fn expected<T>(bytes: &[u8], at: usize, what: &'static str) -> Result<T, Fault> {
    match bytes.get(at) {
        Some(_) => fault(at, Flaw::Expected(what)),
        None => fault(at, Flaw::Incomplete),
    }
}

/// A key that may hold the record, or tell what the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrap {
    AirbyteData,
    Type,
    Record,
    Attributes,
    Stream,
    Data,
}

impl Wrap {
    const ALL: [(Wrap, &'static str); 6] = [
        (Wrap::AirbyteData, "airbytedata"),
        (Wrap::Type, "type"),
        (Wrap::Record, "record"),
        (Wrap::Attributes, "attributes"),
        (Wrap::Stream, "stream"),
        (Wrap::Data, "data"),
    ];
}

/// What a walk met around the fields: enough to tell an envelope from a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    values: [Option<(usize, usize)>; Wrap::ALL.len()],
    twice: bool,
    /// A field other than the id stands beside.
    pub fields: bool,
}

impl Envelope {
    fn note(&mut self, wrap: Wrap, value: Range<usize>) {
        let place = &mut self.values[wrap as usize];
        self.twice |= place.is_some();
        *place = Some((value.start, value.end));
    }

    fn value(&self, wrap: Wrap) -> Option<Range<usize>> {
        self.values[wrap as usize].map(|(start, end)| start..end)
    }

    /// Whether a key that may hold the record stands there twice.
    pub fn is_ambiguous(&self) -> bool {
        self.twice
    }

    /// The value of `_airbyte_data`.
    pub fn airbyte_data(&self) -> Option<Range<usize>> {
        self.value(Wrap::AirbyteData)
    }

    /// The value of `type`.
    pub fn kind(&self) -> Option<Range<usize>> {
        self.value(Wrap::Type)
    }

    /// The value of `record`.
    pub fn record(&self) -> Option<Range<usize>> {
        self.value(Wrap::Record)
    }

    /// The value of `attributes`.
    pub fn attributes(&self) -> Option<Range<usize>> {
        self.value(Wrap::Attributes)
    }

    /// The value of `data` beside a `stream`.
    pub fn stream_data(&self) -> Option<Range<usize>> {
        self.value(Wrap::Stream)?;
        self.value(Wrap::Data)
    }
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Slot(Slot),
    Known,
    Unknown(usize),
    /// Part of an envelope: no field, and no surprise.
    Aside,
}

/// A key as it stood in a record before, with what stood around it from one
/// value to the next: the next record most likely has the same.
#[derive(Debug)]
struct Met {
    /// Its first bytes, and nothing after a short one.
    first: [u8; WIDTH],
    /// Which of the first bytes are not its own.
    beyond: u32,
    /// All of it.
    text: Box<[u8]>,
    target: Target,
    wrap: Option<Wrap>,
}

impl Met {
    fn new(text: &[u8], target: Target, wrap: Option<Wrap>) -> Self {
        let first = std::array::from_fn(|at| text.get(at).copied().unwrap_or_default());
        let beyond = u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self {
            first,
            beyond: u32::MAX.checked_shl(beyond).unwrap_or(0),
            text: text.into(),
            target,
            wrap,
        }
    }

    /// Whether it stands there. At the end of a text nobody looks: it is only
    /// said to, and not known to be elsewhere.
    #[inline(always)]
    fn stands(&self, bytes: &[u8], at: usize) -> bool {
        let here = bytes.get(at..).and_then(<[u8]>::first_chunk);
        here.is_some_and(|here| scan::same(here, &self.first) | self.beyond == u32::MAX)
            && (self.text.len() <= WIDTH || bytes[at..].starts_with(&self.text))
    }

    /// What it leads to, where it stands again.
    #[inline(always)]
    fn step(&self, at: usize) -> Step {
        Step {
            value: at + self.text.len(),
            target: self.target,
            wrap: self.wrap,
        }
    }
}

/// A key was met: its value stands there, perhaps after blanks.
#[derive(Debug, Clone, Copy)]
struct Step {
    value: usize,
    target: Target,
    wrap: Option<Wrap>,
}

/// What stands after a value, or where an object begins.
#[derive(Debug, Clone, Copy)]
enum Found {
    Key(Step),
    /// The object ends before this byte.
    End(usize),
}

/// Which object of a line is walked over: their keys are learnt apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The line's own object.
    Line,
    /// The object in an envelope.
    Wrapped,
    /// The object in that.
    Inner,
}

/// Walks over objects, and learns how their keys are written.
#[derive(Debug)]
pub struct Walker<'s> {
    schema: &'s Schema,
    layouts: [Vec<Met>; 3],
    /// Keys that are no field, of the records that were accepted.
    pub unknown: UnknownKeys,
    /// Keys that are no field, of the object of the last walk.
    surprises: Vec<usize>,
}

/// How far ahead in the layout a key is looked for: a record may leave some out.
const AHEAD: usize = 4;

/// The most keys that are learnt: beyond, every key is looked up.
const MAX_LEARNT: usize = 256;

impl<'s> Walker<'s> {
    /// A walker that knows no layout yet.
    pub fn new(schema: &'s Schema) -> Self {
        Self {
            schema,
            layouts: Default::default(),
            unknown: UnknownKeys::default(),
            surprises: Vec::new(),
        }
    }

    /// The object of the last walk is a record: its unknown keys count.
    pub fn accept(&mut self) {
        for place in self.surprises.drain(..) {
            self.unknown.count(place, 1);
        }
    }

    /// Forgets what it learnt and counted.
    pub fn clear(&mut self) {
        self.layouts.iter_mut().for_each(Vec::clear);
        self.unknown.clear();
    }

    /// Reads the object that begins at a byte of the text; the wanted fields go
    /// to the record. Gives the byte after it.
    ///
    /// # Errors
    ///
    /// Where and why the text is not a whole JSON object.
    pub fn walk<'b>(
        &mut self,
        text: &'b str,
        at: usize,
        level: Level,
        record: &mut Record<'b>,
        envelope: &mut Envelope,
    ) -> Result<usize, Fault> {
        // The layout is out of the way of the rest while it is followed.
        let mut layout = std::mem::take(&mut self.layouts[level as usize]);
        let walked = self.follow(&mut layout, text, at + 1, record, envelope);
        self.layouts[level as usize] = layout;
        walked
    }

    fn follow<'b>(
        &mut self,
        layout: &mut Vec<Met>,
        text: &'b str,
        first: usize,
        record: &mut Record<'b>,
        envelope: &mut Envelope,
    ) -> Result<usize, Fault> {
        let bytes = text.as_bytes();
        let mut at = first;
        let mut met = 0;
        self.surprises.clear();
        loop {
            let Step {
                value,
                target,
                wrap,
            } = match layout.get(met) {
                Some(key) if key.stands(bytes, at) => {
                    met += 1;
                    key.step(at)
                }
                _ => match self.key(layout, text, at, at == first, &mut met)? {
                    Found::Key(step) => step,
                    Found::End(end) => return Ok(end),
                },
            };
            at = match target {
                Target::Slot(slot) => {
                    envelope.fields |= slot != Slot::ID;
                    self.read_value(text, value, slot, record)?
                }
                Target::Known => {
                    envelope.fields = true;
                    skip_value(bytes, value, 1)?
                }
                Target::Unknown(place) => {
                    self.surprises.push(place);
                    skip_value(bytes, value, 1)?
                }
                Target::Aside => skip_value(bytes, value, 1)?,
            };
            if let Some(wrap) = wrap {
                envelope.note(wrap, skip_blanks(bytes, value)..at);
            }
        }
    }

    /// Reads the value that begins at a byte, or after blanks, for a field.
    /// Gives the byte after it.
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
                let raw = said(token, text, at, record);
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

    /// Reads what stands between two values, or before the first, that is not
    /// the next key of the layout: a comma, a key, a colon and blanks. `met` is
    /// how far the layout has been followed.
    #[inline(never)]
    fn key(
        &mut self,
        layout: &mut Vec<Met>,
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
        for (place, key) in layout.iter().enumerate().skip(*met + 1).take(AHEAD) {
            if bytes[at..].starts_with(&key.text) {
                *met = place + 1;
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
        let key = token.text(text, start);
        let (target, wrap) = self.target(key.as_deref().unwrap_or(&text[start..token.end]));
        if layout.len() < MAX_LEARNT {
            let met = (*met).min(layout.len());
            layout.insert(met, Met::new(&bytes[at..value], target, wrap));
        }
        *met += 1;
        Ok(Found::Key(Step {
            value,
            target,
            wrap,
        }))
    }

    fn target(&mut self, key: &str) -> (Target, Option<Wrap>) {
        let folded = normalize_key(key);
        let wrap = Wrap::ALL.iter().find(|(_, name)| *name == folded);
        let target = match self.schema.key(key) {
            Key::Wanted(slot) => Target::Slot(slot),
            Key::Known => Target::Known,
            Key::Unknown if wrap.is_some() || folded.starts_with("airbyte") => Target::Aside,
            Key::Unknown => Target::Unknown(self.unknown.place(key)),
        };
        (target, wrap.map(|(wrap, _)| *wrap))
    }
}

/// The byte after any JSON blanks.
#[inline]
pub fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// A JSON string: where it ends, and whether it holds escapes.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// The byte after the closing quote.
    pub end: usize,
    escaped: bool,
}

impl Text {
    /// What it says, unless it holds half of a surrogate pair.
    #[inline(always)]
    pub fn text<'b>(&self, text: &'b str, start: usize) -> Option<Cow<'b, str>> {
        if self.escaped {
            let said: Option<String> = serde_json::from_str(&text[start..self.end]).ok();
            return said.map(Cow::Owned);
        }
        Some(Cow::Borrowed(&text[start + 1..self.end - 1]))
    }
}

/// Reads the string whose opening quote stands at a byte.
#[inline(always)]
pub fn string(bytes: &[u8], start: usize) -> Result<Text, Fault> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        at = plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => {
                let end = at + 1;
                return Ok(Text { end, escaped });
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

/// The next byte from here that ends a run of plain text: a quote, a backslash
/// or a control character.
#[inline(always)]
fn plain(bytes: &[u8], mut at: usize) -> usize {
    // Most texts are shorter than this, and end without a guess how long.
    while let Some(many) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = scan::ends_of_text(many);
        if ends != 0 {
            return at + ends.trailing_zeros() as usize;
        }
        at += many.len();
    }
    while bytes.get(at).is_some_and(|byte| !is_end(*byte)) {
        at += 1;
    }
    at
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..b' ')
}

/// The byte after an escape whose letter stands here.
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

/// What a string that begins here says.
#[cold]
fn said<'b>(token: Text, text: &'b str, at: usize, record: &Record<'b>) -> Raw<'b> {
    match token.text(text, at) {
        Some(Cow::Borrowed(said)) => Raw::Text(said),
        Some(Cow::Owned(said)) => Raw::Text(record.keep(&said)),
        None => Raw::BrokenText,
    }
}

/// Reads a value that is neither text nor a boolean, perhaps after blanks.
#[inline(never)]
fn read_rest<'b>(text: &'b str, at: usize, record: &Record<'b>) -> Result<(Raw<'b>, usize), Fault> {
    let bytes = text.as_bytes();
    if bytes[at..].starts_with(b"null") {
        return Ok((Raw::Null, at + 4));
    }
    let at = skip_blanks(bytes, at);
    let end = skip_rest(bytes, at, 1)?;
    let raw = match bytes[at] {
        b'"' => said(string(bytes, at)?, text, at, record),
        b'{' => Raw::Object,
        b'[' => Raw::Array,
        b't' => Raw::Bool(true),
        b'f' => Raw::Bool(false),
        b'n' => Raw::Null,
        _ => Raw::Number(&text[at..end]),
    };
    Ok((raw, end))
}

/// A boolean that stands here, and the byte after it. Which of the two it is
/// nobody can guess, and so nothing branches on it.
#[inline(always)]
fn boolean(bytes: &[u8], at: usize) -> Option<(bool, usize)> {
    const TRUE: (u64, u64) = (u32::MAX as u64, u64::from_le_bytes(*b"true\0\0\0\0"));
    const FALSE: (u64, u64) = (0xff_ffff_ffff, u64::from_le_bytes(*b"false\0\0\0"));
    let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    // A bit by which the first letters differ.
    let no = word >> 1 & 1;
    let (mask, wanted) = [TRUE, FALSE][no as usize];
    (word & mask == wanted).then_some((no == 0, at + 4 + no as usize))
}

/// The byte after the value that begins here, perhaps after blanks, inside of
/// `depth` others.
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

/// The byte after a value that begins here and most likely is neither text nor
/// a boolean.
#[inline(never)]
fn skip_rest(bytes: &[u8], at: usize, depth: u32) -> Result<usize, Fault> {
    match bytes.get(at) {
        Some(b'{' | b'[') => skip_nested(bytes, at, depth),
        _ => skip_scalar(bytes, at),
    }
}

fn skip_scalar(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at) {
        Some(b'"') => string(bytes, at).map(|token| token.end),
        Some(b't') => word(bytes, at, b"true"),
        Some(b'f') => word(bytes, at, b"false"),
        Some(b'n') => word(bytes, at, b"null"),
        _ => number(bytes, at),
    }
}

#[inline(always)]
fn word<const N: usize>(bytes: &[u8], at: usize, word: &[u8; N]) -> Result<usize, Fault> {
    if bytes[at..].first_chunk() == Some(word) {
        return Ok(at + N);
    }
    let same = bytes[at..].iter().zip(word).take_while(|(a, b)| a == b);
    expected(bytes, at + same.count(), "a JSON value")
}

/// The byte after the number that begins here. One that the text ends with may
/// go on.
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

/// Goes over an object or an array without recursion: the levels that are open
/// are bits of a number.
fn skip_nested(bytes: &[u8], mut at: usize, outer: u32) -> Result<usize, Fault> {
    let mut objects: u128 = 0;
    let mut depth = outer;
    loop {
        // Here a value begins.
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
        // Here a value has ended.
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

/// The byte at which the value of the key that begins here begins.
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
    use crate::record::Value;
    use proptest::prelude::*;

    /// What the walk says of a text that is one object, or nothing.
    fn walked(text: &str) -> Result<(), Flaw> {
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let walk =
            Walker::new(&schema).walk(text, 0, Level::Line, &mut record, &mut Envelope::default());
        match walk {
            Ok(end) if skip_blanks(text.as_bytes(), end) == text.len() => Ok(()),
            Ok(_) => Err(Flaw::Expected("nothing more")),
            Err(fault) => Err(fault.what),
        }
    }

    fn judged(text: &str) -> bool {
        // The judge goes over any depth when it skips, and so is told of none.
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
        assert_eq!(walked(&depth(128)), Ok(()));
        assert_eq!(walked(&depth(129)), Err(Flaw::TooDeep));
        assert_eq!(
            walked(&format!("{{\"x\":{}", "[".repeat(100_000))),
            Err(Flaw::TooDeep)
        );
    }

    #[test]
    fn keys_are_known_by_what_they_say_not_by_how_they_are_written() {
        let text = r#"{"\u0069d":"a","n\u0061me":"b","id ":"a"}"#;
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let end =
            Walker::new(&schema).walk(text, 0, Level::Line, &mut record, &mut Envelope::default());
        assert_eq!(end, Ok(text.len()));
        assert_eq!((record.id(), record.name()), (Some("a"), Some("b")));
    }

    #[test]
    fn half_a_surrogate_pair_spoils_its_field_and_no_other() {
        let text = r#"{"id":"a","name":"\ud800","other":"\ud800"}"#;
        let (schema, texts) = (Schema::default(), bumpalo::Bump::new());
        let mut record = Record::new(&schema, &texts);
        let end =
            Walker::new(&schema).walk(text, 0, Level::Line, &mut record, &mut Envelope::default());
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
            assert!(matches!(walked(text), Err(Flaw::Expected(_))), "{text}");
            assert!(!judged(text), "{text}");
        }
    }

    #[test]
    fn a_record_that_is_cut_anywhere_is_incomplete() {
        let whole = r#"{"id":"a\u00e9\n","x":[1.5e+3,{"y":null},true,[]],"name":false}"#;
        assert_eq!(walked(whole), Ok(()));
        for cut in 1..whole.len() {
            assert_eq!(
                walked(&whole[..cut]),
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
        fn the_walk_and_the_judge_say_the_same(text in nearly_json()) {
            prop_assert_eq!(walked(&text).is_ok(), judged(&text), "{}", text);
        }

        #[test]
        fn keys_are_compared_whole(key in "[ab]{0,50}", rest in "[ab]{0,3}", at in 0usize..50) {
            let mut text = format!("{key}{rest}").into_bytes();
            text.resize(key.len() + WIDTH, b' ');
            let met = Met::new(key.as_bytes(), Target::Known, None);
            prop_assert!(met.stands(&text, 0));
            if at < key.len() {
                text[at] ^= 1;
                prop_assert!(!met.stands(&text, 0));
            }
        }

        #[test]
        fn plain_text_ends_where_a_plain_search_says(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0usize..64) {
            prop_assume!(at <= bytes.len());
            let slow = bytes[at..].iter().position(|byte| is_end(*byte));
            prop_assert_eq!(plain(&bytes, at), slow.map_or(bytes.len(), |found| at + found));
        }
    }
}
