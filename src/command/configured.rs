//! From arguments to the options of an audit: the configuration is read, and the list of
//! exports.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use chrono::Utc;

use super::error::Error;
use crate::bounded_file::{self, MAX_TEXT};
use crate::cli::{AuditArgs, Resolved};
use crate::config::{self, Config};

/// Returns the options of an audit.
///
/// # Errors
///
/// The configuration cannot be used, nothing names a policy or an export, or the list of
/// exports cannot be read.
pub fn configured(args: AuditArgs) -> Result<Resolved, Error> {
    let resolved = resolved(args)?;
    let options = &resolved.options;
    let path = options.config.as_ref().map(|config| config.path.as_str());
    is_enough(path, &options.policies.names, &options.exports)?;
    Ok(resolved)
}

/// Refuses what is not enough for an audit.
pub(super) fn is_enough(
    config: Option<&str>,
    policies: &[PathBuf],
    exports: &[PathBuf],
) -> Result<(), config::Error> {
    let lacks = |key, help| config::Error::Lacks {
        path: config.unwrap_or_default().to_owned(),
        key,
        help,
    };
    if policies.is_empty() {
        return Err(lacks(
            "policies",
            "write policies = [\"pci\"], or give --policy",
        ));
    }
    if exports.is_empty() {
        return Err(lacks(
            "exports",
            "write exports = [\"export.json\"], or give some",
        ));
    }
    Ok(())
}

/// Returns the options of an audit, whether they are enough for one or not.
pub(super) fn resolved(mut args: AuditArgs) -> Result<Resolved, Error> {
    let as_of = args.run.judging.records.as_of.unwrap_or_else(Utc::now);
    if let Some(list) = args.exports_from.take() {
        args.exports.extend(named_in(&list, "exports")?);
    }
    let config = match &args.run.config {
        Some(path) => Config::read(path, as_of)?,
        None => Config::default(),
    };
    Ok(args.resolve(config, as_of))
}

/// Reads the names of files: a line each, and blank lines do not count.
pub(super) fn named_in(list: &Path, of: &'static str) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::NamedIn {
        of,
        path: list.display().to_string(),
        source,
    };
    let names = lines_of(list).map_err(failed)?;
    let names: Vec<_> = names.into_iter().map(PathBuf::from).collect();
    if names.is_empty() {
        let why = "it names none: write one a line";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    if list.as_os_str() == "-" && names.iter().any(|name| name.as_os_str() == "-") {
        let why = "stdin is the list, and cannot be in it too";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    Ok(names)
}

/// Returns the lines of a list that are not blank; `-` is stdin.
pub(super) fn lines_of(list: &Path) -> io::Result<Vec<OsString>> {
    let file = match list.as_os_str() == "-" {
        true => Path::new("/dev/stdin"),
        false => list,
    };
    let bytes = bounded_file::read(file, MAX_TEXT)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.is_empty());
    Ok(lines
        .map(|line| OsString::from_vec(line.to_vec()))
        .collect())
}
