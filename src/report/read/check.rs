//! Whether all that a report lists is what reports list, before any of it is used.

use super::outline::Outline;
use super::reader::{Listener, ReadError};
use crate::report::model::ended::Ended;
use crate::report::model::header::{Header, Rule};
use crate::report::model::life::Listed;
use crate::report::model::row::{FindingRow, Rejected};
use crate::text::{count, grouped};

/// Looks at what a report lists, and keeps none of it.
pub struct Check<'o> {
    path: &'o str,
    rules: Vec<&'o Rule>,
    /// The findings that it is bounded to.
    listed: &'o [Listed],
    /// How many findings it has so far.
    findings: u64,
    /// How many records that could not be read it lists so far, and how many it counts.
    rejected: u64,
    counted: u64,
    /// Whether it lists all of them: a slice lists none.
    is_whole: bool,
}

impl<'o> Check<'o> {
    /// Makes the check of a report with this outline.
    pub fn new(outline: &'o Outline, path: &'o str) -> Self {
        Self {
            path,
            rules: outline.header.rules().map(|(_, rule)| rule).collect(),
            listed: &outline.header.listed,
            findings: 0,
            rejected: 0,
            counted: outline.footer.summary.rejected,
            is_whole: outline.footer.summary.slice.is_none(),
        }
    }

    /// Says whether it lists as many records that could not be read as it counts.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn finish(self) -> Result<(), ReadError> {
        let counted = if self.is_whole { self.counted } else { 0 };
        if self.rejected == counted {
            return Ok(());
        }
        let listed = count(self.rejected, "record", "records");
        let counted = grouped(counted);
        Err(self.broken(format!(
            "it lists {listed} that could not be read instead of {counted}"
        )))
    }

    fn broken(&self, why: String) -> ReadError {
        let path = self.path.to_owned();
        ReadError::Broken { path, why }
    }
}

impl Listener for Check<'_> {
    type Error = ReadError;

    fn header(&mut self, _: Header) -> Result<(), ReadError> {
        Ok(())
    }

    fn finding(&mut self, rule_index: usize, row: FindingRow<'static>) -> Result<(), ReadError> {
        self.findings += 1;
        if !Listed::lists(self.listed, row.life.as_ref()) {
            return Err(self.broken(format!(
                "finding {} is none of those that it is bounded to",
                grouped(self.findings)
            )));
        }
        let Some(rule) = self.rules.get(rule_index) else {
            return Ok(());
        };
        match rule.severities().any(|severity| severity == row.severity) {
            true => Ok(()),
            false => Err(self.broken(format!(
                "finding {} is of severity `{}`, which rule `{}/{}` does not have",
                grouped(self.findings),
                row.severity,
                row.policy,
                row.rule
            ))),
        }
    }

    fn ended(&mut self, _: Ended<'static>) -> Result<(), ReadError> {
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), ReadError> {
        self.rejected += 1;
        Ok(())
    }
}
