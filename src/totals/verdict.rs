//! Whether an audit is complete, and what somebody should look at.

use super::gap::Gap;
use crate::finding::Anomaly;

/// Says whether an audit is complete, and what somebody should look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What keeps the audit from being complete; nothing, if it is.
    pub gaps: Vec<Gap>,
    /// What breaks no rule, and most often shows that a policy or an export is not
    /// what it was taken for.
    pub anomalies: Vec<Anomaly>,
}

impl Verdict {
    /// Returns whether every byte was read and every record judged.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}
