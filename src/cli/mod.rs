//! What a person types, read into plain options; opens nothing.

mod args;
mod nights;
mod resolve;
mod usage;
mod values;

pub use args::{AuditArgs, Cli, Command, ConvertArgs, ExplainArgs, PolicyCommand, ReportArgs};
pub use nights::{DiffArgs, HistoryArgs, VerifyArgs};
pub use usage::{Usage, command, parse};
