//! Reports: what was found, for people and for programs.
//!
//! A report has two halves. The renderer words findings, on many threads at
//! once; the reporter joins what was worded, in order, and tells the rest.

mod csv;
mod defectdojo;
mod html;
mod json;
mod junit;
mod late;
mod markdown;
mod model;
mod ocsf;
mod oscal;
mod output;
mod read;
mod reports;
pub(crate) mod sarif;
mod split;
mod text;
mod xlsx;

use std::io::{self, Write as _};
use std::path::Path;

use crate::finding::Finding;
use crate::record::Slot;

pub use self::csv::Column;
pub use self::json::schema as json_schema;
pub use crate::finding::{Counts, Coverage};
pub use markdown::MaxChars;
pub use model::{Export, Head, Line, Policy, Rejected, Rule, RuleCounts, Summary, Tail, Tool};
pub use output::{Destination, Error, Output, Written};
pub use read::{Listener, ReadError, read};
pub use reports::{OnStdout, Reports};
pub use split::SplitBy;

/// How a report is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::EnumMessage, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// For a person at a terminal
    Text,
    /// A row a finding
    Csv,
    /// One object
    Json,
    /// A line a finding, then the summary
    Ndjson,
    /// For a ticket, no longer than --max-chars
    Markdown,
    /// A page for a browser, in one file
    Html,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// For a build server, a case a rule
    Junit,
    /// For assessors, OSCAL assessment results 1.1.3
    Oscal,
    /// An event a finding, for data lakes (OCSF Compliance Finding)
    Ocsf,
    /// An object a finding, for DefectDojo (Generic Findings Import)
    Defectdojo,
    /// A workbook, with sheets of the findings, the rules and what was rejected
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 12] = [
        Format::Text,
        Format::Csv,
        Format::Json,
        Format::Ndjson,
        Format::Markdown,
        Format::Html,
        Format::Sarif,
        Format::Junit,
        Format::Oscal,
        Format::Ocsf,
        Format::Defectdojo,
        Format::Xlsx,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Markdown => "markdown",
            Format::Html => "html",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
            Format::Oscal => "oscal",
            Format::Ocsf => "ocsf",
            Format::Defectdojo => "defectdojo",
            Format::Xlsx => "xlsx",
        }
    }

    /// Whether a report of it holds every finding, however many there are.
    pub fn is_whole(self) -> bool {
        match self {
            Format::Csv | Format::Json | Format::Ndjson | Format::Ocsf | Format::Defectdojo => true,
            Format::Text
            | Format::Markdown
            | Format::Html
            | Format::Sarif
            | Format::Junit
            | Format::Oscal
            // A sheet has an end.
            | Format::Xlsx => false,
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
            "md" => Some(Format::Markdown),
            "xml" => Some(Format::Junit),
            other => Self::named(other),
        }
    }
}

/// What the command line says of reports.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The columns of a CSV report.
    pub columns: Vec<Column>,
    /// How long a Markdown report may be.
    pub max_chars: MaxChars,
    /// The files that hold every finding, for reports that cannot.
    pub whole: Vec<String>,
    /// What tells the reports apart whose paths are for each slice, and the
    /// field, if it is one that is read.
    pub split_by: Option<(SplitBy, Option<Slot>)>,
}

/// A finding, to be worded.
#[derive(Debug)]
pub struct Found<'a> {
    /// What it tells; a `0` stands for its record's number.
    pub line: Line<'a>,
    /// The place of its record among those of its batch, from 1.
    pub number: Option<u64>,
    /// The place of its rule among those of the head.
    pub rule: usize,
    /// The finding itself, in the run that made it.
    pub finding: Option<&'a Finding<'a>>,
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
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()>;

    /// Whether it words findings still.
    fn wants_more(&self) -> bool {
        true
    }
}

/// Words a finding for each report.
///
/// # Errors
///
/// Those of the renderers.
pub fn word<'a>(
    finding: &'a Finding<'a>,
    renderers: &[Box<dyn Renderer>],
    words: &mut [Words],
) -> io::Result<()> {
    if !renderers.iter().any(|renderer| renderer.wants_more()) {
        return Ok(());
    }
    let found = Found {
        line: Line::of(finding),
        number: finding.number,
        rule: finding.rule_index,
        finding: Some(finding),
    };
    word_found(&found, renderers, words)
}

/// Words what was found for each report.
///
/// # Errors
///
/// Those of the renderers.
pub fn word_found(
    found: &Found<'_>,
    renderers: &[Box<dyn Renderer>],
    words: &mut [Words],
) -> io::Result<()> {
    let each = renderers.iter().zip(words);
    each.filter(|(renderer, _)| renderer.wants_more())
        .try_for_each(|(renderer, words)| renderer.finding(found, words))
}

/// Writes a report; it never decides anything.
pub trait Reporter: Send {
    /// What comes before the findings.
    fn start(&mut self, head: &Head, out: &mut dyn io::Write) -> io::Result<()>;

    /// Findings, as the renderer of the same format worded them.
    fn findings(&mut self, worded: &[u8], out: &mut dyn io::Write) -> io::Result<()>;

    /// A record that could not be read.
    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()>;

    /// What comes after the findings; nothing can follow.
    fn finish(self: Box<Self>, head: &Head, tail: &Tail, out: &mut dyn io::Write)
    -> io::Result<()>;
}

/// Whether a report may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It goes where colours are seen.
    On,
    /// It does not.
    Off,
}

/// Where a report is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether it may be coloured.
    pub colour: Colour,
    /// How many characters a line takes, on a terminal.
    pub width: Option<u16>,
}

impl Screen {
    /// A file, or a pipe.
    pub const NONE: Screen = Screen {
        colour: Colour::Off,
        width: None,
    };
}

/// The two halves of a report.
pub fn report(
    format: Format,
    head: &Head,
    settings: &Settings,
    screen: Screen,
) -> (Box<dyn Renderer>, Box<dyn Reporter>) {
    match format {
        Format::Text => {
            let (renderer, reporter) = text::halves(screen);
            (Box::new(renderer), Box::new(reporter))
        }
        Format::Csv => (
            Box::new(csv::Renderer::new(head, &settings.columns)),
            Box::new(csv::Reporter::new(&settings.columns)),
        ),
        Format::Json => (
            Box::new(json::Renderer::Listed),
            Box::new(json::Reporter::default()),
        ),
        Format::Ndjson => (
            Box::new(json::Renderer::Lines),
            Box::new(json::LineReporter::default()),
        ),
        Format::Markdown => {
            let (max_chars, others) = (settings.max_chars, settings.whole.clone());
            late(markdown::Page { max_chars, others })
        }
        Format::Html => late(html::Page),
        Format::Sarif => late(sarif::Page),
        Format::Junit => late(junit::Page),
        Format::Oscal => late(oscal::Page),
        Format::Ocsf => (
            Box::new(ocsf::Renderer::new(head)),
            Box::new(ocsf::Reporter),
        ),
        Format::Defectdojo => (
            Box::new(defectdojo::Renderer::new(head)),
            Box::new(defectdojo::Reporter::default()),
        ),
        Format::Xlsx => (
            Box::new(xlsx::Renderer),
            Box::new(xlsx::Reporter::new(head)),
        ),
    }
}

/// The two halves of a report that is written once all is known.
fn late(page: impl late::Page + 'static) -> (Box<dyn Renderer>, Box<dyn Reporter>) {
    (
        Box::new(json::Renderer::Lines),
        Box::new(late::Reporter::new(page)),
    )
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
        assert_eq!(of("a.b/report.sarif"), Some(Format::Sarif));
        assert_eq!(of("report.junit.xml"), Some(Format::Junit));
        assert_eq!(of("findings.pdf"), None);
        assert_eq!(of("findings"), None);
    }
}
