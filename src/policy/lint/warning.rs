//! The sorts of warnings, each with its stable name.

/// Names a sort of warning. The name is stable: people silence by it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Warning {
    /// No record can meet the rule.
    NeverPasses,
    /// No record violates the rule.
    NeverFails,
    /// The rule applies to no record.
    NeverApplies,
    /// Another rule asks the same of the same.
    Shadowed,
    /// The check holds for every value.
    AlwaysHolds,
    /// The check holds for no value.
    NeverHolds,
    /// The pattern is found in every text.
    MatchesEverything,
    /// The pattern is found in no text.
    MatchesNothing,
    /// The pattern is found in more texts than it seems.
    Unanchored,
    /// The value is none that the field is known to have.
    UnknownValue,
    /// The time is far in the past or in the future.
    FarTime,
    /// The network has bits set behind its prefix.
    HostBits,
    /// The text is the name of an operator.
    OperatorAsText,
    /// A check that something is not is under a `not`.
    DoubleNegation,
    /// What is absent passes, and nobody says why.
    AbsentPasses,
    /// Rules do not apply where something is absent, throughout the policy.
    AbsentSkips,
    /// The name of the framework is near that of another.
    UnknownFramework,
    /// The framework has no such control.
    UnknownControl,
    /// The severity is high, and all evidence is supporting.
    SupportingOnly,
    /// Two ids differ in case alone.
    SimilarIds,
    /// An id has a blank in it.
    BlankInId,
    /// Nothing uses the parameter.
    UnusedParam,
    /// Nothing asks for the field that is declared.
    UnusedField,
    /// No rule asks the check.
    UnusedCheck,
    /// No rule needs the field that is optional.
    UnneededOptional,
    /// Nobody says how to fix what does not meet the rule.
    NoRemediation,
}

impl Warning {
    /// Returns its code.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// Returns whether several of a file are one: they differ in the rule alone.
    pub(super) fn is_folded(self) -> bool {
        self == Warning::NoRemediation
    }
}
