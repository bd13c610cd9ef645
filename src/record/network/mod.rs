//! Reads allow-lists, and computes what their networks add up to.

mod net;
mod read;
mod union;

pub use net::{Network, special};
pub use read::{Entry, read, read_one};
pub use union::{Union, are_any, are_at_most, cover};
