//! Why partials are not those of one whole run.

use std::io;

use crate::text::{count, grouped};

/// Says why partials cannot be merged, or one cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("partial `{path}` could not be read")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file is none that `audit shard` wrote.
    #[error("`{path}` is no partial: `audit shard` writes them")]
    NoPartial {
        /// Its path.
        path: String,
    },
    /// A file is not as it was written.
    #[error("partial `{path}` is damaged: {why}; make it again")]
    Damaged {
        /// Its path.
        path: String,
        /// What shows it.
        why: &'static str,
    },
    /// There is no part at all.
    #[error("no partial holds a part of a run: make them with `audit shard --part`")]
    Nothing,
    /// A partial is of another run.
    #[error("partial `{path}` is of another run; its {what}")]
    OtherRun {
        /// Its path.
        path: String,
        /// What differs, and how.
        what: String,
    },
    /// Two partials are of runs that differ.
    #[error("partials `{first}` and `{second}` are of runs with other {what}")]
    OtherParts {
        /// The path of one.
        first: String,
        /// The path of the other.
        second: String,
        /// What differs.
        what: &'static str,
    },
    /// Parts are not there.
    #[error("{} of {} {} missing: make {} with {}",
        count(*.missing, "part", "parts"),
        grouped(*.of),
        if *.missing == 1 { "is" } else { "are" },
        if *.missing == 1 { "it" } else { "them" },
        .parts.join(", "))]
    Missing {
        /// How many.
        missing: u64,
        /// How many parts there are.
        of: u64,
        /// Which, as they are to be made.
        parts: Vec<String>,
    },
    /// A part was made twice, with other bytes.
    #[error(
        "part {part} is in `{first}` and, with other content, in `{second}`: one of them is \
             not of these exports; make it again"
    )]
    Differs {
        /// The part.
        part: String,
        /// The path of one.
        first: String,
        /// The path of the other.
        second: String,
    },
    /// Parts have something in common.
    #[error(
        "parts overlap: `{first}` is {first_part}, and `{second}` is {second_part}; leave \
             one out"
    )]
    Overlap {
        /// The path of one.
        first: String,
        /// Which parts it is.
        first_part: String,
        /// The path of the other.
        second: String,
        /// Which parts it is.
        second_part: String,
    },
    /// An export was cut where it goes on otherwise than was guessed.
    #[error("an export was cut inside of a record: make again, as one, {}, and merge that \
             instead of {}", .parts.join(", "), .instead.join(", "))]
    WrongCut {
        /// What is to be made again.
        parts: Vec<String>,
        /// The partials that it takes the place of.
        instead: Vec<String>,
    },
    /// An export was replaced while parts of it were read.
    #[error(
        "export `{export}` was another file when `{first}` was made than when `{second}` \
             was: make one of them again"
    )]
    OtherExport {
        /// Its path.
        export: String,
        /// The path of one partial.
        first: String,
        /// The path of the other.
        second: String,
    },
    /// The digest of an export is needed and not there.
    #[error(
        "the digest of export `{export}` is not among the partials, and --manifest, --history \
             and --max-export-age need it: make it with `audit shard --digest {export} --into FILE`"
    )]
    NoDigest {
        /// Its path.
        export: String,
    },
    /// There are two digests of an export.
    #[error(
        "the digest of export `{export}` in `{first}` is another than that in `{second}`: make \
             one of them again"
    )]
    DigestsDiffer {
        /// Its path.
        export: String,
        /// The path of one partial.
        first: String,
        /// The path of the other.
        second: String,
    },
    /// The digest of an export is of another file.
    #[error("the digest in `{path}` is of another file `{export}` than the one that was read")]
    OtherDigest {
        /// The path of the partial.
        path: String,
        /// The path of the export.
        export: String,
    },
}
