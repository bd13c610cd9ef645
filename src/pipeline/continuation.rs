//! Where a chunk really ended, and so where the next one begins.

use crate::export::{Chunk, State};

/// Holds what a chunk hands on to the next.
#[derive(Default)]
pub(super) struct Continuation {
    /// The state after the chunk before; none before the first chunk of an export, or of a
    /// stretch of one, which says itself in which state it begins.
    pub(super) state: Option<State>,
    /// Bytes that were read and belong to what follows them.
    pub(super) carry: Vec<u8>,
    /// Records of this export so far.
    pub(super) records: u64,
}

impl Continuation {
    /// Returns whether the chunk before ended just where this one was assumed to begin.
    pub(super) fn leads_to(&self, chunk: &Chunk) -> bool {
        match &self.state {
            None => true,
            state => self.carry.is_empty() && chunk.state == *state,
        }
    }
}
