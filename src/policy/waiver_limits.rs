//! How far a policy lets its findings be waived.

use strum::{IntoStaticStr, VariantArray};

use super::rule::Severity;

/// The most days that any waiver holds.
pub const MAX_DAYS: u16 = 365;

/// Names what a waiver may be made to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum MustSay {
    /// Where it is tracked.
    Ticket,
    /// Why the finding is accepted.
    Reason,
    /// Who asked for it.
    RequestedBy,
    /// Who accepted the finding.
    ApprovedBy,
}

/// Says for how many days waivers hold at most, by severity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MostDays {
    /// Those of severities that are named.
    pub by_severity: Vec<(Severity, u16)>,
    /// Those of all others.
    pub other: Option<u16>,
}

impl MostDays {
    fn of(&self, severity: Severity) -> Option<u16> {
        let mut named = self.by_severity.iter();
        let named = named.find(|(known, _)| *known == severity);
        named.map(|(_, days)| *days).or(self.other)
    }
}

/// Holds what bounds the waivers of a policy: what each of its files says, of which all
/// holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaiverLimits {
    /// The bounds of each file that has some.
    pub most_days: Vec<MostDays>,
    /// What every waiver must say.
    pub must_say: Vec<MustSay>,
}

impl WaiverLimits {
    /// Returns for how many days a waiver of findings of this severity holds at most.
    pub fn most_days(&self, severity: Severity) -> u16 {
        let files = self.most_days.iter();
        let bounds = files.filter_map(|file| file.of(severity));
        bounds.min().map_or(MAX_DAYS, |days| days.min(MAX_DAYS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_file_bounds_a_waiver() {
        let file = |by_severity: &[(Severity, u16)], other| MostDays {
            by_severity: by_severity.to_vec(),
            other,
        };
        let limits = WaiverLimits {
            most_days: vec![
                file(&[(Severity::Critical, 30)], Some(365)),
                file(&[(Severity::High, 90), (Severity::Critical, 60)], None),
            ],
            must_say: Vec::new(),
        };
        assert_eq!(limits.most_days(Severity::Critical), 30);
        assert_eq!(limits.most_days(Severity::High), 90);
        assert_eq!(limits.most_days(Severity::Low), 365);
        assert_eq!(WaiverLimits::default().most_days(Severity::Critical), 365);
    }
}
