//! `audit waive`: waivers of findings of a report, to be reviewed and appended to a file.
//! It changes nothing.

use std::io::Write;

use chrono::{Days, NaiveDate};
use strum::VariantArray;

use super::error::Error;
use super::exit::Exit;
use crate::finding::redaction::REDACTED;
use crate::finding::{Reason, Status, digest_of};
use crate::options::{Expiry, WaiveOptions};
use crate::record::{Absent, FIELDS, Field, OwnedValue, Raw};
use crate::report::{self, Ended, FindingRow, Header, Listener, Rejected};
use crate::toml_reader::Word;
use crate::waiver::keys::WaiverKey;
use crate::waiver::value::{quoted, write};
use crate::waiver::{Covers, Term, same_person};

/// Says why no waiver can be written.
#[derive(Debug, thiserror::Error)]
pub enum WaiveError {
    /// The report has no such finding.
    #[error("the report has no finding with the fingerprint `{0}`")]
    NoFinding(String),
    /// The finding is about no customer who can be named.
    #[error("`{0}` is about no customer with an id: a waiver names its customer")]
    NoCustomer(String),
    /// The report does not show the id of the customer.
    #[error(
        "`{0}`: the report does not show the customer's id: give it as the export has it, with \
         --customer ID"
    )]
    HiddenCustomer(String),
    /// One customer is given for several findings.
    #[error("--customer is for one finding, and there are {0}")]
    SeveralCustomers(usize),
    /// The report does not say what was seen.
    #[error(
        "`{0}`: a value is redacted, and there is no digest of the evidence: a report of a run with \
         --pseudonymise has one; or give --any-value"
    )]
    Redacted(String),
    /// What cannot be decided is waived for any value.
    #[error(
        "`{0}` could not be decided: such an outcome is waived for what was seen, not for any value"
    )]
    AnyError(String),
    /// The dates of the waiver are none that one may have.
    #[error("{0}: {1}")]
    Term(String, String),
    /// The person who asks approves.
    #[error("--approved-by is another person than --requested-by, and both are `{0}`")]
    SamePerson(String),
}

/// Writes a waiver for each of the findings.
pub(super) fn waive(options: &WaiveOptions, out: &mut dyn Write) -> Result<Exit, Error> {
    if same_person(&options.requested_by, &options.approved_by) {
        return Err(WaiveError::SamePerson(options.approved_by.clone()).into());
    }
    if options.customer.is_some() && options.fingerprints.len() > 1 {
        return Err(WaiveError::SeveralCustomers(options.fingerprints.len()).into());
    }
    let mut wanted = Wanted {
        fingerprints: &options.fingerprints,
        rows: vec![None; options.fingerprints.len()],
        header: None,
    };
    let footer = report::read(&options.report, &mut wanted)?;
    let day = wanted
        .header
        .as_ref()
        .map(|header| header.instant().date_naive());
    let approved = options.approved.or(day).unwrap_or_default();
    let term = term(approved, options.expires)?;
    let is_hidden = footer.summary.pseudonymised;
    for (fingerprint, row) in options.fingerprints.iter().zip(&wanted.rows) {
        let Some(row) = row else {
            return Err(WaiveError::NoFinding(fingerprint.clone()).into());
        };
        let block = Block {
            options,
            row,
            term,
            customer: customer(row, options, is_hidden)?,
        };
        block.write(out)?;
    }
    Ok(Exit::Clean)
}

fn term(approved: NaiveDate, expires: Expiry) -> Result<Term, WaiveError> {
    let expires = match expires {
        Expiry::On(day) => day,
        Expiry::After(days) => {
            let day = approved.checked_add_days(Days::new(days.into()));
            day.unwrap_or(NaiveDate::MAX)
        }
    };
    Term::new(approved, expires).map_err(|(message, help)| WaiveError::Term(message, help))
}

/// Returns the id of the customer, as the export has it.
fn customer(
    row: &FindingRow<'_>,
    options: &WaiveOptions,
    is_hidden: bool,
) -> Result<String, WaiveError> {
    let fingerprint = || row.fingerprint.to_string();
    let Some(shown) = &row.customer_id else {
        return Err(WaiveError::NoCustomer(fingerprint()));
    };
    let is_hidden = is_hidden || shown == REDACTED || shown.contains("… [");
    match (&options.customer, is_hidden) {
        (Some(id), _) => Ok(id.clone()),
        (None, false) => Ok(shown.to_string()),
        (None, true) => Err(WaiveError::HiddenCustomer(fingerprint())),
    }
}

/// Keeps the findings of a report that are wanted.
struct Wanted<'w> {
    fingerprints: &'w [String],
    /// The first with each fingerprint.
    rows: Vec<Option<FindingRow<'static>>>,
    header: Option<Header>,
}

impl Listener for Wanted<'_> {
    type Error = Error;

    fn header(&mut self, header: Header) -> Result<(), Error> {
        self.header = Some(header);
        Ok(())
    }

    fn finding(&mut self, _: usize, row: FindingRow<'static>) -> Result<(), Error> {
        let is_it = |fingerprint: &String| *fingerprint == row.fingerprint;
        if let Some(index) = self.fingerprints.iter().position(is_it) {
            self.rows[index].get_or_insert(row);
        }
        Ok(())
    }

    fn ended(&mut self, _: Ended<'static>) -> Result<(), Error> {
        Ok(())
    }

    fn rejected(&mut self, _: Rejected<'static>) -> Result<(), Error> {
        Ok(())
    }
}

/// Holds what a waiver of a finding says.
struct Block<'b> {
    options: &'b WaiveOptions,
    row: &'b FindingRow<'static>,
    term: Term,
    customer: String,
}

impl Block<'_> {
    fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        let (options, row) = (self.options, self.row);
        let covers = covers(row);
        let holds_for = self.holds_for(covers)?;
        writeln!(out, "[[waiver]]")?;
        for key in WaiverKey::VARIANTS {
            let name = key.word();
            let value = match key {
                WaiverKey::Id => {
                    let end = row.fingerprint.get(..8).unwrap_or(&row.fingerprint);
                    quoted(&format!("{}-{end}", options.id))
                }
                WaiverKey::Policy => quoted(&row.policy),
                WaiverKey::Rule => quoted(&row.rule),
                WaiverKey::Customer => quoted(&self.customer),
                WaiverKey::Outcome if covers == Covers::Error => quoted(&covers.to_string()),
                WaiverKey::Value => {
                    for (field, value) in holds_for.values() {
                        writeln!(out, "{name}.{field} = {value}")?;
                    }
                    continue;
                }
                WaiverKey::Evidence => match &holds_for {
                    HoldsFor::Evidence(digest) => quoted(digest),
                    HoldsFor::Values(_) | HoldsFor::AnyValue => continue,
                },
                WaiverKey::AnyValue => match holds_for {
                    HoldsFor::AnyValue => true.to_string(),
                    HoldsFor::Values(_) | HoldsFor::Evidence(_) => continue,
                },
                WaiverKey::Reason => quoted(&options.reason),
                WaiverKey::Ticket => match &options.ticket {
                    Some(ticket) => quoted(ticket),
                    None => continue,
                },
                WaiverKey::RequestedBy => quoted(&options.requested_by),
                WaiverKey::ApprovedBy => quoted(&options.approved_by),
                WaiverKey::Approved => self.term.approved.to_string(),
                WaiverKey::Expires => self.term.expires.to_string(),
                WaiverKey::Customers | WaiverKey::Outcome => continue,
            };
            writeln!(out, "{name} = {value}")?;
        }
        writeln!(out)?;
        Ok(())
    }

    /// Returns what the waiver holds for: the values that were seen, where the report shows
    /// just these, else the evidence with its digest.
    fn holds_for(&self, covers: Covers) -> Result<HoldsFor, WaiveError> {
        let (row, fingerprint) = (self.row, || self.row.fingerprint.to_string());
        if self.options.any_value {
            return match covers {
                Covers::Fail => Ok(HoldsFor::AnyValue),
                Covers::Error => Err(WaiveError::AnyError(fingerprint())),
            };
        }
        match (values(row), &row.evidence_digest) {
            (Some(values), _) => Ok(HoldsFor::Values(values)),
            (None, Some(digest)) => Ok(HoldsFor::Evidence(digest.to_string())),
            (None, None) => Err(WaiveError::Redacted(fingerprint())),
        }
    }
}

/// Says what a waiver holds for, as it is written.
enum HoldsFor {
    Values(Vec<(String, String)>),
    Evidence(String),
    AnyValue,
}

impl HoldsFor {
    fn values(&self) -> &[(String, String)] {
        match self {
            Self::Values(values) => values,
            Self::Evidence(_) | Self::AnyValue => &[],
        }
    }
}

/// Returns the outcome that a waiver of the finding accepts. Of one that is waived already
/// the report says no more than the reason.
fn covers(row: &FindingRow<'_>) -> Covers {
    match (row.status, row.reason) {
        (Status::Fail, _) => Covers::Fail,
        (Status::Error, _) => Covers::Error,
        (Status::Waived, reason) if is_bad(reason) => Covers::Error,
        (Status::Waived, _) => Covers::Fail,
    }
}

/// Returns whether something that cannot be read is the reason.
fn is_bad(reason: Reason) -> bool {
    match reason {
        Reason::WrongType | Reason::Unparsable | Reason::Conflict => true,
        Reason::Violated | Reason::Missing | Reason::Null | Reason::Empty => false,
    }
}

/// Returns what was seen in each field of the evidence, as TOML, if the report shows all of
/// it: the digest says so. A list may show its entries that are to blame alone, and a long
/// text its beginning.
fn values(row: &FindingRow<'_>) -> Option<Vec<(String, String)>> {
    let absent = |seen: &str| {
        let mut all = Absent::VARIANTS.iter().copied();
        all.find(|why| {
            seen.strip_prefix('[')
                .and_then(|seen| seen.strip_suffix(']'))
                == Some(why.name())
        })
    };
    let seen = row.evidence.iter();
    let seen = seen.map(|one| {
        (
            one.field.as_ref(),
            one.observed.as_ref(),
            absent(&one.observed),
        )
    });
    let parts = seen.clone();
    let parts = parts.map(|(field, seen, absent)| (field, seen, absent.is_some()));
    if row.evidence.is_empty() || digest_of(parts) != row.evidence_digest.as_deref()? {
        return None;
    }
    let mut values: Vec<(String, String)> = Vec::new();
    for (name, seen, absent) in seen {
        // What a field of a policy's own holds, the report does not say.
        let spec = FIELDS.iter().find(|spec| spec.name == name)?;
        let value = match absent {
            Some(why) => OwnedValue::Absent(why),
            None => OwnedValue::read(&Field::from(spec), Raw::Text(seen)),
        };
        let is_readable = !matches!(value, OwnedValue::Bad(_) | OwnedValue::Absent(_));
        // What the record could not be read as may read as something in quotes.
        if is_bad(row.reason) && is_readable {
            return None;
        }
        if !values.iter().any(|(known, _)| known == name) {
            values.push((name.to_owned(), write(&value, seen)));
        }
    }
    Some(values)
}
