//! What a run adds up to: parts are summed in the order of the records, and what it
//! comes to is decided once, after the sum.

mod completeness;
mod gap;
mod part;
mod running;
mod series;
mod sum;
mod verdict;

pub use completeness::{Completeness, Undecided};
pub use gap::{Gap, GapCode};
pub use part::{Part, add_problem};
pub use running::{ExportNames, RunningTotals, Totals};
pub use sum::{ExportTotals, Sum};
pub use verdict::Verdict;
