//! What some records of one export add up to.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::aggregate::Partial;
use crate::export::Unread;
use crate::finding::Summary;
use crate::policy::Policies;

/// Holds all that some records of one export add up to. It is plain data: it can be
/// made on one thread, or machine, and added on another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The index of the export among those of the run.
    pub export: usize,
    /// Counts of records, outcomes, fields and keys, and the ranking.
    pub summary: Summary,
    /// What the rules over all records gathered.
    pub aggregates: Partial,
    /// The shape of the export, as far as it is known.
    pub shape: Cow<'static, str>,
    /// Why the export was not read to its end, if this part says so.
    pub problem: Option<Unread>,
}

impl Part {
    /// Returns a part without a record, of the export with this index.
    pub fn new(policies: &Policies, export: usize) -> Self {
        Self {
            export,
            summary: Summary::new(policies),
            ..Self::default()
        }
    }
}
