//! The questions that rules ask of all records of a run together.

use std::fmt;

use chrono::{DateTime, Utc};
use strum::{EnumMessage, VariantArray};

use super::check::Ago;
use crate::record::{Record, Schema, Slot, Value, time};
use crate::toml_reader::Word;

/// Asks one question about the whole export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// Compares the values of a field with each other.
    Compared(Comparison),
    /// Adds up what is asked of each record.
    Summed(Summation),
}

/// Compares the values of a field of text with each other. What does not meet it
/// is a finding about a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Asks [`Question::Unique`].
    Unique {
        /// A field of text.
        slot: Slot,
        /// Which copies are meant.
        copies: Copies,
        /// Values that differ in case alone, or in blanks around them, are one.
        ignore_case: bool,
    },
    /// Asks [`Question::Shared`].
    Shared {
        /// A field of text.
        slot: Slot,
        /// The most customers that may share a value.
        most: u64,
        /// Values that differ in case alone, or in blanks around them, are one.
        ignore_case: bool,
    },
}

/// Adds up what is asked of each record. If the sum does not meet it, there is one
/// finding, about the whole export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Summation {
    /// Asks [`Question::PassRate`].
    PassRate {
        /// The rule's id.
        rule: String,
        /// The least share of the records.
        least: Percent,
    },
    /// Asks [`Question::Records`].
    Records {
        /// The least number of records.
        least: u64,
    },
    /// Asks [`Question::Newest`].
    Newest {
        /// A field of times.
        slot: Slot,
        /// How long ago the latest of them may be.
        within: Ago,
        /// Times from here on are too far ahead to be true.
        until: DateTime<Utc>,
    },
}

/// Names a question about the whole export: the key of a rule over all records.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr, strum::EnumMessage,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Question {
    /// No value of the field is in two records.
    Unique,
    /// No value of the field is in the records of many customers.
    Shared,
    /// A rule of the same policy passes often enough where it applies.
    PassRate,
    /// There are enough records.
    Records,
    /// Some record changed lately: an older export is a stale one.
    Newest,
}

impl Question {
    /// Finds the question whose key has this name.
    pub fn find(name: &str) -> Option<Self> {
        let mut all = Self::VARIANTS.iter();
        all.find(|question| question.word() == name).copied()
    }

    /// Returns what it asks, in a sentence.
    pub fn meaning(self) -> &'static str {
        self.get_documentation().unwrap_or_default()
    }
}

impl Aggregate {
    /// Returns the field whose values are looked at.
    pub fn slot(&self) -> Option<Slot> {
        match self {
            Self::Compared(comparison) => Some(comparison.slot()),
            Self::Summed(Summation::Newest { slot, .. }) => Some(*slot),
            Self::Summed(Summation::PassRate { .. } | Summation::Records { .. }) => None,
        }
    }

    /// Returns what is compared of a record, if anything is.
    pub fn compared(&self, record: &Record<'_>) -> Option<Value> {
        match self {
            Self::Compared(comparison) => Some(record.cell(comparison.slot()).value),
            Self::Summed(_) => None,
        }
    }

    /// Returns whether values of the field are compared with each other.
    pub fn compares(&self) -> bool {
        match self {
            Self::Compared(_) => true,
            Self::Summed(_) => false,
        }
    }

    /// Names what is looked at, for evidence: a field, a rule, or the records.
    pub fn looks_at<'a>(&'a self, schema: &'a Schema) -> &'a str {
        match self {
            Self::Compared(comparison) => &schema.field(comparison.slot()).name,
            Self::Summed(Summation::Newest { slot, .. }) => &schema.field(*slot).name,
            Self::Summed(Summation::PassRate { rule, .. }) => rule,
            Self::Summed(Summation::Records { .. }) => "records",
        }
    }

    /// Describes the question.
    pub fn words(&self, schema: &Schema) -> String {
        format!("{}: {}", self.looks_at(schema), self.expected())
    }

    /// Describes what would meet it.
    pub fn expected(&self) -> String {
        match self {
            Self::Compared(comparison) => comparison.expected(),
            Self::Summed(summation) => summation.expected(),
        }
    }
}

impl Comparison {
    /// Returns the field whose values are compared.
    pub fn slot(&self) -> Slot {
        match self {
            Self::Unique { slot, .. } | Self::Shared { slot, .. } => *slot,
        }
    }

    fn expected(&self) -> String {
        let (asked, ignore_case) = match self {
            Self::Unique {
                copies,
                ignore_case,
                ..
            } => {
                let asked = match copies {
                    Copies::Any => "in no other record".to_owned(),
                    Copies::Differ => "in no other record with other content".to_owned(),
                    Copies::Agree => "in no other record with the same content".to_owned(),
                };
                (asked, ignore_case)
            }
            Self::Shared {
                most, ignore_case, ..
            } => match most {
                1 => ("on no other customer".to_owned(), ignore_case),
                most => (format!("on at most {most} customers"), ignore_case),
            },
        };
        match ignore_case {
            true => format!("{asked}, whatever the case and the blanks around it"),
            false => asked,
        }
    }
}

impl Summation {
    fn expected(&self) -> String {
        match self {
            Self::PassRate { least, .. } => format!("at least {least} pass"),
            Self::Records { least } => format!("at least {least}"),
            Self::Newest { within, .. } => format!(
                "the newest within {} ({} or later)",
                within.span,
                time::show(within.time)
            ),
        }
    }
}

/// Says which records with the same value are meant.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr, strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Copies {
    /// All.
    Any,
    /// Those of which two differ in one of the documented fields.
    Differ,
    /// Those of which all say the same.
    Agree,
}

/// Holds a share of a whole, exact to the ten-thousandth of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    /// Millionths of the whole.
    parts: u32,
}

impl Percent {
    const WHOLE: u32 = 1_000_000;

    /// Reads `95%` or `99.95%`.
    pub fn read(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?.trim_end();
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 4 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let part: u32 = format!("{part:0<4}").parse().ok()?;
        let parts = whole.checked_mul(10_000)?.checked_add(part)?;
        (parts <= Self::WHOLE).then_some(Self { parts })
    }

    /// Returns whether so many of all are at least this share.
    pub fn is_reached(self, some: u64, all: u64) -> bool {
        u128::from(some) * u128::from(Self::WHOLE) >= u128::from(all) * u128::from(self.parts)
    }

    /// Returns the share that some of all are, rounded down; nothing of nothing
    /// is all.
    pub fn of(some: u64, all: u64) -> Self {
        let parts = (u128::from(some) * u128::from(Self::WHOLE)).checked_div(u128::from(all));
        let parts = parts.and_then(|parts| u32::try_from(parts).ok());
        Self {
            parts: parts.unwrap_or(Self::WHOLE),
        }
    }

    /// Returns the share in millionths of the whole.
    pub fn millionths(self) -> u32 {
        self.parts
    }

    /// Returns whether everything reaches it.
    pub fn is_zero(self) -> bool {
        self.parts == 0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.parts / 10_000, self.parts % 10_000);
        let part = format!(".{part:04}");
        write!(
            f,
            "{whole}{}%",
            part.trim_end_matches('0').trim_end_matches('.')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_and_shown_exactly() {
        for (text, shown) in [
            ("95%", "95%"),
            ("99.95%", "99.95%"),
            ("100%", "100%"),
            ("0.0001 %", "0.0001%"),
        ] {
            let percent = Percent::read(text);
            assert_eq!(
                percent.map(|percent| percent.to_string()).as_deref(),
                Some(shown)
            );
        }
        for text in [
            "95",
            "101%",
            "-1%",
            "0.00001%",
            "%",
            ".5%",
            "5.%",
            "1e2%",
            "99999999999%",
        ] {
            assert_eq!(Percent::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_share_that_is_nearly_reached_is_neither_reached_nor_shown_as_such() {
        let least = Percent::read("95%").expect("a share");
        assert!(least.is_reached(95, 100));
        assert!(!least.is_reached(949_999, 1_000_000));
        assert_eq!(Percent::of(949_999, 1_000_000).to_string(), "94.9999%");
        assert!(!least.is_reached(u64::MAX / 100 * 94, u64::MAX));
    }
}
