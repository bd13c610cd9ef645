//! The files that a scheduler reads: a template for each, into which nothing comes that is
//! not quoted for its place.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::job::Job;
use super::quoting::{cron, exec, mount, shell, unit, yaml};
use crate::cli::Scheduler;

/// Writes text so that whatever reads it takes it as it is.
type Quoting = fn(&str) -> String;

/// Returns the template of what a scheduler reads.
fn template(scheduler: Scheduler) -> &'static str {
    match scheduler {
        Scheduler::Cron => include_str!("cron.txt"),
        Scheduler::Systemd => include_str!("systemd.txt"),
        Scheduler::Kubernetes => include_str!("kubernetes.yaml"),
        Scheduler::GithubActions => include_str!("github-actions.yaml"),
        Scheduler::GitlabCi => include_str!("gitlab-ci.yaml"),
    }
}

/// Returns what a scheduler reads to run a job.
pub(super) fn filled(scheduler: Scheduler, job: &Job) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax()?);
    environment.set_formatter(quoted_alone);
    let quotings: [(&str, Quoting); 7] = [
        ("cron", cron),
        ("exec", exec),
        ("mount", mount),
        ("shell", shell),
        ("unit", unit),
        ("yaml", yaml),
        // A line of its own in a script or a comment: paths have no line ends.
        ("line", str::to_owned),
    ];
    for (name, quoted) in quotings {
        environment.add_filter(name, move |text: &str| {
            Value::from_safe_string(quoted(text))
        });
    }
    environment.render_str(template(scheduler), Value::from(Serde(job)))
}

/// Returns how templates are read: a line that has a statement alone is not written.
fn syntax() -> Result<SyntaxConfig, Error> {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    syntax.keep_trailing_newline(true).build()
}

/// Writes what is quoted, and refuses what is not.
fn quoted_alone(
    out: &mut minijinja::Output<'_>,
    _: &mut minijinja::State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            let why = format!("`{text}` is not quoted");
            Err(Error::new(ErrorKind::InvalidOperation, why))
        }
        Some(_) | None => Ok(write!(out, "{value}")?),
    }
}
