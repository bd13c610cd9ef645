//! Records: one customer account each, as far as a run asks for it.

mod account;
mod epoch;
pub mod field;
pub mod network;
mod number;
pub mod time;
mod unknown_keys;
pub mod value;
mod words;

pub use account::Record;
pub use field::{FIELDS, Field, Key, Kind, MapError, Role, Schema, Slot};
pub use number::Number;
pub use unknown_keys::UnknownKeys;
pub use value::{Absent, Bad, Cell, List, Raw, Value};
pub use words::NULL_WORDS;
