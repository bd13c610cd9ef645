//! Judges customer records by policies.

pub mod evaluate;
pub mod finding;
pub mod policy;
pub mod record;
