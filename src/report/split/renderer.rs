//! Findings kept as rows, each with its slice.

use std::io;

use crate::record::Slot;
use crate::report::model::ended::Ended;
use crate::report::model::row::FindingRow;
use crate::report::render::{self, Found, Rendered, RenderedRow};
use crate::report::settings::SplitBy;
use crate::report::slice_names::rule_name;

/// Keeps findings as rows, with their slices.
pub struct Renderer {
    by: SplitBy,
    slot: Option<Slot>,
}

impl Renderer {
    /// Returns a renderer for reports that are split so; `slot` is that of the field,
    /// if they are split by one.
    pub fn new(by: SplitBy, slot: Option<Slot>) -> Self {
        Self { by, slot }
    }
}

/// Returns the slice in which a finding of the night before was.
pub(super) fn slice_of_ended(by: &SplitBy, ended: &Ended<'_>) -> Option<String> {
    match ended {
        Ended::Closed(closed) => match by {
            SplitBy::Customer => closed.customer_id.clone(),
            SplitBy::Rule => Some(rule_name(&closed.policy, &closed.rule)),
            SplitBy::Severity => Some(closed.severity.name().to_owned()),
            SplitBy::Field(name) => closed.slice.get(name).cloned(),
        },
        Ended::Carried(carried) => slice_of_row(by, &carried.row),
        Ended::Moved(row) => slice_of_row(by, row),
    }
}

fn slice_of_row(by: &SplitBy, row: &FindingRow<'_>) -> Option<String> {
    match by {
        SplitBy::Customer => row.customer_id.as_deref().map(str::to_owned),
        SplitBy::Rule => Some(rule_name(&row.policy, &row.rule)),
        SplitBy::Severity => Some(row.severity.name().to_owned()),
        SplitBy::Field(name) => {
            let mut slices = row.slice.iter();
            let value = slices.find(|(of, _)| of == name);
            value.map(|(_, value)| value.to_string())
        }
    }
}

impl render::Renderer for Renderer {
    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn splits_by(&self) -> Option<(String, Slot)> {
        Some((self.by.field()?.to_owned(), self.slot?))
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.rows.push(RenderedRow {
            rule_index: found.rule_index,
            slice: slice_of_row(&self.by, &found.row),
            row: found.row.clone().into_owned(),
        });
        Ok(())
    }
}
