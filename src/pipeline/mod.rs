//! Chunks of exports through the stages: on all cores, in order where it counts, in
//! bounded memory.

mod continuation;
mod inputs;
mod ordered;
mod run;
mod worker;

pub use inputs::{Error, Pipeline};
pub use worker::{ChunkResult, Piece, Rejection};
