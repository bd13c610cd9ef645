//! The files of a policy: the one that is named, and those that it extends.

use std::ops::Range;
use std::path::PathBuf;

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
    /// The folder that all files must be in.
    folder: Option<PathBuf>,
    /// The identities of the files that are being gathered.
    open: Vec<PathBuf>,
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
        self.open.push(identity);
        let (root, mut diagnostics) = toml_reader::parse(&source.text);
        for (name, span) in extends(root.get_ref()) {
            let why = match source.extended(name, self.folder.as_deref()) {
                Ok(next) if self.open.contains(&next.identity()) => {
                    "the policies extend each other in a circle".to_owned()
                }
                Ok(next) => {
                    self.gather(next);
                    continue;
                }
                Err(error) => error.line(),
            };
            let help = "name a file beside this one, or a bundled policy".to_owned();
            diagnostics.push(Diagnostic::error(span, why, Some(help)));
        }
        self.open.pop();
        self.files.push(source);
        self.readers.push(TomlReader::new(diagnostics));
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
