//! What is to be done with the ticket of a slice.

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use super::model::ended::Ended;
use super::model::footer::{Footer, Slice};
use super::model::header::Header;
use super::model::life::{Because, End, Since, SinceCounts};
use super::model::row::FindingRow;
use crate::digest;
use crate::policy::Severity;
use crate::text::{count, escape_controls, short};

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
    /// Whether nothing is left of it, and its ticket can be closed once the exports are read
    /// whole.
    pub is_pending: bool,
}

/// Counts the findings of a slice.
#[derive(Debug, Clone, Default)]
pub struct TicketCounts {
    counts: SinceCounts,
    /// Findings that are not waived.
    open: u64,
    most_severe: Option<Severity>,
    /// Whether something was open the night before.
    was_open: bool,
    /// Whether something has left the slice for another.
    has_moved: bool,
    /// The name of the customer, if the findings are of one.
    customer_name: Option<String>,
}

impl TicketCounts {
    /// Counts a finding.
    pub fn finding(&mut self, row: &FindingRow<'_>) {
        if self.customer_name.is_none() {
            self.customer_name = row.customer_name.as_deref().map(str::to_owned);
        }
        if let Some(life) = &row.life {
            match life.since {
                Since::New => self.counts.new += 1,
                Since::Changed => self.counts.changed += 1,
                Since::Open => self.counts.open += 1,
            }
            self.counts.overdue += u64::from(life.overdue);
        }
        if row.is_waived() {
            return;
        }
        self.open += 1;
        self.most_severe = self.most_severe.max(Some(row.severity));
        self.was_open |= row.life.is_some_and(|life| match life.since {
            Since::New => false,
            Since::Changed => !life.moved,
            Since::Open => !life.moved && life.because != Some(Because::FirstRun),
        });
    }

    /// Counts a finding of the night before that is none of this one, or of another slice.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let counts = &mut self.counts;
        match ended {
            Ended::Closed(closed) => {
                self.was_open = true;
                if self.customer_name.is_none() {
                    self.customer_name.clone_from(&closed.customer_name);
                }
                match closed.state {
                    End::Fixed => counts.fixed += 1,
                    End::RuleChanged => counts.rule_changed += 1,
                    End::Left => counts.left += 1,
                    End::Gone => counts.gone += 1,
                    End::RuleRemoved => counts.rule_removed += 1,
                }
            }
            Ended::Carried(carried) => {
                counts.unknown += 1;
                counts.overdue += u64::from(carried.row.life.is_some_and(|life| life.overdue));
                self.was_open |= !carried.row.is_waived();
            }
            Ended::Moved(row) => {
                self.has_moved = true;
                self.was_open |= !row.is_waived();
            }
        }
    }

    /// Counts that the last finding ended on a night whose exports were not read whole.
    pub fn pending(&mut self) {
        self.was_open = true;
    }

    /// Returns whether something of the slice has ended.
    fn has_ended(&self) -> bool {
        let SinceCounts {
            fixed,
            rule_changed,
            left,
            gone,
            rule_removed,
            ..
        } = self.counts;
        self.has_moved || fixed + rule_changed + left + gone + rule_removed > 0
    }

    /// Returns what is to be done; `is_whole` says whether the exports were read whole.
    fn action(&self, is_whole: bool) -> Action {
        let is_left = self.open > 0 || self.counts.unknown > 0;
        let is_news = self.counts.new + self.counts.changed > 0 || self.has_ended();
        match (self.was_open, is_left) {
            (false, _) if self.open > 0 => Action::Create,
            (false, _) => Action::None,
            (true, false) if is_whole => Action::Close,
            (true, _) if is_news => Action::Update,
            (true, _) => Action::None,
        }
    }
}

/// The largest number of characters of what a title is about.
const MAX_TITLE: usize = 100;

impl Ticket {
    /// Returns what a ticket system has to know of a slice with these counts.
    pub fn new(header: &Header, footer: &Footer, slice: &Slice, counted: TicketCounts) -> Self {
        let mut gaps = footer.summary.incomplete_because.iter();
        let is_whole = gaps.all(|gap| gap.code.is_of_whole_exports());
        let about = match (&counted.customer_name, slice.by.as_str()) {
            (Some(name), "customer") => {
                let id = slice.value.as_deref().unwrap_or("[no id]");
                format!("{} ({})", escape_controls(name), escape_controls(id))
            }
            _ => slice.to_string(),
        };
        let open = count(counted.open, "open finding", "open findings");
        let severe = counted
            .most_severe
            .map(|severity| format!(", most severe {severity}"));
        let open = match counted.open {
            0 => "no open finding".to_owned(),
            _ => open,
        };
        let title = format!(
            "{}: {open}{}",
            short(&about, MAX_TITLE),
            severe.unwrap_or_default()
        );
        let is_left = counted.open > 0 || counted.counts.unknown > 0;
        Self {
            slice: slice.clone(),
            key: key(header, slice),
            is_pending: counted.was_open && !is_left && !is_whole,
            action: counted.action(is_whole),
            title,
            counts: counted.counts,
            most_severe: counted.most_severe,
        }
    }
}

/// Returns the name by which the ticket of a slice is found.
fn key(header: &Header, slice: &Slice) -> String {
    let policies: Vec<_> = header.policies.iter().map(|one| one.id.as_str()).collect();
    let value = slice.value.as_deref().unwrap_or_default();
    let digest = digest::of_bytes("", value.as_bytes()).sha256;
    format!("audit/{}/{}/{digest:.16}", policies.join("+"), slice.by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(was_open: bool, open: u64, unknown: u64, new: u64, fixed: u64) -> TicketCounts {
        TicketCounts {
            counts: SinceCounts {
                new,
                fixed,
                unknown,
                ..SinceCounts::default()
            },
            open,
            was_open,
            ..TicketCounts::default()
        }
    }

    #[test]
    fn a_ticket_is_opened_once_and_closed_only_where_nothing_is_left_for_certain() {
        for (counts, is_whole, action) in [
            (counted(false, 1, 0, 1, 0), true, Action::Create),
            (counted(false, 0, 0, 0, 0), true, Action::None),
            (counted(true, 2, 0, 1, 0), true, Action::Update),
            (counted(true, 2, 0, 0, 1), true, Action::Update),
            (counted(true, 2, 0, 0, 0), true, Action::None),
            (counted(true, 0, 0, 0, 2), true, Action::Close),
            (counted(true, 0, 0, 0, 2), false, Action::Update),
            (counted(true, 0, 1, 0, 1), true, Action::Update),
            (counted(true, 0, 1, 0, 0), true, Action::None),
        ] {
            assert_eq!(counts.action(is_whole), action, "{counts:?}");
        }
    }
}
