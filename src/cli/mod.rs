//! What a person types, read into plain options; opens nothing.

mod args;
mod help;
mod in_force;
mod resolve;
mod usage;
mod values;

pub use args::{
    AuditArgs, Cli, Command, ConfigCommand, ConvertArgs, ExplainArgs, PolicyCommand, ReportArgs,
    VerifyArgs,
};
pub use in_force::{InForce, Origin};
pub use resolve::Resolved;
pub use usage::{Usage, command, parse};
