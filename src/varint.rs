//! Whole numbers in as few bytes as they need: seven bits a byte, the lowest first; and texts
//! whose lengths they are.

use std::io::{self, Read, Write};

/// The most bytes that a number needs.
const MAX_BYTES: usize = 10;

fn encode(mut number: u64) -> ([u8; MAX_BYTES], usize) {
    let mut bytes = [0; MAX_BYTES];
    let mut length = 0;
    while number >= 0x80 {
        bytes[length] = number as u8 | 0x80;
        number >>= 7;
        length += 1;
    }
    bytes[length] = number as u8;
    (bytes, length + 1)
}

/// Appends a number.
pub fn push(number: u64, out: &mut Vec<u8>) {
    let (bytes, length) = encode(number);
    out.extend_from_slice(&bytes[..length]);
}

/// Writes a number.
///
/// # Errors
///
/// Those of the writer.
pub fn write(number: u64, writer: &mut impl Write) -> io::Result<()> {
    let (bytes, length) = encode(number);
    writer.write_all(&bytes[..length])
}

/// Reads a number.
///
/// # Errors
///
/// Those of the reader, or there is none.
pub fn read(reader: &mut impl Read) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        number |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Reads a text of so many bytes.
///
/// # Errors
///
/// Those of the reader, or there are fewer.
pub fn read_text(reader: &mut impl Read, length: u64) -> io::Result<String> {
    let mut text = String::new();
    reader.take(length).read_to_string(&mut text)?;
    match text.len() as u64 == length {
        true => Ok(text),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_that_is_written_is_read_as_the_same(number: u64, shift in 0..64u32) {
            let number = number >> shift;
            let (mut pushed, mut written) = (Vec::new(), Vec::new());
            push(number, &mut pushed);
            write(number, &mut written).expect("memory");
            prop_assert_eq!(&pushed, &written);
            prop_assert_eq!(read(&mut pushed.as_slice()).expect("whole"), number);
        }
    }

    #[test]
    fn what_has_no_end_is_no_number() {
        assert!(read(&mut [0xff; 20].as_slice()).is_err());
        assert!(read(&mut [0x80].as_slice()).is_err());
    }
}
