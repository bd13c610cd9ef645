//! A table of customers and the slices that they are in, for reports that are split by a
//! file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Take};
use std::path::Path;

use super::output::Error;
use crate::digest::Hasher;

/// The slice of customers that the file does not name.
const UNASSIGNED: &str = "unassigned";

/// What the first column is called, compared without case, `_`, `-` and blanks.
const ID_NAMES: [&str; 2] = ["id", "customerid"];

/// What the second column cannot be called: reports are split by these without a table.
const TAKEN: [&str; 3] = ["customer", "rule", "severity"];

/// The most bytes of a file: memory is bounded by it.
const MAX_BYTES: u64 = 2_000_000_000;

/// How many bytes of the digest of an id are kept.
const DIGEST_BYTES: usize = 16;

/// Holds the slice of each customer: 24 bytes for one, and each slice once.
#[derive(Debug)]
pub struct SliceFile {
    /// What the column of slices is called.
    name: String,
    /// Sorted by id.
    customers: Vec<Customer>,
    slices: Vec<String>,
}

/// Says in which slice a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Customer {
    id: [u8; DIGEST_BYTES],
    /// The index of the slice.
    slice: u32,
    line: u32,
}

/// Says where a file is wrong.
#[derive(Debug)]
struct Mistake {
    line: u64,
    column: u64,
    why: String,
}

impl SliceFile {
    /// Reads a table of two columns, an id of a customer and a slice, under a line that
    /// names them.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no such table.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = || path.display().to_string();
        let file = File::open(path).map_err(|source| Error::SliceFile {
            path: shown(),
            source,
        })?;
        Self::read_table(file.take(MAX_BYTES)).map_err(|mistake| {
            let Mistake { line, column, why } = mistake;
            Error::BadSliceFile {
                path: shown(),
                line,
                column,
                why,
            }
        })
    }

    fn read_table(file: Take<impl Read>) -> Result<Self, Mistake> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(file);
        let (mut row, mut number) = (csv::ByteRecord::new(), 0);
        let (mut customers, mut slices) = (Vec::new(), Vec::new());
        let mut name = String::new();
        let mut known = HashMap::new();
        while rows.read_byte_record(&mut row).map_err(unread)? {
            number += 1;
            let line = row.position().map_or(number, csv::Position::line);
            let mistake = |column, why: &str| Mistake {
                line,
                column,
                why: why.to_owned(),
            };
            if row.len() != 2 {
                let why = format!(
                    "a line has two columns, the customer's id and the slice, and this has {}",
                    row.len()
                );
                return Err(mistake(1, &why));
            }
            let cell = |column: usize| {
                let text = std::str::from_utf8(&row[column]).map_err(|_| {
                    mistake(
                        column as u64 + 1,
                        "this is not UTF-8: save the file as UTF-8",
                    )
                })?;
                Ok(text.trim_start_matches('\u{feff}').trim())
            };
            let (id, slice) = (cell(0)?, cell(1)?);
            if number == 1 {
                if !is_id_name(id) {
                    let why = "the first line names the columns: write `id,slice`";
                    return Err(mistake(1, why));
                }
                if slice.is_empty() || TAKEN.contains(&slice) {
                    let why = format!(
                        "the second column is called `{slice}`: tickets are named by it, so call it \
                         what slices are, as `owner` or `team`"
                    );
                    return Err(mistake(2, &why));
                }
                slice.clone_into(&mut name);
                continue;
            }
            if id.is_empty() {
                return Err(mistake(1, "the customer's id is empty"));
            }
            if slice.is_empty() {
                let why =
                    "the slice is empty: leave the line out, and the customer is `unassigned`";
                return Err(mistake(2, why));
            }
            let index = match known.get(slice) {
                Some(index) => *index,
                None => {
                    let index = u32::try_from(slices.len()).unwrap_or(u32::MAX);
                    slices.push(slice.to_owned());
                    known.insert(slice.to_owned(), index);
                    index
                }
            };
            customers.push(Customer {
                id: digest(id),
                slice: index,
                line: u32::try_from(line).unwrap_or(u32::MAX),
            });
        }
        if rows.get_ref().limit() == 0 {
            return Err(Mistake {
                line: number,
                column: 1,
                why: "the file has more than 2 GB, which is more than is read of it".to_owned(),
            });
        }
        if number == 0 {
            return Err(Mistake {
                line: 1,
                column: 1,
                why: "the file is empty: write `id,slice`, and a line for each customer".to_owned(),
            });
        }
        customers.sort_unstable();
        let twice = customers.windows(2).filter_map(|pair| match pair {
            [one, other] if one.id == other.id && one.slice != other.slice => Some((one, other)),
            _ => None,
        });
        if let Some((one, other)) = twice.min_by_key(|(one, other)| one.line.max(other.line)) {
            let (first, second) = match one.line < other.line {
                true => (one, other),
                false => (other, one),
            };
            return Err(Mistake {
                line: second.line.into(),
                column: 1,
                why: format!(
                    "the customer is in `{}` here and in `{}` on line {}: name one slice",
                    slices[second.slice as usize], slices[first.slice as usize], first.line
                ),
            });
        }
        customers.dedup_by_key(|one| one.id);
        Ok(Self {
            name,
            customers,
            slices,
        })
    }

    /// Returns what the column of slices is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the slice of a customer.
    pub fn slice_of(&self, id: Option<&str>) -> &str {
        let Some(id) = id else {
            return UNASSIGNED;
        };
        let id = digest(id);
        let found = self.customers.binary_search_by_key(&id, |one| one.id);
        let found = found.ok().and_then(|index| self.customers.get(index));
        let slice = found.and_then(|one| self.slices.get(one.slice as usize));
        slice.map_or(UNASSIGNED, String::as_str)
    }
}

fn unread(error: csv::Error) -> Mistake {
    let line = error.position().map_or(1, csv::Position::line);
    let why = io::Error::from(error).to_string();
    Mistake {
        line,
        column: 1,
        why,
    }
}

fn is_id_name(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|one| !matches!(one, '_' | '-' | ' '))
        .collect();
    ID_NAMES.contains(&name.to_lowercase().as_str())
}

fn digest(id: &str) -> [u8; DIGEST_BYTES] {
    let mut hasher = Hasher::default();
    hasher.update(id.as_bytes());
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(&hasher.finish()[..DIGEST_BYTES]);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_in_the_slice_that_the_file_names_and_else_in_none() {
        let text = "\u{feff}Customer_ID,owner\r\nc2,\"a, b\"\r\nc1,x\r\nc2,\"a, b\"\r\n";
        let table = SliceFile::read_table(text.as_bytes().take(MAX_BYTES)).expect("a table");
        for (id, slice) in [
            (Some("c1"), "x"),
            (Some("c2"), "a, b"),
            (Some("C1"), UNASSIGNED),
            (None, UNASSIGNED),
        ] {
            assert_eq!(table.slice_of(id), slice, "{id:?}");
        }
    }

    #[test]
    fn a_table_that_is_cut_is_none() {
        let text = "id,slice\nc1,x\n";
        let cut = SliceFile::read_table(text.as_bytes().take(8));
        let mistake = cut.expect_err("there is more of it");
        assert!(mistake.why.contains("more than 2 GB"), "{}", mistake.why);
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        for (text, line, column, why) in [
            (b"".as_slice(), 1, 1, "the file is empty"),
            (b"c1,x\n", 1, 1, "write `id,slice`"),
            (b"id,slice\nc1\n", 2, 1, "this has 1"),
            (b"id,slice\nc1,x,y\n", 2, 1, "this has 3"),
            (b"id,slice\n,x\n", 2, 1, "id is empty"),
            (b"id,slice\nc1,\n", 2, 2, "slice is empty"),
            (b"id,slice\nc1,\xe9\n", 2, 2, "not UTF-8"),
            (b"\xff\xfei\0d\0", 1, 1, "two columns"),
            (b"id,slice\nc1,x\nc2,x\nc1,y\n", 4, 1, "in `x` on line 2"),
        ] {
            let mistake = SliceFile::read_table(text.take(MAX_BYTES)).expect_err("no table");
            assert_eq!((mistake.line, mistake.column), (line, column), "{text:?}");
            assert!(mistake.why.contains(why), "{}", mistake.why);
        }
    }
}
