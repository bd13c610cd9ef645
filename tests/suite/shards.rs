//! Runs in parts: what a merge writes is what one run would have written.

mod errors;
mod in_parts;
mod laws;
mod many;
mod nights;
mod partials;
