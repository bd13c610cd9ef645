//! A finding as a line of a table.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::policy::Severity;
use crate::report::render::{self, Found, Rendered};
use crate::text::{self, escape_controls};

/// Renders findings as lines.
pub struct Renderer {
    pub enough: Arc<AtomicBool>,
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let row = &found.row;
        let evidence: Vec<_> = row
            .statements()
            .map(|statement| {
                let short = |text: &str| short(text).into_owned();
                statement.line(str::to_owned, short, short)
            })
            .collect();
        writeln!(
            rendered.bytes,
            "{}\t{}\t{}/{}\t{}\t{}",
            row.severity,
            row.status,
            escape_controls(&row.policy),
            escape_controls(&row.rule),
            escape_controls(row.whom()),
            escape_controls(&evidence.join("; ")),
        )
    }

    fn has_room_for(&self, _: Severity) -> bool {
        !self.enough.load(Ordering::Relaxed)
    }
}

/// Returns the beginning of a long value: a line is for one look.
pub fn short(value: &str) -> Cow<'_, str> {
    text::short(value, 60)
}
