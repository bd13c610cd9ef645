//! Judges customer records by policies.

pub mod evaluate;
pub mod export;
pub mod finding;
pub mod policy;
pub mod record;
