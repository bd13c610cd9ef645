//! How the findings of a report relate to those of an older one: as a run that is compared
//! with the older one says it, as far as two reports can know it.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::convert::write_row;
use super::error::Error;
use super::exit::Exit;
use super::night::{States, has_deadline, why_failed};
use super::share::threads;
use crate::nights::{self, Base, Facts, Part, RunningNight, Sum, Tonight};
use crate::options::{DiffOptions, Verbosity};
use crate::policy::Severity;
use crate::report::{
    self, BesidePaths, Counts, Doubt, Ended, FindingRow, Footer, Header, Listed, Listener,
    OnStdout, Previous, Rejected, Renderers, Reports, Screen, Summary,
};
use crate::terminal::{Console, Streams};
use crate::text::{count, grouped};
use crate::totals::Gap;

/// Compares two reports, and makes the reports that are asked for.
///
/// # Errors
///
/// They cannot be compared: files are as they were before.
pub(super) fn diff(options: &DiffOptions, streams: &mut Streams<'_>) -> Result<Exit, Error> {
    has_deadline(&options.nights)?;
    options.reports.are_of_findings()?;
    let later = &options.later;
    let shown = || later.display().to_string();
    let metadata = File::open(later).and_then(|file| file.metadata());
    let metadata = metadata.map_err(|source| report::ReadError::Unreadable {
        path: shown(),
        source,
    })?;
    if report::is_stream(&metadata) {
        let (which, path) = ("later", shown());
        return Err(nights::Error::Pipe { which, path }.into());
    }
    let base = Base::read(&options.earlier, threads(None))?;
    // What several records of one customer come to together is known once all are read.
    let mut decided = None;
    loop {
        let mut comparer = Comparer {
            options,
            base: &base,
            decided: decided.as_ref(),
            screen: streams.screen(options.colour),
            stdout: Some(&mut *streams.stdout),
            open: None,
        };
        let footer = report::read(later, &mut comparer)?;
        if let Some(slice) = &footer.summary.slice {
            return Err(nights::Error::Slice {
                which: "later",
                path: shown(),
                slice: slice.to_string(),
            }
            .into());
        }
        let Some(open) = comparer.open else {
            let path = shown();
            return Err(nights::Error::Changed { path }.into());
        };
        match open.finish(options, footer)? {
            Made::Whole(exit, notes) => {
                let verbosity = Verbosity::Normal;
                let mut console = Console::new(&mut *streams.stderr, false, verbosity, None);
                notes.iter().for_each(|note| console.note(note));
                return Ok(exit);
            }
            Made::Undecided(states) => decided = Some(states),
        }
    }
}

/// Says what a reading of the later report came to.
enum Made {
    /// The reports are in their places; these are notes on them.
    Whole(Exit, Vec<String>),
    /// Nothing is: it has to be read again with these states of findings.
    Undecided(States),
}

/// Compares the findings of the later report while it is read.
struct Comparer<'c> {
    options: &'c DiffOptions,
    base: &'c Base,
    decided: Option<&'c States>,
    screen: Screen,
    stdout: Option<&'c mut (dyn Write + Send)>,
    open: Option<Open<'c>>,
}

/// Holds the reports, once it is known what they are about.
struct Open<'c> {
    header: Header,
    renderers: Renderers,
    reports: Reports<'c>,
    tonight: Tonight<'c>,
    running: RunningNight,
}

impl Listener for Comparer<'_> {
    type Error = Error;

    fn header(&mut self, mut header: Header) -> Result<(), Error> {
        let (base, options) = (self.base, &self.options.reports);
        if !header.listed.is_empty() {
            return Err(nights::Error::Bounded {
                which: "later",
                path: self.options.later.display().to_string(),
                listed: Listed::in_words(&header.listed),
            }
            .into());
        }
        let tonight = Tonight::of_report(&header, base, &self.options.nights.deadlines)?;
        header.previous = Some(Some(Previous {
            as_of: base.header.as_of.clone(),
            sha256: base.sha256.clone(),
            changed_policies: nights::changed_policies(&base.header, &header),
        }));
        let on_stdout = options.stdout.zip(self.stdout.take());
        let on_stdout = on_stdout.map(|(format, stdout)| OnStdout {
            format,
            settings: options.settings(&options.layout),
            screen: self.screen,
            stdout,
            is_held: true,
        });
        let planned = options.planned(|name| {
            Err(report::Error::NoField {
                name: name.to_owned(),
                why: "a report does not hold it; the run itself can",
            })
        })?;
        let read: [&Path; 2] = [&self.options.earlier, &self.options.later];
        let beside = BesidePaths::default();
        let mut reports = Reports::open(on_stdout, &planned, &header, &read, &beside)?;
        reports.start(&header)?;
        self.open = Some(Open {
            header,
            renderers: reports.renderers(),
            reports,
            tonight: tonight.decided(self.decided),
            running: RunningNight::new(Some(base)),
        });
        Ok(())
    }

    fn finding(&mut self, rule_index: usize, mut row: FindingRow<'static>) -> Result<(), Error> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let mut part = Part::default();
        open.relate(rule_index, &mut row, &mut part)?;
        open.running.add(part)?;
        write_row(rule_index, row, &open.renderers, &mut open.reports)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        let (Some(open), Ended::Closed(closed)) = (&mut self.open, ended) else {
            return Ok(());
        };
        let mut part = Part::default();
        let noted = open.tonight.closed(&closed, &mut part);
        noted.map_err(nights::Error::Keep)?;
        Ok(open.running.add(part)?)
    }

    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Error> {
        match &mut self.open {
            Some(open) => Ok(open.reports.rejected(&rejected)?),
            None => Ok(()),
        }
    }
}

impl Open<'_> {
    /// Says in a finding how it relates to the older report.
    fn relate(
        &self,
        rule_index: usize,
        row: &mut FindingRow<'static>,
        part: &mut Part,
    ) -> Result<(), nights::Error> {
        let customer = match (&row.customer_id, row.record) {
            (None, None) => self.tonight.whole_export(),
            (id, _) => self.tonight.customer(id.as_deref(), None),
        };
        let related =
            customer.and_then(|customer| self.tonight.finding(row, rule_index, &customer, part));
        related.map_err(nights::Error::Keep)
    }

    /// Decides what became of the findings that are not there any more, and finishes the
    /// reports.
    fn finish(self, options: &DiffOptions, mut footer: Footer) -> Result<Made, Error> {
        let Self {
            header,
            renderers: _,
            mut reports,
            tonight,
            running,
        } = self;
        let mut sum = running.finish(&tonight)?;
        if let Some(states) = sum.undecided.take() {
            return Ok(Made::Undecided(states));
        }
        let summary = &footer.summary;
        let by_rule = by_rule(&header, summary);
        let facts = Facts {
            by_rule: &by_rule,
            // What the later report says to be fixed, it has decided itself.
            is_aggregate: &[],
            lacks_field: &[],
            is_whole: Gap::are_of_whole_exports(&summary.incomplete_because),
            records: summary.records,
            in_scope: summary.in_scope,
            exports: footer.exports.len(),
        };
        let ends = sum.ends(&tonight, &facts)?;
        let (counts, since_by_rule) = sum.since(&ends, &tonight, &header);
        let take = |ended: &Ended<'_>| Ok::<_, Error>(reports.ended(ended)?);
        ends.hand_out(&tonight, &sum, take)?;
        footer.summary.since = Some(counts);
        footer.summary.since_by_rule = since_by_rule;
        let exit = exit(options, &sum, &footer.summary);
        let notes = notes(&footer.summary);
        let _ = reports.finish(&header, &footer)?.place()?;
        Ok(Made::Whole(exit, notes))
    }
}

/// Returns what each rule came to, in the order of the header.
fn by_rule(header: &Header, summary: &Summary) -> Vec<Counts> {
    let counts = |(policy, rule): (&report::Policy, &report::Rule)| {
        let mut counts = summary.by_rule.iter();
        let counts = counts.find(|one| one.policy == policy.id && one.rule == rule.id);
        counts.map(|one| one.counts).unwrap_or_default()
    };
    header.rules().map(counts).collect()
}

/// Says what the comparison came to, and what it cannot know.
fn notes(summary: &Summary) -> Vec<String> {
    let since = summary.since.unwrap_or_default();
    let counts = [
        ("new", since.new),
        ("changed", since.changed),
        ("open", since.open),
        ("fixed", since.fixed),
        ("left", since.left),
        ("gone", since.gone),
        ("of a changed rule", since.rule_changed),
        ("of a removed rule", since.rule_removed),
        ("unknown", since.unknown),
    ];
    let counts = counts.iter().filter(|(_, number)| *number > 0);
    let counts: Vec<_> = counts
        .map(|(name, number)| format!("{} {name}", grouped(*number)))
        .collect();
    let by_rule = summary.since_by_rule.iter();
    let unlisted: u64 = by_rule
        .filter_map(|rule| rule.unknown.get(&Doubt::NotListed))
        .sum();
    let first = match counts.is_empty() {
        true => "no finding in either report".to_owned(),
        false => counts.join(", "),
    };
    let unlisted = (unlisted > 0).then(|| {
        let findings = count(unlisted, "finding is", "findings are");
        format!(
            "{findings} not in the later report, which does not say who passes: audit the \
             exports with --since to know which are fixed"
        )
    });
    std::iter::once(first).chain(unlisted).collect()
}

fn exit(options: &DiffOptions, sum: &Sum, summary: &Summary) -> Exit {
    if !summary.complete {
        return Exit::Incomplete;
    }
    let counts_for_exit = Severity::ALL.into_iter().any(|severity| {
        let counts = summary.by_severity.get(&severity);
        options.fail_on.counts(severity) && counts.is_some_and(|counts| counts.findings() > 0)
    });
    let overdue = summary.since.map_or(0, |since| since.overdue);
    match counts_for_exit || !why_failed(&options.nights, sum, overdue).is_empty() {
        true => Exit::Findings,
        false => Exit::Clean,
    }
}
