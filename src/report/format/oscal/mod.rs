//! OSCAL assessment results 1.1.3: what assessors' tools take.
//!
//! A rule that was judged is a finding on an objective, and each of our
//! findings an observation on a customer. All that is known by a UUID is named
//! by what it is and not by chance, so that the same customer, rule and finding
//! have the same one every night.

mod observed;
mod part;
mod results;
mod reviewed;

pub use results::Oscal;
