//! `audit waivers check`: what is wrong with files of waivers, and which waivers need a
//! look.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

use super::error::Error;
use super::exit::Exit;
use crate::diagnostic::{self, Diagnostic};
use crate::options::CheckWaiversOptions;
use crate::policy::Policies;
use crate::report::{self, Ended, FindingRow, Header, Listener, Rejected};
use crate::text::count;
use crate::waiver::{Error as WaiverError, Waiver, Waivers};

/// The stable name of a waiver that has expired.
const EXPIRED: &str = "expired";

/// The stable name of a waiver that ends soon.
const ENDING: &str = "ending";

/// The stable name of a waiver that no finding needs.
const NOT_NEEDED: &str = "not-needed";

/// Checks files of waivers, and reports what is wrong with them.
pub(super) fn check(options: &CheckWaiversOptions, out: &mut dyn Write) -> Result<Exit, Error> {
    let policies = Policies::load(&options.policies, options.as_of, &[]);
    let policies = policies.map_err(Error::Policies)?;
    let loaded = Waivers::load(&options.waivers, &policies, options.as_of);
    let waivers = match loaded {
        Ok(waivers) => waivers,
        Err(errors) => {
            let number = errors.errors.iter().map(WaiverError::count).sum::<usize>();
            let number = count(number as u64, "error", "errors");
            writeln!(out, "{}\n\n{number}, 0 warnings", errors.render(false))?;
            return Ok(Exit::Failed);
        }
    };
    let report = options.report.as_deref().map(Findings::read);
    let report = report.transpose()?;
    let mut warnings = 0;
    for waiver in waivers.all() {
        let Some((path, text)) = waivers.file_of(waiver) else {
            continue;
        };
        let found = warning(waiver, &waivers, report.as_ref());
        warnings += found.len() as u64;
        if !found.is_empty() {
            writeln!(out, "{}\n", diagnostic::render(path, text, &found, false))?;
        }
    }
    for note in waivers.not_asked() {
        writeln!(out, "note: {note}")?;
    }
    let all = count(waivers.all().len() as u64, "waiver", "waivers");
    writeln!(
        out,
        "{all}: 0 errors, {}",
        count(warnings, "warning", "warnings")
    )?;
    Ok(match warnings {
        0 => Exit::Clean,
        _ => Exit::Findings,
    })
}

/// Returns what should be looked at of a waiver.
fn warning(waiver: &Waiver, waivers: &Waivers, report: Option<&Findings>) -> Vec<Diagnostic> {
    let span = waiver.place.1.clone();
    let (id, term) = (&waiver.id, waiver.term);
    let mut found = Vec::new();
    let mut warn = |code, message: String, help: &str| {
        let help = Some(help.to_owned());
        found.push(Diagnostic::warning(code, span.clone(), message, help));
    };
    if !term.is_in_force(waivers.as_of()) {
        let message = format!("`{id}` expired on {}", term.expires);
        warn(
            EXPIRED,
            message,
            "what it was for counts as a finding again",
        );
        return found;
    }
    if let Some(left) = term.days_left(waivers.as_of()) {
        let left = count(left, "day", "days");
        let message = format!("`{id}` ends on {}, in {left}", term.expires);
        warn(
            ENDING,
            message,
            "fix what it is for, or have it approved again",
        );
    }
    if let Some(report) = report
        && report.asks(waiver)
        && !report.needs(waiver)
    {
        let message = format!("`{id}` is not needed: the report has no finding that it is for");
        warn(NOT_NEEDED, message, "take it out of the file");
    }
    found
}

/// Holds the findings of a report, as far as waivers are for them.
#[derive(Default)]
struct Findings {
    /// The rules that were asked: the ids of policy and rule.
    rules: HashSet<(String, String)>,
    /// The ids of policy, rule and customer.
    about: HashSet<(String, String, String)>,
    /// The ids of the waivers by which findings are waived.
    waivers: HashSet<String>,
}

impl Findings {
    fn read(path: &Path) -> Result<Self, Error> {
        let mut findings = Self::default();
        report::read(path, &mut findings)?;
        Ok(findings)
    }

    fn asks(&self, waiver: &Waiver) -> bool {
        let rule = (waiver.policy.clone(), waiver.rule.clone());
        self.rules.contains(&rule)
    }

    fn needs(&self, waiver: &Waiver) -> bool {
        let mut customers = waiver.customers.iter();
        self.waivers.contains(&waiver.id)
            || customers.any(|customer| {
                let (policy, rule) = (waiver.policy.clone(), waiver.rule.clone());
                self.about.contains(&(policy, rule, customer.clone()))
            })
    }
}

impl Listener for Findings {
    type Error = Error;

    fn header(&mut self, header: Header) -> Result<(), Error> {
        let rules = header.rules();
        let rules = rules.map(|(policy, rule)| (policy.id.clone(), rule.id.clone()));
        self.rules = rules.collect();
        Ok(())
    }

    fn finding(&mut self, _: usize, row: FindingRow<'static>) -> Result<(), Error> {
        self.waivers
            .extend(row.waiver.map(|waiver| waiver.id.into_owned()));
        if let Some(customer) = row.customer_id {
            let (policy, rule) = (row.policy.into_owned(), row.rule.into_owned());
            self.about.insert((policy, rule, customer.into_owned()));
        }
        Ok(())
    }

    /// What cannot be judged may need its waiver still.
    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        match ended {
            Ended::Closed(_) | Ended::Moved(..) => Ok(()),
            Ended::Carried(carried) => self.finding(0, carried.row),
        }
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Error> {
        Ok(())
    }
}
