//! Reads the findings of an earlier report into entries.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::base::{EarlierRule, Indexed, Lists, SEGMENT_ITEMS};
use super::entry::{Entry, Key, said, slice_digest};
use super::error::Error;
use crate::external_sort::Sorter;
use crate::finding::{REDACTED, Status};
use crate::policy::Severity;
use crate::report::{
    self, CarriedRow, Ended, FindingRow, Footer, Header, Listener, ReadError, Rejected, Since,
    Skimmed,
};

/// Holds the findings of an earlier report.
pub(super) struct Earlier {
    pub header: Header,
    pub footer: Footer,
    pub lists: Lists,
    pub sorter: Sorter<Entry>,
    /// Whether some ids of customers are hidden in it.
    pub hides_ids: bool,
}

/// Takes in findings, one after another.
struct Taking {
    lists: Lists,
    sorter: Sorter<Entry>,
    /// How many were taken in.
    order: u64,
    hides_ids: bool,
    /// The index of the instant of findings that say nothing of their lives.
    own: u32,
}

/// Holds what is taken in of a finding.
struct Row<'r> {
    customer_id: Option<&'r str>,
    has_record: bool,
    fingerprint: &'r str,
    rule: u32,
    severity: Severity,
    status: Status,
    said: u64,
    first_seen: Option<DateTime<Utc>>,
    due_from: Option<DateTime<Utc>>,
    reopened: bool,
    waiver: Option<String>,
    slice: u64,
}

impl Earlier {
    /// Reads a report: once, if its findings are lines.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut taking = Taking::new();
        let mut rules = RuleNames::default();
        let skimmed = report::skim(path, |one| {
            let rule = rules.index(one);
            taking.skimmed(one, rule)
        })?;
        let Some((header, footer)) = skimmed else {
            // It is not written in lines, or is none: that reading says so.
            let mut listening = Listening {
                taking: Taking::new(),
                header: None,
            };
            let footer = report::read(path, &mut listening)?;
            let Listening { taking, header } = listening;
            let header = header.ok_or_else(|| Error::Changed {
                path: path.display().to_string(),
            })?;
            return Ok(taking.finish(header, footer));
        };
        // What the rules ask is said at the end.
        taking.lists.rules = rules.known(&header);
        Ok(taking.finish(header, footer))
    }
}

impl Taking {
    fn new() -> Self {
        let mut lists = Lists::default();
        let own = lists.instants.index(&DateTime::<Utc>::MIN_UTC);
        Self {
            lists,
            sorter: Sorter::new(SEGMENT_ITEMS),
            order: 0,
            hides_ids: false,
            own,
        }
    }

    fn take(&mut self, row: Row<'_>) -> Result<(), Error> {
        let order = self.order;
        self.order += 1;
        // A record without an id has no identity.
        if row.customer_id.is_none() && row.has_record {
            return Ok(());
        }
        self.hides_ids |= row.customer_id == Some(REDACTED);
        let instants = &mut self.lists.instants;
        let entry = Entry {
            customer: row.customer_id.map_or(Key::NONE, Key::of_id),
            fingerprint: Key::of_fingerprint(row.fingerprint),
            order,
            rule: row.rule,
            severity: row.severity,
            status: row.status,
            said: row.said,
            first_seen: row
                .first_seen
                .map_or(self.own, |seen| instants.index(&seen)),
            due_from: row.due_from.map(|from| instants.index(&from)),
            waiver: row.waiver.map(|waiver| self.lists.waivers.index(&waiver)),
            reopened: row.reopened,
            since: Since::Open,
            because: None,
            worse: false,
            overdue: false,
            known: true,
            slice: row.slice,
        };
        self.sorter.push(entry).map_err(Error::Keep)
    }

    fn skimmed(&mut self, one: &Skimmed<'_>, rule: u32) -> Result<(), Error> {
        let customer_id = one.customer_id().map_err(Error::Line)?;
        let (digest, evidence) = one.evidence().map_err(Error::Line)?;
        self.take(Row {
            customer_id: customer_id.as_deref(),
            has_record: one.record.is_some(),
            fingerprint: one.fingerprint,
            rule,
            severity: one.severity,
            status: one.status(),
            said: said(one.reason(), digest, &evidence),
            first_seen: one.first_seen,
            due_from: one.due_from,
            reopened: one.reopened,
            waiver: one.waiver().map_err(Error::Line)?,
            slice: slice_digest(&one.slice().map_err(Error::Line)?),
        })
    }

    fn row(&mut self, row: &FindingRow<'_>, rule: u32) -> Result<(), Error> {
        self.take(Row {
            customer_id: row.customer_id.as_deref(),
            has_record: row.record.is_some(),
            fingerprint: &row.fingerprint,
            rule,
            severity: row.severity,
            status: row.status,
            said: said(row.reason, row.evidence_digest.as_deref(), &row.evidence),
            first_seen: row.life.map(|life| life.first_seen),
            due_from: row.life.and_then(|life| life.due_from),
            reopened: row.life.is_some_and(|life| life.reopened),
            waiver: row.waiver.as_ref().map(|waiver| waiver.id.to_string()),
            slice: slice_digest(&row.slice),
        })
    }

    fn finish(self, header: Header, footer: Footer) -> Earlier {
        let Self {
            mut lists,
            sorter,
            hides_ids,
            own,
            ..
        } = self;
        lists.instants.replace(own, header.instant());
        Earlier {
            header,
            footer,
            lists,
            sorter,
            hides_ids,
        }
    }
}

/// Numbers the rules of findings in the order in which they are met.
#[derive(Default)]
struct RuleNames {
    indexes: HashMap<String, u32>,
    names: Vec<EarlierRule>,
    /// Room for a name.
    name: String,
}

impl RuleNames {
    fn index(&mut self, one: &Skimmed<'_>) -> u32 {
        self.name.clear();
        for part in [
            &*one.policy,
            &*one.rule,
            one.rule_sha256.unwrap_or_default(),
        ] {
            self.name.push_str(part);
            self.name.push('\0');
        }
        if let Some(index) = self.indexes.get(&self.name) {
            return *index;
        }
        // There are fewer rules than bytes in a report.
        let index = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.indexes.insert(self.name.clone(), index);
        self.names.push(EarlierRule {
            policy: one.policy.to_string(),
            rule: one.rule.to_string(),
            sha256: one.rule_sha256.map(str::to_owned),
        });
        index
    }

    /// Returns the rules with what they asked, which the header says of those that the run
    /// asked itself.
    fn known(self, header: &Header) -> Indexed<EarlierRule> {
        let asked: HashMap<_, _> = header
            .rules()
            .map(|(policy, rule)| ((policy.id.as_str(), rule.id.as_str()), &rule.sha256))
            .collect();
        let mut rules = Indexed::default();
        for (index, mut rule) in (0..).zip(self.names) {
            if rule.sha256.is_none() {
                let asked = asked.get(&(rule.policy.as_str(), rule.rule.as_str()));
                rule.sha256 = asked.map(|sha256| (*sha256).clone());
            }
            rules.place(index, rule);
        }
        rules
    }
}

/// Takes in a report that is read in whole.
struct Listening {
    taking: Taking,
    header: Option<Header>,
}

impl Listener for Listening {
    type Error = Error;

    fn header(&mut self, header: Header) -> Result<(), Error> {
        for (policy, rule) in header.rules() {
            self.taking.lists.rules.index(&EarlierRule {
                policy: policy.id.clone(),
                rule: rule.id.clone(),
                sha256: Some(rule.sha256.clone()),
            });
        }
        self.header = Some(header);
        Ok(())
    }

    fn finding(&mut self, rule_index: usize, row: FindingRow<'static>) -> Result<(), Error> {
        // The rules of the header are the first of the list, in their order.
        let rule = u32::try_from(rule_index).unwrap_or(u32::MAX);
        self.taking.row(&row, rule)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        match ended {
            Ended::Closed(_) | Ended::Moved(_) => Ok(()),
            Ended::Carried(carried) => {
                let CarriedRow {
                    row, rule_sha256, ..
                } = *carried;
                let rule = EarlierRule {
                    policy: row.policy.to_string(),
                    rule: row.rule.to_string(),
                    sha256: rule_sha256,
                };
                let rule = self.taking.lists.rules.index(&rule);
                self.taking.row(&row, rule)
            }
        }
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Error> {
        Ok(())
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::Report(error)
    }
}
