//! A part of a run that was made for itself, as on another machine: a file that holds all
//! that the run needs of it.
//!
//! A partial says what it is a part of (`identity`), which stretches of which exports it read
//! and what they add up to (`facts`). Its sections (`section`) hold what there may be much of:
//! findings and, if they are kept, records (`item`), records that cannot be read, values that
//! rules compare, and keys that are no field. It ends with a digest of all that.
//!
//! The bytes of a partial depend on nothing but its part: no time, no name of a machine, no
//! number of threads is in it.

mod assembly;
mod content;
mod dictionary;
mod error;
mod facts;
mod file;
mod identity;
mod item;
mod items;
mod key_counts;
mod rejected;
mod renderer;
mod section;
mod share;
mod writer;

pub use assembly::{Assembly, Whole, digest_of_exports};
pub use content::{Blocks, beginning, blocks};
pub use dictionary::Dictionary;
pub use error::Error;
pub use facts::{DigestFacts, ExportFacts, Facts, PartFacts, Segment};
pub use file::{Partial, Reopened};
pub use identity::Identity;
pub use item::{Item, ItemReader, RecordItem};
pub use items::Items;
pub use rejected::RejectedItem;
pub use renderer::renderers;
pub use section::{Frame, Frames, Sections};
pub use share::{NoShare, Plan, PlannedStretch, Share};
pub use writer::{PartialWriter, write_facts};
