//! Reads JSON exports: an array, objects one after another, and what wraps
//! them.

mod between;
mod decode;
mod document;
mod familiar;
mod keys;
mod lexer;
mod members;
mod object;
mod reader;
mod record;
mod recover;
mod scalar;
mod search;
mod state;
mod wrapped;

pub use decode::Decoder;
#[cfg(feature = "cli")]
pub use keys::first_keys;
pub use keys::members;
pub use reader::Reader;
pub use scalar::is_type;
pub use state::State;
#[cfg(feature = "cli")]
pub use state::{Container, Next, Position};
