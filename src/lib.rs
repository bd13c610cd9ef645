//! Judges customer records by policies: what a nightly job runs on a bulk
//! export, and what its reports are made from.
//!
//! The data goes one way. [`export`] cuts the bytes of an export into batches
//! and reads records from them; [`evaluate`] asks of each what the rules of the
//! [`policy`] files make of it; [`finding`] says what there is to tell, and
//! what it adds up to, for rules over the whole export by way of [`aggregate`];
//! [`report`] writes it. [`pipeline`] takes batches through
//! these on many threads, in order; [`command::convert`] makes other reports from one;
//! [`manifest`] says what was read and written;
//! [`command`] helps those who write policies;
//! and [`run`] is a run from the command line to the exit code.
//!
//! A module uses only those below it: run · command, manifest, pipeline · cli, export,
//! report · evaluate · aggregate · finding · policy · record.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let policy = folder.path().join("mfa.toml");
//! std::fs::write(&policy, r#"
//!     [policy]
//!     id = "mfa"
//!
//!     [[rule]]
//!     id = "second-factor"
//!     severity = "high"
//!     require.force2fa = true
//! "#)?;
//! let export = folder.path().join("export.json");
//! std::fs::write(&export, r#"[{"id": "a", "force_2fa": true}, {"id": "b", "force_2fa": false}]"#)?;
//!
//! let args = ["audit", "-p", policy.to_str().unwrap(), "-f", "csv", "--columns", "rule,customer_id", export.to_str().unwrap()];
//! let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
//! assert_eq!(audit::run::main(args, &mut stdout, &mut stderr), 1);
//! assert_eq!(stdout, b"rule,customer_id\r\nsecond-factor,b\r\n");
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod aggregate;
pub mod cli;
pub mod command;
pub mod digest;
pub mod evaluate;
pub mod export;
mod external_sort;
pub mod finding;
pub mod manifest;
pub mod pipeline;
pub mod policy;
pub mod record;
pub mod report;
pub mod run;
mod spool;
pub mod text;
