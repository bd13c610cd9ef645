//! A sorted file of items of a fixed size, in which those of a key are found with one
//! reading of a few kilobytes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::marker::PhantomData;
use std::os::unix::fs::FileExt;

use super::entry::{Fixed, Key};

/// The bytes that are read at once.
const ROOM: usize = 2 << 10;

/// Every so many items one key is kept in memory.
const STRIDE: u64 = 8;

/// Holds sorted items in a part of a file.
#[derive(Debug)]
pub struct SortedFile<T> {
    file: File,
    /// The first byte of the first item.
    start: u64,
    items: u64,
    /// The first half of the key of every [`STRIDE`]th item.
    keys: Vec<u64>,
    item: PhantomData<T>,
}

/// Writes sorted items into a file.
pub struct SortedWriter<W, T> {
    out: W,
    items: u64,
    keys: Vec<u64>,
    item: PhantomData<T>,
}

fn half(key: Key) -> u64 {
    (key.0 >> 64) as u64
}

impl<W: Write, T: Fixed> SortedWriter<W, T> {
    /// Returns a writer of items, which come in their order.
    pub fn new(out: W) -> Self {
        Self {
            out,
            items: 0,
            keys: Vec::new(),
            item: PhantomData,
        }
    }

    /// Writes the next item.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn push(&mut self, item: T) -> io::Result<()> {
        if self.items.is_multiple_of(STRIDE) {
            self.keys.push(half(item.key()));
        }
        self.items += 1;
        item.write(&mut self.out)
    }
}

impl<T: Fixed> SortedWriter<BufWriter<File>, T> {
    /// Returns a writer into a file that has no name.
    ///
    /// # Errors
    ///
    /// Those of temporary files.
    pub fn unnamed() -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self::new(BufWriter::with_capacity(1 << 16, file)))
    }

    /// Ends the writing, and returns the file.
    ///
    /// # Errors
    ///
    /// Those of the file.
    pub fn finish(self) -> io::Result<SortedFile<T>> {
        let Self {
            out, items, keys, ..
        } = self;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(SortedFile {
            file,
            start: 0,
            items,
            keys,
            item: PhantomData,
        })
    }
}

impl<T: Fixed> SortedFile<T> {
    /// Returns a file of these sorted items, which has no name.
    ///
    /// # Errors
    ///
    /// Those of the items, or of a temporary file.
    pub fn write(sorted: impl Iterator<Item = io::Result<T>>) -> io::Result<Self> {
        let mut writer = SortedWriter::unnamed()?;
        for item in sorted {
            writer.push(item?)?;
        }
        writer.finish()
    }

    /// Opens so many sorted items of a file, from this byte on.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the items are not sorted.
    pub fn open(file: File, start: u64, items: u64) -> io::Result<Self> {
        let mut opened = Self {
            file,
            start,
            items,
            keys: Vec::new(),
            item: PhantomData,
        };
        let mut rest = opened.reader()?;
        let (mut keys, mut last) = (Vec::new(), Key::NONE);
        // Items begin with their keys.
        let mut item = vec![0; T::BYTES];
        for place in 0..items {
            rest.read_exact(&mut item)?;
            let key = key_at(&item);
            if key < last {
                return Err(io::Error::from(io::ErrorKind::InvalidData));
            }
            last = key;
            if u64::is_multiple_of(place, STRIDE) {
                keys.push(half(key));
            }
        }
        opened.keys = keys;
        Ok(opened)
    }

    /// Returns how many items there are.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Appends the items of a key, each with its place among all, to `found`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn find(&self, key: Key, found: &mut Vec<(u64, T)>) -> io::Result<()> {
        let half = half(key);
        // The items of the key may begin in the stride before the first that begins with it.
        let stride = self.keys.partition_point(|first| *first < half);
        let mut place = (stride as u64).saturating_sub(1) * STRIDE;
        let mut room = [0; ROOM];
        // It may go over into the next stride: that is read with it.
        let most = (2 * STRIDE).min((ROOM / T::BYTES) as u64);
        while place < self.items {
            let many = (self.items - place).min(most);
            // It fits into the room.
            let bytes = &mut room[..many as usize * T::BYTES];
            let at = self.start + place * T::BYTES as u64;
            self.file.read_exact_at(bytes, at)?;
            let key_of = |index: usize| key_at(bytes.get(index * T::BYTES..).unwrap_or_default());
            let items = 0..many as usize;
            let first = partition_point(items.end, |index| key_of(index) < key);
            for index in first..items.end {
                if key_of(index) != key {
                    return Ok(());
                }
                let mut item = &bytes[index * T::BYTES..];
                found.push((place + index as u64, T::read(&mut item)?));
            }
            place += many;
        }
        Ok(())
    }

    /// Returns whether there is an item of a key.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn contains(&self, key: Key) -> io::Result<bool> {
        let mut found = Vec::new();
        self.find(key, &mut found)?;
        Ok(!found.is_empty())
    }

    /// Returns all items, in their order.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn iter(&self) -> io::Result<impl Iterator<Item = io::Result<T>> + use<T>> {
        let mut file = self.reader()?;
        Ok((0..self.items).map(move |_| T::read(&mut file)))
    }

    /// Returns what reads the file from the first item on.
    fn reader(&self) -> io::Result<BufReader<Range>> {
        let file = Range {
            file: self.file.try_clone()?,
            at: self.start,
        };
        Ok(BufReader::with_capacity(1 << 16, file))
    }
}

/// Returns the key of an item in a file, which begins with it.
fn key_at(item: &[u8]) -> Key {
    let key = item.first_chunk();
    key.map_or(Key::NONE, |key| Key(u128::from_be_bytes(*key)))
}

/// Reads a file from a byte on, whoever else reads it.
struct Range {
    file: File,
    at: u64,
}

impl Read for Range {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(room, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Returns how many of the first numbers have a property, which those after them have not.
fn partition_point(many: usize, has: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, many);
    while low < high {
        let middle = low + (high - low) / 2;
        match has(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_items_of_a_key_are_found_wherever_they_are(
            mut keys in proptest::collection::vec(0..40u128, 0..300),
            shift in prop::sample::select(vec![0, 64, 90]),
        ) {
            keys.sort_unstable();
            let keys: Vec<_> = keys.into_iter().map(|key| Key(key << shift)).collect();
            let file = SortedFile::write(keys.iter().copied().map(Ok)).expect("a temporary file");
            for wanted in 0..41u128 {
                let wanted = Key(wanted << shift);
                let mut found = Vec::new();
                file.find(wanted, &mut found).expect("a temporary file");
                let there = keys.iter().enumerate().filter(|(_, key)| **key == wanted);
                let there: Vec<_> = there.map(|(place, key)| (place as u64, *key)).collect();
                prop_assert_eq!(found, there);
            }
        }
    }
}
