//! One reading of a report whose findings are lines: each is handed on as it is met, before
//! it is known whether the report is whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};
use std::path::Path;

use chrono::{DateTime, Utc};
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::ended_tally::EndedTally;
use super::file::ReportFile;
use super::outline::{Fault, Lines, Outline};
use super::reader::ReadError;
use super::tally::{Kind, Tally};
use crate::finding::{Evidence, Reason, Status};
use crate::policy::Severity;
use crate::report::model::footer::Footer;
use crate::report::model::header::Header;

/// Represents a finding, or one that was carried on, as far as the next night needs it.
#[derive(Debug, Deserialize)]
pub struct Skimmed<'l> {
    /// The policy's id.
    #[serde(borrow)]
    pub policy: Cow<'l, str>,
    /// The rule's id.
    #[serde(borrow)]
    pub rule: Cow<'l, str>,
    /// How severe it is.
    pub severity: Severity,
    /// Whether it fails, is undecided or waived; none, if it is closed.
    status: Option<Status>,
    /// Why it is listed; none, if it is closed.
    reason: Option<Reason>,
    #[serde(borrow)]
    customer_id: Option<&'l RawValue>,
    #[serde(borrow)]
    evidence: Option<&'l RawValue>,
    #[serde(borrow)]
    evidence_digest: Option<&'l str>,
    /// Its name.
    #[serde(borrow)]
    pub fingerprint: &'l str,
    #[serde(borrow)]
    waiver: Option<&'l RawValue>,
    /// The first night of its life, if the report says so.
    pub first_seen: Option<DateTime<Utc>>,
    /// The night from which its deadline counts, where that is another.
    pub due_from: Option<DateTime<Utc>>,
    /// Whether it had a life before this one.
    #[serde(default)]
    pub reopened: bool,
    /// The number of its record, if it is about one.
    pub record: Option<u64>,
    /// The digest of what its rule asked, if it was carried on.
    #[serde(borrow)]
    pub rule_sha256: Option<&'l str>,
    #[serde(borrow)]
    state: Option<&'l str>,
    #[serde(borrow)]
    slice: Option<&'l RawValue>,
}

/// What is in the fields by which reports are split, by field.
type Slices = Vec<(Cow<'static, str>, Cow<'static, str>)>;

/// Says what a line is.
enum Line<'l> {
    Finding(Box<Skimmed<'l>>),
    Carried(Box<Skimmed<'l>>),
    Closed(&'l str),
    /// It is something else, or not written as lines of this program are.
    Other,
}

#[derive(Deserialize)]
struct WaiverId<'l> {
    #[serde(borrow)]
    id: Cow<'l, str>,
}

impl Skimmed<'_> {
    /// Returns whether it fails, is undecided or waived.
    pub fn status(&self) -> Status {
        self.status.unwrap_or(Status::Fail)
    }

    /// Returns why it is listed.
    pub fn reason(&self) -> Reason {
        self.reason.unwrap_or(Reason::Violated)
    }

    /// Returns the customer's id.
    ///
    /// # Errors
    ///
    /// It is no text.
    pub fn customer_id(&self) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
        let id = self.customer_id.map(RawValue::get);
        id.map_or(Ok(None), |id| match plain(id) {
            Some(plain) => Ok(Some(Cow::Borrowed(plain))),
            None => serde_json::from_str::<Option<String>>(id).map(|id| id.map(Cow::Owned)),
        })
    }

    /// Returns the digest of its evidence, or the evidence itself.
    ///
    /// # Errors
    ///
    /// It is no evidence.
    pub fn evidence(&self) -> Result<(Option<&str>, Vec<Evidence<'static>>), serde_json::Error> {
        match (self.evidence_digest, self.evidence) {
            (Some(digest), _) => Ok((Some(digest), Vec::new())),
            (None, Some(evidence)) => {
                serde_json::from_str(evidence.get()).map(|evidence| (None, evidence))
            }
            (None, None) => Ok((None, Vec::new())),
        }
    }

    /// Returns what is in the fields by which reports of its run were split, by field.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn slice(&self) -> Result<Slices, serde_json::Error> {
        let Some(slice) = self.slice else {
            return Ok(Vec::new());
        };
        let slice: BTreeMap<String, String> = serde_json::from_str(slice.get())?;
        let parts = slice.into_iter();
        Ok(parts
            .map(|(name, value)| (name.into(), value.into()))
            .collect())
    }

    /// Returns the id of the waiver that accepts it.
    ///
    /// # Errors
    ///
    /// It is no waiver.
    pub fn waiver(&self) -> Result<Option<String>, serde_json::Error> {
        let waiver = self.waiver.map(|waiver| serde_json::from_str(waiver.get()));
        let waiver: Option<WaiverId<'_>> = waiver.transpose()?;
        Ok(waiver.map(|waiver| waiver.id.into_owned()))
    }
}

/// Returns the text that a JSON string is, if it has no escapes.
fn plain(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"')?.strip_suffix('"')?;
    (!text.contains('\\')).then_some(text)
}

impl<'l> Line<'l> {
    fn of(line: &'l [u8]) -> Self {
        let Ok(skimmed) = serde_json::from_slice::<Skimmed<'l>>(line) else {
            return Line::Other;
        };
        let is_digest = skimmed.fingerprint.len() == 32
            && skimmed
                .fingerprint
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit());
        let is_listed = skimmed.status.is_some() && skimmed.reason.is_some();
        match skimmed.state {
            _ if !is_digest => Line::Other,
            Some("unknown") if is_listed => Line::Carried(Box::new(skimmed)),
            Some(state) => Line::Closed(state),
            None if is_listed => Line::Finding(Box::new(skimmed)),
            None => Line::Other,
        }
    }
}

/// Reads a report whose findings are lines; `take` is handed each finding and each that was
/// carried on. Returns what it is about and what it came to; nothing, if it is not written
/// in lines, or is not what this program writes: [`super::read`] says why. What was handed
/// on counts only once this returns something.
///
/// # Errors
///
/// The report cannot be read, or `take` fails.
pub fn skim<E: From<ReadError>>(
    path: &Path,
    mut take: impl FnMut(&Skimmed<'_>) -> Result<(), E>,
) -> Result<Option<(Header, Footer)>, E> {
    let unreadable = |source| ReadError::Unreadable {
        path: path.display().to_string(),
        source,
    };
    let mut counts = Counted::default();
    let mut last = None;
    let lines = each_line(path, |line| {
        if last.is_some() {
            return Ok(false);
        }
        match Line::of(line) {
            Line::Finding(finding) if counts.lines.ended == 0 => {
                counts.tally.count(Kind {
                    policy: finding.policy.to_string(),
                    rule: finding.rule.to_string(),
                    severity: finding.severity.name().to_owned(),
                    status: finding.status().name().to_owned(),
                });
                counts.lines.findings += 1;
                take(&finding)?;
            }
            Line::Carried(carried) => {
                counts.ended.count("unknown".to_owned());
                counts.lines.ended += 1;
                take(&carried)?;
            }
            Line::Closed(state) => {
                counts.ended.count(state.to_owned());
                counts.lines.ended += 1;
            }
            Line::Finding(_) => return Ok(false),
            Line::Other => last = Some(line.to_vec()),
        }
        Ok(true)
    });
    match lines {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(EachError::Read(source)) => return Err(unreadable(source).into()),
        Err(EachError::Taken(error)) => return Err(error),
    }
    let Some(last) = last else {
        return Ok(None);
    };
    let Counted {
        tally,
        ended,
        lines,
    } = counts;
    match Outline::of_last_line(&last, &tally, &ended, lines) {
        Ok(outline) => Ok(Some((outline.header, outline.footer))),
        Err(Fault::Json(_) | Fault::NoReport | Fault::Newer(_) | Fault::Broken(_)) => Ok(None),
    }
}

#[derive(Default)]
struct Counted {
    tally: Tally,
    ended: EndedTally,
    lines: Lines,
}

enum EachError<E> {
    Read(io::Error),
    Taken(E),
}

impl<E> From<E> for EachError<E> {
    fn from(error: E) -> Self {
        Self::Taken(error)
    }
}

/// The longest line that is read whole.
const MAX_LINE: u64 = 1 << 30;

/// Hands on each line, unpacked, until one is refused; returns whether none was.
fn each_line<E>(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<bool, E>,
) -> Result<bool, EachError<E>> {
    let file = ReportFile::open(path).map_err(EachError::Read)?;
    let Some(mut file) = file else {
        return Ok(false);
    };
    let mut reader = file.reader().map_err(EachError::Read)?;
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut some = io::Read::take(&mut reader, MAX_LINE);
        let read = some.read_until(b'\n', &mut line).map_err(EachError::Read)?;
        if read == 0 {
            return Ok(true);
        }
        if line.last() != Some(&b'\n') {
            return Ok(false);
        }
        if !take(&line)? {
            return Ok(false);
        }
    }
}

/// What comes before the name of a finding in a line that this program wrote. In a text it
/// would have other quotes.
const FINGERPRINT: &[u8] = b"\"fingerprint\":\"";

/// What comes before what became of a finding of the night before.
const STATE: &[u8] = b"\"state\":\"";

/// Reads a report whose findings are lines, and hands each finding and each that was carried
/// on to `take` by its name alone; those that it wants are handed to `row`, as the whole
/// line. Returns false if the report is not written in such lines: [`super::read`] reads it.
///
/// # Errors
///
/// The report cannot be read, or one of both fails.
pub fn pick<E: From<ReadError>>(
    path: &Path,
    mut take: impl FnMut(&str) -> Result<bool, E>,
    mut row: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<bool, E> {
    let name = memmem::Finder::new(FINGERPRINT);
    let state = memmem::Finder::new(STATE);
    let mut is_last = false;
    let lines = each_line(path, |line| {
        let digits = name.find(line).map(|at| at + FINGERPRINT.len());
        let digits = digits.and_then(|at| line.get(at..at + 32));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(digits) = digits else {
            return Ok(!std::mem::replace(&mut is_last, true));
        };
        if is_last {
            return Ok(false);
        }
        let state = state.find(line).map(|at| &line[at + STATE.len()..]);
        if state.is_some_and(|state| !state.starts_with(b"unknown\"")) {
            return Ok(true);
        }
        if take(digits)? {
            row(line)?;
        }
        Ok(true)
    });
    lines.map_err(|error| match error {
        EachError::Read(source) => ReadError::Unreadable {
            path: path.display().to_string(),
            source,
        }
        .into(),
        EachError::Taken(error) => error,
    })
}
