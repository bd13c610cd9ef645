//! What a person types, read into plain options; opens nothing.

mod args;
mod help;
mod in_force;
mod nights;
mod policy_args;
mod resolve;
mod schedule;
mod shard_args;
mod topic;
mod usage;
mod values;
mod waiver_args;

pub use args::{
    AuditArgs, Cli, Command, ConfigCommand, ConvertArgs, ExplainArgs, ReportArgs, RunArgs,
};
pub use in_force::{InForce, Origin};
pub use nights::{DiffArgs, HistoryArgs, VerifyArgs};
pub use policy_args::PolicyCommand;
pub use resolve::Resolved;
pub use schedule::{ScheduleArgs, Scheduler};
pub use shard_args::{MergeArgs, ShardArgs};
pub use topic::Topic;
pub use usage::{Unknown, Usage, command, help_of, parse};
pub use waiver_args::{CheckWaiversArgs, WaiveArgs, WaiversCommand};
