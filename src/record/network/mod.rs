//! Reads allow-lists, and computes what their networks add up to.

mod list;
mod net;
mod read;
mod union;

pub use list::{Listed, read, read_array};
pub use net::{Network, special};
pub use read::{Entry, read_one};
pub use union::{Sizes, Union, are_any, are_at_most, cover};
