//! Records: one customer account each, as far as a run asks for it.

mod account;
mod epoch;
pub mod field;
pub mod network;
mod number;
mod owned;
mod schema;
pub mod time;
mod unknown_keys;
pub mod value;
mod words;

pub use account::Record;
pub use field::{FIELDS, Kind, Role};
pub use number::Number;
pub use owned::OwnedValue;
pub use schema::{Field, Fields, Key, MapError, Schema, Slot};
pub use unknown_keys::{UnknownKeys, nearest_id};
pub use value::{Absent, Bad, Cell, List, Raw, Value};
pub use words::NULL_WORDS;
