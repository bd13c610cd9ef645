//! Records: one customer account each, as far as a run asks for it.

mod account;
pub mod field;
pub mod network;
mod number;
pub mod time;
mod unknown_keys;
pub mod value;

pub use account::Record;
pub use field::{FIELDS, Field, Fields, Key, Kind, Schema, Slot};
pub use number::Number;
pub use unknown_keys::{UnknownKeys, nearest_id};
pub use value::{Absent, Bad, Cell, List, Raw, Value};
