//! Unpacks what was packed with gzip or zstd, which its first bytes say.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;

/// How many bytes are read at once.
const BUFFER: usize = 128 << 10;

/// The bytes of a reader as they are, from the first on.
type Packed<R> = Chain<Cursor<Vec<u8>>, R>;

/// Reads bytes, unpacked if they are packed: all members of gzip and all frames of zstd.
pub enum Unpacker<R: Read> {
    /// They are not packed.
    Plain(Packed<R>),
    /// They are packed with gzip.
    Gzip(Box<Members<R>>),
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
            Unpacker::Gzip(Box::new(Members(Some(GzDecoder::new(packed)))))
        } else if zstd {
            let packed = BufReader::with_capacity(BUFFER, packed);
            Unpacker::Zstd(zstd::stream::read::Decoder::with_buffer(packed)?)
        } else {
            Unpacker::Plain(packed)
        })
    }

    /// Returns a reader of bytes that are not packed, whatever they begin with.
    pub fn plain(bytes: R) -> Self {
        Unpacker::Plain(Cursor::new(Vec::new()).chain(bytes))
    }

    /// Returns the reader of the packed bytes, to be read on from where it is, if there is
    /// still one.
    pub fn into_packed(self) -> Option<R> {
        let packed = match self {
            Unpacker::Plain(packed) => packed,
            Unpacker::Gzip(members) => members.0?.into_inner().into_inner(),
            Unpacker::Zstd(decoder) => decoder.finish().into_inner(),
        };
        Some(packed.into_inner().1)
    }
}

/// Reads all members of gzip, one after another; nothing but these may follow the first.
pub struct Members<R: Read>(Option<GzDecoder<BufReader<Packed<R>>>>);

impl<R: Read> Read for Members<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(room)?;
            if read > 0 || room.is_empty() {
                return Ok(read);
            }
            match member.get_mut().fill_buf()?.first() {
                None => return Ok(0),
                Some(&GZIP_FIRST) => {
                    self.0 = self
                        .0
                        .take()
                        .map(|member| GzDecoder::new(member.into_inner()));
                }
                Some(_) => {
                    let why = "something that is not gzip follows its packed data";
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
            }
        }
        Ok(0)
    }
}

impl<R: Read> Read for Unpacker<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Unpacker::Plain(packed) => packed.read(room),
            Unpacker::Gzip(members) => members.read(room),
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

/// The byte with which each member of gzip begins.
const GZIP_FIRST: u8 = 0x1f;

fn is_gzip(start: &[u8]) -> bool {
    start.starts_with(&[GZIP_FIRST, 0x8b])
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
    fn what_follows_gzip_and_is_not_gzip_is_called_so() {
        for rubbish in ["\n", "\0\0", "rubbish", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n"] {
            let packed = [gzip(b"some text"), rubbish.as_bytes().to_vec()].concat();
            let mut found = Vec::new();
            let mut reader = unpacked(packed.as_slice()).expect("memory");
            let error = reader.read_to_end(&mut found).expect_err("rubbish");
            assert_eq!(found, b"some text");
            assert_eq!(
                error.to_string(),
                "something that is not gzip follows its packed data"
            );
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
