//! The frameworks that policies usually name, and a table of their controls.

/// Describes how the controls of a framework are numbered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Framework {
    /// What references call it.
    pub(super) name: &'static str,
    /// How its controls are numbered: what comes before the last number, and the highest.
    controls: &'static [(&'static str, u32)],
    /// A control has parts of its own, behind one of these.
    parts: &'static [char],
}

/// Lists the frameworks whose controls are known.
pub(super) const FRAMEWORKS: &[Framework] = &[
    Framework {
        name: "PCI DSS 4.0.1",
        controls: PCI,
        parts: &['.', ' '],
    },
    Framework {
        name: "CIS Controls 8.1",
        controls: CIS,
        parts: &[],
    },
    Framework {
        name: "ISO/IEC 27001:2022",
        controls: ISO,
        parts: &['.', ' '],
    },
    Framework {
        name: "NIST SP 800-53 r5",
        controls: NIST,
        parts: &['(', ' '],
    },
    Framework {
        name: "NIST CSF 2.0",
        controls: CSF,
        parts: &[],
    },
    Framework {
        name: "SOC 2 TSC 2017",
        controls: TSC,
        parts: &[' '],
    },
];

/// Returns whether a framework is known and has no such control.
pub(in crate::policy) fn lacks(framework: &str, requirement: &str) -> bool {
    let mut known = FRAMEWORKS.iter().filter(|known| known.name == framework);
    known.any(|known| !known.has(requirement))
}

impl Framework {
    /// Returns whether it may have a control of this number, or a section.
    fn has(&self, requirement: &str) -> bool {
        self.controls.iter().any(|(before, most)| {
            let section = before.trim_end_matches(['.', '-']);
            let is_part = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-']);
            if section.strip_prefix(requirement).is_some_and(is_part) {
                return true;
            }
            let Some(rest) = requirement.strip_prefix(before) else {
                return false;
            };
            let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = rest[..rest.len() - digits.len()].parse::<u32>();
            let is_known = number.is_ok_and(|number| (1..=*most).contains(&number));
            is_known && (digits.is_empty() || digits.starts_with(self.parts))
        })
    }
}

const PCI: &[(&str, u32)] = &[
    ("1.1.", 2),
    ("1.2.", 8),
    ("1.3.", 3),
    ("1.4.", 5),
    ("1.5.", 1),
    ("2.1.", 2),
    ("2.2.", 7),
    ("2.3.", 2),
    ("3.1.", 2),
    ("3.2.", 1),
    ("3.3.", 3),
    ("3.4.", 2),
    ("3.5.", 1),
    ("3.6.", 1),
    ("3.7.", 9),
    ("4.1.", 2),
    ("4.2.", 2),
    ("5.1.", 2),
    ("5.2.", 3),
    ("5.3.", 5),
    ("5.4.", 1),
    ("6.1.", 2),
    ("6.2.", 4),
    ("6.3.", 3),
    ("6.4.", 3),
    ("6.5.", 6),
    ("7.1.", 2),
    ("7.2.", 6),
    ("7.3.", 3),
    ("8.1.", 2),
    ("8.2.", 8),
    ("8.3.", 11),
    ("8.4.", 3),
    ("8.5.", 1),
    ("8.6.", 3),
    ("9.1.", 2),
    ("9.2.", 4),
    ("9.3.", 4),
    ("9.4.", 7),
    ("9.5.", 1),
    ("10.1.", 2),
    ("10.2.", 2),
    ("10.3.", 4),
    ("10.4.", 3),
    ("10.5.", 1),
    ("10.6.", 3),
    ("10.7.", 3),
    ("11.1.", 2),
    ("11.2.", 2),
    ("11.3.", 2),
    ("11.4.", 7),
    ("11.5.", 2),
    ("11.6.", 1),
    ("12.1.", 4),
    ("12.2.", 1),
    ("12.3.", 4),
    ("12.4.", 2),
    ("12.5.", 3),
    ("12.6.", 3),
    ("12.7.", 1),
    ("12.8.", 5),
    ("12.9.", 2),
    ("12.10.", 7),
    ("A1.1.", 4),
    ("A1.2.", 3),
    ("A2.1.", 3),
    ("A3.1.", 4),
    ("A3.2.", 6),
    ("A3.3.", 3),
    ("A3.4.", 1),
    ("A3.5.", 1),
];

const CIS: &[(&str, u32)] = &[
    ("1.", 5),
    ("2.", 7),
    ("3.", 14),
    ("4.", 12),
    ("5.", 6),
    ("6.", 8),
    ("7.", 7),
    ("8.", 12),
    ("9.", 7),
    ("10.", 7),
    ("11.", 5),
    ("12.", 8),
    ("13.", 11),
    ("14.", 9),
    ("15.", 7),
    ("16.", 14),
    ("17.", 9),
    ("18.", 5),
];

const ISO: &[(&str, u32)] = &[
    ("A.5.", 37),
    ("A.6.", 8),
    ("A.7.", 14),
    ("A.8.", 34),
    ("4.", 4),
    ("5.", 3),
    ("6.", 3),
    ("7.", 5),
    ("8.", 3),
    ("9.", 3),
    ("10.", 2),
];

const NIST: &[(&str, u32)] = &[
    ("AC-", 25),
    ("AT-", 6),
    ("AU-", 16),
    ("CA-", 9),
    ("CM-", 14),
    ("CP-", 13),
    ("IA-", 13),
    ("IR-", 10),
    ("MA-", 7),
    ("MP-", 8),
    ("PE-", 23),
    ("PL-", 11),
    ("PM-", 32),
    ("PS-", 9),
    ("PT-", 8),
    ("RA-", 10),
    ("SA-", 24),
    ("SC-", 51),
    ("SI-", 23),
    ("SR-", 12),
];

const CSF: &[(&str, u32)] = &[
    ("GV.OC-", 5),
    ("GV.RM-", 7),
    ("GV.RR-", 4),
    ("GV.PO-", 2),
    ("GV.OV-", 3),
    ("GV.SC-", 10),
    ("ID.AM-", 8),
    ("ID.RA-", 10),
    ("ID.IM-", 4),
    ("PR.AA-", 6),
    ("PR.AT-", 2),
    ("PR.DS-", 11),
    ("PR.PS-", 6),
    ("PR.IR-", 4),
    ("DE.CM-", 9),
    ("DE.AE-", 8),
    ("RS.MA-", 5),
    ("RS.AN-", 8),
    ("RS.CO-", 3),
    ("RS.MI-", 2),
    ("RC.RP-", 6),
    ("RC.CO-", 4),
];

const TSC: &[(&str, u32)] = &[
    ("CC1.", 5),
    ("CC2.", 3),
    ("CC3.", 4),
    ("CC4.", 2),
    ("CC5.", 3),
    ("CC6.", 8),
    ("CC7.", 5),
    ("CC8.", 1),
    ("CC9.", 2),
    ("A1.", 3),
    ("C1.", 2),
    ("PI1.", 5),
    ("P1.", 1),
    ("P2.", 1),
    ("P3.", 2),
    ("P4.", 3),
    ("P5.", 2),
    ("P6.", 7),
    ("P7.", 1),
    ("P8.", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_sections_are_known_and_others_are_not() {
        let has = |name: &str, requirement: &str| {
            let framework = FRAMEWORKS.iter().find(|known| known.name == name);
            framework.expect("a framework").has(requirement)
        };
        for (name, known, unknown) in [
            ("PCI DSS 4.0.1", "8.4.2", "8.99.99"),
            ("PCI DSS 4.0.1", "10.2.1.1", "13.1.1"),
            ("PCI DSS 4.0.1", "8.4", "8.7"),
            ("CIS Controls 8.1", "6.3", "6.9"),
            ("ISO/IEC 27001:2022", "A.5.17", "A.5.38"),
            ("ISO/IEC 27001:2022", "9.2", "A.9.2"),
            ("NIST SP 800-53 r5", "IA-2(1)", "IA-2.1"),
            ("NIST CSF 2.0", "PR.AA-03", "PR.AC-03"),
            ("SOC 2 TSC 2017", "CC6.1", "CC6.9"),
        ] {
            assert!(has(name, known), "{known}");
            assert!(!has(name, unknown), "{unknown}");
        }
    }
}
