//! Which files a run reads and writes: no report may take the place of another, or
//! of what is read.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::hidden::{Hidden, create};
use super::output::{Error, folder_of, is_stream};

/// Holds the files that are read, and those that reports go to.
#[derive(Clone)]
pub struct Paths {
    read: HashMap<Place, String>,
    /// With what goes there, in words.
    written: HashMap<Place, String>,
    /// The paths of reports as they are spelled, by their spelling in small letters.
    spelled: HashMap<PathBuf, PathBuf>,
    /// Tells whether names in a folder that differ in case alone are the same.
    folds_case: fn(&Path) -> bool,
}

/// Tells files apart, by whatever path they are reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// The device and the number of a file that is there.
    File(u64, u64),
    /// The path without links and detours of a file that is not there yet.
    Path(PathBuf),
}

impl Paths {
    /// Returns the paths of a run that reads these files.
    pub fn new(sources: &[&Path]) -> Self {
        let (mut read, mut folders) = (HashMap::new(), Folders::new());
        for source in sources {
            for place in places(source, &mut folders) {
                read.entry(place)
                    .or_insert_with(|| source.display().to_string());
            }
        }
        Self {
            read,
            written: HashMap::new(),
            spelled: HashMap::new(),
            folds_case,
        }
    }

    /// Takes a path for a report, which is described in words.
    ///
    /// # Errors
    ///
    /// The file is read by the run, or another report goes there.
    pub fn take(&mut self, path: &Path, report: String) -> Result<(), Error> {
        let places = places(path, &mut Folders::new());
        if let Some(other) = places.iter().find_map(|place| self.read.get(place)) {
            return Err(Error::Overwrites {
                path: path.display().to_string(),
                other: other.clone(),
            });
        }
        let alike = self.differs_in_case(&places).map(Place::Path);
        let mut taken = places.iter().chain(&alike);
        if let Some(other) = taken.find_map(|place| self.written.get(place)) {
            return Err(Error::Twice {
                path: path.display().to_string(),
                first: other.clone(),
                second: report,
            });
        }
        for place in places {
            if let Place::Path(path) = &place {
                self.spelled.insert(in_small_letters(path), path.clone());
            }
            self.written.insert(place, report.clone());
        }
        Ok(())
    }

    /// Returns the path of a report that is the same file, though its name is spelled
    /// otherwise: neither may be there yet, so that their files cannot be compared.
    fn differs_in_case(&self, places: &[Place]) -> Option<PathBuf> {
        places.iter().find_map(|place| {
            let Place::Path(path) = place else {
                return None;
            };
            let other = self.spelled.get(&in_small_letters(path))?;
            (other != path && (self.folds_case)(folder_of(path))).then(|| other.clone())
        })
    }
}

/// Returns the path with the name of the file in small letters.
fn in_small_letters(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    path.with_file_name(name.to_string_lossy().to_lowercase())
}

/// Tries whether names in a folder that differ in case alone are the same. Nobody but the
/// file system knows.
fn folds_case(folder: &Path) -> bool {
    let tried = Hidden::folder_in(folder).and_then(|hidden| {
        create(&hidden.path().join("a"))?;
        Ok(hidden.path().join("A").exists())
    });
    tried.unwrap_or(false)
}

/// Holds folders without links and detours, by their paths: many files are in one.
type Folders = HashMap<PathBuf, Option<PathBuf>>;

/// Returns how the file of a path is known; not at all, if it is a pipe or a device,
/// which many may write to.
fn places(path: &Path, folders: &mut Folders) -> Vec<Place> {
    let mut places = Vec::new();
    if let Ok(metadata) = std::fs::metadata(path) {
        if is_stream(&metadata) {
            return places;
        }
        places.push(Place::File(metadata.dev(), metadata.ino()));
    }
    // A file may come to be between two looks at its path.
    places.extend(resolved(path, folders).map(Place::Path));
    places
}

fn resolved(path: &Path, folders: &mut Folders) -> Option<PathBuf> {
    let path = std::path::absolute(behind_links(path).ok()?).ok()?;
    let folder = path.parent()?;
    if !folders.contains_key(folder) {
        folders.insert(folder.to_owned(), folder.canonicalize().ok());
    }
    let folder = folders.get(folder)?.as_ref()?;
    Some(folder.join(path.file_name()?))
}

/// The most links that lead from one to the next, as the system counts.
const MAX_LINKS: usize = 40;

/// Returns what a path leads to by symbolic links, whether it is there or not: a report
/// takes the place of that file, and not of a link to it.
///
/// # Errors
///
/// The links lead in a circle.
pub fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            // What stands for an open file is no link to it, though it looks like one.
            Ok(_) if is_open_file(&path) => return Ok(path),
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its symbolic links lead in a circle"))
}

/// Returns whether the path is in a folder of descriptors, and so stands for a file that
/// some process has open, as what `/dev/stdout` leads to does. No rename can replace it.
pub fn is_open_file(path: &Path) -> bool {
    let folder = folder_of(path).canonicalize();
    // `/dev/fd` is a link to `/proc/self/fd` on some systems, and a folder on others.
    folder.is_ok_and(|folder| {
        folder == Path::new("/dev/fd") || folder.starts_with("/proc") && folder.ends_with("fd")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_end_whether_that_is_there_or_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("in")).expect("made");
        for (from, to) in [("a", "in/b"), ("in/b", "../c"), ("x", "y"), ("y", "x")] {
            std::os::unix::fs::symlink(to, at(from)).expect("linked");
        }
        let end = behind_links(&at("a")).expect("no circle");
        assert_eq!(end, at("in/../c"));
        assert!(behind_links(&at("x")).is_err());
        let mut paths = Paths::new(&[]);
        assert!(paths.take(&at("a"), "it".to_owned()).is_ok());
        let again = paths.take(&at("c"), "it".to_owned());
        assert!(matches!(again, Err(Error::Twice { .. })));
    }

    #[test]
    fn names_that_differ_in_case_meet_where_the_file_system_folds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("in")).expect("made");
        for folds in [false, true] {
            let mut paths = Paths::new(&[]);
            paths.folds_case = if folds { |_| true } else { |_| false };
            let mut meets = |name: &str| {
                let taken = paths.take(&at(name), name.to_owned());
                matches!(taken, Err(Error::Twice { first, .. }) if first == "Report.md")
            };
            assert!(!meets("Report.md"));
            assert_eq!(meets("rePORT.md"), folds);
            assert!(!meets("in/report.md") && !meets("report.csv"));
        }
        assert_eq!(folds_case(folder.path()), at("IN").exists());
        let names = std::fs::read_dir(folder.path()).expect("a folder");
        assert_eq!(names.count(), 1);
    }

    #[test]
    fn only_what_is_in_a_folder_of_descriptors_is_an_open_file() {
        for (path, is_open) in [
            ("/dev/fd/1", true),
            ("/proc/self/fd/1", true),
            ("/proc/thread-self/fd/1", true),
            ("/dev/null", false),
            ("/dev/report.json", false),
            ("/dev/shm/report.json", false),
            ("/proc/report.json", false),
            ("fd/report.json", false),
        ] {
            assert_eq!(is_open_file(Path::new(path)), is_open, "{path}");
        }
    }

    #[test]
    fn a_file_is_known_by_whatever_path_it_is_reached() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("in")).expect("made");
        std::fs::write(at("export"), "").expect("written");
        std::fs::hard_link(at("export"), at("other")).expect("linked");
        let export = at("export");
        let mut paths = Paths::new(&[&export]);
        let mut take = |path: PathBuf| paths.take(&path, "it".to_owned());
        assert!(matches!(take(at("other")), Err(Error::Overwrites { .. })));
        assert!(take(at("new")).is_ok());
        assert!(matches!(take(at("in/../new")), Err(Error::Twice { .. })));
        assert!(take(at("in/new")).is_ok());
        for _ in 0..2 {
            assert!(take("/dev/null".into()).is_ok());
        }
    }
}
