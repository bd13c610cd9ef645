//! Why one customer is judged as it is: every rule, every check.

use std::io::{self, Write};

use super::error::Error;
use super::exit::Exit;
use super::judge::OutcomeKind;
use crate::evaluate::{Context, Judge};
use crate::export::{self, Chunker, Remark, Sink, Source, Stop, Unread, Unreadable};
use crate::finding::redaction::observed;
use crate::finding::{Counts, Finding, Privacy, Reason, Status, Summary};
use crate::options::{Disclosure, ExplainOptions};
use crate::policy::{
    Aggregate, Answers, Ask, Cause, OnAbsent, Policies, Policy, Requirement, Rule, Truth,
};
use crate::record::{Record, Slot};
use crate::report::{WaivedBy, phrase_waiver};
use crate::text::{count, escape_controls};
use crate::totals::{Completeness, ExportNames, Part, RunningTotals, Totals};
use crate::waiver::{Covers, Waiver, Waivers};

/// The size in bytes of the chunks in which exports are read.
const CHUNK_BYTES: usize = 1 << 20;

/// Writes for each record with the id what every rule makes of it, and why.
pub(super) fn explain(options: &ExplainOptions, out: &mut dyn Write) -> Result<Exit, Error> {
    let asked = &options.policies;
    let policies = asked
        .load()
        .map_err(|error| Error::Policies(error.errors))?;
    let waivers = Waivers::load(&options.waivers, &policies, asked.as_of)?;
    let sources = Source::open_all(&options.exports)?;
    let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
    let mut explainer = Explainer::new(options, (&policies, &waivers), &names);
    let chunker = Chunker::new(sources, options.format, CHUNK_BYTES, &policies.schema);
    export::read_all(chunker, &policies.schema, &mut explainer)?;
    explainer.finish(out)
}

/// Reads all records, and explains those that have the id.
struct Explainer<'e> {
    policies: &'e Policies,
    waivers: &'e Waivers,
    judge: Judge<'e>,
    id: &'e str,
    /// The names of the exports.
    names: &'e [String],
    /// The index of the export that is read.
    export: usize,
    /// The records so far of the export that is read.
    records: u64,
    privacy: Privacy<'e>,
    /// Whether some rule asks something of all records together.
    has_aggregates: bool,
    /// What records add up to: all of them if some rule asks for that, else those
    /// that are explained.
    totals: RunningTotals<'e>,
    found: u64,
    /// How many places could not be read.
    unread: u64,
    text: Vec<u8>,
}

impl export::Listener for Explainer<'_> {
    fn next_export(&mut self) -> Result<(), Stop<Error>> {
        self.export += 1;
        self.records = 0;
        Ok(())
    }
}

impl Sink for Explainer<'_> {
    type Error = Error;

    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Error>> {
        self.records += 1;
        let is_wanted = record.id() == Some(self.id);
        if is_wanted || self.has_aggregates {
            self.judge(record, is_wanted)?;
        }
        Ok(())
    }

    fn rejected(&mut self, _: usize, _: Unreadable) -> Result<(), Stop<Error>> {
        self.records += 1;
        self.unread += 1;
        // It has its number among the records that others are compared with.
        let mut part = Part::new(self.policies, self.export);
        part.summary.count_rejected();
        Ok(self.totals.add(part).map_err(Error::from)?)
    }

    fn protocol_line(&mut self) -> Result<(), Stop<Error>> {
        Ok(())
    }

    fn remark(&mut self, _: Remark) -> Result<(), Stop<Error>> {
        Ok(())
    }

    fn unread(&mut self, _: Unread) -> Result<(), Stop<Error>> {
        self.unread += 1;
        Ok(())
    }
}

impl<'e> Explainer<'e> {
    fn new(
        options: &'e ExplainOptions,
        (policies, waivers): (&'e Policies, &'e Waivers),
        names: &'e [String],
    ) -> Self {
        Self {
            policies,
            waivers,
            judge: Judge::new(policies).with_waivers(waivers),
            id: &options.id,
            names,
            export: 0,
            records: 0,
            privacy: match options.disclosure {
                Disclosure::Shown => Privacy::Shown,
                Disclosure::Redacted | Disclosure::Pseudonymised(_) => Privacy::Redacted,
            },
            has_aggregates: policies.rules().any(|(_, rule)| !rule.is_of_records()),
            totals: RunningTotals::new(policies, names.len()).with_waivers(waivers),
            found: 0,
            unread: 0,
            text: Vec::new(),
        }
    }

    fn judge(&mut self, record: &Record<'_>, is_wanted: bool) -> Result<(), Error> {
        let export = self.names.get(self.export).map_or("", String::as_str);
        let mut part = Part::new(self.policies, self.export);
        let answers = Answers::new(self.policies, record);
        let context = Context {
            export,
            number: 1,
            privacy: self.privacy,
        };
        // Findings are explained by the tests of their rules, and by what they are waived.
        let mut waived = vec![None; part.summary.by_rule.len()];
        let note = |finding: &Finding<'_>| {
            waived[finding.rule_index] = finding.waiver.map(waived_by);
            Ok::<_, Error>(())
        };
        let (summary, gathered) = (&mut part.summary, &mut part.gathered);
        self.judge.judge(record, context, summary, gathered, note)?;
        self.judge.finish(&mut part.summary);
        if is_wanted {
            self.found += 1;
            let explanation = Explanation {
                answers,
                privacy: self.privacy,
                out: &mut self.text,
            };
            explanation.record(export, self.records, (&part.summary, &waived))?;
            for misfit in self.waivers.misfits(&part.summary.waivers) {
                writeln!(self.text, "\n{}", escape_controls(&misfit))?;
            }
        }
        Ok(self.totals.add(part)?)
    }

    /// Writes what was explained, and what the rules over all records make of them
    /// and of the customer.
    fn finish(self, out: &mut dyn Write) -> Result<Exit, Error> {
        out.write_all(&self.text)?;
        if self.found == 0 {
            let id = escape_controls(self.id);
            writeln!(out, "no record has the id `{id}`")?;
        } else {
            let names: Vec<_> = self.names.iter().map(String::as_str).collect();
            let mut aggregates = AggregateFindings::new(self.policies);
            let complete = Completeness::default();
            let totals = self.totals.finish(
                ExportNames::of_paths(&names),
                self.privacy,
                complete,
                |finding| {
                    if finding.number.is_none() || finding.customer_id().as_deref() == Some(self.id)
                    {
                        let evidence = finding.evidence().into_iter();
                        let observed = evidence.map(|item| item.observed.into_owned());
                        let found = &mut aggregates.by_rule[finding.rule_index];
                        found.push(AggregateFinding {
                            status: finding.status,
                            observed: observed.collect(),
                            waived: finding.waiver.map(|waiver| waived_by(waiver).1),
                        });
                    }
                    Ok::<_, Error>(())
                },
            )?;
            aggregates.write(self.policies, &totals, out)?;
        }
        if self.unread > 0 {
            let unread = count(self.unread, "place", "places");
            writeln!(
                out,
                "incomplete: {unread} could not be read: run an audit to see which"
            )?;
            return Ok(Exit::Incomplete);
        }
        Ok(match self.found {
            0 => Exit::Findings,
            _ => Exit::Clean,
        })
    }
}

/// Holds what rules over all records find about all of them, or about the customer.
struct AggregateFindings {
    /// For each rule its findings.
    by_rule: Vec<Vec<AggregateFinding>>,
}

/// Holds what a finding of a rule over all records says.
#[derive(Clone)]
struct AggregateFinding {
    status: Status,
    observed: Vec<String>,
    /// By what it is waived, in words.
    waived: Option<String>,
}

/// Says what a waiver covers, and by what a finding is waived.
fn waived_by(waiver: &Waiver) -> (Covers, String) {
    (waiver.covers, phrase_waiver(&WaivedBy::new(waiver)))
}

impl AggregateFindings {
    fn new(policies: &Policies) -> Self {
        Self {
            by_rule: vec![Vec::new(); policies.rules().count()],
        }
    }

    fn write(&self, policies: &Policies, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        let counts = &totals.summary.by_rule;
        let rules = policies.rules().zip(counts).zip(&self.by_rule);
        for (((policy, rule), counts), found) in rules {
            let Ask::Aggregate(aggregate) = &rule.ask else {
                continue;
            };
            let outcome = aggregate_outcome(aggregate, counts, found);
            let (policy, id) = (escape_controls(&policy.id), escape_controls(&rule.id));
            writeln!(out, "\n{policy}/{id} ({}): {outcome}", rule.severity)?;
            writeln!(out, "  at {}", place(rule))?;
            let words = aggregate.words(&policies.schema);
            writeln!(out, "  of all records: {}", escape_controls(&words))?;
            for finding in found {
                for observed in &finding.observed {
                    writeln!(out, "  seen: {}", escape_controls(observed))?;
                }
                if let Some(waived) = &finding.waived {
                    writeln!(out, "  waived by {waived}")?;
                }
            }
        }
        Ok(())
    }
}

fn aggregate_outcome(
    aggregate: &Aggregate,
    counts: &Counts,
    found: &[AggregateFinding],
) -> &'static str {
    match found.first() {
        Some(finding) => finding.status.name(),
        None if aggregate.compares() => "no finding on this customer",
        None => OutcomeKind::worst(counts).name(),
    }
}

/// Writes why every rule makes of one record what it does.
struct Explanation<'t> {
    answers: Answers<'t>,
    privacy: Privacy<'t>,
    out: &'t mut Vec<u8>,
}

impl Explanation<'_> {
    fn record(
        mut self,
        export: &str,
        number: u64,
        (summary, waived): (&Summary, &[Option<(Covers, String)>]),
    ) -> io::Result<()> {
        let policies = self.answers.policies();
        let id = self.answers.record().id().unwrap_or_default();
        writeln!(
            self.out,
            "{}: {} record {number}",
            escape_controls(id),
            escape_controls(export)
        )?;
        let by_rule = summary.by_rule.iter().zip(waived);
        for ((policy, rule), (counts, waived)) in policies.rules().zip(by_rule) {
            let scope = policies.scope(policy, self.answers.record());
            let outcome = match waived {
                Some((Covers::Error, _)) => OutcomeKind::Error,
                Some((Covers::Fail, _)) | None => OutcomeKind::worst(counts),
            };
            if let Ask::Record { require, on_absent } = &rule.ask {
                let judged = (outcome, scope);
                self.rule(policy, rule, (require, *on_absent), judged)?;
                if let Some((_, waived)) = waived {
                    writeln!(self.out, "  waived by {waived}")?;
                }
            }
        }
        Ok(())
    }

    fn rule(
        &mut self,
        policy: &Policy,
        rule: &Rule,
        (require, on_absent): (&Requirement, OnAbsent),
        (outcome, scope): (OutcomeKind, Truth),
    ) -> io::Result<()> {
        let (policy, id) = (escape_controls(&policy.id), escape_controls(&rule.id));
        let severity = self.answers.severity(rule);
        writeln!(self.out, "\n{policy}/{id} ({severity}): {outcome}")?;
        writeln!(self.out, "  at {}", place(rule))?;
        match scope {
            Truth::True => {}
            Truth::False => return writeln!(self.out, "  out of the policy's scope"),
            Truth::Undecided(cause) => {
                let reason = Reason::from(cause).name();
                writeln!(
                    self.out,
                    "  scope undecided ({reason}): the record is judged"
                )?;
            }
        }
        if let Some(scope) = &rule.scope {
            self.requirement("scope", scope, 1)?;
        }
        if let Some(when) = &rule.when {
            self.requirement("when", when, 1)?;
            if let Truth::Undecided(cause @ Cause::Absent(_)) = self.answers.holds(when) {
                let (reason, absent) = (Reason::from(cause).name(), rule.when_absent.name());
                writeln!(self.out, "  undecided ({reason}); when-absent = {absent}")?;
            }
        }
        self.requirement("require", require, 1)?;
        if let Some(raise) = &rule.raise {
            self.requirement(&format!("{} where", raise.to), &raise.when, 1)?;
        }
        let by_on_absent = match outcome {
            OutcomeKind::Pass | OutcomeKind::Fail | OutcomeKind::NotApplicable => {
                self.answers.applies(rule) == Truth::True
            }
            OutcomeKind::Error => false,
        };
        match self.answers.holds(require) {
            Truth::Undecided(cause) if by_on_absent => {
                let (reason, absent) = (Reason::from(cause).name(), on_absent.name());
                writeln!(self.out, "  undecided ({reason}); on-absent = {absent}")
            }
            Truth::True | Truth::False | Truth::Undecided(_) => Ok(()),
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
                    let expected = escape_controls(&test.phrase(true).what);
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
            Requirement::Some { least, of } => {
                writeln!(self.out, "{indent}{truth:9} {name}at least {least} of")?;
                self.parts(of, depth)
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
        escape_controls(&observed(self.answers, slot, self.privacy)).into_owned()
    }
}

/// Returns the file and the line of a rule.
fn place(rule: &Rule) -> String {
    let location = &rule.location;
    format!("{}:{}", escape_controls(&location.path), location.line)
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Undecided(_) => "undecided",
    }
}
