//! What a reader of exports hands on, and to whom.

use std::borrow::Cow;
use std::fmt;
use std::io;

use super::format::MAX_DEPTH;
use super::pages::Remark;
use super::unsupported::Unsupported;
use crate::record::Record;

/// Why a record is rejected. Bytes are counted from the record's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is a JSON value, but not an object.
    NotAnObject,
    /// It is not JSON: this was expected, at this byte; and perhaps it is a literal of
    /// another language.
    Expected(&'static str, usize, Option<ForeignLiteral>),
    /// It is an object that has no field of a customer, and wraps no customer.
    NoField,
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
    /// It wraps several customers, and nothing says which one is the record.
    Several,
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

/// Represents a literal of another language in place of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignLiteral(&'static str, &'static str);

impl ForeignLiteral {
    /// How many bytes tell which literal it is, at most.
    pub const MAX_BYTES: usize = 16;

    /// Lists what such literals begin with, what they are, and what helps.
    const ALL: [(&'static str, &'static str, &'static str); 11] = [
        ("NaN", "NaN", "write numbers that are none as null"),
        (
            "Infinity",
            "Infinity",
            "write numbers that are none as null",
        ),
        (
            "-Infinity",
            "-Infinity",
            "write numbers that are none as null",
        ),
        ("True", "Python's `True`", "`json.dumps` writes JSON"),
        ("False", "Python's `False`", "`json.dumps` writes JSON"),
        ("None", "Python's `None`", "`json.dumps` writes JSON"),
        (
            "undefined",
            "JavaScript's `undefined`",
            "`JSON.stringify` writes JSON",
        ),
        (
            "'",
            "a quote as Python and JavaScript have it",
            "JSON has double quotes",
        ),
        ("//", "a comment", "JSON has none"),
        ("/*", "a comment", "JSON has none"),
        ("#", "a comment", "JSON has none"),
    ];

    /// Returns the literal that bytes begin with, if they do.
    pub fn at(bytes: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.iter();
        let (_, name, help) = all.find(|(text, ..)| bytes.starts_with(text.as_bytes()))?;
        Some(Self(name, help))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::NotAnObject => {
                f.write_str("a record is a JSON object, and this is not one")
            }
            Unreadable::Expected(what, at, literal) => {
                write!(
                    f,
                    "not valid JSON: {what} was expected at byte {at} of the record"
                )?;
                match literal {
                    Some(ForeignLiteral(name, help)) => write!(f, ", where {name} is ({help})"),
                    None => Ok(()),
                }
            }
            Unreadable::NoField => f.write_str("no field of a customer is in it"),
            Unreadable::NotJson(what) => write!(f, "not valid JSON: {what} was expected"),
            Unreadable::NotUtf8(at) => write!(
                f,
                "not UTF-8 at byte {at} of the record: if the export is Latin-1, \
                 `iconv -f WINDOWS-1252 -t UTF-8` helps"
            ),
            Unreadable::TooDeep => write!(f, "nested deeper than {} levels", MAX_DEPTH),
            Unreadable::TooLarge => f.write_str("larger than --max-record-bytes allows"),
            Unreadable::Truncated => f.write_str("the export ends inside this record"),
            Unreadable::Several => {
                f.write_str("it wraps several customers, and nothing says which one is the record")
            }
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
    /// It looks like CSV, and has no header that names fields.
    NoHeader {
        /// The column that most likely is the id.
        nearest: Option<String>,
    },
    /// It could not be unpacked further.
    Io(String),
    /// The system could not read it on.
    System(String),
    /// It was changed while it was read.
    Changed,
    /// Its records hold none of the fields that are asked for.
    NoFields,
    /// There are commas between its records, and no array is around them.
    Commas,
    /// A value beside its records is longer than a record may be.
    LongValue,
    /// A comma is missing between two elements of its array of records.
    NoComma,
    /// A bracket is closed that was never opened.
    NoOpening,
    /// Customers are in two places of it, of which one was judged.
    TwoPlaces {
        /// Where those are that were judged, as `jq` names it; nothing, if none were.
        judged: Option<String>,
        /// Where the others are.
        other: String,
    },
    /// It holds changes of customers, and not customers.
    Changes,
    /// It is of a kind that is not read.
    Unsupported(Unsupported),
    /// A row is a header with other columns than the first, or in another order.
    SecondHeader {
        /// How the row begins.
        row: String,
    },
    /// Its header names a field twice.
    DoubleHeader {
        /// The field.
        field: String,
        /// How the header spells it, each time.
        columns: Vec<String>,
    },
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Unread::OpenPack,
            _ if error.raw_os_error().is_some() => Unread::System(error.to_string()),
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
            Unread::NoHeader { nearest } => {
                let nearest = nearest.as_deref().unwrap_or("Customer ID");
                write!(
                    f,
                    "none of its first lines is a CSV header that names fields of a customer \
                     record: give it one, or name its columns, as with `--map id='{nearest}'`"
                )
            }
            Unread::Io(why) | Unread::System(why) => {
                write!(f, "it could not be read to its end: {why}")
            }
            Unread::Changed => f.write_str("it was changed while it was read"),
            Unread::NoFields => f.write_str(
                "no record of it has any of the fields that are asked for: is it an export of customers?",
            ),
            Unread::Commas => f.write_str(
                "its records are separated by commas, and no array is around them: \
                 something may be missing",
            ),
            Unread::LongValue => f.write_str(
                "a value beside its records is larger than --max-record-bytes allows: what \
                 comes after it was not read",
            ),
            Unread::NoComma => f.write_str(
                "a comma is missing between two elements of its array of records: something may \
                 be missing with it",
            ),
            Unread::NoOpening => f.write_str(
                "the array of its records is closed and was never opened: its beginning is \
                 missing",
            ),
            Unread::TwoPlaces {
                judged: Some(judged),
                other,
            } => write!(
                f,
                "customers are in two places: those in `{judged}` were judged, and those in \
                 `{other}` were not (`jq '{other}'` picks these)"
            ),
            Unread::TwoPlaces {
                judged: None,
                other,
            } => write!(
                f,
                "customers in `{other}` were not judged: they are not where the records are \
                 (`jq '{other}'` picks them)"
            ),
            Unread::Changes => f.write_str(
                "a change stream, as Debezium, Maxwell, MongoDB and AWS DMS write them: events are \
                 not the customers as they are now; export the table itself",
            ),
            Unread::Unsupported(kind) => write!(f, "{kind}"),
            Unread::SecondHeader { row } => write!(
                f,
                "a row is a second header, with other columns or in another order ({row}): it \
                 was not read from there on; give each export as a file of its own"
            ),
            Unread::DoubleHeader { field, columns } => write!(
                f,
                "its header names {field} twice ({}): rename or remove one of the columns",
                columns.join(", ")
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

    /// Takes in what a wrapper says of the pages that an export is made of.
    ///
    /// # Errors
    ///
    /// The sink takes no more.
    fn remark(&mut self, remark: Remark) -> Result<(), Stop<Self::Error>>;

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
