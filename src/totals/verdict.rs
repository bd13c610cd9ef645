//! Whether an audit is complete, and what somebody should look at.

use crate::finding::{Anomaly, Summary};
use crate::policy::Policies;
use crate::record::Slot;
use crate::text;

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
    pub(super) fn new(policies: &Policies, summary: &Summary, unread_exports: u64) -> Self {
        Self {
            gaps: gaps(policies, summary, unread_exports),
            anomalies: summary.anomalies(policies),
        }
    }

    /// Returns whether every byte was read and every record judged.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

fn gaps(policies: &Policies, summary: &Summary, unread_exports: u64) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if unread_exports > 0 {
        gaps.push(Gap::UnreadExports(unread_exports));
    }
    if summary.rejected > 0 {
        gaps.push(Gap::Rejected(summary.rejected));
    }
    if summary.records == 0 {
        gaps.push(Gap::NoRecords);
    }
    let errors = summary.counts().error;
    if errors > 0 {
        gaps.push(Gap::Errors(errors));
    }
    let read = summary.records - summary.rejected;
    let missing = |slot: &Slot| read > 0 && summary.coverage[slot.index()].missing == read;
    let needed = policies.needed().into_iter();
    gaps.extend(needed.filter(missing).map(Gap::MissingField));
    gaps
}

/// Names something that an audit could not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// This many exports could not be read to their end.
    UnreadExports(u64),
    /// This many records could not be read.
    Rejected(u64),
    /// There was no record at all.
    NoRecords,
    /// This many outcomes are errors.
    Errors(u64),
    /// A field that a rule needs is missing from every record.
    MissingField(Slot),
}

impl Gap {
    /// Returns what could not be done, in words.
    pub fn show(&self, policies: &Policies) -> String {
        match self {
            Gap::UnreadExports(number) => text::count(
                *number,
                "export was not read to its end",
                "exports were not read to their end",
            ),
            Gap::Rejected(number) => text::count(
                *number,
                "record could not be read",
                "records could not be read",
            ),
            Gap::NoRecords => "there was no record at all: is the export broken?".to_owned(),
            Gap::Errors(number) => text::count(
                *number,
                "outcome could not be decided",
                "outcomes could not be decided",
            ),
            Gap::MissingField(slot) => {
                let name = &policies.schema.field(*slot).name;
                format!("`{name}`, which a rule needs, is missing from every record")
            }
        }
    }
}
