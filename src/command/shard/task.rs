//! Which part is to be made, of which exports.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::ShardError;
use crate::cli::{AuditArgs, RunArgs, ShardArgs};
use crate::command::configured::{configured, lines_of};
use crate::command::error::Error;
use crate::options::AuditOptions;
use crate::partial::Share;
use crate::report::SplitBy;

/// Says what is to be made.
pub(super) struct Task {
    pub(super) options: AuditOptions,
    pub(super) share: Share,
    pub(super) into: Option<PathBuf>,
    pub(super) sizes: Option<PathBuf>,
    pub(super) whole_files: bool,
    pub(super) records: bool,
    pub(super) nights: bool,
    pub(super) split_by: Vec<SplitBy>,
    pub(super) quiet: bool,
}

impl Task {
    pub(super) fn new(args: ShardArgs) -> Result<Self, Error> {
        let ShardArgs {
            mut exports,
            exports_from,
            part,
            into,
            plan,
            digest: _,
            sizes,
            whole_files,
            records,
            nights,
            split_by,
            config,
            policies,
            judging,
            threads,
            quiet,
        } = args;
        if let Some(sizes) = sizes.as_ref().filter(|_| exports.is_empty())
            && exports_from.is_none()
        {
            exports = read_sizes(sizes)?
                .into_iter()
                .map(|(name, _)| name)
                .collect();
        }
        let audit = AuditArgs {
            exports,
            exports_from,
            run: RunArgs {
                config,
                policies,
                judging,
                threads: Some(threads),
                ..RunArgs::default()
            },
        };
        let options = configured(audit)?.options;
        Ok(Self {
            options,
            // Without it there would be a digest.
            share: part.unwrap_or(Share {
                first: 1,
                last: 1,
                of: 1,
            }),
            into: into.filter(|_| !plan),
            sizes,
            whole_files,
            records,
            nights,
            split_by,
            quiet,
        })
    }

    /// Returns how many bytes each export has.
    pub(super) fn sizes(&self) -> Result<Vec<u64>, ShardError> {
        let exports = &self.options.exports;
        let mut named = HashSet::new();
        for path in exports {
            if !named.insert(path.as_path()) {
                return Err(ShardError::Twice {
                    path: path.display().to_string(),
                });
            }
        }
        if let Some(list) = &self.sizes {
            let sizes: HashMap<_, _> = read_sizes(list)?.into_iter().collect();
            let size = |path: &PathBuf| {
                sizes.get(path).copied().ok_or_else(|| ShardError::Sizes {
                    path: list.display().to_string(),
                    why: format!("it does not name export `{}`", path.display()),
                })
            };
            let sizes: Vec<u64> = exports.iter().map(size).collect::<Result<_, _>>()?;
            let mut sizes_so_far = sizes.iter();
            let sum = sizes_so_far.try_fold(0u64, |sum, size| sum.checked_add(*size));
            return sum.map(|_| sizes).ok_or_else(|| ShardError::Sizes {
                path: list.display().to_string(),
                why: "no disk holds as many bytes".to_owned(),
            });
        }
        let size = |path: &PathBuf| {
            let shown = path.display().to_string();
            match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
                Ok(_) => Err(ShardError::NoFile { path: shown }),
                Err(source) if path.as_os_str() != "-" => Err(ShardError::Read {
                    path: shown,
                    source,
                }),
                Err(_) => Err(ShardError::NoFile { path: shown }),
            }
        };
        exports.iter().map(size).collect()
    }
}

/// Reads how many bytes exports have: lines of name, tab, bytes.
fn read_sizes(list: &Path) -> Result<Vec<(PathBuf, u64)>, ShardError> {
    let failed = |why: String| ShardError::Sizes {
        path: list.display().to_string(),
        why,
    };
    let names = lines_of(list).map_err(|error| failed(error.to_string()))?;
    let sizes = names.into_iter().zip(1..).map(|(line, number)| {
        let name_and_bytes = line.to_str().and_then(|line| line.rsplit_once('\t'));
        let size = name_and_bytes.and_then(|(name, bytes)| Some((name, bytes.parse().ok()?)));
        let (name, bytes) = size.ok_or_else(|| {
            failed(format!(
                "line {number} is not a name, a tab and a number of bytes"
            ))
        })?;
        Ok((PathBuf::from(name), bytes))
    });
    sizes.collect()
}
