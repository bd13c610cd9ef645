//! A history: a folder in which each night is a packed report, a manifest that names the
//! one before, and an index of its findings for the next night.

mod chain;
mod error;
mod folder;
mod lock;
mod night;
mod overview;
#[cfg(feature = "html")]
mod page;
mod table;

pub use chain::{Chain, Fault, Part, Wrong};
pub use error::Error;
pub use folder::{Folder, Tonight};
pub use night::{NightName, Stored};
pub use overview::{Alarm, AlarmKind, Overview, Row};
#[cfg(feature = "html")]
pub use page::write_page;
pub use table::{write_csv, write_json, write_text};
