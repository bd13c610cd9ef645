//! What decides the exit code.

use std::fmt;
use std::str::FromStr;

use crate::policy::Severity;

/// Names what decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailsOn {
    /// Findings from a severity on; or none.
    Severity(FailOn),
    /// Findings whose deadline has passed.
    Overdue,
}

impl fmt::Display for FailsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailsOn::Severity(severity) => severity.fmt(f),
            FailsOn::Overdue => f.write_str("overdue"),
        }
    }
}

impl FromStr for FailsOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "overdue" => Ok(Self::Overdue),
            _ => text
                .parse()
                .map(Self::Severity)
                .map_err(|error| format!("{error}, overdue")),
        }
    }
}

/// Holds the least severity of findings that decide the exit code; without one, none
/// does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailOn(pub Option<Severity>);

impl FailOn {
    /// Returns whether findings of this severity decide the exit code.
    pub fn counts(self, severity: Severity) -> bool {
        self.0.is_some_and(|least| severity >= least)
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.map_or("never", Severity::name))
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self(None));
        }
        Severity::ALL
            .into_iter()
            .find(|severity| severity.name() == text)
            .map(|severity| Self(Some(severity)))
            .ok_or_else(|| {
                format!(
                    "use one of {}, never",
                    Severity::ALL.map(Severity::name).join(", ")
                )
            })
    }
}
