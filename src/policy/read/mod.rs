//! Reads policies from TOML: every mistake is reported, with its place and what
//! would be right.

mod aggregate;
mod argument;
mod draft;
mod field;
mod file;
mod fill_in;
mod head;
mod includes;
mod loader;
mod overrides;
mod params;
mod places;
mod pool;
mod requirement;
mod rules;
mod shared_check;
mod waiver_limits;

pub(super) use loader::Loader;
