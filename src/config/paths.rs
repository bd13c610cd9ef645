//! Paths of a configuration: relative to its file, with the night filled in, and with
//! names that stand for many.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use glob::{MatchOptions, Pattern, glob_with};

use super::night::{PLACEHOLDERS, filled, unknown};
use crate::diagnostic::suggest;

/// Says what is wrong with a path, and what would be right.
pub(super) struct Mistake {
    pub message: String,
    pub help: Option<String>,
}

/// Knows where relative paths begin, and which night it is.
pub(super) struct Paths {
    /// The folder of the configuration.
    folder: PathBuf,
    as_of: DateTime<Utc>,
}

impl Paths {
    /// Returns the paths of a configuration that is this file.
    pub fn new(config: &Path, as_of: DateTime<Utc>) -> Self {
        let folder = config.parent().unwrap_or(Path::new("")).to_owned();
        Self { folder, as_of }
    }

    /// Returns the path that a text stands for.
    pub fn one(&self, text: &str) -> Result<PathBuf, Mistake> {
        Ok(self.folder.join(self.filled(text, &PLACEHOLDERS)?))
    }

    /// Returns the paths of all files that a text stands for, in the order of their names:
    /// one, unless it is a pattern.
    pub fn many(&self, text: &str) -> Result<Vec<PathBuf>, Mistake> {
        let text = self.filled(text, &PLACEHOLDERS)?;
        let path = self.folder.join(&text);
        if !text.contains(['*', '?', '[']) || path.exists() {
            return Ok(vec![path]);
        }
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let folder = Pattern::escape(&self.folder.to_string_lossy());
        let pattern = PathBuf::from(folder).join(&text);
        let found = glob_with(&pattern.to_string_lossy(), options).map_err(|error| Mistake {
            message: format!("`{text}` is no pattern: {}", error.msg),
            help: Some(
                "`*` stands for any characters, `?` for one, `[abc]` for one of these".to_owned(),
            ),
        })?;
        let found: Result<Vec<_>, _> = found.collect();
        let found = found.map_err(|error| Mistake {
            message: format!(
                "`{}` could not be read: {}",
                error.path().display(),
                error.error()
            ),
            help: None,
        })?;
        match found.is_empty() {
            true => Err(Mistake {
                message: format!("no file is called `{text}`"),
                help: Some(format!("the pattern was looked for as {}", path.display())),
            }),
            false => Ok(found),
        }
    }

    /// Returns a text with the night filled in. The only other words in braces that it may
    /// hold are those of `known`.
    pub fn filled(&self, text: &str, known: &[&str]) -> Result<String, Mistake> {
        match unknown(text, known) {
            Some(word) => Err(Mistake {
                message: format!("`{word}` stands for nothing"),
                help: Some(suggest(word, known.iter().copied())),
            }),
            None => Ok(filled(text, self.as_of)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_the_files_of_its_folder_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        // A folder whose own name looks like a pattern.
        let inner = folder.path().join("[x]*");
        std::fs::create_dir_all(inner.join("deep")).expect("made");
        for name in [
            "b.json",
            "a.json",
            ".c.json",
            "ab.json",
            "deep/d.json",
            "e[1].json",
        ] {
            std::fs::write(inner.join(name), "").expect("written");
        }
        let as_of = "2026-11-25T02:00:00Z".parse().expect("an instant");
        let paths = Paths::new(&inner.join("config.toml"), as_of);
        let many = |text: &str| {
            let found = paths.many(text).map_err(|mistake| mistake.message)?;
            let names = found.iter().map(|path| path.strip_prefix(&inner));
            let names = names.map(|name| name.expect("inside").display().to_string());
            Ok::<_, String>(names.collect::<Vec<_>>().join(" "))
        };
        assert_eq!(many("?.json").as_deref(), Ok("a.json b.json"));
        assert_eq!(
            many("*.json").as_deref(),
            Ok("a.json ab.json b.json e[1].json")
        );
        assert_eq!(many("[b-z]*.json").as_deref(), Ok("b.json e[1].json"));
        assert_eq!(many("*/d.json").as_deref(), Ok("deep/d.json"));
        // A file of that very name, and a name that is no pattern.
        assert_eq!(many("e[1].json").as_deref(), Ok("e[1].json"));
        assert_eq!(many("none.json").as_deref(), Ok("none.json"));
        assert_eq!(many("*.csv"), Err("no file is called `*.csv`".to_owned()));
        assert!(many("[a.json").is_err_and(|why| why.starts_with("`[a.json` is no pattern: ")));
        assert!(many("{nite}.json").is_err());
    }
}
