//! Reads files of waivers: every mistake is reported, with its place and what would be
//! right.

mod file;
mod holds_for;
mod limits;
