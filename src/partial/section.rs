//! Sections of a partial: bytes in frames, each packed for itself, so that they can be read
//! on several threads, passed over, and read in little memory.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::aggregate::ReadOn;

/// How hard frames are packed: what is packed harder takes longer than to judge it.
const LEVEL: i32 = 1;

/// The largest frame that is read, in bytes, once unpacked: larger than any that is written.
const MAX_FRAME_BYTES: u32 = 1 << 28;

/// Says where in a partial a section is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its first byte.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// How many bytes it has once unpacked.
    pub unpacked: u64,
}

/// Says where the sections of a partial are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sections {
    /// Findings and records.
    pub items: Section,
    /// Records that cannot be read.
    pub rejected: Section,
    /// Values that rules compare.
    pub entries: Section,
    /// Texts that findings will show of these.
    pub texts: Section,
    /// Keys that are no field.
    pub unknown_keys: Section,
}

/// Packs bytes into frames, one after another.
pub(super) struct Packer {
    packer: zstd::bulk::Compressor<'static>,
    pub(super) section: Section,
}

impl Packer {
    /// Begins a section at a place of the file.
    pub(super) fn new(offset: u64) -> io::Result<Self> {
        Ok(Self {
            packer: zstd::bulk::Compressor::new(LEVEL)?,
            section: Section {
                offset,
                ..Section::default()
            },
        })
    }

    /// Writes a frame.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let packed = self.packer.compress(bytes)?;
        for length in [packed.len(), bytes.len()] {
            let length = u32::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?;
            out.write_all(&length.to_le_bytes())?;
        }
        out.write_all(&packed)?;
        self.section.length += 8 + packed.len() as u64;
        self.section.unpacked += bytes.len() as u64;
        Ok(())
    }
}

/// Holds a frame of a section, packed.
#[derive(Debug)]
pub struct Frame {
    packed: Vec<u8>,
    unpacked: u32,
}

impl Frame {
    /// Returns its bytes.
    ///
    /// # Errors
    ///
    /// They cannot be unpacked.
    pub fn unpack(&self) -> io::Result<Vec<u8>> {
        let mut unpacker = zstd::bulk::Decompressor::new()?;
        let bytes = unpacker.decompress(&self.packed, self.unpacked as usize)?;
        match bytes.len() == self.unpacked as usize {
            true => Ok(bytes),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Gives the frames of a section of a file.
#[derive(Debug)]
pub struct Frames {
    file: File,
    at: u64,
    end: u64,
}

impl Frames {
    /// Returns the frames of a section.
    pub(super) fn new(file: File, section: Section) -> Self {
        Self {
            file,
            at: section.offset,
            end: section.offset.saturating_add(section.length),
        }
    }

    /// Returns how many bytes the next frame has, packed and unpacked.
    fn head(&self) -> io::Result<Option<(u32, u32)>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let (mut packed, mut unpacked) = ([0; 4], [0; 4]);
        self.file.read_exact_at(&mut packed, self.at)?;
        self.file.read_exact_at(&mut unpacked, self.at + 4)?;
        let head = (u32::from_le_bytes(packed), u32::from_le_bytes(unpacked));
        let is_inside = u64::from(head.0) + 8 <= self.end - self.at;
        match is_inside && head.1 <= MAX_FRAME_BYTES {
            true => Ok(Some(head)),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Returns the next frame.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        let Some((length, unpacked)) = self.head()? else {
            return Ok(None);
        };
        let mut packed = vec![0; length as usize];
        self.file.read_exact_at(&mut packed, self.at + 8)?;
        self.at += 8 + u64::from(length);
        Ok(Some(Frame { packed, unpacked }))
    }

    /// Passes over the next frame if it has no more bytes than these; returns how many it has.
    fn pass_over(&mut self, bytes: u64) -> io::Result<Option<u64>> {
        match self.head()? {
            Some((packed, unpacked)) if u64::from(unpacked) <= bytes => {
                self.at += 8 + u64::from(packed);
                Ok(Some(unpacked.into()))
            }
            Some(_) | None => Ok(None),
        }
    }
}

/// Reads the bytes of a section, unpacked.
#[derive(Debug)]
pub(super) struct SectionReader {
    frames: Frames,
    frame: Vec<u8>,
    at: usize,
}

impl SectionReader {
    /// Opens a section of a file.
    pub(super) fn open(path: &Path, section: Section) -> io::Result<Self> {
        Ok(Self {
            frames: Frames::new(File::open(path)?, section),
            frame: Vec::new(),
            at: 0,
        })
    }

    /// Returns whether there is nothing more.
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.frame.len() && self.frames.at >= self.frames.end
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.at == self.frame.len()
            && let Some(frame) = self.frames.next_frame()?
        {
            self.frame = frame.unpack()?;
            self.at = 0;
        }
        Ok(())
    }
}

impl Read for SectionReader {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let rest = &self.frame[self.at..];
        let read = rest.len().min(room.len());
        room[..read].copy_from_slice(&rest[..read]);
        self.at += read;
        Ok(read)
    }
}

impl ReadOn for SectionReader {
    fn pass_over(&mut self, mut bytes: u64) -> io::Result<()> {
        loop {
            let here = (self.frame.len() - self.at) as u64;
            let passed = here.min(bytes);
            self.at += usize::try_from(passed).unwrap_or_default();
            bytes -= passed;
            if bytes == 0 {
                return Ok(());
            }
            match self.frames.pass_over(bytes)? {
                Some(passed) => bytes -= passed,
                None => {
                    let before = self.frames.at;
                    self.fill()?;
                    if self.frames.at == before {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
            }
        }
    }
}
