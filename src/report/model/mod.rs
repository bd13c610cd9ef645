//! A report as data: what every format says, and what a JSON report holds.
//!
//! Findings and what comes before and after them are apart, since there may be
//! more findings than memory: the [`header`] is known before the first record, a
//! [`row`] is a finding, and the [`footer`] is known after the last.

pub mod bounds;
pub mod control;
pub mod ended;
pub mod footer;
pub mod header;
pub mod life;
pub mod row;
mod row_object;
pub mod task;
