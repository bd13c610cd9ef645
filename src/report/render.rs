//! The seam between findings and formats.
//!
//! A report has two halves. The [`Renderer`] renders findings, on many threads at
//! once; the [`Reporter`] writes what was rendered, in order, and all else that the
//! report says. Between the two is [`Rendered`]: bytes, for formats that are
//! written as they come, or rows, for those that are written once all is known.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::model::ended::Ended;
use super::model::footer::Footer;
use super::model::header::Header;
use super::model::life::Urgency;
use super::model::row::{FindingRow, Rejected};
use super::split::SliceSource;
use crate::finding::{Finding, LateMark, Mark, Standing};
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

/// Says of a finding that is rendered as a line what decides whether it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineHead {
    /// How severe it is.
    pub severity: Severity,
    /// How soon it is to be looked at.
    pub urgency: Urgency,
    /// The index of its rule among those of the header.
    pub rule_index: usize,
    /// Somebody has accepted it until a day.
    pub is_waived: bool,
}

impl LineHead {
    /// Returns what decides whether a finding is kept.
    pub fn new(found: &Found<'_>) -> Self {
        Self {
            severity: found.row.severity,
            urgency: found.row.urgency(),
            rule_index: found.rule_index,
            is_waived: found.row.is_waived(),
        }
    }

    /// Returns the same of a finding of the night before that the run could not judge.
    pub fn of_carried(row: &FindingRow<'_>) -> Self {
        Self {
            severity: row.severity,
            urgency: row.urgency(),
            // Its rule need be none of this run.
            rule_index: usize::MAX,
            is_waived: row.is_waived(),
        }
    }
}

/// Holds rendered findings of a chunk. How many records come before it is not known
/// while they are rendered; [`Rendered::numbered`] adds that to their numbers.
#[derive(Debug, Default)]
pub struct Rendered {
    /// What will be written as it is.
    pub bytes: Vec<u8>,
    /// Says of each line of the bytes what it is about, if they are kept until all is
    /// known.
    pub heads: Vec<LineHead>,
    /// What will be written cell by cell.
    pub rows: Vec<RenderedRow>,
    /// How many findings were not rendered, as the report has no room for them.
    pub left_out: u64,
    /// How many findings there were that the report lists, those among them.
    pub listed: u64,
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

    /// Fills in the numbers of the records, for a chunk that so many records come before;
    /// `spare` is room for bytes, which is used again.
    fn number(&mut self, before: u64, spare: &mut Vec<u8>) {
        let records = self.rows.iter_mut().map(|row| &mut row.row.record);
        for record in records.flatten() {
            *record += before;
        }
        if self.placeholders.is_empty() {
            return;
        }
        spare.clear();
        let mut done = 0;
        for (at, number) in self.placeholders.drain(..) {
            spare.extend_from_slice(&self.bytes[done..at]);
            // Writing to memory does not fail.
            let _ = write!(spare, "{}", before + number);
            done = at + 1;
        }
        spare.extend_from_slice(&self.bytes[done..]);
        std::mem::swap(&mut self.bytes, spare);
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
    /// yet, with a placeholder whose place [`Rendered::number_key`] notes.
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
        self.number(before, &mut Vec::new());
        self
    }

    /// Forgets the findings, and keeps their room, unless it is more than so many bytes.
    fn clear(&mut self, room: usize) {
        let Self {
            bytes,
            heads,
            rows,
            left_out,
            listed,
            placeholders,
        } = self;
        bytes.clear();
        bytes.shrink_to(room);
        heads.clear();
        rows.clear();
        placeholders.clear();
        *left_out = 0;
        *listed = 0;
    }
}

/// Holds what rules come to for a record, for a report of all records.
#[derive(Debug, Clone, Copy)]
pub struct RecordMarks<'a> {
    /// The customer's id as it may be shown, if the record has one.
    pub customer_id: Option<&'a str>,
    /// The name of the record's export.
    pub export: &'a str,
    /// Its number among the records that are counted with it.
    pub number: u64,
    /// What each rule comes to, by its index; nothing, if the record could not be read.
    pub marks: &'a [Mark],
    /// What else a part of a run keeps of the record for the whole of it, if it does.
    pub kept: Option<KeptRecord<'a>>,
}

/// Holds what a part of a run keeps of a record for the whole of it.
#[derive(Debug, Clone, Copy)]
pub struct KeptRecord<'a> {
    /// The customer's id, as the export has it.
    pub id: Option<&'a str>,
    /// When the account was made, if the record says so.
    pub created: Option<DateTime<Utc>>,
    /// How each rule regards the record, by its index.
    pub standings: &'a [Standing],
}

/// Renders findings, on any thread.
pub trait Renderer: Sync + Send {
    /// Renders one finding.
    ///
    /// # Errors
    ///
    /// Those of the writer of the format.
    fn finding(&self, found: &Found<'_>, rendered: &mut Rendered) -> io::Result<()>;

    /// Returns whether the report is of records, found fault with or not.
    fn wants_records(&self) -> bool {
        false
    }

    /// Renders one record, after its findings.
    ///
    /// # Errors
    ///
    /// Those of the writer of the format.
    fn record(&self, _record: &RecordMarks<'_>, _rendered: &mut Rendered) -> io::Result<()> {
        Ok(())
    }

    /// Returns whether the report shows the digest of evidence.
    fn shows_evidence_digest(&self) -> bool {
        false
    }

    /// Returns what says in which slice of the report a finding is, and the name under which
    /// the finding says so, if nothing else in it does.
    fn splits_by(&self) -> Vec<(String, SliceSource)> {
        Vec::new()
    }

    /// Returns whether the report lists a finding, if there is room for it.
    fn lists(&self, _row: &FindingRow<'_>) -> bool {
        true
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
    fn findings(&mut self, rendered: &Rendered, out: &mut dyn io::Write) -> io::Result<()>;

    /// Takes what was known only once all records had been read, in a report of records.
    ///
    /// # Errors
    ///
    /// Those of a temporary file.
    fn late_mark(&mut self, _mark: &LateMark) -> io::Result<()> {
        Ok(())
    }

    /// Takes a record that could not be read.
    ///
    /// # Errors
    ///
    /// Those of a temporary file.
    fn rejected(&mut self, rejected: &Rejected<'_>) -> io::Result<()>;

    /// Takes a finding of the night before that is no finding of this one, after the last
    /// finding. Most formats show no more of it than the summary, which counts it.
    ///
    /// # Errors
    ///
    /// Those of the output, or of a temporary file.
    fn ended(&mut self, _: &Ended<'_>, _: &mut dyn io::Write) -> io::Result<()> {
        Ok(())
    }

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

/// Says in a finding how it relates to the nights before.
pub type SayLife<'n> = dyn FnMut(&mut FindingRow<'_>) -> io::Result<()> + 'n;

/// Holds the renderers of all reports of a run. Clones share them, so that threads
/// render while the reports are written.
#[derive(Clone, Default)]
pub struct Renderers {
    all: Vec<Arc<dyn Renderer>>,
    /// Some report shows the digest of evidence.
    evidence_digest: bool,
    /// What says in which slices of reports a finding is, by the name under which it says so.
    splits: Vec<(String, SliceSource)>,
}

/// Holds what the findings of a chunk are rendered to, one for each report.
#[derive(Debug, Default)]
pub struct RenderedChunk {
    each: Vec<Rendered>,
    /// About how many bytes they take in memory.
    memory: usize,
}

impl Renderers {
    /// Returns whether reports are split by a field or a file.
    pub fn are_split(&self) -> bool {
        !self.splits.is_empty()
    }

    /// Renders a finding for each report; `night` says in it how it relates to the nights
    /// before, in a run that is compared with one. After each report, `after` may take away
    /// what was rendered so far.
    ///
    /// # Errors
    ///
    /// The first of the renderers', of `night` or of `after`.
    pub fn finding<'a, E: From<io::Error>>(
        &self,
        finding: &'a Finding<'a>,
        chunk: &mut RenderedChunk,
        night: Option<&mut SayLife<'_>>,
        after: impl FnMut(&mut RenderedChunk) -> Result<(), E>,
    ) -> Result<(), E> {
        let severity = finding.severity;
        let has_room = self.all.iter().any(|one| one.has_room_for(severity));
        if !has_room && night.is_none() {
            self.start(chunk);
            chunk.each.iter_mut().for_each(|one| one.left_out += 1);
            return Ok(());
        }
        let with_digest = self.evidence_digest || night.is_some();
        let mut row = FindingRow::new(finding, with_digest);
        for (name, source) in &self.splits {
            let value = source.of(finding);
            row.slice
                .extend(value.map(|value| (Cow::Owned(name.clone()), value)));
        }
        if let Some(night) = night {
            night(&mut row)?;
        }
        let found = Found {
            row,
            rule_index: finding.rule_index,
            finding: Some(finding),
        };
        self.found(&found, chunk, after)
    }

    /// Renders what was found for each report; after each of them, `after` may take away
    /// what was rendered so far.
    ///
    /// # Errors
    ///
    /// The first of the renderers', or of `after`.
    pub fn found<E: From<io::Error>>(
        &self,
        found: &Found<'_>,
        chunk: &mut RenderedChunk,
        mut after: impl FnMut(&mut RenderedChunk) -> Result<(), E>,
    ) -> Result<(), E> {
        self.start(chunk);
        for (index, renderer) in self.all.iter().enumerate() {
            let rendered = &mut chunk.each[index];
            if !renderer.lists(&found.row) {
                continue;
            }
            rendered.listed += 1;
            if !renderer.has_room_for(found.row.severity) {
                rendered.left_out += 1;
                continue;
            }
            let (bytes, rows) = (rendered.bytes.len(), rendered.rows.len());
            renderer.finding(found, rendered)?;
            let rows = rendered.rows[rows..].iter();
            chunk.memory += rendered.bytes.len() - bytes;
            chunk.memory += rows.map(|row| row.row.memory()).sum::<usize>();
            after(chunk)?;
        }
        Ok(())
    }

    /// Returns whether some report is of records.
    pub fn want_records(&self) -> bool {
        self.all.iter().any(|one| one.wants_records())
    }

    /// Renders a record for each report of records; after each of them, `after` may take away
    /// what was rendered so far.
    ///
    /// # Errors
    ///
    /// The first of the renderers', or of `after`.
    pub fn record<E: From<io::Error>>(
        &self,
        record: &RecordMarks<'_>,
        chunk: &mut RenderedChunk,
        mut after: impl FnMut(&mut RenderedChunk) -> Result<(), E>,
    ) -> Result<(), E> {
        self.start(chunk);
        for (index, renderer) in self.all.iter().enumerate() {
            if !renderer.wants_records() {
                continue;
            }
            let rendered = &mut chunk.each[index];
            let bytes = rendered.bytes.len();
            renderer.record(record, rendered)?;
            chunk.memory += rendered.bytes.len() - bytes;
            after(chunk)?;
        }
        Ok(())
    }

    fn start(&self, chunk: &mut RenderedChunk) {
        chunk.each.resize_with(self.all.len(), Rendered::default);
    }
}

impl FromIterator<Arc<dyn Renderer>> for Renderers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Renderer>>>(all: I) -> Self {
        let all: Vec<_> = all.into_iter().collect();
        Self {
            evidence_digest: all.iter().any(|one| one.shows_evidence_digest()),
            splits: splits(&all),
            all,
        }
    }
}

/// Returns what says in which slices findings are, sorted by name, each once.
fn splits(all: &[Arc<dyn Renderer>]) -> Vec<(String, SliceSource)> {
    let splits = all.iter().flat_map(|one| one.splits_by());
    let splits: BTreeMap<String, SliceSource> = splits.collect();
    splits.into_iter().collect()
}

impl fmt::Debug for Renderers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Renderers({})", self.all.len())
    }
}

impl RenderedChunk {
    /// Returns about how many bytes the findings take in memory.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Fills in the numbers of the records, for a chunk that so many records come before;
    /// `spare` is room for bytes, which is used again.
    pub fn number(&mut self, before: u64, spare: &mut Vec<u8>) {
        let each = self.each.iter_mut();
        each.for_each(|one| one.number(before, spare));
    }

    /// Returns the findings for each report.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Rendered> {
        self.each.iter_mut()
    }

    /// Forgets the findings, and keeps their room, unless it is more than so many bytes
    /// for a report.
    pub fn clear(&mut self, room: usize) {
        let each = self.each.iter_mut();
        each.for_each(|one| one.clear(room));
        self.memory = 0;
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
