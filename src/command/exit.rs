//! How a run ends, as its exit code says.

use super::night::Compared;
use crate::options::AuditOptions;
use crate::policy::{Policies, Severity};
use crate::totals::Totals;

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

    /// Returns how an audit ends that came to this, and why, so far as it is compared with a
    /// night before.
    pub(super) fn of_audit(
        options: &AuditOptions,
        policies: &Policies,
        totals: &Totals,
        compared: Option<&Compared>,
    ) -> (Self, Vec<String>) {
        if !totals.verdict.is_complete() {
            return (Exit::Incomplete, Vec::new());
        }
        let counts_for_exit = Severity::ALL.into_iter().any(|severity| {
            let counts = totals.summary.counts_of(policies, severity);
            options.fail_on.counts(severity) && counts.findings() > 0
        });
        let why = compared.map(|compared| compared.why_failed(&options.nights));
        let why = why.unwrap_or_default();
        match counts_for_exit || !why.is_empty() {
            true => (Exit::Findings, why),
            false => (Exit::Clean, why),
        }
    }
}
