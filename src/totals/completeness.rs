//! What makes an audit complete, as the user asks for it.

/// Says what makes an audit complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completeness {
    /// What an outcome is that could not be decided.
    pub undecided: Undecided,
    /// Whether it is fine that an export holds no record, that a policy has none in its
    /// scope, or that none of its rules judges one.
    pub allow_empty: bool,
}

/// Says what an outcome is that could not be decided.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumMessage,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::Display,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Undecided {
    /// The audit is not complete
    #[default]
    Incomplete,
    /// A finding, which counts as a rule that is not met does
    Finding,
}
