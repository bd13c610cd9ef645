//! Sorts any number of items in bounded memory: what does not fit waits in
//! temporary files that have no name, so that nothing is left of a run that is
//! killed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::vec;

/// An item that can be spilled to a file, and read again.
pub trait Spill: Ord + Sized {
    /// Writes the item.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    fn write(&self, writer: &mut impl Write) -> io::Result<()>;

    /// Reads an item that was written.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    fn read(reader: &mut impl Read) -> io::Result<Self>;

    /// Returns how many bytes of text and the like it holds, beside its own size.
    fn held_bytes(&self) -> usize {
        0
    }
}

/// How many bytes of text and the like the items in memory hold, at most, beside the last.
const MAX_HELD_BYTES: usize = 4 << 20;

/// How many files of one kind there are, at most: of so many, one is made.
const MAX_RUNS: usize = 128;

/// Takes in items, and sorts them.
pub struct Sorter<T> {
    items_in_memory: usize,
    waiting: Vec<T>,
    held_bytes: usize,
    /// By how often their items were merged: those that were merged as often are merged
    /// together, so that many items are not written again for each few.
    runs: Vec<Vec<Run<T>>>,
}

/// Holds sorted items that wait: in a file, so many, or elsewhere.
enum Run<T> {
    File(File, u64),
    Elsewhere(SortedElsewhere<T>),
}

/// Gives items that were sorted elsewhere.
pub type SortedElsewhere<T> = Box<dyn Iterator<Item = io::Result<T>> + Send>;

impl<T: Spill> Sorter<T> {
    /// Makes a sorter that keeps at most this number of items in memory, fewer if they
    /// hold much, and the others in files.
    pub fn new(items_in_memory: usize) -> Self {
        Self {
            items_in_memory: items_in_memory.max(1),
            waiting: Vec::new(),
            held_bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Takes in an item.
    ///
    /// # Errors
    ///
    /// Those of the temporary files.
    pub fn push(&mut self, item: T) -> io::Result<()> {
        if self.waiting.len() == self.items_in_memory || self.held_bytes >= MAX_HELD_BYTES {
            self.held_bytes = 0;
            self.waiting.sort_unstable();
            let run = Run::write(self.waiting.drain(..).map(Ok))?;
            self.push_run(run)?;
        }
        self.held_bytes += item.held_bytes();
        self.waiting.push(item);
        Ok(())
    }

    /// Takes in items that are in their order already: they are merged, and not sorted
    /// again.
    ///
    /// # Errors
    ///
    /// Those of the temporary files, or of the items.
    pub fn push_sorted(&mut self, items: SortedElsewhere<T>) -> io::Result<()> {
        self.push_run(Run::Elsewhere(items))
    }

    fn push_run(&mut self, run: Run<T>) -> io::Result<()> {
        let (mut run, mut merged) = (run, 0);
        loop {
            if self.runs.len() == merged {
                self.runs.push(Vec::new());
            }
            self.runs[merged].push(run);
            if self.runs[merged].len() < MAX_RUNS {
                return Ok(());
            }
            let runs = std::mem::take(&mut self.runs[merged]);
            run = Run::write(Sorted::merge(Vec::new(), runs)?)?;
            merged += 1;
        }
    }

    /// Returns all items, in their order.
    ///
    /// # Errors
    ///
    /// Those of the temporary files.
    pub fn sorted(mut self) -> io::Result<Sorted<T>> {
        self.waiting.sort_unstable();
        let runs = self.runs.into_iter().flatten().collect();
        Sorted::merge(self.waiting, runs)
    }
}

/// Gives items in their order.
pub struct Sorted<T> {
    sources: Vec<Items<T>>,
    /// The next item of each source that is not at its end.
    next: BinaryHeap<Reverse<(T, usize)>>,
}

/// Gives sorted items, from memory, from a file with a number of them left, or from
/// elsewhere.
enum Items<T> {
    Memory(vec::IntoIter<T>),
    File(BufReader<File>, u64),
    Elsewhere(SortedElsewhere<T>),
}

impl<T: Spill> Run<T> {
    /// Writes items to a file.
    fn write(sorted: impl Iterator<Item = io::Result<T>>) -> io::Result<Self> {
        let mut file = BufWriter::new(tempfile::tempfile()?);
        let mut items = 0;
        for item in sorted {
            item?.write(&mut file)?;
            items += 1;
        }
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(Self::File(file, items))
    }

    /// Returns what gives the items.
    fn items(self) -> Items<T> {
        match self {
            Run::File(file, items) => Items::File(BufReader::new(file), items),
            Run::Elsewhere(items) => Items::Elsewhere(items),
        }
    }
}

impl<T: Spill> Items<T> {
    fn next(&mut self) -> io::Result<Option<T>> {
        match self {
            Items::Memory(items) => Ok(items.next()),
            Items::File(_, 0) => Ok(None),
            Items::File(file, left) => {
                *left -= 1;
                T::read(file).map(Some)
            }
            Items::Elsewhere(items) => items.next().transpose(),
        }
    }
}

impl<T: Spill> Sorted<T> {
    fn merge(in_memory: Vec<T>, runs: Vec<Run<T>>) -> io::Result<Self> {
        let mut sources: Vec<_> = runs
            .into_iter()
            .map(Run::items)
            .chain([Items::Memory(in_memory.into_iter())])
            .collect();
        let mut next = BinaryHeap::with_capacity(sources.len());
        for (number, source) in sources.iter_mut().enumerate() {
            next.extend(source.next()?.map(|item| Reverse((item, number))));
        }
        Ok(Self { sources, next })
    }
}

impl<T: Spill> Iterator for Sorted<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first = self.next.peek_mut()?;
        let Reverse((_, number)) = *first;
        match self.sources[number].next() {
            // What is put in its place finds its own place once.
            Ok(Some(next)) => {
                let Reverse((item, _)) = std::mem::replace(&mut *first, Reverse((next, number)));
                Some(Ok(item))
            }
            Ok(None) => {
                let Reverse((item, _)) = PeekMut::pop(first);
                Some(Ok(item))
            }
            Err(error) => {
                PeekMut::pop(first);
                Some(Err(error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Spill for u16 {
        fn write(&self, writer: &mut impl Write) -> io::Result<()> {
            writer.write_all(&self.to_le_bytes())
        }

        fn read(reader: &mut impl Read) -> io::Result<Self> {
            let mut bytes = [0; 2];
            reader.read_exact(&mut bytes)?;
            Ok(u16::from_le_bytes(bytes))
        }
    }

    fn sorted(items: &[u16], in_memory: usize) -> Vec<u16> {
        let mut sorter = Sorter::new(in_memory);
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
            in_memory in 1..50usize,
        ) {
            let mut wanted = items.clone();
            wanted.sort_unstable();
            prop_assert_eq!(sorted(&items, in_memory), wanted);
        }
    }

    /// An item that holds more than all may together.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Huge(u16);

    impl Spill for Huge {
        fn write(&self, writer: &mut impl Write) -> io::Result<()> {
            self.0.write(writer)
        }

        fn read(reader: &mut impl Read) -> io::Result<Self> {
            u16::read(reader).map(Self)
        }

        fn held_bytes(&self) -> usize {
            MAX_HELD_BYTES
        }
    }

    #[test]
    fn items_that_hold_much_wait_in_files() {
        let mut sorter = Sorter::new(1000);
        for number in [3, 1, 2] {
            sorter.push(Huge(number)).expect("temporary files");
            assert_eq!(sorter.waiting.len(), 1);
        }
        let sorted = sorter.sorted().expect("temporary files");
        let sorted = sorted.map(|item| item.expect("temporary files").0);
        assert_eq!(sorted.collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn of_many_runs_one_is_made() {
        let items: Vec<u16> = (0..1000).rev().collect();
        assert_eq!(sorted(&items, 1), (0..1000).collect::<Vec<_>>());
        let items: Vec<u16> = (0..20_000).rev().collect();
        assert_eq!(sorted(&items, 1), (0..20_000).collect::<Vec<_>>());
    }
}
