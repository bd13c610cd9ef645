//! The keys of a table of TOML that a person writes: their names, what they mean, and the
//! shape of their values. The reader of a document and its JSON Schema both ask them.
//!
//! The name of a key is that of its variant, in kebab case; what it means is the
//! variant's doc line.

use strum::EnumMessage;

use crate::toml_reader::Word;

/// Lists the keys of a table, with the meaning and the shape of each.
pub trait Keys: Word + EnumMessage {
    /// Lists the keys that the table must have.
    const REQUIRED: &'static [Self];

    /// Returns the shape of the key's value.
    fn shape(self) -> Shape;

    /// Returns what the key means, in a sentence.
    fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

/// Says what a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text that is not blank.
    Text,
    /// A list of texts that are not blank.
    Texts,
    /// A table from fields to checks.
    Requirement,
    /// The name of a severity.
    Severity,
    /// An outcome to which absence leads.
    OnAbsent,
    /// What a `when` comes to that absence leaves undecided.
    WhenAbsent,
    /// A table from fields to reasons.
    Reasons,
    /// The table of `raise`.
    Raise,
    /// A version requirement of the program, as `>=0.3`.
    Version,
    /// The name of a sort of copies.
    Copies,
    /// `true` or `false`.
    Flag,
    /// `true`.
    True,
    /// A whole number.
    Count {
        /// The least that is allowed.
        min: u64,
    },
    /// A whole number, or a power of two as `2^64`.
    Size,
    /// The bits of a network prefix.
    Prefix {
        /// The most that are allowed.
        max: u8,
    },
    /// A span of time, as `90d`.
    Span,
    /// A share, as `95%`.
    Share,
    /// A value of a parameter.
    Value,
    /// A number, a span of time or a share: what is looser or stricter.
    Limit,
    /// A number of days, 1 or more.
    Days {
        /// The most that are allowed.
        max: u16,
    },
    /// A table from severities to numbers of days.
    MostDays,
    /// A list of what a waiver must say.
    MustSay,
    /// A day, as `2026-01-31`.
    Day,
    /// What a waiver covers: an outcome that is listed.
    Covers,
    /// A table from fields to what was seen in them.
    Values,
    /// The digest of evidence.
    Digest,
    /// How a field is absent.
    Absent,
}
