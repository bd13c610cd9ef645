//! What somebody should look at before a run is believed: exports that are old, or have far
//! fewer records than the night before, and nights that are missing.

use chrono::{DateTime, Utc};

use super::error::Error;
use super::exports::ExportRun;
use super::night::Night;
use crate::finding::{Anomaly, Privacy, display_id};
use crate::nights::{Base, has_shrunk};
use crate::options::Alarm;
use crate::population::{self, Expected, Seen};
use crate::report::ExpectedCustomers;
use crate::text::{count, grouped};
use crate::totals::{Gap, GapCode, Totals};

/// Adds to the verdict of a run what somebody should look at.
pub(super) fn raise(
    night: &Night<'_>,
    exports: &[ExportRun],
    as_of: DateTime<Utc>,
    totals: &mut Totals,
) {
    judge_exports(night, exports, as_of, totals);
    let Some(base) = night.base() else {
        return;
    };
    judge_size(night.options().shrink, base, totals);
    if let Some(most) = night.options().gap
        && most.after(base.as_of()) < as_of
    {
        let before = base.as_of();
        let anomaly = Anomaly::LongGap { before, most };
        totals.verdict.anomalies.push(anomaly);
    }
}

/// Notes which customers are not there that are expected, and which are there beside them;
/// returns what the report says of them.
///
/// # Errors
///
/// Temporary files cannot be read.
pub(super) fn judge_population(
    expected: &mut Expected,
    seen: Seen,
    (exports, privacy): (&[ExportRun], Privacy<'_>),
    totals: &mut Totals,
) -> Result<ExpectedCustomers, Error> {
    let compared = expected.compare(seen).map_err(population::Error::from)?;
    let named = |names: Vec<String>, all: u64| {
        let more = all - names.len() as u64;
        let more = match more {
            0 => String::new(),
            more => format!(" and {} more", grouped(more)),
        };
        format!("{}{more}", names.join(", "))
    };
    if compared.missing > 0 {
        let ids = compared.first_missing.iter();
        let ids = ids.map(|id| display_id(privacy, "id", id).into_owned());
        let text = format!(
            "{} not in the exports: {}",
            count(
                compared.missing,
                "expected customer is",
                "expected customers are"
            ),
            named(ids.collect(), compared.missing),
        );
        let gap = Gap::new(GapCode::ExpectedMissing, compared.missing, text);
        totals.verdict.gaps.push(gap);
    }
    if compared.unexpected > 0 {
        let records = compared.first_unexpected.iter();
        let places = records.map(|(export, record)| {
            let export = exports.get(usize::try_from(*export).unwrap_or(usize::MAX));
            let export = export.map_or("", |export| export.name.as_str());
            format!("{export} record {record}")
        });
        totals.verdict.anomalies.push(Anomaly::Unexpected {
            customers: compared.unexpected,
            places: named(places.collect(), compared.unexpected),
        });
    }
    let file = expected.file();
    Ok(ExpectedCustomers {
        path: file.path.clone(),
        sha256: file.sha256.clone(),
        customers: compared.expected,
        missing: compared.missing,
        unexpected: compared.unexpected,
    })
}

/// Notes which exports are too old, or those of the night before.
fn judge_exports(
    night: &Night<'_>,
    exports: &[ExportRun],
    as_of: DateTime<Utc>,
    totals: &mut Totals,
) {
    let options = night.options();
    let before = night.exports_before();
    let mut stale = Vec::new();
    for export in exports {
        let digest = export.file_digest().filter(|file| file.bytes > 0);
        if digest.is_some_and(|file| before.contains(file.sha256.as_str())) {
            stale.push(Anomaly::SameExport(export.name.clone()));
        }
        if let Some(most) = options.max_export_age
            && export
                .modified
                .is_none_or(|modified| most.after(modified) < as_of)
        {
            stale.push(Anomaly::OldExport {
                export: export.name.clone(),
                modified: export.modified,
                most,
            });
        }
    }
    match (options.stale, stale.first()) {
        (_, None) => {}
        (Alarm::Warning, Some(_)) => totals.verdict.anomalies.extend(stale),
        (Alarm::Incomplete, Some(first)) => {
            let others = count(stale.len() as u64 - 1, "other", "others");
            let text = match stale.len() {
                1 => first.to_string(),
                _ => format!("{first} And {others}"),
            };
            let gap = Gap::new(GapCode::Stale, stale.len() as u64, text);
            totals.verdict.gaps.push(gap);
        }
    }
}

/// Notes where there is far less than the night before.
fn judge_size(shrink: Alarm, base: &Base, totals: &mut Totals) {
    let then = &base.footer.summary;
    let now = &totals.summary;
    let sizes = [
        ("records", now.records, then.records),
        ("records in scope", now.in_scope, then.in_scope),
    ];
    let shrunk = sizes
        .into_iter()
        .find(|(_, now, then)| has_shrunk(*now, *then));
    let Some((what, now, then)) = shrunk else {
        return;
    };
    match shrink {
        Alarm::Warning => {
            let anomaly = Anomaly::Shrunk { what, now, then };
            totals.verdict.anomalies.push(anomaly);
        }
        Alarm::Incomplete => {
            let (shown, then) = (grouped(now), grouped(then));
            let text = format!("{shown} {what}, and {then} the night before");
            let gap = Gap::new(GapCode::Shrunk, now, text);
            totals.verdict.gaps.push(gap);
        }
    }
}
