//! Rules over all records: what is [`Gathered`] of each chunk is added up, in the order of
//! the records, to the [`Aggregates`] of a run, which at the end give the findings.
//!
//! Accumulators are small, whatever the export's size. Values that are compared
//! with each other are kept as digests, sorted in runs that go to temporary files
//! once there are many; the texts that findings show wait in another file.

mod entry;
mod error;
mod findings;
mod gathered;
mod group;
mod text;
mod texts;
mod total;

pub use entry::Entry;
pub use error::Error;
pub use gathered::{Accumulators, Compared, Gathered};
pub use texts::{ReadOn, StoredTexts};
pub use total::{Aggregates, Late, Sorted, Stored};
