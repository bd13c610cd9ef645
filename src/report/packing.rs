//! Packs a report with gzip or zstd while it is written.

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// Says how the file of a report is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// With gzip; the file says neither its name nor a time.
    Gzip,
    /// With zstd, in frames that each begin with a line.
    Zstd,
}

impl Packing {
    /// Lists every way to pack.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// Returns the extension that asks for it, after that of the format.
    pub fn extension(self) -> &'static str {
        match self {
            Packing::Gzip => "gz",
            Packing::Zstd => "zst",
        }
    }

    /// Returns what the last extension of a file asks for, if it asks for anything.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        let mut all = Self::ALL.into_iter();
        all.find(|packing| extension == packing.extension())
    }
}

/// How many bytes are packed at once: always as many, so that the packed bytes are the same
/// however a report is written.
const BLOCK_BYTES: usize = 128 << 10;

/// From how many bytes on a frame ends with the next line.
const FRAME_BYTES: usize = 1 << 20;

/// The most bytes of a frame, whether a line ends there or not.
const MAX_FRAME_BYTES: usize = 8 << 20;

const ZSTD_LEVEL: i32 = 3;

/// Packs bytes that come one after another. What is packed of them when it is dropped
/// has no end, and so is taken for what it is.
pub struct Packer {
    encoder: Open,
    /// Fewer than are packed at once.
    waiting: Vec<u8>,
}

/// The packed bytes wait in the vectors for a moment alone: an encoder that wrote by itself
/// would also write the end of a report that is given up.
enum Open {
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Zstd(Frames),
}

/// Packs frame after frame, so that many can be unpacked at once. A file of several is
/// unpacked as one. Each is packed at once, which takes two thirds of the time.
struct Frames {
    compressor: Compressor<'static>,
    /// The bytes of this frame so far.
    bytes: Vec<u8>,
    /// Room for a frame that is packed. Its last byte waits for the next frame or the end, so
    /// that a report that is given up is seen to be cut.
    packed: Vec<u8>,
}

impl Packer {
    /// Returns a packer of bytes of which none has come yet.
    ///
    /// # Errors
    ///
    /// There is not enough memory for it.
    pub fn new(packing: Packing) -> io::Result<Self> {
        let encoder = match packing {
            Packing::Gzip => {
                Open::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::default())))
            }
            Packing::Zstd => Open::Zstd(Frames::new()?),
        };
        let waiting = Vec::with_capacity(BLOCK_BYTES);
        Ok(Self { encoder, waiting })
    }

    /// Packs the next bytes, and writes what that comes to.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn pack(&mut self, mut bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = BLOCK_BYTES - self.waiting.len();
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            self.waiting.extend_from_slice(now);
            bytes = rest;
            if self.waiting.len() == BLOCK_BYTES {
                self.encoder.pack(&self.waiting, out)?;
                self.waiting.clear();
            }
        }
        Ok(())
    }

    /// Packs what waits, and writes the end.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.encoder.pack(&self.waiting, out)?;
        match self.encoder {
            Open::Gzip(encoder) => out.write_all(&encoder.finish()?),
            Open::Zstd(mut frames) => {
                frames.end(out)?;
                out.write_all(&frames.packed)
            }
        }
    }
}

impl Open {
    fn pack(&mut self, block: &[u8], out: &mut dyn Write) -> io::Result<()> {
        match self {
            Open::Gzip(encoder) => {
                encoder.write_all(block)?;
                write_out(encoder.get_mut(), out)
            }
            Open::Zstd(frames) => frames.pack(block, out),
        }
    }
}

impl Frames {
    fn new() -> io::Result<Self> {
        let mut compressor = Compressor::new(ZSTD_LEVEL)?;
        // Damage does not stay unseen.
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Self {
            compressor,
            bytes: Vec::new(),
            packed: Vec::new(),
        })
    }

    fn pack(&mut self, mut block: &[u8], out: &mut dyn Write) -> io::Result<()> {
        while let Some(end) = self.end_in(block) {
            let (last, rest) = block.split_at(end);
            self.bytes.extend_from_slice(last);
            self.end(out)?;
            block = rest;
        }
        self.bytes.extend_from_slice(block);
        Ok(())
    }

    /// Packs the frame, and writes all of it but its last byte, after that of the frame before.
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.packed)?;
        self.packed.clear();
        self.packed
            .reserve(zstd::zstd_safe::compress_bound(self.bytes.len()));
        self.compressor
            .compress_to_buffer(&self.bytes, &mut self.packed)?;
        self.bytes.clear();
        let last = self.packed.len().saturating_sub(1);
        out.write_all(&self.packed[..last])?;
        self.packed.drain(..last);
        Ok(())
    }

    /// Returns where in a block the frame ends, if that is known: not with the block, as
    /// nothing may follow.
    fn end_in(&self, block: &[u8]) -> Option<usize> {
        let from = FRAME_BYTES
            .saturating_sub(self.bytes.len())
            .min(block.len());
        let line = block[from..].iter().position(|byte| *byte == b'\n');
        let most = MAX_FRAME_BYTES.saturating_sub(self.bytes.len());
        let end = line.map_or(most, |line| most.min(from + line + 1));
        (end < block.len()).then_some(end)
    }
}

fn write_out(packed: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(packed)?;
    packed.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;
    use crate::unpack::unpacked;

    fn packed(packing: Packing, bytes: &[u8], at_once: usize) -> Vec<u8> {
        let mut packer = Packer::new(packing).expect("memory");
        let mut out = Vec::new();
        for part in bytes.chunks(at_once) {
            packer.pack(part, &mut out).expect("memory");
        }
        packer.finish(&mut out).expect("memory");
        out
    }

    fn read(packed: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut reader = unpacked(packed).expect("memory");
        reader.read_to_end(&mut bytes).expect("whole");
        bytes
    }

    /// Returns text that packs badly, of lines that have so many characters.
    fn text(bytes: usize, line: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = |at: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            match (at + 1) % line {
                0 => b'\n',
                _ => b'a' + (state >> 60) as u8,
            }
        };
        (0..bytes).map(&mut next).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn bytes_come_back_and_are_packed_the_same_however_they_are_written(
            bytes in 0..3_000_000_usize, line in 1..2_000_usize, at_once in 1..300_000_usize,
        ) {
            let text = text(bytes, line);
            for packing in Packing::ALL {
                let whole = packed(packing, &text, text.len().max(1));
                prop_assert_eq!(&read(&whole), &text);
                prop_assert!(whole == packed(packing, &text, at_once));
            }
        }
    }

    #[test]
    fn every_frame_begins_with_a_line_and_has_its_share() {
        // With lines, and with none.
        for line in [100, usize::MAX - 1] {
            let text = text(20 << 20, line);
            let whole = packed(Packing::Zstd, &text, 1 << 20);
            assert!(read(&whole) == text);
            let mut reader = whole.as_slice();
            let mut begins = Vec::new();
            let mut at = 0;
            while !reader.is_empty() {
                begins.push(at);
                let mut frame = zstd::stream::read::Decoder::with_buffer(&mut reader)
                    .expect("memory")
                    .single_frame();
                at += std::io::copy(&mut frame, &mut std::io::sink()).expect("a frame") as usize;
            }
            assert_eq!(at, text.len());
            let lengths: Vec<_> = begins.windows(2).map(|two| two[1] - two[0]).collect();
            match line {
                100 => {
                    assert_eq!(begins.len(), 20);
                    assert!(begins.iter().all(|begin| begin % 100 == 0), "{begins:?}");
                    let expected = FRAME_BYTES..FRAME_BYTES + 100;
                    assert!(lengths.iter().all(|length| expected.contains(length)));
                }
                _ => assert_eq!(lengths, [MAX_FRAME_BYTES; 2]),
            }
        }
    }

    #[test]
    fn what_is_given_up_has_no_end() {
        for packing in Packing::ALL {
            let mut out = Vec::new();
            let mut packer = Packer::new(packing).expect("memory");
            packer.pack(&text(5 << 20, 80), &mut out).expect("memory");
            drop(packer);
            let mut reader = unpacked(out.as_slice()).expect("memory");
            assert!(reader.read_to_end(&mut Vec::new()).is_err(), "{packing:?}");
        }
    }

    #[test]
    fn the_last_extension_says_how_a_file_is_packed() {
        let of = |path: &str| Packing::of_path(Path::new(path));
        assert_eq!(of("a/r.json.gz"), Some(Packing::Gzip));
        assert_eq!(of("r.zst"), Some(Packing::Zstd));
        assert_eq!(of("r.gz.json"), None);
        assert_eq!(of(".gz"), None);
    }
}
