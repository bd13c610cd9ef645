//! The arguments of `audit policy`.

use std::path::PathBuf;

use clap::Subcommand;

use super::values::{choice, setting};
use crate::options::{CheckFormat, ShowFormat};

/// Names what can be asked of policies.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Runs the cases beside a policy: for pci.toml those in pci.cases.toml
    ///
    /// Reports what is not as expected, and which rules pass or fail in no case;
    /// the exit code is then 1.
    Test {
        /// Policies
        #[arg(required = true, value_name = "FILE")]
        policies: Vec<PathBuf>,

        /// Change each field of a record that meets every rule, and report the
        /// changes that no rule notices
        #[arg(long)]
        mutate: bool,
    },
    /// Reports every mistake in policies, and what is probably not intended
    ///
    /// Exit codes: 0 nothing; 1 warnings; 2 errors.
    Check {
        /// TOML files, or names of bundled policies
        #[arg(required = true, value_name = "FILE|NAME")]
        policies: Vec<PathBuf>,

        /// Format of the output
        #[arg(
            long,
            value_parser = choice::<CheckFormat>(),
            default_value_t,
            value_name = "FORMAT"
        )]
        format: CheckFormat,

        /// Give a parameter another value
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,
    },
    /// Lists the bundled policies
    List,
    /// Shows a policy with all that it extends, overrides and sets
    Show {
        /// A TOML file, or the name of a bundled policy
        #[arg(value_name = "FILE|NAME")]
        policy: PathBuf,

        /// Give a parameter another value
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,

        /// Format of the output
        #[arg(
            long,
            value_parser = choice::<ShowFormat>(),
            default_value_t,
            value_name = "FORMAT"
        )]
        format: ShowFormat,
    },
    /// Writes a policy to start from, and its cases
    New {
        /// The policy to write, as mine.toml; its cases go to mine.cases.toml. Without it the
        /// policy is written to stdout, and no cases
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}
