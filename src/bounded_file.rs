//! Reads whole files that people or programs write for a run: one that is larger than
//! they ever are, or has no end, is refused and does not fill the memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest that a file of text may be that a person writes: 64 MB.
pub const MAX_TEXT: u64 = 64_000_000;

/// Reads a file that has at most so many bytes.
///
/// # Errors
///
/// It cannot be read, or has more.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let (number, unit) = match most {
            1_000_000.. => (most / 1_000_000, "MB"),
            _ => (most / 1_000, "kB"),
        };
        let why = format!("it has more than {number} {unit}, the most that is read of such a file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Reads a file of text that has at most so many bytes.
///
/// # Errors
///
/// It cannot be read, has more, or is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let why = format!("byte {at} is not UTF-8");
        io::Error::new(io::ErrorKind::InvalidData, why)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_one_without_end_is_refused() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"abc\xff").expect("written");
        assert_eq!(read(file.path(), 4).expect("read"), b"abc\xff");
        let why = |result: io::Result<String>| result.expect_err("refused").to_string();
        assert_eq!(why(read_text(file.path(), 4)), "byte 3 is not UTF-8");
        let too_large = "it has more than 64 kB, the most that is read of such a file";
        assert_eq!(why(read_text(Path::new("/dev/zero"), 64_000)), too_large);
        assert!(read(file.path(), 3).is_err());
    }
}
