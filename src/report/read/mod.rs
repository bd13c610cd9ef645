//! A JSON or NDJSON report, read again: what any other report can be made from.
//!
//! It is read twice. The first time says what it is about, and whether its findings are
//! those that it counts; only then are they handed on.

mod outline;
mod reader;
mod tally;

pub use reader::{Listener, ReadError, read};
