//! The exports of a run, and what is known of their files once they are read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::digest::{ByteCounter, DigestHandle, FileDigest};
use crate::export::{Beginning, Source};
use crate::partial::{self, Whole};

/// Represents an export while it is read.
pub(super) struct ExportRun {
    /// What reports call it.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// When it was written last, if it is a file.
    pub modified: Option<DateTime<Utc>>,
    /// Counts the bytes that were read of it.
    pub bytes: ByteCounter,
    /// Digests the bytes that are read of it, if somebody needs that.
    digest: Digest,
    /// A digest of another kind that shows its content, if another export is as long.
    content: Option<String>,
}

/// Says what is known of the digest of an export's file.
enum Digest {
    /// Nobody needs it.
    Unknown,
    /// Its bytes are digested while they are read.
    Running(DigestHandle),
    /// It was digested elsewhere.
    Known(FileDigest),
}

impl ExportRun {
    /// Returns the exports of these sources, in their order. Their files are digested
    /// if that is asked for, or if another is as long and begins alike. With a `name` reports call
    /// the first so, and the others by it and their number.
    pub fn all(sources: &mut [Source], name: Option<&str>, with_digests: bool) -> Vec<Self> {
        let beginnings: Vec<_> = sources.iter().map(Source::beginning).collect();
        let mut files: HashMap<Beginning, usize> = HashMap::new();
        for beginning in beginnings.iter().flatten() {
            *files.entry(*beginning).or_default() += 1;
        }
        let is_alone = |file: Beginning| file.length == 0 || files.get(&file) == Some(&1);
        let exports =
            sources
                .iter_mut()
                .zip(beginnings)
                .zip(1..)
                .map(|((source, beginning), number)| {
                    let may_be_twice = beginning.is_some_and(|file| !is_alone(file));
                    Self {
                        name: reported_name(name, number - 1, &source.name),
                        path: source.name.clone(),
                        modified: source.modified,
                        bytes: source.byte_counter(),
                        digest: match with_digests || may_be_twice {
                            true => Digest::Running(source.want_digest()),
                            false => Digest::Unknown,
                        },
                        content: None,
                    }
                });
        exports.collect()
    }

    /// Returns the exports of which partials hold what was judged.
    ///
    /// # Errors
    ///
    /// Their digests are needed, and one is not known.
    pub fn of_whole(whole: &Whole, needs_digests: bool) -> Result<Vec<Self>, partial::Error> {
        let exports = whole.exports.iter().map(|export| {
            let known = whole.digests.get(&export.index);
            if needs_digests && known.is_none() {
                return Err(partial::Error::NoDigest {
                    export: export.path.clone(),
                });
            }
            let modified = known.and_then(|(_, modified)| *modified);
            Ok(Self {
                name: export.name.clone(),
                path: export.path.clone(),
                modified: modified.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
                bytes: ByteCounter::default(),
                digest: match known {
                    Some((file, _)) => Digest::Known(file.clone()),
                    None => Digest::Unknown,
                },
                content: whole.contents.get(&export.index).cloned(),
            })
        });
        exports.collect()
    }

    /// Returns the export's file as it was read, if it was digested.
    pub fn file_digest(&self) -> Option<FileDigest> {
        match &self.digest {
            Digest::Unknown => None,
            Digest::Running(digest) => Some(digest.digest(self.path.as_str())),
            Digest::Known(file) => Some(file.clone()),
        }
    }
}

/// Returns what reports call an export, by its index: its path or, with a `name`, that and its
/// number.
pub(super) fn reported_name(name: Option<&str>, index: usize, path: &str) -> String {
    match (name, index) {
        (None, _) => path.to_owned(),
        (Some(name), 0) => name.to_owned(),
        (Some(name), _) => format!("{name}-{}", index + 1),
    }
}

/// Returns a note on each export whose content is that of one before it.
pub(super) fn same_content(exports: &[ExportRun]) -> Vec<String> {
    let mut firsts: HashMap<String, &str> = HashMap::new();
    let mut notes = Vec::new();
    for export in exports {
        let of_file = || {
            let file = export.file_digest().filter(|file| file.bytes > 0);
            file.map(|file| file.sha256)
        };
        let content = export.content.clone().or_else(of_file);
        let Some(content) = content else {
            continue;
        };
        match firsts.get(&content) {
            Some(first) => notes.push(format!(
                "warning: {} has the same content as {first}: its records are counted twice",
                export.path
            )),
            None => _ = firsts.insert(content, &export.path),
        }
    }
    notes
}
