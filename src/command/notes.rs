//! What a run says on stderr of what its reports may not say.

use crate::policy::Policies;
use crate::text::count;
use crate::totals::Totals;

/// Returns the notes on a run over these exports, a line each.
pub(super) fn notes(policies: &Policies, exports: &[String], totals: &Totals) -> Vec<String> {
    let summary = &totals.summary;
    let mut notes = Vec::new();
    for (path, export) in exports.iter().zip(&totals.exports) {
        if let Some(problem) = &export.problem {
            notes.push(format!("{path}: {problem}"));
        }
    }
    let unknown = summary.unknown_keys.commonest();
    if !unknown.is_empty() {
        let names: Vec<_> = unknown
            .iter()
            .map(|(name, count)| format!("{name} ({count})"))
            .collect();
        notes.push(format!(
            "keys that are not fields were ignored: {}",
            names.join(", ")
        ));
    }
    if summary.epoch_deleted > 0 {
        let records = count(summary.epoch_deleted, "record", "records");
        notes.push(format!(
            "deletedAt at 1970-01-01 was read as null in {records}: an exporter's artefact"
        ));
    }
    if summary.protocol_lines > 0 {
        let lines = count(summary.protocol_lines, "protocol line", "protocol lines");
        notes.push(format!("{lines} without a record were skipped"));
    }
    if summary.in_scope == 0 && summary.records > summary.rejected {
        notes.push("no record is in the scope of any policy".to_owned());
    }
    let gaps = totals.verdict.gaps.iter();
    notes.extend(gaps.map(|gap| format!("incomplete: {}", gap.show(policies))));
    notes
}
