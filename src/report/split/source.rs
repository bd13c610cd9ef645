//! What says in which slice a finding is.

use std::borrow::Cow;
use std::sync::Arc;

use crate::finding::Finding;
use crate::record::Slot;
use crate::report::model::row::FindingRow;
use crate::report::slice_file::SliceFile;

/// Says in which slice a finding is, where the finding alone does not.
#[derive(Debug, Clone)]
pub enum SliceSource {
    /// A field of its record.
    Field(Slot),
    /// A table of customers.
    File(Arc<SliceFile>),
}

impl SliceSource {
    /// Returns the slice of a finding of the run, if it has one.
    pub fn of<'f>(&self, finding: &Finding<'f>) -> Option<Cow<'f, str>> {
        match self {
            Self::Field(slot) => finding.observed(*slot),
            // The table has ids as they are, not as they may be shown.
            Self::File(table) => Some(table.slice_of(finding.id()).to_owned().into()),
        }
    }

    /// Returns the slice of a finding of a report that does not say it, if that can be
    /// known.
    pub fn of_customer(&self, id: Option<&str>) -> Option<String> {
        match self {
            Self::Field(_) => None,
            Self::File(table) => Some(table.slice_of(id).to_owned()),
        }
    }

    /// Returns the slice of a finding of a report: the one that it says under this name, or
    /// that of its customer.
    pub fn of_row(this: Option<&Self>, key: &str, row: &FindingRow<'_>) -> Option<String> {
        let mut slices = row.slice.iter();
        let said = slices.find(|(of, _)| of == key);
        let said = said.map(|(_, value)| value.to_string());
        said.or_else(|| this?.of_customer(row.customer_id.as_deref()))
    }
}
