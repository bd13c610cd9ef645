//! The file that holds the options of a nightly run: read with the place of every value,
//! and all that is wrong with it at once.

mod error;
pub mod keys;
mod night;
mod paths;
mod placed;
mod read;
mod report;
mod values;

pub use error::Error;
pub use night::{PLACEHOLDERS, filled};
pub use placed::Placed;
pub use read::Config;
