//! What is to be done with the ticket of a slice.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::model::ended::Ended;
use super::model::footer::{Footer, Slice, Summary};
use super::model::header::Header;
use super::model::life::{End, Since, SinceCounts};
use super::model::row::FindingRow;
use crate::digest;
use crate::policy::Severity;
use crate::text::{count, escape_controls, grouped, short};
use crate::totals::Gap;

/// Says what is to be done with the ticket of a slice.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Action {
    /// Open one: nothing of the slice was open the night before.
    Create,
    /// Say in it what is new.
    Update,
    /// Close it: nothing of the slice is left.
    Close,
    /// Leave it as it is.
    None,
}

/// Says what a ticket system has to know of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The slice.
    pub slice: Slice,
    /// The name by which its ticket is found, the same every night.
    pub key: String,
    /// What is to be done.
    pub action: Action,
    /// A line that says what it is about.
    pub title: String,
    /// How its findings relate to the night before.
    pub counts: SinceCounts,
    /// How severe the most severe of its findings is that is not waived.
    pub most_severe: Option<Severity>,
    /// Whether the next night has to be told of it, as no earlier finding does: nothing is
    /// left of it, and its ticket can be closed once the exports are read whole, or it is of
    /// records without an id.
    pub is_pending: bool,
}

/// Counts the findings of a slice, beside what its report counts.
#[derive(Debug, Clone, Default)]
pub struct TicketCounts {
    /// How its findings relate to the night before.
    pub counts: SinceCounts,
    /// Whether something was open the night before.
    was_open: bool,
    /// Whether something has left the slice for another.
    has_moved: bool,
    /// Whether a finding is of a record without an id, which no other night can know again.
    has_nameless: bool,
    /// The name of the customer of the first finding.
    pub customer_name: Option<String>,
}

impl TicketCounts {
    /// Counts a finding.
    pub fn finding(&mut self, row: &FindingRow<'_>) {
        self.name(row.customer_name.as_deref());
        self.has_nameless |= row.customer_id.is_none() && row.record.is_some();
        let Some(life) = &row.life else {
            return;
        };
        match life.since {
            Since::New => self.counts.new += 1,
            Since::Changed => self.counts.changed += 1,
            Since::Open => self.counts.open += 1,
        }
        self.counts.overdue += u64::from(life.overdue);
        // Where it has moved, it was open elsewhere.
        self.was_open |= life.was_open && !life.moves.are_some();
    }

    /// Counts a finding of the night before that is none of this one, or of another slice.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        match ended {
            Ended::Closed(closed) => {
                self.name(closed.customer_name.as_deref());
                self.was_open |= closed.was_open;
                let counts = &mut self.counts;
                match closed.state {
                    End::Fixed => counts.fixed += 1,
                    End::RuleChanged => counts.rule_changed += 1,
                    End::Left => counts.left += 1,
                    End::Gone => counts.gone += 1,
                    End::RuleRemoved => counts.rule_removed += 1,
                }
            }
            Ended::Carried(carried) => {
                let row = &carried.row;
                self.name(row.customer_name.as_deref());
                self.counts.unknown += 1;
                self.counts.overdue += u64::from(row.life.is_some_and(|life| life.overdue));
                self.was_open |= !row.is_waived();
            }
            Ended::Moved(row, _) => {
                self.has_moved = true;
                self.was_open |= !row.is_waived();
            }
        }
    }

    /// Counts that the slice was open the night before, of which no finding says so.
    pub fn pending(&mut self) {
        self.was_open = true;
    }

    fn name(&mut self, name: Option<&str>) {
        let is_name = |name: &&str| !name.trim().is_empty();
        if self.customer_name.is_none() {
            self.customer_name = name.filter(is_name).map(str::to_owned);
        }
    }

    /// Returns what is to be done where so many findings are open; `is_whole` says whether
    /// the exports were read whole.
    fn action(&self, open: u64, is_whole: bool) -> Action {
        let SinceCounts {
            new,
            changed,
            unknown,
            ..
        } = self.counts;
        let is_left = open > 0 || unknown > 0;
        let is_news = new + changed + self.counts.closed() > 0 || self.has_moved;
        match (self.was_open, is_left) {
            (false, _) if open > 0 => Action::Create,
            (false, _) => Action::None,
            (true, false) if is_whole => Action::Close,
            (true, _) if is_news => Action::Update,
            (true, _) => Action::None,
        }
    }
}

/// The largest number of characters of what a title is about.
const MAX_TITLE: usize = 100;

/// Says what the report of a slice is about, on one line: whom, and how many findings are
/// open.
pub fn title(summary: &Summary, slice: &Slice) -> String {
    let about = match (&slice.customer_name, &slice.value, slice.by.as_str()) {
        (Some(name), Some(id), "customer") => {
            format!("{} ({})", escape_controls(name), escape_controls(id))
        }
        _ => slice.to_string(),
    };
    let since = summary.since.unwrap_or_default();
    let (open, waived) = (summary.counts.findings(), summary.counts.waived);
    let some = |number: u64, words: String| (number > 0).then_some(words);
    let severe = most_severe(summary).map(|severity| format!("most severe {severity}"));
    let said: Vec<_> = [
        some(open, count(open, "open finding", "open findings")),
        severe,
        some(
            since.unknown,
            format!("{} not judged", grouped(since.unknown)),
        ),
        some(since.overdue, format!("{} overdue", grouped(since.overdue))),
        some(waived, format!("{} waived", grouped(waived))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let said = match open + since.unknown {
        0 => [vec!["no open finding".to_owned()], said].concat(),
        _ => said,
    };
    format!("{}: {}", short(&about, MAX_TITLE), said.join(", "))
}

/// Returns how severe the most severe finding is that nobody has accepted.
fn most_severe(summary: &Summary) -> Option<Severity> {
    let found = summary.by_severity.iter();
    let found = found.filter(|(_, counts)| counts.findings() > 0);
    found.map(|(severity, _)| *severity).max()
}

impl Ticket {
    /// Returns what a ticket system has to know of a slice whose report came to this, with
    /// what is counted beside it.
    pub fn new(
        (header, job): (&Header, Option<&str>),
        footer: &Footer,
        slice: &Slice,
        counted: &TicketCounts,
    ) -> Self {
        let summary = &footer.summary;
        let is_whole = Gap::are_of_whole_exports(&summary.incomplete_because);
        let open = summary.counts.findings();
        let is_left = open > 0 || counted.counts.unknown > 0;
        Self {
            slice: slice.clone(),
            key: key(header, job, slice),
            is_pending: match is_left {
                true => open > 0 && counted.has_nameless,
                false => counted.was_open && !is_whole,
            },
            action: counted.action(open, is_whole),
            title: title(summary, slice),
            counts: counted.counts,
            most_severe: most_severe(summary),
        }
    }
}

/// Returns the name by which the ticket of a slice is found: that of the job, or of its
/// policies in any order, and the slice.
fn key(header: &Header, job: Option<&str>, slice: &Slice) -> String {
    let mut policies: Vec<_> = header.policies.iter().map(|one| one.id.as_str()).collect();
    policies.sort_unstable();
    let job = job.map_or_else(|| policies.join("+"), str::to_owned);
    let value = slice.value.as_deref().unwrap_or_default();
    let digest = digest::of_bytes("", value.as_bytes()).sha256;
    format!("audit/{job}/{}/{digest:.16}", slice.by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_opened_once_and_closed_only_where_nothing_is_left_for_certain() {
        let counted = |was_open, unknown, new, fixed| TicketCounts {
            counts: SinceCounts {
                new,
                fixed,
                unknown,
                ..SinceCounts::default()
            },
            was_open,
            ..TicketCounts::default()
        };
        for (counts, open, is_whole, action) in [
            (counted(false, 0, 1, 0), 1, true, Action::Create),
            (counted(false, 0, 0, 0), 0, true, Action::None),
            (counted(true, 0, 1, 0), 2, true, Action::Update),
            (counted(true, 0, 0, 1), 2, true, Action::Update),
            (counted(true, 0, 0, 0), 2, true, Action::None),
            (counted(true, 0, 0, 2), 0, true, Action::Close),
            (counted(true, 0, 0, 2), 0, false, Action::Update),
            (counted(true, 1, 0, 1), 0, true, Action::Update),
            (counted(true, 1, 0, 0), 0, true, Action::None),
        ] {
            assert_eq!(counts.action(open, is_whole), action, "{counts:?}");
        }
    }
}
