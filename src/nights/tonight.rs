//! How what is found relates to the night before.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io;

use chrono::{DateTime, Utc};

use super::base::{Base, EarlierRule, Lists};
use super::comparable::{comparable, is_earlier};
use super::entry::{Entry, Key, said, slice_digest};
use super::error::Error;
use super::part::{Mark, Part};
use super::relation::{self, Now, Then};
use super::sorted_file::SortedFile;
use crate::finding::{Privacy, REDACTED, Standing, Status, display_id};
use crate::policy::Severity;
use crate::record::time::Span;
use crate::report::{Because, FindingRow, Header, Life, Moves, Since};

/// The bytes from which on an id may be shown cut.
const LONG: usize = 1024;

/// Holds what findings of a run are held against.
#[derive(Debug)]
pub struct Tonight<'n> {
    /// The only clock of the run.
    as_of: DateTime<Utc>,
    /// The night before, if there is one.
    pub(super) base: Option<&'n Base>,
    /// What became of each earlier rule.
    pub(super) now: Vec<Now>,
    /// How each rule relates to the night before.
    then: Vec<Then>,
    /// How long findings may stay, by severity.
    deadlines: &'n BTreeMap<Severity, Span>,
    /// The ids of the waivers that are in force.
    waivers: HashSet<String>,
    privacy: Privacy<'n>,
    /// Whether customers are wanted for later nights.
    keeps_customers: bool,
    /// How findings can leave the slices by which reports are split.
    splits: Moves,
    /// Whether the run is known by its report alone.
    pub(super) is_report: bool,
    /// Whether that report says itself how its findings relate to the night before.
    pub(super) says_itself: bool,
    /// What several records of one name came to, once all were read.
    decided: Option<&'n SortedFile<Entry>>,
    /// What its findings refer to by indexes.
    pub(super) lists: Lists,
    /// The index of its own instant.
    now_index: u32,
}

/// Represents a customer of the run, with the findings of the night before.
#[derive(Debug, Default)]
pub struct Customer {
    key: Key,
    /// The key among customers who are known; none, without an id.
    known: Option<Key>,
    /// When the account was made.
    created: Option<DateTime<Utc>>,
    /// With their places.
    pub(super) earlier: Vec<(u64, Entry)>,
    decided: Vec<(u64, Entry)>,
}

/// Says what the findings of one name came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) since: Since,
    pub(super) because: Option<Because>,
    pub(super) worse: bool,
    pub(super) first_seen: u32,
    pub(super) due_from: Option<u32>,
    pub(super) reopened: bool,
}

impl<'n> Tonight<'n> {
    /// Returns what findings of a run with this header are held against.
    ///
    /// # Errors
    ///
    /// The night before cannot be compared with.
    pub fn new(
        header: &Header,
        base: Option<&'n Base>,
        deadlines: &'n BTreeMap<Severity, Span>,
        privacy: Privacy<'n>,
        keeps_customers: bool,
    ) -> Result<Self, Error> {
        if let Some(base) = base {
            is_earlier(base, header)?;
            comparable(base, header)?;
        }
        let tonight = Self::against(header, base, deadlines, privacy);
        Ok(Self {
            keeps_customers,
            ..tonight
        })
    }

    pub(super) fn against(
        header: &Header,
        base: Option<&'n Base>,
        deadlines: &'n BTreeMap<Severity, Span>,
        privacy: Privacy<'n>,
    ) -> Self {
        let mut lists = Lists::default();
        for (policy, rule) in header.rules() {
            lists.rules.index(&EarlierRule {
                policy: policy.id.clone(),
                rule: rule.id.clone(),
                sha256: Some(rule.sha256.clone()),
            });
        }
        if let Some(base) = base {
            lists.instants = base.lists.instants.clone();
            lists.waivers = base.lists.waivers.clone();
        }
        let as_of = header.instant();
        let now_index = lists.instants.index(&as_of);
        Self {
            as_of,
            base,
            now: base.map_or_else(Vec::new, |base| relation::now(base, header)),
            then: base.map_or_else(Vec::new, |base| relation::then(base, header)),
            deadlines,
            waivers: HashSet::new(),
            privacy,
            keeps_customers: false,
            splits: Moves::default(),
            is_report: false,
            says_itself: false,
            decided: None,
            lists,
            now_index,
        }
    }

    /// Returns the night before, if there is one.
    pub fn base(&self) -> Option<&'n Base> {
        self.base
    }

    /// Returns whether the next night is to know what was found.
    pub(super) fn keeps_names(&self) -> bool {
        self.keeps_customers
    }

    /// Sets the ids of the waivers that are in force.
    #[must_use]
    pub fn waivers(mut self, in_force: impl IntoIterator<Item = String>) -> Self {
        for waiver in in_force {
            self.lists.waivers.index(&waiver);
            self.waivers.insert(waiver);
        }
        self
    }

    /// Sets how findings can leave the slices by which reports are split.
    #[must_use]
    pub fn split(mut self, splits: Moves) -> Self {
        self.splits = splits;
        self
    }

    /// Sets what several records of one name came to.
    #[must_use]
    pub fn decided(mut self, decided: Option<&'n SortedFile<Entry>>) -> Self {
        self.decided = decided;
        self
    }

    /// Returns the customer of a record with this id, whose account was made then, and notes
    /// that there is one.
    ///
    /// # Errors
    ///
    /// The earlier findings cannot be read.
    pub fn customer(
        &self,
        id: Option<&str>,
        created: Option<DateTime<Utc>>,
    ) -> io::Result<Customer> {
        let mut customer = Customer {
            created,
            ..Customer::default()
        };
        let Some(id) = id else {
            return Ok(customer);
        };
        // Whether an id must be hidden is asked only where some were.
        let is_plain = !self.privacy.is_pseudonymous() && !self.hides_ids() && id.len() < LONG;
        let shown = match is_plain {
            true => Cow::Borrowed(id),
            false => display_id(self.privacy, "id", id),
        };
        customer.key = Key::of_id(&shown);
        customer.known = match self.privacy.is_pseudonymous() || shown == id {
            true => Some(customer.key),
            false => Some(Key::of_id(id)),
        };
        self.look_up(&mut customer)?;
        Ok(customer)
    }

    /// Returns what is about the whole export, as if it were a customer.
    ///
    /// # Errors
    ///
    /// The earlier findings cannot be read.
    pub fn whole_export(&self) -> io::Result<Customer> {
        let mut customer = Customer::default();
        self.look_up(&mut customer)?;
        Ok(customer)
    }

    fn look_up(&self, customer: &mut Customer) -> io::Result<()> {
        if let Some(base) = self.base {
            base.entries.find(customer.key, &mut customer.earlier)?;
        }
        if let Some(decided) = self.decided {
            decided.find(customer.key, &mut customer.decided)?;
        }
        Ok(())
    }

    /// Returns whether ids may have to be hidden: else nobody need look whether one must.
    fn hides_ids(&self) -> bool {
        self.base.is_some_and(|base| base.hides_ids)
    }

    /// Says in a finding how it relates to the night before, and notes that it was found.
    ///
    /// # Errors
    ///
    /// What is known of customers and findings cannot be read.
    pub fn finding(
        &self,
        row: &mut FindingRow<'_>,
        rule_index: usize,
        customer: &Customer,
        part: &mut Part,
    ) -> io::Result<()> {
        let has_identity = row.customer_id.is_some() || row.record.is_none();
        let fingerprint = Key::of_fingerprint(&row.fingerprint);
        let waiver = row.waiver.as_ref().map(|waiver| waiver.id.to_string());
        let mut entry = Entry {
            customer: match row.customer_id.as_deref() {
                Some(REDACTED) => Key::of_id(REDACTED),
                Some(_) => customer.key,
                None => Key::NONE,
            },
            fingerprint,
            order: 0,
            // There are fewer rules than bytes in a policy.
            rule: u32::try_from(rule_index).unwrap_or(u32::MAX),
            severity: row.severity,
            status: row.status,
            said: said(row.reason, row.evidence_digest.as_deref(), &row.evidence),
            by_digest: row.evidence_digest.is_some(),
            first_seen: self.now_index,
            due_from: None,
            waiver: waiver.and_then(|waiver| self.lists.waivers.known(&waiver)),
            reopened: false,
            since: Since::New,
            because: None,
            worse: false,
            overdue: false,
            known: has_identity,
            slice: slice_digest(&row.slice),
        };
        let of_name = |entries: &[(u64, Entry)]| {
            let mut entries = entries.iter();
            let of_name = entries.find(|(_, one)| has_identity && one.fingerprint == fingerprint);
            of_name.copied()
        };
        let earlier = of_name(&customer.earlier);
        let (state, status, severity) = match of_name(&customer.decided) {
            Some((_, decided)) => (State::of(&decided), decided.status, decided.severity),
            None => {
                let earlier = earlier.as_ref().map(|(_, earlier)| earlier);
                let said = row.life.filter(|_| self.says_itself);
                let state = match said {
                    Some(life) => self.as_said(&life, &entry, earlier),
                    None => self.state(&entry, earlier, customer)?,
                };
                (state, entry.status, entry.severity)
            }
        };
        let mut life = self.life(state, status, severity);
        state.write(&mut entry);
        entry.overdue = life.overdue;
        if let Some((place, earlier)) = earlier {
            part.marks.push((place, Mark::FOUND));
            let moves = Moves {
                of_slice: earlier.slice != entry.slice && earlier.slice != 0,
                of_severity: earlier.severity != entry.severity,
            };
            let moves = moves.among(self.splits);
            for (has_moved, mark) in [
                (moves.of_slice, Mark::OTHER_SLICE),
                (moves.of_severity, Mark::OTHER_SEVERITY),
            ] {
                part.marks.extend(has_moved.then_some((place, mark)));
            }
            life.was_open = earlier.status != Status::Waived;
            life.moves = moves;
        }
        row.life = Some(life);
        part.found.push(entry);
        Ok(())
    }

    /// Notes what became of the earlier findings of a record's customer, beside those that
    /// are found; `standing` says how a rule, by its index, regards the record.
    pub fn record(
        &self,
        customer: &Customer,
        part: &mut Part,
        standing: &dyn Fn(usize) -> Standing,
    ) {
        match customer.known {
            Some(known) if self.keeps_customers => part.customers.push(known),
            Some(_) => {}
            None => {
                part.has_nameless = true;
                return;
            }
        }
        for (place, entry) in &customer.earlier {
            let Some(Now::Asked { index, .. }) = self.now.get(entry.rule as usize) else {
                // Whoever it is, the customer is still there.
                part.marks.push((*place, Mark::UNDECIDED));
                continue;
            };
            let mark = match standing(*index) {
                Standing::OutOfScope | Standing::NotApplicable => Mark::LEFT,
                Standing::Pass => Mark::PASS,
                Standing::PassByAbsence => Mark::PASS_BY_ABSENCE,
                Standing::Undecided => Mark::UNDECIDED,
                // It has been noted.
                Standing::Listed => continue,
            };
            part.marks.push((*place, mark));
        }
    }

    /// Returns whether there are earlier findings of a customer, of which a record has to
    /// say something.
    pub fn has_earlier(&self, customer: &Customer) -> bool {
        customer.known.is_some() && !customer.earlier.is_empty()
    }

    /// Returns what the findings of one name come to.
    fn state(
        &self,
        entry: &Entry,
        earlier: Option<&Entry>,
        customer: &Customer,
    ) -> io::Result<State> {
        if let Some(earlier) = earlier {
            return Ok(self.again(earlier, entry));
        }
        let (since, because) = match self.base {
            None => (Since::Open, Some(Because::FirstRun)),
            Some(base) => (Since::New, self.why_new(base, entry, customer)?),
        };
        let ended = self.base.and_then(|base| base.beside.ended.as_ref());
        let reopened = match ended {
            Some(ended) if entry.known => ended.contains(entry.fingerprint)?,
            Some(_) | None => false,
        };
        Ok(State {
            since,
            because,
            worse: false,
            first_seen: self.now_index,
            due_from: None,
            reopened,
        })
    }

    /// Returns what the findings of one name come to that was found before.
    pub(super) fn again(&self, earlier: &Entry, now: &Entry) -> State {
        let base = self.base;
        let waiver = earlier.waiver.and_then(|waiver| {
            let base = base?;
            base.lists.waivers.get(waiver)
        });
        let was_waived = earlier.status == Status::Waived && now.status != Status::Waived;
        let is_there = waiver.is_some_and(|waiver| self.waivers.contains(waiver));
        // A report does not say which waivers were in force.
        let has_ended = was_waived && !is_there && !self.is_report;
        let since = match (has_ended, now.says_the_same(earlier)) {
            (true, _) => Since::New,
            (false, true) => Since::Open,
            (false, false) => Since::Changed,
        };
        State {
            since,
            because: has_ended.then_some(Because::WaiverEnded),
            worse: since == Since::Changed && now.is_worse_than(earlier),
            first_seen: earlier.first_seen,
            due_from: match has_ended {
                true => Some(self.now_index),
                false => earlier.due_from,
            },
            reopened: earlier.reopened,
        }
    }

    /// Returns what a report says itself of a finding.
    fn as_said(&self, life: &Life, entry: &Entry, earlier: Option<&Entry>) -> State {
        let index = |instant: DateTime<Utc>| self.lists.instants.known(&instant);
        let is_changed = life.since == Since::Changed;
        State {
            since: life.since,
            because: life.because,
            worse: is_changed && earlier.is_some_and(|earlier| entry.is_worse_than(earlier)),
            first_seen: index(life.first_seen).unwrap_or(self.now_index),
            due_from: life.due_from.and_then(index),
            reopened: life.reopened,
        }
    }

    fn why_new(
        &self,
        base: &Base,
        entry: &Entry,
        customer: &Customer,
    ) -> io::Result<Option<Because>> {
        let then = self.then.get(entry.rule as usize);
        if let Some(because) = then.and_then(|then| then.because()) {
            return Ok(Some(because));
        }
        if self.is_report {
            // Who has no finding in a report may be in its exports all the same.
            let is_known = !customer.earlier.is_empty() || entry.customer == Key::NONE;
            return Ok((is_known && entry.known).then_some(Because::CustomerChanged));
        }
        let is_new = match &base.beside.known {
            Some(known) => match customer.known {
                Some(id) => !known.contains(id)?,
                // What is about the whole export is about customers who are known.
                None => entry.customer != Key::NONE || !entry.known,
            },
            None => customer
                .created
                .is_some_and(|created| created > base.as_of()),
        };
        Ok(Some(match is_new {
            true => Because::CustomerNew,
            false => Because::CustomerChanged,
        }))
    }

    /// Returns the first night of an unbroken life.
    pub(super) fn first_seen(&self, entry: &Entry) -> DateTime<Utc> {
        let first_seen = self.lists.instants.get(entry.first_seen);
        first_seen.copied().unwrap_or(self.as_of)
    }

    /// Returns how findings that came to this relate to the nights before.
    pub(super) fn life(&self, state: State, status: Status, severity: Severity) -> Life {
        let instant = |index: u32| self.lists.instants.get(index).copied();
        let first_seen = instant(state.first_seen).unwrap_or(self.as_of);
        let due_from = state.due_from.and_then(instant);
        let from = due_from.unwrap_or(first_seen);
        let due = match status {
            Status::Waived => None,
            Status::Fail | Status::Error => {
                self.deadlines.get(&severity).map(|span| span.after(from))
            }
        };
        Life {
            since: state.since,
            because: state.because,
            first_seen,
            due,
            overdue: due.is_some_and(|due| due <= self.as_of),
            reopened: state.reopened,
            due_from,
            was_open: false,
            moves: Moves::default(),
        }
    }
}

impl State {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            since: entry.since,
            because: entry.because,
            worse: entry.worse,
            first_seen: entry.first_seen,
            due_from: entry.due_from,
            reopened: entry.reopened,
        }
    }

    pub(super) fn write(self, entry: &mut Entry) {
        let Self {
            since,
            because,
            worse,
            first_seen,
            due_from,
            reopened,
        } = self;
        entry.since = since;
        entry.because = because;
        entry.worse = worse;
        entry.first_seen = first_seen;
        entry.due_from = due_from;
        entry.reopened = reopened;
    }
}
