//! What a person types, read into plain options; opens nothing.

mod args;
mod resolve;
mod usage;
mod values;
mod waiver_args;

pub use args::{
    AuditArgs, Cli, Command, ConvertArgs, ExplainArgs, PolicyCommand, ReportArgs, VerifyArgs,
};
pub use usage::{Usage, command, parse};
pub use waiver_args::{CheckWaiversArgs, WaiveArgs, WaiversCommand};
