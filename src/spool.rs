//! Keeps bytes until the end of a run in bounded memory: what does not fit waits
//! in a temporary file that has no name.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

/// Takes in items of bytes, one after another.
pub struct Spool {
    file: BufWriter<SpooledTempFile>,
    bytes: u64,
}

impl Spool {
    /// Makes a spool that keeps at most so many bytes in memory.
    pub fn new(memory: usize) -> Self {
        Self {
            file: BufWriter::new(SpooledTempFile::new(memory)),
            bytes: 0,
        }
    }

    /// Returns how many bytes were taken in: the offset of the next item.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes in an item.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn push(&mut self, item: &[u8]) -> io::Result<()> {
        self.file.write_all(item)?;
        self.bytes += item.len() as u64;
        Ok(())
    }

    /// Ends the writing, and returns a reader of the items.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn into_reader(self) -> io::Result<SpoolReader> {
        let file = self.file.into_inner();
        let mut file = file.map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(SpoolReader {
            file: BufReader::new(file),
            offset: 0,
        })
    }
}

/// Reads items of a spool by their offsets.
pub struct SpoolReader {
    file: BufReader<SpooledTempFile>,
    offset: u64,
}

impl SpoolReader {
    /// Goes to an offset. Most often the next item is near, and is in the buffer
    /// already.
    ///
    /// # Errors
    ///
    /// Those of the temporary file.
    pub fn seek_to(&mut self, offset: u64) -> io::Result<()> {
        match offset.checked_signed_diff(self.offset) {
            Some(ahead) => self.file.seek_relative(ahead)?,
            None => self.file.seek(SeekFrom::Start(offset)).map(|_| ())?,
        }
        self.offset = offset;
        Ok(())
    }
}

impl Read for SpoolReader {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(room)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl BufRead for SpoolReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.file.consume(bytes);
        self.offset += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_come_back_in_any_order(
            lines in proptest::collection::vec("[a-z]{0,9}", 1..40),
            order in proptest::collection::vec(any::<prop::sample::Index>(), 0..40),
            memory in 0..64usize,
        ) {
            let mut spool = Spool::new(memory);
            let mut offsets = Vec::new();
            for line in &lines {
                offsets.push(spool.bytes());
                spool.push(line.as_bytes()).expect("a temporary file");
                spool.push(b"\n").expect("a temporary file");
            }
            let mut reader = spool.into_reader().expect("a temporary file");
            for index in order {
                let index = index.index(lines.len());
                reader.seek_to(offsets[index]).expect("a temporary file");
                let mut text = String::new();
                reader.read_line(&mut text).expect("a line");
                prop_assert_eq!(text.trim_end(), lines[index].as_str());
            }
        }
    }
}
