//! What a run says on stderr of what its reports may not say.

use super::audit::Input;
use crate::finding::{Anomaly, Counts};
use crate::options::AuditOptions;
use crate::policy::Policies;
use crate::report::{Footer, Placed, Verdict};
use crate::text::{count, grouped};
use crate::totals::{GapCode, Totals};

/// Returns the notes on a run, a line each.
pub(super) fn notes(policies: &Policies, totals: &Totals) -> Vec<String> {
    let summary = &totals.summary;
    let mut notes = Vec::new();
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
    let fields = policies.schema.wanted().iter().zip(&summary.coverage);
    for (field, coverage) in fields.filter(|(_, coverage)| coverage.zero > 0) {
        let records = count(coverage.zero, "record", "records");
        notes.push(format!(
            "{} was read as null in {records}: a zero of the exporter, such as 1970-01-01",
            field.name
        ));
    }
    if summary.protocol_lines > 0 {
        let lines = count(summary.protocol_lines, "line", "lines");
        notes.push(format!("passed over {lines} without a record: of a protocol, before a header, or a header again"));
    }
    if summary.scope_undecided > 0 {
        let records = count(summary.scope_undecided, "record", "records");
        notes.push(format!(
            "whether they are in scope cannot be decided for {records}: judged all the same"
        ));
    }
    if let Some(account) = &totals.waivers {
        notes.extend(account.notes.iter().cloned());
    }
    let anomalies = totals.verdict.anomalies.iter();
    notes.extend(anomalies.filter_map(|anomaly| match anomaly {
        Anomaly::MostlyBad { .. } | Anomaly::WithoutId(_) => Some(anomaly.to_string()),
        Anomaly::Shrunk { .. }
        | Anomaly::OldExport { .. }
        | Anomaly::SameExport(_)
        | Anomaly::LongGap { .. }
        | Anomaly::Unexpected { .. } => Some(anomaly.to_string()),
        Anomaly::Everybody(_)
        | Anomaly::Inapplicable(_)
        | Anomaly::Nobody(_)
        | Anomaly::MostlyAbsent(..)
        | Anomaly::NearKey(..) => None,
    }));
    // With `--allow-empty` it is no reason, and still nobody should take it for a pass.
    let mut gaps = totals.verdict.gaps.iter();
    let is_reason = gaps.any(|gap| match gap.code {
        GapCode::NoRecords | GapCode::NoneInScope | GapCode::NothingJudged => true,
        GapCode::Truncated
        | GapCode::Unreadable
        | GapCode::Unsupported
        | GapCode::TwoPlaces
        | GapCode::SecondHeader
        | GapCode::DoubleHeader
        | GapCode::MorePages
        | GapCode::ExportErrors
        | GapCode::NoId
        | GapCode::ExportChanged
        | GapCode::EmptyExport
        | GapCode::ExpectedMissing
        | GapCode::Rejected
        | GapCode::FieldMissing
        | GapCode::Shrunk
        | GapCode::Stale
        | GapCode::Undecided => false,
    });
    let unjudged = summary.reach(policies).filter(|(_, reach)| !reach.judged);
    let unjudged: Vec<_> = unjudged.map(|(policy, _)| policy.id.as_str()).collect();
    if !is_reason && !unjudged.is_empty() {
        notes.push(format!("nothing was judged by {}", unjudged.join(", ")));
    }
    notes
}

/// Returns why a run is not complete and what helps, a line each.
pub(super) fn reasons(totals: &Totals) -> impl Iterator<Item = String> {
    let gaps = totals.verdict.gaps.iter();
    gaps.map(|gap| match way_out(gap.code) {
        Some(help) => format!("incomplete: {} ({help})", gap.text),
        None => format!("incomplete: {}", gap.text),
    })
}

/// Says what to do about a reason that is not the export's fault alone.
fn way_out(code: GapCode) -> Option<&'static str> {
    match code {
        GapCode::FieldMissing => Some("export it, or say in the policy's `optional` why not"),
        GapCode::NoneInScope | GapCode::NothingJudged => Some("`--allow-empty` if that is fine"),
        GapCode::Undecided => Some("findings with the status `error` say which, and why"),
        GapCode::MorePages => Some("fetch every page, and give all of them"),
        GapCode::Stale => Some("export it anew"),
        GapCode::Shrunk => Some("compare with the export of the night before"),
        GapCode::ExpectedMissing => Some("export them too, or take them from the file"),
        GapCode::NoId => Some("`--map id=KEY` reads another key as the id"),
        GapCode::Truncated
        | GapCode::Unreadable
        | GapCode::Unsupported
        | GapCode::TwoPlaces
        | GapCode::SecondHeader
        | GapCode::DoubleHeader
        | GapCode::ExportErrors
        | GapCode::ExportChanged
        | GapCode::EmptyExport
        | GapCode::NoRecords
        | GapCode::Rejected => None,
    }
}

/// Returns what a run would do that stops before the first record; `size` is that of the
/// exports, if it is known.
pub(super) fn would_audit(
    options: &AuditOptions,
    policies: &Policies,
    input: &Input<'_>,
) -> String {
    let exports = match input {
        Input::Exports(sources) => count(sources.len() as u64, "export", "exports"),
        Input::Partials(whole) => {
            let exports = count(whole.exports.len() as u64, "export", "exports");
            let partials = count(whole.partials.len() as u64, "partial", "partials");
            format!("{exports} in {partials}")
        }
    };
    let size = input.size();
    let size = size.map(|size| format!(" ({})", count(size, "byte", "bytes")));
    let ids = policies.all.iter().map(|policy| policy.id.as_str());
    let rules = policies.all.iter().map(|policy| policy.rules.len() as u64);
    let files = options.reports.files.iter();
    let files = files.map(|file| file.path.display().to_string());
    let files = files.chain(
        options
            .manifest
            .iter()
            .map(|path| path.display().to_string()),
    );
    let files: Vec<_> = files.collect();
    let files = match files.is_empty() {
        true => "no file".to_owned(),
        false => files.join(", "),
    };
    format!(
        "would audit {exports}{} by {} ({}), and write {files}",
        size.unwrap_or_default(),
        ids.collect::<Vec<_>>().join(", "),
        count(rules.sum(), "rule", "rules"),
    )
}

/// Returns the last line of a run that has written these reports: what it came to, and why
/// it fails by what is new or overdue.
pub(super) fn last_line(footer: &Footer, why: &[String], written: &[Placed]) -> String {
    let summary = &footer.summary;
    let verdict = match summary.verdict() {
        Verdict::NothingJudged => "nothing judged",
        Verdict::Incomplete => "incomplete",
        Verdict::NotJudged => "not judged",
        Verdict::Pass => "pass",
        Verdict::NothingOpen | Verdict::Findings => "complete",
    };
    let since = match &summary.since {
        Some(counts) => format!("; {}", counts.in_words(summary.counts.waived)),
        None => String::new(),
    };
    let why = match why {
        [] => String::new(),
        why => format!("; exit 1: {}", why.join(", ")),
    };
    format!(
        "{verdict}, {} in {} of {}{since}; {}{why}",
        findings(footer),
        count(summary.records, "record", "records"),
        count(footer.exports.len() as u64, "export", "exports"),
        reports(written),
    )
}

/// Counts findings by status and by severity.
fn findings(footer: &Footer) -> String {
    let summary = &footer.summary;
    let Counts {
        fail,
        error,
        waived,
        ..
    } = summary.counts;
    let listed = fail + error + waived;
    if listed == 0 {
        return "no finding".to_owned();
    }
    let named =
        |(number, name): (u64, &str)| (number > 0).then(|| format!("{} {name}", grouped(number)));
    let statuses = [(fail, "fail"), (error, "error"), (waived, "waived")];
    let statuses: Vec<_> = statuses.into_iter().filter_map(named).collect();
    let severities = summary.by_severity.iter();
    let severities = severities.map(|(severity, counts)| (counts.findings(), severity.name()));
    let severities: Vec<_> = severities.filter_map(named).collect();
    let parts = [statuses.join(", "), severities.join(", ")];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!(
        "{} ({})",
        count(listed, "finding", "findings"),
        parts.join("; ")
    )
}

/// Counts and names the reports.
fn reports(written: &[Placed]) -> String {
    let files: usize = written.iter().map(|one| one.slices.unwrap_or(1)).sum();
    let names = written.iter().map(|one| {
        let path = one.path.display();
        match one.slices {
            Some(slices) => format!("{path} ({})", grouped(slices as u64)),
            None => path.to_string(),
        }
    });
    format!(
        "{}: {}",
        count(files as u64, "report", "reports"),
        names.collect::<Vec<_>>().join(", ")
    )
}
