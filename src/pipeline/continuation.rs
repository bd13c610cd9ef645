//! Where a chunk really ended, and so where the next one begins.

use crate::export::{Chunk, Format, State};

/// Holds what a chunk hands on to the next.
pub(super) struct Continuation {
    format: Format,
    pub(super) state: State,
    /// Bytes that were read and belong to what follows them.
    pub(super) carry: Vec<u8>,
    /// Records of this export so far.
    pub(super) records: u64,
}

impl Continuation {
    /// Returns the beginning of an export of this format.
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            state: State::Start(format),
            carry: Vec::new(),
            records: 0,
        }
    }

    /// Returns whether the chunk before ended just where this one was assumed to begin.
    pub(super) fn leads_to(&self, chunk: &Chunk) -> bool {
        self.carry.is_empty() && chunk.state.as_ref() == Some(&self.state)
    }

    /// Goes on to the beginning of the next export.
    pub(super) fn next_export(&mut self) {
        *self = Self::new(self.format);
    }
}
