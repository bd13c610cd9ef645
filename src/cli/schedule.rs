//! The arguments of `audit schedule`.

use std::path::PathBuf;

use chrono::{DateTime, NaiveTime, Utc};
use clap::Args;

use super::values::{choice, instant, line, time_of_day};

/// Names what can run the nightly job.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::EnumMessage, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Scheduler {
    /// Lines of a crontab
    Cron,
    /// A service, its timer, and a service for when it fails
    Systemd,
    /// A CronJob, its volumes, and a policy that closes the network
    Kubernetes,
    /// A workflow
    GithubActions,
    /// A job for a scheduled pipeline
    GitlabCi,
}

/// Holds the arguments of `audit schedule`.
#[derive(Debug, Clone, Args)]
pub struct ScheduleArgs {
    /// What runs the job
    #[arg(value_parser = choice::<Scheduler>())]
    pub scheduler: Scheduler,

    /// The configuration of the job
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_CONFIG",
        hide_env_values = true
    )]
    pub config: PathBuf,

    /// When it runs, every day, in UTC
    #[arg(long, value_name = "HH:MM", default_value = "02:00", value_parser = time_of_day)]
    pub time: NaiveTime,

    /// Where the program is on the machine that runs the job
    #[arg(long, value_name = "FILE", default_value = "/usr/bin/audit", value_parser = line)]
    pub program: String,

    /// The image that has the program, for kubernetes
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = concat!("audit:", env!("CARGO_PKG_VERSION")),
        value_parser = line
    )]
    pub image: String,

    /// The night for which the configuration is read: patterns in it must have files
    /// [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_of: Option<DateTime<Utc>>,
}
