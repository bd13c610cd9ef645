//! Judges customer records by policies: what a nightly job runs on a bulk export, and
//! what its reports are made from.
//!
//! # Use
//!
//! ```
//! use audit::{Auditor, Format, Policies};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policies = Policies::builder()
//!     .text("mfa.toml", r#"
//!         [policy]
//!         id = "mfa"
//!
//!         [[rule]]
//!         id = "second-factor"
//!         severity = "high"
//!         require.force2fa = true
//!     "#)
//!     .as_of("2026-01-31T00:00:00Z".parse()?)
//!     .load()?;
//! let export = br#"[{"id": "a", "force_2fa": true}, {"id": "b", "force_2fa": false}]"#;
//!
//! let mut failed = Vec::new();
//! let mut audit = Auditor::new(&policies);
//! audit.read("export.json", Format::Json, export.as_slice(), |finding| {
//!     failed.extend(finding.customer_id().map(|id| id.into_owned()));
//!     Ok::<_, std::io::Error>(())
//! })?;
//! // Rules over all records are decided at the end, and whether the audit is complete.
//! let totals = audit.finish(|_| Ok::<_, std::io::Error>(()))?;
//! assert_eq!(failed, ["b"]);
//! assert!(totals.verdict.is_complete());
//! # Ok(())
//! # }
//! ```
//!
//! [`Policies`] are read from files, by the names of those that come with the library,
//! or from text. An [`Auditor`] takes the bytes of exports, hands out each [`Finding`],
//! and gives the [`Totals`]. The folder `examples` has three programs.
//!
//! # The way of a record
//!
//! The data goes one way. [`export`] cuts the bytes of an export into chunks and decodes
//! records from them, only the fields that the policies ask for ([`record`]).
//! `evaluate` asks of each record what the rules of the policies ([`policy`]) make of
//! it; an outcome that is listed is a [`Finding`] with its evidence ([`finding`]).
//! What rules over all records ask is gathered by `aggregate`. All that records add up
//! to is a part, parts are added in the order of the records, and the verdict is decided
//! once, after the sum ([`totals`]). `report` writes it, in a file a format.
//!
//! [`auditor`] does all that on the thread of the caller; `pipeline` does it on all
//! cores, in order and in bounded memory, for the program: `run` parses the arguments
//! (`cli`) to plain `options`, and calls the file of the subcommand in `command`.
//! `manifest` lists what was read and written; `terminal` knows colour, width and
//! progress.
//!
//! # Floors
//!
//! A module uses only those below it, and a test (`tests/suite/floors.rs`) reads all
//! files and says so:
//!
//! ```text
//! run
//! command
//! cli · terminal · manifest · config · pipeline
//! options
//! partial
//! report · auditor
//! evaluate
//! totals
//! aggregate
//! finding
//! waiver
//! policy · export
//! record
//! toml_keys
//! toml_reader
//! text · closed · bounded_file · unpack · varint · digest · key_table · diagnostic ·
//! external_sort · spool
//! ```
//!
//! # Features
//!
//! `cli` is the program: reports, the pipeline and the command line. `html` and `xlsx`
//! are the two report formats with the largest dependencies. All three are on by
//! default; without them the library is the core, from bytes to findings and totals.
//!
//! The program runs on Unix alone: reports take their places by way of its file modes
//! and renames, and pipes are waited for by `poll`.

#[cfg(not(unix))]
compile_error!("audit runs on Unix alone: see the documentation of the library");

pub mod auditor;
pub mod export;
pub mod finding;
pub mod policy;
pub mod record;
pub mod totals;
pub mod waiver;

pub use auditor::Auditor;
pub use export::Format;
pub use finding::{Evidence, Finding, Outcome, Privacy, Reason, Status};
pub use policy::{Policies, PoliciesBuilder, Severity};
pub use totals::Totals;
pub use waiver::Waivers;

// The program, its tests and its benchmarks use these; they may change at any time.
#[doc(hidden)]
pub mod aggregate;
#[doc(hidden)]
pub mod bounded_file;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod closed;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod command;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod diagnostic;
#[doc(hidden)]
pub mod digest;
#[doc(hidden)]
pub mod evaluate;
mod external_sort;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod history;
mod key_table;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod manifest;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod nights;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod options;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod panics;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod partial;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod pipeline;
#[cfg(feature = "cli")]
mod population;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod report;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod run;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod signals;
mod spool;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod terminal;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod toml_keys;
#[doc(hidden)]
pub mod toml_reader;
#[cfg(feature = "cli")]
mod unpack;
mod variants;
mod varint;
