//! Any number of items in order, in bounded memory: what does not fit waits in
//! temporary files that have no name, so that nothing is left of a run that is
//! killed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::vec;

/// What can be kept in a file.
pub trait Kept: Ord + Sized {
    fn write(&self, writer: &mut impl Write) -> io::Result<()>;
    fn read(reader: &mut impl Read) -> io::Result<Self>;
}

/// The most files that are open at once: of more one is made.
const MAX_RUNS: usize = 128;

/// Sorts items.
pub struct Sorter<T> {
    /// How many are sorted in memory.
    segment: usize,
    waiting: Vec<T>,
    runs: Vec<Run>,
}

/// Sorted items in a file.
struct Run {
    file: File,
    items: u64,
}

impl<T: Kept> Sorter<T> {
    /// Sorts so many items in memory, and the rest by way of files.
    pub fn new(segment: usize) -> Self {
        Self {
            segment: segment.max(1),
            waiting: Vec::new(),
            runs: Vec::new(),
        }
    }

    pub fn push(&mut self, item: T) -> io::Result<()> {
        if self.waiting.len() == self.segment {
            self.waiting.sort_unstable();
            let run = Run::write(self.waiting.drain(..).map(Ok))?;
            self.runs.push(run);
        }
        if self.runs.len() == MAX_RUNS {
            let runs = std::mem::take(&mut self.runs);
            self.runs
                .push(Run::write(Sorted::<T>::of(Vec::new(), runs)?)?);
        }
        self.waiting.push(item);
        Ok(())
    }

    /// All items, in their order.
    pub fn sorted(mut self) -> io::Result<Sorted<T>> {
        self.waiting.sort_unstable();
        Sorted::of(self.waiting, self.runs)
    }
}

impl Run {
    fn write<T: Kept>(sorted: impl Iterator<Item = io::Result<T>>) -> io::Result<Self> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        let mut items = 0;
        for item in sorted {
            item?.write(&mut file)?;
            items += 1;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Self { file, items })
    }
}

/// Items in their order.
pub struct Sorted<T> {
    sources: Vec<Items<T>>,
    /// The next item of each source that is not at its end.
    next: BinaryHeap<Reverse<(T, usize)>>,
}

/// Sorted items, here or in a file of which so many are left.
enum Items<T> {
    Here(vec::IntoIter<T>),
    There(BufReader<File>, u64),
}

impl<T: Kept> Items<T> {
    fn next(&mut self) -> io::Result<Option<T>> {
        match self {
            Items::Here(items) => Ok(items.next()),
            Items::There(_, 0) => Ok(None),
            Items::There(file, left) => {
                *left -= 1;
                T::read(file).map(Some)
            }
        }
    }
}

impl<T: Kept> Sorted<T> {
    fn of(here: Vec<T>, runs: Vec<Run>) -> io::Result<Self> {
        let there = runs
            .into_iter()
            .map(|run| Items::There(BufReader::new(run.file), run.items));
        let mut sources: Vec<_> = there.chain([Items::Here(here.into_iter())]).collect();
        let mut next = BinaryHeap::with_capacity(sources.len());
        for (number, source) in sources.iter_mut().enumerate() {
            next.extend(source.next()?.map(|item| Reverse((item, number))));
        }
        Ok(Self { sources, next })
    }
}

impl<T: Kept> Iterator for Sorted<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((item, number)) = self.next.pop()?;
        match self.sources[number].next() {
            Ok(next) => self.next.extend(next.map(|next| Reverse((next, number)))),
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(item))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Kept for u16 {
        fn write(&self, writer: &mut impl Write) -> io::Result<()> {
            writer.write_all(&self.to_le_bytes())
        }

        fn read(reader: &mut impl Read) -> io::Result<Self> {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes)?;
            Ok(u16::from_le_bytes(bytes))
        }
    }

    fn sorted(items: &[u16], segment: usize) -> Vec<u16> {
        let mut sorter = Sorter::new(segment);
        for item in items {
            sorter.push(*item).expect("temporary files");
        }
        let sorted = sorter.sorted().expect("temporary files");
        sorted.map(|item| item.expect("temporary files")).collect()
    }

    proptest! {
        #[test]
        fn all_items_come_back_in_order(
            items in proptest::collection::vec(any::<u16>(), 0..400),
            segment in 1..50usize,
        ) {
            let mut wanted = items.clone();
            wanted.sort_unstable();
            prop_assert_eq!(sorted(&items, segment), wanted);
        }
    }

    #[test]
    fn of_many_runs_one_is_made() {
        let items: Vec<u16> = (0..1000).rev().collect();
        assert_eq!(sorted(&items, 1), (0..1000).collect::<Vec<_>>());
    }
}
