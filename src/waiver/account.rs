//! What a run came to with its waivers, in numbers and in words.

use serde::{Deserialize, Serialize};

use super::uses::{Use, Uses};
use super::waiver::Waiver;
use super::waivers::Waivers;
use crate::text::{count, escape_controls, short};

/// Counts waivers by what they came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct WaiverCounts {
    /// Those that have begun and not expired.
    pub in_force: u64,
    /// Those of them that a finding is waived by.
    pub used: u64,
    /// Those of them whose rule was asked and made no finding for them.
    pub unused: u64,
    /// Those of them that do not hold for a finding, as what was observed is another.
    pub mismatched: u64,
    /// Those that have expired.
    pub expired: u64,
    /// Those in force that expire within 30 days.
    pub ending: u64,
}

/// Holds what a run came to with its waivers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// How many came to what.
    pub counts: WaiverCounts,
    /// What somebody should do about some of them, a sentence each.
    pub notes: Vec<String>,
}

/// The largest number of waivers that are named for coming to the same.
const MAX_NAMED: usize = 20;

/// The most characters of an id that is named.
const MAX_ID: usize = 64;

impl Account {
    pub(super) fn new(waivers: &Waivers, uses: &Uses) -> Self {
        let (mut counts, as_of) = (WaiverCounts::default(), waivers.as_of());
        let nothing = Use::default();
        let mut unused = Vec::new();
        let (mut ending, mut expired) = (Vec::new(), Vec::new());
        for (index, waiver) in (0..).zip(waivers.all()) {
            let id = name(&waiver.id);
            if !waiver.term.is_in_force(as_of) {
                counts.expired += 1;
                expired.push(format!("{id} expired on {}", waiver.term.expires));
                continue;
            }
            counts.in_force += 1;
            if let Some(left) = waiver.term.days_left(as_of) {
                counts.ending += 1;
                let left = count(left, "day", "days");
                ending.push(format!("{id} ends on {}, in {left}", waiver.term.expires));
            }
            if waiver.rule_index.is_none() {
                continue;
            }
            let Use {
                used,
                mismatched: others,
                first: _,
            } = uses.of(index).unwrap_or(&nothing);
            counts.used += u64::from(*used > 0);
            counts.mismatched += u64::from(*others > 0);
            if *used == 0 && *others == 0 {
                counts.unused += 1;
                unused.push(format!("{id} is unused: {}", no_finding(waiver)));
            }
        }
        let others = waivers.not_asked().to_vec();
        let sorts = [misfits(waivers, uses), unused, ending, expired, others];
        Self {
            counts,
            notes: sorts.into_iter().flat_map(bounded).collect(),
        }
    }
}

/// Says for which findings waivers do not hold, a sentence a waiver.
pub(super) fn misfits(waivers: &Waivers, uses: &Uses) -> Vec<String> {
    let mut misfits = Vec::new();
    for (index, waiver) in (0..).zip(waivers.all()) {
        let Some(Use {
            mismatched,
            first: Some((customer, why)),
            ..
        }) = uses.of(index)
        else {
            continue;
        };
        let more = match mismatched.saturating_sub(1) {
            0 => String::new(),
            more => format!(
                "; nor for {}",
                count(more, "other finding", "other findings")
            ),
        };
        let (id, customer) = (name(&waiver.id), name(customer));
        misfits.push(format!(
            "{id} does not hold for customer {customer}: {why}{more}"
        ));
    }
    misfits
}

/// Says that a rule has no finding about the customers of a waiver.
fn no_finding(waiver: &Waiver) -> String {
    let (policy, rule) = (name(&waiver.policy), name(&waiver.rule));
    // Reports may show pseudonyms: the ids of the customers stay in the file.
    let whom = match waiver.customers.as_slice() {
        [_] => "its customer, or that customer was not read".to_owned(),
        several => format!("its {} customers, or they were not read", several.len()),
    };
    format!("{policy}/{rule} finds nothing about {whom}")
}

/// Returns an id that somebody wrote, as it can be shown.
pub(super) fn name(id: &str) -> String {
    escape_controls(&short(id, MAX_ID)).into_owned()
}

/// Returns the first of these sentences, and how many there are more.
fn bounded(mut sentences: Vec<String>) -> Vec<String> {
    let more = sentences.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        sentences.truncate(MAX_NAMED);
        let more = count(more as u64, "other waiver", "other waivers");
        sentences.push(format!("and so for {more}"));
    }
    sentences
}
