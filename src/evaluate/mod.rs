//! Rules against records: no files, no clock, no printing.
//!
//! `judge` is what judging means: rule by rule, from the answers of the
//! tests. `tables` remembers what that came to for records that are alike.

mod judge;
mod tables;

pub use judge::{Context, Judge};
