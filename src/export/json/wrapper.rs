//! Tells objects that wrap an array of records, as pages of a response do, from
//! records.

use super::lexer::{skip_blanks, skip_value, string};
use crate::record::field::{Key, normalize_key};
use crate::record::{Schema, Slot};

/// The keys under which an object wraps an array of records, normalized.
const WRAPPERS: [&str; 6] = ["data", "customers", "items", "results", "records", "rows"];

/// Returns the byte after the bracket of the array of records that an object
/// wraps. An object that has a field of its own, other than a name, is a record.
pub fn wrapped_array(schema: &Schema, object: &[u8]) -> Option<usize> {
    let mut found = None;
    let mut at = 1;
    loop {
        at = skip_blanks(object, at);
        let key = (object.get(at) == Some(&b'"')).then(|| string(object, at).ok());
        let Some(Some(key)) = key else {
            return found;
        };
        let name = std::str::from_utf8(&object[at + 1..key.end - 1]).unwrap_or_default();
        let colon = skip_blanks(object, key.end);
        at = skip_blanks(object, colon + 1);
        if is_own_field(schema, name) {
            return None;
        }
        let wraps = WRAPPERS.contains(&normalize_key(name).as_str());
        if found.is_none() && wraps && object.get(at) == Some(&b'[') {
            found = Some(at + 1);
        }
        let Ok(end) = skip_value(object, at, 1) else {
            return found;
        };
        at = skip_blanks(object, end);
        match object.get(at) {
            Some(b',') => at += 1,
            _ => return found,
        }
    }
}

fn is_own_field(schema: &Schema, key: &str) -> bool {
    match schema.key(key) {
        Key::Wanted(slot) => slot != Slot::NAME,
        Key::Known => true,
        Key::Unknown => false,
    }
}
