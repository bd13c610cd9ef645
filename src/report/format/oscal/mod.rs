//! OSCAL assessment results 1.1.3: what assessors' tools take.
//!
//! A control that was assessed is a finding on its statement, and so is a rule that no
//! control has on an objective. Each of our findings is an observation on a customer, each
//! rule an activity, and what is not met a risk, with what to do. All that is known by a UUID is named
//! by what it is and not by chance, so that the same customer, rule and finding
//! have the same one every night.

mod assessed;
mod observed;
mod part;
mod results;
mod reviewed;
mod risks;
mod rules;

pub use results::Oscal;
