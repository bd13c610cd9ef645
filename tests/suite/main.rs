//! All tests of the whole program, as one program: `cargo test --test suite
//! export::` runs those of a module.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should stop where it is"
)]

mod aggregate;
mod agreement;
mod cases;
mod cli;
mod config;
mod conformance;
mod controls;
mod convert;
mod decoder;
mod diff;
mod examples;
mod exports;
mod floors;
mod history;
mod identity;
mod judges;
mod manifest;
mod memory;
mod nights;
#[path = "../oracle/mod.rs"]
mod oracle; // the fuzzer asks it too
mod overview;
mod packed;
mod policies;
mod privacy;
mod readme;
mod reference;
mod reports;
mod shards;
mod since;
mod sound;
mod split;
mod support;
mod tables;
mod tickets;
mod topics;
mod waivers;
