//! The index of a night: what the next one needs of it, sorted, so that its report need not
//! be read. It lies beside the report, and is trusted as far as its digest holds.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::base::{Base, Beside, EarlierRule, Lists};
use super::ends::Ends;
use super::entry::{Entry, Fixed, Key};
use super::handing::Kept;
use super::sorted_file::SortedFile;
use super::sum::Sum;
use super::tonight::Tonight;
use crate::report::{Footer, Header};

/// The version of the form of an index.
const VERSION: u32 = 2;

/// The last bytes of an index.
const MAGIC: &[u8; 8] = b"audit-ix";

/// The bytes after the trailer: its length, and [`MAGIC`].
const TAIL: usize = 8 + MAGIC.len();

/// Holds what ends an index: what its parts are, and what the night says of itself.
#[derive(Serialize, Deserialize)]
struct Trailer {
    version: u32,
    entries: u64,
    known: u64,
    ended: u64,
    hides_ids: bool,
    rules: Vec<EarlierRule>,
    instants: Vec<DateTime<Utc>>,
    waivers: Vec<String>,
    header: Header,
    footer: Footer,
}

/// Writes the index of a night: its findings and those that it carried on, the customers who
/// are known after it, and the names of findings that had an end.
///
/// # Errors
///
/// Those of the output, or of temporary files.
pub fn write_index(
    (tonight, sum, ends, kept): (&Tonight<'_>, &Sum, &Ends, &Kept),
    is_whole: bool,
    header: &Header,
    footer: &Footer,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names = sum.names.as_ref().map(SortedFile::iter).transpose()?;
    let names = names.into_iter().flatten();
    let entries = merged(names, kept.carried.iter()?, false);
    let entries = write_all(entries, out)?;
    let base = tonight.base;
    let earlier = base.filter(|_| !is_whole);
    let known = match earlier.map(|base| (&base.beside.known, &base.entries)) {
        None => write_all(sum.customers.iter()?, out)?,
        Some((Some(known), _)) => {
            write_all(merged(sum.customers.iter()?, known.iter()?, true), out)?
        }
        // Who was found is known, if nobody else is.
        Some((None, entries)) => {
            let found = entries.iter()?.map(|entry| Ok(entry?.customer));
            let found = once(found.filter(|key| !matches!(key, Ok(Key::NONE))));
            write_all(merged(sum.customers.iter()?, found, true), out)?
        }
    };
    let before = base.and_then(|base| base.beside.ended.as_ref());
    let ended = match before {
        Some(before) => write_all(merged(ends.ended()?, before.iter()?, true), out)?,
        None => write_all(ends.ended()?, out)?,
    };
    let trailer = Trailer {
        version: VERSION,
        entries,
        known,
        ended,
        hides_ids: sum.hides_ids || base.is_some_and(|base| base.hides_ids),
        rules: kept.rules.items().to_vec(),
        instants: tonight.lists.instants.items().to_vec(),
        waivers: tonight.lists.waivers.items().to_vec(),
        header: header.clone(),
        footer: footer.clone(),
    };
    let trailer = serde_json::to_vec(&trailer)?;
    out.write_all(&trailer)?;
    out.write_all(&(trailer.len() as u64).to_le_bytes())?;
    out.write_all(MAGIC)
}

/// Writes items; returns how many there are.
fn write_all<T: Fixed>(
    items: impl Iterator<Item = io::Result<T>>,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let mut many = 0;
    let mut bytes = Vec::new();
    for item in items {
        bytes.clear();
        item?.write(&mut bytes)?;
        out.write_all(&bytes)?;
        many += 1;
    }
    Ok(many)
}

/// Merges sorted items of two sources; of equal ones all, or one.
fn merged<T: Fixed>(
    one: impl Iterator<Item = io::Result<T>>,
    other: impl Iterator<Item = io::Result<T>>,
    is_set: bool,
) -> impl Iterator<Item = io::Result<T>> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let mut last: Option<T> = None;
    std::iter::from_fn(move || {
        loop {
            let takes_one = match (one.peek(), other.peek()) {
                (Some(Ok(a)), Some(Ok(b))) => a <= b,
                (Some(_), _) => true,
                (None, _) => false,
            };
            let next = if takes_one { one.next() } else { other.next() }?;
            match next {
                Ok(item) if is_set && last.as_ref() == Some(&item) => {}
                Ok(item) => {
                    last = Some(item);
                    return Some(Ok(item));
                }
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

/// Returns sorted keys, each once.
fn once(keys: impl Iterator<Item = io::Result<Key>>) -> impl Iterator<Item = io::Result<Key>> {
    merged(keys, std::iter::empty(), true)
}

impl Base {
    /// Opens the night that has this index; `report` is its report, whose bytes have this
    /// SHA-256.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no index of this version.
    pub fn of_index(index: &Path, report: &Path, sha256: &str) -> io::Result<Self> {
        let mut file = File::open(index)?;
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let bytes = file.seek(SeekFrom::End(0))?;
        let tail = bytes.checked_sub(TAIL as u64).ok_or_else(invalid)?;
        file.seek(SeekFrom::Start(tail))?;
        let (mut length, mut magic) = ([0; 8], [0; MAGIC.len()]);
        file.read_exact(&mut length)?;
        file.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return Err(invalid());
        }
        let length = u64::from_le_bytes(length);
        let start = tail.checked_sub(length).ok_or_else(invalid)?;
        file.seek(SeekFrom::Start(start))?;
        let mut trailer = Vec::new();
        Read::by_ref(&mut file)
            .take(length)
            .read_to_end(&mut trailer)?;
        let Trailer {
            version,
            entries,
            known,
            ended,
            hides_ids,
            rules,
            instants,
            waivers,
            header,
            footer,
        } = serde_json::from_slice(&trailer)?;
        let sizes = [
            (entries, Entry::BYTES as u64),
            (known, Key::BYTES as u64),
            (ended, Key::BYTES as u64),
        ];
        let sizes = sizes.map(|(items, size)| items.checked_mul(size));
        let [Some(entries_end), Some(known_bytes), Some(ended_bytes)] = sizes else {
            return Err(invalid());
        };
        let known_end = entries_end.checked_add(known_bytes).ok_or_else(invalid)?;
        if version != VERSION || known_end.checked_add(ended_bytes) != Some(start) {
            return Err(invalid());
        }
        Ok(Self {
            path: report.to_owned(),
            sha256: sha256.to_owned(),
            header,
            footer,
            lists: Lists {
                rules: rules.into_iter().collect(),
                instants: instants.into_iter().collect(),
                waivers: waivers.into_iter().collect(),
            },
            entries: SortedFile::open(file.try_clone()?, 0, entries)?,
            hides_ids,
            beside: Beside {
                known: Some(SortedFile::open(file.try_clone()?, entries_end, known)?),
                ended: Some(SortedFile::open(file, known_end, ended)?),
            },
        })
    }
}
