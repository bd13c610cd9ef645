//! Reads exports: files of customer records, in every shape that is met in
//! the field.
//!
//! Bytes are cut into chunks where a record most likely begins, and each chunk
//! is read on its own. Whether the cut was right shows when the chunk before it
//! has been read: it must end just there. If it does not, the bytes are read
//! again from where it did. So any cut gives the same records.

mod chunk;
mod csv;
mod format;
mod interrupt;
mod json;
mod reader;
mod simd;
mod sink;
mod source;
mod window;

pub use chunk::{Chunk, Chunker, read_all};
pub use format::{Format, MAX_DEPTH, MAX_RECORD_BYTES};
pub use interrupt::StopFlag;
pub use reader::{Reader, State};
pub use sink::{Listener, Sink, Stop, Unread, Unreadable};
pub use source::{Error, Source};
