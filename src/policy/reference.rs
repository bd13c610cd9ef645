//! References to controls, as a policy writes them.

/// Holds a control that a rule is evidence for: `PCI DSS 4.0.1: 8.4.2 (partial)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'t> {
    /// Whose control it is.
    pub source: &'t str,
    /// The number or name of the control.
    pub place: &'t str,
    /// How far the rule is evidence for it: `direct`, `partial` or
    /// `supporting`.
    pub strength: &'t str,
}

impl<'t> Reference<'t> {
    const STRENGTHS: [&'static str; 3] = ["direct", "partial", "supporting"];

    /// Reads a source, a colon, a place, and the strength of the evidence.
    pub fn of(text: &'t str) -> Option<Self> {
        let (rest, strength) = text.strip_suffix(')')?.rsplit_once('(')?;
        let (source, place) = rest.split_once(": ")?;
        let (source, place) = (source.trim(), place.trim());
        let is_whole = !source.is_empty() && !place.is_empty();
        (is_whole && Self::STRENGTHS.contains(&strength)).then_some(Self {
            source,
            place,
            strength,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_source_a_place_and_a_strength() {
        let reference = Reference {
            source: "PCI DSS 4.0.1",
            place: "A1.1.2 (b)",
            strength: "partial",
        };
        let text = "PCI DSS 4.0.1: A1.1.2 (b) (partial)";
        assert_eq!(Reference::of(text), Some(reference));
        for text in [
            "PCI DSS: 8.4.2",
            "8.4.2 (direct)",
            ": 8 (direct)",
            "a: b (c)",
        ] {
            assert_eq!(Reference::of(text), None, "{text}");
        }
    }
}
