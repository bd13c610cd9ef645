//! What shows that two exports have the same content, though no part reads all of either.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::digest::{self, Hasher};

/// How many bytes a block has, but for the last.
const BLOCK_BYTES: u64 = 1 << 20;

/// The digests of blocks of a file, by their numbers.
pub type Blocks = BTreeMap<u64, String>;

/// How many bytes of an export tell whether it is another file by now.
const BEGINNING_BYTES: u64 = 64 << 10;

/// Returns a digest of the first bytes of a file.
///
/// # Errors
///
/// It cannot be read.
pub fn beginning(path: &Path) -> io::Result<String> {
    let beginning = File::open(path)?.take(BEGINNING_BYTES);
    Ok(digest::of_reader(beginning)?.half_hex())
}

/// Returns the digests of the blocks that begin in a range of a file of so many bytes.
///
/// # Errors
///
/// It cannot be read.
pub fn blocks(path: &Path, (begin, end): (u64, u64), size: u64) -> io::Result<Blocks> {
    let file = File::open(path)?;
    let mut room = vec![0; usize::try_from(BLOCK_BYTES).unwrap_or_default()];
    let mut blocks = Blocks::new();
    for block in begin.div_ceil(BLOCK_BYTES)..end.div_ceil(BLOCK_BYTES) {
        let at = block * BLOCK_BYTES;
        let length = usize::try_from(BLOCK_BYTES.min(size - at)).unwrap_or_default();
        file.read_exact_at(&mut room[..length], at)?;
        let mut hasher = Hasher::default();
        hasher.update(&room[..length]);
        blocks.insert(block, hasher.half_hex());
    }
    Ok(blocks)
}

/// Returns the digest of all blocks of a file of so many bytes; nothing, if one is not there.
pub(super) fn digest_of_all(blocks: &Blocks, size: u64) -> Option<String> {
    let mut hasher = Hasher::default();
    hasher.update(&size.to_le_bytes());
    for block in 0..size.div_ceil(BLOCK_BYTES) {
        hasher.update(blocks.get(&block)?.as_bytes());
    }
    Some(digest::hex(&hasher.finish()))
}

/// Returns which exports of these sizes may have the content of another.
pub(super) fn have_the_size_of_another(sizes: &[u64]) -> impl Fn(usize) -> bool {
    let mut of_size: HashMap<u64, usize> = HashMap::new();
    for size in sizes.iter().filter(|size| **size > 0) {
        *of_size.entry(*size).or_default() += 1;
    }
    let sizes = sizes.to_vec();
    move |index| {
        let size = sizes.get(index);
        size.and_then(|size| of_size.get(size))
            .is_some_and(|alike| *alike > 1)
    }
}
