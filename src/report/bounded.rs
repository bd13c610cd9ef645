//! A report that is bounded to some of the findings.

use std::io;
use std::sync::Arc;

use super::model::life::Listed;
use super::model::row::FindingRow;
use super::render::{Found, Rendered, Renderer};
use super::split::SliceSource;
use crate::policy::Severity;

/// Renders the findings that a report is bounded to.
struct Bounded {
    renderer: Arc<dyn Renderer>,
    listed: Vec<Listed>,
}

/// Returns what renders these findings alone; all, if there is no bound.
pub fn bounded(renderer: Arc<dyn Renderer>, listed: &[Listed]) -> Arc<dyn Renderer> {
    match listed {
        [] => renderer,
        listed => Arc::new(Bounded {
            renderer,
            listed: listed.to_vec(),
        }),
    }
}

impl Renderer for Bounded {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        self.renderer.finding(found, rendered)
    }

    fn shows_evidence_digest(&self) -> bool {
        self.renderer.shows_evidence_digest()
    }

    fn splits_by(&self) -> Vec<(String, SliceSource)> {
        self.renderer.splits_by()
    }

    fn lists(&self, row: &FindingRow<'_>) -> bool {
        Listed::lists(&self.listed, row.life.as_ref())
    }

    fn has_room_for(&self, severity: Severity) -> bool {
        self.renderer.has_room_for(severity)
    }
}
