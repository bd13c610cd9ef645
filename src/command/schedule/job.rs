//! What a configuration asks of whatever runs it every night.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Timelike, Utc};
use serde::Serialize;

use super::error::ScheduleError;
use super::places::{Night, absolute, outermost, text};
use super::quoting::shell;
use crate::cli::{ScheduleArgs, Scheduler};
use crate::config::{Config, Placed};
use crate::policy::is_bundled_name;
use crate::report::{Destination, Format};

/// The folder in which a service may have folders of its own.
const STATE: &str = "/var/lib";

/// The longest name of a CronJob that leaves room for those of its jobs.
const MAX_NAME: usize = 52;

/// Holds what a template asks of a nightly job. Paths are absolute.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    /// The name of the job, and of all that is made for it.
    name: String,
    program: String,
    image: String,
    hour: u32,
    minute: u32,
    config: String,
    /// Whether nights are compared.
    has_history: bool,
    /// The folders that are written to.
    writes: Vec<String>,
    /// Those of them that a service can have made, by their names below [`STATE`].
    state: Vec<String>,
    /// Those of them that it cannot.
    binds: Vec<String>,
    /// The folders that are read from, and not written to.
    reads: Vec<String>,
    /// The folders of exports, as far as nothing is written to them.
    exports: Vec<String>,
    /// The files that say what the job does, as far as they are in no other folder.
    files: Vec<ConfigFile>,
    /// What is done in a checkout.
    checkout: Checkout,
}

/// Represents a file that says what the job does.
#[derive(Debug, Serialize)]
struct ConfigFile {
    /// Its name among the others.
    key: String,
    path: String,
}

/// Holds what a job does in a checkout of the repository that has the configuration.
#[derive(Debug, Serialize)]
struct Checkout {
    /// Whether something is outside of it, on the disk of the runner.
    has_disk: bool,
    /// The commands of the job.
    commands: Vec<String>,
    /// The files to keep, as patterns.
    artifacts: Vec<String>,
    /// The SARIF report, or the folder of those that have another name every night.
    sarif: Option<String>,
    /// The JUnit reports, as patterns.
    junit: Vec<String>,
}

impl Job {
    /// Returns what a configuration asks, which was read for a run at this instant.
    pub(super) fn new(
        args: &ScheduleArgs,
        config: &Config,
        as_of: DateTime<Utc>,
    ) -> Result<Self, ScheduleError> {
        let night = Night::new(as_of);
        let path = absolute(&args.config)?;
        let exports = files(&config.exports)?;
        let mut own = vec![path.clone()];
        own.extend(policies(config)?);
        own.extend(files(&config.waivers)?);
        own.extend(lists(config)?);
        own.extend(file(&config.expect)?);
        let history = file(&config.history)?;
        let mut written: Vec<PathBuf> = Vec::new();
        for report in &config.reports {
            written.push(absolute(&report.value.path)?);
        }
        written.extend(file(&config.manifest)?);
        written.extend(file(&config.matrix)?);

        let mut writes: Vec<_> = written.iter().map(|file| night.folder(file)).collect();
        writes.extend(history.clone());
        let writes = outermost(writes, &[]);
        let inputs = own.iter().chain(&exports).cloned();
        let inputs = inputs.chain(file(&config.since)?);
        let reads = inputs.map(|file| night.folder(&file)).collect();
        let reads = outermost(reads, &writes);
        let of_exports = exports.iter().map(|file| night.folder(file)).collect();
        let of_exports = outermost(of_exports, &writes);

        let mounted: Vec<_> = writes.iter().chain(&of_exports).collect();
        let is_apart = |file: &&PathBuf| !mounted.iter().any(|folder| file.starts_with(folder));
        let alone: Vec<_> = own.iter().filter(is_apart).cloned().collect();
        let (state, binds): (Vec<_>, Vec<_>) = writes
            .iter()
            .partition(|folder| folder.starts_with(STATE) && *folder != Path::new(STATE));
        let state = state
            .into_iter()
            .filter_map(|folder| folder.strip_prefix(STATE).ok());
        let binds = binds.into_iter().map(PathBuf::as_path);

        Ok(Self {
            name: name(&path),
            program: args.program.clone(),
            image: args.image.clone(),
            hour: args.time.hour(),
            minute: args.time.minute(),
            config: text(&path)?,
            has_history: history.is_some(),
            state: state.map(text).collect::<Result<_, _>>()?,
            binds: binds.map(text).collect::<Result<_, _>>()?,
            writes: texts(&writes)?,
            reads: texts(&reads)?,
            exports: texts(&of_exports)?,
            files: config_files(&alone)?,
            checkout: Checkout::new(args, config, &night, history.as_deref(), &own, &exports)?,
        })
    }
}

impl Checkout {
    /// Returns what is done in a checkout whose root is the folder that the program runs in.
    fn new(
        args: &ScheduleArgs,
        config: &Config,
        night: &Night,
        history: Option<&Path>,
        own: &[PathBuf],
        exports: &[PathBuf],
    ) -> Result<Self, ScheduleError> {
        let root = absolute(Path::new("."))?;
        let is_outside = |path: &Path| !path.starts_with(&root);
        if let Some(history) = history.filter(|path| !is_outside(path)) {
            match args.scheduler {
                Scheduler::GithubActions | Scheduler::GitlabCi => {
                    let path = history.display().to_string();
                    return Err(ScheduleError::HistoryInCheckout { path });
                }
                Scheduler::Cron | Scheduler::Systemd | Scheduler::Kubernetes => {}
            }
        }
        let shown = |path: &Path| text(path.strip_prefix(&root).unwrap_or(path));
        let config_path = shell(&shown(&absolute(&args.config)?)?);
        let (mut artifacts, mut folders) = (Vec::new(), Vec::new());
        let (mut sarif, mut junit) = (None, Vec::new());
        for report in &config.reports {
            let Destination {
                format, packing, ..
            } = report.value;
            let path = absolute(&report.value.path)?;
            let pattern = night.pattern(&shown(&path)?);
            if format == Format::Sarif && packing.is_none() {
                sarif = Some(match pattern.contains('*') {
                    true => shown(&night.folder(&path))?,
                    false => pattern.clone(),
                });
            }
            if !is_outside(&path) {
                if format == Format::Junit && packing.is_none() {
                    junit.push(pattern.clone());
                }
                artifacts.push(pattern);
                folders.push(night.folder(&path));
            }
        }
        let beside = [file(&config.manifest)?, file(&config.matrix)?];
        for path in beside
            .into_iter()
            .flatten()
            .filter(|path| !is_outside(path))
        {
            artifacts.push(night.pattern(&shown(&path)?));
            folders.push(night.folder(&path));
        }
        folders.retain(|folder| *folder != root);
        folders.sort();
        folders.dedup();
        let mut commands = vec!["umask 077".to_owned(), format!("chmod go-w {config_path}")];
        if !folders.is_empty() {
            let folders: Result<Vec<_>, _> = folders.iter().map(|folder| shown(folder)).collect();
            let folders: Vec<_> = folders?.iter().map(|folder| shell(folder)).collect();
            commands.push(format!("mkdir -p {}", folders.join(" ")));
        }
        commands.push(format!("{} --config {config_path}", shell(&args.program)));
        let inputs = own.iter().chain(exports).map(PathBuf::as_path);
        Ok(Self {
            has_disk: inputs.chain(history).any(is_outside),
            commands,
            artifacts,
            sarif,
            junit,
        })
    }
}

/// Returns the name of a job, which every scheduler takes: that of its configuration.
fn name(config: &Path) -> String {
    let stem = config.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.to_ascii_lowercase();
    let words = stem.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty() && *word != "audit");
    let mut name = "audit".to_owned();
    for word in words {
        name.extend(["-", word]);
    }
    name.truncate(MAX_NAME);
    name.trim_end_matches('-').to_owned()
}

fn file(path: &Option<Placed<PathBuf>>) -> Result<Option<PathBuf>, ScheduleError> {
    let path = path.as_ref().map(|path| absolute(&path.value));
    path.transpose()
}

fn files(paths: &Option<Placed<Vec<PathBuf>>>) -> Result<Vec<PathBuf>, ScheduleError> {
    let paths = paths.iter().flat_map(|paths| &paths.value);
    paths.map(|path| absolute(path)).collect()
}

/// Returns the policies that are files.
fn policies(config: &Config) -> Result<Vec<PathBuf>, ScheduleError> {
    let names = config.policies.iter().flat_map(|names| &names.value);
    let own = names.filter(|name| !name.to_str().is_some_and(is_bundled_name));
    own.map(|path| absolute(path)).collect()
}

/// Returns the files that hold values of parameters.
fn lists(config: &Config) -> Result<Vec<PathBuf>, ScheduleError> {
    let values = config.set.iter().flat_map(|set| &set.value);
    let lists = values.filter_map(|(_, value)| value.strip_prefix('@'));
    let lists = lists.filter(|path| !path.starts_with('@'));
    lists.map(|path| absolute(Path::new(path))).collect()
}

fn texts(paths: &[PathBuf]) -> Result<Vec<String>, ScheduleError> {
    paths.iter().map(|path| text(path)).collect()
}

/// Names files as a ConfigMap can: two may have one name in two folders.
fn config_files(paths: &[PathBuf]) -> Result<Vec<ConfigFile>, ScheduleError> {
    let named = paths.iter().enumerate().map(|(at, path)| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = name.replace(|c: char| !is_plain(c), "-");
        Ok(ConfigFile {
            key: format!("{at}-{name}"),
            path: text(path)?,
        })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_called_as_its_configuration() {
        for (config, expected) in [
            ("/etc/audit/pci.toml", "audit-pci"),
            ("/etc/Our Night_2.toml", "audit-our-night-2"),
            ("/etc/audit.toml", "audit"),
            ("/etc/ü.toml", "audit"),
        ] {
            assert_eq!(name(Path::new(config)), expected);
        }
        let long = name(Path::new(&format!("/{}.toml", "a-".repeat(40))));
        assert!(long.len() <= MAX_NAME && long.ends_with('a'));
    }
}
