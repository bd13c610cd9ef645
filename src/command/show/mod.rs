//! What policies are and what they can ask: lists, pages, and a policy to start from.

mod list;
mod new;
mod page;
mod policy;
mod text;

pub(super) use list::{fields, list};
pub(super) use new::new;
pub(super) use policy::policy;
