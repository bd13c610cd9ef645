//! Findings kept as rows, each with its slice.

use std::io;

use super::source::SliceSource;
use crate::report::model::ended::Ended;
use crate::report::model::row::FindingRow;
use crate::report::render::{self, Found, Rendered, RenderedRow};
use crate::report::settings::SplitBy;
use crate::report::slice_names::rule_name;

/// Keeps findings as rows, with their slices.
pub struct Renderer {
    by: SplitBy,
    slices: Option<SliceSource>,
}

impl Renderer {
    /// Returns a renderer for reports that are split so; `slices` says of a finding in
    /// which it is, where the finding alone does not.
    pub fn new(by: SplitBy, slices: Option<SliceSource>) -> Self {
        Self { by, slices }
    }
}

/// Returns the slice in which a finding of the night before was.
pub(super) fn slice_of_ended(
    by: &SplitBy,
    source: Option<&SliceSource>,
    ended: &Ended<'_>,
) -> Option<String> {
    match ended {
        Ended::Closed(closed) => match by {
            SplitBy::Customer => closed.customer_id.clone(),
            SplitBy::Rule => Some(rule_name(&closed.policy, &closed.rule)),
            SplitBy::Severity => Some(closed.severity.name().to_owned()),
            SplitBy::Field(_) | SplitBy::File(_) | SplitBy::Table(_) => {
                let said = closed.slice.get(by.key()?).cloned();
                said.or_else(|| source?.of_customer(closed.customer_id.as_deref()))
            }
        },
        Ended::Carried(carried) => slice_of_row(by, source, &carried.row),
        Ended::Moved(row, _) => slice_of_row(by, source, row),
    }
}

fn slice_of_row(
    by: &SplitBy,
    source: Option<&SliceSource>,
    row: &FindingRow<'_>,
) -> Option<String> {
    match by {
        SplitBy::Customer => row.customer_id.as_deref().map(str::to_owned),
        SplitBy::Rule => Some(rule_name(&row.policy, &row.rule)),
        SplitBy::Severity => Some(row.severity.name().to_owned()),
        SplitBy::Field(_) | SplitBy::File(_) | SplitBy::Table(_) => {
            SliceSource::of_row(source, by.key()?, row)
        }
    }
}

impl render::Renderer for Renderer {
    fn shows_evidence_digest(&self) -> bool {
        true
    }

    fn splits_by(&self) -> Vec<(String, SliceSource)> {
        let key = self.by.key().map(str::to_owned);
        key.zip(self.slices.clone()).into_iter().collect()
    }

    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.rows.push(RenderedRow {
            rule_index: found.rule_index,
            slice: slice_of_row(&self.by, self.slices.as_ref(), &found.row),
            row: found.row.clone().into_owned(),
        });
        Ok(())
    }
}
