//! What the reports of slices are called, and that no two files of a run are called the
//! same.

use std::path::{Path, PathBuf};

use super::destination::Destination;
use super::model::footer::Slice;
use super::model::header::Header;
use super::output::Error;
use super::paths::Paths;
use super::reports::Planned;
use super::settings::SplitBy;
use crate::digest;
use crate::policy::Severity;

/// Stands in a path for the name of a slice.
const PLACE: &str = "{}";

/// Returns whether the path stands for a file for each slice.
pub fn is_template(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().contains(PLACE))
}

/// Makes sure that slices whose names are known before any record is read take the place
/// of nothing else.
///
/// # Errors
///
/// One would.
pub fn check_names(templates: &[&Planned], header: &Header, paths: &Paths) -> Result<(), Error> {
    // No slice need come of a name, so the paths stay free.
    let mut paths = paths.clone();
    for template in templates {
        let Some(by) = template.split_by() else {
            continue;
        };
        for value in known(by, header) {
            let slice = Slice {
                by: by.to_string(),
                value,
                customer_name: None,
            };
            take(&template.destination, &slice, &mut paths)?;
        }
    }
    Ok(())
}

/// Returns the slices that are known before any record is read.
fn known(by: &SplitBy, header: &Header) -> Vec<Option<String>> {
    match by {
        SplitBy::Severity => Severity::ALL.map(|one| Some(one.name().to_owned())).into(),
        SplitBy::Rule => {
            let rules = header.rules();
            rules
                .map(|(policy, rule)| Some(rule_name(&policy.id, &rule.id)))
                .collect()
        }
        // Any finding may have none.
        SplitBy::Customer | SplitBy::Field(_) | SplitBy::File(_) | SplitBy::Table(_) => vec![None],
    }
}

/// Takes the path of a slice, and returns it.
pub fn take(template: &Destination, slice: &Slice, paths: &mut Paths) -> Result<PathBuf, Error> {
    let Destination { format, path, .. } = template;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.replace(PLACE, &safe_name(slice.value.as_deref()));
    let report = format!(
        "the {} report `{}` of {slice}",
        format.name(),
        path.display()
    );
    let path = path.with_file_name(name);
    paths.take(&path, report)?;
    Ok(path)
}

/// Returns the value of a slice of a rule.
pub fn rule_name(policy: &str, rule: &str) -> String {
    format!("{policy}/{rule}")
}

/// Holds what a slice without a value is called: the names of others never begin so.
const NONE: &str = "_none";

/// The largest number of characters of a value in the name of a file.
const MAX_NAME: usize = 80;

/// How many digits of a digest tell two names apart.
const DIGITS: usize = 12;

/// Returns a name that every file system takes, and that leads nowhere else. Values
/// that cannot be used as they are get a digest, so that no two share one name.
fn safe_name(slice: Option<&str>) -> String {
    let Some(value) = slice else {
        return NONE.to_owned();
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_safe = value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && value.len() <= MAX_NAME
        && value.chars().all(is_plain);
    if is_safe {
        return value.to_owned();
    }
    let plain = value.chars().map(|c| if is_plain(c) { c } else { '-' });
    let plain: String = plain.take(MAX_NAME).collect();
    let plain = plain.trim_start_matches(['.', '_', '-']);
    let digest = digest::of_bytes("", value.as_bytes()).sha256;
    match plain {
        "" => format!("x-{digest:.DIGITS$}"),
        plain => format!("{plain}-{digest:.DIGITS$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_safe_and_never_the_same() {
        for (value, name) in [
            (None, "_none"),
            (Some("7fRk2mQ9"), "7fRk2mQ9"),
            (Some("pci/mfa"), "pci-mfa-"),
            (Some("../../etc/passwd"), "etc-passwd-"),
            (Some("_none"), "none-"),
            (Some(""), "x-"),
            (Some("é"), "x-"),
            (Some("-rf"), "rf-"),
        ] {
            let safe = safe_name(value);
            assert!(
                safe == name || name.ends_with('-') && safe.starts_with(name),
                "{safe}"
            );
        }
        assert_ne!(safe_name(Some("a b")), safe_name(Some("a/b")));
        assert!(safe_name(Some(&"x".repeat(5000))).len() < 100);
    }
}
