//! Whether partials are those of one whole run: checked before anything is written.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::content::{Blocks, digest_of_all};
use super::error::Error;
use super::facts::{DigestFacts, ExportFacts, Facts, PartFacts, Segment};
use super::file::Partial;
use super::identity::Identity;
use super::share::Share;
use crate::digest::{FileDigest, Hasher};

/// Gathers partials, of each no more than shows whether they are one whole run.
#[derive(Debug, Default)]
pub struct Assembly {
    parts: Vec<Gathered>,
    digests: Vec<(PathBuf, DigestFacts)>,
    contents: BTreeMap<usize, Blocks>,
    /// What the first says that all must say.
    first: Option<First>,
}

/// Holds what all partials of a run say alike.
#[derive(Debug)]
struct First {
    path: String,
    identity: Identity,
    exports: String,
    of: u64,
    whole_files: bool,
    keeps_records: bool,
}

/// Holds what is known of a partial.
#[derive(Debug)]
struct Gathered {
    partial: Partial,
    /// The paths of others with the same bytes.
    copies: Vec<PathBuf>,
    share: Share,
    segments: Vec<Segment>,
}

/// Holds the partials of one whole run, in its order.
#[derive(Debug)]
pub struct Whole {
    /// The partials.
    pub partials: Vec<Partial>,
    /// The exports.
    pub exports: Vec<ExportFacts>,
    /// What is known of their files, by their indexes: the digest, and when each was written
    /// last, in seconds since 1970.
    pub digests: BTreeMap<usize, (FileDigest, Option<i64>)>,
    /// A digest of the content of those that are as long as another, by their indexes.
    pub contents: BTreeMap<usize, String>,
    /// What all partials are a part of.
    pub identity: Identity,
    /// Whether each record is kept.
    pub keeps_records: bool,
}

/// Returns a digest of the names and sizes of exports, in their order.
pub fn digest_of_exports<'e>(exports: impl IntoIterator<Item = (&'e str, u64)>) -> String {
    let mut hasher = Hasher::default();
    for (path, bytes) in exports {
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&bytes.to_le_bytes());
    }
    hasher.half_hex()
}

impl Assembly {
    /// Adds a partial.
    ///
    /// # Errors
    ///
    /// It is of another run than those before it.
    pub fn add(&mut self, partial: Partial, facts: Facts) -> Result<(), Error> {
        let path = partial.path.display().to_string();
        let facts = match facts {
            Facts::Digest(digest) => {
                self.digests.push((partial.path, digest));
                return Ok(());
            }
            Facts::Part(facts) => facts,
        };
        let PartFacts {
            identity,
            share,
            exports,
            whole_files,
            keeps_records,
            segments,
            contents,
            // What it holds is read when its turn comes.
            sum: _,
            sections: _,
        } = *facts;
        let first = self.first.get_or_insert_with(|| First {
            path: path.clone(),
            identity: identity.clone(),
            exports: exports.clone(),
            of: share.of,
            whole_files,
            keeps_records,
        });
        let differs = |what| {
            Err(Error::OtherParts {
                first: first.path.clone(),
                second: path.clone(),
                what,
            })
        };
        if first.identity != identity {
            let what = first.identity.difference(&identity);
            let what = what.unwrap_or_default();
            return Err(Error::OtherRun { path, what });
        }
        if first.exports != exports {
            return differs("exports, or of exports of other sizes");
        }
        if first.of != share.of {
            return differs("numbers of parts");
        }
        if first.whole_files != whole_files {
            return differs("options: one was made with --whole-files");
        }
        if first.keeps_records != keeps_records {
            return differs("options: one was made with --records or --nights");
        }
        for (export, blocks) in contents {
            self.contents.entry(export).or_default().extend(blocks);
        }
        self.parts.push(Gathered {
            partial,
            copies: Vec::new(),
            share,
            segments,
        });
        Ok(())
    }

    /// Returns the partials in the order of the run, each once.
    ///
    /// # Errors
    ///
    /// They are not those of one whole run, or an export was cut at a wrong place.
    pub fn finish(self) -> Result<Whole, Error> {
        let Self {
            mut parts,
            digests,
            contents,
            first,
        } = self;
        let first = first.ok_or(Error::Nothing)?;
        parts.sort_by(|one, other| {
            let order = |part: &Gathered| (part.share, part.partial.path.clone());
            order(one).cmp(&order(other))
        });
        let parts = each_once(parts)?;
        are_all(&parts, first.of)?;
        let exports = exports(&parts)?;
        are_cut_well(&parts)?;
        let named = exports.iter().map(|one| (one.path.as_str(), one.bytes));
        if digest_of_exports(named) != first.exports {
            return Err(Error::OtherParts {
                first: first.path,
                second: "the others".to_owned(),
                what: "exports",
            });
        }
        Ok(Whole {
            digests: of_exports(digests, &exports)?,
            contents: exports
                .iter()
                .filter_map(|export| {
                    let blocks = contents.get(&export.index)?;
                    Some((export.index, digest_of_all(blocks, export.bytes)?))
                })
                .collect(),
            exports,
            identity: first.identity,
            keeps_records: first.keeps_records,
            partials: parts.into_iter().map(|part| part.partial).collect(),
        })
    }
}

/// Leaves out parts that were made twice with the same bytes.
fn each_once(parts: Vec<Gathered>) -> Result<Vec<Gathered>, Error> {
    let mut once: Vec<Gathered> = Vec::with_capacity(parts.len());
    for part in parts {
        let shown = |part: &Gathered| part.partial.path.display().to_string();
        match once.last_mut() {
            Some(last) if last.share == part.share => {
                if last.partial.digest != part.partial.digest {
                    return Err(Error::Differs {
                        part: part.share.to_string(),
                        first: shown(last),
                        second: shown(&part),
                    });
                }
                last.copies.push(part.partial.path);
            }
            Some(last) if part.share.first <= last.share.last => {
                return Err(Error::Overlap {
                    first: shown(last),
                    first_part: last.share.to_string(),
                    second: shown(&part),
                    second_part: part.share.to_string(),
                });
            }
            Some(_) | None => once.push(part),
        }
    }
    Ok(once)
}

/// Makes sure that there are all parts, of so many.
fn are_all(parts: &[Gathered], of: u64) -> Result<(), Error> {
    let (mut next, mut missing, mut named) = (1, 0, Vec::new());
    let ends = parts.iter().map(|part| (part.share.first, part.share.last));
    for (first, last) in ends.chain([(of + 1, of + 1)]) {
        if first > next {
            missing += first - next;
            let share = Share {
                first: next,
                last: first - 1,
                of,
            };
            named.push(format!("--part {share}"));
        }
        next = last + 1;
    }
    let more = named.len().saturating_sub(MAX_NAMED);
    named.truncate(MAX_NAMED);
    named.extend((more > 0).then(|| format!("{more} more")));
    match missing {
        0 => Ok(()),
        missing => Err(Error::Missing {
            missing,
            of,
            parts: named,
        }),
    }
}

/// How many parts a message names.
const MAX_NAMED: usize = 100;

/// Returns the exports of the run; each is the same in all parts.
fn exports(parts: &[Gathered]) -> Result<Vec<ExportFacts>, Error> {
    let mut exports: BTreeMap<usize, (&ExportFacts, &Gathered)> = BTreeMap::new();
    for part in parts {
        for segment in &part.segments {
            let here = (&segment.export, part);
            let (export, first) = exports.entry(segment.export.index).or_insert(here);
            if **export != segment.export {
                return Err(Error::OtherExport {
                    export: export.path.clone(),
                    first: first.partial.path.display().to_string(),
                    second: part.partial.path.display().to_string(),
                });
            }
        }
    }
    let mut all = Vec::with_capacity(exports.len());
    for (index, (export, part)) in exports {
        if index != all.len() {
            return Err(Error::Damaged {
                path: part.partial.path.display().to_string(),
                why: "nobody knows an export that comes before one of its own",
            });
        }
        all.push(export.clone());
    }
    Ok(all)
}

/// Returns the last part of each export, by its index.
fn last_parts(parts: &[Gathered]) -> HashMap<usize, usize> {
    let parts = parts.iter().enumerate();
    let segments = parts.flat_map(|(number, part)| {
        let segments = part.segments.iter();
        segments.map(move |segment| (segment.export.index, number))
    });
    segments.collect()
}

/// Makes sure that each segment of an export begins where the one before it ended, and in the
/// same state.
fn are_cut_well(parts: &[Gathered]) -> Result<(), Error> {
    let mut ends: HashMap<usize, (usize, &Segment)> = HashMap::new();
    // The parts that are to be made again as one, the first and the last of each.
    let mut again: Vec<(usize, usize)> = Vec::new();
    let lasts = last_parts(parts);
    for (number, part) in parts.iter().enumerate() {
        for segment in &part.segments {
            let export = segment.export.index;
            let before = ends.insert(export, (number, segment));
            let Some((before, last)) = before else {
                again.extend((segment.begin != 0).then_some((0, number)));
                continue;
            };
            if last.end != segment.begin || last.after.is_none() {
                again.push((before, number));
            } else if last.after != segment.before {
                // What the export was not known for at its beginning is so to its end: all
                // later parts have guessed otherwise.
                let last = lasts.get(&export).copied();
                again.push((before, last.unwrap_or(number)));
            }
        }
    }
    // The end of an export must have been read.
    for (number, segment) in ends.into_values() {
        if segment.after.is_some() {
            again.push((number, parts.len() - 1));
        }
    }
    again.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (first, last) in again {
        match merged.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            Some(_) | None => merged.push((first, last)),
        }
    }
    if merged.is_empty() {
        return Ok(());
    }
    let (mut named, mut instead) = (Vec::new(), Vec::new());
    for (first, last) in merged {
        let share = Share {
            last: parts[last].share.last,
            ..parts[first].share
        };
        named.push(format!("--part {share}"));
        for part in &parts[first..=last] {
            let paths = std::iter::once(&part.partial.path).chain(&part.copies);
            instead.extend(paths.map(|path| format!("`{}`", path.display())));
        }
    }
    Err(Error::WrongCut {
        parts: named,
        instead,
    })
}

/// Returns the digests of exports, by their indexes.
fn of_exports(
    mut digests: Vec<(PathBuf, DigestFacts)>,
    exports: &[ExportFacts],
) -> Result<BTreeMap<usize, (FileDigest, Option<i64>)>, Error> {
    let mut of_exports: BTreeMap<usize, (FileDigest, Option<i64>)> = BTreeMap::new();
    let mut firsts: HashMap<usize, PathBuf> = HashMap::new();
    digests.sort_by(|(one, _), (other, _)| one.cmp(other));
    let by_path: HashMap<&str, &ExportFacts> = exports
        .iter()
        .map(|export| (export.path.as_str(), export))
        .collect();
    for (path, digest) in digests {
        let DigestFacts {
            file,
            beginning,
            modified,
        } = digest;
        let Some(export) = by_path.get(file.path.as_str()) else {
            continue;
        };
        if export.bytes != file.bytes || export.beginning != beginning {
            return Err(Error::OtherDigest {
                path: path.display().to_string(),
                export: export.path.clone(),
            });
        }
        match of_exports.get_mut(&export.index) {
            Some((first, _)) if first.sha256 != file.sha256 => {
                let first = firsts.get(&export.index);
                return Err(Error::DigestsDiffer {
                    export: export.path.clone(),
                    first: first.map_or_else(String::new, |path| path.display().to_string()),
                    second: path.display().to_string(),
                });
            }
            // A copy was written later: the export is as old as the oldest.
            Some((_, oldest)) => *oldest = (*oldest).min(modified),
            None => {
                of_exports.insert(export.index, (file, modified));
                firsts.insert(export.index, path);
            }
        }
    }
    Ok(of_exports)
}
