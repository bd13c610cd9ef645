//! OCSF: one event per finding, of the class Compliance Finding, each on its line; in a run
//! that is compared with a night before also one for each that is closed.
//!
//! The classes and their numbers are those of the Open Cybersecurity Schema
//! Framework, <https://schema.ocsf.io/1.5.0/classes/compliance_finding>.

mod activity;
mod asked;
mod closed;
mod events;

pub use events::{Renderer, Reporter};
