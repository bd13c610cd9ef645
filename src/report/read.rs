//! A JSON or NDJSON report, read again: what any other report can be made from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::model::footer::{Export, Footer, Summary};
use super::model::header::{Header, Policy, Tool};
use super::model::row::{FindingRow, Rejected};
use crate::finding::Coverage;

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
}

/// Takes in the parts of a report, in this order: the header, findings,
/// records that could not be read.
pub trait Listener {
    /// Says why it can take in no more.
    type Error: From<ReadError>;

    /// Takes what the report is about.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn header(&mut self, header: Header) -> Result<(), Self::Error>;

    /// Takes a finding.
    ///
    /// # Errors
    ///
    /// It can take in no more.
    fn finding(&mut self, row: FindingRow<'static>) -> Result<(), Self::Error>;

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
    file.rewind().map_err(unreadable)?;
    let mut start = Vec::new();
    let mut head = (&mut file).take(256);
    head.read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    match first_key(&start) {
        Some("tool") => read_json(file, path, listener),
        Some("policy" | "summary") => read_lines(file, path, listener),
        _ => Err(L::Error::from(ReadError::NoReport {
            path: path.to_owned(),
        })),
    }
}

/// Returns the first key of an object.
fn first_key(start: &[u8]) -> Option<&str> {
    let object = start.trim_ascii_start().strip_prefix(b"{")?;
    let key = object.trim_ascii_start().strip_prefix(b"\"")?;
    let end = key.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&key[..end]).ok()
}

/// Reads lines, of which the last holds all that is no finding.
fn read_lines<L: Listener>(
    file: impl Read + Seek,
    path: &str,
    listener: &mut L,
) -> Result<Footer, L::Error> {
    let unreadable = |source| ReadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let broken = |number: u64, why: &dyn fmt::Display| ReadError::Broken {
        path: path.to_owned(),
        why: format!("line {number}: {why}"),
    };
    let mut file = BufReader::new(file);
    let (mut last, mut line, mut lines) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        lines += 1;
        std::mem::swap(&mut last, &mut line);
    }
    let End { summary, report } =
        serde_json::from_slice(&last).map_err(|error| broken(lines, &error))?;
    let Rest {
        header,
        rejected,
        exports,
        coverage,
    } = report;
    listener.header(header)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    for number in 1..lines {
        line.clear();
        file.read_until(b'\n', &mut line).map_err(unreadable)?;
        let finding = serde_json::from_slice(&line).map_err(|error| broken(number, &error))?;
        listener.finding(finding)?;
    }
    for rejected in rejected {
        listener.rejected(rejected)?;
    }
    Ok(Footer {
        exports,
        coverage,
        summary,
    })
}

/// Represents the last line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    summary: Summary,
    report: Rest,
}

#[derive(Deserialize)]
struct Rest {
    #[serde(flatten)]
    header: Header,
    rejected: Vec<Rejected<'static>>,
    exports: Vec<Export>,
    coverage: BTreeMap<String, Coverage>,
}

/// Reads one object, whose keys come in the order in which they are written.
fn read_json<L: Listener>(
    file: impl Read,
    path: &str,
    listener: &mut L,
) -> Result<Footer, L::Error> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
    let reading = Reading {
        listener: RefCell::new(listener),
        error: RefCell::new(None),
    };
    let footer = json.deserialize_map(&reading);
    let footer = footer.and_then(|footer| json.end().map(|()| footer));
    match (reading.error.into_inner(), footer) {
        // What the listener says comes first: it made the reading fail.
        (Some(error), _) => Err(error),
        (None, Ok(footer)) => Ok(footer),
        (None, Err(error)) => Err(L::Error::from(ReadError::Broken {
            path: path.to_owned(),
            why: error.to_string(),
        })),
    }
}

/// Represents an object that is being read.
struct Reading<'l, L: Listener> {
    listener: RefCell<&'l mut L>,
    /// Why the listener can take in no more.
    error: RefCell<Option<L::Error>>,
}

impl<L: Listener> Reading<'_, L> {
    fn hand<E: serde::de::Error>(
        &self,
        act: impl FnOnce(&mut L) -> Result<(), L::Error>,
    ) -> Result<(), E> {
        act(&mut self.listener.borrow_mut()).map_err(|error| {
            *self.error.borrow_mut() = Some(error);
            E::custom("no more is taken in")
        })
    }
}

impl<'de, L: Listener> Visitor<'de> for &Reading<'_, L> {
    type Value = Footer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Footer, M::Error> {
        let header = Header {
            tool: next::<Tool, M>(&mut map, "tool")?,
            schema_version: next::<u32, M>(&mut map, "schema_version")?,
            fingerprint_scheme: next::<u32, M>(&mut map, "fingerprint_scheme")?,
            as_of: next::<String, M>(&mut map, "as_of")?,
            policies: next::<Vec<Policy>, M>(&mut map, "policies")?,
        };
        self.hand(|listener| listener.header(header))?;
        key(&mut map, "findings")?;
        map.next_value_seed(Each::new(|row| {
            self.hand::<M::Error>(|listener| listener.finding(row))
        }))?;
        key(&mut map, "rejected")?;
        map.next_value_seed(Each::new(|rejected| {
            self.hand::<M::Error>(|listener| listener.rejected(rejected))
        }))?;
        let footer = Footer {
            exports: next::<Vec<Export>, M>(&mut map, "exports")?,
            coverage: next::<BTreeMap<String, Coverage>, M>(&mut map, "coverage")?,
            summary: next::<Summary, M>(&mut map, "summary")?,
        };
        match map.next_key::<String>()? {
            None => Ok(footer),
            Some(key) => Err(M::Error::custom(format!("no report has a key `{key}`"))),
        }
    }
}

/// Reads the next key, which must be this one.
fn key<'de, M: MapAccess<'de>>(map: &mut M, wanted: &str) -> Result<(), M::Error> {
    match map.next_key::<String>()? {
        Some(key) if key == wanted => Ok(()),
        Some(key) => Err(M::Error::custom(format!(
            "`{wanted}` should be here, and not `{key}`"
        ))),
        None => Err(M::Error::custom(format!("there is no `{wanted}`"))),
    }
}

fn next<'de, T: Deserialize<'de>, M: MapAccess<'de>>(
    map: &mut M,
    wanted: &str,
) -> Result<T, M::Error> {
    key(map, wanted)?;
    map.next_value()
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
