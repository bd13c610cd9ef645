//! From when until when a waiver holds, and what its dates may be.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::policy::MAX_DAYS;

/// From how many days before its end on it is said that a waiver ends.
pub const ENDING_DAYS: u64 = 30;

/// Holds the days between which a waiver holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The day on which it was approved.
    pub approved: NaiveDate,
    /// The first day on which it does not hold any more, from 00:00 UTC on.
    pub expires: NaiveDate,
}

impl Term {
    /// Returns the term between two days.
    ///
    /// # Errors
    ///
    /// It has no day, or too many; what would be right comes second.
    pub fn new(approved: NaiveDate, expires: NaiveDate) -> Result<Self, (String, String)> {
        let term = Self { approved, expires };
        if expires <= approved {
            return Err((
                "it expires before it begins".to_owned(),
                format!("`expires` is a day after {approved}, on which it was approved"),
            ));
        }
        term.within(MAX_DAYS, "a waiver").map(|()| term)
    }

    /// Returns whether it has at most so many days.
    ///
    /// # Errors
    ///
    /// It has more; what would be right comes second.
    pub fn within(self, most: u16, what: &str) -> Result<(), (String, String)> {
        if self.days() <= i64::from(most) {
            return Ok(());
        }
        let last = self.approved.checked_add_days(Days::new(most.into()));
        let latest = last.map(|last| format!("`expires` is {last} at the latest"));
        Err((
            format!(
                "it holds for {} days: {what} holds for {most} at most",
                self.days()
            ),
            latest.unwrap_or_default(),
        ))
    }

    fn days(self) -> i64 {
        (self.expires - self.approved).num_days()
    }

    /// Returns whether it has not ended at an instant.
    pub fn is_in_force(self, as_of: DateTime<Utc>) -> bool {
        as_of.date_naive() < self.expires
    }

    /// Returns how many days are left at an instant, if it ends soon.
    pub fn days_left(self, as_of: DateTime<Utc>) -> Option<u64> {
        let left = (self.expires - as_of.date_naive()).num_days();
        let left = u64::try_from(left).ok()?;
        (1..=ENDING_DAYS).contains(&left).then_some(left)
    }
}

/// Returns whether two names are of one person: without case, and blanks around them.
pub fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_term_has_a_day_and_a_year_at_most() {
        let term = |approved, expires| Term::new(day(approved), day(expires));
        assert!(term("2026-01-01", "2027-01-01").is_ok());
        let why = |approved, expires| term(approved, expires).expect_err("no term");
        let (message, help) = why("2026-01-01", "2027-01-02");
        assert_eq!(
            message,
            "it holds for 366 days: a waiver holds for 365 at most"
        );
        assert_eq!(help, "`expires` is 2027-01-01 at the latest");
        for expires in ["2026-01-01", "2025-12-31"] {
            assert_eq!(why("2026-01-01", expires).0, "it expires before it begins");
        }
    }

    #[test]
    fn a_term_ends_at_midnight_of_its_last_day() {
        let term = Term::new(day("2026-01-01"), day("2026-03-01")).expect("a term");
        let at = |instant: &str| instant.parse().expect("an instant");
        assert!(term.is_in_force(at("2026-02-28T23:59:59.999Z")));
        assert!(!term.is_in_force(at("2026-03-01T00:00:00Z")));
        for (instant, left) in [
            ("2026-01-29T23:59:59Z", None),
            ("2026-01-30T00:00:00Z", Some(30)),
            ("2026-02-28T23:59:59Z", Some(1)),
            ("2026-03-01T00:00:00Z", None),
        ] {
            assert_eq!(term.days_left(at(instant)), left, "{instant}");
        }
    }

    #[test]
    fn a_person_is_the_same_in_any_case() {
        assert!(same_person(" CISO", "ciso "));
        assert!(!same_person("ciso", "ciso-2"));
    }
}
