//! Chunks of exports through the stages: on all cores, in order where it counts, in
//! bounded memory.

mod continuation;
mod ordered;
mod run;
mod worker;

pub use run::{Error, Pipeline};
pub use worker::{ChunkResult, Rejection};
