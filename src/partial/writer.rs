//! Writes a partial while its part of a run is read.

use std::io::{self, Write};

use super::facts::Facts;
use super::item::Bytes;
use super::key_counts::KeyCounts;
use super::rejected::RejectedItem;
use super::section::{Packer, Section, Sections};
use crate::aggregate::Sorted;
use crate::digest::Hasher;
use crate::external_sort::Spill;
use crate::record::UnknownKeys;
use crate::spool::Spool;
use crate::varint;

/// The bytes with which every partial begins.
pub(super) const MAGIC: &[u8; 16] = b"audit-partial 1\n";

/// How many bytes a frame of findings has, about: so many are rendered at once.
const ITEM_BYTES: usize = 128 << 10;

/// How many bytes another frame has, about: so many are in memory of each partial while
/// many are merged.
const FRAME_BYTES: usize = 32 << 10;

/// How many bytes of rejected records wait in memory.
const SPOOL_BYTES: usize = 1 << 20;

/// Writes a partial: findings as they come, all else at the end.
pub struct PartialWriter<'o> {
    out: Counting<'o>,
    items: Packer,
    /// The frame of findings and records that is being filled.
    frame: Vec<u8>,
    /// The export of its items, and the number of the last record.
    at: (usize, u64),
    rejected: Spool,
    keys: KeyCounts,
}

/// Counts and digests what is written.
struct Counting<'o> {
    out: &'o mut (dyn Write + Send),
    hasher: Hasher,
    bytes: u64,
}

impl Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a section that is read from its first byte on.
struct SectionWriter<'w, 'o> {
    out: &'w mut Counting<'o>,
    packer: Packer,
    frame: Vec<u8>,
}

impl<'w, 'o> SectionWriter<'w, 'o> {
    fn new(out: &'w mut Counting<'o>) -> io::Result<Self> {
        Ok(Self {
            packer: Packer::new(out.bytes)?,
            frame: Vec::with_capacity(FRAME_BYTES),
            out,
        })
    }

    fn finish(mut self) -> io::Result<Section> {
        self.flush()?;
        Ok(self.packer.section)
    }
}

impl Write for SectionWriter<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frame.len() == FRAME_BYTES {
            self.flush()?;
        }
        let written = bytes.len().min(FRAME_BYTES - self.frame.len());
        self.frame.extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    /// Ends the frame.
    fn flush(&mut self) -> io::Result<()> {
        self.packer.write(&self.frame, self.out)?;
        self.frame.clear();
        Ok(())
    }
}

impl<'o> PartialWriter<'o> {
    /// Begins a partial.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn new(out: &'o mut (dyn Write + Send)) -> io::Result<Self> {
        let mut out = Counting {
            out,
            hasher: Hasher::default(),
            bytes: 0,
        };
        out.write_all(MAGIC)?;
        Ok(Self {
            items: Packer::new(out.bytes)?,
            out,
            frame: Vec::new(),
            at: (0, 0),
            rejected: Spool::new(SPOOL_BYTES),
            keys: KeyCounts::default(),
        })
    }

    /// Adds findings and records of an export, as its renderer rendered them; so many records
    /// that are read of the export come before those that they are counted with.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub fn items(&mut self, export: usize, before: u64, rendered: &[u8]) -> io::Result<()> {
        let mut bytes = Bytes(rendered);
        while !bytes.0.is_empty() {
            let kind = bytes.byte()?;
            let number = before + bytes.number()?;
            let length = u32::from_le_bytes(bytes.array()?);
            let payload = bytes.take(length.into())?;
            // Findings of one record stay together with it.
            let is_full = self.frame.len() >= ITEM_BYTES && self.at.1 != number;
            if self.at.0 != export || is_full {
                self.end_frame()?;
            }
            if self.frame.is_empty() {
                varint::push(export as u64, &mut self.frame);
                varint::push(number, &mut self.frame);
                self.at = (export, number);
            }
            self.frame.push(kind);
            varint::push(number - self.at.1, &mut self.frame);
            varint::push(length.into(), &mut self.frame);
            self.frame.extend_from_slice(payload);
            self.at.1 = number;
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        self.items.write(&self.frame, &mut self.out)?;
        self.frame.clear();
        Ok(())
    }

    /// Adds a record that cannot be read.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn rejected(&mut self, rejected: &RejectedItem) -> io::Result<()> {
        let mut bytes = Vec::new();
        rejected.write(&mut bytes)?;
        self.rejected.push(&bytes)
    }

    /// Adds keys of the next records that are no field.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    pub fn unknown_keys(&mut self, keys: &UnknownKeys) -> io::Result<()> {
        self.keys.add(keys)
    }

    /// Writes all else; `facts` returns what the partial says of itself, once it is known
    /// where its sections are.
    ///
    /// # Errors
    ///
    /// Those of the output, or of temporary files.
    pub fn finish(
        mut self,
        sorted: Sorted,
        facts: impl FnOnce(Sections) -> Facts,
    ) -> io::Result<()> {
        self.end_frame()?;
        let items = self.items.section;
        let mut out = self.out;

        let mut section = SectionWriter::new(&mut out)?;
        io::copy(&mut self.rejected.into_reader()?, &mut section)?;
        let rejected = section.finish()?;

        let mut section = SectionWriter::new(&mut out)?;
        for entry in sorted.entries {
            entry?.write(&mut section)?;
        }
        let entries = section.finish()?;

        let mut section = SectionWriter::new(&mut out)?;
        let mut texts = sorted.texts;
        io::copy(&mut texts, &mut section)?;
        let texts = section.finish()?;

        let mut section = SectionWriter::new(&mut out)?;
        self.keys.write(&mut section)?;
        let unknown_keys = section.finish()?;

        let facts = facts(Sections {
            items,
            rejected,
            entries,
            texts,
            unknown_keys,
        });
        end(&facts, out)
    }
}

/// Writes a file that holds facts and nothing else.
///
/// # Errors
///
/// Those of the output.
pub fn write_facts(facts: &Facts, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let writer = PartialWriter::new(out)?;
    end(facts, writer.out)
}

/// Writes the facts, how long they are, and the digest of all that comes before it.
fn end(facts: &Facts, mut out: Counting<'_>) -> io::Result<()> {
    let facts = serde_json::to_vec(facts).map_err(io::Error::from)?;
    let packed = zstd::bulk::compress(&facts, 3)?;
    out.write_all(&packed)?;
    for length in [packed.len() as u64, facts.len() as u64] {
        out.write_all(&length.to_le_bytes())?;
    }
    let digest = out.hasher.finish();
    out.out.write_all(&digest)
}
