//! Why a run cannot be compared with the night before.

use std::io;

use crate::report::ReadError;

/// Says why a run cannot be compared with the night before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The earlier report cannot be read.
    #[error("the earlier report `{path}` could not be read")]
    Unreadable {
        /// The report.
        path: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The earlier report is none, or not whole.
    #[error("nothing can be compared with the earlier report")]
    Report(#[source] ReadError),
    /// A line of the earlier report is not what this program writes.
    #[error("a finding of the earlier report is none of audit")]
    Line(#[source] serde_json::Error),
    /// A report is no file.
    #[error(
        "the {which} report `{path}` is no file: it is read more than once, so a pipe will not do"
    )]
    Pipe {
        /// Whether it is the earlier or the later one.
        which: &'static str,
        /// The report.
        path: String,
    },
    /// A report is about some of the findings.
    #[error(
        "the {which} report `{path}` is about {slice} alone: compare with the report of all findings"
    )]
    Slice {
        /// Whether it is the earlier or the later one.
        which: &'static str,
        /// The report.
        path: String,
        /// What it is about.
        slice: String,
    },
    /// A report lists some of the findings.
    #[error(
        "the {which} report `{path}` lists {listed} findings alone: compare with a report that was written without --list"
    )]
    Bounded {
        /// Whether it is the earlier or the later one.
        which: &'static str,
        /// The report.
        path: String,
        /// What it lists.
        listed: String,
    },
    /// The earlier report is not earlier.
    #[error(
        "the earlier report `{path}` is of {earlier}, which is not before --as-of {as_of}: only an earlier one can be compared with"
    )]
    NotEarlier {
        /// The report.
        path: String,
        /// The clock of its run.
        earlier: String,
        /// The clock of this run.
        as_of: String,
    },
    /// The report that should be the earlier one is the later one.
    #[error(
        "the report `{path}` is of {earlier}, which is after {as_of}, that of the other: name the older report first"
    )]
    Later {
        /// The report.
        path: String,
        /// The clock of its run.
        earlier: String,
        /// The clock of the other run.
        as_of: String,
    },
    /// The earlier report names findings in another way.
    #[error(
        "the earlier report `{path}` has fingerprint_scheme {earlier}, and this run has {now}: their findings cannot be known to be the same"
    )]
    Scheme {
        /// The report.
        path: String,
        /// How it names findings.
        earlier: u32,
        /// How this run does.
        now: u32,
    },
    /// The earlier report has other pseudonyms.
    #[error(
        "the earlier report `{path}` {earlier}, and this run {now}: their findings have other names; use the same --pseudonymise key"
    )]
    Key {
        /// The report.
        path: String,
        /// How it names customers, in words.
        earlier: &'static str,
        /// How this run does.
        now: &'static str,
    },
    /// The earlier report has no policy of this run.
    #[error(
        "the earlier report `{path}` has no policy in common with this run: it is by {earlier}, this run by {now}"
    )]
    Policies {
        /// The report.
        path: String,
        /// Its policies.
        earlier: String,
        /// Those of this run.
        now: String,
    },
    /// Nights are to be removed where none are kept.
    #[error("--keep needs a history: give --history DIR")]
    NoHistory,
    /// Findings that are overdue decide, and none can be.
    #[error(
        "--fail-on overdue needs a deadline, without which nothing is overdue: give --deadline SEVERITY=SPAN, as high=30d"
    )]
    NoDeadline,
    /// Something asks for the night before, and there is none.
    #[error("{option} needs an earlier report: give --since REPORT or --history DIR")]
    NothingEarlier {
        /// The option.
        option: &'static str,
    },
    /// The earlier report was changed while it was read.
    #[error("the earlier report `{path}` was changed while it was read")]
    Changed {
        /// The report.
        path: String,
    },
    /// What is remembered of findings cannot be kept in temporary files.
    #[error("what is remembered of findings cannot be kept in temporary files")]
    Keep(#[source] io::Error),
}
