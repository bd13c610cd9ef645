//! Rules all of whose findings are waived.

use std::io;

use crate::report::format::buffered::Report;
use crate::report::phrase;
use crate::text::count;

/// The largest number of waivers that are named of a rule.
const MAX_WAIVED: usize = 5;

/// Returns by what findings of each rule are waived, of the first few.
pub fn waived(report: &Report<'_>) -> io::Result<Vec<Vec<String>>> {
    let mut waived: Vec<Vec<String>> = report.header.rules().map(|_| Vec::new()).collect();
    for place in report.findings.places().iter().filter(|one| one.is_waived) {
        match waived.get_mut(place.rule_index) {
            Some(waived) if waived.len() < MAX_WAIVED => {
                let row = report.findings.read(place)?;
                waived.extend(row.waiver.as_ref().map(phrase::waiver));
                waived.dedup();
            }
            _ => {}
        }
    }
    Ok(waived)
}

/// Says why a rule is skipped all of whose findings are waived.
pub fn all_waived(number: u64, waived: &[String]) -> String {
    let by = waived.iter().map(|waiver| format!("; {waiver}"));
    format!(
        "{} waived{}",
        count(number, "finding is", "findings are"),
        by.collect::<String>()
    )
}
