//! What is around a record in an object: enough to tell an envelope from a
//! record.

use std::ops::Range;

use strum::VariantArray;

/// A key whose value may be the record, or says what the line is. Their names
/// are those of normalized keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum EnvelopeKey {
    AirbyteData,
    Type,
    Record,
    Attributes,
    Stream,
    Data,
}

/// Holds what was found around the fields of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    values: [Option<(usize, usize)>; EnvelopeKey::VARIANTS.len()],
    ambiguous: bool,
    /// The object has a field other than the id.
    pub fields: bool,
}

impl Envelope {
    /// Notes where the value of a key is.
    pub fn note(&mut self, key: EnvelopeKey, value: Range<usize>) {
        let noted = &mut self.values[key as usize];
        self.ambiguous |= noted.is_some();
        *noted = Some((value.start, value.end));
    }

    /// Returns where the value of a key is, if the object has the key.
    pub fn value(&self, key: EnvelopeKey) -> Option<Range<usize>> {
        self.values[key as usize].map(|(start, end)| start..end)
    }

    /// Returns where the value of `data` is, if there is a `stream` too.
    pub fn stream_data(&self) -> Option<Range<usize>> {
        self.value(EnvelopeKey::Stream)?;
        self.value(EnvelopeKey::Data)
    }

    /// Whether the object has one of these keys twice.
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }
}
