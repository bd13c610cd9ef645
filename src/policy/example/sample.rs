//! The values that a field of a made-up record may hold.

use crate::record::Raw;

/// Holds what a record that is made up has in a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sample {
    /// Nothing.
    Absent,
    /// A flag.
    Flag(bool),
    /// Text, also that of a time or of a list of networks.
    Text(String),
    /// A number, as JSON writes it.
    Number(String),
    /// An object, which is no value of any field.
    Object,
}

impl Sample {
    /// Returns what the record has there, if it has the field.
    pub(super) fn raw(&self) -> Option<Raw<'_>> {
        Some(match self {
            Sample::Absent => return None,
            Sample::Flag(flag) => Raw::Bool(*flag),
            Sample::Text(text) => Raw::Text(text),
            Sample::Number(number) => Raw::Number(number),
            Sample::Object => Raw::Object,
        })
    }
}
