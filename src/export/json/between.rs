//! Says what is between two values of a JSON export: the reader, the search after
//! a broken value and the cuts between chunks all ask here.

use memchr::{memchr_iter, memrchr_iter};

use super::keys::begins_with;
use super::state::Container;

/// The byte between two elements of an array.
pub const ELEMENT_SEPARATOR: u8 = b',';

impl Container {
    /// Returns what is between two values, besides blanks: a byte, or nothing.
    pub const fn separator(self) -> Option<u8> {
        match self {
            Container::Lines => None,
            Container::Records | Container::Map | Container::Members | Container::Elements => {
                Some(ELEMENT_SEPARATOR)
            }
        }
    }

    /// Returns the byte that ends what the values are in.
    pub const fn end(self) -> Option<u8> {
        match self {
            Container::Lines => None,
            Container::Records | Container::Elements => Some(b']'),
            Container::Map | Container::Members => Some(b'}'),
        }
    }

    /// Returns the last byte at which the next chunk is likely to begin, if there
    /// is one. The records of an array begin with these keys.
    pub fn last_cut(self, bytes: &[u8], keys: &[Vec<u8>]) -> Option<usize> {
        match self {
            Container::Lines => self.cut_by_lines(bytes),
            Container::Records => self.cut_by_keys(bytes, keys),
            Container::Map | Container::Members | Container::Elements => None,
        }
    }

    /// Returns the bytes at which another reading is likely to begin, from the first on:
    /// between two objects with a line feed before the second, or before one that begins with
    /// these keys.
    pub fn cuts<'b>(
        self,
        bytes: &'b [u8],
        keys: &'b [Vec<u8>],
    ) -> impl Iterator<Item = usize> + 'b {
        memchr_iter(b'{', bytes).filter_map(move |open| {
            let cut = self.cut_before(&bytes[..open])?;
            let is_likely = match self {
                Container::Lines => bytes[cut..open].contains(&b'\n'),
                Container::Records => begins_with(&bytes[open..], keys) == keys.len(),
                Container::Map | Container::Members | Container::Elements => false,
            };
            is_likely.then_some(cut)
        })
    }

    /// Returns the byte between two objects with a line feed before the second: no
    /// value has these. Or else between any two, which text may have.
    fn cut_by_lines(self, bytes: &[u8]) -> Option<usize> {
        let mut second_best = None;
        for open in memrchr_iter(b'{', bytes) {
            let Some(cut) = self.cut_before(&bytes[..open]) else {
                continue;
            };
            if bytes[cut..open].contains(&b'\n') {
                return Some(cut);
            }
            second_best = second_best.or(Some(cut));
        }
        second_best
    }

    /// Returns the byte between two objects, of which the second begins with the
    /// keys of the first record: text and nested arrays have such separators too.
    fn cut_by_keys(self, bytes: &[u8], keys: &[Vec<u8>]) -> Option<usize> {
        let mut best = None;
        for open in memrchr_iter(b'{', bytes).take(MAX_COMPARED) {
            let Some(cut) = self.cut_before(&bytes[..open]) else {
                continue;
            };
            let alike = begins_with(&bytes[open..], keys);
            if alike == keys.len() {
                return Some(cut);
            }
            if best.is_none_or(|(most, _)| alike > most) {
                best = Some((alike, cut));
            }
        }
        best.map(|(_, cut)| cut)
    }

    /// Returns the byte after the separator that these bytes end with, or after the
    /// object, where nothing separates values; nothing, if no object is before it.
    fn cut_before(self, bytes: &[u8]) -> Option<usize> {
        let cut = bytes.trim_ascii_end();
        let object = match self.separator() {
            Some(separator) => cut.strip_suffix(&[separator])?.trim_ascii_end(),
            None => cut,
        };
        (object.last() == Some(&b'}')).then_some(cut.len())
    }
}

/// How many objects are compared with the first record at most.
const MAX_COMPARED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const SEQUENCE: Container = Container::Lines;
    const ARRAY: Container = Container::Records;

    #[test]
    fn a_sequence_is_cut_after_an_object_and_preferably_before_a_line() {
        assert_eq!(SEQUENCE.last_cut(br#"{"id":1} {"id":2}"#, &[]), Some(8));
        let lines = b"{\"id\":1}\n{\"id\":\"} {\"}";
        assert_eq!(SEQUENCE.last_cut(lines, &[]), Some(8));
        assert_eq!(SEQUENCE.last_cut(br#"{"id":1},{"id":2}"#, &[]), None);
    }

    #[test]
    fn an_array_is_cut_after_a_comma_and_preferably_before_the_keys_of_a_record() {
        let keys = [br#""id""#.to_vec()];
        let array = br#"[{"id":1} , {"id":[{},{}]"#;
        assert_eq!(ARRAY.last_cut(array, &keys), Some(11));
        assert_eq!(ARRAY.last_cut(array, &[]), Some(22));
        assert_eq!(ARRAY.last_cut(br#"{"id":1} {"id":2}"#, &keys), None);
    }
}
