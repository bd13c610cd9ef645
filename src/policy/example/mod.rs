//! Finds a record of which a rule makes this or that, or shows that there is none.

mod automaton;
mod candidates;
mod group;
mod networks;
mod possible;
mod sample;
mod search;

pub(super) use candidates::known_values;
pub(super) use group::Group;
pub use sample::Sample;
pub use search::Example;
pub(super) use search::{Found, Goal, Search};
