//! Text for a person at a terminal.

mod line;
mod page;

pub use page::halves;
