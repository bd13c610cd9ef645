//! The two halves of the report.

use std::io::{self, Write};

use super::page::{Page, short};
use crate::policy::Severity;
use crate::report::format::kept::{Keeper, Room};
use crate::report::model::ended::Ended;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::render::{self, Found, LineHead, Rendered};
use crate::report::settings::Screen;
use crate::report::since;
use crate::text::escape_controls;

/// The largest number of findings, and of rejected records, that are shown.
const MAX_SHOWN: usize = 20;

/// Returns the two halves of the report, of a run that is compared with a night before or
/// is not; the first leaves out what the second has no room for.
pub fn halves(screen: Screen, is_compared: bool) -> (Renderer, Reporter) {
    let room = Room::new(is_compared);
    let renderer = Renderer { room: room.clone() };
    let reporter = Reporter {
        room,
        screen,
        findings: Keeper::new(MAX_SHOWN),
        carried: Keeper::new(MAX_SHOWN),
        rejected: Vec::new(),
    };
    (renderer, reporter)
}

/// Renders findings as lines.
pub struct Renderer {
    room: Room,
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.heads.push(LineHead::new(found));
        rendered
            .bytes
            .extend_from_slice(line(&found.row).as_bytes());
        Ok(())
    }

    fn has_room_for(&self, severity: Severity) -> bool {
        self.room.has_room_for(severity)
    }
}

/// Returns a finding as a line of cells.
fn line(row: &FindingRow<'_>) -> String {
    let state = match &row.life {
        Some(life) => format!("{}\t", since::state(life)),
        None => String::new(),
    };
    let evidence: Vec<_> = row
        .statements()
        .map(|statement| {
            let short = |text: &str| short(text).into_owned();
            statement.line(str::to_owned, short, short)
        })
        .collect();
    format!(
        "{}\t{}\t{state}{}/{}\t{}\t{}\n",
        row.severity,
        row.status,
        escape_controls(&row.policy),
        escape_controls(&row.rule),
        escape_controls(row.whom()),
        escape_controls(&evidence.join("; ")),
    )
}

/// Writes the report once everything is known.
pub struct Reporter {
    room: Room,
    screen: Screen,
    findings: Keeper,
    /// Findings of the night before that the run could not judge.
    carried: Keeper,
    rejected: Vec<String>,
}

/// Returns the lines that were kept.
fn lines(kept: Keeper) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    kept.finish()?.lines(|line| {
        lines.push(String::from_utf8_lossy(line).trim_end().to_owned());
    })?;
    Ok(lines)
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        let lines = rendered.bytes.split_inclusive(|byte| *byte == b'\n');
        for (head, line) in rendered.heads.iter().zip(lines) {
            self.findings.keep(head, line)?;
        }
        self.room.is_from(self.findings.least());
        Ok(())
    }

    fn ended(&mut self, ended: &Ended<'_>, _: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Carried(carried) => {
                let row = &carried.row;
                self.carried
                    .keep(&LineHead::of_carried(row), line(row).as_bytes())
            }
            Ended::Closed(_) | Ended::Moved(..) => Ok(()),
        }
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.len() < MAX_SHOWN {
            self.rejected.push(rejected.to_string());
        }
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (findings, carried) = (lines(self.findings)?, lines(self.carried)?);
        let page = Page::new(header, footer, self.screen);
        page.write(&findings, &carried, &self.rejected, out)
    }
}
