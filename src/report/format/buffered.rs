//! Reports that are written once all is known, with the most urgent and severe findings
//! if there are too many for their readers.

use std::io::{self, Write};

use super::kept::{Findings, Keeper, Room};
use crate::policy::Severity;
use crate::report::json_writer::{write_json, write_row};
use crate::report::model::ended::{Closed, Ended};
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, Rule};
use crate::report::model::row::Rejected;
use crate::report::render::{self, Found, LineHead, Rendered};

/// Holds what a document is made from.
pub struct Report<'r> {
    /// What was audited.
    pub header: &'r Header,
    /// What it came to.
    pub footer: &'r Footer,
    /// The findings that are shown, the most urgent first, of these the most severe, and
    /// else in the order of the run.
    pub findings: Findings,
    /// How many findings there are that are not shown.
    pub left_out: u64,
    /// Records that could not be read, as far as they are shown; the summary says
    /// how many there are.
    pub rejected: Vec<Rejected<'static>>,
    /// Findings of the night before that are not there any more, as far as they are shown;
    /// the summary says how many there are.
    pub closed: Vec<Closed>,
    /// Findings of the night before that the run cannot judge, of a document that lists
    /// them; none of any other.
    pub carried: Findings,
}

impl Report<'_> {
    /// Returns how severe the most severe finding is that nobody accepted, of each rule in
    /// the order of the header: some may be more severe than the rule is. If a rule has
    /// none, it is its own severity.
    pub fn most_severe(&self) -> Vec<Severity> {
        let mut most: Vec<_> = self.header.rules().map(|_| None).collect();
        for place in self.findings.places().iter().filter(|one| !one.is_waived) {
            if let Some(most) = most.get_mut(place.rule_index) {
                *most = (*most).max(Some(place.severity));
            }
        }
        let most_severe = |((_, rule), most): ((_, &Rule), Option<Severity>)| match rule.raise {
            Some(_) => most.unwrap_or(rule.severity),
            None => rule.severity,
        };
        self.header.rules().zip(most).map(most_severe).collect()
    }
}

/// Represents a format whose reports are written once all is known.
pub trait Document: Send {
    /// Returns the largest number of findings that it shows.
    fn max_findings(&self) -> usize;

    /// Returns whether it lists findings that the run cannot judge: its readers close what
    /// it does not list.
    fn lists_carried(&self) -> bool {
        false
    }

    /// Writes the report.
    ///
    /// # Errors
    ///
    /// Those of the output, or of a temporary file.
    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The largest number of records that could not be read of which a report says
/// where they are.
const MAX_REJECTED: usize = 1000;

/// The largest number of findings that are not there any more of which a report says
/// which they are.
const MAX_CLOSED: usize = 1000;

/// The largest number of characters of whom one of these is about.
const MAX_NAME: usize = 250;

/// The largest number of characters of a text of a finding: a document is read as a
/// whole, and one text must not take the room of all.
const MAX_TEXT: usize = 1 << 14;

/// Returns the two halves of a report; the first leaves out what the second has no
/// room for, of a run that is compared with a night before or is not.
pub fn halves<D: Document>(document: D, is_compared: bool) -> (Renderer, Reporter<D>) {
    let room = Room::new(is_compared);
    let renderer = Renderer { room: room.clone() };
    let reporter = Reporter {
        findings: Keeper::new(document.max_findings()),
        carried: Keeper::new(document.max_findings()),
        document,
        room,
        all: 0,
        rejected: Vec::new(),
        closed: Vec::new(),
    };
    (renderer, reporter)
}

/// Renders findings as lines of JSON.
pub struct Renderer {
    room: Room,
}

impl render::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()> {
        let head = LineHead::new(found);
        if !self.room.has_room(head.urgency, head.severity) {
            rendered.left_out += 1;
            return Ok(());
        }
        rendered.heads.push(head);
        write_row(&found.row.shown(MAX_TEXT), rendered)?;
        rendered.bytes.push(b'\n');
        Ok(())
    }

    fn has_room_for(&self, severity: Severity) -> bool {
        self.room.has_room_for(severity)
    }
}

/// Keeps the most urgent and severe findings, and writes a document at the end.
pub struct Reporter<D> {
    document: D,
    room: Room,
    findings: Keeper,
    carried: Keeper,
    all: u64,
    rejected: Vec<Rejected<'static>>,
    closed: Vec<Closed>,
}

impl<D: Document> render::Reporter for Reporter<D> {
    fn start(&mut self, _: &Header, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, rendered: &Rendered, _: &mut dyn Write) -> io::Result<()> {
        self.all += rendered.left_out + rendered.heads.len() as u64;
        let lines = rendered.bytes.split_inclusive(|byte| *byte == b'\n');
        for (head, line) in rendered.heads.iter().zip(lines) {
            self.findings.keep(head, line)?;
        }
        self.room.is_from(self.findings.least());
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.len() < MAX_REJECTED {
            self.rejected.push(rejected.clone().into_owned());
        }
        Ok(())
    }

    fn ended(&mut self, ended: &Ended<'_>, _: &mut dyn Write) -> io::Result<()> {
        match ended {
            Ended::Closed(closed) if self.closed.len() < MAX_CLOSED => {
                self.closed.push(closed.shown(MAX_NAME));
            }
            Ended::Carried(carried) if self.document.lists_carried() => {
                let row = carried.row.shown(MAX_TEXT);
                let head = LineHead::of_carried(&row);
                let mut line = Vec::new();
                write_json(&row, &mut line)?;
                line.push(b'\n');
                self.carried.keep(&head, &line)?;
            }
            Ended::Closed(_) | Ended::Carried(_) | Ended::Moved(..) => {}
        }
        Ok(())
    }

    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let findings = self.findings.finish()?;
        let report = Report {
            header,
            footer,
            left_out: self.all - findings.len() as u64,
            findings,
            rejected: self.rejected,
            closed: self.closed,
            carried: self.carried.finish()?,
        };
        self.document.write(&report, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::model::row::FindingRow;
    use crate::report::render::{Renderer as _, Reporter as _};

    struct Three;

    impl Document for Three {
        fn max_findings(&self) -> usize {
            3
        }

        fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
            for row in report.findings.iter() {
                write!(out, "{} ", row?.rule)?;
            }
            write!(out, "and {}", report.left_out)
        }
    }

    /// The rows that are shown, and how many were rendered at all.
    fn shown(severities: &[Severity]) -> (String, usize) {
        let (renderer, reporter) = halves(Three, false);
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
            rows += rendered.heads.len();
            reporter.findings(&rendered, &mut out).expect("memory");
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

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let (renderer, mut reporter) = halves(Three, false);
        for length in [MAX_TEXT, MAX_TEXT + 1] {
            let found = fixture::found(FindingRow {
                customer_name: Some("é".repeat(length).into()),
                ..fixture::row()
            });
            let mut rendered = Rendered::default();
            renderer.finding(&found, &mut rendered).expect("memory");
            let kept = reporter.findings(&rendered, &mut io::sink());
            kept.expect("memory");
        }
        let findings = reporter.findings.finish().expect("memory");
        let names = findings.iter().map(|row| row.expect("a row").customer_name);
        let names: Vec<_> = names.flatten().collect();
        assert_eq!(names[0], "é".repeat(MAX_TEXT));
        assert_eq!(names[1], format!("{}…", "é".repeat(MAX_TEXT)));
    }
}
