//! Where the text of a policy comes from: a file, a caller, or the program
//! itself.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::rule::Location;
use crate::bounded_file::{self, MAX_TEXT};
use crate::digest::{self, FileDigest};

/// Identifies a file of a policy, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// The path, as reports write it; `bundled:` and a name for what the program
    /// carries, the given name for a text.
    pub path: String,
    /// The file, if it was read from one.
    pub file: Option<PathBuf>,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

impl PolicyFile {
    fn new(path: String, file: Option<PathBuf>, content: &[u8]) -> Self {
        let FileDigest {
            path,
            bytes,
            sha256,
        } = digest::of_bytes(path, content);
        Self {
            path,
            file,
            bytes,
            sha256,
        }
    }
}

/// Holds the text of a policy, and where it was read.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) file: PolicyFile,
    /// The text, without a byte order mark.
    pub(super) text: String,
    /// The offsets of its line feeds, in bytes, from which the line of a place is found.
    line_feeds: Vec<usize>,
}

/// Lists the policies that the program carries.
pub(super) const BUNDLED: &[(&str, &str)] = &[
    ("baseline", include_str!("../../policies/baseline.toml")),
    ("checks", include_str!("../../policies/checks.toml")),
    (
        "cis-controls",
        include_str!("../../policies/cis-controls.toml"),
    ),
    ("iso27001", include_str!("../../policies/iso27001.toml")),
    (
        "nist-800-53",
        include_str!("../../policies/nist-800-53.toml"),
    ),
    ("nist-csf", include_str!("../../policies/nist-csf.toml")),
    ("pci", include_str!("../../policies/pci.toml")),
    (
        "record-integrity",
        include_str!("../../policies/record-integrity.toml"),
    ),
    ("soc2", include_str!("../../policies/soc2.toml")),
];

/// Returns the names of the bundled policies that have rules.
pub fn bundled() -> impl Iterator<Item = &'static str> {
    let names = BUNDLED.iter().map(|(name, _)| *name);
    names.filter(|name| *name != "checks")
}

/// Returns the text of the file of a bundled policy, as `pci.toml`.
pub fn bundled_text(file: &str) -> Option<&'static str> {
    let name = file.strip_suffix(".toml")?;
    let mut all = BUNDLED.iter();
    all.find(|(bundled, _)| *bundled == name)
        .map(|(_, text)| *text)
}

impl Source {
    /// Finds the policy that the command line names: a file or, without a path or
    /// `.toml`, a bundled one.
    pub(super) fn find(name: &Path) -> Result<Self, Error> {
        match name.to_str().filter(|name| is_bundled_name(name)) {
            Some(name) => Self::bundled(name),
            None => Self::read(name).map_err(|error| match (error, bundled_of_file(name)) {
                (Error::Read { path, source }, Some(name))
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    Error::NoFile { path, name }
                }
                (other, _) => other,
            }),
        }
    }

    /// Finds the policy that this one extends: a file relative to it, which is
    /// not outside of the folder, or a bundled one. What is no file itself can
    /// extend bundled ones only.
    pub(super) fn extended(&self, name: &str, folder: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = &self.file.file else {
            return Self::bundled(name.strip_suffix(".toml").unwrap_or(name));
        };
        if is_bundled_name(name) {
            return Self::bundled(name);
        }
        Self::read(&Self::beside(file, name, folder)?)
    }

    /// Returns the file that a policy names, which lies beside it or deeper in `folder`.
    fn beside(file: &Path, name: &str, folder: Option<&Path>) -> Result<PathBuf, Error> {
        let path = file.parent().unwrap_or(Path::new("")).join(name);
        let real = |path: &Path| {
            path.canonicalize().map_err(|source| Error::Read {
                path: path.display().to_string(),
                source,
            })
        };
        let inside = match folder {
            Some(folder) => real(&path)?.starts_with(real(folder)?),
            None => false,
        };
        match inside {
            true => Ok(path),
            false => Err(Error::Outside {
                path: path.display().to_string(),
            }),
        }
    }

    /// Reads the list that a parameter names: a file relative to the policy, which is not
    /// outside of the folder.
    pub(super) fn list(&self, name: &str, folder: Option<&Path>) -> Result<List, Error> {
        match &self.file.file {
            Some(file) => {
                let path = Self::beside(file, name, folder).map_err(Error::of_list)?;
                List::read(&path)
            }
            None => Err(Error::NoFolder {
                policy: self.file.path.clone(),
            }),
        }
    }

    /// Returns what tells it from others, however it was named.
    pub(super) fn identity(&self) -> PathBuf {
        let file = self.file.file.as_ref();
        let real = file.and_then(|file| file.canonicalize().ok());
        real.unwrap_or_else(|| PathBuf::from(&self.file.path))
    }

    fn bundled(name: &str) -> Result<Self, Error> {
        match BUNDLED.iter().find(|(bundled, _)| *bundled == name) {
            Some((_, text)) => Ok(Self::new(
                PolicyFile::new(format!("bundled:{name}.toml"), None, text.as_bytes()),
                (*text).to_owned(),
            )),
            None => Err(Error::no_bundled(
                name,
                BUNDLED.iter().map(|(name, _)| *name),
            )),
        }
    }

    /// Takes a policy as text.
    pub(super) fn text(name: String, text: &str) -> Self {
        Self::new(
            PolicyFile::new(name, None, text.as_bytes()),
            without_mark(text).to_owned(),
        )
    }

    fn new(file: PolicyFile, text: String) -> Self {
        let line_feeds = text.match_indices('\n').map(|(at, _)| at).collect();
        Self {
            file,
            text,
            line_feeds,
        }
    }

    /// Reads a policy from a file.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let (file, text) = read_text(path)?;
        Ok(Self::new(file, text))
    }

    /// Returns the location of a place in the text.
    pub(super) fn location(&self, span: Range<usize>) -> Location {
        Location {
            path: self.file.path.clone(),
            line: self.line_feeds.partition_point(|feed| *feed < span.start) + 1,
            span,
        }
    }
}

/// Holds the values of a list that is kept in a file, one per line.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) file: PolicyFile,
    pub(super) values: Vec<String>,
}

impl List {
    /// Reads a list: blank lines do not count, nor what follows a `#` at the beginning of
    /// a line or between blanks.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let (file, text) = read_text(path).map_err(Error::of_list)?;
        let values = text.lines().map(without_comment);
        let values: Vec<_> = values.filter(|value| !value.is_empty()).collect();
        if let Some(value) = values
            .iter()
            .find(|value| value.chars().any(char::is_control))
        {
            let value = value.escape_debug().to_string();
            return Err(Error::ListValue {
                path: file.path,
                value,
            });
        }
        match values.is_empty() {
            true => Err(Error::EmptyList { path: file.path }),
            false => Ok(Self {
                values: values.into_iter().map(str::to_owned).collect(),
                file,
            }),
        }
    }
}

fn without_comment(line: &str) -> &str {
    let line = line.trim();
    let is_comment = |(at, _): &(usize, &str)| {
        let (before, after) = (&line[..*at], &line[at + 1..]);
        let is_apart = |text: &str, blank: Option<char>| {
            text.is_empty() || blank.is_some_and(char::is_whitespace)
        };
        before.is_empty()
            || is_apart(before, before.chars().next_back()) && is_apart(after, after.chars().next())
    };
    match line.match_indices('#').find(is_comment) {
        Some((at, _)) => line[..at].trim_end(),
        None => line,
    }
}

/// Reads a file of text, without a byte order mark.
fn read_text(path: &Path) -> Result<(PolicyFile, String), Error> {
    let shown = path.display().to_string();
    let bytes = bounded_file::read(path, MAX_TEXT).map_err(|source| Error::Read {
        path: shown.clone(),
        source,
    })?;
    let text = std::str::from_utf8(&bytes).map_err(|error| Error::Utf8 {
        path: shown.clone(),
        offset: error.valid_up_to(),
    })?;
    let text = without_mark(text).to_owned();
    let file = PolicyFile::new(shown, Some(path.to_owned()), &bytes);
    Ok((file, text))
}

/// Editors on Windows put a byte order mark first, which is no TOML.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns the bundled policy that has rules and the name of this file, if there is one.
fn bundled_of_file(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?.strip_suffix(".toml")?;
    bundled().find(|bundled| *bundled == name)
}

/// Returns whether a name is that of a bundled policy, and not of a file.
pub fn is_bundled_name(name: &str) -> bool {
    !name.contains(['/', '\\']) && !name.ends_with(".toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_begins_a_line_or_stands_between_blanks() {
        for (line, value) in [
            ("a1", "a1"),
            ("  a1\t", "a1"),
            ("# all of it", ""),
            ("#a1", ""),
            ("a1 # agreed in May", "a1"),
            ("a1 #", "a1"),
            ("Suite #5", "Suite #5"),
            ("c#", "c#"),
            ("", ""),
        ] {
            assert_eq!(without_comment(line), value, "{line}");
        }
    }
}
