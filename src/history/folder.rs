//! The folder of a history, while a run keeps its night in it.

use std::fs;
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, Utc};

use super::error::Error;
use super::lock::Lock;
use super::night::{NightName, Stored};
use crate::digest::{self, FileDigest};
use crate::manifest::{Manifest, NightFiles};
use crate::nights::Base;
use crate::record::time::{self, Span};
use crate::report::Slice;

/// Holds the folder of a history.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The nights, the oldest first.
    nights: Vec<Stored>,
    /// Manifests that cannot be read, each with why.
    broken: Vec<(NightName, String)>,
    /// The names of reports and indexes of nights that have no manifest.
    unfinished: Vec<String>,
    /// The names of files that are of no night.
    others: Vec<String>,
}

/// Holds what a run keeps in a history.
#[derive(Debug)]
pub struct Tonight {
    /// The folder.
    folder: Folder,
    /// The night of the run.
    pub name: NightName,
    /// No other run keeps a night until this is dropped.
    _lock: Lock,
}

impl Folder {
    /// Reads what nights a folder has.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else than a history.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let unreadable = |source: io::Error| {
            let path = path.display().to_string();
            match source.kind() {
                io::ErrorKind::NotFound => Error::NoFolder { path },
                _ => Error::Unreadable { path, source },
            }
        };
        let (mut nights, mut broken) = (Vec::new(), Vec::new());
        let (mut beside, mut others) = (Vec::new(), Vec::new());
        for file in fs::read_dir(path).map_err(unreadable)? {
            let file = file.map_err(unreadable)?;
            let name = file.file_name().to_string_lossy().into_owned();
            let is_folder = file.file_type().map_err(unreadable)?.is_dir();
            match NightName::of_manifest(&name) {
                Some(night) => match stored(path, night) {
                    Ok(stored) => nights.push(stored),
                    Err(why) => broken.push((night, why)),
                },
                None if is_folder || name.starts_with('.') => {}
                // Of the very first night there can be this alone, if it was killed.
                None => match NightName::of_beside(&name) {
                    Some(night) => beside.push((night, name)),
                    None => others.push(name),
                },
            }
        }
        let is_empty = nights.is_empty() && broken.is_empty() && beside.is_empty();
        others.sort();
        if let (true, Some(file)) = (is_empty, others.first()) {
            return Err(Error::NoHistory {
                path: path.display().to_string(),
                file: file.clone(),
            });
        }
        nights.sort_by_key(|night| night.name);
        broken.sort_by_key(|(night, _)| *night);
        beside.retain(|(name, _)| {
            let has_manifest = nights
                .binary_search_by_key(name, |night| night.name)
                .is_ok();
            !has_manifest && !broken.iter().any(|(night, _)| night == name)
        });
        beside.sort();
        Ok(Self {
            path: path.to_owned(),
            nights,
            broken,
            unfinished: beside.into_iter().map(|(_, name)| name).collect(),
            others,
        })
    }

    /// Returns the nights, the oldest first.
    pub fn nights(&self) -> &[Stored] {
        &self.nights
    }

    /// Returns the manifests that cannot be read, each with why.
    pub fn broken(&self) -> &[(NightName, String)] {
        &self.broken
    }

    /// Returns the names of reports and indexes of nights that have no manifest: of runs
    /// that were killed while their files took their places.
    pub fn unfinished(&self) -> &[String] {
        &self.unfinished
    }

    /// Returns the names of files that are of no night.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn stored(folder: &Path, name: NightName) -> Result<Stored, String> {
    let path = folder.join(name.manifest());
    let (manifest, digest) = Manifest::read(&path).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.to_string())
    })?;
    let digest = FileDigest {
        path: name.manifest(),
        ..digest
    };
    if manifest.as_of() != name.as_of() || manifest.night().is_none() {
        return Err("it is the manifest of another run".to_owned());
    }
    Ok(Stored {
        name,
        path,
        digest,
        manifest,
    })
}

impl Tonight {
    /// Opens a history for the night of this instant.
    ///
    /// # Errors
    ///
    /// It is none, another run has it, or it has a later night.
    pub fn open(path: &Path, as_of: DateTime<Utc>) -> Result<Self, Error> {
        // A folder that is no history gets no file of ours.
        Folder::read(path)?;
        let lock = Lock::take(path)?;
        let folder = Folder::read(path)?;
        let name = NightName::new(as_of);
        let broken = folder.broken.iter().map(|(night, _)| *night);
        let newest = folder
            .nights
            .iter()
            .map(|night| night.name)
            .chain(broken)
            .max();
        match newest {
            Some(newest) if newest > name => Err(Error::Later {
                path: path.display().to_string(),
                newest: time::show(newest.as_of()),
                as_of: time::show(as_of),
            }),
            _ => Ok(Self {
                folder,
                name,
                _lock: lock,
            }),
        }
    }

    /// Returns the path of a file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path.join(name)
    }

    /// Returns the nights before this one, the newest first.
    fn earlier(&self) -> impl Iterator<Item = &Stored> {
        let nights = self.folder.nights.iter().rev();
        nights.filter(|night| night.name < self.name)
    }

    /// Returns the newest night before this one that is whole, and a note on each newer one
    /// that is not; it is read on so many threads.
    pub fn base(&self, threads: usize) -> (Option<Base>, Vec<String>) {
        let mut notes = Vec::new();
        for (night, why) in &self.folder.broken {
            notes.push(format!(
                "the night {night} is passed over: its manifest: {why}"
            ));
        }
        for file in &self.folder.unfinished {
            notes.push(format!(
                "the file {file} of the history is passed over: it has no manifest, so its run was \
                 killed, or the manifest was removed"
            ));
        }
        for night in self.earlier() {
            match self.folder.open_night(night, threads) {
                Ok(base) => return (Some(base), notes),
                Err(why) => notes.push(format!("the night {} is passed over: {why}", night.name)),
            }
        }
        (None, notes)
    }

    /// Returns the manifest of the night before, whether that is whole or not.
    pub fn previous(&self) -> Option<FileDigest> {
        self.earlier().next().map(|night| night.digest.clone())
    }

    /// Returns the SHA-256 of each export of the newest night before this one.
    pub fn exports_before(&self) -> impl Iterator<Item = &str> {
        let before = self.earlier().take(1);
        let files = before.flat_map(|night| night.manifest.exports());
        files.map(|file| file.sha256.as_str())
    }

    /// Returns the slices whose tickets are still open, though nothing was left of them the
    /// night before.
    pub fn pending_slices(&self) -> Vec<&Slice> {
        let before = self.earlier().take(1);
        before
            .flat_map(|night| night.manifest.pending_slices())
            .collect()
    }

    /// Returns the report of this night, if it was kept before.
    pub fn made_before(&self) -> Option<&NightFiles> {
        let mut nights = self.folder.nights.iter();
        nights
            .find(|night| night.name == self.name)
            .and_then(|night| night.manifest.night())
    }

    /// Returns that another report of this night is there.
    pub fn different(&self) -> Error {
        Error::Different {
            path: self.folder.path.display().to_string(),
            night: self.name.to_string(),
        }
    }

    /// Returns the nights that are older than `keep` allows, but for the newest that is
    /// complete; `is_complete` says whether this one is.
    pub fn too_old(&self, keep: Span, is_complete: bool) -> Vec<&Stored> {
        let kept = self.kept_though_old(keep, is_complete);
        let kept = kept.map(|night| night.name);
        let old = self.before(keep).filter(|night| Some(night.name) != kept);
        old.collect()
    }

    /// Returns the newest night that is complete, if it is older than `keep` allows.
    pub fn kept_though_old(&self, keep: Span, is_complete: bool) -> Option<&Stored> {
        let mut nights = self.folder.nights.iter().rev();
        let newest = nights.find(|night| night.manifest.is_complete() && !is_complete)?;
        let mut old = self.before(keep);
        old.find(|night| night.name == newest.name)
    }

    /// Returns the nights that are older than `keep` allows, but for this one.
    fn before(&self, keep: Span) -> impl Iterator<Item = &Stored> {
        let oldest = keep.before(self.name.as_of());
        let nights = self.folder.nights.iter();
        nights.filter(move |night| night.name.as_of() < oldest && night.name != self.name)
    }

    /// Returns the nights of these manifests, as far as they are there.
    pub fn named<'n>(&'n self, manifests: &'n [FileDigest]) -> Vec<&'n Stored> {
        let nights = self.folder.nights.iter();
        nights
            .filter(|night| manifests.contains(&night.digest))
            .collect()
    }

    /// Removes nights; the manifest of each goes last, so that a night is whole or none.
    ///
    /// # Errors
    ///
    /// A file cannot be removed.
    pub fn remove(&self, nights: &[&Stored]) -> Result<(), Error> {
        for night in nights {
            let name = night.name;
            for file in [name.report(), name.index(), name.manifest()] {
                let path = self.file(&file);
                match fs::remove_file(&path) {
                    Err(source) if source.kind() != io::ErrorKind::NotFound => {
                        return Err(Error::Remove {
                            path: path.display().to_string(),
                            source,
                        });
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl Folder {
    /// Opens a night, whose digests hold.
    fn open_night(&self, night: &Stored, threads: usize) -> Result<Base, String> {
        let Some(files) = night.manifest.night() else {
            return Err("its manifest names no report".to_owned());
        };
        let report = night.report(&self.path);
        let index = self.path.join(night.name.index());
        let indexed = || {
            holds(&index, &files.index)?;
            let base = Base::of_index(&index, &report, &files.report.sha256);
            base.map_err(|error| error.to_string())
        };
        let hold = || holds(&report, &files.report);
        let (held, indexed) = match threads {
            1 => (hold(), indexed()),
            _ => thread::scope(|scope| {
                // Fewer threads take longer, and do the same.
                let held = thread::Builder::new().spawn_scoped(scope, hold);
                let indexed = indexed();
                let held = held.map_or_else(
                    |_| hold(),
                    |held| held.join().unwrap_or_else(|panic| resume_unwind(panic)),
                );
                (held, indexed)
            }),
        };
        held?;
        // Without its index the report has all but who is known.
        match indexed {
            Ok(base) => Ok(base),
            Err(_) => Base::read(&report, threads).map_err(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                cause.unwrap_or_else(|| error.to_string())
            }),
        }
    }
}

/// Says whether a file is as it was.
fn holds(path: &Path, was: &FileDigest) -> Result<(), String> {
    let compared = was.compare(digest::of_file(path));
    compared.map_err(|difference| format!("{}: {difference}", was.path))
}
