//! Where the text of a policy comes from: a file, or the program itself.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::Error;
use crate::digest;

/// The text of a policy, and where it stood.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// What reports call it.
    pub(super) path: String,
    /// The file, if it was read from one.
    pub(super) file: Option<PathBuf>,
    pub(super) text: String,
    /// How many bytes it has.
    pub(super) bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub(super) sha256: String,
}

/// The policies that the program carries.
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

impl Source {
    /// The policy that the command line names: a file or, without a path or
    /// `.toml`, a bundled one.
    pub(super) fn find(name: &Path) -> Result<Self, Error> {
        match name.to_str().filter(|name| is_bare(name)) {
            Some(name) => Self::bundled(name),
            None => Self::read(name),
        }
    }

    /// The policy that this one extends: a file relative to it, which is not
    /// outside of the folder, or a bundled one.
    pub(super) fn extended(&self, name: &str, folder: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = &self.file else {
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

    /// What tells it from others, however it was named.
    pub(super) fn identity(&self) -> PathBuf {
        let file = self.file.as_ref();
        let real = file.and_then(|file| file.canonicalize().ok());
        real.unwrap_or_else(|| PathBuf::from(&self.path))
    }

    fn bundled(name: &str) -> Result<Self, Error> {
        match BUNDLED.iter().find(|(bundled, _)| *bundled == name) {
            Some((_, text)) => Ok(Self {
                path: format!("bundled:{name}.toml"),
                file: None,
                text: (*text).to_owned(),
                bytes: text.len() as u64,
                sha256: digest::hex(&Sha256::digest(text)),
            }),
            None => Err(Error::no_bundled(
                name,
                BUNDLED.iter().map(|(name, _)| *name),
            )),
        }
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            path: shown.clone(),
            source,
        })?;
        let (length, digest) = (bytes.len() as u64, Sha256::digest(&bytes));
        let text = String::from_utf8(bytes).map_err(|error| Error::Utf8 {
            path: shown.clone(),
            offset: error.utf8_error().valid_up_to(),
        })?;
        Ok(Self {
            path: shown,
            file: Some(path.to_owned()),
            text: text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
            bytes: length,
            sha256: digest::hex(&digest),
        })
    }
}

/// Whether a name is that of a bundled policy, and not of a file.
fn is_bare(name: &str) -> bool {
    !name.contains(['/', '\\']) && !name.ends_with(".toml")
}
