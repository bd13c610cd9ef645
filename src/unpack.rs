//! Unpacks what was packed with gzip or zstd, which its first bytes say.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// How many bytes are read at once.
const BUFFER: usize = 128 << 10;

/// The bytes of a reader as they are, from the first on.
type Packed<R> = Chain<Cursor<Vec<u8>>, R>;

/// Reads bytes, unpacked if they are packed: all members of gzip and all frames of zstd.
pub enum Unpacker<R: Read> {
    /// They are not packed.
    Plain(Packed<R>),
    /// They are packed with gzip.
    Gzip(Box<MultiGzDecoder<BufReader<Packed<R>>>>),
    /// They are packed with zstd.
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Packed<R>>>),
}

impl<R: Read> Unpacker<R> {
    /// Returns a reader that looks at the first bytes to see how they are packed.
    ///
    /// # Errors
    ///
    /// Those of the reader of the packed bytes.
    pub fn new(mut packed: R) -> io::Result<Self> {
        let mut start = Vec::new();
        packed.by_ref().take(4).read_to_end(&mut start)?;
        let (gzip, zstd) = (is_gzip(&start), is_zstd(&start));
        let packed = Cursor::new(start).chain(packed);
        Ok(if gzip {
            let packed = BufReader::with_capacity(BUFFER, packed);
            Unpacker::Gzip(Box::new(MultiGzDecoder::new(packed)))
        } else if zstd {
            let packed = BufReader::with_capacity(BUFFER, packed);
            Unpacker::Zstd(zstd::stream::read::Decoder::with_buffer(packed)?)
        } else {
            Unpacker::Plain(packed)
        })
    }

    /// Returns the reader of the packed bytes, to be read on from where it is.
    pub fn into_packed(self) -> R {
        let packed = match self {
            Unpacker::Plain(packed) => packed,
            Unpacker::Gzip(decoder) => decoder.into_inner().into_inner(),
            Unpacker::Zstd(decoder) => decoder.finish().into_inner(),
        };
        packed.into_inner().1
    }
}

impl<R: Read> Read for Unpacker<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacker::Plain(packed) => packed.read(room),
            Unpacker::Gzip(decoder) => decoder.read(room),
            Unpacker::Zstd(decoder) => decoder.read(room),
        }
    }
}

/// Returns a buffered reader of the bytes, unpacked if they are packed.
///
/// # Errors
///
/// Those of the reader.
pub fn unpacked<'r>(packed: impl Read + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    let unpacker = Unpacker::new(packed)?;
    Ok(Box::new(BufReader::with_capacity(BUFFER, unpacker)))
}

/// Returns whether bytes that begin so are packed.
pub fn is_packed(start: &[u8]) -> bool {
    is_gzip(start) || is_zstd(start)
}

fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&[0x1f, 0x8b])
}

fn is_zstd(start: &[u8]) -> bool {
    // A frame, or one that is to be skipped.
    matches!(
        start,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).expect("memory");
        packer.finish().expect("memory")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).expect("memory")
    }

    #[test]
    fn all_that_is_packed_is_unpacked_and_the_rest_is_as_it_is() {
        for text in ["", "a", "{\"tool\":1}\n", "abcd"] {
            let bytes = text.as_bytes();
            let plain = bytes.to_vec();
            let halves = [gzip(bytes), gzip(b"+")].concat();
            let frames = [zstd(bytes), zstd(b"+")].concat();
            for (packed, more) in [
                (plain, ""),
                (gzip(bytes), ""),
                (zstd(bytes), ""),
                (halves, "+"),
                (frames, "+"),
            ] {
                let mut reader = unpacked(packed.as_slice()).expect("memory");
                let mut found = String::new();
                reader.read_to_string(&mut found).expect("whole");
                assert_eq!(found, format!("{text}{more}"));
            }
        }
    }

    #[test]
    fn what_was_cut_is_an_error() {
        for packed in [gzip(b"some text"), zstd(b"some text")] {
            assert!(is_packed(&packed));
            let cut = &packed[..packed.len() - 2];
            let mut found = Vec::new();
            let read = unpacked(cut).and_then(|mut reader| reader.read_to_end(&mut found));
            assert!(read.is_err());
        }
    }
}
