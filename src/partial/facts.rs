//! What a partial says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::content::Blocks;
use super::identity::Identity;
use super::section::Sections;
use super::share::Share;
use crate::digest::FileDigest;
use crate::totals::Sum;

/// Says what a partial is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Facts {
    /// It holds a part of a run.
    Part(Box<PartFacts>),
    /// It holds the digest of the file of an export.
    Digest(DigestFacts),
}

/// Says what the file of an export is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DigestFacts {
    /// Its digest.
    pub file: FileDigest,
    /// A digest of its first bytes.
    pub beginning: String,
    /// When it was written last, in seconds since 1970.
    pub modified: Option<i64>,
}

/// Says what a part of a run is, and what it adds up to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartFacts {
    /// What it is a part of.
    pub identity: Identity,
    /// Which part it is.
    pub share: Share,
    /// A digest of the names and sizes of all exports, in their order.
    pub exports: String,
    /// Whether exports are cut between files alone.
    pub whole_files: bool,
    /// Whether it keeps each record.
    pub keeps_records: bool,
    /// What it read, in the order of the run.
    pub segments: Vec<Segment>,
    /// What shows whether exports that are as long have the same content, by their indexes.
    pub contents: BTreeMap<usize, Blocks>,
    /// What its records add up to.
    pub sum: Sum,
    /// Where the rest is.
    pub sections: Sections,
}

/// Describes an export of which a part was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFacts {
    /// Its index among those of the run.
    pub index: usize,
    /// Its path.
    pub path: String,
    /// What reports call it.
    pub name: String,
    /// How many bytes its file has.
    pub bytes: u64,
    /// A digest of the first bytes of the file.
    pub beginning: String,
}

/// Says what was read of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The export.
    pub export: ExportFacts,
    /// The first byte.
    pub begin: u64,
    /// The state of the export before it, as a digest; none before its own first byte.
    pub before: Option<String>,
    /// The first byte that was not read.
    pub end: u64,
    /// The state of the export after it, as a digest; none, if it was read to its end.
    pub after: Option<String>,
    /// How many records were met.
    pub records: u64,
}
