//! What a user asks of reports: formats, columns, lengths, slices, colours.

use std::fmt;
use std::path::{Path, PathBuf};

use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::column::Column;
use super::model::life::{Listed, Moves};

/// Names the formats of reports that this build can write. The text of each is its
/// help on the command line.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, EnumMessage, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// For a person at a terminal
    Text,
    /// One row per finding
    Csv,
    /// One object
    Json,
    /// One line per finding, then the summary
    Ndjson,
    /// For a ticket, no longer than --max-chars
    Markdown,
    /// A page for a browser, in one file
    #[cfg(feature = "html")]
    Html,
    /// For code scanning, SARIF 2.1.0
    Sarif,
    /// For a build server, one test case per rule
    Junit,
    /// For assessors, OSCAL assessment results 1.1.3
    Oscal,
    /// One event per finding, for data lakes (OCSF Compliance Finding)
    Ocsf,
    /// One object per finding, for DefectDojo (Generic Findings Import)
    Defectdojo,
    /// Counts for a monitoring system, which name no customer (OpenMetrics)
    Metrics,
    /// One row per control of a framework, as CSV
    Controls,
    /// One row per record and one column per rule, as CSV: what --matrix FILE writes
    Matrix,
    /// A workbook, with sheets of the findings, the controls, the rules and the rejected records
    #[cfg(feature = "xlsx")]
    Xlsx,
}

impl Format {
    /// Lists every format, in the order of the help.
    pub const ALL: &'static [Format] = Self::VARIANTS;

    /// Returns the name of the format on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns whether a report of this format holds every finding, however many
    /// there are.
    pub fn is_whole(self) -> bool {
        match self {
            Format::Csv | Format::Json | Format::Ndjson | Format::Ocsf | Format::Defectdojo => true,
            Format::Text
            | Format::Markdown
            | Format::Sarif
            | Format::Junit
            | Format::Oscal
            | Format::Metrics
            | Format::Controls
            | Format::Matrix => false,
            #[cfg(feature = "html")]
            Format::Html => false,
            // A sheet has an end.
            #[cfg(feature = "xlsx")]
            Format::Xlsx => false,
        }
    }

    /// Returns whether a report of this format counts findings one by one and shows none: all
    /// may read it.
    pub fn only_counts(self) -> bool {
        self == Format::Metrics
    }

    /// Returns whether a report of this format is always about all findings of a run, and
    /// never about a slice.
    pub fn is_of_all(self) -> bool {
        matches!(self, Format::Metrics | Format::Controls | Format::Matrix)
    }

    /// Returns whether a report of this format is of records: only the run that judges them
    /// can write it.
    pub fn is_of_records(self) -> bool {
        self == Format::Matrix
    }

    /// Returns the format of this name.
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Returns whether the columns of a report of this format can be chosen.
    pub fn has_columns(self) -> bool {
        match self {
            Format::Csv => true,
            Format::Text
            | Format::Json
            | Format::Ndjson
            | Format::Markdown
            | Format::Sarif
            | Format::Junit
            | Format::Oscal
            | Format::Ocsf
            | Format::Defectdojo
            | Format::Metrics
            | Format::Controls
            | Format::Matrix => false,
            #[cfg(feature = "html")]
            Format::Html => false,
            // A workbook has all columns, which its reader can hide.
            #[cfg(feature = "xlsx")]
            Format::Xlsx => false,
        }
    }

    /// Returns the usual extensions of files of this format. Its name is understood
    /// as an extension too, whether it is a usual one or not.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Format::Text => &["txt"],
            Format::Csv => &["csv"],
            Format::Json => &["json"],
            Format::Ndjson => &["ndjson", "jsonl"],
            Format::Markdown => &["md"],
            #[cfg(feature = "html")]
            Format::Html => &["html"],
            Format::Sarif => &["sarif"],
            Format::Junit => &["xml"],
            // Their files are JSON, or CSV, whose extension stands for the format of that name.
            Format::Oscal | Format::Ocsf | Format::Defectdojo => &[],
            Format::Controls | Format::Matrix => &[],
            Format::Metrics => &["prom"],
            #[cfg(feature = "xlsx")]
            Format::Xlsx => &["xlsx"],
        }
    }

    /// Returns the format that the extension of a file stands for: of two, as in
    /// `report.oscal.json`, the first, if it is that of a format whose files have the second.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        let before = Path::new(path.file_stem()?).extension();
        let before = before.and_then(|name| Self::named(name.to_str()?));
        let mut all = Self::ALL.iter().copied();
        before
            .filter(|format| format.extensions().is_empty())
            .or_else(|| all.find(|format| format.extensions().contains(&extension)))
            .or_else(|| Self::named(extension))
    }
}

/// Holds what is asked of one report beside its format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The columns of a report whose columns can be chosen, in this order; the usual ones, if
    /// none is here.
    pub columns: Vec<Column>,
    /// How long a Markdown report may be.
    pub max_chars: Option<MaxChars>,
    /// What the report is split by, if its path stands for many.
    pub split_by: Option<SplitBy>,
    /// The findings that it is bounded to; all, if none is here.
    pub listed: Vec<Listed>,
}

impl Layout {
    /// Returns what is asked here and, where that is nothing, what is asked there.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            columns: match self.columns.is_empty() {
                true => other.columns.clone(),
                false => self.columns,
            },
            max_chars: self.max_chars.or(other.max_chars),
            split_by: self.split_by.or_else(|| other.split_by.clone()),
            listed: match self.listed.is_empty() {
                true => other.listed.clone(),
                false => self.listed,
            },
        }
    }
}

/// Holds what the writer of a report needs to know beside the format.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The columns of a report whose columns can be chosen, in this order.
    pub columns: Vec<Column>,
    /// How long a Markdown report may be.
    pub max_chars: MaxChars,
    /// The files that hold every finding, for reports that cannot.
    pub whole: Vec<WholeReport>,
    /// The findings that it is bounded to; all, if none is here.
    pub listed: Vec<Listed>,
    /// The name of the run among others whose metrics are collected.
    pub job: Option<String>,
}

/// Says where a report is that holds every finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeReport {
    /// Its path.
    pub path: String,
    /// Its address, if those who read other reports can follow one.
    pub link: Option<String>,
}

impl Settings {
    /// Returns the settings of a report of this layout; `whole` are the files that hold
    /// every finding.
    pub fn new(layout: &Layout, whole: Vec<WholeReport>) -> Self {
        Self {
            columns: match layout.columns.as_slice() {
                [] => Column::USUAL.to_vec(),
                columns => columns.to_vec(),
            },
            max_chars: layout.max_chars.unwrap_or_default(),
            whole,
            listed: layout.listed.clone(),
            job: None,
        }
    }
}

/// Says how long a Markdown report may be, in characters of UTF-16, as ticket systems
/// count them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxChars(usize);

impl MaxChars {
    /// Lists the names of ticket systems, and how many characters they take. A
    /// comment on GitHub is at most 65,536 characters, a description in Jira 32,767
    /// after it is turned into its own markup, a journal field in ServiceNow 4,000.
    pub const PROFILES: [(&str, usize); 3] =
        [("github", 65_000), ("jira", 30_000), ("servicenow", 3_900)];

    /// Holds the least and the most: shorter ones could not hold the verdict, and no ticket
    /// system takes more.
    pub const BOUNDS: (usize, usize) = (1_000, 1_000_000_000);

    /// Reads a number of characters, or the name of a ticket system.
    pub fn read(text: &str) -> Option<Self> {
        let known = Self::PROFILES.iter().find(|(name, _)| *name == text);
        let number = match known {
            Some((_, number)) => *number,
            None => text.parse().ok()?,
        };
        let (least, most) = Self::BOUNDS;
        (least..=most).contains(&number).then_some(Self(number))
    }

    /// Returns the number of characters.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for MaxChars {
    fn default() -> Self {
        Self(Self::PROFILES[0].1)
    }
}

/// Says what the reports of a run are split by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitBy {
    /// One report per customer.
    Customer,
    /// One report per rule.
    Rule,
    /// One report per severity.
    Severity,
    /// One report per value of a field.
    Field(String),
    /// One report per slice that a table of customers names.
    File(PathBuf),
    /// One report per slice of such a table, which has been read; its column of slices has
    /// this name.
    Table(String),
}

impl SplitBy {
    /// Says what reports can be split by.
    pub const WORDS: &str = "customer, rule, severity, field:NAME or file:FILE";

    /// Reads one of [`SplitBy::WORDS`].
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "customer" => Some(SplitBy::Customer),
            "rule" => Some(SplitBy::Rule),
            "severity" => Some(SplitBy::Severity),
            other => {
                let (kind, name) = other.split_once(':').filter(|(_, name)| !name.is_empty())?;
                match kind {
                    "field" => Some(SplitBy::Field(name.to_owned())),
                    "file" => {
                        let path = PathBuf::from(name);
                        path.file_name()?;
                        Some(SplitBy::File(path))
                    }
                    _ => None,
                }
            }
        }
    }

    /// Returns the file, if reports are split by one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            SplitBy::File(path) => Some(path),
            SplitBy::Customer
            | SplitBy::Rule
            | SplitBy::Severity
            | SplitBy::Field(_)
            | SplitBy::Table(_) => None,
        }
    }

    /// Returns the name under which a finding says in which slice it is, if nothing else
    /// in it does: that of the field, or of the column of the table, whose file can have
    /// another name every night.
    pub fn key(&self) -> Option<&str> {
        match self {
            SplitBy::Field(name) | SplitBy::Table(name) => Some(name),
            SplitBy::Customer | SplitBy::Rule | SplitBy::Severity | SplitBy::File(_) => None,
        }
    }

    /// Returns how a finding can leave its slice from one night to the next.
    pub fn moves(&self) -> Moves {
        Moves {
            of_slice: self.key().is_some(),
            of_severity: *self == SplitBy::Severity,
        }
    }

    /// Returns whether a finding that has moved so has left its slice.
    pub fn is_left_by(&self, moves: Moves) -> bool {
        self.moves().among(moves).are_some()
    }
}

impl fmt::Display for SplitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitBy::Customer => f.write_str("customer"),
            SplitBy::Rule => f.write_str("rule"),
            SplitBy::Severity => f.write_str("severity"),
            SplitBy::Field(name) | SplitBy::Table(name) => f.write_str(name),
            SplitBy::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// Says whether a report may be coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// It goes where colours can be seen.
    On,
    /// It does not.
    Off,
}

/// Describes where a report is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether the report may be coloured.
    pub colour: Colour,
    /// How many characters fit on a line, if it is a terminal.
    pub width: Option<u16>,
}

impl Screen {
    /// Represents a file, or a pipe.
    pub const NONE: Screen = Screen {
        colour: Colour::Off,
        width: None,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_extension() {
        let of = |path: &str| Format::of_path(Path::new(path));
        assert_eq!(of("a/findings.csv"), Some(Format::Csv));
        assert_eq!(of("a/findings.jsonl"), Some(Format::Ndjson));
        assert_eq!(of("a.b/report.sarif"), Some(Format::Sarif));
        assert_eq!(of("report.junit.xml"), Some(Format::Junit));
        assert_eq!(of("report.oscal.json"), Some(Format::Oscal));
        assert_eq!(of("report.ocsf.ndjson"), Some(Format::Ocsf));
        assert_eq!(of("a.controls.csv"), Some(Format::Controls));
        assert_eq!(of("report.json.csv"), Some(Format::Csv));
        assert_eq!(of("oscal.json"), Some(Format::Json));
        assert_eq!(of("findings.pdf"), None);
        assert_eq!(of("findings"), None);
    }

    #[test]
    fn no_two_formats_have_an_extension_in_common() {
        for format in Format::ALL.iter().copied() {
            for extension in format.extensions().iter().copied().chain([format.name()]) {
                let path = format!("a.{extension}");
                assert_eq!(Format::of_path(Path::new(&path)), Some(format), "{path}");
            }
        }
    }

    #[test]
    fn a_length_is_a_number_or_the_name_of_a_ticket_system() {
        assert_eq!(MaxChars::read("jira"), Some(MaxChars(30_000)));
        assert_eq!(MaxChars::read("5000"), Some(MaxChars(5_000)));
        for text in [
            "",
            "0",
            "999",
            "1000000001",
            "18446744073709551615",
            "-1",
            "1e9",
        ] {
            assert_eq!(MaxChars::read(text), None, "{text}");
        }
        assert_eq!(MaxChars::read("word"), None);
    }

    #[test]
    fn a_split_is_by_one_of_five() {
        for text in ["customer", "rule", "severity"] {
            assert_eq!(
                SplitBy::read(text).map(|by| by.to_string()).as_deref(),
                Some(text)
            );
        }
        let field = SplitBy::read("field:ownerId");
        assert_eq!(field.as_ref().and_then(SplitBy::key), Some("ownerId"));
        let file = SplitBy::read("file:a/owners.csv");
        assert_eq!(
            file.as_ref().and_then(SplitBy::file),
            Some(Path::new("a/owners.csv"))
        );
        assert_eq!(SplitBy::read("file:"), None);
        assert_eq!(SplitBy::read("field:"), None);
        assert_eq!(SplitBy::read("owner"), None);
    }
}
