//! The two halves of the report.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strum::VariantArray as _;

use super::page::{Page, short};
use crate::policy::Severity;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;
use crate::report::model::life::Urgency;
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, LineHead, Rendered};
use crate::report::settings::Screen;
use crate::report::since;
use crate::text::escape_controls;

/// The largest number of findings, and of rejected records, that are shown.
const MAX_SHOWN: usize = 20;

/// Returns the two halves of the report, of a run that is compared with a night before or
/// is not; the first stops once the second has enough.
pub fn halves(screen: Screen, is_compared: bool) -> (Renderer, Reporter) {
    let enough = Arc::new(AtomicBool::new(false));
    let renderer = Renderer {
        enough: enough.clone(),
    };
    let reporter = Reporter {
        enough,
        screen,
        most_urgent: match is_compared {
            true => Urgency::New,
            false => Urgency::Known,
        },
        findings: Default::default(),
        rejected: Vec::new(),
    };
    (renderer, reporter)
}

/// Renders findings as lines.
pub struct Renderer {
    enough: Arc<AtomicBool>,
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let row = &found.row;
        rendered.heads.push(LineHead::new(found));
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
        writeln!(
            rendered.bytes,
            "{}\t{}\t{state}{}/{}\t{}\t{}",
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

/// Writes the report once everything is known.
pub struct Reporter {
    enough: Arc<AtomicBool>,
    screen: Screen,
    /// How urgent findings of the run can be.
    most_urgent: Urgency,
    /// The first findings of each urgency.
    findings: [Vec<String>; Urgency::VARIANTS.len()],
    rejected: Vec<String>,
}

impl render::Reporter for Reporter {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        let lines = rendered.bytes.split_inclusive(|byte| *byte == b'\n');
        for (head, line) in rendered.heads.iter().zip(lines) {
            let findings = &mut self.findings[head.urgency as usize];
            if findings.len() < MAX_SHOWN {
                findings.push(String::from_utf8_lossy(line).trim_end().to_owned());
            }
        }
        // Nothing comes before the most urgent.
        if self.findings[self.most_urgent as usize].len() == MAX_SHOWN {
            self.enough.store(true, Ordering::Relaxed);
        }
        Ok(())
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
        let findings = self.findings.into_iter().rev().flatten();
        let findings: Vec<_> = findings.take(MAX_SHOWN).collect();
        let page = Page::new(header, footer, self.screen);
        page.write(&findings, &self.rejected, out)
    }
}
