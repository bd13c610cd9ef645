//! The controls of frameworks as CSV (RFC 4180): one row a control.

use std::io::{self, Write};

use crate::policy::Severity;
use crate::report::markup::defuse_formula;
use crate::report::model::control::Control;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, Rendered};

/// Lists the columns, in their order.
const COLUMNS: [&str; 12] = [
    "framework",
    "requirement",
    "status",
    "rules",
    "records",
    "pass",
    "fail",
    "error",
    "waived",
    "not_applicable",
    "most_severe",
    "evidenced_by",
];

/// Renders nothing: a row is of counts, and of no finding.
pub struct Renderer;

impl render::Renderer for Renderer {
    fn finding(&self, _: &Found<'_>, _: &mut Rendered) -> io::Result<()> {
        Ok(())
    }

    fn has_room_for(&self, _: Severity) -> bool {
        false
    }
}

/// Writes the rows once all is counted.
pub struct Reporter;

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, _: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Records that could not be read make every control undecided, and are in the other
    /// formats.
    fn rejected(&mut self, _: &Rejected<'_>) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>, _: &Header, footer: &Footer, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        rows.write_record(COLUMNS)?;
        for control in &footer.controls {
            rows.write_record(row(control).map(|cell| defuse_formula(&cell).into_owned()))?;
        }
        rows.flush()
    }
}

fn row(control: &Control) -> [String; COLUMNS.len()] {
    let counts = &control.counts;
    let most_severe = control.most_severe;
    [
        control.framework.clone(),
        control.requirement.clone(),
        control.status.name().to_owned(),
        control.evidence().collect::<Vec<_>>().join("; "),
        control.records.to_string(),
        counts.pass.to_string(),
        counts.fail.to_string(),
        counts.error.to_string(),
        counts.waived.to_string(),
        counts.not_applicable.to_string(),
        most_severe
            .map_or("", |severity| severity.name())
            .to_owned(),
        control.evidenced_by.join("; "),
    ]
}
