//! The arguments of the commands that make a run on many machines.

use std::path::PathBuf;

use clap::Args;

use super::args::{JudgingArgs, RunArgs};
use super::values::split_by;
use crate::partial::Share;
use crate::report::SplitBy;

/// Holds the arguments of `audit shard`.
#[derive(Debug, Clone, Args)]
pub struct ShardArgs {
    /// All exports of the run, in the same order for each part
    #[arg(
        required_unless_present_any = ["config", "exports_from", "sizes", "digest"],
        value_name = "EXPORT"
    )]
    pub exports: Vec<PathBuf>,

    /// Take the exports that this file names too, one a line
    #[arg(long, value_name = "FILE")]
    pub exports_from: Option<PathBuf>,

    /// The part to make: I/N, the I-th of N; or A-B/N, several as one
    #[arg(long, value_name = "I/N", required_unless_present = "digest")]
    pub part: Option<Share>,

    /// The partial to write
    #[arg(long, value_name = "FILE", required_unless_present = "plan")]
    pub into: Option<PathBuf>,

    /// Print what the part would read: a line each, with the first byte, the byte after the
    /// last, and the export; nothing is judged
    #[arg(long, conflicts_with = "digest")]
    pub plan: bool,

    /// Write the digest of an export instead, which a merge needs for --manifest and
    /// --history
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["part", "exports", "exports_from"])]
    pub digest: Option<PathBuf>,

    /// Take the sizes of exports from this file instead of asking for each: lines of name,
    /// tab, bytes; without an EXPORT, these are the exports
    #[arg(long, value_name = "FILE")]
    pub sizes: Option<PathBuf>,

    /// Cut between files alone
    #[arg(long)]
    pub whole_files: bool,

    /// Keep each record, as a merge needs with --matrix or --expect
    #[arg(long)]
    pub records: bool,

    /// Keep each record, and when its account was made, as a merge needs with --since or
    /// --history
    #[arg(long)]
    pub nights: bool,

    /// Keep of each finding in which slice it is: of field:NAME or file:FILE, as a merge
    /// splits by it
    #[arg(long, value_name = "WHAT", value_parser = split_by)]
    pub split_by: Vec<SplitBy>,

    /// Take what the command line leaves open from this file, whose keys are the names
    /// of options; nothing else is looked for
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// A policy: a TOML file, or the name of a bundled one (see `audit policy list`)
    #[arg(
        short,
        long = "policy",
        required_unless_present_any = ["config", "digest"],
        value_name = "FILE|NAME"
    )]
    pub policies: Vec<PathBuf>,

    /// What bears on each record
    #[command(flatten)]
    pub judging: JudgingArgs,

    /// Worker threads
    #[arg(short = 'j', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,

    /// Say nothing but why the exit code is 2
    #[arg(short, long)]
    pub quiet: bool,
}

/// Holds the arguments of `audit merge`.
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// All partials of one run, in any order
    #[arg(required_unless_present = "partials_from", value_name = "PARTIAL")]
    pub partials: Vec<PathBuf>,

    /// Take the partials that this file names too, one a line; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub partials_from: Option<PathBuf>,

    /// What is asked of the run
    #[command(flatten)]
    pub run: RunArgs,
}
