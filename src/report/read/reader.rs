//! The two readings of a report, and who is handed what it holds.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer};

use super::outline::{Fault, Outline};
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

    /// Takes a record that could not be read.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn rejected(&mut self, rejected: Rejected<'static>) -> Result<(), Self::Error>;
}

/// How many bytes of stdin wait in memory; more wait in a file.
const SPOOL_BYTES: usize = 4 << 20;

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
    if path.as_os_str() == "-" {
        // It is read twice.
        let mut spool = tempfile::SpooledTempFile::new(SPOOL_BYTES);
        io::copy(&mut io::stdin().lock(), &mut spool).map_err(unreadable)?;
        return read_from(spool, &shown, listener);
    }
    let file = File::open(path).map_err(unreadable)?;
    read_from(file, &shown, listener)
}

fn read_from<L: Listener>(
    mut file: impl Read + Seek,
    path: &str,
    listener: &mut L,
) -> Result<Footer, L::Error> {
    let unreadable = |source| ReadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut start = Vec::new();
    file.rewind().map_err(unreadable)?;
    let mut head = (&mut file).take(256);
    head.read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let outline = Outline::read(BufReader::new(&mut file));
    let Outline {
        header,
        footer,
        lines,
    } = outline.map_err(|fault| fault.of(path, &start))?;
    file.rewind().map_err(unreadable)?;
    let rules = header.rules().enumerate();
    let rules =
        rules.map(|(index, (policy, rule))| ((policy.id.as_str(), rule.id.as_str()), index));
    listener.header(header.clone())?;
    let handing = Handing {
        rules: rules.collect(),
        lines,
        listener: RefCell::new(listener),
        error: RefCell::new(None),
    };
    let handed = handing.hand(BufReader::new(file));
    match (handing.error.into_inner(), handed) {
        // What the listener says comes first: it made the reading fail.
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(footer),
        (None, Err(error)) => Err(Fault::Json(error).of(path, &start).into()),
    }
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
                Some("tool" | "policy" | "summary") => ReadError::Broken {
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
    /// How many findings come before its last line; none, if it is one object.
    lines: Option<u64>,
    listener: RefCell<&'l mut L>,
    /// Why the listener can take in no more.
    error: RefCell<Option<L::Error>>,
}

impl<L: Listener> Handing<'_, '_, L> {
    fn hand(&self, report: impl Read) -> Result<(), serde_json::Error> {
        let mut json = serde_json::Deserializer::from_reader(report);
        for _ in 0..self.lines.unwrap_or_default() {
            let row = FindingRow::deserialize(&mut json)?;
            self.finding(row)?;
        }
        self.deserialize(&mut json)
    }

    fn finding<E: serde::de::Error>(&self, row: FindingRow<'static>) -> Result<(), E> {
        let rule_index = self.rules.get(&(row.policy.as_ref(), row.rule.as_ref()));
        // The outline says that it lists the rules of all findings.
        let rule_index = *rule_index.ok_or_else(|| E::custom("a finding is of no rule"))?;
        self.taken(|listener| listener.finding(rule_index, row))
    }

    fn taken<E: serde::de::Error>(
        &self,
        act: impl FnOnce(&mut L) -> Result<(), L::Error>,
    ) -> Result<(), E> {
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
