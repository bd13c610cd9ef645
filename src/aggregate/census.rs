//! What all records add up to, and what the rules over the whole export make
//! of it.

use std::io::{self, BufReader, Seek};

use tempfile::SpooledTempFile;

use super::entry::{Doubt, Entry, Found, Group, PLACES, Place, Text};
use super::{Accumulator, AggregateRule, Partial};
use crate::external_sort::{Sorted, Sorter, Spill};
use crate::finding::{
    AggregateSubject, Evidence, Finding, Outcome, Privacy, Reason, Subject, Summary,
};
use crate::finding::{Counts, shown};
use crate::policy::Policies;
use crate::policy::aggregate::{Aggregate, Copies, Percent};
use crate::record::{Bad, time};
use crate::spool::Spool;
use crate::text::{count, grouped};

/// What is gathered cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("what rules over the whole export gather could not be kept in temporary files")]
pub struct Error(#[from] io::Error);

/// How many entries, of about 80 bytes, are sorted in memory.
const SEGMENT: usize = 1 << 18;

/// How many bytes of text, and of one group, wait in memory.
const SPOOL: usize = 4 << 20;

/// What all records of a run add up to, for its rules over the whole export.
pub struct Aggregates<'p> {
    policies: &'p Policies,
    rules: Vec<AggregateRule<'p>>,
    sums: Vec<Accumulator>,
    entries: Sorter<Entry>,
    texts: Spool,
    segment: usize,
}

impl<'p> Aggregates<'p> {
    /// Of no record yet.
    pub fn new(policies: &'p Policies) -> Self {
        Self::in_segments(policies, SEGMENT)
    }

    fn in_segments(policies: &'p Policies, segment: usize) -> Self {
        let rules = super::rules(policies);
        Self {
            policies,
            sums: vec![Accumulator::default(); rules.len()],
            rules,
            entries: Sorter::new(segment),
            texts: Spool::new(SPOOL),
            segment,
        }
    }

    /// Adds what the next records gathered: they are of the `export`th, and
    /// `before` records of it are before them.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn add(&mut self, partial: Partial, export: usize, before: u64) -> Result<(), Error> {
        for (sum, more) in self.sums.iter_mut().zip(&partial.sums) {
            sum.add(more);
        }
        // No command line names as many exports.
        let export = u32::try_from(export).unwrap_or(u32::MAX);
        for mut entry in partial.entries {
            entry.settle(export, before, self.texts.bytes());
            self.entries.push(entry)?;
        }
        self.texts.push(&partial.texts)?;
        Ok(())
    }

    /// Counts what the rules come to in the summary, and hands out their
    /// findings: those about customers, in the order of the records and then of
    /// the rules, and then those about the whole export.
    ///
    /// # Errors
    ///
    /// What was gathered is lost, or a finding cannot be taken.
    pub fn settle<E: From<Error>>(
        self,
        exports: &[&str],
        privacy: Privacy<'_>,
        summary: &mut Summary,
        mut take: impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let Self {
            policies,
            rules,
            sums,
            entries,
            texts,
            segment,
            ..
        } = self;
        let found = compare(&rules, entries, segment, summary)?;
        let teller = Teller {
            policies,
            exports,
            privacy,
        };
        teller.customers(&rules, found, texts, &mut take)?;
        for (rule, sum) in rules.iter().zip(&sums) {
            let Some((outcome, observed)) = whole(rule, sum, summary) else {
                continue;
            };
            summary.by_rule[rule.place].count(outcome);
            teller.export(rule, outcome, observed, &mut take)?;
        }
        Ok(())
    }
}

/// Goes over all groups of equal values; gives the entries that are findings.
fn compare(
    rules: &[AggregateRule<'_>],
    entries: Sorter<Entry>,
    segment: usize,
    summary: &mut Summary,
) -> Result<Sorted<Found>, Error> {
    // Each is more than twice as large as an entry.
    let mut found = Sorter::new(segment / 4);
    let mut group: Option<Members> = None;
    for entry in entries.sorted()? {
        let entry = entry?;
        let members = match &mut group {
            Some(members)
                if members.first.rule == entry.rule && members.first.value == entry.value =>
            {
                members
            }
            other => {
                if let Some(mut members) = other.take() {
                    members.judge(rules, summary, &mut found)?;
                    // Its room is used again.
                    members.begin(entry)?;
                    other.insert(members)
                } else {
                    other.insert(Members::of(entry))
                }
            }
        };
        members.add(entry)?;
    }
    if let Some(mut members) = group {
        members.judge(rules, summary, &mut found)?;
    }
    Ok(found.sorted()?)
}

/// The records with one value.
struct Members {
    first: Entry,
    all: SpooledTempFile,
    group: Group,
    /// Of the records to which the rule applies for certain.
    certain: Group,
    last: Option<Entry>,
    /// The first record of which it is not certain that the rule applies.
    doubtful: Option<(Place, Doubt)>,
}

const NOBODY: Group = Group {
    records: 0,
    customers: 0,
    differ: false,
    places: [Place {
        export: u32::MAX,
        record: u64::MAX,
    }; PLACES],
};

impl Members {
    fn of(first: Entry) -> Self {
        Self {
            first,
            all: SpooledTempFile::new(SPOOL),
            group: NOBODY,
            certain: NOBODY,
            last: None,
            doubtful: None,
        }
    }

    fn begin(&mut self, first: Entry) -> io::Result<()> {
        self.first = first;
        self.all.rewind()?;
        self.group = NOBODY;
        self.certain = NOBODY;
        self.last = None;
        self.doubtful = None;
        Ok(())
    }

    fn add(&mut self, entry: Entry) -> io::Result<()> {
        let is_new = self.last.is_none_or(|last| last.customer != entry.customer);
        let certain = entry.doubt == Doubt::NONE;
        for (group, counts) in [(&mut self.group, true), (&mut self.certain, certain)] {
            if !counts {
                continue;
            }
            group.records += 1;
            group.customers += u64::from(is_new);
            // The certain stand first: the first of the group is one of them.
            group.differ |= entry.content != self.first.content;
            let place = entry.place();
            if let Some(at) = group.places.iter().position(|other| place < *other) {
                group.places[at..].rotate_right(1);
                group.places[at] = place;
            }
        }
        let earlier = |(place, _): &(Place, Doubt)| *place < entry.place();
        if !certain && !self.doubtful.as_ref().is_some_and(earlier) {
            self.doubtful = Some((entry.place(), entry.doubt));
        }
        self.last = Some(entry);
        entry.write(&mut self.all)
    }

    /// Whether the rule is met by the group, if that can be decided.
    fn is_met(&self, aggregate: &Aggregate) -> Option<bool> {
        let (all, certain) = (&self.group, &self.certain);
        let (violated, may_be) = match aggregate {
            Aggregate::Unique { copies, .. } => match copies {
                Copies::Any => (certain.records > 1, all.records > 1),
                Copies::Differ => (
                    certain.records > 1 && certain.differ,
                    all.records > 1 && all.differ,
                ),
                Copies::Agree => {
                    let doubtful = all.records > certain.records;
                    (
                        certain.records > 1 && !all.differ,
                        all.records > 1 && !certain.differ && (doubtful || !all.differ),
                    )
                }
            },
            Aggregate::Shared { most, .. } => (certain.customers > *most, all.customers > *most),
            Aggregate::PassRate { .. } | Aggregate::Records { .. } | Aggregate::Newest { .. } => {
                (false, false)
            }
        };
        match (violated, may_be) {
            (true, _) => Some(false),
            (false, false) => Some(true),
            (false, true) => None,
        }
    }

    /// Counts what the rule makes of each customer, and gives those who are
    /// findings: how many they are.
    fn judge(
        &mut self,
        rules: &[AggregateRule<'_>],
        summary: &mut Summary,
        found: &mut Sorter<Found>,
    ) -> io::Result<()> {
        let Some(rule) = rules.get(self.first.rule as usize) else {
            return Ok(());
        };
        let counts = &mut summary.by_rule[rule.place];
        let met = self.is_met(rule.aggregate);
        if met == Some(true) {
            counts.pass += self.group.customers;
            return Ok(());
        }
        self.all.rewind()?;
        let mut all = BufReader::new(&mut self.all);
        let mut last = None;
        for _ in 0..self.group.records {
            let entry = Entry::read(&mut all)?;
            if last.replace(entry.customer) == Some(entry.customer) {
                continue;
            }
            // Beside a doubtful one that might decide, a certain one is in doubt.
            let doubt = match (met, self.doubtful) {
                (None, Some((_, doubt))) if entry.doubt == Doubt::NONE => doubt,
                _ => entry.doubt,
            };
            counts.count(outcome(doubt));
            found.push(Found {
                place: entry.place(),
                rule: entry.rule,
                text: entry.text,
                doubt,
                group: self.group,
            })?;
        }
        Ok(())
    }
}

fn outcome(doubt: Doubt) -> Outcome {
    match doubt.cause() {
        Some(cause) => Outcome::Error(cause.into()),
        None => Outcome::Fail(Reason::Violated),
    }
}

/// What a rule that looks at sums comes to, and what was seen; nothing for one
/// that holds values against each other.
fn whole(
    rule: &AggregateRule<'_>,
    sum: &Accumulator,
    summary: &Summary,
) -> Option<(Outcome, String)> {
    let doubt = |sum: &Accumulator| match sum.doubt {
        Some(cause) => Outcome::Error(cause.into()),
        None => Outcome::Fail(Reason::Violated),
    };
    Some(match rule.aggregate {
        Aggregate::Unique { .. } | Aggregate::Shared { .. } => return None,
        Aggregate::Records { least } => {
            let seen = count(sum.certain, "record", "records");
            if sum.certain >= *least {
                (Outcome::Pass, seen)
            } else if sum.certain + sum.doubtful >= *least {
                let more = grouped(sum.doubtful);
                (
                    doubt(sum),
                    format!("{seen}, and {more} that cannot be decided"),
                )
            } else {
                (Outcome::Fail(Reason::Violated), seen)
            }
        }
        Aggregate::PassRate { rule: id, least } => {
            let before = rule.place
                - rule
                    .policy
                    .rules
                    .iter()
                    .position(|other| std::ptr::eq(other, rule.rule))?;
            let counted = rule.policy.rules.iter().position(|other| other.id == *id)?;
            pass_rate(summary.by_rule[before + counted], *least)
        }
        Aggregate::Newest { within, .. } => {
            let ahead = match sum.ahead {
                0 => String::new(),
                ahead => format!(
                    "; {} ahead of the audit",
                    count(ahead, "time lies", "times lie")
                ),
            };
            let unread = match sum.doubtful {
                0 => String::new(),
                unread => format!("; {} cannot be decided", count(unread, "record", "records")),
            };
            let newest = match sum.newest {
                Some(newest) => time::show(newest),
                None => "no time".to_owned(),
            };
            let seen = format!("{newest}{ahead}{unread}");
            match (sum.newest, sum.absent) {
                (Some(newest), _) if newest >= within.time => (Outcome::Pass, seen),
                _ if sum.doubtful > 0 => (doubt(sum), seen),
                (Some(_), _) => (Outcome::Fail(Reason::Violated), seen),
                _ if sum.ahead > 0 => (Outcome::Fail(Reason::Violated), seen),
                (None, Some(why)) => (Outcome::Fail(Reason::Absent(why)), seen),
                (None, None) => (Outcome::NotApplicable, seen),
            }
        }
    })
}

fn pass_rate(counts: Counts, least: Percent) -> (Outcome, String) {
    let all = counts.pass + counts.findings();
    let errors = match counts.error {
        0 => String::new(),
        errors => format!(", {} undecided", grouped(errors)),
    };
    let rate = Percent::of(counts.pass, all);
    let (some, of) = (grouped(counts.pass), grouped(all));
    let seen = format!("{rate} pass ({some} of {of}{errors})");
    if all == 0 {
        (Outcome::NotApplicable, "it applies to no record".to_owned())
    } else if least.is_reached(counts.pass, all) {
        (Outcome::Pass, seen)
    } else if least.is_reached(counts.pass + counts.error, all) {
        (Outcome::Error(Reason::Bad(Bad::Unparsable)), seen)
    } else {
        (Outcome::Fail(Reason::Violated), seen)
    }
}

/// Puts what was found into words.
struct Teller<'t> {
    policies: &'t Policies,
    exports: &'t [&'t str],
    privacy: Privacy<'t>,
}

impl Teller<'_> {
    fn customers<E: From<Error>>(
        &self,
        rules: &[AggregateRule<'_>],
        sorted: Sorted<Found>,
        texts: Spool,
        take: &mut impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut texts = texts.into_reader().map_err(Error::from)?;
        for found in sorted {
            let found = found.map_err(Error::from)?;
            let Some(rule) = rules.get(found.rule as usize) else {
                continue;
            };
            texts.seek_to(found.text).map_err(Error::from)?;
            let text = Text::read(&mut texts).map_err(Error::from)?;
            let subject = AggregateSubject {
                evidence: vec![self.evidence(rule, &found, &text.value)],
                customer_id: text.id,
                customer_name: text.name,
            };
            let export = self.exports.get(found.place.export as usize).copied();
            let number = Some(found.place.record);
            self.tell(rule, outcome(found.doubt), &subject, (export, number), take)?;
        }
        Ok(())
    }

    fn export<E>(
        &self,
        rule: &AggregateRule<'_>,
        outcome: Outcome,
        observed: String,
        take: &mut impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let subject = AggregateSubject {
            customer_id: None,
            customer_name: None,
            evidence: vec![Evidence {
                field: self.looks_at(rule).into(),
                expected: rule.aggregate.expected().into(),
                observed: observed.into(),
            }],
        };
        let export = match self.exports {
            [one] => Some(*one),
            _ => None,
        };
        self.tell(rule, outcome, &subject, (export, None), take)
    }

    fn tell<E>(
        &self,
        rule: &AggregateRule<'_>,
        outcome: Outcome,
        subject: &AggregateSubject,
        (export, number): (Option<&str>, Option<u64>),
        take: &mut impl FnMut(&Finding<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(reason) = outcome.reason() else {
            return Ok(());
        };
        take(&Finding {
            subject: Subject::Aggregate(subject),
            number,
            export,
            policy: rule.policy,
            rule: rule.rule,
            place: rule.place,
            outcome,
            reason,
            privacy: self.privacy,
        })
    }

    fn looks_at(&self, rule: &AggregateRule<'_>) -> String {
        rule.aggregate.looks_at(&self.policies.schema).to_owned()
    }

    fn evidence(&self, rule: &AggregateRule<'_>, found: &Found, value: &str) -> Evidence<'static> {
        let Found { place, group, .. } = found;
        let field = rule
            .aggregate
            .slot()
            .map(|slot| self.policies.schema.field(slot));
        let value = match field {
            Some(field) => shown(field, value, self.privacy),
            None => value.into(),
        };
        let observed = match rule.aggregate {
            Aggregate::Shared { .. } => {
                let customers = count(group.customers, "customer", "customers");
                format!("{value}, on {customers}: {}", self.places(*place, group))
            }
            _ => {
                let same = if group.differ { "other" } else { "the same" };
                let places = self.places(*place, group);
                let records = count(group.records, "record", "records");
                format!("{value}, in {records}: {places}, with {same} content")
            }
        };
        Evidence {
            field: self.looks_at(rule).into(),
            expected: rule.aggregate.expected().into(),
            observed: observed.into(),
        }
    }

    /// Where the others stand.
    fn places(&self, own: Place, group: &Group) -> String {
        let known = usize::try_from(group.records).map_or(PLACES, |records| records.min(PLACES));
        let others = group.places[..known].iter().filter(|place| **place != own);
        let others: Vec<_> = others
            .take(PLACES - 1)
            .map(|place| match self.exports.get(place.export as usize) {
                Some(export) if place.export != own.export => {
                    format!("{export} record {}", place.record)
                }
                _ => format!("record {}", place.record),
            })
            .collect();
        let more = group.records - 1 - others.len() as u64;
        let more = match more {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        format!("also {}{more}", others.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::evaluate::Judge;
    use crate::export::{Format, MAX_RECORD_BYTES, Reader, Sink, State, Stop, Unread, Unreadable};
    use crate::record::Record;

    struct Records<'p> {
        judge: Judge<'p>,
        summary: Summary,
        partial: Partial,
    }

    impl Sink for Records<'_> {
        type Error = Infallible;

        fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Infallible>> {
            let (summary, partial) = (&mut self.summary, &mut self.partial);
            self.judge.judge(record, summary, partial, |_, _, _| {});
            Ok(())
        }

        fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Infallible>> {
            Ok(())
        }

        fn protocol_line(&mut self) -> Result<(), Stop<Infallible>> {
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
                partial: Partial::default(),
            };
            let mut reader = Reader::new(&policies.schema, MAX_RECORD_BYTES);
            let lines = lines.collect::<String>();
            let start = State::Start(Format::Ndjson);
            let read = reader.read(start, lines.as_bytes(), true, &mut records);
            assert!(read.is_ok());
            summary += &records.summary;
            aggregates
                .add(records.partial, 0, batch as u64)
                .expect("temporary files");
        }
        let mut found = Vec::new();
        let settled = aggregates.settle(&["e"], Privacy::Shown, &mut summary, |finding| {
            let (id, evidence) = (finding.customer_id(), finding.evidence());
            let (rule, number) = (&finding.rule.id, finding.number);
            found.push(format!("{rule} {id:?} {number:?} {evidence:?}"));
            Ok::<_, Error>(())
        });
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
