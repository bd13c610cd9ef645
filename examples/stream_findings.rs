//! Streams an NDJSON file of any size through a bundled policy, and prints findings as
//! they are found.
//!
//! It shows that an export is read piece by piece: what is in memory is about a
//! megabyte, however long the file is. Run it with
//! `cargo run --example stream_findings export.ndjson`.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};

use audit::{Auditor, Format, Policies};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name an NDJSON file")?;
    let export = File::open(&path)?;
    stream(&path, export, &mut io::stdout().lock())
}

/// Writes a line for each finding in the export, then what they add up to.
pub fn stream(name: &str, export: impl Read, out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let policies = Policies::builder().named("pci").load()?;

    let mut audit = Auditor::new(&policies);
    let read = audit.read(name, Format::Ndjson, export, |finding| {
        writeln!(out, "{finding}")
    })?;
    if let Some(rejected) = &read.first_rejected {
        let (record, why) = (rejected.record, &rejected.why);
        writeln!(out, "record {record} could not be read: {why}")?;
    }
    // Rules over all records find something only now.
    let totals = audit.finish(|finding| writeln!(out, "{finding}"))?;
    let (records, findings) = (totals.summary.records, totals.summary.counts().findings());
    writeln!(out, "{findings} findings in {records} records")?;
    for gap in &totals.verdict.gaps {
        writeln!(out, "incomplete: {}", gap.text)?;
    }
    Ok(())
}
