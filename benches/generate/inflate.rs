//! Decompression and nothing else: the limit of an audit of compressed exports.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

const WINDOW: usize = 1 << 20;

/// Decodes a gzip or zstd file as the program does, all members and frames;
/// gives the number of bytes that came out.
pub fn inflate(path: &Path) -> io::Result<u64> {
    let mut magic = [0; 4];
    File::open(path)?.read_exact(&mut magic)?;
    let file = BufReader::with_capacity(WINDOW, File::open(path)?);
    match magic {
        [0x1F, 0x8B, ..] => drain(MultiGzDecoder::new(file)),
        [0x28, 0xB5, 0x2F, 0xFD] => drain(zstd::stream::read::Decoder::with_buffer(file)?),
        _ => Err(io::Error::other("neither gzip nor zstd")),
    }
}

fn drain(mut decoder: impl Read) -> io::Result<u64> {
    let mut window = vec![0; WINDOW];
    let mut total = 0;
    loop {
        match decoder.read(&mut window)? {
            0 => return Ok(total),
            length => total += length as u64,
        }
    }
}
