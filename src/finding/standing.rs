//! How a rule regards a record: what a finding of an earlier night came to.

/// Says how a rule regards a record, whether that is listed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Standing {
    /// Its policy does not judge the record.
    OutOfScope,
    /// The rule does not apply.
    NotApplicable,
    /// The rule is met; if it is one over all records, as far as this record goes.
    Pass,
    /// The rule is met, and would not be if the keys that the record lacks held something
    /// bad.
    PassByAbsence,
    /// Whether a rule over all records applies cannot be decided.
    Undecided,
    /// It is a finding.
    Listed,
}
