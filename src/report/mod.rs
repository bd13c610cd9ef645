//! Reports: what was found, for people and for programs.
//!
//! A report has two halves. The renderer words findings, on many threads at
//! once; the reporter joins what was worded, in order, and tells the rest.

mod csv;
mod json;
mod output;
mod text;

use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};

pub use self::csv::Column;
pub use self::json::schema as json_schema;
pub use output::{Destination, Error, Output};

use crate::finding::{Finding, Gap, Summary};
use crate::policy::Policies;
use crate::record::text::clean;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person at a terminal
    Text,
    /// A row a finding
    Csv,
    /// One object
    Json,
    /// A line a finding, then the summary
    Ndjson,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Text, Format::Csv, Format::Json, Format::Ndjson];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format that a file's extension tells.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "txt" => Some(Format::Text),
            "jsonl" => Some(Format::Ndjson),
            other => Self::named(other),
        }
    }
}

/// What an audit is about: known before the first record.
#[derive(Debug)]
pub struct Audit<'a> {
    /// The policies.
    pub policies: &'a Policies,
    /// The only clock of the run.
    pub as_of: DateTime<Utc>,
    /// The columns of a CSV report.
    pub columns: &'a [Column],
}

/// An export, once it has been read.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// Its name on the command line.
    pub path: String,
    /// Its shape.
    pub format: &'static str,
    /// Records met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Why it was not read to its end.
    pub problem: Option<String>,
}

/// A record that could not be read.
#[derive(Debug, Clone, Copy)]
pub struct Rejected<'a> {
    /// The export's name.
    pub export: &'a str,
    /// Its place in the export, from 1.
    pub record: u64,
    /// Its first byte in the export, from 0, once unpacked.
    pub offset: u64,
    /// Why.
    pub cause: &'a str,
}

impl fmt::Display for Rejected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let export = clean(self.export);
        write!(
            f,
            "{export}: record {} at byte {}: {}",
            self.record, self.offset, self.cause
        )
    }
}

/// What an audit came to.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// What it adds up to.
    pub summary: &'a Summary,
    /// What was read.
    pub exports: &'a [Export],
    /// What it could not do.
    pub gaps: &'a [Gap],
}

impl Verdict<'_> {
    /// Whether every byte was read and every record judged.
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }
}

/// Findings in the words of a format. The places of their records in the
/// export are not known yet: a `0` stands for each.
#[derive(Debug, Default)]
pub struct Words {
    /// What will be written.
    pub bytes: Vec<u8>,
    /// Where the `0`s stand, and what is to stand there: the record's place
    /// among those of its batch.
    marks: Vec<(usize, u64)>,
}

impl Words {
    /// The byte at this place is a `0` that stands for a record's number.
    pub fn mark(&mut self, at: usize, number: u64) {
        self.marks.push((at, number));
    }

    /// The bytes with their numbers, for a batch that so many records are
    /// before.
    pub fn numbered(&self, before: u64) -> Vec<u8> {
        let mut numbered = Vec::with_capacity(self.bytes.len() + 8 * self.marks.len());
        let mut done = 0;
        for (at, number) in &self.marks {
            numbered.extend_from_slice(&self.bytes[done..*at]);
            // Writing to memory does not fail.
            let _ = write!(numbered, "{}", before + number);
            done = at + 1;
        }
        numbered.extend_from_slice(&self.bytes[done..]);
        numbered
    }
}

/// Words findings, on any thread.
pub trait Renderer: Sync + Send {
    /// Adds a finding to what will be joined.
    ///
    /// # Errors
    ///
    /// Those of the writer of the format; memory does not fail.
    fn finding(&self, finding: &Finding<'_>, words: &mut Words) -> io::Result<()>;
}

/// Writes a report; it never decides anything.
pub trait Reporter: Send {
    /// What comes before the findings.
    fn start(&mut self, audit: &Audit<'_>, out: &mut dyn io::Write) -> io::Result<()>;

    /// Findings, as the renderer of the same format worded them.
    fn findings(&mut self, worded: &[u8], out: &mut dyn io::Write) -> io::Result<()>;

    /// A record that could not be read.
    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()>;

    /// What comes after the findings; nothing can follow.
    fn finish(
        self: Box<Self>,
        audit: &Audit<'_>,
        verdict: &Verdict<'_>,
        out: &mut dyn io::Write,
    ) -> io::Result<()>;
}

/// Whether a report may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It goes where colours are seen.
    On,
    /// It does not.
    Off,
}

/// The two halves of a report.
pub fn report(
    format: Format,
    audit: &Audit<'_>,
    colour: Colour,
) -> (Box<dyn Renderer>, Box<dyn Reporter>) {
    match format {
        Format::Text => {
            let (renderer, reporter) = text::halves(colour);
            (Box::new(renderer), Box::new(reporter))
        }
        Format::Csv => (Box::new(csv::Renderer::new(audit)), Box::new(csv::Reporter)),
        Format::Json => (
            Box::new(json::Renderer::Listed),
            Box::new(json::Reporter::default()),
        ),
        Format::Ndjson => (
            Box::new(json::Renderer::Lines),
            Box::new(json::LineReporter),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_filled_in_once_they_are_known() {
        let mut words = Words::default();
        for number in [3, 12] {
            words.bytes.extend_from_slice(b"a,0;");
            words.mark(words.bytes.len() - 2, number);
        }
        assert_eq!(words.numbered(0), b"a,3;a,12;");
        assert_eq!(words.numbered(1000), b"a,1003;a,1012;");
    }

    #[test]
    fn a_format_is_told_by_its_extension() {
        let of = |path: &str| Format::of_path(Path::new(path));
        assert_eq!(of("a/findings.csv"), Some(Format::Csv));
        assert_eq!(of("a/findings.jsonl"), Some(Format::Ndjson));
        assert_eq!(of("findings.pdf"), None);
        assert_eq!(of("findings"), None);
    }
}
