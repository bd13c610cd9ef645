//! Why one customer is judged as it is: every rule, every check.

use std::io::{self, Write};

use chrono::Utc;

use super::{Ended, Error};
use crate::aggregate::{self, Aggregates, Partial};
use crate::cli::Explain;
use crate::evaluate::Judge;
use crate::export::{self, Chunker, Sink, Source, Stop, Unread, Unreadable};
use crate::finding::{Privacy, Reason, Summary, seen};
use crate::policy::{Answers, Ask, OnAbsent, Policies, Policy, Requirement, Rule, Truth};
use crate::record::{Record, Slot};
use crate::text::{count, escape_controls};

/// Tells of each record with the id what every rule makes of it; good, if there
/// is one.
pub(super) fn explain(options: &Explain, out: &mut dyn Write) -> Result<Ended, Error> {
    let as_of = options.as_of.unwrap_or_else(Utc::now);
    let policies =
        Policies::load(&options.policies, as_of, &options.set).map_err(Error::Policies)?;
    let sources = Source::open_all(&options.exports)?;
    let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
    let mut explainer = Explainer {
        policies: &policies,
        judge: Judge::new(&policies),
        id: &options.id,
        names: &names,
        export: 0,
        number: 0,
        privacy: match options.show_sensitive {
            true => Privacy::Shown,
            false => Privacy::Redacted,
        },
        questions: policies
            .rules()
            .filter(|(_, rule)| !rule.is_of_records())
            .count(),
        summary: Summary::new(&policies),
        partial: Partial::default(),
        aggregates: Aggregates::new(&policies),
        found: 0,
        unread: 0,
        said: Vec::new(),
    };
    let chunker = Chunker::new(sources, options.input_format, 1 << 20, &policies.schema);
    export::read_all(chunker, &policies.schema, &mut explainer)?;
    out.write_all(&explainer.said)?;
    let (found, unread) = (explainer.found, explainer.unread);
    if found == 0 {
        writeln!(
            out,
            "no record has the id `{}`",
            escape_controls(&options.id)
        )?;
    } else {
        explainer.aggregate(out)?;
    }
    if unread > 0 {
        let unread = count(unread, "place", "places");
        writeln!(
            out,
            "incomplete: {unread} could not be read: an audit tells which"
        )?;
        return Ok(Ended::Incomplete);
    }
    Ok(match found {
        0 => Ended::Bad,
        _ => Ended::Good,
    })
}

struct Explainer<'e> {
    policies: &'e Policies,
    judge: Judge<'e>,
    id: &'e str,
    names: &'e [String],
    export: usize,
    number: u64,
    privacy: Privacy<'e>,
    /// How many rules ask something of the whole export.
    questions: usize,
    /// Of all records of all exports.
    summary: Summary,
    /// Of some records of this export.
    partial: Partial,
    aggregates: Aggregates<'e>,
    found: u64,
    unread: u64,
    said: Vec<u8>,
}

impl export::Listener for Explainer<'_> {
    fn next_export(&mut self) -> Result<(), Stop<Error>> {
        self.gather()?;
        self.export += 1;
        self.number = 0;
        Ok(())
    }
}

impl Sink for Explainer<'_> {
    type Error = Error;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Error>> {
        self.number += 1;
        if self.questions > 0 {
            let mut summary = Summary::new(self.policies);
            self.judge
                .judge(record, &mut summary, &mut self.partial, |_, _, _| {});
            self.summary += &summary;
            self.gather()?;
        }
        if record.id() == Some(self.id) {
            self.found += 1;
            self.tell(record).map_err(Error::from)?;
        }
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Error>> {
        self.number += 1;
        self.unread += 1;
        Ok(())
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Error>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Error>> {
        self.unread += 1;
        Ok(())
    }
}

impl Explainer<'_> {
    fn tell(&mut self, record: &Record<'_>) -> io::Result<()> {
        let export = self.names.get(self.export).map_or("", String::as_str);
        let mut summary = Summary::new(self.policies);
        let partial = &mut Partial::default();
        self.judge
            .judge(record, &mut summary, partial, |_, _, _| {});
        let mut truths = Vec::new();
        let answers = Answers::ask(self.policies, record, &mut truths);
        let mut said = std::mem::take(&mut self.said);
        let telling = Telling {
            answers,
            privacy: self.privacy,
            out: &mut said,
        };
        let told = telling.record(export, self.number, &summary);
        self.said = said;
        told
    }
}

impl Explainer<'_> {
    /// Keeps what the last record adds to the rules over the whole export.
    fn gather(&mut self) -> Result<(), Error> {
        let partial = std::mem::take(&mut self.partial);
        let before = self.number.saturating_sub(1);
        Ok(self.aggregates.add(partial, self.export, before)?)
    }

    /// What the rules over the whole export make of it, and of the customer.
    fn aggregate(self, out: &mut dyn Write) -> Result<(), Error> {
        let exports: Vec<_> = self.names.iter().map(String::as_str).collect();
        let mut summary = self.summary;
        let mut told = vec![Vec::new(); summary.by_rule.len()];
        let id = self.id;
        self.aggregates
            .settle(&exports, self.privacy, &mut summary, |finding| {
                if finding.number.is_none() || finding.customer_id().as_deref() == Some(id) {
                    let outcome = finding.outcome.name();
                    let evidence = finding.evidence().into_iter();
                    let seen = evidence.map(|item| item.observed.into_owned());
                    told[finding.place].push((outcome, seen.collect::<Vec<_>>()));
                }
                Ok::<_, aggregate::Error>(())
            })?;
        let rules = self.policies.rules().zip(&summary.by_rule).zip(told);
        for (((policy, rule), counts), told) in rules {
            let Ask::Aggregate(aggregate) = &rule.ask else {
                continue;
            };
            let outcome = match told.first() {
                Some((outcome, _)) => outcome,
                None if aggregate.compares() => "no finding on this customer",
                None => super::outcome(counts),
            };
            let (policy, id) = (escape_controls(&policy.id), escape_controls(&rule.id));
            writeln!(out, "\n{policy}/{id} ({}): {outcome}", rule.severity)?;
            let words = aggregate.words(&self.policies.schema);
            writeln!(out, "  of all records: {}", escape_controls(&words))?;
            for seen in told.iter().flat_map(|(_, seen)| seen) {
                writeln!(out, "  seen: {}", escape_controls(seen))?;
            }
        }
        Ok(())
    }
}

/// Tells of one record.
struct Telling<'t> {
    answers: Answers<'t>,
    privacy: Privacy<'t>,
    out: &'t mut Vec<u8>,
}

impl Telling<'_> {
    fn record(mut self, export: &str, number: u64, summary: &Summary) -> io::Result<()> {
        let policies = self.answers.policies();
        let id = self.answers.record().id().unwrap_or_default();
        writeln!(
            self.out,
            "{}: {} record {number}",
            escape_controls(id),
            escape_controls(export)
        )?;
        for ((policy, rule), counts) in policies.rules().zip(&summary.by_rule) {
            let out_of_scope = !policies.judges(policy, self.answers.record());
            let outcome = super::outcome(counts);
            if let Ask::Record { require, on_absent } = &rule.ask {
                let told = (outcome, out_of_scope);
                self.rule(policy, rule, (require, *on_absent), told)?;
            }
        }
        Ok(())
    }

    fn rule(
        &mut self,
        policy: &Policy,
        rule: &Rule,
        (require, on_absent): (&Requirement, OnAbsent),
        (outcome, out_of_scope): (&str, bool),
    ) -> io::Result<()> {
        let (policy, id) = (escape_controls(&policy.id), escape_controls(&rule.id));
        writeln!(self.out, "\n{policy}/{id} ({}): {outcome}", rule.severity)?;
        if out_of_scope {
            return writeln!(self.out, "  out of the policy's scope");
        }
        if let Some(when) = &rule.when {
            self.requirement("when", when, 1)?;
        }
        self.requirement("require", require, 1)?;
        match (outcome, self.answers.holds(require)) {
            ("fail" | "pass" | "not-applicable", Truth::Undecided(cause))
                if rule
                    .when
                    .as_ref()
                    .is_none_or(|when| self.answers.holds(when) == Truth::True) =>
            {
                let (reason, absent) = (Reason::from(cause), on_absent.name());
                writeln!(
                    self.out,
                    "  undecided ({}); on-absent = {absent}",
                    reason.name()
                )
            }
            _ => Ok(()),
        }
    }

    fn requirement(&mut self, name: &str, part: &Requirement, depth: usize) -> io::Result<()> {
        let indent = "  ".repeat(depth);
        let truth = word(self.answers.holds(part));
        let name = match name {
            "" => String::new(),
            name => format!("{name}: "),
        };
        match part {
            Requirement::Field { slot, tests } => {
                let policies = self.answers.policies();
                for id in tests {
                    let test = policies.test(*id);
                    let field = &policies.schema.field(*slot).name;
                    let truth = word(self.answers.test(*id));
                    let expected = escape_controls(&test.expected);
                    let seen = self.seen(*slot);
                    writeln!(
                        self.out,
                        "{indent}{truth:9} {name}{field}: {expected}; seen: {seen}"
                    )?;
                }
                Ok(())
            }
            Requirement::All(parts) => {
                writeln!(self.out, "{indent}{truth:9} {name}all of")?;
                self.parts(parts, depth)
            }
            Requirement::Any(parts) => {
                writeln!(self.out, "{indent}{truth:9} {name}one of")?;
                self.parts(parts, depth)
            }
            Requirement::Not(part) => {
                writeln!(self.out, "{indent}{truth:9} {name}not")?;
                self.requirement("", part, depth + 1)
            }
        }
    }

    fn parts(&mut self, parts: &[Requirement], depth: usize) -> io::Result<()> {
        for part in parts {
            self.requirement("", part, depth + 1)?;
        }
        Ok(())
    }

    fn seen(&self, slot: Slot) -> String {
        escape_controls(&seen(self.answers, slot, self.privacy)).into_owned()
    }
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Undecided(_) => "undecided",
    }
}
