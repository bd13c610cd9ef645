//! Markdown, for tickets.

mod bounded_text;
mod findings;
mod page;
mod parts;
mod run;
mod ticket;

pub use page::Markdown;
