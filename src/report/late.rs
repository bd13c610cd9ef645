//! Reports that are written once all is known, and that tell the gravest
//! findings if there are too many for their readers.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Head, Line, Rejected, Tail};
use crate::policy::Severity;
use crate::text::escape_controls;

/// What a page is made from.
pub struct Report<'r> {
    /// What was audited.
    pub head: &'r Head,
    /// What it came to.
    pub tail: &'r Tail,
    /// The findings that are told, the gravest first and else in the order of
    /// the run.
    pub findings: Vec<Line<'static>>,
    /// How many findings there are that are not told.
    pub left_out: u64,
    /// Records that could not be read, as far as they are told; the summary
    /// tells how many there are.
    pub rejected: Vec<Rejected<'static>>,
}

/// A format whose reports are written once all is known.
pub trait Page: Send {
    /// The most findings that it tells.
    fn most_findings(&self) -> usize;

    /// Writes the report.
    fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The most characters of a value: a row is for one look.
const MAX_VALUE: usize = 120;

/// The beginning of a long value.
pub fn short(value: &str) -> Cow<'_, str> {
    beginning(value, MAX_VALUE)
}

/// The beginning of a text that is longer than so many characters.
pub fn beginning(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some(_) => {
            // The sign that there is more is one of them.
            let kept: String = text.chars().take(most - 1).collect();
            format!("{kept}…").into()
        }
        None => text.into(),
    }
}

/// Whom a finding is about and what was seen, on one line that steers nothing.
pub fn words(line: &Line<'_>) -> String {
    let mut words = escape_controls(&short(line.whom())).into_owned();
    if let Some(name) = line.customer_name.as_deref()
        && !name.trim().is_empty()
    {
        words = format!("{words} ({})", escape_controls(&short(name)));
    }
    let evidence = line.evidence.iter().map(|item| {
        let [field, observed, expected] =
            [&item.field, &item.observed, &item.expected].map(|text| short(text));
        let [field, observed, expected] = [
            escape_controls(&field),
            escape_controls(&observed),
            escape_controls(&expected),
        ];
        format!("{field}: seen {observed}, expected {expected}")
    });
    let evidence: Vec<_> = evidence.collect();
    let seen = match evidence.as_slice() {
        [] => line.reason.name().to_owned(),
        evidence => evidence.join("; "),
    };
    format!("{words}: {seen}")
}

/// The most records that could not be read of which a page tells.
const MAX_REJECTED: usize = 1000;

/// Writes a page. Findings come as lines of JSON.
pub struct Reporter<P> {
    page: P,
    /// By severity; of each no more than are told.
    findings: [Vec<Box<[u8]>>; Severity::ALL.len()],
    kept: usize,
    all: u64,
    rejected: Vec<Rejected<'static>>,
}

impl<P: Page> Reporter<P> {
    pub fn new(page: P) -> Self {
        Self {
            page,
            findings: Default::default(),
            kept: 0,
            all: 0,
            rejected: Vec::new(),
        }
    }

    fn keep(&mut self, severity: Severity, line: &[u8]) {
        let most = self.page.most_findings();
        let place = severity as usize;
        let as_grave: usize = self.findings[place..].iter().map(Vec::len).sum();
        if as_grave >= most {
            return;
        }
        self.findings[place].push(line.into());
        self.kept += 1;
        if self.kept > most {
            // The last of the least grave makes room.
            let least = self.findings.iter_mut().find(|kept| !kept.is_empty());
            least.and_then(Vec::pop);
            self.kept -= 1;
        }
    }
}

/// What decides whether a finding is told.
#[derive(serde::Deserialize)]
struct Grave {
    severity: Severity,
}

impl<P: Page> super::Reporter for Reporter<P> {
    fn start(&mut self, _: &Head, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn findings(&mut self, worded: &[u8], _: &mut dyn Write) -> io::Result<()> {
        for line in worded.split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                let Grave { severity } = serde_json::from_slice(line)?;
                self.all += 1;
                self.keep(severity, line);
            }
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()> {
        if self.rejected.len() < MAX_REJECTED {
            self.rejected.push(rejected.clone().into_owned());
        }
        Ok(())
    }

    fn finish(self: Box<Self>, head: &Head, tail: &Tail, out: &mut dyn Write) -> io::Result<()> {
        let lines = self.findings.iter().rev().flatten();
        let findings: Result<Vec<Line<'static>>, _> =
            lines.map(|line| serde_json::from_slice(line)).collect();
        let findings = findings?;
        let left_out = self.all - findings.len() as u64;
        let report = Report {
            head,
            tail,
            findings,
            left_out,
            rejected: self.rejected,
        };
        self.page.write(&report, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Reporter as _;

    struct Three;

    impl Page for Three {
        fn most_findings(&self) -> usize {
            3
        }

        fn write(&self, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
            for line in &report.findings {
                write!(out, "{} ", line.rule)?;
            }
            write!(out, "and {}", report.left_out)
        }
    }

    fn told(severities: &[&str]) -> String {
        let mut reporter = Box::new(Reporter::new(Three));
        let mut out = Vec::new();
        for (number, severity) in severities.iter().enumerate() {
            let line = format!(
                r#"{{"policy":"p","rule":"{severity}{number}","severity":"{severity}","status":"fail","reason":"violated","customer_id":null,"customer_name":null,"evidence":[],"fingerprint":"","export":null,"record":null}}"#
            );
            reporter
                .findings(format!("{line}\n").as_bytes(), &mut out)
                .expect("lines");
        }
        let policies = crate::policy::Policies::default();
        let head = Head::of(&policies, chrono::DateTime::UNIX_EPOCH);
        let tail = crate::report::Tail::for_tests(&policies, Vec::new(), &[]);
        reporter.finish(&head, &tail, &mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn the_gravest_are_told_first_and_else_the_first() {
        assert_eq!(told(&[]), "and 0");
        assert_eq!(told(&["low", "high"]), "high1 low0 and 0");
        let many = ["low", "low", "info", "high", "low", "critical", "low"];
        assert_eq!(told(&many), "critical5 high3 low0 and 4");
        assert_eq!(told(&["high"; 5]), "high0 high1 high2 and 2");
    }
}
