//! A report for each customer, rule, severity, value of a field or slice of a file: one per ticket.

mod kept;
mod renderer;
mod source;
mod waiting;
mod writer;

pub use kept::Split;
pub use renderer::Renderer;
pub use source::SliceSource;
pub use writer::Slices;
