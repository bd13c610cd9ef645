//! Where the text of a policy comes from: a file, a caller, or the program
//! itself.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::rule::Location;
use crate::diagnostic::Position;
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
        match name.to_str().filter(|name| is_bare(name)) {
            Some(name) => Self::bundled(name),
            None => Self::read(name),
        }
    }

    /// Finds the policy that this one extends: a file relative to it, which is
    /// not outside of the folder, or a bundled one. What is no file itself can
    /// extend bundled ones only.
    pub(super) fn extended(&self, name: &str, folder: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = &self.file.file else {
            return Self::bundled(name.strip_suffix(".toml").unwrap_or(name));
        };
        if is_bare(name) {
            return Self::bundled(name);
        }
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
            true => Self::read(&path),
            false => Err(Error::Outside {
                path: path.display().to_string(),
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
            Some((_, text)) => Ok(Self {
                file: PolicyFile::new(format!("bundled:{name}.toml"), None, text.as_bytes()),
                text: (*text).to_owned(),
            }),
            None => Err(Error::no_bundled(
                name,
                BUNDLED.iter().map(|(name, _)| *name),
            )),
        }
    }

    /// Takes a policy as text.
    pub(super) fn text(name: String, text: &str) -> Self {
        Self {
            file: PolicyFile::new(name, None, text.as_bytes()),
            text: without_mark(text).to_owned(),
        }
    }

    /// Reads a policy from a file.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            path: shown.clone(),
            source,
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|error| Error::Utf8 {
            path: shown.clone(),
            offset: error.valid_up_to(),
        })?;
        let text = without_mark(text).to_owned();
        Ok(Self {
            file: PolicyFile::new(shown, Some(path.to_owned()), &bytes),
            text,
        })
    }

    /// Returns the location of a place in the text.
    pub(super) fn location(&self, span: Range<usize>) -> Location {
        Location {
            path: self.file.path.clone(),
            line: Position::new(&self.text, span.start).line,
            span,
        }
    }
}

/// Editors on Windows put a byte order mark first, which is no TOML.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns whether a name is that of a bundled policy, and not of a file.
fn is_bare(name: &str) -> bool {
    !name.contains(['/', '\\']) && !name.ends_with(".toml")
}
