//! What all records add up to, for the rules over all of them.

use std::io;

use super::entry::Entry;
use super::error::Error;
use super::findings::FindingMaker;
use super::gathered::{self, Accumulators, AggregateRule, Compared};
use super::group;
use super::texts::{StoredTexts, Texts};
use crate::external_sort::{self, Sorter};
use crate::finding::{Finding, LateMark, Privacy, Summary};
use crate::policy::Policies;
use crate::spool::SpoolReader;
use crate::waiver::Waivers;

/// Says how many entries, of about 80 bytes each in memory, are sorted there.
const SEGMENT: usize = 1 << 16;

/// Says what rules over all records come to, once all of them have been read.
#[derive(Debug)]
pub enum Late<'f> {
    /// A finding.
    Finding(&'f Finding<'f>),
    /// What a rule comes to for a record, or for all.
    Mark(LateMark),
}

/// Holds values of all records of a run that its rules compare.
pub struct Aggregates<'p> {
    policies: &'p Policies,
    rules: Vec<AggregateRule<'p>>,
    entries: Sorter<Entry>,
    texts: Texts,
    segment: usize,
    waivers: Option<&'p Waivers>,
    wants_marks: bool,
}

/// Holds values that were compared with each other, sorted, to be written and, elsewhere,
/// compared with others.
pub struct Sorted {
    /// The entries in their order: each export's records are numbered from 1.
    pub entries: external_sort::Sorted<Entry>,
    /// What findings will show of their records.
    pub texts: SpoolReader,
}

/// Holds values that were sorted elsewhere.
pub struct Stored {
    /// The entries in their order.
    pub entries: Box<dyn Iterator<Item = io::Result<Entry>> + Send>,
    /// What findings will show of their records.
    pub texts: StoredTexts,
}

impl<'p> Aggregates<'p> {
    /// Returns the aggregates of no record, for these policies.
    pub fn new(policies: &'p Policies) -> Self {
        Self::in_segments(policies, SEGMENT)
    }

    fn in_segments(policies: &'p Policies, segment: usize) -> Self {
        Self {
            policies,
            rules: gathered::rules(policies),
            entries: Sorter::new(segment),
            texts: Texts::default(),
            segment,
            waivers: None,
            wants_marks: false,
        }
    }

    /// Sets the waivers by which findings are waived.
    #[must_use]
    pub fn with_waivers(mut self, waivers: &'p Waivers) -> Self {
        self.waivers = (!waivers.is_empty()).then_some(waivers);
        self
    }

    /// Asks for what each rule comes to for each record, too.
    #[must_use]
    pub fn with_marks(mut self) -> Self {
        self.wants_marks = true;
        self
    }

    /// Adds values of the next records: they are of the export with this index,
    /// and `before` records of it are before them.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn add(&mut self, compared: Compared, export: usize, before: u64) -> Result<(), Error> {
        let Compared { entries, texts } = compared;
        // No command line names as many exports.
        let export = u32::try_from(export).unwrap_or(u32::MAX);
        for mut entry in entries {
            entry.export = export;
            entry.place(before, self.texts.bytes());
            self.entries.push(entry)?;
        }
        self.texts.push(&texts)?;
        Ok(())
    }

    /// Adds values of the next records that were sorted elsewhere: so many records of each
    /// export, by its index, are before them.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn add_stored(
        &mut self,
        stored: Stored,
        before: impl Fn(u32) -> u64 + Send + 'static,
    ) -> Result<(), Error> {
        let Stored { entries, texts } = stored;
        let offset = self.texts.bytes();
        self.texts.push_stored(texts);
        // All records of an export are moved alike: the order stays.
        let entries = entries.map(move |entry| {
            let mut entry = entry?;
            entry.place(before(entry.export), offset);
            Ok(entry)
        });
        self.entries.push_sorted(Box::new(entries))?;
        Ok(())
    }

    /// Returns the values, sorted, to be compared with others elsewhere.
    ///
    /// # Errors
    ///
    /// What was gathered is lost.
    pub fn into_sorted(self) -> Result<Sorted, Error> {
        Ok(Sorted {
            entries: self.entries.sorted()?,
            texts: self.texts.into_own()?,
        })
    }

    /// Counts what the rules come to in the summary, and hands out their
    /// findings: those about customers, in the order of the records and then of
    /// the rules, and then those about the whole export. Marks, if they are asked, are
    /// handed out in the same order.
    ///
    /// # Errors
    ///
    /// What was gathered is lost, or a finding cannot be taken.
    pub fn finish<E: From<Error>>(
        self,
        accumulators: &Accumulators,
        exports: &[&str],
        privacy: Privacy<'_>,
        summary: &mut Summary,
        mut take: impl FnMut(Late<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let Self {
            policies,
            rules,
            entries,
            texts,
            segment,
            waivers,
            wants_marks,
        } = self;
        let verdicts = group::compare((policies, &rules), entries, segment, summary, wants_marks)?;
        let mut maker = FindingMaker {
            policies,
            exports,
            privacy,
            waivers,
            summary,
            wants_marks,
            take: &mut take,
        };
        maker.customers(&rules, verdicts, texts.into_reader().map_err(Error::from)?)?;
        for (number, rule) in rules.iter().enumerate() {
            maker.whole_export(rule, &accumulators.of(number))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Gathered;
    use crate::evaluate::{Context, Judge};
    use crate::export::{
        Format, MAX_RECORD_BYTES, Reader, Remark, Sink, State, Stop, Unread, Unreadable,
    };
    use crate::finding::Counts;
    use crate::record::Record;
    use std::convert::Infallible;

    struct Records<'p> {
        judge: Judge<'p>,
        summary: Summary,
        gathered: Gathered,
    }

    impl Sink for Records<'_> {
        type Error = Infallible;

        fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
            let (summary, gathered) = (&mut self.summary, &mut self.gathered);
            let context = Context {
                export: "e",
                number: summary.records + 1,
                privacy: Privacy::Shown,
            };
            self.judge
                .judge(record, context, summary, gathered, |_| Ok(()))
        }

        fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn remark(&mut self, _: Remark) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn unread(&mut self, _: Unread) -> Result<(), Stop<Infallible>> {
            Ok(())
        }
    }

    const POLICY: &str = r#"
        [policy]
        id = "p"
        [[aggregate]]
        id = "unique"
        severity = "high"
        unique = "id"
        [[aggregate]]
        id = "shared"
        severity = "low"
        shared = { field = "securityContactId", more-than = 3, ignore-case = true }
        [[aggregate]]
        id = "many"
        severity = "low"
        records = { at-least = 700 }
    "#;

    /// What is found among 600 records that come in batches of this many, when
    /// so many are sorted in memory.
    fn found(policies: &Policies, batch: usize, segment: usize) -> (Vec<String>, Vec<Counts>) {
        let mut aggregates = Aggregates::in_segments(policies, segment);
        let mut accumulators = Accumulators::default();
        let numbers: Vec<u64> = (0..600).collect();
        let mut summary = Summary::new(policies);
        for (batch, numbers) in numbers
            .chunks(batch)
            .enumerate()
            .map(|(n, all)| (n * batch, all))
        {
            let lines = numbers.iter().map(|n| {
                let contact = if n % 2 == 0 { "Some One" } else { "some  one" };
                let contact = if n % 7 < 3 {
                    contact.to_owned()
                } else {
                    format!("c{}", n / 3)
                };
                format!(
                    "{{\"id\":\"i{}\",\"name\":\"n{}\",\"securityContactId\":\"{contact}\"}}\n",
                    n % 550,
                    n % 4
                )
            });
            let mut records = Records {
                judge: Judge::new(policies),
                summary: Summary::new(policies),
                gathered: Gathered::default(),
            };
            let mut reader = Reader::new(&policies.schema, MAX_RECORD_BYTES);
            let lines = lines.collect::<String>();
            let start = State::Start(Format::Ndjson);
            let read = reader.read(start, lines.as_bytes(), true, &mut records);
            assert!(read.is_ok());
            records.judge.finish(&mut records.summary);
            summary += &records.summary;
            let Gathered {
                accumulators: more,
                compared,
            } = records.gathered;
            accumulators += &more;
            aggregates
                .add(compared, 0, batch as u64)
                .expect("temporary files");
        }
        let mut found = Vec::new();
        let settled = aggregates.finish(
            &accumulators,
            &["e"],
            Privacy::Shown,
            &mut summary,
            |late| {
                let Late::Finding(finding) = late else {
                    return Ok(());
                };
                let (id, evidence) = (finding.customer_id(), finding.evidence());
                let (rule, number) = (&finding.rule.id, finding.number);
                found.push(format!("{rule} {id:?} {number:?} {evidence:?}"));
                Ok::<_, Error>(())
            },
        );
        settled.expect("temporary files");
        (found, summary.by_rule)
    }

    #[test]
    fn what_is_found_does_not_depend_on_how_much_is_sorted_in_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.toml");
        std::fs::write(&path, POLICY).expect("written");
        let now = chrono::DateTime::UNIX_EPOCH;
        let policies = Policies::load(&[path], now, &[]).expect("sound");
        let (whole, counts) = found(&policies, 600, SEGMENT);
        for (batch, segment) in [(1, 2), (7, 8), (100, 64), (600, 5)] {
            assert_eq!(
                found(&policies, batch, segment),
                (whole.clone(), counts.clone())
            );
        }
        // Fifty ids stand twice, one contact is on three records of seven.
        let of = |rule: &str| whole.iter().filter(|line| line.starts_with(rule)).count();
        assert_eq!(of("unique"), 50);
        assert_eq!(of("shared"), counts[1].fail as usize);
        assert!((230..=258).contains(&of("shared")), "{}", of("shared"));
        assert_eq!(of("many"), 1);
        assert_eq!(
            whole.last().map(|line| line.starts_with("many None None")),
            Some(true)
        );
    }
}
