//! What findings come to beside the night before, by rule and severity.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::base::{EarlierRule, Indexed};
use super::entry::Entry;
use super::tonight::Tonight;
use crate::policy::Severity;
use crate::report::{Because, Doubt, Header, Life, Since, SinceCounts, SinceOfRule};

/// Counts findings by the index of their rule and by severity, each name once.
#[derive(Debug, Clone, Default)]
pub struct Breakdown(BTreeMap<(u32, Severity), Tally>);

#[derive(Debug, Clone, Default)]
struct Tally {
    new: u64,
    changed: u64,
    open: u64,
    overdue: u64,
    because: BTreeMap<Because, u64>,
    unknown: BTreeMap<Doubt, u64>,
    oldest: Option<DateTime<Utc>>,
}

impl Tally {
    fn age(&mut self, first_seen: DateTime<Utc>, overdue: bool) {
        let oldest = self.oldest.get_or_insert(first_seen);
        *oldest = first_seen.min(*oldest);
        self.overdue += u64::from(overdue);
    }

    fn add(&mut self, other: &Self) {
        let Self {
            new,
            changed,
            open,
            overdue,
            because,
            unknown,
            oldest,
        } = other;
        self.new += new;
        self.changed += changed;
        self.open += open;
        self.overdue += overdue;
        for (why, number) in because {
            *self.because.entry(*why).or_default() += number;
        }
        for (why, number) in unknown {
            *self.unknown.entry(*why).or_default() += number;
        }
        self.oldest = match (self.oldest, *oldest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Breakdown {
    fn tally(&mut self, entry: &Entry) -> &mut Tally {
        self.0.entry((entry.rule, entry.severity)).or_default()
    }

    /// Counts what the findings of one name came to.
    pub(super) fn found(&mut self, entry: &Entry, first_seen: DateTime<Utc>) {
        let tally = self.tally(entry);
        match entry.since {
            Since::New => tally.new += 1,
            Since::Changed => tally.changed += 1,
            Since::Open => tally.open += 1,
        }
        if let Some(why) = entry.because {
            *tally.because.entry(why).or_default() += 1;
        }
        tally.age(first_seen, entry.overdue);
    }

    /// Counts an earlier finding of which the run cannot tell.
    pub(super) fn carried(&mut self, entry: &Entry, why: Doubt, life: &Life) {
        let tally = self.tally(entry);
        *tally.unknown.entry(why).or_default() += 1;
        tally.age(life.first_seen, life.overdue);
    }

    /// Returns how many there are of each kind.
    pub(super) fn counts(&self) -> SinceCounts {
        let mut counts = SinceCounts::default();
        for tally in self.0.values() {
            counts.new += tally.new;
            counts.changed += tally.changed;
            counts.open += tally.open;
            counts.overdue += tally.overdue;
            counts.unknown += tally.unknown.values().sum::<u64>();
        }
        counts
    }
}

/// Returns what was found, and what is carried on, by rule and severity: in the order of the
/// header, and after its rules those that it does not have.
pub(super) fn by_rule(
    found: &Breakdown,
    carried: &Breakdown,
    tonight: &Tonight<'_>,
    header: &Header,
) -> Vec<SinceOfRule> {
    let places: BTreeMap<_, _> = header
        .rules()
        .enumerate()
        .map(|(place, (policy, rule))| ((policy.id.as_str(), rule.id.as_str()), place))
        .collect();
    let mut rows = BTreeMap::<_, Tally>::new();
    let no_rules = Indexed::default();
    let earlier = tonight.base().map_or(&no_rules, |base| &base.lists.rules);
    for (counts, rules) in [(found, &tonight.lists.rules), (carried, earlier)] {
        for ((rule, severity), tally) in &counts.0 {
            let Some(EarlierRule { policy, rule, .. }) = rules.get(*rule) else {
                continue;
            };
            let name = (policy.as_str(), rule.as_str());
            let place = places.get(&name).copied().unwrap_or(usize::MAX);
            // The most severe first.
            let key = (place, name, std::cmp::Reverse(*severity));
            rows.entry(key).or_default().add(tally);
        }
    }
    let row = |((_, (policy, rule), severity), tally): ((_, (&str, &str), _), Tally)| {
        let std::cmp::Reverse(severity) = severity;
        SinceOfRule {
            policy: policy.to_owned(),
            rule: rule.to_owned(),
            severity,
            new: tally.new,
            changed: tally.changed,
            open: tally.open,
            overdue: tally.overdue,
            because: tally.because,
            unknown: tally.unknown,
            oldest: tally.oldest,
        }
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nights::entry::tests::entry;

    #[test]
    fn what_is_counted_by_rule_adds_up_to_what_is_counted_in_all() {
        let mut counts = Breakdown::default();
        for (rule, since) in [(0, Since::New), (0, Since::Open), (1, Since::Changed)] {
            let entry = Entry {
                rule,
                since,
                because: (since == Since::New).then_some(Because::CustomerNew),
                overdue: since == Since::Open,
                ..entry()
            };
            counts.found(&entry, DateTime::UNIX_EPOCH);
        }
        let all = counts.counts();
        assert_eq!((all.new, all.changed, all.open, all.overdue), (1, 1, 1, 1));
        let first = counts.0.values().next().expect("the first rule");
        assert_eq!(first.because.get(&Because::CustomerNew), Some(&1));
        assert_eq!(first.oldest, Some(DateTime::UNIX_EPOCH));
    }
}
