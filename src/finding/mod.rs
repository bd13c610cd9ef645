//! What an audit finds: outcomes, their evidence, and what they add up to.

pub mod anomaly;
pub mod evidence;
#[allow(
    clippy::module_inception,
    reason = "the room is about findings, and this file holds the type"
)]
pub mod finding;
mod mark;
pub mod outcome;
pub mod privacy;
pub mod ranking;
pub mod redaction;
mod standing;
pub mod summary;
mod waived;

pub use anomaly::Anomaly;
pub use evidence::{Evidence, Statement, statements};
pub use finding::{AggregateSubject, Finding, JudgedRecord, Subject, digest_of};
pub use mark::{LateMark, Mark};
pub use outcome::{Outcome, Reason, Status};
pub use privacy::{Key, KeyError, Privacy};
pub use ranking::{Customer, TopCustomers};
pub use redaction::{REDACTED, display_id};
pub use standing::Standing;
pub use summary::{Counts, Coverage, Reach, Summary};
