//! Reports that are written once all is known, with the most severe findings if
//! there are too many for their readers.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::policy::Severity;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, Policy, Rule};
use crate::report::model::row::{FindingRow, Rejected};
use crate::report::render::{self, Found, Rendered, RenderedRow};

/// Holds what a document is made from.
pub struct Report<'r> {
    /// What was audited.
    pub header: &'r Header,
    /// What it came to.
    pub footer: &'r Footer,
    /// The findings that are shown, the most severe first and else in the order of
    /// the run.
    pub findings: Vec<FindingRow<'static>>,
    /// How many findings there are that are not shown.
    pub left_out: u64,
    /// Records that could not be read, as far as they are shown; the summary says
    /// how many there are.
    pub rejected: Vec<Rejected<'static>>,
}

impl Report<'_> {
    /// Returns how severe the most severe finding of a rule is that nobody accepted: some
    /// may be more severe than the rule is. If it has none, it is the rule's own severity.
    pub fn most_severe(&self, policy: &Policy, rule: &Rule) -> Severity {
        // The most severe come first.
        let mut findings = self.findings.iter();
        let first =
            findings.find(|row| row.rule == rule.id && row.policy == policy.id && !row.is_waived());
        match rule.raise {
            Some(_) => first.map_or(rule.severity, |row| row.severity),
            None => rule.severity,
        }
    }
}

/// Represents a format whose reports are written once all is known.
pub trait Document: Send {
    /// Returns the largest number of findings that it shows.
    fn max_findings(&self) -> usize;

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// Those of the output.
    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The largest number of records that could not be read of which a report says
/// where they are.
const MAX_REJECTED: usize = 1000;

/// Returns the two halves of a report; the first leaves out what the second has no
/// room for.
pub fn halves<D: Document>(document: D) -> (Renderer, Reporter<D>) {
    let least = Arc::new(AtomicUsize::new(0));
    let renderer = Renderer {
        least: least.clone(),
    };
    let reporter = Reporter {
        document,
        least,
        findings: Default::default(),
        kept: 0,
        all: 0,
        rejected: Vec::new(),
    };
    (renderer, reporter)
}

/// Keeps findings as rows.
pub struct Renderer {
    /// The least severity for which there is still room. What there is no room for
    /// in the records that were written so far has none in later ones.
    least: Arc<AtomicUsize>,
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        rendered.rows.push(RenderedRow {
            rule_index: found.rule_index,
            slice: None,
            row: found.row.clone().into_owned(),
        });
        Ok(())
    }

    fn has_room_for(&self, severity: Severity) -> bool {
        severity as usize >= self.least.load(Ordering::Relaxed)
    }
}

/// Keeps the most severe findings, and writes a document at the end.
pub struct Reporter<D> {
    document: D,
    least: Arc<AtomicUsize>,
    /// By severity; of each no more than are shown.
    findings: [Vec<FindingRow<'static>>; Severity::ALL.len()],
    kept: usize,
    all: u64,
    rejected: Vec<Rejected<'static>>,
}

impl<D: Document> Reporter<D> {
    fn keep(&mut self, row: FindingRow<'static>) {
        let max = self.document.max_findings();
        let severity = row.severity as usize;
        if self.as_severe_as(severity) >= max {
            return;
        }
        self.findings[severity].push(row);
        self.kept += 1;
        if self.kept > max {
            // The last of the least severe makes room.
            let least = self.findings.iter_mut().find(|kept| !kept.is_empty());
            least.and_then(Vec::pop);
            self.kept -= 1;
        }
        if self.kept == max {
            let has_room = |severity: &usize| self.as_severe_as(*severity) < max;
            let least = (0..Severity::ALL.len()).find(has_room);
            let least = least.unwrap_or(Severity::ALL.len());
            self.least.store(least, Ordering::Relaxed);
        }
    }

    /// Returns how many findings are kept that are at least so severe.
    fn as_severe_as(&self, severity: usize) -> usize {
        self.findings[severity..].iter().map(Vec::len).sum()
    }
}

impl<D: Document> render::Reporter for Reporter<D> {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: Rendered, _: &mut dyn Write) -> io::Result<()> {
        self.all += rendered.left_out + rendered.rows.len() as u64;
        for row in rendered.rows {
            self.keep(row.row);
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.len() < MAX_REJECTED {
            self.rejected.push(rejected.clone().into_owned());
        }
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let findings = self.findings.into_iter().rev();
        let findings: Vec<_> = findings.flatten().collect();
        let report = Report {
            header,
            footer,
            left_out: self.all - findings.len() as u64,
            findings,
            rejected: self.rejected,
        };
        self.document.write(&report, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::render::{Renderer as _, Reporter as _};

    struct Three;

    impl Document for Three {
        fn max_findings(&self) -> usize {
            3
        }

        fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
            for row in &report.findings {
                write!(out, "{} ", row.rule)?;
            }
            write!(out, "and {}", report.left_out)
        }
    }

    /// The rows that are shown, and how many were rendered at all.
    fn shown(severities: &[Severity]) -> (String, usize) {
        let (renderer, reporter) = halves(Three);
        let mut reporter = Box::new(reporter);
        let (mut out, mut rows) = (Vec::new(), 0);
        for (number, severity) in severities.iter().enumerate() {
            let mut rendered = Rendered::default();
            let found = Found {
                row: FindingRow {
                    rule: format!("{severity}{number}").into(),
                    severity: *severity,
                    ..fixture::row()
                },
                rule_index: 0,
                finding: None,
            };
            match renderer.has_room_for(*severity) {
                true => renderer.finding(&found, &mut rendered).expect("memory"),
                false => rendered.left_out += 1,
            }
            rows += rendered.rows.len();
            reporter.findings(rendered, &mut out).expect("memory");
        }
        let (header, footer) = (fixture::header(), fixture::clean());
        reporter.finish(&header, &footer, &mut out).expect("memory");
        (String::from_utf8(out).expect("text"), rows)
    }

    #[test]
    fn the_most_severe_are_shown_first_and_else_the_first() {
        use Severity::{Critical, High, Info, Low};
        let of = |severities: &[Severity]| shown(severities).0;
        assert_eq!(of(&[]), "and 0");
        assert_eq!(of(&[Low, High]), "high1 low0 and 0");
        let many = [Low, Low, Info, High, Low, Critical, Low];
        assert_eq!(of(&many), "critical5 high3 low0 and 4");
        assert_eq!(of(&[High; 5]), "high0 high1 high2 and 2");
    }

    #[test]
    fn what_there_is_no_room_for_is_not_rendered() {
        use Severity::{High, Info, Low};
        assert_eq!(shown(&[High; 9]).1, 3);
        assert_eq!(shown(&[Low, Low, Low, Info, Low, High, Low]).1, 4);
    }
}
