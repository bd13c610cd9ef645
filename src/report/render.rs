//! The seam between findings and formats.
//!
//! A report has two halves. The [`Renderer`] renders findings, on many threads at
//! once; the [`Reporter`] writes what was rendered, in order, and all else that the
//! report says. Between the two is [`Rendered`]: bytes, for formats that are
//! written as they come, or rows, for those that are written once all is known.

use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;

use super::model::footer::Footer;
use super::model::header::Header;
use super::model::row::{FindingRow, Rejected};
use crate::finding::Finding;
use crate::policy::Severity;

/// Holds a finding as a renderer gets it.
#[derive(Debug)]
pub struct Found<'a> {
    /// What the finding says. Its record's number is that among the records which
    /// are counted with it: in the export, or in a chunk of it.
    pub row: FindingRow<'a>,
    /// The index of its rule among those of the header.
    pub rule_index: usize,
    /// The finding itself, in the run that made it.
    pub finding: Option<&'a Finding<'a>>,
}

/// Holds a finding that is kept as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedRow {
    /// The index of its rule among those of the header.
    pub rule_index: usize,
    /// The name of the slice that it is of, if the reports are split and it has one.
    pub slice: Option<String>,
    /// What the finding says.
    pub row: FindingRow<'static>,
}

/// Holds rendered findings of a chunk. How many records come before it is not known
/// while they are rendered; [`Rendered::numbered`] adds that to their numbers.
#[derive(Debug, Default)]
pub struct Rendered {
    /// What will be written as it is.
    pub bytes: Vec<u8>,
    /// What will be written once all is known, or cell by cell.
    pub rows: Vec<RenderedRow>,
    /// How many findings were not rendered, as the report has no room for them.
    pub left_out: u64,
    /// Where the numbers of records stand in the bytes, and which numbers, among
    /// those of the chunk.
    placeholders: Vec<(usize, u64)>,
}

/// Stands in the bytes for the number of a record.
const PLACEHOLDER: u8 = b'0';

impl Rendered {
    /// Writes the number of a record, of which only that among the records of the
    /// chunk is known: a placeholder, whose place is noted.
    pub fn record_number(&mut self, number: u64) {
        self.placeholders.push((self.bytes.len(), number));
        self.bytes.push(PLACEHOLDER);
    }

    /// Notes where the number of a record stands that ends the key of a finding, which was
    /// written after the first `from` bytes as [`Rendered::key`] returned it.
    pub fn number_key(&mut self, from: usize, row: &FindingRow<'_>) {
        let (Some(key), Some(number)) = (row.key_of_place(), row.record) else {
            return;
        };
        let written = &self.bytes[from..];
        let at = written
            .windows(key.len())
            .position(|one| one == key.as_bytes());
        if let Some(at) = at {
            self.placeholders.push((from + at + key.len(), number));
        }
    }

    /// Returns the name of a finding, to be written: of a record whose number is not known
    /// yet, with a placeholder that [`Rendered::number_key`] is told of.
    pub fn key(row: &FindingRow<'_>) -> String {
        match row.key_of_place() {
            Some(key) => format!("{key}{}", char::from(PLACEHOLDER)),
            None => row.fingerprint.to_string(),
        }
    }

    /// Returns the findings with the numbers of their records, for a chunk that so
    /// many records come before.
    #[must_use]
    pub fn numbered(mut self, before: u64) -> Self {
        for record in self
            .rows
            .iter_mut()
            .filter_map(|row| row.row.record.as_mut())
        {
            *record += before;
        }
        let placeholders = std::mem::take(&mut self.placeholders);
        if placeholders.is_empty() {
            return self;
        }
        let mut numbered = Vec::with_capacity(self.bytes.len() + 8 * placeholders.len());
        let mut done = 0;
        for (at, number) in placeholders {
            numbered.extend_from_slice(&self.bytes[done..at]);
            // Writing to memory does not fail.
            let _ = write!(numbered, "{}", before + number);
            done = at + 1;
        }
        numbered.extend_from_slice(&self.bytes[done..]);
        self.bytes = numbered;
        self
    }
}

/// Renders findings, on any thread.
pub trait Renderer: Sync + Send {
    /// Renders one finding.
    ///
    /// # Errors
    ///
    /// Those of the writer of the format.
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()>;

    /// Returns whether the report shows the digest of evidence.
    fn shows_evidence_digest(&self) -> bool {
        false
    }

    /// Returns whether the report may have room for one more finding of this
    /// severity. Once it has none it never has again.
    fn has_room_for(&self, _severity: Severity) -> bool {
        true
    }
}

/// Writes a report; it never decides anything.
pub trait Reporter: Send {
    /// Writes what comes before the findings.
    ///
    /// # Errors
    ///
    /// Those of the output.
    fn start(&mut self, header: &Header, out: &mut dyn io::Write) -> io::Result<()>;

    /// Writes findings, as the renderer of the same format rendered them.
    ///
    /// # Errors
    ///
    /// Those of the output, or of a temporary file.
    fn findings(&mut self, rendered: Rendered, out: &mut dyn io::Write) -> io::Result<()>;

    /// Takes a record that could not be read.
    ///
    /// # Errors
    ///
    /// Those of a temporary file.
    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()>;

    /// Writes what comes after the findings; nothing can follow.
    ///
    /// # Errors
    ///
    /// Those of the output, or of a temporary file.
    fn finish(
        self: Box<Self>,
        header: &Header,
        footer: &Footer,
        out: &mut dyn io::Write,
    ) -> io::Result<()>;
}

/// Holds the renderers of all reports of a run. Clones share them, so that threads
/// render while the reports are written.
#[derive(Clone, Default)]
pub struct Renderers {
    all: Vec<Arc<dyn Renderer>>,
    /// Some report shows the digest of evidence.
    evidence_digest: bool,
}

/// Holds what the findings of a chunk are rendered to, one for each report.
#[derive(Debug, Default)]
pub struct RenderedChunk(Vec<Rendered>);

impl Renderers {
    /// Renders a finding for each report.
    ///
    /// # Errors
    ///
    /// The first of the renderers'.
    pub fn finding<'a>(
        &self,
        finding: &'a Finding<'a>,
        chunk: &mut RenderedChunk,
    ) -> io::Result<()> {
        let severity = finding.severity;
        if !self.all.iter().any(|one| one.has_room_for(severity)) {
            self.start(chunk);
            chunk.0.iter_mut().for_each(|one| one.left_out += 1);
            return Ok(());
        }
        let found = Found {
            row: FindingRow::new(finding, self.evidence_digest),
            rule_index: finding.rule_index,
            finding: Some(finding),
        };
        self.found(&found, chunk)
    }

    /// Renders what was found for each report.
    ///
    /// # Errors
    ///
    /// The first of the renderers'.
    pub fn found(&self, found: &Found<'_>, chunk: &mut RenderedChunk) -> io::Result<()> {
        self.start(chunk);
        for (renderer, rendered) in self.all.iter().zip(&mut chunk.0) {
            match renderer.has_room_for(found.row.severity) {
                true => renderer.finding(found, rendered)?,
                false => rendered.left_out += 1,
            }
        }
        Ok(())
    }

    fn start(&self, chunk: &mut RenderedChunk) {
        chunk.0.resize_with(self.all.len(), Rendered::default);
    }
}

impl FromIterator<Arc<dyn Renderer>> for Renderers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Renderer>>>(all: I) -> Self {
        let all: Vec<_> = all.into_iter().collect();
        Self {
            evidence_digest: all.iter().any(|one| one.shows_evidence_digest()),
            all,
        }
    }
}

impl fmt::Debug for Renderers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Renderers({})", self.all.len())
    }
}

impl RenderedChunk {
    /// Returns the findings with the numbers of their records, for a chunk that so
    /// many records come before.
    #[must_use]
    pub fn numbered(self, before: u64) -> Self {
        Self(self.0.into_iter().map(|one| one.numbered(before)).collect())
    }
}

impl IntoIterator for RenderedChunk {
    type Item = Rendered;
    type IntoIter = std::vec::IntoIter<Rendered>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_filled_in_once_they_are_known() {
        let rendered = || {
            let mut rendered = Rendered::default();
            for number in [3, 12] {
                rendered.bytes.extend_from_slice(b"a,");
                rendered.record_number(number);
                rendered.bytes.push(b';');
            }
            rendered
        };
        assert_eq!(rendered().numbered(0).bytes, b"a,3;a,12;");
        assert_eq!(rendered().numbered(1000).bytes, b"a,1003;a,1012;");
    }
}
