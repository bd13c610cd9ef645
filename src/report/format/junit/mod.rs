//! JUnit XML: what build servers show.

mod document;
mod waived;

pub use document::Junit;
