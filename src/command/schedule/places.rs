//! Where the files of a night are: on which paths, and in which folders on every night.

use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};

use super::error::ScheduleError;
use crate::config::{PLACEHOLDERS, filled};

/// Stands in the name of a report for its slice.
const SLICE: &str = "{}";

/// Returns an absolute path without `..`, which no scheduler takes.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, ScheduleError> {
    let whole = std::path::absolute(path).map_err(|source| ScheduleError::NoFolder {
        path: path.display().to_string(),
        source,
    })?;
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            // What is above a link is not what is before it in the path.
            Component::ParentDir => {
                plain = plain.canonicalize().unwrap_or(plain);
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    Ok(plain)
}

/// Returns a path as text that every scheduler can hold.
pub(super) fn text(path: &Path) -> Result<String, ScheduleError> {
    let refused = |why| ScheduleError::Path {
        path: path.display().to_string(),
        why,
    };
    let text = path.to_str().ok_or_else(|| refused("it is not UTF-8"))?;
    match text {
        text if text.chars().any(char::is_control) => {
            Err(refused("it has a control character in it"))
        }
        // GitHub would take it for an expression.
        text if text.contains("${{") => Err(refused("it has `${{` in it")),
        text => Ok(text.to_owned()),
    }
}

/// Knows what in a path is another on another night.
pub(super) struct Night {
    day: String,
    instant: String,
}

impl Night {
    pub(super) fn new(as_of: DateTime<Utc>) -> Self {
        let [day, instant] = PLACEHOLDERS.map(|word| filled(word, as_of));
        Self { day, instant }
    }

    /// Returns the folder of a file that is the same every night.
    pub(super) fn folder(&self, file: &Path) -> PathBuf {
        let parts = file.parent().into_iter().flat_map(Path::components);
        let stays = parts.take_while(|part| {
            let name = part.as_os_str().to_string_lossy();
            !name.contains(&self.day) && !name.contains(SLICE)
        });
        stays.collect()
    }

    /// Returns the pattern of a file's names on all nights.
    pub(super) fn pattern(&self, file: &str) -> String {
        let pattern = file.replace(&self.instant, "*").replace(&self.day, "*");
        pattern.replace(SLICE, "*")
    }
}

/// Returns the folders that are inside of no other, and not inside of those that are
/// there already, in order.
pub(super) fn outermost(mut folders: Vec<PathBuf>, already: &[PathBuf]) -> Vec<PathBuf> {
    folders.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let others = kept.iter().chain(already);
        if !others.into_iter().any(|other| folder.starts_with(other)) {
            kept.push(folder);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night() -> Night {
        Night::new("2026-11-25T02:00:00Z".parse().expect("an instant"))
    }

    #[test]
    fn a_folder_is_the_same_on_every_night() {
        for (file, folder) in [
            ("/a/b/2026-11-25.csv", "/a/b"),
            ("/a/2026-11-25T020000Z/b/c.csv", "/a"),
            ("/a/{}/b.md", "/a"),
            ("/a.csv", "/"),
        ] {
            assert_eq!(night().folder(Path::new(file)), Path::new(folder), "{file}");
        }
    }

    #[test]
    fn a_pattern_has_the_files_of_every_night() {
        for (file, pattern) in [
            ("r/2026-11-25T020000Z.json", "r/*.json"),
            ("2026-11-25/{}.md", "*/*.md"),
            ("r.sarif", "r.sarif"),
        ] {
            assert_eq!(night().pattern(file), pattern);
        }
    }

    #[test]
    fn a_path_is_absolute_and_goes_straight() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().canonicalize().expect("it is there");
        std::fs::create_dir_all(folder.join("a/b")).expect("made");
        std::os::unix::fs::symlink(folder.join("a/b"), folder.join("link")).expect("made");
        let of = |path: &str| absolute(&folder.join(path)).expect("it is one");
        assert_eq!(of("x/../y.json"), folder.join("y.json"));
        assert_eq!(of("./a/./y.json"), folder.join("a/y.json"));
        assert_eq!(of("link/../y.json"), folder.join("a/y.json"));
    }

    #[test]
    fn a_folder_inside_of_another_is_not_named_again() {
        let folders = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let of = outermost(
            folders(&["/b/c", "/b", "/a", "/b", "/d/e"]),
            &folders(&["/d"]),
        );
        assert_eq!(of, folders(&["/a", "/b"]));
    }

    #[test]
    fn a_path_that_would_steer_the_file_is_refused() {
        assert!(text(Path::new("/a/b c'd\"e%f$g:h.toml")).is_ok());
        assert!(text(Path::new("/a\n[Service]")).is_err());
        assert!(text(Path::new("/a/${{ secrets.x }}")).is_err());
    }
}
