//! Finds what is no mistake in a policy, and most likely not meant.

mod clash;
mod fold;
mod frameworks;
mod notice;
mod places;
mod policy;
mod reason;
mod references;
mod rule;
mod value;
mod warning;

pub(super) use fold::folded;
pub(super) use frameworks::lacks;
pub(super) use notice::Notice;
pub(super) use places::{Occurrence, Places, RulePlaces};
pub(super) use policy::notices;
pub use warning::Warning;
