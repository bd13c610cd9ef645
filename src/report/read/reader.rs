//! The two readings of a report, and who is handed what it holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer};

use super::check::Check;
use super::file::ReportFile;
use super::outline::{Fault, Lines, Outline};
use crate::report::model::ended::Ended;
use crate::report::model::footer::Footer;
use crate::report::model::header::{Header, SCHEMA_VERSION};
use crate::report::model::row::{FindingRow, Rejected};

/// Says why a report cannot be read again.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("report `{path}` could not be read")]
    Unreadable {
        /// The path of the report.
        path: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// It is something else than a JSON or NDJSON report of this program.
    #[error("`{path}` is not a json or ndjson report of audit")]
    NoReport {
        /// The path of the report.
        path: String,
    },
    /// It ends before its end, or says what no report says.
    #[error("report `{path}` is incomplete, or was changed after audit wrote it: {why}")]
    Broken {
        /// The path of the report.
        path: String,
        /// What is wrong, and where.
        why: String,
    },
    /// A later version of this program wrote it, in another shape.
    #[error(
        "report `{path}` has schema_version {version}, and this version of audit reads no later one than {SCHEMA_VERSION}: a newer version reads it"
    )]
    Newer {
        /// The path of the report.
        path: String,
        /// The version of its shape.
        version: u64,
    },
}

/// Takes in the parts of a report: first the header, then findings and records that
/// could not be read, in the order in which the report has them.
pub trait Listener {
    /// Says why it can take in no more.
    type Error: From<ReadError>;

    /// Takes what the report is about.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn header(&mut self, header: Header) -> Result<(), Self::Error>;

    /// Takes a finding, with the index of its rule among those of the header.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn finding(&mut self, rule_index: usize, row: FindingRow<'static>) -> Result<(), Self::Error>;

    /// Takes a finding of the night before that is none of the report.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn ended(&mut self, ended: Ended<'static>) -> Result<(), Self::Error>;

    /// Takes a record that could not be read.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Self::Error>;
}

/// How many bytes of a report say whether it is one.
const START: u64 = 256;

/// Reads a report; `-` is stdin. Returns what comes after the findings.
///
/// # Errors
///
/// It cannot be read, or the listener can take no more.
pub fn read<L: Listener>(path: &Path, listener: &mut L) -> Result<Footer, L::Error> {
    let shown = path.display().to_string();
    let unreadable = |source| ReadError::Unreadable {
        path: shown.clone(),
        source,
    };
    let no_report = || ReadError::NoReport {
        path: shown.clone(),
    };
    let file = ReportFile::open(path).map_err(unreadable)?;
    let mut file = file.ok_or_else(no_report)?;
    let mut start = Vec::new();
    let head = file.reader(None);
    let head = head.and_then(|head| head.take(START).read_to_end(&mut start));
    head.map_err(unreadable)?;
    let outline = Outline::read(file.reader(None).map_err(unreadable)?);
    let outline = outline.map_err(|fault| fault.of(&shown, &start))?;
    let broken = |error| Fault::Json(error).of(&shown, &start);
    // Nothing is handed on before all of it was looked at.
    let mut check = Check::new(&outline, &shown);
    let report = file.reader(None).map_err(unreadable)?;
    Handing::hand(&outline, report, &mut check).map_err(broken)??;
    check.finish()?;
    listener.header(outline.header.clone())?;
    let report = file.reader(None).map_err(unreadable)?;
    Handing::hand(&outline, report, listener).map_err(broken)??;
    Ok(outline.footer)
}

impl Fault {
    /// Returns why the report that begins so cannot be read.
    fn of(self, path: &str, start: &[u8]) -> ReadError {
        let path = path.to_owned();
        match self {
            Fault::Json(error) if error.is_io() => ReadError::Unreadable {
                path,
                source: error.into(),
            },
            Fault::Json(error) => match first_key(start) {
                Some(key) if KEYS.contains(&key) => ReadError::Broken {
                    path,
                    why: error.to_string(),
                },
                Some(_) | None => ReadError::NoReport { path },
            },
            Fault::NoReport => ReadError::NoReport { path },
            Fault::Newer(version) => ReadError::Newer { path, version },
            Fault::Broken(why) => ReadError::Broken { path, why },
        }
    }
}

/// Lists the keys of a report, of its last line and of a finding: what begins with one of
/// them is most likely a report, and was one before it was broken.
const KEYS: &[&str] = &[
    "tool",
    "schema_version",
    "fingerprint_scheme",
    "as_of",
    "pseudonym_key",
    "previous",
    "listed",
    "policies",
    "findings",
    "closed",
    "carried",
    "rejected",
    "exports",
    "coverage",
    "controls",
    "summary",
    "report",
    "policy",
    "rule",
    "severity",
    "status",
    "reason",
    "evidence",
    "evidence_digest",
    "fingerprint",
    "customer_id",
    "customer_name",
];

/// Returns the first key of an object.
fn first_key(start: &[u8]) -> Option<&str> {
    let object = start.trim_ascii_start().strip_prefix(b"{")?;
    let key = object.trim_ascii_start().strip_prefix(b"\"")?;
    let end = key.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&key[..end]).ok()
}

/// Represents a report whose outline is known, while its findings and its records that
/// could not be read are handed on one by one.
struct Handing<'h, 'l, L: Listener> {
    /// The indexes of rules among all, by policy and rule.
    rules: HashMap<(&'h str, &'h str), usize>,
    /// What comes before its last line; none, if it is one object.
    lines: Option<Lines>,
    listener: RefCell<&'l mut L>,
    /// Why the listener can take in no more.
    error: RefCell<Option<L::Error>>,
}

impl<'h, 'l, L: Listener> Handing<'h, 'l, L> {
    /// Hands on what a report holds; returns what the listener says, unless the report
    /// cannot be read.
    fn hand(
        outline: &'h Outline,
        report: impl Read,
        listener: &'l mut L,
    ) -> Result<Result<(), L::Error>, serde_json::Error> {
        let rules = outline.header.rules().enumerate();
        let handing = Self {
            rules: rules
                .map(|(index, (policy, rule))| ((policy.id.as_str(), rule.id.as_str()), index))
                .collect(),
            lines: outline.lines,
            listener: RefCell::new(listener),
            error: RefCell::new(None),
        };
        let handed = handing.all(report);
        match handing.error.into_inner() {
            // What the listener says comes first: it made the reading fail.
            Some(error) => Ok(Err(error)),
            None => handed.map(Ok),
        }
    }

    fn all(&self, report: impl Read) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_reader(report);
        let lines = self.lines.unwrap_or_default();
        for _ in 0..lines.findings {
            let row = FindingRow::deserialize(&mut json)?;
            self.finding(row)?;
        }
        for _ in 0..lines.ended {
            let ended = Ended::deserialize(&mut json)?;
            self.taken(|listener| listener.ended(ended))?;
        }
        self.deserialize(&mut json)
    }

    fn finding<E: Error>(&self, row: FindingRow<'static>) -> Result<(), E> {
        let rule_index = self.rules.get(&(row.policy.as_ref(), row.rule.as_ref()));
        // The outline says that it lists the rules of all findings.
        let rule_index = *rule_index.ok_or_else(|| E::custom("a finding is of no rule"))?;
        self.taken(|listener| listener.finding(rule_index, row))
    }

    fn taken<E: Error>(&self, act: impl FnOnce(&mut L) -> Result<(), L::Error>) -> Result<(), E> {
        act(&mut self.listener.borrow_mut()).map_err(|error| {
            *self.error.borrow_mut() = Some(error);
            E::custom("no more is taken in")
        })
    }
}

impl<'de, L: Listener> DeserializeSeed<'de> for &Handing<'_, '_, L> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, L: Listener> Visitor<'de> for &Handing<'_, '_, L> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), self.lines) {
                ("findings", None) => {
                    map.next_value_seed(Each::new(|row| self.finding::<M::Error>(row)))?;
                }
                ("closed" | "carried", None) => {
                    map.next_value_seed(Each::new(|ended| {
                        self.taken::<M::Error>(|listener| listener.ended(ended))
                    }))?;
                }
                ("report", Some(_)) => map.next_value_seed(self)?,
                ("rejected", _) => {
                    map.next_value_seed(Each::new(|rejected| {
                        self.taken::<M::Error>(|listener| listener.rejected(rejected))
                    }))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Represents a list, whose items are handed on one by one.
struct Each<T, F> {
    act: F,
    item: PhantomData<T>,
}

impl<T, F> Each<T, F> {
    fn new(act: F) -> Self {
        Self {
            act,
            item: PhantomData,
        }
    }
}

impl<'de, T, F, E> DeserializeSeed<'de> for Each<T, F>
where
    T: DeserializeOwned,
    F: FnMut(T) -> Result<(), E>,
    E: fmt::Display,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T, F, E> Visitor<'de> for Each<T, F>
where
    T: DeserializeOwned,
    F: FnMut(T) -> Result<(), E>,
    E: fmt::Display,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.act)(item).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
