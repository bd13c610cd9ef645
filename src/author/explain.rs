//! Why one customer is judged as it is: every rule, every check.

use std::io::{self, Write};

use chrono::Utc;

use super::{Ended, Error};
use crate::cli::Explain;
use crate::evaluate::Judge;
use crate::export::{self, Cutter, Sink, Source, Unread, Unreadable};
use crate::finding::{Privacy, Reason, Summary, seen};
use crate::policy::{Answers, Ask, Policies, Policy, Requirement, Rule, Truth};
use crate::record::text::{clean, count};
use crate::record::{Record, Slot};

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
        found: 0,
        unread: 0,
        said: Vec::new(),
    };
    let cutter = Cutter::new(sources, options.input_format, 1 << 20, &policies.schema);
    export::read_all(cutter, &policies.schema, &mut explainer);
    out.write_all(&explainer.said)?;
    if explainer.found == 0 {
        writeln!(out, "no record has the id `{}`", clean(&options.id))?;
    }
    if explainer.unread > 0 {
        let unread = count(explainer.unread, "place", "places");
        writeln!(
            out,
            "incomplete: {unread} could not be read: an audit tells which"
        )?;
        return Ok(Ended::Incomplete);
    }
    Ok(match explainer.found {
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
    privacy: Privacy,
    found: u64,
    unread: u64,
    said: Vec<u8>,
}

impl export::Listener for Explainer<'_> {
    fn next_export(&mut self) {
        self.export += 1;
        self.number = 0;
    }
}

impl Sink for Explainer<'_> {
    fn record(&mut self, record: &Record<'_>) {
        self.number += 1;
        if record.id() == Some(self.id) {
            self.found += 1;
            // Writing to memory does not fail.
            let _ = self.tell(record);
        }
    }

    fn rejected(&mut self, _: usize, _: Unreadable) {
        self.number += 1;
        self.unread += 1;
    }

    fn protocol_line(&mut self) {}

    fn unread(&mut self, _: Unread) {
        self.unread += 1;
    }
}

impl Explainer<'_> {
    fn tell(&mut self, record: &Record<'_>) -> io::Result<()> {
        let export = self.names.get(self.export).map_or("", String::as_str);
        let mut summary = Summary::new(self.policies);
        self.judge.judge(record, &mut summary, |_, _, _| {});
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

/// Tells of one record.
struct Telling<'t> {
    answers: Answers<'t>,
    privacy: Privacy,
    out: &'t mut Vec<u8>,
}

impl Telling<'_> {
    fn record(mut self, export: &str, number: u64, summary: &Summary) -> io::Result<()> {
        let policies = self.answers.policies();
        let id = self.answers.record().id().unwrap_or_default();
        writeln!(self.out, "{}: {} record {number}", clean(id), clean(export))?;
        for ((policy, rule), counts) in policies.rules().zip(&summary.by_rule) {
            let out_of_scope = !policies.judges(policy, self.answers.record());
            let outcome = super::outcome(counts);
            self.rule(policy, rule, outcome, out_of_scope)?;
        }
        Ok(())
    }

    fn rule(
        &mut self,
        policy: &Policy,
        rule: &Rule,
        outcome: &str,
        out_of_scope: bool,
    ) -> io::Result<()> {
        let (policy, id) = (clean(&policy.id), clean(&rule.id));
        writeln!(self.out, "\n{policy}/{id} ({}): {outcome}", rule.severity)?;
        if out_of_scope {
            return writeln!(self.out, "  out of the policy's scope");
        }
        if let Some(when) = &rule.when {
            self.requirement("when", when, 1)?;
        }
        let Ask::Record { require, on_absent } = &rule.ask;
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
                    let expected = clean(&test.expected);
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
        clean(&seen(self.answers, slot, self.privacy)).into_owned()
    }
}

fn word(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Undecided(_) => "undecided",
    }
}
