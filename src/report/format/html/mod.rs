//! HTML: one page that needs nothing else, for whoever opens the ticket.
//!
//! The page fetches nothing and may run nothing but its own script, whose digest
//! its content policy names. The template has the words; what it needs beyond the
//! report (bars, orders, sums) is worked out here.

mod chart;
mod controls;
mod exceptions;
mod nights;
mod notes;
mod overview;
mod page;
mod rows;
mod rules;
pub mod site;
mod terms;
#[cfg(test)]
mod tests;

pub use page::Html;
