//! What a rule makes of a record, and why.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, Display, IntoStaticStr, VariantArray};

use crate::policy::Cause;
use crate::record::{Absent, Bad};

/// Says why an outcome is listed as a finding.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    IntoStaticStr,
    VariantArray,
    AsRefStr,
    Display,
    Serialize,
    Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    /// The record says otherwise than the rule asks.
    Violated,
    /// The record has no such key.
    Missing,
    /// The key holds null.
    Null,
    /// The key holds blank text, or the CSV cell is empty.
    Empty,
    /// The key holds JSON of a type that the field never has.
    WrongType,
    /// The key holds something that cannot be read as the field's kind.
    Unparsable,
    /// The field stands in the record twice, with different values.
    Conflict,
}

impl From<Absent> for Reason {
    fn from(why: Absent) -> Self {
        match why {
            Absent::Missing => Reason::Missing,
            Absent::Null => Reason::Null,
            Absent::Empty => Reason::Empty,
        }
    }
}

impl From<Bad> for Reason {
    fn from(why: Bad) -> Self {
        match why {
            Bad::WrongType => Reason::WrongType,
            Bad::Unparsable => Reason::Unparsable,
            Bad::Conflict => Reason::Conflict,
        }
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Absent(why) => why.into(),
            Cause::Bad(why) => why.into(),
        }
    }
}

impl Reason {
    /// Returns the word for it in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Says how a finding is listed.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    IntoStaticStr,
    VariantArray,
    AsRefStr,
    Display,
    Serialize,
    Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Status {
    /// The rule is not met.
    Fail,
    /// The rule cannot be judged.
    Error,
    /// The rule is not met, and somebody has accepted that until a day.
    Waived,
}

impl Status {
    /// Returns the word for it in reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Says what a rule makes of a record, or of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The rule is met.
    Pass,
    /// The rule is not met.
    Fail(Reason),
    /// The rule cannot be judged.
    Error(Reason),
    /// The rule does not apply.
    NotApplicable,
}

impl Outcome {
    /// Returns how and why it is listed, if it is.
    pub fn listed(self) -> Option<(Status, Reason)> {
        match self {
            Outcome::Fail(reason) => Some((Status::Fail, reason)),
            Outcome::Error(reason) => Some((Status::Error, reason)),
            Outcome::Pass | Outcome::NotApplicable => None,
        }
    }

    /// Returns whether it is listed.
    pub fn is_listed(self) -> bool {
        self.listed().is_some()
    }

    /// Returns the word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail(_) => Status::Fail.name(),
            Outcome::Error(_) => Status::Error.name(),
            Outcome::NotApplicable => "not-applicable",
        }
    }
}
