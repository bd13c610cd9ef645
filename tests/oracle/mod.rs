//! What `serde_json` says of bytes, beside what the program reads.

mod judges;

pub use judges::JUDGES;

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::sync::LazyLock;

use audit::export::{
    Format, MAX_DEPTH, MAX_RECORD_BYTES, Reader, Remark, Sink, State, Stop, Unread, Unreadable,
};
use audit::record::field::normalize_key;
use audit::record::{Absent, Bad, Record, Schema, Value};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};

const FIELDS: [&str; 5] = ["id", "name", "ownerId", "force2fa", "createdAt"];

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::default();
    for field in FIELDS {
        schema.want(field).expect("a field");
    }
    schema
});

/// What each field says, and what was seen there.
type Cells = Vec<(Value, String)>;

/// Keeps all that is read.
#[derive(Default)]
struct Kept {
    records: Vec<Cells>,
    /// Something is not JSON.
    broken: bool,
}

impl Sink for Kept {
    type Error = Infallible;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
        let cells = record.cells().iter();
        let said = cells.map(|cell| (cell.value, cell.seen.to_owned()));
        self.records.push(said.collect());
        Ok(())
    }

    fn rejected(&mut self, _: usize, why: Unreadable) -> Result<(), Stop<Infallible>> {
        // An object may be JSON and no record.
        self.broken |= !matches!(why, Unreadable::NoField | Unreadable::Several);
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
        Ok(())
    }

    fn unread(&mut self, why: Unread) -> Result<(), Stop<Infallible>> {
        self.broken |= !matches!(
            why,
            Unread::Changes | Unread::TwoPlaces { .. } | Unread::Unsupported(_)
        );
        Ok(())
    }
}

/// The record that the bytes are, if they are one, and whether they are not JSON.
fn read(bytes: &[u8]) -> (Option<Cells>, bool) {
    let mut kept = Kept::default();
    let mut reader = Reader::new(&SCHEMA, MAX_RECORD_BYTES);
    let start = State::Start(Format::Ndjson);
    let read = reader.read(start, bytes, true, &mut kept);
    assert!(read.is_ok(), "this sink takes all");
    let Kept {
        mut records,
        broken,
    } = kept;
    (records.pop().filter(|_| records.is_empty()), broken)
}

/// A key as its bytes: JSON allows half of a surrogate pair in it, and Rust's
/// text does not. Whether it is well-formed is not looked at.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(Vec<u8>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
                Ok(Key(key.as_bytes().to_owned()))
            }

            fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<Key, E> {
                Ok(Key(key.to_owned()))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

/// How deep JSON nests.
fn depth(json: &str) -> usize {
    let (mut depth, mut most) = (0usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                most = most.max(depth);
            }
            b'}' | b']' if !in_text => depth -= 1,
            _ => {}
        }
    }
    most
}

/// Asks both about bytes.
///
/// # Panics
///
/// They do not say the same: one takes the bytes for a record and the other
/// does not, or a field holds another value.
pub fn agree(bytes: &[u8]) {
    // An export may begin with a byte order mark.
    let text = std::str::from_utf8(bytes).ok();
    let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
    // The judge goes over any depth when it skips.
    let object = |text: &&str| {
        let blanks = [' ', '\t', '\n', '\r'];
        text.trim_start_matches(blanks).starts_with('{')
            && serde_json::from_str::<IgnoredAny>(text).is_ok()
            && depth(text) <= MAX_DEPTH as usize
    };
    let judged = text.filter(object);
    let keys = judged.and_then(|text| serde_json::from_str::<BTreeMap<Key, IgnoredAny>>(text).ok());
    let keys = keys.iter().flat_map(BTreeMap::keys);
    let folded: Vec<String> = keys
        .map(|Key(key)| normalize_key(&String::from_utf8_lossy(key)))
        .collect();
    let begins = |first: char| text.is_some_and(|text| text.trim_start().starts_with(first));
    if begins('[') || begins('"') {
        // Records may be in an array, or in a text.
        return;
    }
    let (cells, broken) = read(bytes);
    assert!(
        match judged {
            Some(_) => !broken,
            None => broken || cells.is_none(),
        },
        "read as JSON, and judged to be so: {:?}",
        String::from_utf8_lossy(bytes)
    );
    let alone = |text: &&str| {
        // A key that stands there twice, or in two spellings, is for others.
        let unique: HashSet<_> = folded.iter().collect();
        unique.len() == folded.len() && text.matches(':').count() == folded.len()
    };
    let whole = text.filter(alone);
    let whole = whole.and_then(|text| serde_json::from_str::<serde_json::Map<_, _>>(text).ok());
    if let (Some(whole), Some(cells)) = (&whole, cells) {
        for (name, cell) in FIELDS.iter().zip(&cells) {
            let value = whole
                .iter()
                .find(|(key, _)| normalize_key(key) == normalize_key(name));
            same(value.map(|(_, value)| value), cell);
        }
    }
}

fn same(value: Option<&serde_json::Value>, (said, seen): &(Value, String)) {
    use serde_json::Value as Json;
    match value {
        None => assert_eq!(*said, Value::Absent(Absent::Missing)),
        Some(Json::Null) => assert_eq!(*said, Value::Absent(Absent::Null)),
        Some(Json::String(text)) if text.trim().is_empty() => {
            assert_eq!(*said, Value::Absent(Absent::Empty));
        }
        Some(Json::String(text)) => assert_eq!(seen, text),
        Some(Json::Bool(flag)) => assert_eq!(*seen, flag.to_string()),
        Some(Json::Number(_)) => assert!(seen.parse::<f64>().is_ok(), "{seen}"),
        Some(Json::Array(_) | Json::Object(_)) => {
            assert_eq!(*said, Value::Bad(Bad::WrongType));
        }
    }
}
