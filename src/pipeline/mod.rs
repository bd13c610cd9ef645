//! Chunks of exports, or frames of partials, through the stages: on all cores, in order where
//! it counts, in bounded memory.

mod continuation;
mod inputs;
mod merge;
mod ordered;
mod run;
mod worker;

pub use inputs::{Error, Pipeline};
pub use merge::Merge;
pub use worker::{Beside, ChunkResult, Piece, Rejection, StretchEnd};
