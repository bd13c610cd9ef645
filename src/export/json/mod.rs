//! Reads JSON exports: an array, objects one after another, and what wraps
//! them.

mod between;
mod decode;
mod envelope;
mod keys;
mod lexer;
mod object;
mod reader;
mod recover;
mod state;
mod wrapper;

pub use decode::Decoder;
#[cfg(feature = "cli")]
pub use keys::first_keys;
pub use reader::Reader;
pub use state::State;
#[cfg(feature = "cli")]
pub use state::{Container, Element, Next};
