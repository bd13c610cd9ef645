//! What findings show of a record whose values are compared: kept once for all rules.

use std::io::{self, Read};

use crate::varint::{self, read_text};

/// Holds what findings show of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordText {
    /// The customer's id.
    pub id: Option<String>,
    /// The customer's name.
    pub name: Option<String>,
    /// The values that are compared, each after its index among all that are.
    values: Vec<(u64, String)>,
}

/// Says instead of its length that a value is the id, or the name; greater ones are lengths.
const AS_ID: u64 = 0;
const AS_NAME: u64 = 1;
const AS_WRITTEN: u64 = 2;

/// Begins the text of a record, which has no value yet.
pub(super) fn begin(id: Option<&str>, name: Option<&str>, out: &mut Vec<u8>) {
    out.push(0);
    let texts = [id, name];
    for text in texts {
        varint::push(text.map_or(0, |text| text.len() as u64 + 1), out);
    }
    for text in texts.into_iter().flatten() {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Adds a value to the text at an offset, which is the last; a record has not so many that
/// they could not be counted.
pub(super) fn add(
    offset: usize,
    (id, name): (Option<&str>, Option<&str>),
    (values, value): (u32, &str),
    out: &mut Vec<u8>,
) {
    out[offset] = out[offset].saturating_add(1);
    varint::push(values.into(), out);
    if Some(value) == id {
        varint::push(AS_ID, out);
    } else if Some(value) == name {
        varint::push(AS_NAME, out);
    } else {
        varint::push(AS_WRITTEN + value.len() as u64, out);
        out.extend_from_slice(value.as_bytes());
    }
}

impl RecordText {
    /// Reads the text of a record.
    ///
    /// # Errors
    ///
    /// Those of the reader, or there is none.
    pub fn read(reader: &mut impl Read) -> io::Result<Self> {
        let mut count = [0];
        reader.read_exact(&mut count)?;
        let lengths = [varint::read(reader)?, varint::read(reader)?];
        let [id, name] = lengths.map(|length| length.checked_sub(1));
        let mut text = Self {
            id: id.map(|length| read_text(reader, length)).transpose()?,
            name: name.map(|length| read_text(reader, length)).transpose()?,
            values: Vec::new(),
        };
        for _ in 0..count[0] {
            let values = varint::read(reader)?;
            let value = match varint::read(reader)? {
                AS_ID => text.id.clone().unwrap_or_default(),
                AS_NAME => text.name.clone().unwrap_or_default(),
                length => read_text(reader, length - AS_WRITTEN)?,
            };
            text.values.push((values, value));
        }
        Ok(text)
    }

    /// Returns a value that is compared, by its index among all that are.
    pub fn value(&self, values: usize) -> Option<&str> {
        let mut all = self.values.iter();
        let found = all.find(|(index, _)| *index == values as u64);
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_were_written() {
        let mut bytes = b"before".to_vec();
        let names = (Some("é\0"), None);
        begin(names.0, names.1, &mut bytes);
        for value in [(0, "é\0"), (7, ""), (300, "other")] {
            add(6, names, value, &mut bytes);
        }
        let mut rest = &bytes[6..];
        let text = RecordText::read(&mut rest).expect("whole");
        assert!(rest.is_empty());
        assert_eq!((text.id.as_deref(), text.name.as_deref()), names);
        assert_eq!(text.value(0), Some("é\0"));
        assert_eq!(text.value(7), Some(""));
        assert_eq!(text.value(300), Some("other"));
        assert_eq!(text.value(1), None);
        assert!(RecordText::read(&mut &bytes[6..bytes.len() - 1]).is_err());
    }
}
