//! The page of a history: one file that needs nothing else.

mod chart;
mod html;

pub use html::write_page;
