//! Which files a run reads and writes: no report may take the place of another, or
//! of what is read.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::output::{Error, folder_of, is_stream};

/// Holds the files that are read, and those that reports go to.
pub struct Paths {
    read: HashMap<Place, String>,
    /// With what goes there, in words.
    written: HashMap<Place, String>,
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
        let mut read = HashMap::new();
        for source in sources {
            for place in places(source) {
                read.entry(place)
                    .or_insert_with(|| source.display().to_string());
            }
        }
        Self {
            read,
            written: HashMap::new(),
        }
    }

    /// Takes a path for a report, which is described in words.
    ///
    /// # Errors
    ///
    /// The file is read by the run, or another report goes there.
    pub fn take(&mut self, path: &Path, report: String) -> Result<(), Error> {
        let places = places(path);
        if let Some(other) = places.iter().find_map(|place| self.read.get(place)) {
            return Err(Error::Overwrites {
                path: path.display().to_string(),
                other: other.clone(),
            });
        }
        if let Some(other) = places.iter().find_map(|place| self.written.get(place)) {
            return Err(Error::Twice {
                path: path.display().to_string(),
                first: other.clone(),
                second: report,
            });
        }
        for place in places {
            self.written.insert(place, report.clone());
        }
        Ok(())
    }
}

/// Returns how the file of a path is known; not at all, if it is a pipe or a device,
/// which many may write to.
fn places(path: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    if let Ok(metadata) = std::fs::metadata(path) {
        if is_stream(&metadata) {
            return places;
        }
        places.push(Place::File(metadata.dev(), metadata.ino()));
    }
    // A file may come to be between two looks at its path.
    places.extend(resolved(path).map(Place::Path));
    places
}

fn resolved(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(behind_links(path).ok()?).ok()?;
    let folder = path.parent()?.canonicalize().ok()?;
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
        // What stands for an open file is no link to it, though it looks like one.
        if is_open_file(&path) {
            return Ok(path);
        }
        match std::fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("its symbolic links lead in a circle"))
}

/// Returns whether the path stands for a file that some process has open, as
/// `/dev/stdout` does: to rename something over it would replace the link.
pub fn is_open_file(path: &Path) -> bool {
    std::path::absolute(path).is_ok_and(|path| {
        path.starts_with("/proc") || path.starts_with("/dev") && !path.starts_with("/dev/shm")
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
