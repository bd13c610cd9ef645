//! The one harness of all tests: folders with files, and runs of the program.

mod run;
mod workspace;

pub use run::{Run, audit, check, command};
pub use workspace::Workspace;
