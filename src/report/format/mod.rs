//! The formats of reports, each in a file of its own.

mod buffered;
mod controls;
mod csv;
mod defectdojo;
pub mod factory;
#[cfg(feature = "html")]
pub mod html;
pub mod json;
mod junit;
mod kept;
mod markdown;
mod matrix;
mod metrics;
mod ndjson;
mod ocsf;
mod oscal;
mod paint;
mod sarif;
mod text;
#[cfg(feature = "xlsx")]
mod xlsx;
