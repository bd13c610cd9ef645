//! Reports: what was found, for people and for programs.
//!
//! A report has two halves, see `render.rs`. What a report says, as data, is in
//! `model/`; [`Reports`] writes all reports of a run.

mod bounded;
mod column;
mod destination;
mod early_sync;
#[cfg(test)]
mod fixture;
mod format;
mod guarded;
mod hidden;
mod json_writer;
mod markup;
mod model;
mod output;
mod packing;
mod paths;
mod phrase;
mod placing;
mod read;
mod render;
mod reports;
mod row_writer;
mod sarif_log;
mod settings;
mod since;
mod slice_file;
mod slice_names;
mod split;
#[cfg(test)]
mod tests;
mod ticket;

pub use crate::finding::{Counts, Coverage};
pub use crate::waiver::WaiverCounts;
pub use column::Column;
pub use destination::{Destination, NoDestination};
pub use format::factory::new_report;
#[cfg(feature = "html")]
pub(crate) use format::html::site;
pub use format::json::schema as json_schema;
pub(crate) use markup::{code, escape as escape_markdown, uri};
pub use model::ended::{CarriedRow, Closed, Ended};
pub use model::footer::{
    ExpectedCustomers, Export, Footer, PolicyReach, RuleCounts, Slice, Summary, Verdict,
};
pub use model::header::{Header, Policy, Rule, Tool};
pub use model::life::{
    Because, Carried, Doubt, End, Life, Listed, Moves, Previous, Since, SinceCounts, SinceOfRule,
};
pub use model::row::{FindingRow, Rejected, WaivedBy};
pub use output::{Error, Written, is_stream};
pub use packing::Packing;
pub(crate) use phrase::waiver as phrase_waiver;
pub use placing::write_file;
pub use read::{Listener, ReadError, Skimmed, Skims, pick, read, skim};
pub use render::{
    Found, KeptRecord, RecordMarks, Rendered, RenderedChunk, RenderedRow, Renderer, Renderers,
    Reporter, SayLife,
};
pub use reports::{BesidePaths, OnStdout, Placed, Planned, Reports, Settlement};
pub(crate) use sarif_log::log as sarif_log;
pub use settings::{Colour, Format, Layout, MaxChars, Screen, Settings, SplitBy, WholeReport};
pub use slice_file::SliceFile;
pub use split::SliceSource;
pub use ticket::{Action, Ticket};
