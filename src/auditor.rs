//! An audit for programs: bytes in, findings and totals out. It opens no file, reads
//! no clock and prints nothing.

use std::io::{self, Read};
use std::marker::PhantomData;

use crate::aggregate;
use crate::evaluate::{Context, Judge};
use crate::export::{
    Format, MAX_RECORD_BYTES, Reader, Remark, Sink, State, Stop, Unread, Unreadable,
};
use crate::finding::{Finding, Privacy};
use crate::policy::Policies;
use crate::record::Record;
use crate::totals::{Completeness, ExportNames, Part, RunningTotals, Totals, add_problem};
use crate::waiver::Waivers;

/// The number of bytes that are read at once: what is in memory is these, and a record
/// that they end inside of.
const CHUNK_BYTES: usize = 1 << 20;

/// Says why an audit could not be done. `E` is the error of the function that takes
/// findings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E: std::error::Error + 'static> {
    /// The bytes of an export could not be read to their end.
    #[error("an export could not be read to its end")]
    Read(#[source] io::Error),
    /// What rules over all records gather could not be kept in temporary files.
    #[error(transparent)]
    Aggregate(#[from] aggregate::Error),
    /// A finding could not be taken.
    #[error("a finding could not be taken")]
    Finding(#[source] E),
}

/// Holds what was read of one export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportRead {
    /// Records that were met, the rejected among them.
    pub records: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// The first record that could not be read.
    pub first_rejected: Option<Rejected>,
    /// Lines of a protocol that carry no record.
    pub protocol_lines: u64,
    /// Why the export was not read whole; nothing, if it was.
    pub problems: Vec<Unread>,
}

/// Represents a record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its number in the export, from 1.
    pub record: u64,
    /// Why it could not be read.
    pub why: Unreadable,
}

/// Audits exports, one after another, on the thread of the caller.
///
/// ```
/// use audit::auditor::Auditor;
/// use audit::export::Format;
/// use audit::policy::Policies;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let as_of = "2026-01-31T00:00:00Z".parse()?;
/// let policies = Policies::load(&["pci".into()], as_of, &[]).expect("a bundled policy");
/// let export = br#"{"id": "a", "force_2fa": false, "has_pci": true}"#.as_slice();
///
/// let mut findings = Vec::new();
/// let mut audit = Auditor::new(&policies);
/// audit.read("export.ndjson", Format::Ndjson, export, |finding| {
///     findings.push(finding.to_string());
///     Ok::<_, std::io::Error>(())
/// })?;
/// // Rules over all records are known at the end.
/// let totals = audit.finish(|finding| {
///     findings.push(finding.to_string());
///     Ok::<_, std::io::Error>(())
/// })?;
///
/// assert!(findings.iter().any(|finding| finding.contains("force2fa")));
/// assert_eq!(totals.summary.records, 1);
/// // The export lacks fields that the rules need: that nothing was found in them
/// // means nothing.
/// assert!(!totals.verdict.is_complete());
/// # Ok(())
/// # }
/// ```
#[must_use = "what the audit adds up to is known when it is finished"]
pub struct Auditor<'p> {
    policies: &'p Policies,
    judge: Judge<'p>,
    privacy: Privacy<'p>,
    completeness: Completeness,
    max_record_bytes: usize,
    chunk_bytes: usize,
    /// The names of the exports that were read.
    exports: Vec<String>,
    totals: RunningTotals<'p>,
}

impl<'p> Auditor<'p> {
    /// Returns an auditor by these policies, which redacts personal data and
    /// credentials.
    pub fn new(policies: &'p Policies) -> Self {
        Self {
            policies,
            judge: Judge::new(policies),
            privacy: Privacy::Redacted,
            completeness: Completeness::default(),
            max_record_bytes: MAX_RECORD_BYTES,
            chunk_bytes: CHUNK_BYTES,
            exports: Vec::new(),
            totals: RunningTotals::new(policies, 0),
        }
    }

    /// Sets how far findings show customers and values.
    pub fn privacy(mut self, privacy: Privacy<'p>) -> Self {
        self.privacy = privacy;
        self
    }

    /// Sets the waivers by which findings are waived.
    pub fn waivers(mut self, waivers: &'p Waivers) -> Self {
        self.judge = self.judge.with_waivers(waivers);
        self.totals = self.totals.with_waivers(waivers);
        self
    }

    /// Sets what makes the audit complete.
    pub fn completeness(mut self, completeness: Completeness) -> Self {
        self.completeness = completeness;
        self
    }

    /// Sets the size in bytes from which on a record is rejected.
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Judges every record of an export, and hands its findings to `found` in the order
    /// of the records. The bytes must not be packed: gzip and zstd are for the caller.
    ///
    /// A record that cannot be read is no error: it is counted, and
    /// the totals are not complete. They are not complete after an error either.
    ///
    /// # Errors
    ///
    /// The bytes cannot be read to their end, or `found` fails: no record after
    /// that one is judged.
    pub fn read<E: std::error::Error + 'static>(
        &mut self,
        name: impl Into<String>,
        format: Format,
        mut bytes: impl Read,
        mut found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<ExportRead, Error<E>> {
        let index = self.exports.len();
        self.exports.push(name.into());
        let mut reader = Reader::new(&self.policies.schema, self.max_record_bytes);
        let (mut state, mut chunk) = (State::Start(format), Vec::new());
        let mut read = ExportRead::default();
        loop {
            let mut next = bytes.by_ref().take(self.chunk_bytes as u64);
            let filled = next.read_to_end(&mut chunk);
            let is_last = !matches!(filled, Ok(filled) if filled == self.chunk_bytes);
            let mut collector = Collector {
                judge: &mut self.judge,
                export: &self.exports[index],
                records_before: read.records,
                privacy: self.privacy,
                part: Part::new(self.policies, index),
                first_rejected: None,
                found: &mut found,
                failed: PhantomData,
            };
            let decoded = reader.read(state, &chunk, is_last, &mut collector);
            let Collector {
                mut part,
                first_rejected,
                ..
            } = collector;
            self.judge.finish(&mut part.summary);
            part.summary.unknown_keys.clone_from(reader.unknown_keys());
            let (next_state, done, stop) = match (decoded, filled) {
                (Err(Stop::Failed(error)), _) => (State::Lost, 0, Some(Error::Finding(error))),
                (Err(Stop::Enough), _) => (State::Lost, chunk.len(), None),
                (Ok((state, done)), Err(error)) => (state, done, Some(Error::Read(error))),
                (Ok((state, done)), Ok(_)) => (state, done, None),
            };
            part.shape = next_state.shape().into();
            part.problems.extend(stop.as_ref().map(Error::as_unread));
            read.add(&part, first_rejected);
            self.totals.add(part)?;
            match stop {
                Some(stop) => return Err(stop),
                None if is_last => return Ok(read),
                None => {}
            }
            state = next_state;
            chunk.drain(..done);
        }
    }

    /// Ends the audit: hands the findings of rules over all records to `found`, and
    /// returns what all exports add up to and whether that is complete.
    ///
    /// # Errors
    ///
    /// What rules over all records gathered is lost, or `found` fails.
    pub fn finish<E: std::error::Error + 'static>(
        self,
        mut found: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<Totals, Error<E>> {
        let names: Vec<_> = self.exports.iter().map(String::as_str).collect();
        self.totals.finish(
            ExportNames::of_paths(&names),
            self.privacy,
            self.completeness,
            |finding| found(finding).map_err(Error::Finding),
        )
    }
}

impl<E: std::error::Error + 'static> Error<E> {
    /// Returns why the rest of an export was not read.
    fn as_unread(&self) -> Unread {
        match self {
            Error::Read(source) => Unread::Io(source.to_string()),
            Error::Aggregate(_) | Error::Finding(_) => Unread::Io(self.to_string()),
        }
    }
}

impl ExportRead {
    fn add(&mut self, part: &Part, first_rejected: Option<Rejected>) {
        let before = self.records;
        self.records += part.summary.records;
        self.rejected += part.summary.rejected;
        self.protocol_lines += part.summary.protocol_lines;
        for problem in &part.problems {
            add_problem(&mut self.problems, problem.clone());
        }
        if self.first_rejected.is_none() {
            self.first_rejected = first_rejected.map(|rejected| Rejected {
                record: before + rejected.record,
                ..rejected
            });
        }
    }
}

/// Judges the records of a chunk as they are read.
struct Collector<'c, 'p, F, E> {
    judge: &'c mut Judge<'p>,
    export: &'c str,
    /// The records of the export that come before the chunk.
    records_before: u64,
    privacy: Privacy<'p>,
    part: Part,
    /// The number of its record is among those of the chunk.
    first_rejected: Option<Rejected>,
    found: &'c mut F,
    /// The error of `found`.
    failed: PhantomData<E>,
}

impl<F, E> Sink for Collector<'_, '_, F, E>
where
    F: FnMut(&Finding<'_>) -> Result<(), E>,
{
    type Error = E;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<E>> {
        let (summary, gathered) = (&mut self.part.summary, &mut self.part.gathered);
        let (before, found) = (self.records_before, &mut *self.found);
        let context = Context {
            export: self.export,
            number: summary.records + 1,
            privacy: self.privacy,
        };
        self.judge
            .judge(record, context, summary, gathered, |finding| {
                let number = finding.number.map(|number| before + number);
                found(&Finding { number, ..*finding })
            })?;
        Ok(())
    }

    fn rejected(&mut self, _: usize, why: Unreadable) -> Result<(), Stop<E>> {
        self.part.summary.count_rejected();
        let record = self.part.summary.records;
        self.first_rejected.get_or_insert(Rejected { record, why });
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<E>> {
        self.part.summary.protocol_lines += 1;
        Ok(())
    }

    fn remark(&mut self, remark: Remark) -> Result<(), Stop<E>> {
        self.part.pages.take(remark);
        Ok(())
    }

    fn unread(&mut self, why: Unread) -> Result<(), Stop<E>> {
        add_problem(&mut self.part.problems, why);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test")]
mod tests {
    use std::convert::Infallible;
    use std::fmt::Write as _;

    use chrono::DateTime;

    use super::*;

    const POLICY: &str = "
        [policy]
        id = 'p'

        [[rule]]
        id = 'second-factor'
        severity = 'high'
        require.force2fa = true

        [[aggregate]]
        id = 'one-id'
        severity = 'low'
        unique = 'id'
    ";

    fn policies() -> Policies {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.toml");
        std::fs::write(&path, POLICY).expect("a file");
        Policies::load(&[path], DateTime::UNIX_EPOCH, &[]).expect("a sound policy")
    }

    fn export(records: usize) -> String {
        let mut export = String::new();
        for number in 0..records {
            let (id, is_forced) = (number % 7, number % 3 != 0);
            writeln!(export, r#"{{"id": "{id}", "force2fa": {is_forced}}}"#).expect("memory");
            if number == 4 {
                export.push_str("{\n");
            }
        }
        export
    }

    /// All findings, and the totals in short.
    fn audit(policies: &Policies, bytes: &[u8], chunk_bytes: usize) -> (Vec<String>, [u64; 3]) {
        let mut findings = Vec::new();
        let mut take = |finding: &Finding<'_>| {
            findings.push(format!("{:?} {finding}", finding.number));
            Ok::<_, Infallible>(())
        };
        let mut audit = Auditor::new(policies);
        audit.chunk_bytes = chunk_bytes;
        let read = audit.read("e", Format::Auto, bytes, &mut take);
        let read = read.expect("bytes in memory");
        assert_eq!(read.first_rejected.expect("one").record, 6);
        let totals = audit.finish(&mut take).expect("few records");
        let Totals { summary, .. } = totals;
        let [passes, fails] = [summary.counts().pass, summary.counts().fail];
        (findings, [summary.records, passes, fails])
    }

    #[test]
    fn any_chunks_give_the_same_findings() {
        let (policies, bytes) = (policies(), export(30));
        let whole = audit(&policies, bytes.as_bytes(), CHUNK_BYTES);
        assert!(!whole.0.is_empty());
        for chunk_bytes in [1, 7, 100, bytes.len()] {
            assert_eq!(audit(&policies, bytes.as_bytes(), chunk_bytes), whole);
        }
    }

    #[test]
    fn an_audit_that_was_stopped_is_not_complete() {
        let policies = policies();
        let mut audit = Auditor::new(&policies);
        let bytes = export(3);
        let read = audit.read("e", Format::Ndjson, bytes.as_bytes(), |_| {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        });
        assert!(matches!(read, Err(Error::Finding(_))));
        let totals = audit.finish(|_| Ok::<_, Infallible>(()));
        let totals = totals.expect("nothing is kept in files");
        assert!(!totals.verdict.is_complete());
        assert_eq!(totals.summary.records, 1);
    }

    #[test]
    fn bytes_that_end_early_are_an_error_and_not_complete() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the cable is out"))
            }
        }
        let policies = policies();
        let mut audit = Auditor::new(&policies);
        let first = export(3);
        let bytes = first.as_bytes().chain(Broken);
        let take = |_: &Finding<'_>| Ok::<_, Infallible>(());
        let read = audit.read("e", Format::Ndjson, bytes, take);
        assert!(matches!(read, Err(Error::Read(_))));
        let totals = audit.finish(take).expect("nothing is kept in files");
        assert!(!totals.verdict.is_complete());
        assert_eq!(totals.summary.records, 3);
    }
}
