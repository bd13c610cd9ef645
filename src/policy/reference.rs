//! References to controls, as a policy writes them.

use std::fmt;

/// Says how far a rule is evidence for a control.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::VariantArray,
    strum::IntoStaticStr,
    strum::EnumString,
    serde::Serialize,
    serde::Deserialize,
)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Strength {
    /// The rule shows what the control asks.
    Direct,
    /// The rule shows a part of what the control asks.
    Partial,
    /// The rule shows what supports the control.
    Supporting,
}

impl Strength {
    /// Returns the word for it in policies and reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Holds a control that a rule is evidence for: `PCI DSS 4.0.1: 8.4.2 (partial)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Whose control it is, with the version: `PCI DSS 4.0.1`.
    pub framework: String,
    /// The number or name of the control: `8.4.2`.
    pub requirement: String,
    /// How far the rule is evidence for it.
    pub strength: Strength,
}

impl Reference {
    /// Returns whether it is to the same requirement, whatever the strength.
    pub fn names_as(&self, other: &Self) -> bool {
        self.framework == other.framework && self.requirement == other.requirement
    }

    /// Reads a framework, a colon, a requirement, and the strength of the evidence.
    pub fn read(text: &str) -> Option<Self> {
        let (rest, strength) = text.strip_suffix(')')?.rsplit_once('(')?;
        let (framework, requirement) = rest.split_once(": ")?;
        let (framework, requirement) = (framework.trim(), requirement.trim());
        if framework.is_empty() || requirement.is_empty() {
            return None;
        }
        Some(Self {
            framework: framework.to_owned(),
            requirement: requirement.to_owned(),
            strength: strength.parse().ok()?,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            framework,
            requirement,
            strength,
        } = self;
        write!(f, "{framework}: {requirement} ({})", strength.name())
    }
}

/// Names a control that the rules of a policy do not test, and who must show that it
/// is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntestedControl {
    /// Whose control it is, with the version: `PCI DSS 4.0.1`.
    pub framework: String,
    /// The number or name of the control: `8.4.2`.
    pub requirement: String,
    /// Who must show that it is met, or what would.
    pub evidenced_by: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_framework_a_requirement_and_a_strength() {
        let reference = Reference {
            framework: "PCI DSS 4.0.1".to_owned(),
            requirement: "A1.1.2 (b)".to_owned(),
            strength: Strength::Partial,
        };
        let text = "PCI DSS 4.0.1: A1.1.2 (b) (partial)";
        assert_eq!(reference.to_string(), text);
        assert_eq!(Reference::read(text), Some(reference));
        for text in [
            "PCI DSS: 8.4.2",
            "8.4.2 (direct)",
            ": 8 (direct)",
            "a: b (c)",
            "a: b (Direct)",
        ] {
            assert_eq!(Reference::read(text), None, "{text}");
        }
    }
}
