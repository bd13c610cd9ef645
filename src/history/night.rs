//! A night in a history, and the names of its files.

use std::fmt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::digest::FileDigest;
use crate::manifest::Manifest;

/// Names a night by the only clock of its run, as `2026-11-26T020000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NightName(DateTime<Utc>);

/// How the instant of a night is written: with no character that a file's name cannot have.
const FORM: &str = "%Y-%m-%dT%H%M%S%.fZ";

/// How the name of a night's manifest ends.
const MANIFEST: &str = ".manifest.json";

/// How the name of a night's report ends.
const REPORT: &str = ".ndjson.zst";

/// How the name of the index of a night ends.
const INDEX: &str = ".index";

impl NightName {
    /// Returns the name of the night of an instant.
    pub fn new(as_of: DateTime<Utc>) -> Self {
        Self(as_of)
    }

    /// Returns the night of which a file is the manifest, if its name says so.
    pub fn of_manifest(file: &str) -> Option<Self> {
        Self::of(file, MANIFEST)
    }

    /// Returns the night of which a file is the report or the index, if its name says so.
    pub fn of_beside(file: &str) -> Option<Self> {
        Self::of(file, REPORT).or_else(|| Self::of(file, INDEX))
    }

    fn of(file: &str, ending: &str) -> Option<Self> {
        let name = file.strip_suffix(ending)?;
        let instant = NaiveDateTime::parse_from_str(name, FORM).ok()?;
        let night = Self(instant.and_utc());
        (night.to_string() == name).then_some(night)
    }

    /// Returns the name of its manifest.
    pub fn manifest(self) -> String {
        format!("{self}{MANIFEST}")
    }

    /// Returns the name of its report.
    pub fn report(self) -> String {
        format!("{self}{REPORT}")
    }

    /// Returns the name of its index.
    pub fn index(self) -> String {
        format!("{self}{INDEX}")
    }

    /// Returns the instant.
    pub fn as_of(self) -> DateTime<Utc> {
        self.0
    }
}

impl fmt::Display for NightName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format(FORM))
    }
}

/// Represents a night that is kept.
#[derive(Debug)]
pub struct Stored {
    /// Its name.
    pub name: NightName,
    /// The path of its manifest.
    pub path: PathBuf,
    /// The digest of its manifest, by the name of the file in the folder.
    pub digest: FileDigest,
    /// What its manifest says.
    pub manifest: Manifest,
}

impl Stored {
    /// Returns the path of its report.
    pub fn report(&self, folder: &Path) -> PathBuf {
        folder.join(self.name.report())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_known_by_the_name_of_its_manifest() {
        for as_of in ["2026-11-26T02:00:00Z", "2026-11-26T02:00:00.250Z"] {
            let night = NightName::new(as_of.parse().expect("an instant"));
            assert_eq!(NightName::of_manifest(&night.manifest()), Some(night));
            for file in [night.report(), night.index()] {
                assert_eq!(NightName::of_beside(&file), Some(night));
                assert_eq!(NightName::of_manifest(&file), None);
            }
        }
        let night = NightName::new("2026-11-26T02:00:00Z".parse().expect("an instant"));
        assert_eq!(night.report(), "2026-11-26T020000Z.ndjson.zst");
        for other in [
            "2026-11-26.manifest.json",
            "2026-11-26T020000Z.json",
            "x.manifest.json",
            "2026-11-26T02:00:00Z.manifest.json",
        ] {
            assert_eq!(NightName::of_manifest(other), None, "{other}");
        }
    }
}
