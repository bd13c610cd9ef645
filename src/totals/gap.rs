//! What keeps an audit from being complete.

use serde::{Deserialize, Serialize};

use super::completeness::{Completeness, Undecided};
use super::series::series;
use super::sum::ExportTotals;
use crate::export::Unread;
use crate::finding::{Reach, Summary};
use crate::policy::Policies;
use crate::record::Slot;
use crate::text::count;

/// Names a kind of reason for which an audit is not complete.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub enum GapCode {
    /// Exports end before their records do.
    Truncated,
    /// Exports could not be read to their end.
    Unreadable,
    /// Exports are of a kind that is not read.
    Unsupported,
    /// Exports hold customers in two places, of which one was judged.
    TwoPlaces,
    /// Exports have a second header, with other columns or in another order.
    SecondHeader,
    /// The headers of exports name a field twice.
    DoubleHeader,
    /// Exports are pages of which some are missing.
    MorePages,
    /// Exports report a failure.
    ExportErrors,
    /// No record of an export has an id.
    NoId,
    /// Exports were changed while they were read.
    ExportChanged,
    /// Exports hold no record.
    EmptyExport,
    /// There was no record at all.
    NoRecords,
    /// Records could not be read.
    Rejected,
    /// Policies have no record in their scope.
    NoneInScope,
    /// Policies have no rule that judged a record.
    NothingJudged,
    /// Fields that rules need are missing from every record.
    FieldMissing,
    /// Customers who are expected are not in the exports.
    ExpectedMissing,
    /// There are far fewer records than the night before.
    Shrunk,
    /// Exports are too old, or those of the night before.
    Stale,
    /// Outcomes could not be decided.
    Undecided,
}

/// Says why an audit is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Gap {
    /// The kind of reason.
    pub code: GapCode,
    /// How many exports, records, policies, fields or outcomes it is about.
    pub count: u64,
    /// The reason in words.
    pub text: String,
}

impl GapCode {
    /// Returns whether exports with a reason of this kind were read whole all the same: a
    /// customer who is not in them is gone.
    fn is_of_whole_exports(self) -> bool {
        match self {
            Self::Truncated
            | Self::Unreadable
            | Self::Unsupported
            | Self::TwoPlaces
            | Self::SecondHeader
            | Self::DoubleHeader
            | Self::MorePages
            | Self::ExportErrors
            | Self::NoId
            | Self::ExportChanged
            | Self::EmptyExport
            | Self::NoRecords
            | Self::ExpectedMissing
            | Self::Rejected => false,
            Self::NoneInScope
            | Self::NothingJudged
            | Self::FieldMissing
            | Self::Shrunk
            | Self::Stale
            | Self::Undecided => true,
        }
    }

    /// Returns the kind of reason that an export gives which was not read to its end.
    fn of(problem: &Unread) -> Self {
        match problem {
            Unread::OpenArray | Unread::OpenWrapper | Unread::OpenPack => Self::Truncated,
            Unread::BadWrapper
            | Unread::Io(_)
            | Unread::System(_)
            | Unread::Commas
            | Unread::LongValue
            | Unread::NoComma
            | Unread::NoOpening => Self::Unreadable,
            Unread::Encoding(_)
            | Unread::Shapeless
            | Unread::NoHeader { .. }
            | Unread::NoFields
            | Unread::Changes
            | Unread::Unsupported(_) => Self::Unsupported,
            Unread::Changed => Self::ExportChanged,
            Unread::TwoPlaces { .. } => Self::TwoPlaces,
            Unread::SecondHeader { .. } => Self::SecondHeader,
            Unread::DoubleHeader { .. } => Self::DoubleHeader,
        }
    }
}

/// What is said of exports with a problem, by the kind of reason.
const PROBLEMS: [(GapCode, &str, &str); 7] = [
    (
        GapCode::Truncated,
        "export was not read to its end",
        "exports were not read to their end",
    ),
    (
        GapCode::Unreadable,
        "export could not be read whole",
        "exports could not be read whole",
    ),
    (
        GapCode::Unsupported,
        "export is of a kind that is not read",
        "exports are of a kind that is not read",
    ),
    (
        GapCode::TwoPlaces,
        "export was not judged whole",
        "exports were not judged whole",
    ),
    (
        GapCode::SecondHeader,
        "export was not read past a second header",
        "exports were not read past a second header",
    ),
    (
        GapCode::DoubleHeader,
        "export has a header that cannot be trusted",
        "exports have headers that cannot be trusted",
    ),
    (
        GapCode::ExportChanged,
        "export may not be whole",
        "exports may not be whole",
    ),
];

/// Returns all that keeps a run from being complete: what is not whole first, then what
/// was not judged. `names` are those of the exports.
pub(super) fn gaps(
    policies: &Policies,
    summary: &Summary,
    exports: &[ExportTotals],
    names: &[&str],
    completeness: Completeness,
) -> Vec<Gap> {
    let mut gaps = of_exports(exports, names, completeness);
    if summary.rejected > 0 {
        let text = count(
            summary.rejected,
            "record could not be read",
            "records could not be read",
        );
        gaps.push(Gap::new(GapCode::Rejected, summary.rejected, text));
    }
    if !completeness.allow_empty {
        gaps.extend(of_policies(policies, summary));
    }
    gaps.extend(missing_fields(policies, summary));
    let errors = summary.counts().error;
    match completeness.undecided {
        Undecided::Incomplete if errors > 0 => {
            let text = count(
                errors,
                "outcome could not be decided",
                "outcomes could not be decided",
            );
            gaps.push(Gap::new(GapCode::Undecided, errors, text));
        }
        Undecided::Incomplete | Undecided::Finding => {}
    }
    gaps
}

impl Gap {
    /// Returns whether exports with these reasons were read whole all the same.
    pub fn are_of_whole_exports(gaps: &[Self]) -> bool {
        gaps.iter().all(|gap| gap.code.is_of_whole_exports())
    }

    /// Returns a reason of this kind, about so many.
    pub fn new(code: GapCode, count: u64, text: String) -> Self {
        Self { code, count, text }
    }
}

/// Returns what is wrong with exports, a reason a kind.
fn of_exports(exports: &[ExportTotals], names: &[&str], completeness: Completeness) -> Vec<Gap> {
    let named = || exports.iter().zip(names);
    let gap = |(code, one, many): (GapCode, &str, &str), said: Vec<String>| {
        let exports = said.len() as u64;
        let text = format!("{}: {}", count(exports, one, many), first(&said));
        (exports > 0).then(|| Gap::new(code, exports, text))
    };
    let problems = PROBLEMS.into_iter().filter_map(|kind| {
        let problems = named().filter_map(|(export, name)| {
            let problems = export.problems.iter();
            let problems = problems.filter(|problem| GapCode::of(problem) == kind.0);
            let problems: Vec<_> = problems.map(ToString::to_string).collect();
            (!problems.is_empty()).then(|| format!("{name}: {}", problems.join("; ")))
        });
        gap(kind, problems.collect())
    });
    let mut gaps: Vec<_> = problems.collect();
    let failures = named().filter_map(|(export, name)| {
        let failure = export.pages.failure()?;
        Some(format!("{name}: {failure}"))
    });
    let (one, many) = ("export reports a failure", "exports report a failure");
    gaps.extend(gap((GapCode::ExportErrors, one, many), failures.collect()));
    let missing = series(exports, names)
        .into_iter()
        .filter_map(|series| series.missing());
    let (one, many) = (
        "export is a part of a whole",
        "exports are parts of a whole",
    );
    gaps.extend(gap((GapCode::MorePages, one, many), missing.collect()));
    let without_id =
        named().filter(|(export, _)| export.records > export.rejected && export.with_id == 0);
    let without_id = without_id.map(|(_, name)| (*name).to_owned()).collect();
    let (one, many) = (
        "export has no record with an id",
        "exports have no record with an id",
    );
    gaps.extend(gap((GapCode::NoId, one, many), without_id));
    if !completeness.allow_empty {
        // One that has a problem may hold any number of records.
        let empty = named().filter(|(export, _)| export.records == 0 && export.problems.is_empty());
        let empty = empty.map(|(_, name)| (*name).to_owned()).collect();
        let (one, many) = ("export holds no record", "exports hold no record");
        gaps.extend(gap((GapCode::EmptyExport, one, many), empty));
        if exports.iter().all(|export| export.records == 0) {
            let text = "there was no record at all: is the export broken?".to_owned();
            gaps.push(Gap::new(GapCode::NoRecords, exports.len() as u64, text));
        }
    }
    gaps
}

/// Returns which policies judged nothing. Where there is no record that is so of all, and
/// has been said.
fn of_policies(policies: &Policies, summary: &Summary) -> Vec<Gap> {
    if summary.records == 0 {
        return Vec::new();
    }
    let of = |code, one, many, is_meant: fn(&Reach) -> bool| {
        let policies = summary.reach(policies).filter(|(_, reach)| is_meant(reach));
        let ids: Vec<_> = policies
            .map(|(policy, _)| format!("`{}`", policy.id))
            .collect();
        let policies = ids.len() as u64;
        let text = format!("{}: {}", count(policies, one, many), ids.join(", "));
        (policies > 0).then(|| Gap::new(code, policies, text))
    };
    let none_in_scope = of(
        GapCode::NoneInScope,
        "policy has no record in its scope",
        "policies have no record in their scope",
        |reach| reach.in_scope == 0,
    );
    let nothing_judged = of(
        GapCode::NothingJudged,
        "policy has no rule that applies to a record",
        "policies have no rule that applies to a record",
        |reach| reach.in_scope > 0 && !reach.judged,
    );
    none_in_scope.into_iter().chain(nothing_judged).collect()
}

/// Returns which fields that rules need are missing from every record that was read.
fn missing_fields(policies: &Policies, summary: &Summary) -> Option<Gap> {
    let read = summary.records - summary.rejected;
    let missing = |slot: &Slot| read > 0 && summary.coverage[slot.index()].missing == read;
    let fields = policies.needed().into_iter().filter(missing);
    let name = |slot| format!("`{}`", policies.schema.field(slot).name);
    let names: Vec<_> = fields.map(name).collect();
    let fields = match names.as_slice() {
        [] => return None,
        [one] => format!("{one}, which a rule needs, is missing from every record"),
        [..] => format!(
            "{} that rules need are missing from every record: {}",
            count(names.len() as u64, "field", "fields"),
            names.join(", ")
        ),
    };
    Some(Gap::new(GapCode::FieldMissing, names.len() as u64, fields))
}

/// The most exports that a reason names: reports list all of them.
const MAX_NAMES: usize = 5;

/// Returns the first of these, and how many there are more.
fn first(all: &[String]) -> String {
    let first = all.iter().take(MAX_NAMES).map(String::as_str);
    let first = first.collect::<Vec<_>>().join("; ");
    match all.len().saturating_sub(MAX_NAMES) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}
