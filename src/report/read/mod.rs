//! A JSON or NDJSON report, read again: what any other report can be made from.
//!
//! It is read three times. The first time says what it is about, and whether its findings
//! are those that it counts; the second, whether each says what a finding says; only then
//! are they handed on. What the next night needs of it is read once, where its findings are
//! lines: see `skim.rs`.

mod blocks;
mod check;
mod ended_tally;
mod file;
mod outline;
mod pick;
mod reader;
mod skim;
mod skimmed;
mod tally;

pub use pick::pick;
pub use reader::{Listener, ReadError, read};
pub use skim::{Skims, skim};
pub use skimmed::Skimmed;
