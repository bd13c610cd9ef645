//! A report for each customer, rule, severity or value of a field: one a
//! ticket.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::json::write_json;
use super::model::{Counts, Slice};
use super::{
    Destination, Error, Found, Head, Line, Output, Screen, Settings, Tail, Words, Written,
};
use crate::digest;
use crate::external_sort::{Sorter, Spill};
use crate::record::Slot;
use crate::spool::Spool;

/// What tells the reports of a run apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitBy {
    /// One a customer.
    Customer,
    /// One a rule.
    Rule,
    /// One a severity.
    Severity,
    /// One for each value of a field.
    Field(String),
}

impl SplitBy {
    /// Reads `customer`, `rule`, `severity` or `field:NAME`.
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "customer" => Some(SplitBy::Customer),
            "rule" => Some(SplitBy::Rule),
            "severity" => Some(SplitBy::Severity),
            other => {
                let field = other.strip_prefix("field:").filter(|name| !name.is_empty());
                field.map(|name| SplitBy::Field(name.to_owned()))
            }
        }
    }

    /// The field, if it is split by one.
    pub fn field(&self) -> Option<&str> {
        match self {
            SplitBy::Field(name) => Some(name),
            SplitBy::Customer | SplitBy::Rule | SplitBy::Severity => None,
        }
    }
}

impl fmt::Display for SplitBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitBy::Customer => f.write_str("customer"),
            SplitBy::Rule => f.write_str("rule"),
            SplitBy::Severity => f.write_str("severity"),
            SplitBy::Field(name) => f.write_str(name),
        }
    }
}

/// What stands in a path for the name of a slice.
const PLACE: &str = "{}";

/// Whether the path is one for each slice.
pub fn is_template(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains(PLACE))
}

/// A finding, and the slice that it is of.
#[derive(Deserialize)]
struct Sliced {
    line: Line<'static>,
}

/// The slice of a finding.
#[derive(Deserialize)]
struct Key {
    slice: Option<String>,
}

/// Words findings with their slices.
pub struct Renderer {
    by: SplitBy,
    slot: Option<Slot>,
}

impl Renderer {
    /// `slot` is that of the field, if it is split by one.
    pub fn new(by: SplitBy, slot: Option<Slot>) -> Self {
        Self { by, slot }
    }
}

impl super::Renderer for Renderer {
    fn finding(&self, found: &Found<'_>, words: &mut Words) -> io::Result<()> {
        let line = &found.line;
        let slice = match &self.by {
            SplitBy::Customer => line.customer_id.clone(),
            SplitBy::Rule => Some(format!("{}/{}", line.policy, line.rule).into()),
            SplitBy::Severity => Some(line.severity.name().into()),
            SplitBy::Field(_) => {
                let finding = found.finding.zip(self.slot);
                finding.and_then(|(finding, slot)| finding.seen(slot))
            }
        };
        write_json(&Wording { slice, line }, &mut words.bytes)?;
        if let Some(number) = found.number {
            words.mark(words.bytes.len() - "0}}".len(), number);
        }
        words.bytes.push(b'\n');
        Ok(())
    }
}

#[derive(Serialize)]
struct Wording<'a> {
    slice: Option<Cow<'a, str>>,
    line: &'a Line<'a>,
}

/// Where a finding waits, and of which slice it is. They come by slice, and in
/// each in the order of the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slice: Option<String>,
    at: u64,
}

impl Spill for Place {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let slice = self.slice.as_deref().unwrap_or_default();
        writer.write_all(&[u8::from(self.slice.is_some())])?;
        writer.write_all(&(slice.len() as u64).to_le_bytes())?;
        writer.write_all(slice.as_bytes())?;
        writer.write_all(&self.at.to_le_bytes())
    }

    fn read(reader: &mut impl Read) -> io::Result<Self> {
        let (mut is_some, mut number) = ([0; 1], [0; 8]);
        reader.read_exact(&mut is_some)?;
        reader.read_exact(&mut number)?;
        let mut slice = vec![0; usize::try_from(u64::from_le_bytes(number)).unwrap_or(0)];
        reader.read_exact(&mut slice)?;
        reader.read_exact(&mut number)?;
        let slice = String::from_utf8(slice).map_err(io::Error::other)?;
        Ok(Self {
            slice: (is_some != [0]).then_some(slice),
            at: u64::from_le_bytes(number),
        })
    }
}

/// How many findings are sorted in memory.
const SEGMENT: usize = 1 << 16;

/// How many bytes of findings wait in memory.
const SPOOL: usize = 4 << 20;

/// The reports of one template.
pub struct Split {
    by: SplitBy,
    destination: Destination,
    settings: Settings,
    /// Files that are read: none of them is written over.
    sources: Vec<PathBuf>,
    places: Sorter<Place>,
    lines: Spool,
}

impl Split {
    /// Files are opened once it is known which they are; their folder must be
    /// there before.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn open(
        by: SplitBy,
        destination: &Destination,
        settings: &Settings,
        sources: &[&Path],
    ) -> Result<Self, Error> {
        let folder = match destination.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let there = std::fs::metadata(folder);
        let there = there.and_then(|metadata| match metadata.is_dir() {
            true => Ok(()),
            false => Err(io::Error::from(io::ErrorKind::NotADirectory)),
        });
        there.map_err(|source| Error::Open {
            path: destination.path.display().to_string(),
            source,
        })?;
        Ok(Self {
            by,
            destination: destination.clone(),
            settings: settings.clone(),
            sources: sources.iter().map(|path| path.to_path_buf()).collect(),
            places: Sorter::new(SEGMENT),
            lines: Spool::new(SPOOL),
        })
    }

    /// Takes in findings, as the renderer worded them.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    pub fn findings(&mut self, worded: &[u8]) -> Result<(), Error> {
        self.keep(worded).map_err(|source| self.failed(source))
    }

    fn keep(&mut self, worded: &[u8]) -> io::Result<()> {
        for line in worded.split_inclusive(|byte| *byte == b'\n') {
            let Key { slice } = serde_json::from_slice(line)?;
            let at = self.lines.bytes();
            self.places.push(Place { slice, at })?;
            self.lines.push(line)?;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: format!("`{}`", self.destination.path.display()),
            source,
        }
    }

    /// Writes a report for each slice; gives the files.
    ///
    /// # Errors
    ///
    /// One cannot be written: those before it are.
    pub fn finish(self, head: &Head, tail: &Tail) -> Result<Vec<Written>, Error> {
        let failed = |source| Error::Write {
            path: format!("`{}`", self.destination.path.display()),
            source,
        };
        let rules = head.rules().enumerate();
        let rules: HashMap<_, _> = rules
            .map(|(place, (policy, rule))| ((policy.id.as_str(), rule.id.as_str()), place))
            .collect();
        let template = Template {
            by: &self.by,
            destination: &self.destination,
            settings: &self.settings,
            sources: &self.sources,
            head,
            tail,
        };
        let mut lines = self.lines.into_reader().map_err(failed)?;
        let (mut written, mut open) = (Vec::new(), None::<Open<'_>>);
        let mut text = Vec::new();
        for place in self.places.sorted().map_err(failed)? {
            let place = place.map_err(failed)?;
            let here = match open.take() {
                Some(here) if here.slice == place.slice => here,
                before => {
                    if let Some(before) = before {
                        written.push(before.finish(&template)?);
                    }
                    template.open(place.slice)?
                }
            };
            let here = open.insert(here);
            lines.seek_to(place.at).map_err(failed)?;
            text.clear();
            lines.read_until(b'\n', &mut text).map_err(failed)?;
            let Sliced { line } =
                serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
            let rule = rules.get(&(line.policy.as_ref(), line.rule.as_ref()));
            if let Some(rule) = rule.copied() {
                here.line(line, rule)?;
            }
        }
        if let Some(last) = open {
            written.push(last.finish(&template)?);
        }
        Ok(written)
    }
}

/// What the reports of all slices have in common.
struct Template<'t> {
    by: &'t SplitBy,
    destination: &'t Destination,
    settings: &'t Settings,
    sources: &'t [PathBuf],
    head: &'t Head,
    tail: &'t Tail,
}

impl<'t> Template<'t> {
    fn open(&self, slice: Option<String>) -> Result<Open<'t>, Error> {
        let path = self.path(slice.as_deref());
        let sources: Vec<&Path> = self.sources.iter().map(PathBuf::as_path).collect();
        let mut output = Output::open_beside(&path, &sources)?;
        output.watch();
        let format = self.destination.format;
        let (renderer, mut reporter) =
            super::report(format, self.head, self.settings, Screen::NONE);
        let started = reporter.start(self.head, &mut output);
        started.map_err(|source| output.failed(source))?;
        Ok(Open {
            slice,
            path,
            renderer,
            reporter,
            output,
            counts: vec![Counts::default(); self.tail.summary.by_rule.len()],
        })
    }

    fn path(&self, slice: Option<&str>) -> PathBuf {
        let path = &self.destination.path;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(name.replace(PLACE, &safe(slice)))
    }
}

/// The report of a slice that is being written.
struct Open<'o> {
    slice: Option<String>,
    path: PathBuf,
    renderer: Box<dyn super::Renderer>,
    reporter: Box<dyn super::Reporter>,
    output: Output<'o>,
    counts: Vec<Counts>,
}

impl Open<'_> {
    fn line(&mut self, mut line: Line<'_>, rule: usize) -> Result<(), Error> {
        let counts = &mut self.counts[rule];
        match line.status.as_ref() {
            "error" => counts.error += 1,
            "waived" => counts.waived += 1,
            _ => counts.fail += 1,
        }
        let number = line.record;
        line.record = number.map(|_| 0);
        let found = Found {
            line,
            number,
            rule,
            finding: None,
        };
        let mut words = Words::default();
        let worded = self.renderer.finding(&found, &mut words);
        let worded =
            worded.and_then(|()| self.reporter.findings(&words.numbered(0), &mut self.output));
        worded.map_err(|source| self.output.failed(source))
    }

    fn finish(mut self, template: &Template<'_>) -> Result<Written, Error> {
        let slice = Slice {
            by: template.by.to_string(),
            value: self.slice,
        };
        let tail = template.tail.sliced(slice, &self.counts);
        let finished = self.reporter.finish(template.head, &tail, &mut self.output);
        let settled = finished.and_then(|()| self.output.settle());
        settled.map_err(|source| self.output.failed(source))?;
        let (bytes, sha256) = self.output.digest().unwrap_or_default();
        self.output.commit()?;
        Ok(Written {
            format: template.destination.format,
            path: self.path.display().to_string(),
            bytes,
            sha256,
        })
    }
}

/// What a slice without a value is called: the names of others never begin so.
const NONE: &str = "_none";

/// The most characters of a value that stand in a file's name.
const MAX_NAME: usize = 80;

/// A name that every file system takes, and that leads nowhere else. Values
/// that cannot stand there as they are get a digest, so that no two share one
/// name.
fn safe(slice: Option<&str>) -> String {
    let Some(value) = slice else {
        return NONE.to_owned();
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_safe = value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && value.len() <= MAX_NAME
        && value.chars().all(is_plain);
    if is_safe {
        return value.to_owned();
    }
    let plain = value.chars().map(|c| if is_plain(c) { c } else { '-' });
    let plain: String = plain.take(MAX_NAME).collect();
    let plain = plain.trim_start_matches(['.', '_', '-']);
    let digest = digest::hex(&Sha256::digest(value)[..6]);
    match plain {
        "" => format!("x-{digest}"),
        plain => format!("{plain}-{digest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe_and_never_the_same() {
        for (value, name) in [
            (None, "_none"),
            (Some("7fRk2mQ9"), "7fRk2mQ9"),
            (Some("pci/mfa"), "pci-mfa-"),
            (Some("../../etc/passwd"), "etc-passwd-"),
            (Some("_none"), "none-"),
            (Some(""), "x-"),
            (Some("é"), "x-"),
            (Some("-rf"), "rf-"),
        ] {
            let safe = safe(value);
            assert!(
                safe == name || name.ends_with('-') && safe.starts_with(name),
                "{safe}"
            );
        }
        assert_ne!(safe(Some("a b")), safe(Some("a/b")));
        assert!(safe(Some(&"x".repeat(5000))).len() < 100);
    }

    #[test]
    fn places_come_back_as_they_were_kept() {
        for slice in [None, Some(String::new()), Some("é".to_owned())] {
            let place = Place { slice, at: 7 };
            let mut bytes = Vec::new();
            place.write(&mut bytes).expect("memory");
            assert_eq!(Place::read(&mut bytes.as_slice()).expect("whole"), place);
        }
    }

    #[test]
    fn a_split_is_by_one_of_four() {
        for text in ["customer", "rule", "severity"] {
            assert_eq!(
                SplitBy::read(text).map(|by| by.to_string()).as_deref(),
                Some(text)
            );
        }
        let field = SplitBy::read("field:ownerId");
        assert_eq!(field.as_ref().and_then(SplitBy::field), Some("ownerId"));
        assert_eq!(SplitBy::read("field:"), None);
        assert_eq!(SplitBy::read("owner"), None);
    }
}
