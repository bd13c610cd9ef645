//! The one harness of all tests: folders with files, and runs of the program.

mod page;
mod run;
mod workspace;

pub use page::{Block, blocks};
pub use run::{Run, audit, check, command};
pub use workspace::Workspace;
