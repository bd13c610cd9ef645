//! What a reader of exports hands on, and to whom.

use std::borrow::Cow;
use std::fmt;
use std::io;

use super::format::MAX_DEPTH;
use crate::record::Record;

/// Why a record is rejected. Bytes are counted from the record's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is a JSON value, but not an object.
    NotAnObject,
    /// It is not JSON: this was expected, at this byte.
    Expected(&'static str, usize),
    /// Something else is between two records: this was expected.
    NotJson(&'static str),
    /// It is not UTF-8, at this byte.
    NotUtf8(usize),
    /// It nests too deep.
    TooDeep,
    /// It is larger than the limit.
    TooLarge,
    /// The export ends inside of it.
    Truncated,
    /// It is an envelope in which no record can be found.
    Envelope(&'static str),
    /// A CSV row with another number of cells than the header.
    Ragged {
        /// Cells of the row.
        cells: usize,
        /// Cells of the header.
        columns: usize,
    },
    /// A CSV row that has text after a closing quote.
    LooseQuote,
    /// A CSV row in which quotes are not closed.
    OpenQuote,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotAnObject => {
                f.write_str("a record is a JSON object, and this is not one")
            }
            Unreadable::Expected(what, at) => {
                write!(
                    f,
                    "not valid JSON: {what} was expected at byte {at} of the record"
                )
            }
            Unreadable::NotJson(what) => write!(f, "not valid JSON: {what} was expected"),
            Unreadable::NotUtf8(at) => write!(f, "not UTF-8 at byte {at} of the record"),
            Unreadable::TooDeep => write!(f, "nested deeper than {} levels", MAX_DEPTH),
            Unreadable::TooLarge => f.write_str("larger than --max-record-bytes allows"),
            Unreadable::Truncated => f.write_str("the export ends inside this record"),
            Unreadable::Envelope(what) => write!(f, "an envelope {what}"),
            Unreadable::Ragged { cells, columns } => {
                write!(f, "the row has {cells} cells, and the header {columns}")
            }
            Unreadable::LooseQuote => f.write_str("there is text after a closing quote"),
            Unreadable::OpenQuote => f.write_str("a quote is not closed before the export ends"),
        }
    }
}

/// Why an export was not read to its end, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unread {
    /// The array of records is not closed.
    OpenArray,
    /// The object around the array of records is not closed.
    OpenWrapper,
    /// What follows the array of records, in the object around it, is not JSON.
    BadWrapper,
    /// It ends inside its packed data.
    OpenPack,
    /// It is text in another encoding.
    Encoding(Cow<'static, str>),
    /// It is neither JSON nor CSV with a header that names a field.
    Shapeless,
    /// It was to be CSV, and has no header that names a field.
    NoHeader,
    /// It could not be read on, or not be unpacked.
    Io(String),
    /// It was changed while it was read.
    Changed,
    /// Its records hold none of the fields that are asked for.
    NoFields,
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Unread::OpenPack,
            _ => Unread::Io(error.to_string()),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::OpenArray => f.write_str("truncated: its array of records is not closed"),
            Unread::OpenWrapper => {
                f.write_str("truncated: the object around its records is not closed")
            }
            Unread::BadWrapper => f.write_str(
                "what follows its records, in the object around them, is not valid JSON",
            ),
            Unread::OpenPack => f.write_str("truncated: it ends inside its packed data"),
            Unread::Encoding(name) => {
                write!(
                    f,
                    "it is {name}: convert it to UTF-8, as with `iconv -f {name} -t UTF-8`"
                )
            }
            Unread::Shapeless => f.write_str(
                "neither JSON nor CSV with a header that names a field of a customer record",
            ),
            Unread::NoHeader => f.write_str(
                "its first line is no CSV header that names a field of a customer record",
            ),
            Unread::Io(why) => write!(f, "it could not be read to its end: {why}"),
            Unread::Changed => f.write_str("it was changed while it was read"),
            Unread::NoFields => f.write_str(
                "no record of it has any of the fields that are asked for: is it an export of customers?",
            ),
        }
    }
}

/// Why a sink takes no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop<E> {
    /// It has what it wants: the reading ends, and all is well.
    Enough,
    /// It failed: the reading ends with this error.
    Failed(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Stop::Failed(error)
    }
}

/// Takes in what is read.
///
/// Each method can end the reading: nothing more is handed on after the first
/// [`Stop`].
pub trait Sink {
    /// Why it can fail; [`Infallible`](std::convert::Infallible) if it cannot.
    type Error;

    /// Takes in a record.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn record(&mut self, record: &Record<'_>) -> Result<(), Stop<Self::Error>>;

    /// Takes in why a record cannot be read that begins at this byte of the
    /// window.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn rejected(&mut self, at: usize, why: Unreadable) -> Result<(), Stop<Self::Error>>;

    /// Takes notice of a line of a protocol that carries no record.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn protocol_line(&mut self) -> Result<(), Stop<Self::Error>>;

    /// Takes in why the export is not read to its end.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn unread(&mut self, why: Unread) -> Result<(), Stop<Self::Error>>;
}

/// A sink that is notified where an export ends and the next begins.
pub trait Listener: Sink {
    /// Takes notice that the next export begins.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn next_export(&mut self) -> Result<(), Stop<Self::Error>>;
}
