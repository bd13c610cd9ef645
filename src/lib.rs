//! Judges customer records by policies.

pub mod record;
