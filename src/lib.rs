//! Judges customer records by policies: what a nightly job runs on a bulk
//! export, and what its reports are made from.
//!
//! The data goes one way. [`export`] cuts the bytes of an export into batches
//! and reads records from them; [`evaluate`] asks of each what the rules of the
//! [`policy`] files make of it; [`finding`] says what there is to tell, and
//! what it adds up to, for rules over the whole export by way of [`aggregate`];
//! [`report`] writes it. [`pipeline`] takes batches through
//! these on many threads, in order;
//! [`auditor`] does the same on one thread, for other programs.
//! `manifest` says what was read and written, `command` holds the subcommands, and `run`
//! is a run from the command line to the exit code: these are part of the feature `cli`.
//!
//! A module uses only those below it: run · command · terminal, cli, manifest · options ·
//! auditor, pipeline · report · totals · evaluate · aggregate · finding · export, policy ·
//! record.
//!
//! A program of one's own begins with an [`Auditor`](auditor::Auditor):
//!
//! ```
//! use audit::auditor::Auditor;
//! use audit::export::Format;
//! use audit::policy::Policies;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let as_of = "2026-01-31T00:00:00Z".parse()?;
//! let policies = Policies::load(&["baseline".into()], as_of, &[]).expect("a bundled policy");
//! let export = br#"[{"id": "a", "force_2fa": true}, {"id": "b", "force_2fa": false}]"#;
//!
//! let print = |finding: &audit::finding::Finding<'_>| {
//!     println!("{finding}");
//!     Ok::<_, std::io::Error>(())
//! };
//! let mut audit = Auditor::new(&policies);
//! audit.read("export.json", Format::Json, export.as_slice(), print)?;
//! let totals = audit.finish(print)?;
//! assert_eq!(totals.summary.records, 2);
//! # Ok(())
//! # }
//! ```

pub mod aggregate;
pub mod auditor;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod command;
pub mod diagnostic;
pub mod digest;
pub mod evaluate;
pub mod export;
mod external_sort;
pub mod finding;
#[cfg(feature = "cli")]
pub mod manifest;
#[cfg(feature = "cli")]
pub mod options;
pub mod pipeline;
pub mod policy;
pub mod record;
pub mod report;
#[cfg(feature = "cli")]
pub mod run;
mod spool;
#[cfg(feature = "cli")]
pub mod terminal;
pub mod text;
pub mod toml_reader;
pub mod totals;
