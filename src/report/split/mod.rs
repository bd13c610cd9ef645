//! A report for each customer, rule, severity or value of a field: one per ticket.

mod kept;
mod renderer;
mod waiting;
mod writer;

pub use kept::Split;
pub use renderer::Renderer;
pub use writer::Slices;
