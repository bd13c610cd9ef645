//! The exports of a run, and what is known of their files once they are read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::digest::{ByteCounter, DigestHandle, FileDigest};
use crate::export::{Beginning, Source};

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
    digest: Option<DigestHandle>,
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
                        name: match (name, number) {
                            (None, _) => source.name.clone(),
                            (Some(name), 1) => name.to_owned(),
                            (Some(name), _) => format!("{name}-{number}"),
                        },
                        path: source.name.clone(),
                        modified: source.modified,
                        bytes: source.byte_counter(),
                        digest: (with_digests || may_be_twice).then(|| source.want_digest()),
                    }
                });
        exports.collect()
    }

    /// Returns the export's file as it was read, if it was digested.
    pub fn file_digest(&self) -> Option<FileDigest> {
        Some(self.digest.as_ref()?.digest(self.path.as_str()))
    }
}

/// Returns a note on each export whose content is that of one before it.
pub(super) fn same_content(exports: &[ExportRun]) -> Vec<String> {
    let mut firsts: HashMap<String, &str> = HashMap::new();
    let mut notes = Vec::new();
    for export in exports {
        let Some(file) = export.file_digest().filter(|file| file.bytes > 0) else {
            continue;
        };
        match firsts.get(&file.sha256) {
            Some(first) => notes.push(format!(
                "warning: {} has the same content as {first}: its records are counted twice",
                export.path
            )),
            None => _ = firsts.insert(file.sha256, &export.path),
        }
    }
    notes
}
