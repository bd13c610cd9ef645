//! The chain of a history: what the manifests of its nights say of each other, and of the
//! files beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::folder::Folder;
use super::night::{NightName, Stored};
use crate::digest::{self, Difference, FileDigest};
use crate::manifest::NightFiles;

/// Represents something that is wrong with a night.
#[derive(Debug)]
pub struct Fault {
    /// The night, as its files are called.
    pub night: String,
    /// What is wrong.
    pub what: Wrong,
}

/// Says what is wrong with a night.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Its manifest cannot be read.
    #[error("its manifest cannot be read: {0}")]
    Manifest(String),
    /// A file of it is not as its manifest says.
    #[error("{file}: {difference}")]
    File {
        /// The name of the file.
        file: String,
        /// How it differs.
        difference: Difference,
    },
    /// A file of it has become that of another night.
    #[error("{file}: it is the {part} of the night {of}")]
    Swapped {
        /// The name of the file.
        file: String,
        /// What part of a night it is.
        part: Part,
        /// The other night.
        of: NightName,
    },
    /// It is not there.
    #[error("it is lost: the night {by} names it")]
    Lost {
        /// The night whose manifest names it.
        by: NightName,
    },
    /// Its manifest is another.
    #[error("its manifest is not the one that the night {by} names")]
    Another {
        /// The night whose manifest names it.
        by: NightName,
    },
    /// The night after it does not name it.
    #[error("it was added: the night after it, {next}, does not name it")]
    Added {
        /// The night after it.
        next: NightName,
    },
}

/// Names what a night has beside its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its findings, for whoever wants to read them.
    Report,
    /// Its findings, for the next night.
    Index,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Report => "report",
            Self::Index => "index",
        })
    }
}

impl Part {
    /// Returns the digest of this part of a night.
    fn of(self, files: &NightFiles) -> &FileDigest {
        match self {
            Self::Report => &files.report,
            Self::Index => &files.index,
        }
    }

    /// Returns the name of the file of this part of a night.
    fn file(self, night: NightName) -> String {
        match self {
            Self::Report => night.report(),
            Self::Index => night.index(),
        }
    }
}

/// Holds what the manifests of a history say together.
#[derive(Debug)]
pub struct Chain<'f> {
    folder: &'f Folder,
    /// The nights by the names of their manifests.
    nights: BTreeMap<&'f str, &'f Stored>,
    /// The manifests that were removed, by their names.
    removed: BTreeMap<&'f str, &'f FileDigest>,
    /// The names of the manifests that stayed though they were too old.
    kept: BTreeSet<&'f str>,
}

impl<'f> Chain<'f> {
    /// Returns the chain of a history.
    pub fn new(folder: &'f Folder) -> Self {
        let nights = folder.nights().iter();
        let files = || folder.nights().iter().filter_map(|n| n.manifest.night());
        let removed = files().flat_map(|files| &files.removed);
        let kept = files().filter_map(|files| files.kept.as_ref());
        Self {
            folder,
            nights: nights.map(|night| (&*night.digest.path, night)).collect(),
            removed: removed.map(|file| (&*file.path, file)).collect(),
            kept: kept.map(|file| &*file.path).collect(),
        }
    }

    /// Returns whether a later night says that it has removed this one: then what is left of
    /// it is of no use.
    pub fn is_removed(&self, night: &Stored) -> bool {
        let removed = self.removed.get(&*night.digest.path);
        removed.is_some_and(|file| **file == night.digest)
    }

    /// Returns what is wrong with the manifests of all nights, in the order of the nights.
    pub fn faults(&self) -> Vec<Fault> {
        let broken = self.folder.broken().iter().map(|(night, why)| Fault {
            night: night.to_string(),
            what: Wrong::Manifest(why.clone()),
        });
        let mut faults: Vec<_> = broken.collect();
        let mut named = BTreeSet::new();
        for night in self.folder.nights() {
            let Some(files) = night.manifest.night() else {
                continue;
            };
            for file in files.previous.iter().chain(&files.kept) {
                named.insert(&*file.path);
                let is_previous = Some(file) == files.previous.as_ref();
                if let Some(what) = self.named(night, file, is_previous) {
                    let name = NightName::of_manifest(&file.path);
                    faults.push(Fault {
                        night: name.map_or_else(|| file.path.clone(), |name| name.to_string()),
                        what,
                    });
                }
            }
        }
        let pairs = self.folder.nights().windows(2);
        let added = pairs.filter_map(|pair| match pair {
            [night, next] if !named.contains(&*night.digest.path) => self.unnamed(night, next),
            _ => None,
        });
        faults.extend(added);
        faults.sort_by(|one, other| one.night.cmp(&other.night));
        faults
    }

    /// Returns what is wrong with a manifest that a night names.
    fn named(&self, by: &Stored, file: &FileDigest, is_previous: bool) -> Option<Wrong> {
        let same = |now: &FileDigest| now.bytes == file.bytes && now.sha256 == file.sha256;
        let is_same = match (self.nights.get(&*file.path), self.removed.get(&*file.path)) {
            (Some(night), _) => same(&night.digest),
            (None, Some(removed)) => same(removed),
            (None, None) => {
                // What is before a night that is too old was removed before.
                let is_oldest = is_previous && self.kept.contains(&*by.digest.path);
                let is_lost = !is_oldest && !self.is_broken(&file.path);
                return is_lost.then_some(Wrong::Lost { by: by.name });
            }
        };
        (!is_same).then_some(Wrong::Another { by: by.name })
    }

    /// Returns what is wrong with a night that no other names; `next` is the one after it.
    fn unnamed(&self, night: &Stored, next: &Stored) -> Option<Fault> {
        let files = next.manifest.night();
        let previous = files.and_then(|files| files.previous.as_ref());
        // The night between them, which named this one, cannot be asked.
        let is_cut = previous.is_some_and(|file| {
            let is_between = NightName::of_manifest(&file.path).is_some_and(|one| one > night.name);
            is_between && !self.removed.contains_key(&*file.path)
        });
        let is_fine = is_cut || self.is_removed(night);
        (!is_fine).then(|| Fault {
            night: night.name.to_string(),
            what: Wrong::Added { next: next.name },
        })
    }

    fn is_broken(&self, manifest: &str) -> bool {
        let broken = self.folder.broken().iter();
        broken
            .clone()
            .any(|(night, _)| night.manifest() == manifest)
    }

    /// Returns what is wrong with the files of a night; this reads them.
    pub fn damage(&self, night: &Stored) -> Vec<Wrong> {
        let Some(files) = night.manifest.night() else {
            return Vec::new();
        };
        let parts = [Part::Report, Part::Index];
        let damage = parts.into_iter().filter_map(|part| {
            let file = part.file(night.name);
            let now = digest::of_file(&self.folder.path().join(&file));
            let swapped = now
                .as_ref()
                .ok()
                .and_then(|now| self.is_of(part, now, night));
            let difference = part.of(files).compare(now).err()?;
            Some(match swapped {
                Some(of) => Wrong::Swapped { file, part, of },
                None => Wrong::File { file, difference },
            })
        });
        damage.collect()
    }

    /// Returns the other night of which a file is.
    fn is_of(&self, part: Part, now: &FileDigest, night: &Stored) -> Option<NightName> {
        let mut others = self.folder.nights().iter();
        let other = others.find(|other| {
            let files = other.manifest.night();
            let is_other = other.name != night.name;
            is_other && files.is_some_and(|files| part.of(files).sha256 == now.sha256)
        });
        other.map(|other| other.name)
    }
}
