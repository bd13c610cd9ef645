//! Reads a partial.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::facts::{Facts, PartFacts};
use super::key_counts;
use super::rejected::RejectedItem;
use super::section::{Frames, Section, SectionReader, Sections};
use super::writer::MAGIC;
use crate::aggregate::{Entry, ReadOn, Stored, StoredTexts};
use crate::digest;
use crate::external_sort::Spill;
use crate::record::UnknownKeys;

/// How many bytes a partial ends with: how long its facts are, packed and unpacked, and the
/// digest.
const TAIL_BYTES: u64 = 8 + 8 + 32;

/// The most bytes of facts that are read.
const MAX_FACTS_BYTES: u64 = 1 << 30;

/// Represents a partial that was read from its first byte to its last.
#[derive(Debug, Clone)]
pub struct Partial {
    /// Its path.
    pub path: PathBuf,
    /// The digest of its bytes.
    pub digest: [u8; 32],
}

/// Holds a partial of a part of a run, to be read.
#[derive(Debug)]
pub struct Reopened {
    path: PathBuf,
    /// What it is.
    pub facts: PartFacts,
}

impl Partial {
    /// Opens a partial, and makes sure that all of its bytes are as they were written.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is none, or is damaged.
    pub fn open(path: &Path) -> Result<(Self, Facts), Error> {
        let shown = || path.display().to_string();
        let unreadable = |source| Error::Unreadable {
            path: shown(),
            source,
        };
        let damaged = |why| Error::Damaged { path: shown(), why };
        // To open a pipe is to wait for somebody who writes to it.
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Error::NoPartial { path: shown() });
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut magic = [0; MAGIC.len()];
        if file.read_exact_at(&mut magic, 0).is_err() || magic != *MAGIC {
            return Err(Error::NoPartial { path: shown() });
        }
        let size = metadata.len();
        let cut = "it is cut off";
        let hashed = size.checked_sub(32).ok_or_else(|| damaged(cut))?;
        let digest = digest::of_reader((&file).take(hashed));
        let digest = digest.map_err(unreadable)?.finish();
        let mut written = [0; 32];
        file.read_exact_at(&mut written, hashed)
            .map_err(unreadable)?;
        if digest != written {
            return Err(damaged("its digest is not that of its bytes"));
        }
        let facts = read_facts(&file, size).map_err(|_| {
            // No version of the program wrote it otherwise.
            damaged("what it says of itself cannot be read")
        })?;
        if let Facts::Part(facts) = &facts {
            let segments = facts.segments.iter();
            let read: HashSet<_> = segments.map(|segment| segment.export.index).collect();
            if facts.sum.exports.keys().any(|index| !read.contains(index)) {
                return Err(damaged("it adds up an export that it has not read"));
            }
            let mut records = facts.segments.iter().map(|segment| segment.records);
            let records = records.try_fold(0u64, u64::checked_add);
            if records != Some(facts.sum.summary.records) {
                return Err(damaged("it adds up other records than it has read"));
            }
        }
        let partial = Self {
            path: path.to_owned(),
            digest,
        };
        Ok((partial, facts))
    }

    /// Returns the part that it holds, to be read; nothing, if it holds another thing.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is another file by now.
    pub fn reopen(&self) -> Result<Option<Reopened>, Error> {
        let path = || self.path.display().to_string();
        let read = || {
            let file = File::open(&self.path)?;
            let size = file.metadata()?.len();
            let mut written = [0; 32];
            let at = size.checked_sub(32).ok_or(io::ErrorKind::UnexpectedEof)?;
            file.read_exact_at(&mut written, at)?;
            match written == self.digest {
                true => read_facts(&file, size),
                false => Err(io::Error::other("it was replaced while it was read")),
            }
        };
        let facts = read().map_err(|source| Error::Unreadable {
            path: path(),
            source,
        })?;
        Ok(match facts {
            Facts::Part(facts) => Some(Reopened {
                path: self.path.clone(),
                facts: *facts,
            }),
            Facts::Digest(_) => None,
        })
    }
}

fn read_facts(file: &File, size: u64) -> io::Result<Facts> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let tail = size.checked_sub(TAIL_BYTES).ok_or_else(invalid)?;
    let (mut packed, mut unpacked) = ([0; 8], [0; 8]);
    file.read_exact_at(&mut packed, tail)?;
    file.read_exact_at(&mut unpacked, tail + 8)?;
    let (packed, unpacked) = (u64::from_le_bytes(packed), u64::from_le_bytes(unpacked));
    if packed > tail || unpacked > MAX_FACTS_BYTES {
        return Err(invalid());
    }
    let length = usize::try_from(packed).map_err(|_| invalid())?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, tail - packed)?;
    let unpacked = usize::try_from(unpacked).map_err(|_| invalid())?;
    let facts = zstd::bulk::decompress(&bytes, unpacked)?;
    Ok(serde_json::from_slice(&facts)?)
}

impl Reopened {
    fn section(&self, section: Section) -> io::Result<SectionReader> {
        SectionReader::open(&self.path, section)
    }

    /// Returns the frames of its findings and records.
    ///
    /// # Errors
    ///
    /// It cannot be opened.
    pub fn items(&self) -> io::Result<Frames> {
        let file = File::open(&self.path)?;
        Ok(Frames::new(file, self.facts.sections.items))
    }

    /// Hands out its records that cannot be read.
    ///
    /// # Errors
    ///
    /// They cannot be read, or `take` fails.
    pub fn rejected<E: From<Error>>(
        &self,
        mut take: impl FnMut(RejectedItem) -> Result<(), E>,
    ) -> Result<(), E> {
        let unreadable = |source| self.unreadable(source);
        let section = self.section(self.facts.sections.rejected);
        let mut section = section.map_err(unreadable)?;
        while !section.is_at_end() {
            take(RejectedItem::read(&mut section).map_err(unreadable)?)?;
        }
        Ok(())
    }

    /// Returns why it cannot be read, though its digest is right.
    pub fn unreadable(&self, source: io::Error) -> Error {
        Error::Unreadable {
            path: self.path.display().to_string(),
            source,
        }
    }

    /// Adds its keys that are no field to those of a run, which remembers the first.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn add_unknown_keys(&self, keys: &mut UnknownKeys) -> io::Result<()> {
        let mut section = self.section(self.facts.sections.unknown_keys)?;
        while !section.is_at_end() {
            key_counts::add_next(keys, &mut section)?;
        }
        Ok(())
    }

    /// Returns its values that rules compare.
    pub fn stored(&self) -> Stored {
        let Sections { entries, texts, .. } = self.facts.sections;
        let path = self.path.clone();
        let open = move || -> io::Result<Box<dyn ReadOn + Send>> {
            Ok(Box::new(SectionReader::open(&path, texts)?))
        };
        let entries = Entries::Closed(self.path.clone(), entries);
        Stored {
            entries: Box::new(entries),
            texts: StoredTexts {
                bytes: texts.unpacked,
                open: Box::new(open),
            },
        }
    }
}

/// Gives the values that rules compare; the file is opened with the first.
enum Entries {
    Closed(PathBuf, Section),
    Open(SectionReader),
}

impl Iterator for Entries {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<io::Result<Entry>> {
        if let Self::Closed(path, section) = self {
            match SectionReader::open(path, *section) {
                Ok(reader) => *self = Self::Open(reader),
                Err(error) => return Some(Err(error)),
            }
        }
        match self {
            Self::Open(reader) if !reader.is_at_end() => Some(Entry::read(reader)),
            Self::Open(_) | Self::Closed(..) => None,
        }
    }
}
