//! What a history comes to, a night a row: from the manifests alone, so that years are read
//! at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde::Serialize;

use super::chain::Chain;
use super::folder::Folder;
use super::night::Stored;
use crate::finding::Counts;
use crate::manifest::Manifest;
use crate::nights::has_shrunk;
use crate::policy::Severity;
use crate::record::time;
use crate::report::SinceCounts;
use crate::totals::{Gap, GapCode};

/// Holds what a history comes to.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The nights, the oldest first.
    pub nights: Vec<Row>,
    /// What somebody should look at.
    pub alarms: Vec<Alarm>,
}

/// Represents a night.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The clock of its run.
    pub night: String,
    #[serde(skip)]
    pub(super) as_of: DateTime<Utc>,
    /// Whether every byte was read and every record judged.
    pub complete: bool,
    /// Why not, by kind.
    pub incomplete_because: Vec<GapCode>,
    /// Whether its exports were read whole: else fewer findings are no good news.
    #[serde(skip)]
    pub(super) is_whole: bool,
    /// The exit code of its run.
    pub exit_code: u8,
    /// Records that were met.
    pub records: u64,
    /// Records that some policy judged.
    pub in_scope: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Findings that fail or are undecided, by severity.
    pub findings: BTreeMap<Severity, u64>,
    /// Findings that somebody has accepted until a day.
    pub waived: u64,
    /// How findings relate to the night before.
    pub since: SinceCounts,
    /// Policies, and files that they are made from, that are others than the night before.
    pub policies_changed: Vec<String>,
    /// The first night of the oldest finding that is still there.
    pub oldest: Option<String>,
    #[serde(skip)]
    pub(super) oldest_days: u64,
    /// When its run began, by the clock of its machine.
    pub started: String,
    /// How long its run took.
    pub seconds: u64,
}

/// Says what somebody should look at.
#[derive(Debug, Serialize)]
pub struct Alarm {
    /// The night, as its files are called or by its clock.
    pub night: String,
    /// The kind.
    pub kind: AlarmKind,
    /// What it is, in words.
    pub text: String,
}

/// Names a kind of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The manifests do not fit together.
    Chain,
    /// There was no night for far longer than usual.
    NoNight,
    /// There are far fewer records than the night before.
    Shrunk,
}

/// How many usual times between nights are far longer than usual.
const FAR: i32 = 2;

/// The least number of nights by which it is known what is usual.
const MIN_NIGHTS: usize = 4;

impl Overview {
    /// Returns what a history comes to.
    pub fn new(folder: &Folder) -> Self {
        let chain = Chain::new(folder);
        let stored = folder.nights().iter().filter(|n| !chain.is_removed(n));
        let stored: Vec<_> = stored.collect();
        let mut nights = Vec::new();
        let mut before = None;
        for night in stored {
            nights.push(Row::new(night, before));
            before = Some(&night.manifest);
        }
        let broken = chain.faults().into_iter().map(|fault| Alarm {
            night: fault.night,
            kind: AlarmKind::Chain,
            text: fault.what.to_string(),
        });
        let mut alarms: Vec<_> = broken.collect();
        alarms.extend(no_nights(&nights));
        alarms.extend(nights.windows(2).filter_map(|pair| match pair {
            [before, night] => shrunk(before, night),
            _ => None,
        }));
        Self { nights, alarms }
    }
}

/// Returns an alarm for each night before which there was none for far longer than usual.
fn no_nights(nights: &[Row]) -> Vec<Alarm> {
    let between = |pair: &[Row]| match pair {
        [before, night] => night.as_of - before.as_of,
        _ => TimeDelta::zero(),
    };
    let mut usual: Vec<_> = nights.windows(2).map(between).collect();
    usual.sort();
    let Some(usual) = usual.get(usual.len().saturating_sub(1) / 2).copied() else {
        return Vec::new();
    };
    if nights.len() < MIN_NIGHTS {
        return Vec::new();
    }
    let late = nights.windows(2).filter(|pair| between(pair) > usual * FAR);
    let alarms = late.filter_map(|pair| {
        let [before, night] = pair else {
            return None;
        };
        let (gap, usual) = (in_words(night.as_of - before.as_of), in_words(usual));
        Some(Alarm {
            night: night.night.clone(),
            kind: AlarmKind::NoNight,
            text: format!("the night before it is {gap} older; {usual} is usual"),
        })
    });
    alarms.collect()
}

fn in_words(span: TimeDelta) -> String {
    match span.num_hours() {
        ..=72 => format!("{} hours", span.num_hours()),
        hours => format!("{} days", (hours + 12) / 24),
    }
}

fn shrunk(before: &Row, night: &Row) -> Option<Alarm> {
    let sizes = [
        ("records", night.records, before.records),
        ("records in scope", night.in_scope, before.in_scope),
    ];
    let mut sizes = sizes.into_iter();
    let (what, now, then) = sizes.find(|(_, now, then)| has_shrunk(*now, *then))?;
    Some(Alarm {
        night: night.night.clone(),
        kind: AlarmKind::Shrunk,
        text: format!("it has {now} {what}, and the night before had {then}"),
    })
}

impl Row {
    fn new(night: &Stored, before: Option<&Manifest>) -> Self {
        let manifest = &night.manifest;
        let counts = manifest.counts();
        let run = manifest.run();
        let by_severity = manifest.by_severity();
        let as_of = manifest.as_of();
        let codes = manifest.incomplete_because().iter().map(|gap| gap.code);
        let codes: BTreeSet<_> = codes.collect();
        let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap_or_default();
        let seconds = (instant(&run.ended) - instant(&run.started)).num_seconds();
        let age = manifest.oldest().map(|oldest| as_of - oldest);
        Self {
            night: time::show(as_of),
            as_of,
            complete: manifest.is_complete(),
            is_whole: Gap::are_of_whole_exports(manifest.incomplete_because()),
            incomplete_because: codes.into_iter().collect(),
            exit_code: run.exit_code,
            records: counts.records,
            in_scope: counts.in_scope,
            rejected: counts.rejected,
            findings: by_severity
                .map(|(severity, counts)| (severity, Counts::findings(counts)))
                .collect(),
            waived: counts.outcomes.waived,
            since: manifest.since().unwrap_or_default(),
            policies_changed: before.map_or_else(Vec::new, |before| changed(before, manifest)),
            oldest: manifest.oldest().map(time::show),
            oldest_days: age.map_or(0, |age| u64::try_from(age.num_days()).unwrap_or(0)),
            started: time::show(instant(&run.started).trunc_subsecs(0)),
            seconds: u64::try_from(seconds).unwrap_or(0),
        }
    }

    /// Returns how many findings of a severity there are.
    pub fn of(&self, severity: Severity) -> u64 {
        self.findings.get(&severity).copied().unwrap_or_default()
    }

    /// Returns how many findings there are.
    pub fn all(&self) -> u64 {
        self.findings.values().sum()
    }
}

/// Returns the policies, and files that they are made from, that are others than before.
fn changed(before: &Manifest, now: &Manifest) -> Vec<String> {
    let (then, now): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (before.policies().collect(), now.policies().collect());
    let names: BTreeSet<_> = then.keys().chain(now.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| then.get(*name) != now.get(*name));
    changed.map(|name| (*name).to_owned()).collect()
}
