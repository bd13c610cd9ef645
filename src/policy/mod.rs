//! Policies: the rules that records are judged by, and the reader of their TOML.

pub mod aggregate;
mod answers;
mod asks;
mod builder;
pub mod check;
pub mod error;
mod example;
mod holds;
pub mod keys;
pub mod lint;
pub mod operator;
pub mod pattern;
mod policies;
mod read;
pub mod reference;
pub mod requirement;
mod rule;
mod selection;
mod source;
mod truth;
pub mod value_set;
mod words;

pub use aggregate::Aggregate;
pub use answers::Answers;
pub use builder::PoliciesBuilder;
pub use check::Check;
pub use error::{Error, FileWarnings, LoadError};
pub use example::{Example, Sample};
pub use policies::{OptionalField, Override, Param, Policies, Policy};
pub use reference::{Control, Reference, Strength};
pub use requirement::{Form, Requirement, TestId};
pub use rule::{Ask, Location, OnAbsent, Raise, Rule, Severity, Test, WhenAbsent};
pub use selection::{Selection, Selector};
pub use source::{PolicyFile, bundled, bundled_text, is_bundled_name};
pub use truth::{Cause, Truth};
pub use words::{Alternatives, Asked, Phrase};
