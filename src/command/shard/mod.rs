//! A part of a run, made for itself: what its records come to goes to a partial.

mod error;
mod identity;
mod make;
mod part;
mod task;
mod writing;

pub use error::ShardError;
pub(super) use identity::identity;
pub(super) use make::shard;
