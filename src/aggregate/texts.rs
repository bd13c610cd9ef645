//! What findings will show of records whose values are compared.

use std::io::{self, Read};

use super::error::{Error, SPOOL_BYTES};
use super::text::RecordText;
use crate::spool::{Spool, SpoolReader};

/// Holds texts in the order of the records: those of a run, or those that were stored
/// elsewhere.
pub(super) struct Texts {
    own: Spool,
    stored: Vec<StoredTexts>,
    /// How many bytes are stored elsewhere.
    stored_bytes: u64,
}

/// Holds texts that were stored elsewhere.
pub struct StoredTexts {
    /// How many bytes they are.
    pub bytes: u64,
    /// Opens them.
    pub open: Box<dyn Fn() -> io::Result<Box<dyn ReadOn + Send>> + Send>,
}

/// Reads bytes, and can pass over many at once.
pub trait ReadOn: Read {
    /// Passes over so many bytes.
    ///
    /// # Errors
    ///
    /// Those of the reader.
    fn pass_over(&mut self, bytes: u64) -> io::Result<()>;
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            own: Spool::new(SPOOL_BYTES),
            stored: Vec::new(),
            stored_bytes: 0,
        }
    }
}

impl Texts {
    /// Returns how many bytes there are: the offset of the next text.
    pub(super) fn bytes(&self) -> u64 {
        self.own.bytes() + self.stored_bytes
    }

    /// Adds texts of the run itself, all of which come before those that are stored.
    pub(super) fn push(&mut self, texts: &[u8]) -> io::Result<()> {
        self.own.push(texts)
    }

    /// Adds texts that were stored elsewhere.
    pub(super) fn push_stored(&mut self, texts: StoredTexts) {
        self.stored_bytes += texts.bytes;
        self.stored.push(texts);
    }

    /// Returns a reader of the texts of the run itself.
    pub(super) fn into_own(self) -> Result<SpoolReader, Error> {
        Ok(self.own.into_reader()?)
    }

    /// Ends the adding.
    pub(super) fn into_reader(self) -> io::Result<Reader> {
        let own_bytes = self.own.bytes();
        Ok(Reader {
            own: self.own.into_reader()?,
            own_bytes,
            stored: self.stored.into_iter(),
            current: None,
            next: own_bytes,
            last: None,
        })
    }
}

/// Reads texts by their offsets, which never go back to an earlier store.
pub(super) struct Reader {
    own: SpoolReader,
    own_bytes: u64,
    stored: std::vec::IntoIter<StoredTexts>,
    current: Option<Current>,
    /// The offset of the first text of the next store.
    next: u64,
    /// The text that was read last, with its offset: several rules ask for it.
    last: Option<(u64, RecordText)>,
}

/// Holds the store that is being read.
struct Current {
    texts: StoredTexts,
    begin: u64,
    end: u64,
    reader: Box<dyn ReadOn + Send>,
    /// The offset of the next byte that is read.
    at: u64,
}

impl Reader {
    /// Returns the text at an offset.
    pub(super) fn text_at(&mut self, offset: u64) -> io::Result<&RecordText> {
        let text = match self.last.take() {
            Some((at, text)) if at == offset => text,
            Some(_) | None => self.read_at(offset)?,
        };
        let (_, text) = self.last.insert((offset, text));
        Ok(text)
    }

    fn read_at(&mut self, offset: u64) -> io::Result<RecordText> {
        if offset < self.own_bytes {
            self.own.seek_to(offset)?;
            return RecordText::read(&mut self.own);
        }
        while self.current.as_ref().is_none_or(|one| one.end <= offset) {
            let texts = self.stored.next();
            let texts = texts.ok_or(io::ErrorKind::UnexpectedEof)?;
            let (begin, end) = (self.next, self.next + texts.bytes);
            self.next = end;
            self.current = (offset < end)
                .then(|| {
                    Ok::<_, io::Error>(Current {
                        reader: (texts.open)()?,
                        texts,
                        begin,
                        end,
                        at: begin,
                    })
                })
                .transpose()?;
        }
        match &mut self.current {
            Some(current) => current.text_at(offset),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Current {
    fn text_at(&mut self, offset: u64) -> io::Result<RecordText> {
        if offset < self.at {
            self.reader = (self.texts.open)()?;
            self.at = self.begin;
        }
        self.reader.pass_over(offset - self.at)?;
        let mut counted = Counted(&mut self.reader, offset);
        let text = RecordText::read(&mut counted)?;
        self.at = counted.1;
        Ok(text)
    }
}

/// Counts the bytes that are read.
struct Counted<'r, R: ?Sized>(&'r mut R, u64);

impl<R: Read + ?Sized> Read for Counted<'_, R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(room)?;
        self.1 += read as u64;
        Ok(read)
    }
}
