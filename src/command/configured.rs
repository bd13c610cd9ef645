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
    let as_of = args.as_of.unwrap_or_else(Utc::now);
    if let Some(list) = args.exports_from.take() {
        args.exports.extend(exports_from(&list)?);
    }
    let config = match &args.config {
        Some(path) => Config::read(path, as_of)?,
        None => Config::default(),
    };
    Ok(args.resolve(config, as_of))
}

/// Reads the names of exports: a line each, and blank lines do not count.
fn exports_from(list: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_stdin = list.as_os_str() == "-";
    let file = if is_stdin {
        Path::new("/dev/stdin")
    } else {
        list
    };
    let failed = |source| Error::ExportsFrom {
        path: list.display().to_string(),
        source,
    };
    let bytes = bounded_file::read(file, MAX_TEXT).map_err(failed)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.filter(|line| !line.is_empty());
    let names: Vec<_> = lines
        .map(|line| PathBuf::from(OsString::from_vec(line.to_vec())))
        .collect();
    if names.is_empty() {
        let why = "it names no export: write one a line";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    if is_stdin && names.iter().any(|name| name.as_os_str() == "-") {
        let why = "stdin is the list, and cannot be an export too";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, why)));
    }
    Ok(names)
}
