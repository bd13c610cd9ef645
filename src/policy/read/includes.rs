//! The files of a policy: the one that is named, and those that it extends.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::policy::source::Source;
use crate::toml_reader::{self, TomlReader};

/// Holds the files of a policy and a reader for each, which knows already what
/// is wrong with the syntax of its file and with what it extends. A file comes
/// after those that it extends.
pub(super) struct Includes {
    pub(super) files: Vec<Source>,
    pub(super) readers: Vec<TomlReader>,
    /// The identities of a file and of one that it extends.
    edges: Vec<(PathBuf, PathBuf)>,
    /// The folder that all files must be in.
    folder: Option<PathBuf>,
    /// The identities of the files that are being gathered.
    open: Vec<PathBuf>,
}

/// Says which files of a policy extend which.
#[derive(Debug)]
pub(super) struct Family {
    /// For each file, those that it extends, also by way of others.
    extended: Vec<HashSet<usize>>,
}

impl Family {
    /// Returns whether a file extends another, also by way of others.
    pub(super) fn extends(&self, file: usize, other: usize) -> bool {
        let extended = self.extended.get(file);
        extended.is_some_and(|extended| extended.contains(&other))
    }

    /// Finds two files that say different things of one name, of which neither extends
    /// the other, and no file that extends both says which is meant. `said` has what the
    /// files say, in their order; returns the indices in it.
    pub(super) fn conflict<T: PartialEq>(&self, said: &[(usize, T)]) -> Option<(usize, usize)> {
        let extends = |file, other| self.extends(file, other);
        let pairs =
            (0..said.len()).flat_map(|one| (one + 1..said.len()).map(move |two| (one, two)));
        let mut pairs = pairs;
        pairs.find(|&(one, two)| {
            let ((a, first), (b, second)) = (&said[one], &said[two]);
            let settled = said
                .iter()
                .any(|(file, _)| extends(*file, *a) && extends(*file, *b));
            first != second && a != b && !extends(*b, *a) && !settled
        })
    }
}

impl Includes {
    pub(super) fn new(root: Source) -> Self {
        let folder = root.file.file.as_deref().map(|file| match file.parent() {
            Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
            Some(parent) => parent.to_owned(),
            None => PathBuf::from("."),
        });
        let mut includes = Self {
            files: Vec::new(),
            readers: Vec::new(),
            edges: Vec::new(),
            folder,
            open: Vec::new(),
        };
        includes.gather(root);
        includes
    }

    fn gather(&mut self, source: Source) {
        let identity = source.identity();
        if self.files.iter().any(|file| file.identity() == identity) {
            return;
        }
        self.open.push(identity.clone());
        let (root, mut diagnostics) = toml_reader::parse(&source.text);
        for (name, span) in extends(root.get_ref()) {
            let why = match source.extended(name, self.folder.as_deref()) {
                Ok(next) if self.open.contains(&next.identity()) => {
                    "the policies extend each other in a circle".to_owned()
                }
                Ok(next) if self.edges.contains(&(identity.clone(), next.identity())) => {
                    format!("`{name}` is here already")
                }
                Ok(next) => {
                    self.edges.push((identity.clone(), next.identity()));
                    self.gather(next);
                    continue;
                }
                Err(error) => error.line(),
            };
            let help = "name each a file beside this one, or a bundled policy, once".to_owned();
            diagnostics.push(Diagnostic::error(span, why, Some(help)));
        }
        self.open.pop();
        self.files.push(source);
        self.readers.push(TomlReader::new(diagnostics));
    }

    /// Returns the folder that all files must be in, if they are files.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Returns which files each file extends, also by way of others.
    pub(super) fn family(&self) -> Family {
        let identities: Vec<_> = self.files.iter().map(Source::identity).collect();
        let index = |path: &PathBuf| identities.iter().position(|known| known == path);
        let mut extended: Vec<HashSet<usize>> = Vec::new();
        // What a file extends comes before it.
        for identity in &identities {
            let of = self.edges.iter().filter(|(from, _)| from == identity);
            let direct: Vec<_> = of.filter_map(|(_, to)| index(to)).collect();
            let indirect = direct.iter().filter_map(|file| extended.get(*file));
            let all = indirect.flatten().copied().chain(direct.iter().copied());
            extended.push(all.collect());
        }
        Family { extended }
    }

    /// Returns whether nothing is wrong with any file so far.
    pub(super) fn are_sound(&self) -> bool {
        self.readers.iter().all(TomlReader::is_sound)
    }
}

/// Returns the names in `extends`, as far as they are names.
fn extends<'t>(root: &'t DeTable<'_>) -> Vec<(&'t str, Range<usize>)> {
    let Some(DeValue::Table(head)) = root.get("policy").map(Spanned::get_ref) else {
        return Vec::new();
    };
    let Some(DeValue::Array(names)) = head.get("extends").map(Spanned::get_ref) else {
        return Vec::new();
    };
    let text = |name: &'t Spanned<DeValue<'_>>| match name.get_ref() {
        DeValue::String(text) => Some((text.as_ref(), name.span())),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}
