//! Text for a person at a terminal: the verdict first, then what is new, the rules, the
//! first findings, and what to do next.

mod page;
mod reporter;

pub use reporter::halves;
