//! The subcommands: a file each, and what they share.

mod alarms;
mod audit;
mod check;
mod completions;
mod config;
mod configured;
mod convert;
mod diff;
mod dispatch;
mod error;
mod exit;
mod explain;
mod exports;
mod help;
mod history;
mod judge;
mod man;
mod merge;
mod night;
mod notes;
mod run;
mod schedule;
mod schema;
mod shard;
mod share;
mod show;
mod test;
mod verify;
mod waive;
mod waivers;

pub use audit::audit;
pub use configured::configured;
pub use dispatch::dispatch;
pub use error::Error;
pub use exit::Exit;
