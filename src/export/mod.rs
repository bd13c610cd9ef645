//! Reads exports: files of customer records, in every shape that is met in
//! the field.
//!
//! Bytes are cut into chunks where a record most likely begins, and each chunk
//! is read on its own. Whether the cut was right shows when the chunk before it
//! has been read: it must end just there. If it does not, the bytes are read
//! again from where it did. So any cut gives the same records.

#[cfg(feature = "cli")]
mod boundary;
#[cfg(feature = "cli")]
mod chunk;
mod csv;
mod format;
mod header;
#[cfg(feature = "cli")]
mod interrupt;
mod json;
mod pages;
mod reader;
mod simd;
mod sink;
#[cfg(feature = "cli")]
mod source;
#[cfg(feature = "cli")]
mod stretch;
mod unsupported;
mod window;

#[cfg(feature = "cli")]
pub use chunk::{Chunk, Chunker, read_all};
pub use format::{Format, MAX_DEPTH, MAX_RECORD_BYTES};
#[cfg(feature = "cli")]
pub use interrupt::StopFlag;
pub use pages::{Missing, Pages, Remark};
pub use reader::{Reader, State};
pub use sink::{ForeignLiteral, Listener, Sink, Stop, Unread, Unreadable};
#[cfg(feature = "cli")]
pub use source::{Beginning, Error, Source};
#[cfg(feature = "cli")]
pub use stretch::{Cutter, Stretch};
pub use unsupported::Unsupported;
