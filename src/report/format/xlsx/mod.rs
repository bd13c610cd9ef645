//! XLSX: a workbook for people who sort and filter.
//!
//! Every text is written as a text: no spreadsheet runs or follows it. Rows go to a
//! temporary file as they come, so that no number of findings fills the memory.

mod book;
mod reporter;
mod sheets;

pub use reporter::halves;
