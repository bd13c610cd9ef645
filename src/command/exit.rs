//! How a run ends, as its exit code says.

/// Says how a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Exit {
    /// All is as it should be: of an audit, that it is complete and no finding
    /// counts.
    Clean,
    /// Something is not as it should be: a finding at or above `--fail-on`, a case
    /// that does not hold, a customer who is not found.
    Findings,
    /// It could not be done, or what was looked at cannot be used.
    Failed,
    /// Something could not be read or decided.
    Incomplete,
}

impl Exit {
    /// Returns the exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::Incomplete => 3,
        }
    }
}
