//! Texts that many findings have in common, so that a partial need not repeat them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use super::item::Bytes;
use crate::finding::REDACTED;
use crate::policy::{Ask, Policies};
use crate::varint;

/// Holds the texts that policies write into findings: two that are made of the same policies
/// are the same.
#[derive(Debug, Default)]
pub struct Dictionary {
    texts: Vec<String>,
    indexes: HashMap<String, u64>,
}

/// What findings show of values that are often the same.
const VALUES: [&str; 6] = ["", "true", "false", "[missing]", "[null]", "[empty]"];

impl Dictionary {
    /// Returns the texts of these policies.
    pub fn new(policies: &Policies) -> Self {
        let mut dictionary = Self::default();
        let mut add = |text: &str| dictionary.add(text);
        VALUES.into_iter().for_each(&mut add);
        ["present", REDACTED].into_iter().for_each(&mut add);
        for field in policies.schema.wanted() {
            add(&field.name);
        }
        for test in &policies.tests {
            for holds in [true, false] {
                add(&test.phrase(holds).what);
            }
        }
        for (_, rule) in policies.rules() {
            rule.expected.iter().for_each(|text| add(text));
            let alternatives = rule.when_alternatives.iter();
            let alternatives = alternatives.chain(&rule.require_alternatives);
            alternatives.for_each(|one| add(&one.sentence));
            if let Ask::Aggregate(aggregate) = &rule.ask {
                add(&aggregate.expected());
            }
        }
        dictionary
    }

    fn add(&mut self, text: &str) {
        let next = self.texts.len() as u64;
        if !self.indexes.contains_key(text) {
            self.indexes.insert(text.to_owned(), next);
            self.texts.push(text.to_owned());
        }
    }

    /// Writes a text: its index, or its length and bytes.
    pub(super) fn write(&self, text: &str, out: &mut Vec<u8>) {
        match self.indexes.get(text) {
            Some(index) => varint::push(index << 1 | 1, out),
            None => {
                varint::push((text.len() as u64) << 1, out);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn read<'a>(&'a self, bytes: &mut Bytes<'a>) -> io::Result<Cow<'a, str>> {
        let number = bytes.number()?;
        match number & 1 {
            1 => {
                let index = usize::try_from(number >> 1).ok();
                let text = index.and_then(|index| self.texts.get(index));
                Ok(text.ok_or(io::ErrorKind::InvalidData)?.into())
            }
            _ => Ok(bytes.text(number >> 1)?.into()),
        }
    }
}
