//! `audit schedule`: what runs a configuration every night.

mod error;
mod job;
mod places;
mod quoting;
mod template;
mod write;

pub use error::ScheduleError;
pub(super) use write::schedule;
