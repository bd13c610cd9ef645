//! What goes wrong when values wait in temporary files, and how much waits in memory.

use std::io;

/// Says that what is gathered cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("what rules over the whole export gather could not be kept in temporary files")]
pub struct Error(#[from] io::Error);

/// Says how many bytes of text, and of one group, wait in memory.
pub(super) const SPOOL_BYTES: usize = 4 << 20;
