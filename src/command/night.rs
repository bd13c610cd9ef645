//! What a run is compared with, and what follows from that.

use super::error::Error;
use crate::export::Source;
use crate::finding::{Anomaly, Privacy};
use crate::nights::{self, Base, Ends, Entry, Facts, SortedFile, Sum, Tonight, has_shrunk};
use crate::options::{Alarm, Earlier, NightOptions};
use crate::policy::{Ask, Policies};
use crate::report::{Header, Previous, SinceCounts};
use crate::text::grouped;
use crate::totals::{Gap, GapCode, Totals};

/// Holds what findings of several records came to together.
pub(super) type States = SortedFile<Entry>;

/// Holds what a run is compared with.
pub(super) struct Night<'n> {
    options: &'n NightOptions,
    base: Option<Base>,
}

/// Holds what a run came to beside the night before.
pub(super) struct Compared {
    sum: Sum,
    pub(super) ends: Ends,
    pub(super) counts: SinceCounts,
}

impl<'n> Night<'n> {
    /// Opens what a run is compared with; from now on, what tells the age of an account is
    /// read.
    ///
    /// # Errors
    ///
    /// It cannot be compared with.
    pub(super) fn open(options: &'n NightOptions, policies: &mut Policies) -> Result<Self, Error> {
        let base = match &options.earlier {
            None => {
                let asked = [
                    ("--fail-on-new", options.fail_on_new.is_some()),
                    ("--fail-on overdue", options.fail_on_overdue),
                    ("--deadline", !options.deadlines.is_empty()),
                ];
                if let Some((option, _)) = asked.into_iter().find(|(_, asked)| *asked) {
                    return Err(nights::Error::NothingEarlier { option }.into());
                }
                None
            }
            Some(Earlier::Report(path)) => Some(Base::read(path)?),
            Some(Earlier::History(_)) => None,
        };
        if options.earlier.is_some() {
            // Every record can have it.
            let _ = policies.schema.want("createdAt");
        }
        Ok(Self { options, base })
    }

    fn is_compared(&self) -> bool {
        self.options.earlier.is_some()
    }

    /// Returns the exports so that they can be read more than once, if they may have to be.
    pub(super) fn exports(&self, sources: Vec<Source>) -> Result<Vec<Source>, Error> {
        if !self.is_compared() {
            return Ok(sources);
        }
        let kept: Result<_, _> = sources.into_iter().map(Source::kept).collect();
        Ok(kept?)
    }

    pub(super) fn base(&self) -> Option<&Base> {
        self.base.as_ref()
    }

    /// Returns the file of the night before, which no report may replace.
    pub(super) fn file(&self) -> Option<&std::path::Path> {
        Some(&self.base.as_ref()?.path)
    }

    /// Returns what the head of a report says of the night before, if it says anything.
    pub(super) fn previous(&self) -> Option<Option<Previous>> {
        let previous = self.base.as_ref().map(|base| Previous {
            as_of: base.header.as_of.clone(),
            sha256: base.sha256.clone(),
        });
        self.is_compared().then_some(previous)
    }

    /// Returns what findings are held against, if they are held against anything.
    pub(super) fn tonight<'t>(
        &'t self,
        header: &Header,
        privacy: Privacy<'t>,
        decided: Option<&'t States>,
    ) -> Result<Option<Tonight<'t>>, Error> {
        if !self.is_compared() {
            return Ok(None);
        }
        let base = self.base.as_ref();
        let deadlines = &self.options.deadlines;
        let tonight = Tonight::new(header, base, deadlines, privacy, false)?;
        Ok(Some(tonight.decided(decided)))
    }
}

/// Decides what a run came to beside the night before, and adds to the verdict what follows
/// from that.
pub(super) fn compared(
    options: &NightOptions,
    policies: &Policies,
    tonight: &Tonight<'_>,
    sum: Sum,
    totals: &mut Totals,
) -> Result<Compared, Error> {
    if let Some(base) = tonight.base() {
        judge_size(options, base, totals);
    }
    let rules = || policies.rules().map(|(_, rule)| rule);
    let is_aggregate: Vec<_> = rules()
        .map(|rule| matches!(rule.ask, Ask::Aggregate(_)))
        .collect();
    let summary = &totals.summary;
    let read = summary.records - summary.rejected;
    let lacks_field: Vec<_> = rules()
        .map(|rule| {
            let mut fields = policies.fields_of(rule).into_iter();
            fields.any(|slot| summary.coverage[slot.index()].missing == read)
        })
        .collect();
    let mut gaps = totals.verdict.gaps.iter();
    let facts = Facts {
        by_rule: &summary.by_rule,
        is_aggregate: &is_aggregate,
        lacks_field: &lacks_field,
        is_whole: gaps.all(|gap| gap.code.is_of_whole_exports()),
        records: summary.records,
        in_scope: summary.in_scope,
        exports: totals.exports.len(),
    };
    let ends = sum.ends(tonight, &facts)?;
    let mut counts = sum.counts;
    counts.overdue += ends.counts.overdue;
    counts.fixed = ends.counts.fixed;
    counts.rule_changed = ends.counts.rule_changed;
    counts.left = ends.counts.left;
    counts.gone = ends.counts.gone;
    counts.rule_removed = ends.counts.rule_removed;
    counts.unknown = ends.counts.unknown;
    Ok(Compared { sum, ends, counts })
}

/// Notes where there is far less than the night before.
fn judge_size(options: &NightOptions, base: &Base, totals: &mut Totals) {
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
    match options.shrink {
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

impl Compared {
    /// Returns whether what is new or overdue decides the exit code.
    pub(super) fn fails(&self, options: &NightOptions) -> bool {
        let least = options.fail_on_new;
        let mut worse = self.sum.worse.iter();
        let has_new = worse
            .any(|(severity, number)| *number > 0 && least.is_some_and(|least| *severity >= least));
        has_new || (options.fail_on_overdue && self.counts.overdue > 0)
    }
}
