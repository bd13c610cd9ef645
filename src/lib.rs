//! Judges customer records by policies.

pub mod policy;
pub mod record;
