//! A run that is known by its report alone, held against an older report.

use std::collections::BTreeMap;
use std::io;

use super::base::Base;
use super::comparable::{comparable, is_no_later};
use super::entry::Key;
use super::error::Error;
use super::part::{Mark, Part};
use super::relation::Now;
use super::tonight::Tonight;
use crate::finding::Privacy;
use crate::policy::Severity;
use crate::record::time::Span;
use crate::report::{Closed, End, Header};

impl<'n> Tonight<'n> {
    /// Returns what the findings of a report with this header are held against: those of
    /// another, of the same instant or an earlier one. Who is not among its findings is not
    /// known.
    ///
    /// # Errors
    ///
    /// They cannot be compared.
    pub fn of_report(
        header: &Header,
        base: &'n Base,
        deadlines: &'n BTreeMap<Severity, Span>,
    ) -> Result<Self, Error> {
        is_no_later(base, header)?;
        comparable(base, header)?;
        // Its ids are as they are shown.
        let mut tonight = Self::against(header, Some(base), deadlines, Privacy::Shown);
        tonight.is_report = true;
        let previous = header.previous.as_ref().and_then(Option::as_ref);
        tonight.says_itself = previous.is_some_and(|previous| previous.sha256 == base.sha256);
        Ok(tonight)
    }

    /// Notes what a report says itself of a finding that is not there any more.
    ///
    /// # Errors
    ///
    /// The earlier findings cannot be read.
    pub fn closed(&self, closed: &Closed, part: &mut Part) -> io::Result<()> {
        let customer = match &closed.customer_id {
            Some(id) => self.customer(Some(id), None)?,
            None => return Ok(()),
        };
        let fingerprint = Key::of_fingerprint(&closed.fingerprint);
        let mut earlier = customer.earlier.iter();
        let Some((place, entry)) = earlier.find(|(_, one)| one.fingerprint == fingerprint) else {
            return Ok(());
        };
        let is_other = matches!(
            self.now.get(entry.rule as usize),
            Some(Now::Asked { is_same: false, .. })
        );
        let mark = match closed.state {
            End::Fixed => Mark::PASS,
            End::Left => Mark::LEFT,
            End::Gone => Mark::GONE,
            // It was judged by another rule than the one that the report compares with.
            End::RuleChanged if is_other => Mark::LEFT,
            End::RuleChanged | End::RuleRemoved => return Ok(()),
        };
        part.marks.push((*place, mark));
        Ok(())
    }
}
