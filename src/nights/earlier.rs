//! Reads the findings of an earlier report into entries.

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::base::{EarlierRule, Indexed, Lists, SEGMENT_ITEMS};
use super::entry::{Entry, Key, said, slice_digest};
use super::error::Error;
use crate::digest;
use crate::external_sort::Sorter;
use crate::finding::{REDACTED, Status};
use crate::policy::Severity;
use crate::report::{
    self, CarriedRow, Ended, FindingRow, Footer, Header, Listener, ReadError, Rejected, Since,
    Skimmed, Skims,
};

/// Holds the findings of an earlier report.
pub(super) struct Earlier {
    /// The SHA-256 of its bytes.
    pub sha256: String,
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
    /// Those of which it is not yet known which come before them, in their order.
    entries: Vec<Entry>,
    /// How many were taken in.
    order: u64,
    hides_ids: bool,
    /// The index of the instant of findings that say nothing of their lives.
    own: u32,
    /// The last customer's id, and its key.
    customer: (String, Key),
    /// The indexes of rules by their names.
    rules: HashMap<String, u32>,
    /// Room for the name of a rule.
    name: String,
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
    by_digest: bool,
    first_seen: Option<DateTime<Utc>>,
    due_from: Option<DateTime<Utc>>,
    reopened: bool,
    waiver: Option<String>,
    slice: u64,
}

impl Earlier {
    /// Reads a report on so many threads: once, if its findings are lines.
    pub fn read(path: &Path, threads: usize) -> Result<Self, Error> {
        let mut gathered = Gathered::new();
        let skimmed = report::skim(path, threads, |mut taking: Taking| {
            gathered.add(&mut taking)
        })?;
        if let Some((header, footer, sha256)) = skimmed {
            // What the rules ask is said at the end.
            gathered.lists.rules = known(gathered.lists.rules, &header);
            return Ok(gathered.finish(header, footer, sha256));
        }
        // It is not written in lines, or is none: that reading says so.
        let mut listening = Listening {
            gathered: Gathered::new(),
            taking: Taking::default(),
            header: None,
        };
        let digest = digest::of_file(path).map_err(|source| Error::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
        let footer = report::read(path, &mut listening)?;
        let Listening {
            mut gathered,
            mut taking,
            header,
        } = listening;
        gathered.add(&mut taking)?;
        let header = header.ok_or_else(|| Error::Changed {
            path: path.display().to_string(),
        })?;
        Ok(gathered.finish(header, footer, digest.sha256))
    }
}

impl Default for Taking {
    fn default() -> Self {
        let mut lists = Lists::default();
        let own = lists.instants.index(&DateTime::<Utc>::MIN_UTC);
        Self {
            lists,
            entries: Vec::new(),
            order: 0,
            hides_ids: false,
            own,
            customer: (String::new(), Key::of_id("")),
            rules: HashMap::new(),
            name: String::new(),
        }
    }
}

impl Taking {
    fn add(&mut self, row: Row<'_>) {
        let order = self.order;
        self.order += 1;
        // A record without an id has no identity.
        if row.customer_id.is_none() && row.has_record {
            return;
        }
        self.hides_ids |= row.customer_id == Some(REDACTED);
        let customer = row.customer_id.map_or(Key::NONE, |id| self.customer(id));
        let instants = &mut self.lists.instants;
        self.entries.push(Entry {
            customer,
            fingerprint: Key::of_fingerprint(row.fingerprint),
            order,
            rule: row.rule,
            severity: row.severity,
            status: row.status,
            said: row.said,
            by_digest: row.by_digest,
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
        });
    }

    /// Returns the index of the rule of a finding, without a copy of its names if it was met.
    fn rule(&mut self, one: &Skimmed<'_>) -> u32 {
        let sha256 = one.rule_sha256.as_deref();
        self.name.clear();
        for part in [&*one.policy, &*one.rule, sha256.unwrap_or_default()] {
            self.name.push_str(part);
            self.name.push('\0');
        }
        if let Some(index) = self.rules.get(&self.name) {
            return *index;
        }
        let index = self.lists.rules.index(&EarlierRule {
            policy: one.policy.to_string(),
            rule: one.rule.to_string(),
            sha256: sha256.map(str::to_owned),
        });
        self.rules.insert(self.name.clone(), index);
        index
    }

    /// Returns the key of a customer, whose findings mostly follow one another.
    fn customer(&mut self, id: &str) -> Key {
        if self.customer.0 != id {
            self.customer = (id.to_owned(), Key::of_id(id));
        }
        self.customer.1
    }

    fn row(&mut self, row: &FindingRow<'_>, rule: u32) {
        self.add(Row {
            customer_id: row.customer_id.as_deref(),
            has_record: row.record.is_some(),
            fingerprint: &row.fingerprint,
            rule,
            severity: row.severity,
            status: row.status,
            said: said(row.reason, row.evidence_digest.as_deref(), &row.evidence),
            by_digest: row.evidence_digest.is_some(),
            first_seen: row.life.map(|life| life.first_seen),
            due_from: row.life.and_then(|life| life.due_from),
            reopened: row.life.is_some_and(|life| life.reopened),
            waiver: row.waiver.as_ref().map(|waiver| waiver.id.to_string()),
            slice: slice_digest(&row.slice),
        });
    }
}

impl Skims for Taking {
    type Error = Error;

    fn take(&mut self, one: &Skimmed<'_>) -> Result<(), Error> {
        let rule = self.rule(one);
        let (digest, evidence) = one.evidence().map_err(Error::Line)?;
        self.add(Row {
            customer_id: one.customer_id.as_deref(),
            has_record: one.has_record,
            fingerprint: one.fingerprint,
            rule,
            severity: one.severity,
            status: one.status,
            said: said(one.reason, digest, &evidence),
            by_digest: digest.is_some(),
            first_seen: one.first_seen,
            due_from: one.due_from,
            reopened: one.reopened,
            waiver: one.waiver().map_err(Error::Line)?,
            slice: slice_digest(&one.slice().map_err(Error::Line)?),
        });
        Ok(())
    }
}

/// Gathers what was taken in of parts of a report, in their order.
struct Gathered {
    lists: Lists,
    sorter: Sorter<Entry>,
    order: u64,
    hides_ids: bool,
    own: u32,
}

impl Gathered {
    fn new() -> Self {
        let Taking { lists, own, .. } = Taking::default();
        Self {
            lists,
            sorter: Sorter::new(SEGMENT_ITEMS),
            order: 0,
            hides_ids: false,
            own,
        }
    }

    /// Takes over what was taken in last.
    fn add(&mut self, taking: &mut Taking) -> Result<(), Error> {
        // What it refers to has other indexes here.
        let here = self.lists.add(&taking.lists);
        for entry in taking.entries.drain(..) {
            let entry = Entry {
                order: self.order + entry.order,
                ..here.entry(entry)
            };
            self.sorter.push(entry).map_err(Error::Keep)?;
        }
        self.order += std::mem::take(&mut taking.order);
        self.hides_ids |= taking.hides_ids;
        Ok(())
    }

    fn finish(self, header: Header, footer: Footer, sha256: String) -> Earlier {
        let Self {
            mut lists,
            sorter,
            hides_ids,
            own,
            ..
        } = self;
        lists.instants.replace(own, header.instant());
        Earlier {
            sha256,
            header,
            footer,
            lists,
            sorter,
            hides_ids,
        }
    }
}

/// Returns the rules with what they asked, which the header says of those that the run asked
/// itself.
fn known(rules: Indexed<EarlierRule>, header: &Header) -> Indexed<EarlierRule> {
    let asked: HashMap<_, _> = header
        .rules()
        .map(|(policy, rule)| ((policy.id.as_str(), rule.id.as_str()), &rule.sha256))
        .collect();
    let mut known = Indexed::default();
    for (index, rule) in (0..).zip(rules.items()) {
        let mut rule = rule.clone();
        if rule.sha256.is_none() {
            let asked = asked.get(&(rule.policy.as_str(), rule.rule.as_str()));
            rule.sha256 = asked.map(|sha256| (*sha256).clone());
        }
        known.place(index, rule);
    }
    known
}

/// Takes in a report that is read in whole.
struct Listening {
    gathered: Gathered,
    taking: Taking,
    header: Option<Header>,
}

/// How many findings are taken over together.
const TOGETHER: usize = 1 << 10;

impl Listening {
    fn row(&mut self, row: &FindingRow<'_>, rule: u32) -> Result<(), Error> {
        self.taking.row(row, rule);
        match self.taking.entries.len() {
            TOGETHER.. => self.gathered.add(&mut self.taking),
            _ => Ok(()),
        }
    }
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
        self.row(&row, rule)
    }

    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Error> {
        match ended {
            Ended::Closed(_) | Ended::Moved(..) => Ok(()),
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
                self.row(&row, rule)
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
