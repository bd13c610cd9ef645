//! Waivers: findings that somebody accepted until a day, for what was seen then.

mod account;
mod error;
pub mod keys;
mod read;
mod term;
mod uses;
pub mod value;
#[allow(
    clippy::module_inception,
    reason = "the room is about waivers, and this file holds the type"
)]
mod waiver;
mod waivers;

pub use account::{Account, WaiverCounts};
pub use error::{Error, LoadError};
pub use term::{ENDING_DAYS, Term, same_person};
pub use uses::{Misfit, Uses};
pub use waiver::{Covers, HoldsFor, Waiver};
pub use waivers::Waivers;
