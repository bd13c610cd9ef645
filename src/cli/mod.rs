//! What a person types, read into plain options; opens nothing.

mod args;
mod resolve;
mod usage;
mod values;

pub use args::{
    AuditArgs, Cli, Command, ConvertArgs, DiffArgs, ExplainArgs, PolicyCommand, ReportArgs,
    VerifyArgs,
};
pub use usage::{Usage, command, parse};
