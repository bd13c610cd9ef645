//! Writes a report in a format of one's own: a list of things to do.
//!
//! It shows what a finding and the totals hold: the rule with its words, the customer,
//! the evidence, and whether the audit is complete. Run it with
//! `cargo run --example own_format export.json`.

use std::error::Error;
use std::io::{self, Write};

use audit::{Auditor, Finding, Format, Policies, Totals};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name an export")?;
    write_list(&std::fs::read(path)?, &mut io::stdout().lock())
}

/// Audits an export, and writes what is to be done about it.
pub fn write_list(export: &[u8], out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let policies = Policies::builder().named("baseline").load()?;
    let mut audit = Auditor::new(&policies);
    audit.read("export", Format::Auto, export, |finding| task(finding, out))?;
    let totals = audit.finish(|finding| task(finding, out))?;
    Ok(end(&totals, out)?)
}

/// Writes a finding: what is to be done, for whom, and why.
fn task(finding: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let customer = finding.customer_id();
    let customer = customer.as_deref().unwrap_or("all customers");
    writeln!(out, "[ ] {customer}: {}", finding.rule.title)?;
    for evidence in finding.evidence() {
        let (field, expected) = (&evidence.field, &evidence.expected);
        writeln!(
            out,
            "    {field} is {}, expected {expected}",
            evidence.observed
        )?;
    }
    Ok(())
}

/// Writes what the list is worth.
fn end(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let counts = totals.summary.counts();
    writeln!(out, "{} to do, {} in order", counts.findings(), counts.pass)?;
    match totals.verdict.is_complete() {
        true => writeln!(out, "This is all."),
        false => writeln!(out, "There may be more: not everything could be judged."),
    }
}
