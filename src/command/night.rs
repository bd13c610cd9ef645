//! What a run is compared with, and what follows from that.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

use super::error::Error;
use super::share::threads;
use crate::digest::FileDigest;
use crate::export::Source;
use crate::finding::Privacy;
use crate::history;
use crate::manifest::NightFiles;
use crate::nights::{self, Base, Ends, Entry, Facts, Kept, SortedFile, Sum, Tonight};
use crate::options::{AuditOptions, Earlier, NightOptions};
use crate::policy::{Ask, Policies};
use crate::report::{
    BesidePaths, Destination, Footer, Format, Header, Layout, Moves, Packing, Planned, Previous,
    Settings, Settlement, SinceCounts, SinceOfRule, Slice,
};
use crate::text::grouped;
use crate::totals::{Gap, Totals};

/// Holds what findings of several records came to together.
pub(super) type States = SortedFile<Entry>;

/// Holds what a run is compared with.
pub(super) struct Night<'n> {
    options: &'n NightOptions,
    base: Option<Base>,
    /// The history in which the run keeps its night.
    history: Option<history::Tonight>,
}

/// Holds what a run came to beside the night before.
pub(super) struct Compared {
    pub(super) sum: Sum,
    pub(super) ends: Ends,
    pub(super) counts: SinceCounts,
    pub(super) by_rule: Vec<SinceOfRule>,
    /// Whether the exports were read whole.
    is_whole: bool,
}

impl<'n> Night<'n> {
    /// Opens what a run is compared with; from now on, what tells the age of an account is
    /// read. Returns also a note on each night that cannot be compared with.
    ///
    /// # Errors
    ///
    /// It cannot be compared with, or the history cannot be kept.
    pub(super) fn open(
        options: &'n AuditOptions,
        policies: &mut Policies,
    ) -> Result<(Self, Vec<String>), Error> {
        let nights = &options.nights;
        let (mut base, mut history, mut notes) = (None, None, Vec::new());
        if nights.keep.is_some() && !matches!(nights.earlier, Some(Earlier::History(_))) {
            return Err(nights::Error::NoHistory.into());
        }
        match &nights.earlier {
            None => {
                let asked = [
                    ("--fail-on-new", nights.fail_on_new.is_some()),
                    ("--fail-on overdue", nights.fail_on_overdue),
                    ("--deadline", !nights.deadlines.is_empty()),
                    ("--list", options.reports.listed().next().is_some()),
                ];
                if let Some((option, _)) = asked.into_iter().find(|(_, asked)| *asked) {
                    return Err(nights::Error::NothingEarlier { option }.into());
                }
            }
            Some(Earlier::Report(path)) => base = Some(Base::read(path, threads(options.threads))?),
            Some(Earlier::History(path)) => {
                let tonight = history::Tonight::open(path, options.policies.as_of)?;
                (base, notes) = tonight.base(threads(options.threads));
                history = Some(tonight);
            }
        }
        has_deadline(nights)?;
        if nights.earlier.is_some() {
            read_age(policies);
        }
        let night = Self {
            options: nights,
            base,
            history,
        };
        Ok((night, notes))
    }

    /// Returns the reports that are asked for and the one that the history keeps.
    pub(super) fn reports(&self, asked: &[Planned]) -> Vec<Planned> {
        let layout = Layout::default();
        let kept = self.history.as_ref().map(|history| Planned {
            settings: Settings::new(&layout, Vec::new()),
            slices: None,
            destination: Destination {
                format: Format::Ndjson,
                path: history.file(&history.name.report()),
                packing: Some(Packing::Zstd),
                layout,
            },
        });
        asked.iter().cloned().chain(kept).collect()
    }

    /// Returns the slices whose tickets are still open, though nothing was left of them the
    /// night before.
    pub(super) fn pending_slices(&self) -> Vec<&Slice> {
        let history = self.history.as_ref();
        history.map_or_else(Vec::new, history::Tonight::pending_slices)
    }

    /// Returns the files that are written beside the reports.
    pub(super) fn beside(&self, manifest: Option<&Path>) -> BesidePaths {
        let history = self.history.as_ref();
        let kept = history.map(|history| history.file(&history.name.manifest()));
        BesidePaths {
            manifests: manifest
                .map(Path::to_owned)
                .into_iter()
                .chain(kept)
                .collect(),
            index: history.map(|history| history.file(&history.name.index())),
        }
    }

    /// Returns the files of the night, once its report and its index are whole. One that was
    /// kept before is left as it is.
    ///
    /// # Errors
    ///
    /// There is another report of the same night.
    pub(super) fn files(
        &self,
        index: Option<FileDigest>,
        is_complete: bool,
        settled: &mut Settlement<'_>,
    ) -> Result<Option<NightFiles>, Error> {
        let (Some(history), Some(index)) = (&self.history, index) else {
            return Ok(None);
        };
        let name = history.name;
        let path = history.file(&name.report());
        let path = path.display().to_string();
        let mut reports = settled.written().iter();
        let Some(report) = reports.find(|report| report.file.path == path) else {
            return Ok(None);
        };
        let report = FileDigest {
            path: name.report(),
            ..report.file.clone()
        };
        if let Some(before) = history.made_before() {
            if before.report.sha256 != report.sha256 {
                return Err(history.different().into());
            }
            let files = [name.report(), name.index(), name.manifest()];
            settled.leave(files.map(|file| history.file(&file)));
        }
        let (removed, kept) = match self.options.keep {
            Some(keep) => (
                history.too_old(keep, is_complete),
                history.kept_though_old(keep, is_complete),
            ),
            None => (Vec::new(), None),
        };
        Ok(Some(NightFiles {
            report,
            index: FileDigest {
                path: name.index(),
                ..index
            },
            previous: history.previous(),
            removed: removed.iter().map(|night| night.digest.clone()).collect(),
            kept: kept.map(|night| night.digest.clone()),
        }))
    }

    /// Removes the nights that are too old.
    ///
    /// # Errors
    ///
    /// One cannot be removed.
    pub(super) fn remove_old(&self, is_complete: bool) -> Result<(), Error> {
        let Some(history) = &self.history else {
            return Ok(());
        };
        let old = match (history.made_before(), self.options.keep) {
            // What no manifest says to be removed would be missed: the night that is made
            // again keeps its own, and what that says is finished if it was not.
            (Some(night), _) => history.named(&night.removed),
            (None, Some(keep)) => history.too_old(keep, is_complete),
            (None, None) => return Ok(()),
        };
        Ok(history.remove(&old)?)
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

    /// Returns the options of nights.
    pub(super) fn options(&self) -> &'n NightOptions {
        self.options
    }

    /// Returns the SHA-256 of each export of the night before, as far as they are known.
    pub(super) fn exports_before(&self) -> HashSet<&str> {
        let history = self.history.iter();
        let history = history.flat_map(history::Tonight::exports_before);
        let base = self.base.iter().flat_map(|base| &base.footer.exports);
        let base = base.filter_map(|export| export.sha256.as_deref());
        history.chain(base).collect()
    }

    /// Returns whether the SHA-256 of an export of the night before is known.
    pub(super) fn has_export_digests(&self) -> bool {
        !self.exports_before().is_empty()
    }

    /// Returns the file of the night before, which no report may replace.
    pub(super) fn file(&self) -> Option<&Path> {
        Some(&self.base.as_ref()?.path)
    }

    /// Returns what the head of a report says of the night before, if it says anything.
    pub(super) fn previous(&self, header: &Header) -> Option<Option<Previous>> {
        let previous = self.base.as_ref().map(|base| Previous {
            as_of: base.header.as_of.clone(),
            sha256: base.sha256.clone(),
            changed_policies: nights::changed_policies(&base.header, header),
        });
        self.is_compared().then_some(previous)
    }

    /// Returns what findings are held against, if they are held against anything.
    pub(super) fn tonight<'t>(
        &'t self,
        header: &Header,
        privacy: Privacy<'t>,
        decided: Option<&'t States>,
        splits: Moves,
    ) -> Result<Option<Tonight<'t>>, Error> {
        if !self.is_compared() {
            return Ok(None);
        }
        let base = self.base.as_ref();
        let deadlines = &self.options.deadlines;
        let keeps_customers = self.history.is_some();
        let tonight = Tonight::new(header, base, deadlines, privacy, keeps_customers)?;
        Ok(Some(tonight.decided(decided).split(splits)))
    }
}

/// Lets what tells the age of an account be read, as a comparison with the night before needs.
pub(super) fn read_age(policies: &mut Policies) {
    // Every record can have it.
    let _ = policies.schema.want("createdAt");
}

/// Decides what a run came to beside the night before, and adds to the verdict what follows
/// from that.
pub(super) fn compared(
    policies: &Policies,
    tonight: &Tonight<'_>,
    sum: Sum,
    header: &Header,
    totals: &mut Totals,
) -> Result<Compared, Error> {
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
    let facts = Facts {
        by_rule: &summary.by_rule,
        is_aggregate: &is_aggregate,
        lacks_field: &lacks_field,
        is_whole: Gap::are_of_whole_exports(&totals.verdict.gaps),
        records: summary.records,
        in_scope: summary.in_scope,
        exports: totals.exports.len(),
    };
    let ends = sum.ends(tonight, &facts)?;
    let (counts, by_rule) = sum.since(&ends, tonight, header);
    Ok(Compared {
        is_whole: facts.is_whole,
        sum,
        ends,
        counts,
        by_rule,
    })
}

impl Compared {
    /// Writes what the next night needs of this one.
    ///
    /// # Errors
    ///
    /// Those of the output, or of temporary files.
    pub(super) fn write_index(
        &self,
        tonight: &Tonight<'_>,
        kept: &Kept,
        header: &Header,
        footer: &Footer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let night = (tonight, &self.sum, &self.ends, kept);
        nights::write_index(night, self.is_whole, header, footer, out)
    }

    /// Returns why what is new or overdue decides the exit code; nothing, if it does not.
    pub(super) fn why_failed(&self, options: &NightOptions) -> Vec<String> {
        why_failed(options, &self.sum, self.counts.overdue)
    }
}

/// Returns why what is new or overdue decides the exit code; nothing, if it does not.
pub(super) fn why_failed(options: &NightOptions, sum: &Sum, overdue: u64) -> Vec<String> {
    let mut why = Vec::new();
    if let Some(least) = options.fail_on_new {
        let worse = sum.worse.iter().filter(|(severity, _)| **severity >= least);
        let worse: u64 = worse.map(|(_, number)| number).sum();
        let what = format!("new or worse (--fail-on-new {least})");
        why.extend((worse > 0).then(|| format!("{} {what}", grouped(worse))));
    }
    let is_late = options.fail_on_overdue && overdue > 0;
    why.extend(is_late.then(|| format!("{} overdue (--fail-on overdue)", grouped(overdue))));
    why
}

/// Makes sure that there is a deadline where findings that are overdue decide.
pub(super) fn has_deadline(options: &NightOptions) -> Result<(), nights::Error> {
    match options.fail_on_overdue && options.deadlines.is_empty() {
        true => Err(nights::Error::NoDeadline),
        false => Ok(()),
    }
}
