//! Nights: how what a run finds relates to what the run before it found.
//!
//! The findings of the night before are a sorted file of entries, by customer ([`Base`]).
//! While records are judged, each finding is held against those of its customer, and what is
//! seen of the others is noted ([`Tonight`]); what the parts of a run note adds up
//! ([`RunningNight`]). At the end it is decided what became of those that were not found
//! again ([`Ends`]).

mod base;
mod breakdown;
mod comparable;
mod earlier;
mod ends;
mod entry;
mod error;
mod fate;
mod group;
mod handing;
mod index;
mod of_report;
mod part;
mod relation;
mod sorted_file;
mod sum;
mod tonight;

pub use base::Base;
pub use ends::{Ends, Facts, has_shrunk};
pub use entry::Entry;
pub use error::Error;
pub use handing::Kept;
pub use index::write_index;
pub use part::Part;
pub use relation::changed_policies;
pub use sorted_file::SortedFile;
pub use sum::{RunningNight, Sum};
pub use tonight::{Customer, Tonight};
